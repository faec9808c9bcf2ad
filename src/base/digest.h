/* Digests.
 * Owns: SHA-256 (FIPS 180-4, through libcrypto): identity, the only digest that leaves state/.
 *       XXH3-128: guards cache rows against damage and nothing else. */
#ifndef KFMIG_BASE_DIGEST_H
#define KFMIG_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct digest {
    uint8_t b[32];
};
#define DIGEST_TEXT 72 /* "sha256:" + 64 hex digits + NUL */

struct digest digest_of(struct bytes data);
bool digest_eq(const struct digest *a, const struct digest *b);
bool digest_is_zero(const struct digest *d);
/* Writes "sha256:<64 hex>" and returns out. */
const char *digest_text(const struct digest *d, char out[static DIGEST_TEXT]);
/* Reads "sha256:<64 lower-case hex>"; returns 0 or -1. */
int digest_parse(const char *s, struct digest *out) MUST_CHECK;

/* SHA-256 over named fields, framed so that no two different lists of fields give the same input:
 * each field adds its name's length (8 bytes, big-endian), name, value's length (the same) and
 * value; domain comes first, with its length. */
struct digester;
/* domain separates uses, e.g. "kfmig.checksum.v1"; NULL: plain SHA-256 of what digester_raw() adds. */
struct digester *digester_open(const char *domain);
void digester_field(struct digester *d, const char *name, struct bytes value);
void digester_raw(struct digester *d, struct bytes value); /* no frame */
/* Append to out what digester_field() adds, for fields that are added again and again. */
void digester_frame(struct buf *out, const char *name, struct bytes value);
struct digest digester_close(struct digester *d); /* frees d */

/* 128 bits of XXH3 over data, seeded with a fixed number. */
struct hint {
    uint64_t lo, hi;
};
struct hint hint_of(struct bytes data);

void hex_encode(const uint8_t *p, size_t n, char *out); /* 2n characters and NUL */
/* Reads exactly 2 * n_out lower-case digits and the NUL after them; returns 0 or -1. */
int hex_decode(const char *s, size_t n_out, uint8_t *out) MUST_CHECK;
void random_bytes(void *p, size_t n);  /* getrandom(2); aborts if the kernel has none */
void random_uuid(char out[static 37]); /* RFC 9562 version 4, lower case */

#endif
