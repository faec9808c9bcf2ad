/* One invocation: from the command line to the plan. Wiring only.
 * Owns: opening a project, resolving an environment, connecting, asking ledger and catalogs, computing the plan. */
#ifndef KFMIG_CLI_SESSION_H
#define KFMIG_CLI_SESSION_H

#include "cli/command.h"
#include "cli/link.h"
#include "cli/progress.h"
#include "load/load.h"

struct projected; /* cli/projections.h */

struct session {
    const struct request *req;
    struct arena *a;
    struct project project;
    struct cache *cache;
    struct link link;
    struct world world;
    struct plan_input input;
    struct plan plan;
    struct projected *projected;
    size_t n_projected;
    struct progress *progress;
    struct ear ear; /* for everything below; without stops nothing ends it any more: cleaning up */
    /* A database that takes the place of a lost one: what its ledger cites, or will. Another ledger than the last run saw is then what is
     * wanted. NULL: an ordinary run. */
    const struct checkpoint *cites;
    /* A drill: a throwaway database on the environment's server. Nothing of it is remembered, delivered or owed. NULL: the environment's own. */
    const char *dbname;
};

/* Find and load the project. Faults are printed (all of them) and -1 is returned with ERR_CONFIG if there are any and
 * tolerate is false. */
int session_project(struct session *s, const struct request *req, bool tolerate,
                    struct err *e) MUST_CHECK;
/* The environment named on the command line, else the default one. */
int session_env(struct session *s, const char *name, const struct env **out,
                struct err *e) MUST_CHECK;
/* Connect to env, refuse the wrong database (replica, pooler, other name or ledger), read entries and past, probe drift and upstreams
 * into s->world, parse what must be parsed, make the plan. A store that cannot be reached is no error here: the plan then says so
 * (store_unreachable); want_server true makes it one. May be called for several environments one after another (status of all):
 * session_leave() closes the link in between. */
int session_plan(struct session *s, const struct env *env, bool want_server,
                 struct err *e) MUST_CHECK;
void session_leave(struct session *s);
/* What every database has, or is given before any migration: not what stands in the way of a first contact. */
bool session_is_usual(const struct object *o);
/* All bundles as the project has them, for plan_order(); in s->a. */
const struct bundle *const *session_bundles(const struct session *s);
/* Once more with the link as it is now (after link_refresh(), or once the lock is ours): drift by a full look, upstreams, plan. */
int session_replan(struct session *s, bool full, struct err *e) MUST_CHECK;
void session_close(struct session *s);

#endif
