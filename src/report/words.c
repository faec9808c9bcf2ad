/* What the reports share: escaped text, columns, colour, small parts of JSON. */
#include "report/words.h"

#include <string.h>

#include "doc/canon.h"

void words_safe(struct buf *out, const char *s)
{
    if (s != NULL) {
        text_safe(out, bytes_str(s));
    }
}

/* Characters that take two columns of a terminal (East_Asian_Width W and F, Unicode 15), and those that take
 * none: they stand upon the one before. Ranges by first and last, in order. */
static const uint32_t wide[][2] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x2E80, 0x303E},
    {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF}, {0x1B000, 0x1B2FF}, {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};
static const uint32_t upon[][2] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},   {0x0E34, 0x0E3A},
    {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF},   {0x302A, 0x302D},
    {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
};

static bool is_in(const uint32_t ranges[][2], size_t n, uint32_t c)
{
    for (size_t i = 0; i < n && c >= ranges[i][0]; i++) {
        if (c <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

size_t words_columns(const char *p, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t length = text_char(p + i, n - i, &c);
        i += length > 0 ? length : 1;
        bool is_upon = is_in(upon, sizeof upon / sizeof *upon, c);
        count += is_upon ? 0 : is_in(wide, sizeof wide / sizeof *wide, c) ? 2 : 1;
    }
    return count;
}

size_t words_width(const char *s)
{
    struct buf b = {0};
    words_safe(&b, s);
    size_t n = words_columns(buf_str(&b), b.n);
    buf_release(&b);
    return n;
}

static void pad(struct buf *out, size_t used, size_t width)
{
    if (width > 0) {
        buf_printf(out, "%*s", (int)(used < width ? width - used : 1), "");
    }
}

void words_cell(struct buf *out, const char *s, size_t width)
{
    size_t before = out->n;
    words_safe(out, s);
    pad(out, out->n > before ? words_columns(out->p + before, out->n - before) : 0, width);
}

void words_paint(struct buf *out, const struct style *st, enum paint p, const char *s, size_t width)
{
    static const char *const codes[] = {[PAINT_GOOD] = "32",
                                        [PAINT_BUSY] = "33",
                                        [PAINT_BAD] = "31",
                                        [PAINT_DIM] = "2",
                                        [PAINT_BOLD] = "1"};
    if (!st->color) {
        words_cell(out, s, width);
        return;
    }
    buf_printf(out, "\033[%sm", codes[p]);
    words_safe(out, s);
    buf_puts(out, "\033[0m");
    pad(out, words_width(s), width);
}

void words_state(struct buf *out, const struct style *st, enum plan_state s, size_t width)
{
    static const enum paint paints[] = {[STATE_CURRENT] = PAINT_GOOD,
                                        [STATE_STALE] = PAINT_BUSY,
                                        [STATE_BLOCKED] = PAINT_BAD,
                                        [STATE_NOT_APPLICABLE] = PAINT_DIM};
    words_paint(out, st, paints[s], plan_state_text(s), width);
}

void words_step_state(struct buf *out, const struct style *st, const struct step *s, size_t width)
{
    if (step_is_absent(s) && s->state == STATE_NOT_APPLICABLE) {
        words_paint(out, st, PAINT_BAD, "not here", width);
    } else {
        words_state(out, st, s->state, width);
    }
}

void words_verb(struct buf *out, const struct style *st, const struct step *s)
{
    buf_puts(out, "  ");
    if (s->action != ACTION_NONE) {
        words_paint(out, st, PAINT_BUSY, plan_action_text(s->action), VERB_WIDTH);
    } else {
        words_step_state(out, st, s, VERB_WIDTH);
    }
}

enum stage words_first_stage(const struct step *s)
{
    return s->bundle->is_absent ? STAGE_PRE : STAGE_DECLARATION;
}

void words_count(struct buf *out, size_t n, const char *noun)
{
    buf_printf(out, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

void words_summary(struct buf *out, const struct plan *p)
{
    const struct plan_idle idle = plan_idle(p);
    const struct {
        size_t n;
        const char *text;
    } parts[] = {{p->n_apply, "to apply"},
                 {p->n_rebuild, "to publish"},
                 {p->n_export, "to export"},
                 {idle.waiting, "waiting"},
                 {p->n_state[STATE_BLOCKED] - p->n_awaits, "blocked"},
                 {p->n_awaits, "held back"},
                 {p->n_state[STATE_CURRENT], "current"},
                 {idle.not_here, "applied but not here"},
                 {idle.not_applicable, "not applicable"}};
    words_safe(out, p->env->name);
    const char *before = ": ";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].n > 0) {
            buf_printf(out, "%s%zu %s", before, parts[i].n, parts[i].text);
            before = ", ";
        }
    }
    buf_puts(out, before[0] == ':' ? ": no migrations\n" : "\n");
}

static void put_extra(struct buf *out, const struct style *st, const char *label, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        buf_puts(out, "  ");
        words_paint(out, st, PAINT_DIM, label, 0);
        buf_puts(out, ": ");
        words_safe(out, text);
        buf_putc(out, '\n');
    }
}

