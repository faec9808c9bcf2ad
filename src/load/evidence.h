/* Exported evidence of a bundle: receipts/run_receipt.json and the files that it names. */
#ifndef KFMIG_LOAD_EVIDENCE_H
#define KFMIG_LOAD_EVIDENCE_H

#include "load/used.h"
#include "model/decl.h"

/* Fill b's evidence. A receipt counts if it has the form of run_receipt.v1, is about this migration
 * and tells of a success; a malformed one is a warning and counts as none. Looks at files only
 * where receipts/ exists; each that was looked for goes into used. */
void evidence_read(struct arena *a, int dirfd, struct bundle *b, struct used *used,
                   struct err_list *warnings);

#endif
