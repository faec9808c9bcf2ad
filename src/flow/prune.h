/* Definitions whose files are gone: what they made is dropped.
 * Owns: which ones, in which order. */
#ifndef KFMIG_FLOW_PRUNE_H
#define KFMIG_FLOW_PRUNE_H

#include "flow/writing.h"

/* Those of the plan with ACTION_PRUNE, each in a transaction of its own (run_prune()); what stands upon
 * another
 * goes first. may: asked before each whether to go on. What fails is in w->result, and ends it. */
void prune_all(struct writing *w, bool (*may)(const void *ctx), const void *ctx);

#endif
