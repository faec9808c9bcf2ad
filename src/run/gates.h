/* The gates: everything that must hold before COMMIT. */
#ifndef KFMIG_RUN_GATES_H
#define KFMIG_RUN_GATES_H

#include "run/run.h"

/* Judge what was seen; gates are appended to o. Invariant gates were added before, in order. Returns true if all passed; else
 * o->failure is set from the first that did not. */
bool gates_judge(struct run *r, const struct bundle *b, struct outcome *o);
void gate_add(struct run *r, struct outcome *o, const char *name, bool passed, const char *detail);

#endif
