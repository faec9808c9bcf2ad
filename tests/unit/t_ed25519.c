/* layer: base */
/* Ed25519: the vectors of RFC 8032, keys that are none, and that not one bit may be another. */
#include "tap.h"

#include "signing_key.h"

static struct arena arena;

/* RFC 8032, 7.1: seed, public key, message, signature. */
static const struct {
    const char *seed, *public, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aeeb00d291612bb0c00"},
};
enum { VECTORS = sizeof vectors / sizeof *vectors };

static void test_vectors(void)
{
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t seed[32];
        struct ed25519_public want;
        struct ed25519_signature signature;
        uint8_t message[1] = {0};
        size_t n = strlen(vectors[i].message) / 2;
        struct ed25519_key *k = NULL;
        const char *why = "";
        bool is_read = hex_decode(vectors[i].seed, 32, seed) == 0 &&
                       hex_decode(vectors[i].public, 32, want.b) == 0 &&
                       hex_decode(vectors[i].signature, 64, signature.b) == 0 &&
                       hex_decode(vectors[i].message, n, message) == 0;
        ok(is_read && ed25519_open(bytes_str(signing_pem_of(&arena, seed)), &k, &why) == 0,
           "the key is read");
        struct ed25519_public p = ed25519_public_of(k);
        ok(memcmp(p.b, want.b, 32) == 0, "its public key");
        struct bytes text = bytes_of((const char *)message, n);
        struct ed25519_signature s = ed25519_sign(k, text);
        ok(memcmp(s.b, signature.b, 64) == 0 && ed25519_check(&p, text, &s), "its signature");
        ed25519_close(k);
    }
}

static void test_bits(void)
{
    struct ed25519_key *k = signing_key(&arena, 1);
    struct ed25519_public p = ed25519_public_of(k);
    struct ed25519_signature s = ed25519_sign(k, bytes_str("text"));
    size_t n_held = 0;
    for (int i = 0; i < 512; i++) {
        struct ed25519_signature other = s;
        other.b[i / 8] = (uint8_t)(other.b[i / 8] ^ 1 << i % 8);
        n_held += ed25519_check(&p, bytes_str("text"), &other);
    }
    is_int((int64_t)n_held, 0, "no bit of a signature may be another");
    ok(!ed25519_check(&p, bytes_str("Text"), &s), "nor of the text");
    ed25519_close(k);
    k = signing_key(&arena, 2);
    struct ed25519_public other = ed25519_public_of(k);
    ok(!ed25519_check(&other, bytes_str("text"), &s), "nor may the key");
    ed25519_close(k);
    ed25519_close(NULL);
}

static void test_public(void)
{
    struct buf text = {0};
    struct ed25519_key *k = signing_key(&arena, 1);
    struct ed25519_public p = ed25519_public_of(k);
    struct ed25519_public again;
    ed25519_public_write(&text, &p);
    ok(strncmp(buf_str(&text), "MCowBQYDK2VwAyEA", 16) == 0 && text.n == 60,
       "as openssl writes it");
    ok(ed25519_public_read(buf_str(&text), &again) == 0 && memcmp(again.b, p.b, 32) == 0,
       "and reads back");
    ok(ed25519_public_read("MCowBQYDK2VwAyEA", &again) != 0, "one that is cut off is none");
    ok(ed25519_public_read(arena_printf(&arena, "NCow%s", buf_str(&text) + 4), &again) != 0,
       "nor one of another kind");
    ok(ed25519_public_read("=", &again) != 0, "nor what is no base64");
    struct bytes der = {NULL, 0};
    struct digest id = ed25519_id(&p);
    ok(base64_read(&arena, buf_bytes(&text), &der) == 0, "it is base64");
    struct digest want = digest_of(der);
    ok(digest_eq(&id, &want), "its name is the digest of its DER");
    buf_release(&text);
    ed25519_close(k);
}

static void refused(const char *pem, const char *says)
{
    struct ed25519_key *k = NULL;
    const char *why = "";
    ok(ed25519_open(bytes_str(pem), &k, &why) == -1 && k == NULL, says);
    is_str(why, says, "and why");
}

int main(void)
{
    tap_plan(VECTORS * 3 + 3 + 7 + 8);
    test_vectors();
    test_bits();
    test_public();
    refused("", "is no private key in PEM (PKCS#8)");
    refused("-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
            "is encrypted: kfmig asks nobody for a passphrase");
    refused(arena_printf(&arena, "-----BEGIN %s KEY-----\nAAAA\n-----END %s KEY-----\n", "PRIVATE",
                         "PRIVATE"),
            "is a private key that cannot be read");
    /* an X25519 key: the same form, another kind */
    refused(
        arena_printf(&arena,
                     "-----BEGIN %s "
                     "KEY-----\nMC4CAQAwBQYDK2VuBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n-"
                     "----END %s KEY-----\n",
                     "PRIVATE", "PRIVATE"),
        "is no Ed25519 key");
    arena_release(&arena);
    return tap_done();
}
