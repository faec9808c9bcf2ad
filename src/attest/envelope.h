/* A signed text: DSSE (github.com/secure-systems-lab/dsse, version 1), in a Sigstore bundle of version 0.3,
 * with exactly one signature.
 * Owns: what is signed of a payload, and the one text that such a bundle has. Pure. Must not know what the
 * payload says, nor whose keys count. */
#ifndef KFMIG_ATTEST_ENVELOPE_H
#define KFMIG_ATTEST_ENVELOPE_H

#include "base/ed25519.h"
#include "doc/doc.h"

#define ENVELOPE_ENDING ".sigstore.json"

/* key: ed25519_id() of the public key, which the bundle names twice: as the signature's keyid and as the
 * hint. */
struct envelope {
    struct bytes payload;
    struct digest key;
    struct ed25519_signature signature;
};

/* Sign payload, and append the bundle: canonical JSON and a newline. */
void envelope_write(struct buf *out, struct bytes payload, const struct ed25519_key *k);
/* Strictly: written again it is the same text, so that not one bit of it may differ. In a; path is for
 * messages. -1 with ERR_INTEGRITY. Whether the signature holds is envelope_holds(). */
int envelope_read(struct arena *a, struct bytes text, const char *path, struct envelope *out,
                  struct err *e) MUST_CHECK;
bool envelope_holds(const struct envelope *x, const struct ed25519_public *p);

#endif
