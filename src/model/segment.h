/* A migration's forward files as segments: statements that run alone, backfills, and what stands between two
 * of them, which is a transaction. docs/adr/0018.
 * Owns: where one ends and the next begins, and what each sees of the files. Plain data. Pure. */
#ifndef KFMIG_MODEL_SEGMENT_H
#define KFMIG_MODEL_SEGMENT_H

#include "model/decl.h"
#include "model/script.h"

/* lone: the statement that runs alone, in script; backfill: the one that runs range by range; both NULL: a
 * transaction. first, n: of all statements that are
 * run, counted together over the files, from 0. verb, object: for people and for the journal. text: what its
 * key is made of, all its statements. */
struct segment {
    const struct script *script;
    const struct statement *lone, *backfill;
    size_t first, n;
    const char *verb, *object;
    struct bytes text;
};
struct segments {
    struct segment *v;
    size_t n;
    size_t n_statements;
};
/* Has the bundle a statement that runs alone, or range by range? Its scripts may be NULL. */
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
