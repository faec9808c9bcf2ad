/* Digests and random numbers.
 * Owns: the one fetched SHA-256 and its contexts, which are kept because setting them up costs more
 * than hashing a leaf. */
#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/arena.h"

static const uint64_t HINT_SEED = 0x6B666D6967ULL; /* "kfmig" */

struct digester {
    EVP_MD_CTX *ctx;
};

static EVP_MD_CTX *new_ctx(void)
{
    static EVP_MD *sha256;
    if (sha256 == NULL) {
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (sha256 == NULL || ctx == NULL || EVP_DigestInit_ex2(ctx, sha256, NULL) != 1) {
        BUG("libcrypto has no SHA-256");
    }
    return ctx;
}

static void restart(EVP_MD_CTX *ctx)
{
    if (EVP_DigestInit_ex2(ctx, NULL, NULL) != 1) {
        BUG("SHA-256 cannot start");
    }
}

static void update(EVP_MD_CTX *ctx, const void *p, size_t n)
{
    if (n > 0 && EVP_DigestUpdate(ctx, p, n) != 1) {
        BUG("SHA-256 failed");
    }
}

static struct digest finish(EVP_MD_CTX *ctx)
{
    struct digest d;
    unsigned n = 0;
    if (EVP_DigestFinal_ex(ctx, d.b, &n) != 1 || n != sizeof d.b) {
        BUG("SHA-256 failed");
    }
    return d;
}

struct digest digest_of(struct bytes data)
{
    static EVP_MD_CTX *ctx;
    if (ctx == NULL) {
        ctx = new_ctx();
    } else {
        restart(ctx);
    }
    update(ctx, data.p, data.n);
    return finish(ctx);
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool digest_is_zero(const struct digest *d)
{
    static const struct digest zero;
    return digest_eq(d, &zero);
}

const char *digest_text(const struct digest *d, char out[static DIGEST_TEXT])
{
    memcpy(out, "sha256:", 7);
    hex_encode(d->b, sizeof d->b, out + 7);
    return out;
}

int digest_parse(const char *s, struct digest *out)
{
    return strncmp(s, "sha256:", 7) == 0 ? hex_decode(s + 7, sizeof out->b, out->b) : -1;
}

struct length {
    uint8_t be[8];
};

static struct length length_of(size_t n)
{
    struct length l;
    for (int i = 0; i < 8; i++) {
        l.be[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
    }
    return l;
}

static void add_framed(EVP_MD_CTX *ctx, struct bytes value)
{
    struct length l = length_of(value.n);
    update(ctx, l.be, sizeof l.be);
    update(ctx, value.p, value.n);
}

/* The last one closed, for the next one opened: keys are made one after the other. */
static struct digester *spare;

struct digester *digester_open(const char *domain)
{
    struct digester *d = spare;
    spare = NULL;
    if (d == NULL) {
        d = mem_alloc(sizeof *d);
        d->ctx = new_ctx();
    } else {
        restart(d->ctx);
    }
    if (domain != NULL) {
        add_framed(d->ctx, bytes_str(domain));
    }
    return d;
}

void digester_field(struct digester *d, const char *name, struct bytes value)
{
    add_framed(d->ctx, bytes_str(name));
    add_framed(d->ctx, value);
}

static void frame(struct buf *out, struct bytes value)
{
    struct length l = length_of(value.n);
    buf_add(out, l.be, sizeof l.be);
    buf_add(out, value.p, value.n);
}

void digester_frame(struct buf *out, const char *name, struct bytes value)
{
    frame(out, bytes_str(name));
    frame(out, value);
}

void digester_raw(struct digester *d, struct bytes value)
{
    update(d->ctx, value.p, value.n);
}

struct digest digester_close(struct digester *d)
{
    struct digest out = finish(d->ctx);
    if (spare == NULL) {
        spare = d;
    } else {
        EVP_MD_CTX_free(d->ctx);
        free(d);
    }
    return out;
}

struct hint hint_of(struct bytes data)
{
    XXH128_hash_t h = XXH3_128bits_withSeed(data.n == 0 ? "" : data.p, data.n, HINT_SEED);
    return (struct hint){.lo = h.low64, .hi = h.high64};
}

void hex_encode(const uint8_t *p, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(const char *s, size_t n_out, uint8_t *out)
{
    for (size_t i = 0; i < n_out; i++) {
        int high = hex_value(s[2 * i]);
        int low = high < 0 ? -1 : hex_value(s[2 * i + 1]);
        if (low < 0) {
            return -1;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return s[2 * n_out] == '\0' ? 0 : -1;
}

void random_bytes(void *p, size_t n)
{
    unsigned char *at = p;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            BUG("the kernel gives no random numbers");
        }
        at += got;
        n -= (size_t)got;
    }
}

void random_uuid(char out[static 37])
{
    uint8_t b[16];
    char hex[33];
    random_bytes(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0F) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
    hex_encode(b, sizeof b, hex);
    size_t to = 0;
    for (size_t i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            out[to++] = '-';
        }
        out[to++] = hex[i];
    }
    out[to] = '\0';
}
