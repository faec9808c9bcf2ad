/* The steps of a plan, one after another: what build and a recovery share.
 * Owns: running migrations, exporting their evidence, running projections, saying how each went. What failed is counted, and printed once. */
#ifndef KFMIG_CLI_STEPS_H
#define KFMIG_CLI_STEPS_H

#include "cli/work.h"
#include "run/projection.h"

/* What has been done so far. worst: of what failed; ERR_NONE. */
struct tally {
    size_t n_applied, n_failed, n_exported, n_skipped, n_published;
    enum err_code worst;
    int64_t started_ms;
};
void tally_worsen(struct tally *t, enum err_code code);

/* wants: is this projection meant? before, after: around each projection's run. Each may be NULL. */
struct steps {
    struct work_frame *w;
    struct tally *t;
    bool (*wants)(void *ctx, const struct step *x);
    void (*before)(void *ctx, const struct step *x, struct projection_job *job);
    void (*after)(void *ctx, const struct step *x, const struct outcome *o);
    void *ctx;
};

/* Run what the plan selects, in its order; stops at the first failure unless --keep-going, at a signal, when the connection is gone. The
 * frame is open. Errors are printed as they come and counted in t. */
void steps_run(const struct steps *r);

/* Things about the server that only matter to somebody who is about to write: a read-only role; a superuser in a protected environment.
 * -1 with ERR_PREFLIGHT. */
int steps_may_write(struct session *s, struct err *e) MUST_CHECK;
/* The plan, for people, to stderr. */
void steps_print_blocked(struct session *s);

#endif
