/* The plan as text for people. */
#include <stdio.h>

#include "report/advice.h"
#include "report/planned.h"

enum { TABLE_FROM = 2 };

/* Of those that are told of, with two blanks. */
static size_t widest_id(const struct style *st, const struct plan *p)
{
    size_t width = 0;
    for (size_t i = 0; i < p->n_steps; i++) {
        size_t n = planned_listed(st, p, &p->v[i]) ? words_width(step_name(&p->v[i])) : 0;
        width = n > width ? n : width;
    }
    return width + 2;
}

/* One statement, or all of a run that read the same; how many. */
static size_t put_run(struct buf *out, const struct style *st, const struct plan *p,
                      const struct step *s, const struct script *script, size_t first)
{
    struct buf place = {0}, locks = {0};
    size_t n = planned_alike(st, p, script, first);
    struct statement_room room;
    int to = script_at(script, first + n - 1, &room)->line;
    const struct statement *t = script_at(script, first, &room);
    int from = t->line;
    buf_printf(&place, "%s:%d", words_in_bundle(s->bundle, script->path), from);
    if (to > from) {
        buf_printf(&place, "-%d", to);
    }
    buf_printf(out, "%*s", VERB_WIDTH + 2, "");
    words_cell(out, buf_str(&place), 16);
    if (n > 1) {
        buf_printf(out, "%zu times ", n);
    }
    planned_deed(out, t);
    planned_batches(out, p, t);
    planned_locks(&locks, st, p, t);
    buf_printf(out, "%s%s\n", locks.n > 0 ? "  " : "", buf_str(&locks));
    buf_release(&place);
    buf_release(&locks);
    return n;
}

static void put_statements(struct buf *out, const struct style *st, const struct plan *p,
                           const struct step *s)
{
    const struct bundle *b = s->bundle;
    struct statement_room room;
    if (s->action != ACTION_APPLY || b->decl == NULL || b->forward == NULL) {
        return;
    }
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n;) {
            bool is_shown = planned_shown(script_at(&b->forward[i], k, &room));
            k += is_shown ? put_run(out, st, p, s, &b->forward[i], k) : 1;
        }
    }
}

static void put_migration(struct buf *out, const struct style *st, const struct plan *p,
                          const struct step *s, size_t width)
{
    words_verb(out, st, s);
    words_cell(out, s->bundle->id, width);
    if (s->class != 0) {
        buf_printf(out, "class %s, ", class_text(s->class));
    }
    bool first = true;
    for (size_t i = 0; i < s->n_reasons; i++) {
        /* That it waits for the one before it goes without saying where it has a reason of its own. */
        bool waits = s->reasons[i].code == REASON_UPSTREAM_PENDING && !first && !st->verbose;
        if (reason_state(s->reasons[i].code) != s->state || waits) {
            continue;
        }
        if (!first) {
            buf_printf(out, "%*s", (int)(VERB_WIDTH + 2 + width), "");
        }
        words_reason(out, s, &s->reasons[i]);
        buf_putc(out, '\n');
        first = false;
    }
    put_statements(out, st, p, s);
    planned_put_lint(out, st, p, s);
}

static void put_step(struct buf *out, const struct style *st, const struct plan *p,
                     const struct step *s, size_t width)
{
    if (s->kind == STEP_PROJECTION) {
        words_projection(out, st, s, width);
    } else {
        put_migration(out, st, p, s, width);
    }
}

static void put_world(struct buf *out, const struct style *st, const struct plan *p)
{
    const struct world *w = p->world;
    if (!w->reachable) {
        words_unreachable(out, st, p);
        return;
    }
    if (!w->has_ledger) {
        buf_puts(
            out,
            "first contact: this database has no ledger yet; build creates it (schema kfmig)\n");
    }
    if (!w->has_ledger && w->n_existing > 0 && !p->env->is_protected) {
        buf_printf(out, "it holds %lld object%s already; build records %s as the starting point\n",
                   (long long)w->n_existing, w->n_existing == 1 ? "" : "s",
                   w->n_existing == 1 ? "it" : "them");
    }
    words_versions(out, p);
    for (size_t i = 0; i < w->n_drift; i++) {
        const struct drift *d = &w->drift[i];
        if (d->from_major > 0) {
            continue;
        }
        words_paint(out, st, PAINT_BAD, "drift", 0);
        buf_puts(out, ": ");
        words_safe(out, d->text);
        buf_printf(out, " %s outside kfmig", words_change(d));
        if (d->last_writer[0] != '\0') {
            buf_puts(out, "; last written by ");
            words_safe(out, d->last_writer);
        }
        buf_putc(out, '\n');
    }
}

static const char *first_blocked(const struct plan *p)
{
    for (size_t i = 0; i < p->n_steps; i++) {
        if (p->v[i].selected && p->v[i].state == STATE_BLOCKED && !p->v[i].awaits) {
            return step_name(&p->v[i]);
        }
    }
    return NULL;
}

