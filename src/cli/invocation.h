/* One run of the program on a project: what the command line said, the project, the ear, and the environment
 * that it works on.
 * Owns: opening and closing these. Wiring only. */
#ifndef KFMIG_CLI_INVOCATION_H
#define KFMIG_CLI_INVOCATION_H

#include "cli/progress.h"
#include "command/command.h"
#include "site/site.h"

/* site: begun by invocation_site(); zeroed before. */
struct invocation {
    const struct request *req;
    struct arena *a;
    struct project project;
    struct cache *cache;
    struct progress progress;
    struct site site;
    const struct backup_rule *backup; /* for site_options; set behind invocation_open() */
    bool has_begun;                   /* invocation_begin() was, and invocation_open() not yet */
    bool shows_no_plan; /* set before invocation_site(): what is pending is read for its run only */
};

/* Find the project and read its environments: what invocation_open() begins with, where it was not. */
int invocation_begin(struct invocation *s, const struct request *req, struct err *e) MUST_CHECK;
/* Find and load the project. Faults are told (all of them) and -1 is returned with ERR_CONFIG if there are
 * any and tolerate is false. s must stay where it is. */
int invocation_open(struct invocation *s, const struct request *req, bool tolerate,
                    struct err *e) MUST_CHECK;
/* The environment of that name, NULL: the default one. */
int invocation_env(struct invocation *s, const char *name, const struct env **out,
                   struct err *e) MUST_CHECK;
/* Begin s->site anew for env, not connected. */
void invocation_site(struct invocation *s, const struct env *env);
/* invocation_site() and site_plan(). */
int invocation_plan(struct invocation *s, const struct env *env, bool want_server,
                    struct err *e) MUST_CHECK;
/* Also of one that was never opened. */
void invocation_close(struct invocation *s);

#endif
