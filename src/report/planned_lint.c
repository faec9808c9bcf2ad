/* What the linter says of what a plan runs, beside the figures of the tables that it is about. */
#include <string.h>

#include "lint/lint.h"
#include "report/planned.h"

/* A table so small is read or written at once: nobody notices that it is locked meanwhile. */
enum { SMALL_ROWS = 10000, SMALL_BYTES = 8 << 20 };

static const struct table_size *size_of(struct arena *a, const struct plan *p,
                                        const struct finding *f)
{
    static const enum object_kind kinds[] = {OBJ_TABLE, OBJ_MATVIEW};
    const char *dot = strchr(f->subject, '.');
    struct object o = {
        .kind = OBJ_TABLE,
        .schema = dot != NULL ? arena_strndup(a, f->subject, (size_t)(dot - f->subject)) : "",
        .name = dot != NULL ? dot + 1 : f->subject};
    const struct table_size *found = NULL;
    for (size_t i = 0; found == NULL && i < sizeof kinds / sizeof *kinds && o.name[0] != '\0';
         i++) {
        o.kind = kinds[i];
        found = table_gets(&p->world->sizes, object_text(a, &o));
    }
    return found;
}

void planned_found(struct arena *a, const struct plan *p, const struct finding *f,
                   struct planned_finding *out)
{
    struct buf text = {0};
    enum hazard rule = lint_named(f->rule);
    bool is_by_size = rule != LINTS && lint_is(rule, LINT_BY_SIZE);
    const struct table_size *size = is_by_size ? size_of(a, p, f) : NULL;
    *out = (struct planned_finding){f, f->severity, f->text};
    if (size == NULL) {
        return;
    }
    buf_printf(&text, "%s (", f->text);
    words_rows(&text, size->rows);
    words_bytes(&text, ", ", size->bytes);
    buf_putc(&text, ')');
    out->text = arena_strdup(a, buf_str(&text));
    buf_release(&text);
    if (size->rows < SMALL_ROWS && size->bytes < SMALL_BYTES && f->severity == SEVERITY_WARNING) {
        out->severity = SEVERITY_NOTE;
    }
}

const struct findings *planned_lint(const struct plan *p, const struct step *s)
{
    static const struct findings none;
    const struct findings *l =
        s->kind == STEP_MIGRATION ? table_gets(&p->world->linted, s->bundle->id) : NULL;
    return l != NULL ? l : &none;
}

bool planned_found_shown(const struct style *st, const struct planned_finding *f)
{
    return st->verbose || (f->severity != SEVERITY_NOTE && f->finding->waived_by[0] == '\0');
}

static enum paint paint_of(enum severity s)
{
    return s == SEVERITY_ERROR ? PAINT_BAD : s == SEVERITY_WARNING ? PAINT_BUSY : PAINT_DIM;
}

static void put_one(struct buf *out, const struct style *st, const struct step *s,
                    const struct planned_finding *f)
{
    struct buf place = {0};
    const struct finding *x = f->finding;
    words_where(&place, words_in_bundle(s->bundle, x->path), x->line, x->col);
    buf_printf(out, "%*s", VERB_WIDTH + 2, "");
    words_cell(out, buf_str(&place), 16);
    words_paint(out, st, paint_of(f->severity), severity_text(f->severity), 0);
    buf_printf(out, ": %s: ", x->rule);
    words_safe(out, f->text);
    if (x->waived_by[0] != '\0') {
        buf_puts(out, "; let through: ");
        words_safe(out, x->waived_by);
    }
    buf_putc(out, '\n');
    buf_release(&place);
}

/* The rules of what reduces what is enforced, each once. In a. */
static struct names reduced(struct arena *a, const struct plan *p, const struct step *s)
{
    struct names out = {0};
    const struct findings *l = plan_needs_governance(p, s);
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        names_add(a, &out, l->v[i].rule);
    }
    return out;
}

/* "reduces what is enforced: grant-to-public, login-role". */
static void put_reduced(struct buf *out, const struct plan *p, const struct step *s)
{
    struct arena a = {0};
    struct names rules = reduced(&a, p, s);
    if (rules.n > 0) {
        buf_printf(out, "%*sreduces what is enforced: %s\n", VERB_WIDTH + 2, "",
                   names_text(&a, &rules));
    }
    arena_release(&a);
}

struct doc *planned_reduced_doc(struct arena *a, const struct plan *p, const struct step *s)
{
    const struct names rules = reduced(a, p, s);
    return names_doc(a, &rules);
}

void planned_put_lint(struct buf *out, const struct style *st, const struct plan *p,
                      const struct step *s)
{
    struct arena a = {0};
    struct planned_finding f;
    const struct findings *l = planned_lint(p, s);
    for (size_t i = 0; i < l->n; i++) {
        planned_found(&a, p, &l->v[i], &f);
        if (planned_found_shown(st, &f)) {
            put_one(out, st, s, &f);
        }
    }
    put_reduced(out, p, s);
    arena_release(&a);
}

struct doc *planned_lint_doc(struct arena *a, const struct plan *p, const struct step *s)
{
    struct planned_finding f;
    struct doc *list = doc_new(a, DOC_LIST);
    const struct findings *l = planned_lint(p, s);
    for (size_t i = 0; i < l->n; i++) {
        const struct finding *x = &l->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        planned_found(a, p, x, &f);
        doc_put(a, d, "rule", doc_text(a, x->rule));
        doc_put(a, d, "severity", doc_text(a, severity_text(f.severity)));
        doc_put(a, d, "where", words_place(a, x->path, x->line, x->col));
        doc_put(a, d, "subject", words_doc(a, x->subject));
        doc_put(a, d, "message", words_doc(a, f.text));
        doc_put(a, d, "instead", words_doc(a, x->hint));
        doc_put(a, d, "waived_by", words_doc(a, x->waived_by));
    }
    return list;
}
