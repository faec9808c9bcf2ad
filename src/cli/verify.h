/* Is everything that the ledger and the exported files say consistent? For `kfmig receipt verify`. */
#ifndef KFMIG_CLI_VERIFY_H
#define KFMIG_CLI_VERIFY_H

#include "cli/session.h"

/* findings: ERR_INTEGRITY, one per thing that does not fit; where.path names a file, or is "" for the ledger. */
struct verified {
    struct err_list findings;
    size_t n_entries, n_receipts, n_blobs, n_exports;
};

/* Entries, tree and receipts of s->link; texts that receipts name; evidence exported to the project. 0, or -1 if the ledger could
 * not be asked to the end. */
int verify_ledger(struct session *s, struct verified *v, struct err *e) MUST_CHECK;

#endif
