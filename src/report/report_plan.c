/* The plan as text for people. */
#include <string.h>

#include "report/advice.h"
#include "report/words.h"

/* RUN_SHOWN: from so many on, what reads the same is told once. */
enum { LOCK_QUIET = 1, VERB_WIDTH = 9, RUN_SHOWN = 3 };

static size_t widest_id(const struct plan *p)
{
    size_t width = 0;
    for (size_t i = 0; i < p->n_steps; i++) {
        size_t n = p->v[i].selected ? words_width(step_name(&p->v[i])) : 0;
        width = n > width ? n : width;
    }
    return width + 2;
}

/* "  locks table s.t AccessExclusive, ..."; how large it is, where that is known. */
static void put_locks(struct buf *out, const struct style *st, const struct plan *p,
                      const struct statement *t)
{
    struct arena a = {0};
    const char *before = t->rewrites ? "  may rewrite " : "  locks ";
    for (size_t i = 0; i < t->n_locks; i++) {
        if (t->locks[i].level <= LOCK_QUIET && !st->verbose) {
            continue;
        }
        const char *text = object_text(&a, &t->locks[i].object);
        const int64_t *rows = table_gets(&p->world->rows, text);
        buf_puts(out, before);
        words_safe(out, text);
        if (rows != NULL) {
            buf_puts(out, ", ");
            words_rows(out, *rows);
            buf_putc(out, ',');
        }
        buf_printf(out, " %s", words_lock(t->locks[i].level));
        before = rows != NULL || t->rewrites ? "; locks " : ", ";
    }
    arena_release(&a);
}

static bool is_shown(const struct statement *t)
{
    return t->kind != STATEMENT_BEGIN && t->kind != STATEMENT_COMMIT;
}

/* What it does, without its place. */
static void put_deed(struct buf *out, const struct style *st, const struct plan *p,
                     const struct statement *t)
{
    words_safe(out, t->analysed ? t->tag : "not analysed");
    buf_puts(out, t->opaque ? ", holds code that is observed when it runs" : "");
    buf_puts(out, t->destructive ? ", destructive" : "");
    put_locks(out, st, p, t);
}

/* How many statements from the one at first on read as deed does. */
static size_t count_alike(const struct style *st, const struct plan *p, const struct script *script,
                          size_t first, const struct buf *deed)
{
    size_t n = 1;
    struct buf next = {0};
    while (!st->verbose && first + n < script->n && is_shown(&script->v[first + n])) {
        buf_clear(&next);
        put_deed(&next, st, p, &script->v[first + n]);
        if (strcmp(buf_str(&next), buf_str(deed)) != 0) {
            break;
        }
        n++;
    }
    buf_release(&next);
    return n;
}

/* One statement, or all of a run that read the same; how many. */
static size_t put_run(struct buf *out, const struct style *st, const struct plan *p,
                      const struct step *s, const struct script *script, size_t first)
{
    struct buf place = {0}, deed = {0};
    put_deed(&deed, st, p, &script->v[first]);
    size_t n = count_alike(st, p, script, first, &deed);
    n = n < RUN_SHOWN ? 1 : n;
    int from = script->v[first].line, to = script->v[first + n - 1].line;
    buf_printf(&place, "%s:%d", words_in_bundle(s->bundle, script->path), from);
    if (to > from) {
        buf_printf(&place, "-%d", to);
    }
    buf_printf(out, "%*s", VERB_WIDTH + 2, "");
    words_cell(out, buf_str(&place), 16);
    if (n > 1) {
        buf_printf(out, "%zu times ", n);
    }
    buf_add(out, deed.p, deed.n);
    buf_putc(out, '\n');
    buf_release(&place);
    buf_release(&deed);
    return n;
}

static void put_statements(struct buf *out, const struct style *st, const struct plan *p,
                           const struct step *s)
{
    const struct bundle *b = s->bundle;
    if (s->action != ACTION_APPLY || b->decl == NULL || b->forward == NULL) {
        return;
    }
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n;) {
            k += is_shown(&b->forward[i].v[k]) ? put_run(out, st, p, s, &b->forward[i], k) : 1;
        }
    }
}

