/* Attestations of what a run left in the ledger, written beside its receipts in the sink. */
#ifndef KFMIG_ATTEST_DELIVER_H
#define KFMIG_ATTEST_DELIVER_H

#include "evidence/archive.h"

/* Sign what is owed: a checkpoint of the ledger as it is now, where the newest one in the folder is of fewer
 * entries; per entry that a registered key signs an attestation and a proof, where they are not there.
 * Nothing to do where env declares no attestations, or r has no sink or no ledger. Nothing is signed that
 * does not continue the newest checkpoint of the folder.
 * -1: ERR_VALIDATE, what is owed could not be read or written, and the next run tries again; ERR_CONFIG: of
 * the key; ERR_INTEGRITY: the ledger is not whole, or no continuation. */
int attest_deliver(const struct archive *r, struct err *e) MUST_CHECK;

#endif
