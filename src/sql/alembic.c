/* What Alembic renders, as one script for each revision. */
#include "sql/alembic.h"

#include <ctype.h>
#include <string.h>

#define UP "-- Running upgrade "
#define DOWN "-- Running downgrade "

/* --- lines ------------------------------------------------------------------------------------------ */

/* The line at p, without its end; *next: behind it, NULL: there is none. */
static struct bytes line_at(const char *p, const char *end, const char **next)
{
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    *next = stop != NULL ? stop + 1 : NULL;
    size_t n = (size_t)((stop != NULL ? stop : end) - p);
    while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == ' ')) {
        n--;
    }
    return bytes_of(p, n);
}

static bool begins(struct bytes line, const char *with)
{
    size_t n = strlen(with);
    return line.n >= n && memcmp(line.p, with, n) == 0;
}

static bool is_line(struct bytes line, const char *text)
{
    return line.n == strlen(text) && begins(line, text);
}

static void trim(struct bytes *t)
{
    while (t->n > 0 && isspace((unsigned char)t->p[0]) != 0) {
        t->p++;
        t->n--;
    }
    while (t->n > 0 && isspace((unsigned char)t->p[t->n - 1]) != 0) {
        t->n--;
    }
}

/* "a, b" as names. */
static void take_names(struct arena *a, struct bytes list, struct names *out)
{
    while (list.n > 0) {
        const char *comma = memchr(list.p, ',', list.n);
        size_t n = comma != NULL ? (size_t)(comma - list.p) : list.n;
        struct bytes one = bytes_of(list.p, n);
        trim(&one);
        if (one.n > 0) {
            names_add(a, out, arena_strndup(a, one.p, one.n));
        }
        n += comma != NULL;
        list = bytes_of(list.p + n, list.n - n);
    }
}

/* --- sections --------------------------------------------------------------------------------------- */

/* "-- Running upgrade A, B -> C". */
static bool read_marker(struct arena *a, struct bytes line, bool is_up, struct alembic_step *out)
{
    const char *mark = is_up ? UP : DOWN;
    if (!begins(line, mark)) {
        return false;
    }
    size_t n_mark = strlen(mark);
    struct bytes rest = bytes_of(line.p + n_mark, line.n - n_mark);
    const char *arrow = memmem(rest.p, rest.n, "->", 2);
    if (arrow == NULL) {
        return false;
    }
    struct bytes left = bytes_of(rest.p, (size_t)(arrow - rest.p));
    struct bytes right = bytes_of(arrow + 2, rest.n - left.n - 2);
    struct bytes *own = is_up ? &right : &left;
    trim(own);
    *out = (struct alembic_step){.rev = arena_strndup(a, own->p, own->n), .body = ""};
    take_names(a, is_up ? left : right, &out->parents);
    return own->n > 0;
}

/* CREATE TABLE NAME ( version_num ...: before the first marker. */
static void read_table(struct arena *a, struct bytes before, struct alembic_steps *out)
{
    static const char create[] = "CREATE TABLE ";
    const char *at = memmem(before.p, before.n, create, sizeof create - 1);
    const char *end = before.p + before.n;
    const char *open = at != NULL ? memchr(at, '(', (size_t)(end - at)) : NULL;
    const char *stop = open != NULL ? memmem(open, (size_t)(end - open), ");", 2) : NULL;
    if (stop == NULL || memmem(open, (size_t)(stop - open), "version_num", 11) == NULL) {
        return;
    }
    struct bytes name = bytes_of(at + sizeof create - 1, (size_t)(open - at) - sizeof create + 1);
    trim(&name);
    out->table = arena_strndup(a, name.p, name.n);
    out->create = arena_printf(a, "CREATE TABLE IF NOT EXISTS %s %.*s\n", out->table,
                               (int)(stop + 2 - open), open);
}

static bool is_transaction(struct bytes line)
{
    return is_line(line, "BEGIN;") || is_line(line, "COMMIT;");
}

static bool is_version(struct arena *a, struct bytes line, const char *table)
{
    return begins(line, arena_printf(a, "INSERT INTO %s (version_num)", table)) ||
           begins(line, arena_printf(a, "UPDATE %s SET version_num=", table)) ||
           begins(line, arena_printf(a, "DELETE FROM %s WHERE %s.version_num", table, table));
}

static bool has_line(struct bytes text, const char *line)
{
    const char *end = text.p + text.n;
    const char *next = NULL;
    for (const char *p = text.p; p < end; p = next != NULL ? next : end) {
        if (is_line(line_at(p, end, &next), line)) {
            return true;
        }
    }
    return false;
}

static struct bytes last_line(struct bytes text)
{
    const char *next = NULL;
    const char *at = text.n > 0 ? memrchr(text.p, '\n', text.n) : NULL;
    at = at != NULL ? at + 1 : text.p;
    return line_at(at, text.p + text.n, &next);
}

