/* The statement that a person signs, and the two files that it stands in: NAME.json, one line of
 * canonical JSON (kfmig.approval.v1), and NAME.json.sig, what `ssh-keygen -Y sign -n kfmig` made of it.
 * Owns: their form, written and read side by side; what of a signature can be judged without running
 * anything. */
#ifndef KFMIG_APPROVAL_STATEMENT_H
#define KFMIG_APPROVAL_STATEMENT_H

#include "approval/signers.h"
#include "model/approval.h"

#define STATEMENT_FORMAT "kfmig.approval.v1"
enum { STATEMENT_LIMIT = 64 * 1024, CLOCKS_APART_S = 300 };

/* The text of x: its kind, subject, digest, environments, waives, signed_at, expires_at. */
void statement_write(struct buf *out, const struct approval *x);
/* x->statement into the members that it tells. -1: *why says what it is not. Lives in a. For tests. */
int statement_read(struct arena *a, struct approval *x, const char **why) MUST_CHECK;
/* What NAME of a signed statement is: "bundle-0123456789abcdef"; in a. By its signature, so that two persons
 * who sign the same have two. */
const char *statement_file(struct arena *a, const struct approval *x);

/* x has its path, statement and signature. Fills in all that they tell; x->why_not: why it does not
 * count, as far as can be told without asking ssh-keygen; *signer: whose key it is, NULL: nobody's.
 * now_us: since 1970. */
void statement_judge(struct arena *a, const struct signers *l, int64_t now_us, int64_t max_age_ms,
                     struct approval *x, const struct signer **signer);

#endif
