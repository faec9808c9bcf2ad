/* Programs of an environment that are asked how it is: probes and smoke commands.
 * Owns: how they are run, and what is believed of what they print: a figure, and nothing else of it. */
#ifndef KFMIG_FLOW_PROBE_H
#define KFMIG_FLOW_PROBE_H

#include "model/inspection.h"
#include "site/site.h"

/* Each runs in the project's folder, in a process group of its own, for at most the threshold command_time,
 * with KFMIG_ENVIRONMENT and KFMIG_DSN_REF (the name of the reference, never its value) in its environment.
 * What it prints is kept up to 64 KiB and never repeated. -1: ERR_INTERRUPTED. */

/* The figures of x->env's probes, into x. */
int probe_figures(struct site *s, struct inspection *x, struct err *e) MUST_CHECK;
/* Its smoke commands, each of which is to end with status 0. */
int probe_smoke(struct site *s, struct inspection *x, struct err *e) MUST_CHECK;

#endif
