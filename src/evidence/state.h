/* Exported evidence: what stands in the project's files, and what is owed to them. */
#ifndef KFMIG_EVIDENCE_STATE_H
#define KFMIG_EVIDENCE_STATE_H

#include "evidence/archive.h"

/* Is b's evidence where r->env wants it? EXPORT_DONE also where none is wanted, or b is not applied. Reads
 * files; one that cannot be read counts as altered. */
enum export_state evidence_state(const struct archive *r, const struct bundle *b);
/* The same per bundle of r, in a; NULL if the environment wants none. Only applied migrations matter. A
 * file counts as done if it names the present checksum, whichever database it came from: exported evidence
 * is a fact too. */
const enum export_state *evidence_states(const struct archive *r, struct arena *a);

#endif
