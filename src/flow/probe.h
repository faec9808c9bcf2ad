/* Programs of an environment that are asked how it is: probes and smoke commands.
 * Owns: how they are run, and what is believed of what they print: a figure, and nothing else of it. */
#ifndef KFMIG_FLOW_PROBE_H
#define KFMIG_FLOW_PROBE_H

#include "model/inspection.h"
#include "site/site.h"

/* Each runs in the project's folder, in a process group of its own, for at most the threshold command_time,
 * with KFMIG_ENVIRONMENT and KFMIG_DSN_REF (the name of the reference, never its value) in its environment.
 * What it prints is kept up to 64 KiB and never repeated. -1: ERR_INTERRUPTED. */

/* Run command, a file of the project, for at most limit_ms (grace_ms: see struct child). *ms: how
 * long it took. *why: what is wrong with how it ended, in s->a; NULL: nothing. words may be NULL.
 * -1: ERR_INTERRUPTED. */
struct probe_limits {
    int64_t limit_ms, grace_ms;
};
int probe_run(struct site *s, const char *command, const struct probe_limits *limits,
              struct buf *words, int64_t *ms, const char **why, struct err *e) MUST_CHECK;

/* The figures of x->env's probes, into x. */
int probe_figures(struct site *s, struct inspection *x, struct err *e) MUST_CHECK;
/* Its smoke commands, each of which is to end with status 0. */
int probe_smoke(struct site *s, struct inspection *x, struct err *e) MUST_CHECK;

#endif
