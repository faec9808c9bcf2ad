/* Signed notes and proofs. */
#include "attest/note.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

static const char dash[] = "\xe2\x80\x94 "; /* an em dash and a blank begin a signature's line */
static const char *const heads[] = {
    [PROOF_INCLUSION] = "c2sp.org/tlog-proof@v1\nindex ",
    [PROOF_GROWTH] = "old ",
};
enum { PATH_MAX_NODES = 64 };

/* --- writing ---------------------------------------------------------------------------------------- */

const char *note_origin(struct arena *a, const char *env, const char *instance)
{
    return arena_printf(a, "kfmig.ledger/%s/%s", env, instance);
}

static void put_digest(struct buf *out, const struct digest *d)
{
    base64_write(out, bytes_of((const char *)d->b, sizeof d->b));
    buf_putc(out, '\n');
}

/* What is signed. */
static void put_body(struct buf *out, const struct signed_note *n)
{
    buf_printf(out, "%s\n%lld\n", n->origin, (long long)n->size);
    put_digest(out, &n->root);
}

/* What a key is called by in a note: SHA-256 over name, newline, 0x01 for Ed25519, and the key. */
static void name_key(const char *name, const struct ed25519_public *p, uint8_t out[static 4])
{
    struct buf text = {0};
    buf_printf(&text, "%s\n%c", name, 0x01);
    buf_add(&text, p->b, sizeof p->b);
    struct digest d = digest_of(buf_bytes(&text));
    memcpy(out, d.b, 4);
    buf_release(&text);
}

struct signed_note note_of(const char *origin, int64_t size, const struct digest *root,
                           const struct ed25519_key *k)
{
    struct signed_note n = {.origin = origin, .size = size, .root = *root};
    struct ed25519_public p = ed25519_public_of(k);
    struct buf body = {0};
    put_body(&body, &n);
    name_key(origin, &p, n.key);
    n.signature = ed25519_sign(k, buf_bytes(&body));
    buf_release(&body);
    return n;
}

bool note_holds(const struct signed_note *n, const struct ed25519_public *p)
{
    struct buf body = {0};
    uint8_t key[4];
    put_body(&body, n);
    name_key(n->origin, p, key);
    bool holds =
        memcmp(key, n->key, sizeof key) == 0 && ed25519_check(p, buf_bytes(&body), &n->signature);
    buf_release(&body);
    return holds;
}

static void put_note(struct buf *out, const struct signed_note *n)
{
    char signature[sizeof n->key + sizeof n->signature.b];
    memcpy(signature, n->key, sizeof n->key);
    memcpy(signature + sizeof n->key, n->signature.b, sizeof n->signature.b);
    put_body(out, n);
    buf_printf(out, "\n%s%s ", dash, n->origin);
    base64_write(out, bytes_of(signature, sizeof signature));
    buf_putc(out, '\n');
}

void proof_write(struct buf *out, const struct tree_proof *p)
{
    buf_printf(out, "%s%lld\n", heads[p->kind], (long long)p->number);
    for (int i = 0; i < p->n_path; i++) {
        put_digest(out, &p->path[i]);
    }
    buf_putc(out, '\n');
    put_note(out, &p->note);
}

/* --- reading ---------------------------------------------------------------------------------------- */

/* The rest of a text, line by line; each line in a. */
struct note_lines {
    struct arena *a;
    const char *at;
};

/* The next one without its end; NULL: none ends here. */
static const char *next_line(struct note_lines *l)
{
    const char *end = strchr(l->at, '\n');
    if (end == NULL) {
        return NULL;
    }
    const char *line = arena_strndup(l->a, l->at, (size_t)(end - l->at));
    l->at = end + 1;
    return line;
}

/* Base64 of exactly n bytes. */
static bool read_bytes(struct arena *a, const char *line, void *out, size_t n)
{
    struct bytes data = {NULL, 0};
    if (line == NULL || base64_read(a, bytes_str(line), &data) != 0 || data.n != n) {
        return false;
    }
    memcpy(out, data.p, n);
    return true;
}

static bool read_number(const char *line, int64_t *out)
{
    char *end = NULL;
    *out = line != NULL ? strtoll(line, &end, 10) : -1;
    return line != NULL && line[0] != '\0' && *end == '\0' && *out >= 0;
}

/* Behind the body: the blank line, and one signature. */
static bool read_signature(struct note_lines *l, struct signed_note *n)
{
    uint8_t signature[sizeof n->key + sizeof n->signature.b];
    const char *blank = next_line(l);
    const char *line = blank != NULL && blank[0] == '\0' ? next_line(l) : NULL;
    const char *last = line != NULL ? strrchr(line, ' ') : NULL;
    if (last == NULL || !read_bytes(l->a, last + 1, signature, sizeof signature)) {
        return false;
    }
    memcpy(n->key, signature, sizeof n->key);
    memcpy(n->signature.b, signature + sizeof n->key, sizeof n->signature.b);
    return true;
}

static bool read_note(struct note_lines *l, struct signed_note *n)
{
    n->origin = next_line(l);
    return n->origin != NULL && read_number(next_line(l), &n->size) &&
           read_bytes(l->a, next_line(l), n->root.b, sizeof n->root.b) && read_signature(l, n);
}

static bool read_path(struct note_lines *l, struct tree_proof *p)
{
    const char *line = next_line(l);
    while (line != NULL && line[0] != '\0') {
        if (p->n_path == PATH_MAX_NODES ||
            !read_bytes(l->a, line, p->path[p->n_path].b, sizeof p->path[0].b)) {
            return false;
        }
        p->n_path++;
        line = next_line(l);
    }
    return line != NULL;
}

static bool is_text_of(struct bytes text, const struct tree_proof *p)
{
    struct buf again = {0};
    proof_write(&again, p);
    bool same = bytes_eq(buf_bytes(&again), text);
    buf_release(&again);
    return same;
}

int proof_read(struct arena *a, struct bytes text, const char *path, enum proof_kind kind,
               struct tree_proof *out, struct err *e)
{
    const char *copy = arena_strndup(a, text.p, text.n);
    size_t n_head = strlen(heads[kind]);
    *out = (struct tree_proof){.kind = kind};
    struct note_lines l = {a, copy + n_head};
    if (strncmp(copy, heads[kind], n_head) != 0 || !read_number(next_line(&l), &out->number) ||
        !read_path(&l, out) || !read_note(&l, &out->note) || !is_text_of(text, out)) {
        return err_at(e, ERR_INTEGRITY, path, 0, 0, "%s",
                      kind == PROOF_INCLUSION ? "no proof as kfmig writes one"
                                              : "no checkpoint as kfmig writes one");
    }
    return 0;
}
