/* The receipt of a run: one JSON object, canonical, policy-safe; its member "claim" holds what is
 * deterministic. Written from a struct account and read back into one; no I/O.
 * Invariant: receipt_read(receipt_write(account)) is the account, and what kfmig wrote reads and writes to
 * the same bytes. */
#ifndef KFMIG_EVIDENCE_RECEIPT_H
#define KFMIG_EVIDENCE_RECEIPT_H

#include "doc/doc.h"
#include "model/account.h"

/* The receipt without its position in the ledger: what can be kept in state/owed. In a. */
struct doc *receipt_write(struct arena *a, const struct account *x);
/* Of it who, with what, on what: the members that receipts of the journal have, too. In a. */
struct doc *receipt_people(struct arena *a, const struct account *x);
/* The same, with notes, intent and links. */
struct doc *receipt_people_said(struct arena *a, const struct account *x);
/* Add the position; returns the bytes that the ledger's entry hashes: canonical, in a. previous: the
 * tree's root before the entry. */
struct bytes receipt_seal(struct arena *a, struct doc *receipt, const char *instance,
                          int64_t sequence, const struct digest *previous);

/* A receipt back into an account, whose texts are those of receipt, or in a. What is not there is "", zero
 * or NULL. Waived and failed gates keep their words. -1 with ERR_INTEGRITY: it is none, or a digest in it
 * is none. */
int receipt_read(struct arena *a, const struct doc *receipt, struct account *out,
                 struct err *e) MUST_CHECK;

/* Text of a document, decoded if its member "names" says that names are encoded (NAMES_ENCODED). Borrowed, or
 * in a. */
const char *receipt_name(struct arena *a, const struct doc *document, const char *text);

/* Of what doc_digest() wrote; null, or nothing at all, is zero. -1: it is no digest. */
int receipt_read_digest(const struct doc *d, struct digest *out) MUST_CHECK;
/* Limits as receipts and diffs list them: {"limit","declared","observed"}, null for -1; and back. */
struct doc *receipt_limits(struct arena *a, const struct limits *declared,
                           const struct limits *observed);
void receipt_read_limits(const struct doc *list, struct limits *declared, struct limits *observed);
/* A scope as receipts and declarations write it: lists of texts by their names. Texts are borrowed, lists
 * in a. */
struct scope receipt_read_scope(struct arena *a, const struct doc *d);
/* Of gates those of invariants: [{"file","result"}], in a. */
struct doc *receipt_invariants(struct arena *a, const struct findings *gates);

#endif
