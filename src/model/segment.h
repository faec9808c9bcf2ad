/* A migration's forward files as segments: statements that run alone, backfills, and what stands between two
 * of them, which is a transaction, or several where one has to end early. docs/adr/0018.
 * Owns: where one ends and the next begins, and what each sees of the files. Plain data. Pure. */
#ifndef KFMIG_MODEL_SEGMENT_H
#define KFMIG_MODEL_SEGMENT_H

#include "model/decl.h"
#include "model/script.h"

/* lone: the statement that runs alone, in script; backfill: the one that runs range by range; both
 * NULL: a transaction, or where is_program says so a program, which is all of the migration. first, n:
 * of all statements that are run, counted together over the files, from 0. verb, object: for people and
 * for the journal. text: what its key is made of, all its statements. */
struct segment {
    const struct script *script;
    const struct statement *lone, *backfill;
    bool is_program;
    size_t first, n;
    const char *verb, *object;
    struct bytes text;
};
struct segments {
    struct segment *v;
    size_t n, cap;
    size_t n_statements;
};
/* Decide of files that were read together where a transaction ends early: behind a value of an enum that a
 * later statement names, at the end of the block that adds it where it stands in one. A statement that is
 * apart is so only where the table is not made in the same files: nobody waits for that. */
void segments_mark(struct script *files, size_t n);
/* Is it more than one transaction: has the bundle a statement that runs alone, range by range, or apart from
 * others? Its scripts may be NULL. */
bool segments_any(const struct bundle *b);
/* Of a bundle with scripts; a segment without any effect (SET alone) is none. In a. */
void segments_of(struct arena *a, const struct bundle *b, struct segments *out);
/* The bundle as transaction x sees it, in *out and a: its statements alone, before them what
 * settings earlier ones made for the session; *decl: its declaration, with invariants where
 * is_last. Returns how many statements stand before its own. */
size_t segment_bundle(struct arena *a, const struct bundle *b, const struct segment *x,
                      bool is_last, struct decl *decl, struct bundle *out);
/* The settings that statements before x made for the session, in order, in a. */
size_t segment_settings(struct arena *a, const struct bundle *b, const struct segment *x,
                        const struct statement ***out);

#endif
