/* Ed25519 (RFC 8032), pure: what is signed is the text itself, not its digest.
 * Owns: a private key in memory, its public key, signing and checking through libcrypto. Must not know what
 * is signed, nor where keys are kept. */
#ifndef KFMIG_BASE_ED25519_H
#define KFMIG_BASE_ED25519_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/digest.h"

enum { ED25519_PUBLIC = 32, ED25519_SIGNATURE = 64 };

struct ed25519_public {
    uint8_t b[ED25519_PUBLIC];
};
struct ed25519_signature {
    uint8_t b[ED25519_SIGNATURE];
};

/* The private key in a PEM text, PKCS#8 ("BEGIN PRIVATE KEY"), without a passphrase. -1: it is none, and why
 * ("is encrypted") in *why, static. Nobody is ever asked for a passphrase. ed25519_close() wipes it. */
struct ed25519_key;
int ed25519_open(struct bytes pem, struct ed25519_key **out, const char **why) MUST_CHECK;
void ed25519_close(struct ed25519_key *k); /* NULL: nothing */

struct ed25519_public ed25519_public_of(const struct ed25519_key *k);
/* The same text gives the same signature. */
struct ed25519_signature ed25519_sign(const struct ed25519_key *k, struct bytes text);
bool ed25519_check(const struct ed25519_public *p, struct bytes text,
                   const struct ed25519_signature *s);

/* A public key as SubjectPublicKeyInfo (RFC 8410), in DER and base64: what stands between the lines of a PEM
 * file. Reading is strict: one text for one key. */
void ed25519_public_write(struct buf *out, const struct ed25519_public *p);
int ed25519_public_read(const char *text, struct ed25519_public *out) MUST_CHECK;
/* Its name: SHA-256 of the DER. */
struct digest ed25519_id(const struct ed25519_public *p);

#endif
