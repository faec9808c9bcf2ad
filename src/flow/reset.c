/* An environment's database made anew. */
#include "flow/reset.h"

#include <stdio.h>
#include <unistd.h>

#include "site/database.h"

static int refuse_protected(const struct site *s, struct err *e)
{
    if (!s->env->is_protected) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: its database is never dropped",
            s->env->name);
    return err_hint(e, "a lost one is made again with `kfmig rebuild %s --all --new-database`",
                    s->env->name);
}

/* The ledger that is to go need not be the one that was seen last; it must be this environment's. */
static int look(struct site *s, struct resetting *x, struct err *e)
{
    static const struct checkpoint any = {.sequence = 0};
    s->o.cites = &any;
    int rc = site_link(s, e);
    s->o.cites = NULL;
    x->n_applied = s->past.n_applied;
    x->name = arena_strdup(s->a, s->id.database);
    return rc != 0 ? -1 : database_others(s, &x->others, e);
}

int reset_look(struct site *s, struct resetting *out, struct err *e)
{
    *out = (struct resetting){.name = ""};
    if (refuse_protected(s, e) != 0 || database_probe(s, &out->missing, &out->name, e) != 0) {
        return -1;
    }
    return out->missing ? 0 : look(s, out, e);
}

static int take_lock(struct site *s, int64_t lock_wait_ms, struct err *e)
{
    char run_id[37];
    int64_t epoch = 0;
    const struct lock_wait wait = {.timeout_ms = lock_wait_ms, .ear = &s->ear};
    random_uuid(run_id);
    if (!s->id.has_ledger) {
        return 0;
    }
    const char *holder = arena_printf(s->a, "reset, process %ld", (long)getpid());
    return ledger_lock(s->pg, run_id, holder, &wait, &epoch, e);
}

int reset_make(struct site *s, const struct resetting *x, const char *template,
               int64_t lock_wait_ms, struct err *e)
{
    /* The session with the lock is cut off by the drop itself: no other run comes in between. */
    if (!x->missing && (take_lock(s, lock_wait_ms, e) != 0 || database_drop(s, x->name, e) != 0)) {
        return -1;
    }
    site_leave(s);
    cache_put(s->cache, "checkpoint", bytes_str(s->env->name), bytes_of(NULL, 0));
    cache_flush(s->cache);
    return database_create(s, x->name, template, e);
}
