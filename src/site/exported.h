/* Receipts that were exported to the project: what they tell of ledgers, whoever made them. */
#ifndef KFMIG_SITE_EXPORTED_H
#define KFMIG_SITE_EXPORTED_H

#include "site/site.h"

/* point: the entry that a receipt, or a pointer to one, is of: instance, sequence and receipt, and previous
 * where the file tells (zero: it does not); nothing else of it. at: when it was made; "": not told. Texts in
 * the site's arena. */
struct exported {
    struct checkpoint point;
    const char *at, *path;
};
typedef void exported_fn(void *ctx, const struct exported *x);

/* Each one beside bundle b that is about the site's environment, of whatever ledger: run_receipt.json in
 * receipts/ or in the environment's folder there, receipt_ref.json. A file that is no JSON is told of and
 * left aside. Reads files, nothing else. */
void site_exports(const struct site *s, const struct bundle *b, exported_fn *each, void *ctx);

/* What a receipt, d, says of itself: all but path; at is d's. text: its bytes. False: of no ledger. */
bool site_read_receipt(const struct doc *d, struct bytes text, struct exported *out);

/* Does text look like the uuid of a ledger? */
bool site_is_instance(const char *text);

#endif
