/* Ed25519 keys for tests: the PEM text of the one that a byte, 32 times, is the seed of. */
#ifndef KFMIG_TESTS_UNIT_SIGNING_KEY_H
#define KFMIG_TESTS_UNIT_SIGNING_KEY_H

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/ed25519.h"

/* PKCS#8 of an Ed25519 key (RFC 8410) up to the seed. */
static inline const char *signing_pem_of(struct arena *a, const uint8_t seed[static 32])
{
    static const uint8_t head[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                   0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    char der[sizeof head + 32];
    struct buf text = {0};
    memcpy(der, head, sizeof head);
    memcpy(der + sizeof head, seed, 32);
    base64_write(&text, bytes_of(der, sizeof der));
    const char *pem = arena_printf(a, "-----BEGIN %s KEY-----\n%s\n-----END %s KEY-----\n",
                                   "PRIVATE", buf_str(&text), "PRIVATE");
    buf_release(&text);
    return pem;
}

static inline const char *signing_pem(struct arena *a, int byte)
{
    uint8_t seed[32];
    memset(seed, byte, sizeof seed);
    return signing_pem_of(a, seed);
}

static inline struct ed25519_key *signing_key(struct arena *a, int byte)
{
    struct ed25519_key *k = NULL;
    const char *why = "";
    if (ed25519_open(bytes_str(signing_pem(a, byte)), &k, &why) != 0) {
        abort();
    }
    return k;
}

#endif
