/* Checkpoints of a ledger's tree as signed notes, and proofs about them, as the formats of C2SP have it:
 * c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-proof@v1; a proof that a tree grew is the
 * body of c2sp.org/tlog-witness's add-checkpoint.
 * Owns: the one text of each. Pure. Must not know whose keys count. */
#ifndef KFMIG_ATTEST_NOTE_H
#define KFMIG_ATTEST_NOTE_H

#include "base/ed25519.h"
#include "ledger/ledger.h"

#define PROOF_ENDING ".tlog-proof"
#define GROWTH_ENDING ".checkpoint"

/* origin: which ledger, note_origin(). key: the first four bytes of what the signature's line calls its
 * key. */
struct signed_note {
    const char *origin;
    int64_t size;
    struct digest root;
    uint8_t key[4];
    struct ed25519_signature signature;
};
/* "kfmig.ledger/ENV/INSTANCE": the note's origin and the name of its key; in a. */
const char *note_origin(struct arena *a, const char *env, const char *instance);
/* Signed by k; origin is borrowed. */
struct signed_note note_of(const char *origin, int64_t size, const struct digest *root,
                           const struct ed25519_key *k);
/* Is it signed by that key? */
bool note_holds(const struct signed_note *n, const struct ed25519_public *p);

/* What a file says: a checkpoint, and how to come to it. PROOF_INCLUSION: number is the index of a leaf, from
 * 0; PROOF_GROWTH: the size of an earlier tree. path as merkle_inclusion() and merkle_consistency() have
 * it. */
enum proof_kind { PROOF_INCLUSION, PROOF_GROWTH };
struct tree_proof {
    enum proof_kind kind;
    int64_t number;
    struct digest path[64];
    int n_path;
    struct signed_note note;
};
void proof_write(struct buf *out, const struct tree_proof *p);
/* Strictly: written again it is the same text. In a; path is for messages. -1 with ERR_INTEGRITY. Nothing is
 * computed. */
int proof_read(struct arena *a, struct bytes text, const char *path, enum proof_kind kind,
               struct tree_proof *out, struct err *e) MUST_CHECK;

#endif
