/* DSSE envelopes in Sigstore bundles. */
#include "attest/envelope.h"

#include <string.h>

#include "base/base64.h"
#include "doc/canon.h"
#include "doc/json.h"

static const char media_type[] = "application/vnd.dev.sigstore.bundle.v0.3+json";
static const char payload_type[] = "application/vnd.in-toto+json";

/* What a signature is over: DSSE's pre-authentication encoding. */
static void put_signed(struct buf *out, struct bytes payload)
{
    buf_printf(out, "DSSEv1 %zu %s %zu ", strlen(payload_type), payload_type, payload.n);
    buf_add(out, payload.p, payload.n);
}

static struct doc *base64_doc(struct arena *a, struct bytes data)
{
    struct buf text = {0};
    base64_write(&text, data);
    struct doc *d = doc_text(a, buf_str(&text));
    buf_release(&text);
    return d;
}

static struct bytes signature_bytes(const struct ed25519_signature *s)
{
    return bytes_of((const char *)s->b, sizeof s->b);
}

/* verificationMaterial names the key and nothing else: there is no certificate, and no public log. */
static void write_bundle(struct buf *out, const struct envelope *x)
{
    struct arena a = {0};
    struct doc *d = doc_new(&a, DOC_MAP);
    struct doc *dsse = doc_put(&a, d, "dsseEnvelope", doc_new(&a, DOC_MAP));
    doc_put(&a, dsse, "payload", base64_doc(&a, x->payload));
    doc_put(&a, dsse, "payloadType", doc_text(&a, payload_type));
    struct doc *list = doc_put(&a, dsse, "signatures", doc_new(&a, DOC_LIST));
    struct doc *one = doc_push(&a, list, doc_new(&a, DOC_MAP));
    doc_put(&a, one, "keyid", doc_digest(&a, &x->key));
    doc_put(&a, one, "sig", base64_doc(&a, signature_bytes(&x->signature)));
    doc_put(&a, d, "mediaType", doc_text(&a, media_type));
    struct doc *material = doc_put(&a, d, "verificationMaterial", doc_new(&a, DOC_MAP));
    struct doc *key = doc_put(&a, material, "publicKey", doc_new(&a, DOC_MAP));
    doc_put(&a, key, "hint", doc_digest(&a, &x->key));
    canon_write(out, d);
    buf_putc(out, '\n');
    arena_release(&a);
}

void envelope_write(struct buf *out, struct bytes payload, const struct ed25519_key *k)
{
    struct buf text = {0};
    struct ed25519_public p = ed25519_public_of(k);
    put_signed(&text, payload);
    struct envelope x = {payload, ed25519_id(&p), ed25519_sign(k, buf_bytes(&text))};
    write_bundle(out, &x);
    buf_release(&text);
}

static bool is_text_of(struct bytes text, const struct envelope *x)
{
    struct buf again = {0};
    write_bundle(&again, x);
    bool same = bytes_eq(buf_bytes(&again), text);
    buf_release(&again);
    return same;
}

static bool read_base64(struct arena *a, const struct doc *map, const char *key, struct bytes *out)
{
    return base64_read(a, bytes_str(doc_str(map, key, "=")), out) == 0;
}

/* What is wrong with it, for people; "" where nothing is that they would look for. */
static const char *fault_of(struct arena *a, const struct doc *d)
{
    const struct doc *dsse = doc_get(d, "dsseEnvelope");
    const struct doc *signatures = doc_get(dsse, "signatures");
    const char *type = doc_str(dsse, "payloadType", "");
    if (strcmp(doc_str(d, "mediaType", ""), media_type) != 0 || dsse == NULL) {
        return "is no Sigstore bundle of version 0.3 with a DSSE envelope";
    }
    if (strcmp(type, payload_type) != 0) {
        return type[0] == '\0' ? "has no payload type"
                               : "has a payload of another type than in-toto's";
    }
    if (doc_len(signatures) != 1) {
        return arena_printf(a, "has %zu signatures, and may have exactly one", doc_len(signatures));
    }
    return "";
}

static bool read_members(struct arena *a, const struct doc *d, struct envelope *out)
{
    const struct doc *dsse = doc_get(d, "dsseEnvelope");
    const struct doc *one = doc_get(dsse, "signatures")->item[0];
    struct bytes signature = {NULL, 0};
    if (digest_parse(doc_str(one, "keyid", ""), &out->key) != 0 ||
        !read_base64(a, one, "sig", &signature) || signature.n != sizeof out->signature.b ||
        !read_base64(a, dsse, "payload", &out->payload)) {
        return false;
    }
    memcpy(out->signature.b, signature.p, signature.n);
    return true;
}

int envelope_read(struct arena *a, struct bytes text, const char *path, struct envelope *out,
                  struct err *e)
{
    *out = (struct envelope){.payload = {NULL, 0}};
    const struct doc *d = json_read(a, text, path, e);
    if (d == NULL) {
        e->code = ERR_INTEGRITY;
        return -1;
    }
    const char *fault = fault_of(a, d);
    if (fault[0] != '\0') {
        return err_at(e, ERR_INTEGRITY, path, 0, 0, "the attestation %s", fault);
    }
    if (!read_members(a, d, out) || !is_text_of(text, out)) {
        return err_at(e, ERR_INTEGRITY, path, 0, 0,
                      "the attestation is not written as kfmig writes one");
    }
    return 0;
}

bool envelope_holds(const struct envelope *x, const struct ed25519_public *p)
{
    struct buf text = {0};
    struct digest id = ed25519_id(p);
    put_signed(&text, x->payload);
    bool holds = digest_eq(&id, &x->key) && ed25519_check(p, buf_bytes(&text), &x->signature);
    buf_release(&text);
    return holds;
}
