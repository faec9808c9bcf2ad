/* The key that runs of an environment sign with.
 * Owns: where it comes from, and that nobody else can read or replace it. */
#ifndef KFMIG_ATTEST_SIGNER_H
#define KFMIG_ATTEST_SIGNER_H

#include "attest/keys.h"
#include "evidence/archive.h"

/* The private key that env->attest_key names: a path with a '/' (beneath dirfd, or absolute), or an
 * environment variable that holds such a path or the PEM text itself. A file that its group may write, or
 * that everybody may read or write, is refused. -1 with ERR_CONFIG: not set, not there, no key, or a mode
 * like that. */
int signer_open(const struct env *env, int dirfd, struct ed25519_key **out,
                struct err *e) MUST_CHECK;

/* Does key count, by l, for the entry that of asks about (its id does not matter)? -1 with ERR_CONFIG: it
 * does not, and why; the hint says how its row is made. What is found lives in a. */
int signer_may(struct arena *a, const struct key_list *l, const struct ed25519_key *key,
               const struct key_want *of, struct err *e) MUST_CHECK;

/* May what the next entry is going to be signed, in that ledger? Nothing to ask where env declares no
 * attestations, or r has no sink. -1 with ERR_CONFIG, before anything runs. */
int signer_ready(const struct archive *r, struct err *e) MUST_CHECK;

/* The row of registry/keys.v1.json that env's key wants, as JSON, from entry from on; in a. */
int signer_row(const struct env *env, int dirfd, int64_t from, struct arena *a, struct doc **out,
               struct err *e) MUST_CHECK;

#endif