void words_unreachable(struct buf *out, const struct style *st, const struct plan *p)
{
    words_paint(out, st, PAINT_BAD, p->env->name, 0);
    buf_puts(out, " could not be asked: ");
    words_safe(out, p->world->why_not);
    buf_putc(out, '\n');
    put_extra(out, st, "server", p->world->server_said);
    put_extra(out, st, "hint", p->world->hint);
}

struct doc *words_doc(struct arena *a, const char *s)
{
    return doc_safe(a, s);
}

void words_where(struct buf *out, const char *path, int line, int col)
{
    words_safe(out, path);
    if (path[0] != '\0' && line > 0) {
        buf_printf(out, ":%d", line);
    }
    if (path[0] != '\0' && line > 0 && col > 0) {
        buf_printf(out, ":%d", col);
    }
}

struct doc *words_place(struct arena *a, const char *path, int line, int col)
{
    if (path == NULL || path[0] == '\0') {
        return doc_new(a, DOC_NULL);
    }
    const char *text = line <= 0  ? path
                       : col <= 0 ? arena_printf(a, "%s:%d", path, line)
                                  : arena_printf(a, "%s:%d:%d", path, line, col);
    return words_doc(a, text);
}

void report_json(struct buf *out, const struct doc *d)
{
    canon_write(out, d);
    buf_putc(out, '\n');
}

const char *words_change(const struct drift *d)
{
    return digest_is_zero(&d->was) ? "appeared" : digest_is_zero(&d->now) ? "vanished" : "changed";
}

struct doc *words_drift(struct arena *a, const struct drift *d)
{
    struct doc *row = doc_new(a, DOC_MAP);
    doc_put(a, row, "object", words_doc(a, d->text));
    doc_put(a, row, "change", doc_text(a, words_change(d)));
    doc_put(a, row, "last_writer", words_doc(a, d->last_writer));
    doc_put(a, row, "sequence", d->sequence > 0 ? doc_int(a, d->sequence) : doc_new(a, DOC_NULL));
    return row;
}

const char *words_lock(int level)
{
    static const char *const names[] = {
        "",      "AccessShare",       "RowShare",  "RowExclusive",   "ShareUpdateExclusive",
        "Share", "ShareRowExclusive", "Exclusive", "AccessExclusive"};
    return level > 0 && level < (int)(sizeof names / sizeof names[0]) ? names[level] : "unknown";
}

