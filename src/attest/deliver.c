/* Attestations of what a run left in the ledger. */
#include "attest/deliver.h"

#include "attest/envelope.h"
#include "attest/folder.h"
#include "attest/signer.h"
#include "attest/statement.h"
#include "base/fault.h"
#include "base/file.h"

/* One delivery. keys, folder: as they are found; the rest is read when something is owed. */
struct attesting {
    const struct archive *r;
    struct arena *a;
    struct key_list keys;
    struct attest_folder folder;
    struct ed25519_key *key;
    struct identity id;
    struct entries entries;
    struct digest *leaves;
    struct signed_note note; /* of the tree as it is now */
};

static int64_t newest(const struct attesting *x)
{
    const struct positions *l = &x->folder.parts[CHECKPOINTS];
    return l->n > 0 ? l->v[l->n - 1] : 0;
}

/* An entry that no key signs is owed nothing: it is older than the first key. */
static bool is_owed(const struct attesting *x, enum attest_part part, int64_t sequence)
{
    const struct identity *id = x->r->id;
    return !positions_have(&x->folder.parts[part], sequence) &&
           key_list_covers(&x->keys, x->r->env->name, id->uuid, sequence);
}

static bool owes_any(const struct attesting *x)
{
    int64_t size = x->r->id->size;
    bool owes =
        newest(x) < size && key_list_covers(&x->keys, x->r->env->name, x->r->id->uuid, size);
    for (int64_t n = 1; n <= size && !owes; n++) {
        owes = is_owed(x, ATTESTATIONS, n) || is_owed(x, PROOFS, n);
    }
    return owes;
}

/* --- what may be signed ------------------------------------------------------------------------------- */

static struct digest root_of(const struct attesting *x, int64_t n)
{
    struct merkle m = {0};
    for (int64_t i = 0; i < n; i++) {
        merkle_add(&m, &x->leaves[i]);
    }
    return merkle_root(&m);
}

/* Read anew, no cached copies: what is signed is what stands there. */
static int read_entries(struct attesting *x, struct err *e)
{
    const struct ledger_source *l = &x->r->ledger;
    if (l->entries(l->ctx, x->a, &x->id, &x->entries, e) != 0) {
        return -1;
    }
    bool is_whole = (int64_t)x->entries.n >= x->id.size;
    x->leaves = ARENA_ARRAY(x->a, struct digest, x->entries.n + 1);
    for (int64_t i = 0; i < x->id.size && is_whole; i++) {
        is_whole = x->entries.v[i].sequence == i + 1 && x->entries.v[i].result[0] != '\0';
        x->leaves[i] = x->entries.v[i].leaf;
    }
    struct digest root = is_whole ? root_of(x, x->id.size) : (struct digest){{0}};
    if (!digest_eq(&root, &x->id.root)) {
        (void)err_set(e, ERR_INTEGRITY, "the ledger of \"%s\" is not whole: nothing was signed",
                      x->r->env->name);
        return err_hint(e, "`kfmig receipt verify %s` lists what does not fit", x->r->env->name);
    }
    return 0;
}

/* Whoever signs a tree says that it grew out of all that was signed before. */
static int check_growth(struct attesting *x, struct err *e)
{
    struct bytes text = {NULL, 0};
    struct tree_proof p;
    int64_t size = newest(x);
    const char *path = attest_path(&x->folder, x->a, CHECKPOINTS, size);
    if (size == 0) {
        return 0;
    }
    if (attest_read(&x->folder, x->a, CHECKPOINTS, size, &text, e) != 0 ||
        proof_read(x->a, text, path, PROOF_GROWTH, &p, e) != 0) {
        return -1;
    }
    struct digest then = size <= x->id.size ? root_of(x, size) : (struct digest){{0}};
    if (p.note.size != size || !digest_eq(&then, &p.note.root)) {
        (void)err_at(e, ERR_INTEGRITY, path, 0, 0,
                     "the ledger of \"%s\" is no continuation of this checkpoint: nothing was "
                     "signed",
                     x->r->env->name);
        return err_hint(e,
                        "history was rewritten, or the database was restored; compare with "
                        "`kfmig receipt verify %s`",
                        x->r->env->name);
    }
    return 0;
}

