/* Reading the text of an SSH signature. */
#include "approval/armor.h"

#include <string.h>

#include "base/base64.h"
#include "base/digest.h"

static const char begins[] = "-----BEGIN SSH SIGNATURE-----\n";
static const char ends[] = "\n-----END SSH SIGNATURE-----\n";
enum { LINE = 70, MAGIC = 6 };

/* --- the binary form: strings with their lengths before them ------------------------------------------ */

static bool take_number(struct bytes *in, uint32_t *out)
{
    if (in->n < 4) {
        return false;
    }
    *out = 0;
    for (int i = 0; i < 4; i++) {
        *out = *out << 8 | (unsigned char)in->p[i];
    }
    *in = bytes_of(in->p + 4, in->n - 4);
    return true;
}

static bool take_string(struct bytes *in, struct bytes *out)
{
    uint32_t n = 0;
    if (!take_number(in, &n) || n > in->n) {
        return false;
    }
    *out = bytes_of(in->p, n);
    *in = bytes_of(in->p + n, in->n - n);
    return true;
}

const char *key_type(struct arena *a, struct bytes key)
{
    struct bytes type;
    return take_string(&key, &type) && type.n > 0 && memchr(type.p, '\0', type.n) == NULL
               ? arena_strndup(a, type.p, type.n)
               : NULL;
}

const char *key_fingerprint(struct arena *a, struct bytes key)
{
    struct digest d = digest_of(key);
    struct buf text = {0};
    base64_write(&text, bytes_of((const char *)d.b, sizeof d.b));
    const char *out =
        arena_printf(a, "SHA256:%.*s", (int)strcspn(buf_str(&text), "="), buf_str(&text));
    buf_release(&text);
    return out;
}

/* --- the text ----------------------------------------------------------------------------------------- */

/* Lines of LINE letters, the last one shorter: in one. */
static bool unfold(struct arena *a, struct bytes body, struct bytes *out)
{
    char *p = arena_alloc(a, body.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < body.n; i++) {
        bool is_end = i % (LINE + 1) == LINE;
        if ((body.p[i] == '\n') != is_end) {
            return false;
        }
        if (!is_end) {
            p[n++] = body.p[i];
        }
    }
    *out = bytes_of(p, n);
    return body.n > 0 && body.p[body.n - 1] != '\n';
}

static bool is_hash(struct bytes name)
{
    return bytes_eq(name, bytes_str("sha512")) || bytes_eq(name, bytes_str("sha256"));
}

static int read_blob(struct arena *a, struct bytes in, struct armor *out, const char **why)
{
    uint32_t version = 0;
    struct bytes namespace;
    struct bytes reserved;
    struct bytes hash;
    struct bytes signature;
    if (in.n < MAGIC || memcmp(in.p, "SSHSIG", MAGIC) != 0) {
        *why = "it holds no signature of OpenSSH";
        return -1;
    }
    in = bytes_of(in.p + MAGIC, in.n - MAGIC);
    if (!take_number(&in, &version) || version != 1 || !take_string(&in, &out->key) ||
        !take_string(&in, &namespace) || !take_string(&in, &reserved) || !take_string(&in, &hash) ||
        !take_string(&in, &signature) || in.n != 0 || reserved.n != 0 || !is_hash(hash)) {
        *why = "its signature is of a form that is not known";
        return -1;
    }
    out->type = key_type(a, out->key);
    out->namespace = arena_strndup(a, namespace.p, namespace.n);
    if (out->type == NULL || strlen(out->namespace) != namespace.n) {
        *why = "its signature is of a form that is not known";
        return -1;
    }
    return 0;
}

int armor_read(struct arena *a, struct bytes text, struct armor *out, const char **why)
{
    size_t before = sizeof begins - 1;
    size_t behind = sizeof ends - 1;
    struct bytes line;
    struct bytes blob;
    *out = (struct armor){.type = NULL};
    *why = "it is not one signature as `ssh-keygen -Y sign` writes it, and nothing besides";
    if (text.n < before + behind || memcmp(text.p, begins, before) != 0 ||
        memcmp(text.p + text.n - behind, ends, behind) != 0 ||
        !unfold(a, bytes_of(text.p + before, text.n - before - behind), &line) ||
        base64_read(a, line, &blob) != 0) {
        return -1;
    }
    return read_blob(a, blob, out, why);
}