const char *words_in_bundle(const struct bundle *b, const char *path)
{
    const char *base = bundle_base(b);
    size_t n = strlen(base);
    return strncmp(path, base, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

void words_reason(struct buf *out, const struct step *s, const struct reason *r)
{
    buf_puts(out, reason_sentence(r->code));
    if (r->detail[0] != '\0') {
        buf_puts(out, ": ");
        words_safe(out, r->detail);
    }
    if (r->path != NULL && r->line > 0) {
        buf_puts(out, " (");
        words_safe(out, words_in_bundle(s->bundle, r->path));
        buf_printf(out, ":%d:%d)", r->line, r->col);
    } else if (r->cause[0] != '\0') {
        buf_puts(out, " (");
        words_safe(out, r->cause);
        buf_putc(out, ')');
    }
}

static int recorded_on(const struct world *w)
{
    int newest = 0;
    for (size_t i = 0; i < w->n_drift; i++) {
        newest = w->drift[i].from_major > newest ? w->drift[i].from_major : newest;
    }
    return newest;
}

void words_versions(struct buf *out, const struct plan *p)
{
    const struct world *w = p->world;
    if (w->n_upgraded > 0) {
        buf_printf(out, "the server was upgraded from %d to %d: ", recorded_on(w), w->server_major);
        words_count(out, w->n_upgraded, "object");
        buf_puts(out, w->n_upgraded == 1 ? " reads" : " read");
        buf_puts(out, " differently; `kfmig adopt ");
        words_safe(out, p->env->name);
        buf_puts(out, " --upgrade` takes what the version explains\n");
    }
    if (world_is_old(w)) {
        buf_printf(
            out,
            "the ledger's fingerprints are of format %d: the next build that %s records those of "
            "all objects anew, in format %d\n",
            w->format,
            w->n_drift > 0         ? "finds no drift"
            : p->env->is_protected ? "has something to do"
                                   : "runs",
            w->newest_format);
    }
}

void words_put_drift(struct arena *a, struct doc *d, const char *name, const struct world *w)
{
    struct doc *list = doc_put(a, d, name, doc_new(a, DOC_LIST));
    for (size_t i = 0; i < w->n_drift; i++) {
        if (w->drift[i].from_major == 0) {
            doc_push(a, list, words_drift(a, &w->drift[i]));
        }
    }
}

void words_put_moved(struct arena *a, struct doc *d, const struct world *w)
{
    doc_put(a, d, "moved_from", words_doc(a, w->moved));
}

void words_put_versions(struct arena *a, struct doc *d, const struct plan *p)
{
    const struct world *w = p->world;
    struct doc *upgrade = doc_new(a, w->n_upgraded > 0 ? DOC_MAP : DOC_NULL);
    struct doc *prints = doc_new(a, world_is_old(w) ? DOC_MAP : DOC_NULL);
    if (w->n_upgraded > 0) {
        doc_put(a, upgrade, "from", doc_int(a, recorded_on(w)));
        doc_put(a, upgrade, "to", doc_int(a, w->server_major));
        doc_put(a, upgrade, "objects", doc_int(a, (int64_t)w->n_upgraded));
    }
    if (world_is_old(w)) {
        doc_put(a, prints, "format", doc_int(a, w->format));
        doc_put(a, prints, "next", doc_int(a, w->newest_format));
    }
    doc_put(a, d, "upgrade", upgrade);
    doc_put(a, d, "fingerprints", prints);
}

void words_rows(struct buf *out, int64_t n)
{
    static const struct {
        int64_t unit;
        const char *name;
    } units[] = {{1000000000, "G"}, {1000000, "M"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        int64_t tenth = units[i].unit / 10;
        if (n >= units[i].unit - units[i].unit / 2000) {
            int64_t tenths = (n + tenth / 2) / tenth;
            buf_printf(out, "%lld.%lld %s rows", (long long)(tenths / 10), (long long)(tenths % 10),
                       units[i].name);
            return;
        }
    }
    if (n >= 10000) {
        buf_printf(out, "%lld k rows", (long long)((n + 500) / 1000));
    } else {
        words_count(out, (size_t)n, "row");
    }
}

void words_bytes(struct buf *out, const char *before, int64_t n)
{
    static const char *const units[] = {"MiB", "GiB", "TiB"};
    double size = (double)n / (1 << 20);
    size_t i = 0;
    while (size >= 1024 && i + 1 < sizeof units / sizeof *units) {
        size /= 1024;
        i++;
    }
    if (size >= 1) {
        buf_printf(out, "%s%.1f %s", before, size, units[i]);
    }
}

void words_xml(struct buf *out, const char *s)
{
    struct buf safe = {0};
    words_safe(&safe, s);
    for (const char *p = buf_str(&safe); *p != '\0'; p++) {
        const char *as = *p == '&'   ? "&amp;"
                         : *p == '<' ? "&lt;"
                         : *p == '>' ? "&gt;"
                         : *p == '"' ? "&quot;"
                                     : NULL;
        if (as != NULL) {
            buf_puts(out, as);
        } else {
            buf_putc(out, *p);
        }
    }
    buf_release(&safe);
}
