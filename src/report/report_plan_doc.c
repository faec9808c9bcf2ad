/* The plan as JSON and as Markdown for a pull request. */
#include <string.h>

#include "report/planned.h"

static const struct style plain = {.verbose = false};

static const char *words_of(enum rewrite_verdict v)
{
    return v == REWRITE_SURELY ? "yes" : v == REWRITE_MAYBE ? "maybe" : "no";
}

static struct doc *backfill_doc(struct arena *a, const struct plan *p, const struct statement *t)
{
    const struct backfill *b = t->backfill;
    struct doc *d = doc_new(a, DOC_MAP);
    int64_t n = planned_n_batches(a, p, t);
    doc_put(a, d, "object", words_doc(a, backfill_object(a, b)));
    doc_put(a, d, "rows", doc_int(a, b->rows));
    doc_put(a, d, "pause_ms", doc_int(a, b->pause_ms));
    doc_put(a, d, "bound", doc_text(a, backfill_bound_text(b->bound)));
    doc_put(a, d, "verified", doc_bool(a, b->verify != NULL));
    doc_put(a, d, "about_batches", n >= 0 ? doc_int(a, n) : doc_new(a, DOC_NULL));
    return d;
}

static struct doc *statement_doc(struct arena *a, const struct plan *p, const struct script *s,
                                 const struct statement *t)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "where", words_place(a, s->path, t->line, t->col));
    doc_put(a, d, "tag", words_doc(a, t->analysed ? t->tag : ""));
    doc_put(a, d, "opaque", doc_bool(a, t->opaque || !t->analysed));
    doc_put(a, d, "destructive", doc_bool(a, t->destructive));
    doc_put(a, d, "alone", doc_bool(a, t->lone != NULL));
    doc_put(a, d, "rewrites", doc_text(a, words_of(world_rewrites(p->world, t))));
    if (t->backfill != NULL) {
        doc_put(a, d, "backfill", backfill_doc(a, p, t));
    }
    struct doc *locks = doc_put(a, d, "locks", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < t->n_locks; i++) {
        struct doc *lock = doc_push(a, locks, doc_new(a, DOC_MAP));
        const char *text = object_text(a, &t->locks[i].object);
        const struct table_size *size = table_gets(&p->world->sizes, text);
        doc_put(a, lock, "object", words_doc(a, text));
        if (size != NULL) {
            doc_put(a, lock, "rows", doc_int(a, size->rows));
            doc_put(a, lock, "bytes", doc_int(a, size->bytes));
        }
        doc_put(a, lock, "level", doc_text(a, words_lock(t->locks[i].level)));
    }
    return d;
}

