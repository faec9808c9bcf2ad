/* Do the attestations of a ledger hold? */
#include "attest/verify.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/envelope.h"
#include "attest/folder.h"
#include "attest/statement.h"
#include "base/file.h"
#include "evidence/sink.h"
#include "evidence/verify_exports.h"

enum { RECEIPT_MAX = 64 * 1024 * 1024 };

/* One ledger's folder. receipts[n]: the name of the receipt at position n < n_receipts; NULL: there is none.
 * roots: of the checkpoints, in the order of their sizes; zero where one says nothing. taken: the entries
 * that hold, in a; NULL: nobody wants them. */
struct attest_look {
    const struct archive *r;
    const struct key_list *keys;
    struct arena *a; /* of the findings */
    struct verified *v;
    const char *instance, *origin;
    struct attest_folder folder;
    const char **receipts;
    int64_t n_receipts;
    struct digest *roots;
    struct entries *taken;
};

#define find(x, path, ...) verify_found((x)->v, (x)->a, "attestation", (path), __VA_ARGS__)

/* --- keys ------------------------------------------------------------------------------------------- */

/* Is the note of this ledger, and signed by a key that counts for its newest entry? */
static bool check_note(struct attest_look *x, const char *path, const struct signed_note *n)
{
    if (strcmp(n->origin, x->origin) != 0) {
        find(x, path, "is about another ledger: %s", n->origin);
        return false;
    }
    struct arena a = {0};
    const char *why = "no key of " KEYS_PATH " signed its checkpoint";
    bool is_good = false;
    for (size_t i = 0; i < x->keys->n && !is_good; i++) {
        const struct key_row *row = &x->keys->v[i];
        struct key_want want = {&row->id, x->r->env->name, x->instance, n->size};
        const char *not = "";
        if (note_holds(n, &row->key)) {
            is_good = key_row_find(&a, x->keys, &want, &not ) != NULL;
            why = arena_printf(&a, "its key %s", not );
        }
    }
    if (!is_good) {
        find(x, path, "%s", why);
    }
    arena_release(&a);
    return is_good;
}

static bool check_envelope(struct attest_look *x, struct arena *a, const char *path,
                           const struct envelope *en, int64_t sequence)
{
    const char *why = "";
    struct key_want want = {&en->key, x->r->env->name, x->instance, sequence};
    const struct key_row *row = key_row_find(a, x->keys, &want, &why);
    if (row == NULL) {
        find(x, path, "its key %s", why);
        return false;
    }
    if (!envelope_holds(en, &row->key)) {
        find(x, path, "its signature does not hold");
        return false;
    }
    return true;
}

/* --- checkpoints ------------------------------------------------------------------------------------ */

static int read_proof(struct attest_look *x, struct arena *a, enum attest_part part, int64_t number,
                      struct tree_proof *out)
{
    struct bytes text = {NULL, 0};
    struct err e = {0};
    const char *path = attest_path(&x->folder, a, part, number);
    if (attest_read(&x->folder, a, part, number, &text, &e) == 0 &&
        proof_read(a, text, path, part == CHECKPOINTS ? PROOF_GROWTH : PROOF_INCLUSION, out, &e) ==
            0) {
        return 0;
    }
    find(x, path, "%s", e.msg);
    return -1;
}

/* The checkpoint in place i, which grew out of the one before it. */
static void check_checkpoint(struct attest_look *x, size_t i)
{
    struct arena a = {0};
    struct tree_proof p;
    const struct positions *l = &x->folder.parts[CHECKPOINTS];
    int64_t before = i > 0 ? l->v[i - 1] : 0;
    struct digest nothing = digest_of(bytes_of("", 0));
    const struct digest *root = i > 0 ? &x->roots[i - 1] : &nothing;
    const char *path = attest_path(&x->folder, &a, CHECKPOINTS, l->v[i]);
    if (read_proof(x, &a, CHECKPOINTS, l->v[i], &p) == 0 && check_note(x, path, &p.note)) {
        if (p.note.size != l->v[i]) {
            find(x, path, "is the checkpoint of %lld entries", (long long)p.note.size);
        } else if (p.number != before) {
            find(x, path, "follows a checkpoint of %lld entries, the one before it has %lld",
                 (long long)p.number, (long long)before);
        } else if (!digest_is_zero(root) &&
                   !merkle_check_consistency(before, root, p.note.size, &p.note.root, p.path,
                                             p.n_path)) {
            find(x, path, "did not grow out of the checkpoint before it");
        } else {
            x->roots[i] = p.note.root;
            x->v->n_checkpoints++;
        }
    }
    arena_release(&a);
}

