/* Where attestations stand: SINK/ENV/INSTANCE, beside the receipts that they are about.
 *   attestations/00000007.sigstore.json   the receipt and the entry at that position, signed
 *   proofs/00000007.tlog-proof            that the entry is in the tree of a signed checkpoint
 *   checkpoints/00000012.checkpoint       the tree of so many entries, signed, and that it grew out of the
 * one
 *                                         before it
 * Owns: the names, and which of them are there. What is owed is what is not there; nothing else remembers
 * it. */
#ifndef KFMIG_ATTEST_FOLDER_H
#define KFMIG_ATTEST_FOLDER_H

#include "attest/note.h"
#include "evidence/archive.h"

enum attest_part { ATTESTATIONS, PROOFS, CHECKPOINTS, ATTEST_PARTS };

/* The numbers of the files of one kind, ascending. */
struct positions {
    int64_t *v;
    size_t n, cap;
};
/* Its place in l->v; l->n: it is not there. */
size_t positions_find(const struct positions *l, int64_t number);
bool positions_have(const struct positions *l, int64_t number);

/* Of one ledger. dirfd: closed by attest_folder_close(). */
struct attest_folder {
    int dirfd;
    const char *path; /* SINK/ENV/INSTANCE */
    struct positions parts[ATTEST_PARTS];
};
/* In a. Folders that are not there hold nothing. -1: they cannot be read. */
int attest_folder_open(const struct archive *r, const char *instance, struct arena *a,
                       struct attest_folder *out, struct err *e) MUST_CHECK;
void attest_folder_close(struct attest_folder *f);

/* "SINK/ENV/INSTANCE/proofs/00000007.tlog-proof"; in a. */
const char *attest_path(const struct attest_folder *f, struct arena *a, enum attest_part part,
                        int64_t number);
/* A file of f; in a. As file_read(), an absent one is -1 with ERR_INTEGRITY. */
int attest_read(const struct attest_folder *f, struct arena *a, enum attest_part part,
                int64_t number, struct bytes *out, struct err *e) MUST_CHECK;

#endif