/* Of a section what is left without the lines at its end that are Alembic's: the transaction around all, and
 * before that the rows of the table of versions. A BEGIN before those is the migration's. */
static void take_body(struct arena *a, struct bytes text, const char *table,
                      struct alembic_step *out)
{
    trim(&text);
    for (bool is_behind = true; text.n > 0; trim(&text)) {
        struct bytes line = last_line(text);
        bool is_row = is_version(a, line, table);
        if (!is_row && !(is_behind && is_transaction(line))) {
            break;
        }
        is_behind = is_behind && !is_row;
        text.n = (size_t)(line.p - text.p);
    }
    out->body = text.n > 0 ? arena_strndup(a, text.p, text.n) : "";
    out->is_apart = has_line(text, "COMMIT;");
}

static int fail(const char *path, int line, const char *what, struct err *e)
{
    (void)err_at(e, ERR_CONFIG, path, line, 0, "%s", what);
    return err_hint(e, "kfmig reads what Alembic 1.20 renders; see docs/alembic.md");
}

static bool is_known(const struct alembic_steps *l, const char *rev)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->v[i].rev, rev) == 0) {
            return true;
        }
    }
    return false;
}

int alembic_read(struct arena *a, const char *path, struct bytes text, bool is_up,
                 const char *table, struct alembic_steps *out, struct err *e)
{
    const char *end = text.p + text.n;
    const char *from = text.p; /* of the section, behind its marker */
    int number = 0;
    *out = (struct alembic_steps){.table = table != NULL ? table : "", .create = ""};
    const char *next = NULL;
    for (const char *p = text.p; p < end; p = next != NULL ? next : end) {
        struct alembic_step step;
        const char *at = p;
        struct bytes line = line_at(p, end, &next);
        number++;
        if (!read_marker(a, line, is_up, &step)) {
            continue;
        }
        if (is_known(out, step.rev)) {
            return fail(path, number, "a revision begins twice", e);
        }
        struct bytes section = bytes_of(from, (size_t)(at - from));
        if (out->n > 0) {
            take_body(a, section, out->table, &out->v[out->n - 1]);
        } else if (is_up) {
            read_table(a, section, out);
        }
        ARENA_GROW(a, out->v, out->n, out->cap);
        out->v[out->n++] = step;
        from = next != NULL ? next : end;
    }
    if (out->n > 0) {
        take_body(a, bytes_of(from, (size_t)(end - from)), out->table, &out->v[out->n - 1]);
    }
    return out->n == 0 || out->table[0] != '\0'
               ? 0
               : fail(path, 1, "it does not make the table of versions", e);
}

/* --- scripts ---------------------------------------------------------------------------------------- */

static void put_literal(struct buf *out, const char *text)
{
    buf_putc(out, '\'');
    for (const char *p = text; *p != '\0'; p++) {
        buf_puts(out, *p == '\'' ? "''" : (char[]){*p, '\0'});
    }
    buf_putc(out, '\'');
}

static void put_list(struct buf *out, const struct names *v, const char *before, const char *after)
{
    for (size_t i = 0; i < v->n; i++) {
        buf_printf(out, "%s%s", i > 0 ? ", " : "", before);
        put_literal(out, v->v[i]);
        buf_puts(out, after);
    }
}

static void put_header(struct buf *out, const char *header, const struct names *after)
{
    buf_puts(out, "-- [KFM_MIGRATION]\n-- depends_on: [");
    for (size_t i = 0; i < after->n; i++) {
        buf_printf(out, "%s\"%s\"", i > 0 ? ", " : "", after->v[i]);
    }
    buf_printf(out, "]\n%s-- [/KFM_MIGRATION]\n", header);
}

static void put_body(struct buf *out, const struct alembic_step *s)
{
    buf_printf(out, "%s%s%s", s->is_apart ? "BEGIN;\n" : "", s->body,
               s->body[0] != '\0' ? "\n\n" : "");
}

void alembic_write_up(struct buf *out, const struct alembic_steps *up, size_t i, const char *header,
                      const struct names *after)
{
    const struct alembic_step *s = &up->v[i];
    put_header(out, header, after);
    if (s->parents.n == 0) {
        buf_puts(out, up->create);
    }
    put_body(out, s);
    if (s->parents.n > 0) {
        buf_printf(out, "DELETE FROM %s WHERE version_num IN (", up->table);
        put_list(out, &s->parents, "", "");
        buf_puts(out, ");\n");
    }
    buf_printf(out, "INSERT INTO %s (version_num) VALUES (", up->table);
    put_literal(out, s->rev);
    buf_printf(out, ");\n%s", s->is_apart ? "COMMIT;\n" : "");
}

