/* Receipts in the shapes that others read: made from a receipt, never read back.
 * Owns: which shapes there are, their members, and where a file of each goes. docs/receipts.md says what
 * they leave out. */
#ifndef KFMIG_EVIDENCE_SHAPE_H
#define KFMIG_EVIDENCE_SHAPE_H

#include "evidence/archive.h"

/* One row of the table. */
struct receipt_shape;

/* The shape of that name. NULL with ERR_CONFIG, which lists those there are. */
const struct receipt_shape *shape_find(const char *name, struct err *e) MUST_CHECK;
/* receipt, whose bytes have that digest, in the shape; in a.
 *   prov     W3C PROV-O as JSON-LD 1.1 (https://www.w3.org/TR/prov-o/): one activity, what it used and
 *            generated as entities named by their SHA-256, whoever ran it and kfmig as agents
 *   runbook  reference 000's "minimal receipt fields": spelled as there, digests as bare hex
 *   ci       reference 001's "audit receipt"
 * -1 with ERR_CONFIG where the shape has no place for such a receipt. */
int shape_of(const struct receipt_shape *s, struct arena *a, const struct doc *receipt,
             const struct digest *digest, struct doc **out, struct err *e) MUST_CHECK;
/* Write the receipt of fact f, which is one of l's ledger, in the shape to its file beside the receipt:
 * "receipts/prov.jsonld" and the like below dirfd/prefix. -1: as shape_of() and receipts_body(), or
 * ERR_PREFLIGHT if it cannot be written. */
int shape_export(const struct receipt_shape *s, const struct ledger_source *l, const struct fact *f,
                 int dirfd, const char *prefix, struct err *e) MUST_CHECK;

#endif
