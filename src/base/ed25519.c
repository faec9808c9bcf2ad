/* Ed25519, through libcrypto. */
#include "base/ed25519.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/base64.h"

/* All that stands before the 32 bytes of a public key in its DER: RFC 8410, section 10.1. */
static const uint8_t der_head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                   0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
enum { DER_HEAD = sizeof der_head, DER = DER_HEAD + ED25519_PUBLIC };

static EVP_PKEY *pkey_of(const struct ed25519_key *k)
{
    return (EVP_PKEY *)(uintptr_t)k;
}

/* In place of libcrypto's own, which asks at the terminal. */
static int no_passphrase(char *out, int size, int writes, void *ctx)
{
    (void)out;
    (void)size;
    (void)writes;
    (void)ctx;
    return -1;
}

int ed25519_open(struct bytes pem, struct ed25519_key **out, const char **why)
{
    *out = NULL;
    if (memmem(pem.p, pem.n, "-----BEGIN ENCRYPTED PRIVATE KEY-----", 37) != NULL) {
        *why = "is encrypted: kfmig asks nobody for a passphrase";
        return -1;
    }
    if (pem.n > INT_MAX || memmem(pem.p, pem.n, "-----BEGIN PRIVATE KEY-----", 27) == NULL) {
        *why = "is no private key in PEM (PKCS#8)";
        return -1;
    }
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    (void)BIO_free(in);
    if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
        *why = key == NULL ? "is a private key that cannot be read" : "is no Ed25519 key";
        EVP_PKEY_free(key);
        return -1;
    }
    *out = (struct ed25519_key *)(uintptr_t)key;
    return 0;
}

void ed25519_close(struct ed25519_key *k)
{
    EVP_PKEY_free(pkey_of(k));
}

struct ed25519_public ed25519_public_of(const struct ed25519_key *k)
{
    struct ed25519_public out;
    size_t n = sizeof out.b;
    if (EVP_PKEY_get_raw_public_key(pkey_of(k), out.b, &n) != 1 || n != sizeof out.b) {
        BUG("libcrypto gives no public key");
    }
    return out;
}

struct ed25519_signature ed25519_sign(const struct ed25519_key *k, struct bytes text)
{
    struct ed25519_signature out;
    size_t n = sizeof out.b;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey_of(k)) != 1 ||
        EVP_DigestSign(ctx, out.b, &n, (const unsigned char *)text.p, text.n) != 1 ||
        n != sizeof out.b) {
        BUG("libcrypto does not sign");
    }
    EVP_MD_CTX_free(ctx);
    return out;
}

bool ed25519_check(const struct ed25519_public *p, struct bytes text,
                   const struct ed25519_signature *s)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, p->b, sizeof p->b);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_good =
        key != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestVerify(ctx, s->b, sizeof s->b, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return is_good;
}

static void write_der(const struct ed25519_public *p, uint8_t out[static DER])
{
    memcpy(out, der_head, DER_HEAD);
    memcpy(out + DER_HEAD, p->b, sizeof p->b);
}

void ed25519_public_write(struct buf *out, const struct ed25519_public *p)
{
    uint8_t der[DER];
    write_der(p, der);
    base64_write(out, bytes_of((const char *)der, sizeof der));
}

int ed25519_public_read(const char *text, struct ed25519_public *out)
{
    struct arena a = {0};
    struct bytes der = {NULL, 0};
    bool is_one = base64_read(&a, bytes_str(text), &der) == 0 && der.n == DER &&
                  memcmp(der.p, der_head, DER_HEAD) == 0;
    if (is_one) {
        memcpy(out->b, der.p + DER_HEAD, sizeof out->b);
    }
    arena_release(&a);
    return is_one ? 0 : -1;
}

struct digest ed25519_id(const struct ed25519_public *p)
{
    uint8_t der[DER];
    write_der(p, der);
    return digest_of(bytes_of((const char *)der, sizeof der));
}
