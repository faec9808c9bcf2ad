/* Receipts as the ledger has them, checked against their entries. */
#ifndef KFMIG_EVIDENCE_RECEIPTS_H
#define KFMIG_EVIDENCE_RECEIPTS_H

#include "evidence/archive.h"

/* The receipt body of one entry, as it was hashed, in a. receipt: what its entry says that it hashes to;
 * zero: not checked. -1: the ledger could not be asked, or ERR_INTEGRITY: it lacks the receipt, or has
 * another. */
int receipts_body(const struct ledger_source *l, struct arena *a, int64_t sequence,
                  const char *run_id, const struct digest *receipt, struct bytes *out,
                  struct err *e) MUST_CHECK;
/* A receipt's bytes as a document, in a. -1 with ERR_INTEGRITY if they are none. */
int receipts_parse(struct arena *a, struct bytes body, int64_t sequence, struct doc **out,
                   struct err *e) MUST_CHECK;
/* Both for a fact, of which sequence, run_id and receipt are used. */
int receipts_read(const struct ledger_source *l, struct arena *a, const struct fact *f,
                  struct doc **out, struct err *e) MUST_CHECK;
/* Which entries ref means: a sequence, a migration (its last entry, also under an older name), a run id or
 * its beginning (at least four characters), whose entries are all meant. out: room for l->n; returns how
 * many. */
size_t receipts_find(const struct entries *l, const struct past *past, const char *ref,
                     const struct entry **out);

/* Entries of a ledger, some or all; v is borrowed. */
struct entry_list {
    const struct entry **v;
    size_t n;
};
/* l as a document, {"receipts":[...]}; in a. */
struct doc *receipts_list_doc(struct arena *a, const struct entry_list *l);
/* One line for each: sequence, when, result, run, target. a: for what is made on the way. */
void receipts_put_list(struct buf *out, struct arena *a, const struct entry_list *l);

#endif
