/* The receipt of a run: one JSON object, canonical, policy-safe; its member "claim" holds what is deterministic. */
#ifndef KFMIG_RUN_RECEIPT_H
#define KFMIG_RUN_RECEIPT_H

#include "run/evidence.h"
#include "run/run.h"

struct making; /* projection_parts.h */
struct receipt_input {
    const char *kind;            /* "db_migration", "adopt" */
    const struct bundle *bundle; /* NULL for adopt */
    const struct outcome *outcome;
    const struct evidence_set *evidence;
    const char *started_at, *finished_at;
    const struct making *making; /* NULL: no projection */
    const char *notes;
    const struct drill_record *drill; /* NULL: no drill */
};
/* The receipt without its ledger position: what can be kept in state/owed. */
struct doc *receipt_doc(struct arena *a, const struct run *r, const struct receipt_input *in);
/* Add the position; the bytes are canonical, in a. */
struct bytes receipt_seal(struct arena *a, struct doc *receipt, const char *instance,
                          int64_t sequence, const struct digest *previous);
const char *result_text(enum run_result result);

#endif
