/* What plan tells of a plan. */
#include "report/planned.h"

#include <string.h>

/* RUN_SHOWN: from so many on, what reads the same is told once. */
enum { LOCK_QUIET = 1, RUN_SHOWN = 3 };

bool planned_listed(const struct style *st, const struct plan *p, const struct step *s)
{
    /* Where nothing could be asked, all are blocked for the one reason given above. */
    bool idle = s->action == ACTION_NONE && (s->state != STATE_BLOCKED || !p->world->reachable);
    return s->selected && (!idle || step_is_absent(s) || st->verbose);
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

const size_t *planned_roots(struct arena *a, const struct plan *p)
{
    size_t *root = ARENA_ARRAY(a, size_t, p->n_steps + 1);
    for (size_t i = 0; i < p->n_steps; i++) {
        int on = p->v[i].state == STATE_BLOCKED ? waits_for(&p->v[i]) : -1;
        root[i] = on >= 0 && (size_t)on < i ? root[on] : i; /* what comes first stands first */
    }
    return root;
}

size_t planned_waiting(const struct style *st, const struct plan *p, const size_t *root, size_t i,
                       size_t *last)
{
    size_t n = 0;
    *last = i;
    for (size_t k = i; k < p->n_steps && root[i] != i && !st->verbose; k++) {
        if (!planned_listed(st, p, &p->v[k])) {
            continue;
        }
        if (root[k] != root[i]) {
            break;
        }
        n++;
        *last = k;
    }
    return n < RUN_SHOWN ? 0 : n;
}

bool planned_shown(const struct statement *t)
{
    return t->kind != STATEMENT_BEGIN && t->kind != STATEMENT_COMMIT;
}

/* "table s.t, 12 k rows, AccessExclusive"; false: its size is not known. */
static bool put_lock(struct buf *out, struct arena *a, const struct plan *p,
                     const struct table_lock *l)
{
    const char *text = object_text(a, &l->object);
    const struct table_size *size = table_gets(&p->world->sizes, text);
    words_safe(out, text);
    if (size != NULL) {
        buf_puts(out, ", ");
        words_rows(out, size->rows);
        words_bytes(out, ", ", size->bytes);
        buf_putc(out, ',');
    }
    buf_printf(out, " %s", words_lock(l->level));
    return size != NULL;
}

/* What stands before the first table that a statement locks. */
static const char *words_rewrite(enum rewrite_verdict v)
{
    return v == REWRITE_SURELY ? "rewrites " : v == REWRITE_MAYBE ? "may rewrite " : "locks ";
}

void planned_locks(struct buf *out, const struct style *st, const struct plan *p,
                   const struct statement *t)
{
    struct arena a = {0};
    enum rewrite_verdict rewrites = world_rewrites(p->world, t);
    const char *before = words_rewrite(rewrites);
    for (size_t i = 0; i < t->n_locks; i++) {
        if (t->locks[i].level <= LOCK_QUIET && !st->verbose) {
            continue;
        }
        buf_puts(out, before);
        bool alone = !put_lock(out, &a, p, &t->locks[i]) && rewrites == REWRITE_NEVER;
        before = alone ? ", " : "; locks ";
    }
    arena_release(&a);
}

void planned_deed(struct buf *out, const struct statement *t)
{
    words_safe(out, t->analysed ? t->tag : "not analysed");
    buf_puts(out, t->opaque ? ", holds code that is observed when it runs" : "");
    buf_puts(out, t->destructive ? ", destructive" : "");
    buf_puts(out, t->lone != NULL ? ", outside any transaction" : "");
    buf_puts(out, t->is_apart ? ", in a transaction of its own" : "");
    buf_puts(out, t->ends_transaction ? ", committed before what follows" : "");
}

int64_t planned_n_batches(struct arena *a, const struct plan *p, const struct statement *t)
{
    const struct backfill *b = t->backfill;
    for (size_t i = 0; i < t->n_locks; i++) {
        const struct object *o = &t->locks[i].object;
        const struct table_size *size = table_gets(&p->world->sizes, object_text(a, o));
        if (size != NULL && strcmp(o->name, b->table) == 0 &&
            (b->schema[0] == '\0' || strcmp(o->schema, b->schema) == 0)) {
            return (size->rows + b->rows - 1) / b->rows;
        }
    }
    return -1;
}

static const char *bound_words(enum backfill_bound b)
{
    static const char *const words[] = {[BACKFILL_START] =
                                            "up to the greatest key that there is when it begins",
                                        [BACKFILL_END] = "as long as there are rows",
                                        [BACKFILL_GIVEN] = "up to the key that it gives"};
    return words[b];
}

void planned_batches(struct buf *out, const struct plan *p, const struct statement *t)
{
    struct arena a = {0};
    const struct backfill *b = t->backfill;
    if (b != NULL) {
        int64_t n = planned_n_batches(&a, p, t);
        buf_puts(out, ", batches of ");
        words_rows(out, b->rows);
        buf_puts(out, " by (");
        for (size_t i = 0; i < b->key.n; i++) {
            buf_puts(out, i > 0 ? ", " : "");
            words_safe(out, b->key.v[i]);
        }
        buf_puts(out, "), ");
        if (n >= 0) {
            buf_printf(out, "about %lld of them, ", (long long)n);
        }
        buf_puts(out, bound_words(b->bound));
    }
    arena_release(&a);
}

static void put_whole(struct buf *out, const struct style *st, const struct plan *p,
                      const struct statement *t)
{
    buf_clear(out);
    planned_deed(out, t);
    planned_batches(out, p, t);
    planned_locks(out, st, p, t);
}

size_t planned_alike(const struct style *st, const struct plan *p, const struct script *script,
                     size_t first)
{
    size_t n = 1;
    struct buf one = {0}, next = {0};
    struct statement_room room;
    put_whole(&one, st, p, script_at(script, first, &room));
    while (!st->verbose && first + n < script->n) {
        const struct statement *t = script_at(script, first + n, &room);
        if (!planned_shown(t)) {
            break;
        }
        put_whole(&next, st, p, t);
        if (strcmp(buf_str(&next), buf_str(&one)) != 0) {
            break;
        }
        n++;
    }
    buf_release(&one);
    buf_release(&next);
    return n < RUN_SHOWN ? 1 : n;
}

static bool has_scripts(const struct step *s)
{
    return s->kind == STEP_MIGRATION && s->bundle->decl != NULL && s->bundle->forward != NULL;
}

size_t planned_statements(const struct step *s)
{
    struct statement_room room;
    size_t n = 0;
    for (size_t i = 0; has_scripts(s) && i < s->bundle->decl->forward.n; i++) {
        for (size_t k = 0; k < s->bundle->forward[i].n; k++) {
            n += planned_shown(script_at(&s->bundle->forward[i], k, &room));
        }
    }
    return n;
}

/* The heaviest lock so far. opaque: some statement holds code. */
struct weight {
    struct table_lock lock;
    bool is_set;
    enum rewrite_verdict rewrites;
    bool opaque;
    int64_t rows;
};

static bool is_heavier(const struct weight *x, const struct weight *than)
{
    if (!than->is_set || x->rewrites != than->rewrites) {
        return !than->is_set || x->rewrites > than->rewrites;
    }
    return x->lock.level != than->lock.level ? x->lock.level > than->lock.level
                                             : x->rows > than->rows;
}

static void weigh(struct weight *most, const struct plan *p, const struct statement *t)
{
    struct arena a = {0};
    enum rewrite_verdict rewrites = world_rewrites(p->world, t); /* the first that it locks */
    most->opaque |= t->opaque || !t->analysed;
    for (size_t i = 0; i < t->n_locks; i++) {
        if (t->locks[i].level <= LOCK_QUIET) {
            continue;
        }
        const struct table_size *size =
            table_gets(&p->world->sizes, object_text(&a, &t->locks[i].object));
        struct weight x = {.lock = t->locks[i],
                           .is_set = true,
                           .rewrites = rewrites,
                           .opaque = most->opaque,
                           .rows = size != NULL ? size->rows : 0};
        *most = is_heavier(&x, most) ? x : *most;
        rewrites = REWRITE_NEVER;
    }
    arena_release(&a);
}

void planned_weight(struct buf *out, const struct plan *p, const struct step *s)
{
    struct arena a = {0};
    struct weight most = {0};
    struct statement_room room;
    for (size_t i = 0; has_scripts(s) && i < s->bundle->decl->forward.n; i++) {
        for (size_t k = 0; k < s->bundle->forward[i].n; k++) {
            const struct statement *t = script_at(&s->bundle->forward[i], k, &room);
            if (planned_shown(t)) {
                weigh(&most, p, t);
            }
        }
    }
    if (most.is_set) {
        buf_puts(out, words_rewrite(most.rewrites));
        (void)put_lock(out, &a, p, &most.lock);
    }
    if (most.opaque) {
        buf_puts(out, most.is_set ? "; holds code" : "holds code that is observed when it runs");
    } else if (!most.is_set) {
        buf_puts(out, "locks nothing that is there");
    }
    arena_release(&a);
}