/* Each is the root of so many entries of the ledger itself. */
static void check_against(struct attest_look *x)
{
    struct merkle m = {0};
    const struct entries *all = x->r->entries;
    const struct positions *l = &x->folder.parts[CHECKPOINTS];
    for (size_t i = 0; i < l->n; i++) {
        struct arena a = {0};
        while (m.size < l->v[i] && m.size < (int64_t)all->n) {
            merkle_add(&m, &all->v[m.size].leaf);
        }
        struct digest root = merkle_root(&m);
        const char *path = attest_path(&x->folder, &a, CHECKPOINTS, l->v[i]);
        if (m.size < l->v[i]) {
            find(x, path, "the ledger has %zu entries: it went back", all->n);
        } else if (!digest_is_zero(&x->roots[i]) && !digest_eq(&root, &x->roots[i])) {
            find(x, path, "the ledger has other entries: history was rewritten");
        }
        arena_release(&a);
    }
}

static void check_checkpoints(struct attest_look *x)
{
    const struct positions *l = &x->folder.parts[CHECKPOINTS];
    x->roots = ARENA_ARRAY(x->a, struct digest, l->n + 1);
    for (size_t i = 0; i < l->n; i++) {
        check_checkpoint(x, i);
    }
    if (x->r->entries != NULL) {
        check_against(x);
    }
}

/* The root of the checkpoint of that size, if there is one that holds; NULL: there is none. */
static const struct digest *root_at(const struct attest_look *x, int64_t size)
{
    const struct positions *l = &x->folder.parts[CHECKPOINTS];
    size_t i = positions_find(l, size);
    return i == l->n || digest_is_zero(&x->roots[i]) ? NULL : &x->roots[i];
}

/* --- entries ---------------------------------------------------------------------------------------- */

static const char *receipt_name(const struct attest_look *x, int64_t sequence)
{
    return sequence < x->n_receipts ? x->receipts[sequence] : NULL;
}

static void check_receipt(struct attest_look *x, struct arena *a, const char *path,
                          const struct entry *en)
{
    struct bytes text = {NULL, 0};
    struct err e = {0};
    const char *name = receipt_name(x, en->sequence);
    if (name == NULL) {
        find(x, x->folder.path, "lacks the receipt of ledger entry %lld", (long long)en->sequence);
        return;
    }
    const char *receipt = arena_printf(a, "%s/%s", x->folder.path, name);
    if (file_read(a, x->folder.dirfd, receipt, RECEIPT_MAX, &text, NULL, &e) != 0) {
        find(x, receipt, "%s", e.msg);
        return;
    }
    struct digest have = digest_of(text);
    if (!digest_eq(&have, &en->receipt)) {
        find(x, path, "%s is not the receipt that was signed", name);
    }
}

/* Reads what was signed at that position into *en. */
static bool check_attestation(struct attest_look *x, struct arena *a, int64_t sequence,
                              struct entry *en)
{
    struct bytes text = {NULL, 0};
    struct envelope envelope;
    struct err e = {0};
    const char *path = attest_path(&x->folder, a, ATTESTATIONS, sequence);
    if (attest_read(&x->folder, a, ATTESTATIONS, sequence, &text, &e) != 0 ||
        envelope_read(a, text, path, &envelope, &e) != 0) {
        find(x, path, "%s", e.msg);
        return false;
    }
    if (!check_envelope(x, a, path, &envelope, sequence)) {
        return false;
    }
    if (attested_read(a, envelope.payload, path, en, &e) != 0) {
        find(x, path, "%s", e.msg);
        return false;
    }
    if (en->sequence != sequence || strcmp(en->instance, x->instance) != 0 ||
        strcmp(en->environment, x->r->env->name) != 0) {
        find(x, path, "is about entry %lld of ledger %s, %s", (long long)en->sequence, en->instance,
             en->environment);
        return false;
    }
    check_receipt(x, a, path, en);
    return true;
}

