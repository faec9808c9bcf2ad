/* The key that runs of an environment sign with. */
#include "attest/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_MAX = 16 * 1024 };

/* --- where it comes from ------------------------------------------------------------------------------ */

/* what: as the declaration names it. What a variable holds is not shown: it may be the key itself. */
static int refuse(const char *what, const char *why, struct err *e)
{
    (void)err_set(e, ERR_CONFIG, "the key %s %s", what, why);
    return -1;
}

/* Looked at and read through one descriptor: nobody puts another file in between. */
static int check_file(int fd, const char *what, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return refuse(what, "is no regular file", e);
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH | S_IROTH)) != 0) {
        (void)refuse(what,
                     (st.st_mode & S_IWGRP) != 0 ? "may be written by its group"
                                                 : "may be read or written by everybody",
                     e);
        return err_hint(e, "chmod 600 it; if others had access, make another key");
    }
    return 0;
}

static int parse_key(struct bytes pem, const char *what, struct ed25519_key **out, struct err *e)
{
    const char *why = "";
    if (ed25519_open(pem, out, &why) == 0) {
        return 0;
    }
    (void)refuse(what, why, e);
    return err_hint(e, "openssl genpkey -algorithm ed25519 -out FILE makes one");
}

static int read_file(int dirfd, const char *path, const char *what, struct ed25519_key **out,
                     struct err *e)
{
    char text[KEY_MAX];
    int fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return err_set(e, ERR_CONFIG, "the key %s cannot be opened: %s", what, strerror(errno));
    }
    int rc = check_file(fd, what, e);
    ssize_t n = rc == 0 ? read(fd, text, sizeof text) : 0;
    if (rc == 0) {
        rc = n < 0 || n == KEY_MAX ? refuse(what, "cannot be read as a key", e)
                                   : parse_key(bytes_of(text, (size_t)n), what, out, e);
    }
    explicit_bzero(text, sizeof text);
    (void)close(fd);
    return rc;
}

int signer_open(const struct env *env, int dirfd, struct ed25519_key **out, struct err *e)
{
    const char *ref = env->attest_key;
    if (strchr(ref, '/') != NULL) {
        return read_file(dirfd, ref, ref, out, e);
    }
    const char *value = getenv(ref);
    if (value == NULL || value[0] == '\0') {
        (void)err_at(e, ERR_CONFIG, "registry/environments.v1.yml", env->line, env->col,
                     "environment \"%s\" signs with the key in %s, which is not set", env->name,
                     ref);
        return err_hint(e, "set it to the path of a private key, or to its PEM text");
    }
    return strncmp(value, "-----BEGIN", 10) == 0 ? parse_key(bytes_str(value), ref, out, e)
                                                 : read_file(dirfd, value, ref, out, e);
}

/* --- may it? ------------------------------------------------------------------------------------------ */

int signer_may(struct arena *a, const struct key_list *l, const struct ed25519_key *key,
               const struct key_want *of, struct err *e)
{
    const char *why = "";
    char text[DIGEST_TEXT];
    struct ed25519_public p = ed25519_public_of(key);
    struct digest id = ed25519_id(&p);
    struct key_want want = *of;
    want.id = &id;
    if (key_row_find(a, l, &want, &why) != NULL) {
        return 0;
    }
    (void)err_set(e, ERR_CONFIG, "the key %s of \"%s\" %s: it may not sign ledger entry %lld",
                  digest_text(&id, text), of->env, why, (long long)of->sequence);
    return err_hint(e, "`kfmig receipt key %s` prints its row for " KEYS_PATH, of->env);
}

int signer_ready(const struct archive *r, struct err *e)
{
    struct arena a = {0};
    struct key_list keys;
    struct ed25519_key *key = NULL;
    if (r->env->attest_key == NULL || r->sink == NULL) {
        return 0;
    }
    int rc = signer_open(r->env, r->dirfd, &key, e);
    if (rc == 0) {
        rc = key_list_load(&a, r->dirfd, r->schema("keys.v1"), &keys, e);
    }
    if (rc == 0) {
        const struct key_want want = {
            .env = r->env->name, .instance = r->id->uuid, .sequence = r->id->size + 1};
        rc = signer_may(&a, &keys, key, &want, e);
    }
    ed25519_close(key);
    arena_release(&a);
    return rc;
}

int signer_row(const struct env *env, int dirfd, int64_t from, struct arena *a, struct doc **out,
               struct err *e)
{
    struct ed25519_key *key = NULL;
    struct buf text = {0};
    if (env->attest_key == NULL) {
        (void)err_set(e, ERR_CONFIG, "environment \"%s\" declares no attestations", env->name);
        return err_hint(e, "write attestations: {key_ref: NAME_OF_A_VARIABLE} "
                           "(docs/attestations.md)");
    }
    if (signer_open(env, dirfd, &key, e) != 0) {
        return -1;
    }
    struct ed25519_public p = ed25519_public_of(key);
    struct digest id = ed25519_id(&p);
    ed25519_public_write(&text, &p);
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "key", doc_digest(a, &id));
    doc_put(a, d, "public_key", doc_text(a, buf_str(&text)));
    doc_put(a, d, "environment", doc_text(a, env->name));
    doc_put(a, d, "from", doc_int(a, from));
    *out = d;
    buf_release(&text);
    ed25519_close(key);
    return 0;
}
