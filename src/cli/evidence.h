/* Exported evidence: what stands in the project's files, and what is owed to them. */
#ifndef KFMIG_CLI_EVIDENCE_H
#define KFMIG_CLI_EVIDENCE_H

#include "cli/session.h"

/* Is b's evidence for env where the environment wants it? EXPORT_DONE also where none is wanted, or b is not applied. */
enum export_state evidence_state(struct session *s, const struct env *env, const struct bundle *b);
/* Per bundle: is its evidence for env where the environment wants it? NULL if env wants none. Only applied migrations matter. A file
 * counts as done if it names the present checksum, whichever database it came from: exported evidence is a fact too. */
const enum export_state *evidence_states(struct session *s, const struct env *env);

#endif