static void check_inclusion(struct attest_look *x, struct arena *a, const struct entry *en)
{
    struct tree_proof p;
    const char *path = attest_path(&x->folder, a, PROOFS, en->sequence);
    if (read_proof(x, a, PROOFS, en->sequence, &p) != 0 || !check_note(x, path, &p.note)) {
        return;
    }
    const struct digest *root = root_at(x, p.note.size);
    if (root == NULL || !digest_eq(root, &p.note.root)) {
        find(x, path, "names a checkpoint of %lld entries, which is not there",
             (long long)p.note.size);
    } else if (p.number != en->sequence - 1 ||
               !merkle_check_inclusion(&en->leaf, p.number, p.note.size, p.path, p.n_path, root)) {
        find(x, path, "does not prove that the ledger has the entry that was signed");
    }
}

/* As it was verified: what a second look at the file would find nobody has verified. */
static void take_entry(struct attest_look *x, const struct entry *en)
{
    struct entries *l = x->taken;
    ARENA_GROW(x->a, l->v, l->n, l->cap);
    struct entry *to = &l->v[l->n++];
    *to = *en;
    to->subject = arena_strdup(x->a, en->subject);
    to->result = arena_strdup(x->a, en->result);
    to->run_id = arena_strdup(x->a, en->run_id);
    to->finished_at = arena_strdup(x->a, en->finished_at);
    to->environment = arena_strdup(x->a, en->environment);
    to->instance = arena_strdup(x->a, en->instance);
    to->text = (struct bytes){NULL, 0};
}

static void check_position(struct attest_look *x, int64_t sequence)
{
    struct arena a = {0};
    struct entry en = {.subject = ""};
    size_t before = x->v->n_found;
    if (check_attestation(x, &a, sequence, &en)) {
        check_inclusion(x, &a, &en);
    }
    if (before == x->v->n_found) {
        x->v->n_attested++;
        if (x->taken != NULL) {
            take_entry(x, &en);
        }
    }
    arena_release(&a);
}

/* --- all of it -------------------------------------------------------------------------------------- */

static int list_receipts(struct attest_look *x, struct err *e)
{
    struct file_names names = {0};
    if (file_list(x->a, x->folder.dirfd, x->folder.path, &names, e) < 0) {
        return -1;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < names.n; i++) {
            char *end = NULL;
            long long n = strtoll(names.v[i].name, &end, 10);
            if (n < 1 || *end != '-') {
                continue;
            }
            if (pass == 0) {
                x->n_receipts = n >= x->n_receipts && n < INT32_MAX ? n + 1 : x->n_receipts;
            } else if (n < x->n_receipts) {
                x->receipts[n] = names.v[i].name;
            }
        }
        x->receipts =
            pass == 0 ? ARENA_ARRAY(x->a, const char *, (size_t)x->n_receipts + 1) : x->receipts;
    }
    return 0;
}

static int64_t last_of(const struct positions *l)
{
    return l->n > 0 ? l->v[l->n - 1] : 0;
}

/* The last position that anything here is about. */
static int64_t last_position(const struct attest_look *x)
{
    int64_t last = x->n_receipts - 1;
    for (int i = 0; i < ATTEST_PARTS; i++) {
        int64_t n = last_of(&x->folder.parts[i]);
        last = n > last && n < INT32_MAX ? n : last;
    }
    return last;
}

static bool has_any(const struct attest_look *x, int64_t sequence)
{
    return positions_have(&x->folder.parts[ATTESTATIONS], sequence) ||
           positions_have(&x->folder.parts[PROOFS], sequence) ||
           key_list_covers(x->keys, x->r->env->name, x->instance, sequence);
}

/* Of one ledger. With r->entries each checkpoint is one of that ledger, too. taken: what of it holds. */
static int verify_folder(const struct archive *r, const char *instance, const struct key_list *keys,
                         struct arena *a, struct verified *v, struct attested_ledger *taken,
                         struct err *e)
{
    struct attest_look x = {.r = r,
                            .keys = keys,
                            .a = a,
                            .v = v,
                            .instance = instance,
                            .taken = taken != NULL ? &taken->entries : NULL,
                            .origin = note_origin(a, r->env->name, instance)};
    if (attest_folder_open(r, instance, a, &x.folder, e) != 0) {
        return -1;
    }
    int rc = list_receipts(&x, e);
    if (rc == 0) {
        check_checkpoints(&x);
        for (int64_t n = 1; n <= last_position(&x); n++) {
            if (has_any(&x, n)) {
                check_position(&x, n);
            }
        }
        if (taken != NULL) {
            taken->instance = instance;
            taken->path = x.folder.path;
            taken->size = last_of(&x.folder.parts[CHECKPOINTS]);
        }
    }
    attest_folder_close(&x.folder);
    return rc;
}