void alembic_write_down(struct buf *out, const struct alembic_steps *up,
                        const struct alembic_step *down, bool is_last)
{
    put_body(out, down);
    buf_printf(out, "DELETE FROM %s WHERE version_num = ", up->table);
    put_literal(out, down->rev);
    buf_puts(out, ";\n");
    if (down->parents.n > 0) {
        buf_printf(out, "INSERT INTO %s (version_num) VALUES ", up->table);
        put_list(out, &down->parents, "(", ")");
        buf_puts(out, " ON CONFLICT DO NOTHING;\n"); /* another branch left it there */
    } else if (is_last) {
        buf_printf(out, "DROP TABLE %s;\n", up->table);
    }
    buf_puts(out, down->is_apart ? "COMMIT;\n" : "");
}

/* --- files of versions/ ----------------------------------------------------------------------------- */

/* Texts in quotes, behind the '=' of the line. */
static void take_quoted(struct arena *a, struct bytes line, struct names *out)
{
    const char *equals = memchr(line.p, '=', line.n);
    const char *end = line.p + line.n;
    for (const char *p = equals != NULL ? equals + 1 : end; p < end; p++) {
        if (*p == '#') {
            return;
        }
        if (*p == '\'' || *p == '"') {
            const char *stop = memchr(p + 1, *p, (size_t)(end - p - 1));
            if (stop == NULL) {
                return;
            }
            names_add(a, out, arena_strndup(a, p + 1, (size_t)(stop - p - 1)));
            p = stop;
        }
    }
}

/* "revision = ", "revision: str = ". */
static bool assigns(struct bytes line, const char *name)
{
    size_t n = strlen(name);
    return begins(line, name) && line.n > n &&
           (line.p[n] == ' ' || line.p[n] == ':' || line.p[n] == '=');
}

/* "# -- scope: ..." -> "-- scope: ...": the marks go, the blanks that YAML wants behind them stay. */
static void put_header_line(struct buf *out, struct bytes line)
{
    size_t at = 0;
    if (line.n > 0 && line.p[0] == '#') {
        at = line.n > 1 && line.p[1] == ' ' ? 2 : 1;
    }
    if (line.n >= at + 2 && line.p[at] == '-' && line.p[at + 1] == '-') {
        at += 2;
    }
    buf_printf(out, "--%s%.*s\n", at < line.n && line.p[at] != ' ' ? " " : "", (int)(line.n - at),
               line.p + at);
}

void alembic_file_read(struct arena *a, struct bytes text, struct alembic_file *out)
{
    const char *end = text.p + text.n;
    bool is_header = false;
    struct names revs = {0};
    struct buf header = {0};
    *out = (struct alembic_file){.header = ""};
    const char *next = NULL;
    for (const char *p = text.p; p < end; p = next != NULL ? next : end) {
        struct bytes line = line_at(p, end, &next);
        if (memmem(line.p, line.n, "[KFM_MIGRATION]", 15) != NULL) {
            is_header = true;
        } else if (memmem(line.p, line.n, "[/KFM_MIGRATION]", 16) != NULL) {
            is_header = false;
        } else if (is_header) {
            put_header_line(&header, line);
        } else if (assigns(line, "revision")) {
            take_quoted(a, line, &revs);
        } else if (assigns(line, "depends_on")) {
            take_quoted(a, line, &out->depends_on);
        }
    }
    out->rev = revs.n > 0 ? revs.v[0] : NULL;
    out->header = arena_strdup(a, buf_str(&header));
    buf_release(&header);
}

/* "key = value" of an ini file, NULL: another line. */
static const char *value_of(struct arena *a, struct bytes line, const char *key)
{
    size_t n = strlen(key);
    if (!begins(line, key)) {
        return NULL;
    }
    struct bytes rest = bytes_of(line.p + n, line.n - n);
    trim(&rest);
    if (rest.n == 0 || rest.p[0] != '=') {
        return NULL;
    }
    rest = bytes_of(rest.p + 1, rest.n - 1);
    trim(&rest);
    return arena_strndup(a, rest.p, rest.n);
}

const char *alembic_location(struct arena *a, struct bytes ini, const char **other)
{
    static const char here[] = "%(here)s/";
    const char *end = ini.p + ini.n;
    const char *found = NULL;
    *other = NULL;
    const char *next = NULL;
    for (const char *p = ini.p; p < end; p = next != NULL ? next : end) {
        struct bytes line = line_at(p, end, &next);
        const char *value = value_of(a, line, "script_location");
        found = value != NULL && found == NULL ? value : found;
        if (value_of(a, line, "version_locations") != NULL) {
            *other = "version_locations";
        }
    }
    return found != NULL && strncmp(found, here, sizeof here - 1) == 0 ? found + sizeof here - 1
                                                                       : found;
}