static void add_statements(struct arena *a, const struct plan *p, struct doc *target,
                           const struct step *s)
{
    const struct bundle *b = s->bundle;
    if (s->class != 0) {
        doc_put(a, target, "class", doc_text(a, class_text(s->class)));
    }
    if (s->action != ACTION_APPLY || b->decl == NULL || b->forward == NULL) {
        return;
    }
    struct statement_room room;
    struct doc *list = doc_put(a, target, "statements", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        const struct script *script = &b->forward[i];
        for (size_t k = 0; k < script->n; k++) {
            const struct statement *t = script_at(script, k, &room);
            if (t->kind != STATEMENT_BEGIN && t->kind != STATEMENT_COMMIT) {
                doc_push(a, list, statement_doc(a, p, script, t));
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
    /* What the plan itself (plan/doc.c) has of it is what makes it that plan: objects and their digests. */
    words_put_drift(a, d, "drift", p->world);
    words_put_moved(a, d, p->world);
    words_put_held(a, d, p->world);
    struct doc *targets = doc_put(a, d, "targets", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < p->n_migrations; i++) {
        for (int stage = (int)words_first_stage(&p->v[i]); stage < STAGE_COUNT && p->v[i].selected;
             stage++) {
            struct doc *t = doc_push(a, targets, words_target(a, p, &p->v[i], (enum stage)stage));
            if (stage == STAGE_APPLY) {
                doc_put(a, t, "lint", planned_lint_doc(a, p, &p->v[i]));
                doc_put(a, t, "reduces", planned_reduced_doc(a, p, &p->v[i]));
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

static void put_cell_buf(struct buf *out, struct buf *text)
{
    put_cell(out, buf_str(text));
    buf_clear(text);
}

/* All reasons that lead to its state. */
static void put_why(struct buf *out, struct buf *text, const struct step *s)
{
    bool first = true;
    for (size_t i = 0; i < s->n_reasons; i++) {
        if (reason_state(s->reasons[i].code) != s->state) {
            continue;
        }
        buf_puts(out, first ? "" : "; ");
        if (s->kind == STEP_PROJECTION) {
            words_projection_reason(text, &s->reasons[i]);
        } else {
            words_reason(text, s, &s->reasons[i]);
        }
        put_cell_buf(out, text);
        first = false;
    }
}

static void put_row(struct buf *out, const struct plan *p, const struct step *s)
{
    struct buf text = {0};
    bool applies = s->action == ACTION_APPLY && s->kind == STEP_MIGRATION;
    buf_printf(out, "| %s | ",
               s->action != ACTION_NONE ? plan_action_text(s->action) : plan_state_text(s->state));
    put_cell(out, step_name(s));
    buf_printf(out, " | %s | ", s->class != 0 ? class_text(s->class) : "-");
    if (applies) {
        buf_printf(out, "%zu", planned_statements(s));
        planned_weight(&text, p, s);
    } else if (s->kind == STEP_PROJECTION && s->action != ACTION_NONE) {
        words_projection_way(&text, s);
    }
    buf_puts(out, applies ? " | " : "- | ");
    put_cell_buf(out, &text);
    buf_puts(out, " | ");
    put_why(out, &text, s);
    buf_puts(out, " |\n");
    buf_release(&text);
}

/* A run of targets that wait for one that is blocked; false: it is none. *i: of its first, then of its
 * last. */
static bool put_waiting_row(struct buf *out, const struct plan *p, const size_t *root, size_t *i)
{
    size_t last = *i;
    size_t n = planned_waiting(&plain, p, root, *i, &last);
    if (n == 0) {
        return false;
    }
    buf_printf(out, "| %s | ", plan_state_text(STATE_BLOCKED));
    put_cell(out, step_name(&p->v[*i]));
    buf_puts(out, " to ");
    put_cell(out, step_name(&p->v[last]));
    buf_printf(out, " | - | - |  | %zu wait for ", n);
    put_cell(out, step_name(&p->v[root[*i]]));
    buf_puts(out, " |\n");
    *i = last;
    return true;
}

static void put_rows(struct buf *out, const struct plan *p)
{
    struct arena a = {0};
    const size_t *root = planned_roots(&a, p);
    bool first = true;
    for (size_t i = 0; i < p->n_steps; i++) {
        if (!planned_listed(&plain, p, &p->v[i])) {
            continue;
        }
        if (first) {
            buf_printf(out, "\n| action | %s | class | statements | heaviest | why |\n",
                       p->n_projections > 0 ? "target" : "migration");
            buf_puts(out, "|---|---|---|--:|---|---|\n");
        }
        first = false;
        if (!put_waiting_row(out, p, root, &i)) {
            put_row(out, p, &p->v[i]);
        }
    }
    arena_release(&a);
}

/* The statement at first of a script, or those that read the same; how many. */
static size_t put_statement_row(struct buf *out, const struct plan *p, const struct script *script,
                                size_t first)
{
    struct buf text = {0};
    size_t n = planned_alike(&plain, p, script, first);
    struct statement_room room;
    int to = script_at(script, first + n - 1, &room)->line;
    const struct statement *t = script_at(script, first, &room);
    int from = t->line;
    buf_printf(&text, "%s:%d", script->path, from);
    if (to > from) {
        buf_printf(&text, "-%d", to);
    }
    buf_puts(out, "| ");
    put_cell_buf(out, &text);
    if (n > 1) {
        buf_printf(&text, "%zu times ", n);
    }
    planned_deed(&text, t);
    planned_batches(&text, p, t);
    buf_puts(out, " | ");
    put_cell_buf(out, &text);
    planned_locks(&text, &plain, p, t);
    buf_puts(out, " | ");
    put_cell_buf(out, &text);
    buf_puts(out, " |\n");
    buf_release(&text);
    return n;
}

static void put_scripts(struct buf *out, const struct plan *p, const struct step *s)
{
    struct statement_room room;
    const struct bundle *b = s->bundle;
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n;) {
            bool is_shown = planned_shown(script_at(&b->forward[i], k, &room));
            k += is_shown ? put_statement_row(out, p, &b->forward[i], k) : 1;
        }
    }
}

/* All statements that are to be run; folded away by whoever shows Markdown. */
static void put_statement_table(struct buf *out, const struct plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *s = &p->v[i];
        n += s->selected && s->action == ACTION_APPLY ? planned_statements(s) : 0;
    }
    if (n == 0) {
        return;
    }
    buf_puts(out, "\n<details><summary>");
    words_count(out, n, "statement");
    buf_puts(out, "</summary>\n\n| statement | does | locks |\n|---|---|---|\n");
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *s = &p->v[i];
        if (s->selected && s->action == ACTION_APPLY && planned_statements(s) > 0) {
            put_scripts(out, p, s);
        }
    }
    buf_puts(out, "\n</details>\n");
}

static void put_lint_rows(struct buf *out, const struct plan *p, const struct step *s, size_t *n)
{
    struct arena a = {0};
    struct buf text = {0};
    struct planned_finding f;
    const struct findings *l = planned_lint(p, s);
    for (size_t i = 0; i < l->n; i++) {
        planned_found(&a, p, &l->v[i], &f);
        if (!planned_found_shown(&plain, &f)) {
            continue;
        }
        buf_puts(out,
                 (*n)++ == 0
                     ? "\n| severity | where | rule | what | instead |\n|---|---|---|---|---|\n"
                     : "");
        words_where(&text, f.finding->path, f.finding->line, f.finding->col);
        buf_printf(out, "| %s | ", severity_text(f.severity));
        put_cell_buf(out, &text);
        buf_printf(out, " | %s | ", f.finding->rule);
        put_cell(out, f.text);
        buf_puts(out, " | ");
        put_cell(out, f.finding->hint);
        buf_puts(out, " |\n");
    }
    buf_release(&text);
    arena_release(&a);
}

/* What the linter says of what is to run. */
static void put_lint(struct buf *out, const struct plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_migrations; i++) {
        if (p->v[i].selected) {
            put_lint_rows(out, p, &p->v[i], &n);
        }
    }
}

static void put_held(struct buf *out, const struct findings *l)
{
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        if (finding_stops(&l->v[i])) {
            buf_puts(out, "\nHeld back: ");
            put_cell(out, l->v[i].text);
            buf_putc(out, '\n');
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
    put_held(out, p->world->held);
    put_rows(out, p);
    put_lint(out, p);
    put_statement_table(out, p);
    buf_printf(out, "\nplan `%s`\n", digest_text(&digest, text));
}
