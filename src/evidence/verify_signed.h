/* The part of a verification that looks at who signed; for src/evidence only. */
#ifndef KFMIG_EVIDENCE_VERIFY_SIGNED_H
#define KFMIG_EVIDENCE_VERIFY_SIGNED_H

#include "evidence/verify.h"

/* A text that a receipt names and the ledger is to hold: "statement ", digest. */
typedef void signed_text_fn(void *ctx, const char *what, const struct digest *digest);
/* Name each text of claim.approvals. */
void signed_texts(const struct doc *receipt, signed_text_fn *each, void *ctx);
/* Is each signature over what the receipt claims, by whom it says, with a key that was that person's
 * and counted at the moment of consent (of older receipts: when the run ended)? From the ledger's own texts
 * and ssh-keygen, which is asked once about each signature of v's; findings by the rule "approval". Without
 * ssh-keygen they are counted as unproven. */
void verify_signed(const struct ledger_source *l, struct verified *v, struct arena *a,
                   const struct entry *en, const struct doc *receipt);

#endif