static void put_migration(struct buf *out, const struct style *st, const struct plan *p,
                          const struct step *s, size_t width)
{
    buf_puts(out, "  ");
    if (s->action != ACTION_NONE) {
        words_paint(out, st, PAINT_BUSY, plan_action_text(s->action), VERB_WIDTH);
    } else {
        words_migration_state(out, st, s, VERB_WIDTH);
    }
    words_cell(out, s->bundle->id, width);
    if (s->risk_class != 0) {
        buf_printf(out, "class %s, ", plan_risk_text(s->risk_class));
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
        buf_puts(out, digest_is_zero(&d->was)   ? " appeared"
                      : digest_is_zero(&d->now) ? " vanished"
                                                : " changed");
        buf_puts(out, " outside kfmig");
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
        if (p->v[i].selected && p->v[i].state == STATE_BLOCKED) {
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
        words_count(out, p->n_state[STATE_BLOCKED], p->n_projections > 0 ? "target" : "migration");
        buf_puts(out, " blocked; `kfmig why ");
        words_safe(out, p->env->name);
        buf_putc(out, '/');
        words_safe(out, blocked);
        buf_puts(out, "` says what to do\n");
    }
    if (p->n_apply + p->n_export + p->n_rebuild == 0) {
        buf_puts(out, blocked == NULL ? "nothing to do\n" : "");
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

/* Nothing keeps it but that another is blocked: which one; -1: it has a reason of its own. */
static int waits_for(const struct step *s)
{
    int step = -1;
    for (size_t i = 0; i < s->n_reasons; i++) {
        if (reason_state(s->reasons[i].code) == STATE_BLOCKED) {
            if (s->reasons[i].code != REASON_UPSTREAM_BLOCKED) {
                return -1;
            }
            step = step < 0 ? s->reasons[i].step : step;
        }
    }
    return step;
}

/* Per step the one that it waits for in the end; itself, if it waits for none. In a. */
static const size_t *find_roots(struct arena *a, const struct plan *p)
{
    size_t *root = ARENA_ARRAY(a, size_t, p->n_steps + 1);
    for (size_t i = 0; i < p->n_steps; i++) {
        int on = p->v[i].state == STATE_BLOCKED ? waits_for(&p->v[i]) : -1;
        root[i] = on >= 0 && (size_t)on < i ? root[on] : i; /* what comes first stands first */
    }
    return root;
}

static bool is_listed(const struct style *st, const struct plan *p, const struct step *s)
{
    /* Where nothing could be asked, all are blocked for the one reason given above. */
    bool idle = s->action == ACTION_NONE && (s->state != STATE_BLOCKED || !p->world->reachable);
    bool is_absent = s->kind == STEP_MIGRATION && s->bundle->is_absent;
    return s->selected && (!idle || is_absent || st->verbose);
}

/* How many of those listed from i on wait for the same one as it does; *last: of these. */
static size_t count_waiting(const struct style *st, const struct plan *p, const size_t *root,
                            size_t i, size_t *last)
{
    size_t n = 0;
    for (size_t k = i; k < p->n_steps && root[i] != i && !st->verbose; k++) {
        if (!is_listed(st, p, &p->v[k])) {
            continue;
        }
        if (root[k] != root[i]) {
            break;
        }
        n++;
        *last = k;
    }
    return n;
}

/* A run of targets that wait for one that is blocked, as a line; false: it is none, nothing is written.
 * *i: of its first, then of its last. */
static bool put_waiting(struct buf *out, const struct style *st, const struct plan *p,
                        const size_t *root, size_t *i)
{
    size_t last = *i;
    size_t n = count_waiting(st, p, root, *i, &last);
    if (n < RUN_SHOWN) {
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

static bool put_steps(struct buf *out, const struct style *st, const struct plan *p)
{
    struct arena a = {0};
    const size_t *root = find_roots(&a, p);
    size_t width = widest_id(p);
    bool listed = false;
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->v[i];
        if (!is_listed(st, p, s)) {
            continue;
        }
        buf_puts(out, listed ? "" : "\n");
        listed = true;
        if (!put_waiting(out, st, p, root, &i)) {
            put_step(out, st, p, s, width);
        }
    }
    arena_release(&a);
    return listed;
}

void report_plan(struct buf *out, const struct style *st, const struct plan *p)
{
    words_summary(out, p);
    words_running(out, st, p);
    put_world(out, st, p);
    buf_puts(out, put_steps(out, st, p) ? "\n" : "");
    put_next(out, st, p);
}
