/* The plan as JSON and as Markdown for a pull request. */
#include <string.h>

#include "report/words.h"

static struct doc *statement_doc(struct arena *a, const struct plan *p, const struct script *s,
                                 const struct statement *t)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "where", words_place(a, s->path, t->line, t->col));
    doc_put(a, d, "tag", words_doc(a, t->analysed ? t->tag : ""));
    doc_put(a, d, "opaque", doc_bool(a, t->opaque || !t->analysed));
    doc_put(a, d, "destructive", doc_bool(a, t->destructive));
    struct doc *locks = doc_put(a, d, "locks", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < t->n_locks; i++) {
        struct doc *lock = doc_push(a, locks, doc_new(a, DOC_MAP));
        const char *text = object_text(a, &t->locks[i].object);
        const int64_t *rows = table_gets(&p->world->rows, text);
        doc_put(a, lock, "object", words_doc(a, text));
        if (rows != NULL) {
            doc_put(a, lock, "rows", doc_int(a, *rows));
        }
        doc_put(a, lock, "level", doc_text(a, words_lock(t->locks[i].level)));
    }
    return d;
}

static void add_statements(struct arena *a, const struct plan *p, struct doc *target,
                           const struct step *s)
{
    const struct bundle *b = s->bundle;
    if (s->action != ACTION_APPLY || b->decl == NULL || b->forward == NULL) {
        return;
    }
    const char *class = s->risk_class != 0 ? plan_risk_text(s->risk_class) : "";
    doc_put(a, target, "class", words_doc(a, class));
    struct doc *list = doc_put(a, target, "statements", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        const struct script *script = &b->forward[i];
        for (size_t k = 0; k < script->n; k++) {
            if (script->v[k].kind != STATEMENT_BEGIN && script->v[k].kind != STATEMENT_COMMIT) {
                doc_push(a, list, statement_doc(a, p, script, &script->v[k]));
            }
        }
    }
}

struct doc *report_plan_doc(struct arena *a, const struct plan *p)
{
    char text[DIGEST_TEXT];
    struct digest digest = plan_digest(p);
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "plan", plan_doc(a, p));
    doc_put(a, d, "plan_digest", doc_text(a, digest_text(&digest, text)));
    words_put_running(a, d, p);
    words_put_versions(a, d, p);
    struct doc *targets = doc_put(a, d, "targets", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < p->n_migrations; i++) {
        for (int stage = (int)words_first_stage(&p->v[i]); stage < STAGE_COUNT && p->v[i].selected;
             stage++) {
            struct doc *t = doc_push(a, targets, words_target(a, p, &p->v[i], (enum stage)stage));
            if (stage == STAGE_APPLY) {
                add_statements(a, p, t, &p->v[i]);
            }
        }
    }
    words_projection_targets(a, p, targets);
    return d;
}

/* Markdown in a table cell: what would end the cell or begin markup is escaped. */
static void put_cell(struct buf *out, const char *s)
{
    struct buf safe = {0};
    words_safe(&safe, s);
    for (size_t i = 0; i < safe.n; i++) {
        if (strchr("\\|`*_<>[]&", safe.p[i]) != NULL) {
            buf_putc(out, '\\');
        }
        buf_putc(out, safe.p[i]);
    }
    buf_release(&safe);
}

static void put_row(struct buf *out, const struct step *s)
{
    buf_puts(out, "| ");
    buf_puts(out,
             s->action != ACTION_NONE ? plan_action_text(s->action) : plan_state_text(s->state));
    buf_puts(out, " | ");
    put_cell(out, s->bundle->id);
    buf_printf(out, " | %s | ", s->risk_class != 0 ? plan_risk_text(s->risk_class) : "-");
    bool first = true;
    for (size_t i = 0; i < s->n_reasons; i++) {
        if (reason_state(s->reasons[i].code) == s->state) {
            struct buf text = {0};
            words_reason(&text, s, &s->reasons[i]);
            buf_puts(out, first ? "" : "; ");
            put_cell(out, buf_str(&text));
            buf_release(&text);
            first = false;
        }
    }
    buf_puts(out, " |\n");
}

static void put_projection_row(struct buf *out, const struct step *x)
{
    buf_puts(out, "| ");
    buf_puts(out,
             x->action != ACTION_NONE ? plan_action_text(x->action) : plan_state_text(x->state));
    buf_puts(out, " | ");
    put_cell(out, x->in->p->name);
    buf_puts(out, " | - | ");
    bool first = true;
    for (size_t i = 0; i < x->n_reasons; i++) {
        if (reason_state(x->reasons[i].code) == x->state) {
            struct buf text = {0};
            words_projection_reason(&text, &x->reasons[i]);
            buf_puts(out, first ? "" : "; ");
            put_cell(out, buf_str(&text));
            buf_release(&text);
            first = false;
        }
    }
    buf_puts(out, " |\n");
}

static void put_script(struct buf *out, const struct script *script)
{
    for (size_t k = 0; k < script->n; k++) {
        const struct statement *t = &script->v[k];
        if (t->kind == STATEMENT_BEGIN || t->kind == STATEMENT_COMMIT) {
            continue;
        }
        struct arena a = {0};
        buf_printf(out, "| ");
        put_cell(out, arena_printf(&a, "%s:%d", script->path, t->line));
        buf_puts(out, " | ");
        put_cell(out, t->analysed ? t->tag : "not analysed");
        buf_puts(out, " | ");
        for (size_t i = 0; i < t->n_locks; i++) {
            buf_puts(out, i > 0 ? ", " : "");
            put_cell(out, object_text(&a, &t->locks[i].object));
            buf_printf(out, " %s", words_lock(t->locks[i].level));
        }
        buf_puts(out, " |\n");
        arena_release(&a);
    }
}

static void put_statement_table(struct buf *out, const struct plan *p)
{
    if (p->n_apply == 0) {
        return;
    }
    buf_puts(out, "\n| statement | does | locks |\n|---|---|---|\n");
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct bundle *b = p->v[i].bundle;
        bool shown = p->v[i].selected && p->v[i].action == ACTION_APPLY && b->decl != NULL &&
                     b->forward != NULL;
        for (size_t k = 0; shown && k < b->decl->forward.n; k++) {
            put_script(out, &b->forward[k]);
        }
    }
}

void report_plan_markdown(struct buf *out, const struct plan *p)
{
    char text[DIGEST_TEXT];
    struct digest digest = plan_digest(p);
    buf_puts(out, "### kfmig plan for ");
    put_cell(out, p->env->name);
    buf_puts(out, "\n\n");
    words_summary(out, p);
    if (!p->world->reachable) {
        buf_puts(out, "\nIt could not be asked: ");
        put_cell(out, p->world->why_not);
        buf_putc(out, '\n');
    }
    size_t n_listed =
        p->n_apply + p->n_export + p->n_rebuild + p->n_state[STATE_BLOCKED] + p->n_absent;
    if (n_listed > 0) {
        buf_printf(out, "\n| action | %s | class | why |\n|---|---|---|---|\n",
                   p->n_projections > 0 ? "target" : "migration");
    }
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->v[i];
        bool is_absent = s->kind == STEP_MIGRATION && s->bundle->is_absent;
        if (s->selected && (s->action != ACTION_NONE || s->state == STATE_BLOCKED || is_absent)) {
            (s->kind == STEP_PROJECTION ? put_projection_row : put_row)(out, s);
        }
    }
    put_statement_table(out, p);
    buf_printf(out, "\nplan `%s`\n", digest_text(&digest, text));
}