static int begin(const struct archive *r, struct arena *a, struct key_list *keys, struct err *e)
{
    if (r->sink == NULL) {
        (void)err_set(e, ERR_CONFIG,
                      "the project has no receipt sink: there are no files to look "
                      "at");
        return err_hint(e, "write receipts: {sink: FOLDER} into registry/environments.v1.yml");
    }
    return key_list_load(a, r->dirfd, r->schema("keys.v1"), keys, e);
}

/* Of every ledger of r->env in the sink. taken: what of each holds, *n of them; NULL: nobody wants it. */
static int verify_folders(const struct archive *r, struct arena *a, struct verified *v,
                          struct attested_ledger **taken, size_t *n, struct err *e)
{
    struct key_list keys;
    struct file_names names = {0};
    *v = (struct verified){.n_entries = 0};
    if (begin(r, a, &keys, e) != 0) {
        return -1;
    }
    int dirfd = sink_root(r->sink, r->dirfd);
    int rc = file_list(a, dirfd, sink_folder(a, r->sink, r->env->name), &names, e);
    struct attested_ledger *all = ARENA_ARRAY(a, struct attested_ledger, names.n + 1);
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        rc = verify_folder(r, names.v[i].name, &keys, a, v, taken != NULL ? &all[i] : NULL, e);
    }
    if (dirfd >= 0) {
        (void)close(dirfd);
    }
    if (taken != NULL) {
        *taken = all;
        *n = names.n;
    }
    return rc < 0 ? -1 : 0;
}

int attest_verify_files(const struct archive *r, struct arena *a, struct verified *v, struct err *e)
{
    if (verify_folders(r, a, v, NULL, NULL, e) != 0) {
        return -1;
    }
    if (v->n_checkpoints + v->n_found == 0) {
        verify_found(v, a, "attestation", sink_folder(a, r->sink, r->env->name),
                     "holds no checkpoint: nothing is attested");
    }
    return 0;
}

int attest_verify_ledger(const struct archive *r, struct arena *a, struct verified *v,
                         struct err *e)
{
    struct key_list keys;
    if (r->env->attest_key == NULL || r->sink == NULL) {
        return 0;
    }
    return begin(r, a, &keys, e) != 0 ? -1 : verify_folder(r, r->id->uuid, &keys, a, v, NULL, e);
}

/* --- for whoever cannot ask the ledger ---------------------------------------------------------------- */

static const struct entry *last_entry(const struct attested_ledger *l)
{
    return l->entries.v != NULL ? &l->entries.v[l->entries.n - 1] : NULL;
}

/* What was signed is in order; behind the first that is, nothing may be left out. */
static int check_whole(const struct attested_ledger *l, struct err *e)
{
    for (size_t i = 0; i < l->entries.n; i++) {
        int64_t wanted = l->first + (int64_t)i;
        if (l->entries.v[i].sequence != wanted) {
            return err_at(e, ERR_INTEGRITY, l->path, 0, 0, "ledger entry %lld is not signed",
                          (long long)wanted);
        }
    }
    const struct entry *last = last_entry(l);
    const int64_t end = last != NULL ? last->sequence : 0;
    if (end != l->size) {
        return err_at(e, ERR_INTEGRITY, l->path, 0, 0,
                      "ledger entry %lld is not signed, and its checkpoint has %lld",
                      (long long)end + 1, (long long)l->size);
    }
    return 0;
}

int attest_read_ledger(const struct archive *r, struct arena *a, struct attested_ledger *out,
                       struct err *e)
{
    struct verified v;
    struct attested_ledger *all = NULL;
    size_t n = 0;
    *out = (struct attested_ledger){.first = 0};
    if (verify_folders(r, a, &v, &all, &n, e) != 0) {
        return -1;
    }
    if (v.n_found > 0) {
        const struct finding *f = &v.findings.v[0];
        return err_at(e, ERR_INTEGRITY, f->path, 0, 0, "%s", f->text);
    }
    for (size_t i = 0; i < n; i++) {
        const struct entry *last = last_entry(&all[i]);
        const struct entry *newest = last_entry(out);
        if (last != NULL &&
            (newest == NULL || strcmp(last->finished_at, newest->finished_at) > 0)) {
            *out = all[i];
            out->first = out->entries.v[0].sequence;
        }
    }
    if (out->entries.n == 0) {
        return err_set(e, ERR_PREFLIGHT, "%s holds no signed receipts",
                       sink_folder(a, r->sink, r->env->name));
    }
    return check_whole(out, e);
}
