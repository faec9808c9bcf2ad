/* The gates: everything that must hold before COMMIT. Rules, in the order of their findings: "invariant
 * FILE", "scope", "protected", "limit KEY", "drift", "ledger", "observation". Before them "posture"
 * (run/posture.h). */
#ifndef KFMIG_RUN_GATES_H
#define KFMIG_RUN_GATES_H

#include "model/leak.h"
#include "model/way.h"
#include "run/run.h"

/* Judge what was seen in o->seen; findings are appended to o->gates: one per violation, one that passed
 * per rule without any. Those of invariants were added before. All rules are judged, whatever fails first.
 * Returns true if nothing stands in the way; else o->failure (ERR_APPLY) is made from the first that does.
 * No I/O. */
bool gates_judge(struct run *r, const struct bundle *b, struct outcome *o);

/* The secret in a name of what was touched, or in what stands in clear in its definition; NULL: none is
 * seen. With one, what was seen is written nowhere. Pure. */
const struct leak *gates_secret(const struct run *r, const struct observation *seen);

/* Is there anything that scope or a protected domain does not admit, so that it is worth asking how the
 * migration came to it? */
bool gates_reach(struct run *r, const struct bundle *b, const struct outcome *o);
/* Then: which statement did it, and by way of what (model/way.h), into o->seen; findings say so from then on.
 */
void gates_trace(struct run *r, const struct bundle *b, const struct ways *ways, struct outcome *o);

#endif
