/* The gates: everything that must hold before COMMIT. Rules, in the order of their findings: "invariant
 * FILE", "scope", "protected", "limit KEY", "drift", "ledger", "observation". */
#ifndef KFMIG_RUN_GATES_H
#define KFMIG_RUN_GATES_H

#include "run/run.h"

/* Judge what was seen in o->seen; findings are appended to o->gates: one per violation, one that passed
 * per rule without any. Those of invariants were added before. All rules are judged, whatever fails first.
 * Returns true if nothing stands in the way; else o->failure (ERR_APPLY) is made from the first that does.
 * No I/O. */
bool gates_judge(struct run *r, const struct bundle *b, struct outcome *o);

#endif