static void put_next(struct buf *out, const struct style *st, const struct plan *p)
{
    char digest[DIGEST_TEXT];
    struct digest d = plan_digest(p);
    buf_puts(out, "plan ");
    words_paint(out, st, PAINT_DIM, digest_text(&d, digest), 0);
    buf_putc(out, '\n');
    const char *blocked = first_blocked(p);
    if (blocked != NULL) {
        words_count(out, p->n_state[STATE_BLOCKED] - p->n_awaits,
                    p->n_projections > 0 ? "target" : "migration");
        buf_puts(out, " blocked; `kfmig why ");
        words_safe(out, p->env->name);
        buf_putc(out, '/');
        words_safe(out, blocked);
        buf_puts(out, "` says what to do\n");
    }
    if (p->n_apply + p->n_export + p->n_rebuild == 0) {
        buf_puts(out, blocked != NULL   ? ""
                      : p->n_awaits > 0 ? "nothing else to do\n"
                                        : "nothing to do\n");
        return;
    }
    buf_puts(out, "run it with `kfmig build ");
    words_safe(out, p->env->name);
    for (size_t i = 0; i < p->selection.n; i++) {
        buf_putc(out, ' ');
        words_safe(out, p->selection.v[i]);
    }
    buf_puts(out, "`");
    if (p->env->is_protected) {
        buf_printf(out, "; --plan=%s runs exactly this", digest);
    }
    buf_putc(out, '\n');
}

/* A run of targets that wait for one that is blocked, as a line; false: it is none, nothing is written.
 * *i: of its first, then of its last. */
static bool put_waiting(struct buf *out, const struct style *st, const struct plan *p,
                        const size_t *root, size_t *i)
{
    size_t last = *i;
    size_t n = planned_waiting(st, p, root, *i, &last);
    if (n == 0) {
        return false;
    }
    buf_puts(out, "  ");
    words_state(out, st, STATE_BLOCKED, VERB_WIDTH);
    words_safe(out, step_name(&p->v[*i]));
    buf_puts(out, " to ");
    words_safe(out, step_name(&p->v[last]));
    buf_printf(out, ": %zu wait for ", n);
    words_safe(out, step_name(&p->v[root[*i]]));
    buf_puts(out, " (--verbose lists them)\n");
    *i = last;
    return true;
}

/* --- the table ahead of it --------------------------------------------------------------------------- */

static void put_table_row(struct buf *out, const struct style *st, const struct plan *p,
                          const struct step *s, size_t width)
{
    char n[32] = "-";
    bool applies = s->action == ACTION_APPLY && s->kind == STEP_MIGRATION;
    words_verb(out, st, s);
    words_cell(out, step_name(s), width);
    words_cell(out, s->class != 0 ? class_text(s->class) : "-", 7);
    if (applies) {
        (void)snprintf(n, sizeof n, "%zu", planned_statements(s));
    }
    words_cell(out, n, 12);
    if (applies) {
        planned_weight(out, p, s);
    } else if (s->kind == STEP_PROJECTION && s->action != ACTION_NONE) {
        words_projection_way(out, s);
    } else {
        buf_puts(out, reason_sentence(s->reasons[0].code));
    }
    buf_putc(out, '\n');
}

static size_t count_listed(const struct style *st, const struct plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_steps; i++) {
        n += planned_listed(st, p, &p->v[i]);
    }
    return n;
}

/* A line for each step or run of waiting ones; false: nothing, where there is but one to be told of. */
static bool put_table(struct buf *out, const struct style *st, const struct plan *p,
                      const size_t *root, size_t width)
{
    const char *noun = p->n_projections > 0 ? "target" : "migration";
    struct buf head = {0};
    width = width < words_width(noun) + 2 ? words_width(noun) + 2 : width;
    if (count_listed(st, p) < TABLE_FROM) {
        return false;
    }
    buf_puts(&head, "  ");
    words_cell(&head, "action", VERB_WIDTH);
    words_cell(&head, noun, width);
    words_cell(&head, "class", 7);
    words_cell(&head, "statements", 12);
    buf_puts(&head, "heaviest, or why");
    buf_putc(out, '\n');
    words_paint(out, st, PAINT_DIM, buf_str(&head), 0);
    buf_putc(out, '\n');
    for (size_t i = 0; i < p->n_steps; i++) {
        if (planned_listed(st, p, &p->v[i]) && !put_waiting(out, st, p, root, &i)) {
            put_table_row(out, st, p, &p->v[i], width);
        }
    }
    buf_release(&head);
    return true;
}

/* --- all of it --------------------------------------------------------------------------------------- */

static bool put_steps(struct buf *out, const struct style *st, const struct plan *p)
{
    struct arena a = {0};
    const size_t *root = planned_roots(&a, p);
    size_t width = widest_id(st, p);
    bool has_table = put_table(out, st, p, root, width);
    bool listed = false;
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->v[i];
        size_t last = i;
        if (!planned_listed(st, p, s)) {
            continue;
        }
        if (planned_waiting(st, p, root, i, &last) > 0) {
            i = last; /* the table has all that there is to say */
            continue;
        }
        buf_puts(out, listed ? "" : "\n");
        listed = true;
        put_step(out, st, p, s, width);
    }
    arena_release(&a);
    return has_table || listed;
}

void report_plan(struct buf *out, const struct style *st, const struct plan *p)
{
    words_summary(out, p);
    words_running(out, st, p);
    words_held(out, st, p);
    put_world(out, st, p);
    buf_puts(out, put_steps(out, st, p) ? "\n" : "");
    put_next(out, st, p);
}
