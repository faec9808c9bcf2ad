/* Is everything that the ledger and the exported files say consistent? For `kfmig receipt verify`. */
#ifndef KFMIG_EVIDENCE_VERIFY_H
#define KFMIG_EVIDENCE_VERIFY_H

#include "base/table.h"
#include "evidence/archive.h"
#include "model/finding.h"

/* findings: one per thing that does not fit, all errors; path names a file, or is "" for the ledger.
 * Rules: "trust" (the archive's doubt), "tree" (entries, roots, frontier), "columns", "receipt" (of an
 * entry), "input" and "output" (texts that a receipt names), "text" (one that nothing names), "object"
 * (a definition that its fingerprint was not made of), "claim" (a digest that is not that of what it is
 * made of), "approval" (who signed), "guard" (triggers and rules of the ledger's tables), "export"
 * (files in the project), "sink" (receipts there), "attestation" (what was signed of them). At most 1,000
 * are kept; n_found counts all. n_unproven: digests of which the receipt does not say what they are made
 * of. n_sunk: receipts in the sink that are right. n_foreign: exported files of another ledger, of which
 * only their own consistency was looked at. n_attested, n_checkpoints: attestations and
 * checkpoints in the sink that hold (attest/verify.h). n_held: the most bytes of receipts and of what they
 * name that were held at one time. */
struct verified {
    struct findings findings;
    size_t n_found;
    size_t n_entries, n_receipts, n_blobs, n_exports;
    size_t n_unproven;
    size_t n_sunk;
    size_t n_foreign;
    size_t n_held;
    struct table
        signatures; /* that ssh-keygen was asked about -> why one is none, "": it is good */
    size_t n_attested, n_checkpoints;
};

/* Entries, tree and receipts of r->ledger, read anew; texts that receipts name; evidence exported to the
 * project. One receipt at a time: memory does not grow with their number. Findings in a. 0, or -1 if the
 * ledger could not be asked to the end. */
int verify_ledger(const struct archive *r, struct arena *a, struct verified *v,
                  struct err *e) MUST_CHECK;

/* What was found as a document, as registry/schemas says; in a. */
struct doc *verified_doc(struct arena *a, const char *env, const struct verified *v);
/* How much was looked at, a line for each kind of thing; findings are not among them. has_sink: there is one,
 * so its count is said. */
void verified_put(struct buf *out, const char *env, const struct verified *v, bool has_sink);

#endif
