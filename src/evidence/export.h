/* Evidence of a migration as files, made from the ledger: reference 002's baselines, diffs and receipts.
 * Owns: where each file goes and what it holds. Nothing here decides what is owed: see evidence/state.h. */
#ifndef KFMIG_EVIDENCE_EXPORT_H
#define KFMIG_EVIDENCE_EXPORT_H

#include "evidence/archive.h"
#include "evidence/sums.h"

/* Write the evidence of b's fact f, which is one of r's ledger, as sums are, below dirfd/prefix (r->dirfd and
 * b->dir, or where the operator wants it):
 *   EVIDENCE_BUNDLE  baselines/pre.json, baselines/post.json, diffs/summary.json, diffs/touched.csv,
 *                    receipts/run_receipt.json; from baseline format 2 on also baselines/pre.objects.tsv and
 *                    baselines/post.objects.tsv, which the baselines' digests of sets bind
 *   EVIDENCE_FOLDER  the same in baselines/ENV/, diffs/ENV/, receipts/ENV/
 *   EVIDENCE_POINTER receipts/receipt_ref.json only
 * The bytes are those that were hashed: sha256sum of a file is the digest that the receipt names. The
 * receipt comes last, so a bundle whose receipt is there has everything else too. Only f->sequence and
 * f->run_id must be filled in. -1: ERR_INTEGRITY if the ledger does not give the bytes that the receipt
 * names, ERR_PREFLIGHT if a file cannot be written. */
int export_bundle(const struct archive *r, struct sums *sums, const struct fact *f,
                  const struct bundle *b, int dirfd, const char *prefix, enum evidence mode,
                  struct err *e) MUST_CHECK;

/* The bytes of one element of a receipt's claim.outputs, from the ledger that sums are of, checked against
 * its digest. In a. */
int export_output(struct sums *sums, struct arena *a, const struct doc *receipt, int64_t sequence,
                  const struct doc *output, struct bytes *out, struct err *e) MUST_CHECK;
/* Is an output of that uri kept as a text, by its digest? A baseline is not, it is made. */
bool export_is_text(const char *uri);

#endif