static int check_key(struct attesting *x, struct err *e)
{
    const struct key_want want = {
        .env = x->r->env->name, .instance = x->id.uuid, .sequence = x->id.size};
    return signer_may(x->a, &x->keys, x->key, &want, e);
}

/* --- writing ------------------------------------------------------------------------------------------ */

static int write_part(struct attesting *x, enum attest_part part, int64_t number, struct buf *text,
                      struct err *e)
{
    struct arena a = {0};
    const char *path = attest_path(&x->folder, &a, part, number);
    int rc = FAULT(ATTEST_WRITE)
                 ? err_set(e, ERR_PREFLIGHT, "cannot write \"%s\": fault injected", path)
                 : file_write(x->folder.dirfd, path, buf_bytes(text), 0644, e);
    if (rc != 0) {
        e->code = ERR_VALIDATE;
    }
    buf_release(text);
    arena_release(&a);
    return rc;
}

static int write_proof(struct attesting *x, struct tree_proof *p, int64_t number, struct err *e)
{
    struct buf text = {0};
    p->note = x->note;
    proof_write(&text, p);
    return write_part(x, p->kind == PROOF_GROWTH ? CHECKPOINTS : PROOFS, number, &text, e);
}

static int write_checkpoint(struct attesting *x, struct err *e)
{
    struct tree_proof p = {.kind = PROOF_GROWTH, .number = newest(x)};
    if (p.number == x->id.size) {
        return 0;
    }
    p.n_path = merkle_consistency(x->leaves, x->id.size, p.number, p.path);
    return write_proof(x, &p, x->id.size, e);
}

static int write_entry(struct attesting *x, int64_t sequence, struct err *e)
{
    struct buf statement = {0};
    struct buf text = {0};
    int rc = 0;
    if (is_owed(x, ATTESTATIONS, sequence)) {
        attested_write(&statement, &x->entries.v[sequence - 1]);
        envelope_write(&text, buf_bytes(&statement), x->key);
        rc = write_part(x, ATTESTATIONS, sequence, &text, e);
        buf_release(&statement);
    }
    if (rc == 0 && is_owed(x, PROOFS, sequence)) {
        struct tree_proof p = {.kind = PROOF_INCLUSION, .number = sequence - 1};
        p.n_path = merkle_inclusion(x->leaves, x->id.size, sequence - 1, p.path);
        rc = write_proof(x, &p, sequence, e);
    }
    return rc;
}

/* The checkpoint comes first: a proof names one that stands there. */
static int write_owed(struct attesting *x, struct err *e)
{
    struct digest root = x->id.root;
    x->note = note_of(note_origin(x->a, x->r->env->name, x->id.uuid), x->id.size, &root, x->key);
    int rc = write_checkpoint(x, e);
    for (int64_t n = 1; n <= x->id.size && rc == 0; n++) {
        rc = write_entry(x, n, e);
    }
    return rc;
}

static int deliver(struct attesting *x, struct err *e)
{
    if (!owes_any(x)) {
        return 0;
    }
    if (signer_open(x->r->env, x->r->dirfd, &x->key, e) != 0) {
        return -1;
    }
    int rc = read_entries(x, e);
    if (rc == 0) {
        rc = check_key(x, e);
    }
    if (rc == 0) {
        rc = check_growth(x, e);
    }
    if (rc == 0) {
        rc = write_owed(x, e);
    }
    ed25519_close(x->key);
    return rc;
}

int attest_deliver(const struct archive *r, struct err *e)
{
    struct arena a = {0};
    struct attesting x = {.r = r, .a = &a};
    if (r->env->attest_key == NULL || r->sink == NULL || !r->id->has_ledger) {
        return 0;
    }
    int rc = key_list_load(&a, r->dirfd, r->schema("keys.v1"), &x.keys, e);
    if (rc == 0) {
        rc = attest_folder_open(r, r->id->uuid, &a, &x.folder, e);
    }
    if (rc == 0) {
        rc = deliver(&x, e);
        attest_folder_close(&x.folder);
    }
    arena_release(&a);
    return rc;
}
