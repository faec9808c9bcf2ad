/* Baselines: what the ledger says a database is made of, as documents, and in memory as a sum that every
 * change is laid over. Pure.
 * kfmig.baseline.v2 says counts by kind and digests of sets of objects (model/object_set.h): of all, of
 * the protected domains, of each schema. Its bytes are short and a change costs one bucket of three sets;
 * what the sets hold is a list beside it. kfmig.baseline.v1, which receipts of older versions name, holds
 * every object itself. */
#ifndef KFMIG_EVIDENCE_BASELINE_H
#define KFMIG_EVIDENCE_BASELINE_H

#include "ledger/ledger.h"
#include "model/env.h"
#include "model/object.h"
#include "model/object_set.h"

/* The newest format, which is what runs write. */
enum { BASELINE_FORMAT = 2 };
/* "kfmig.baseline.v2"; the format that such a word names, 0: none that is known. */
const char *baseline_format_text(int format);
int baseline_format_parse(const char *text);

struct baseline_object;
struct baseline_schema;
struct baseline_was;
/* In order of time: begun, then changes laid over it, each of them kept or undone. What it holds is its own,
 * but for domains, which are borrowed. */
struct baseline {
    struct arena a;
    const struct domains *domains;
    int server_major;
    struct table by_object; /* raw object text -> struct baseline_object, also of those that went */
    struct object_set all, is_protected;
    struct table by_schema;
    struct baseline_schema **schema; /* sorted by name */
    size_t n_schema, cap_schema;
    int64_t count[OBJ_COUNT];
    struct baseline_was
        *was; /* what the changes laid over it since the last baseline_keep() replaced */
    size_t n_was, cap_was;
    struct digest digest; /* of the document; zero: to be computed */
};

/* Of the ledger's sum of objects, none removed. Ended by baseline_release(). */
void baseline_begin(struct baseline *out, const struct object_rows *rows,
                    const struct domains *domains, int server_major);
void baseline_release(struct baseline *b);
/* Lay changes over it: each the object's new fingerprint, zero where it was removed. */
void baseline_lay(struct baseline *b, const struct object_row *changes, size_t n);
/* What was laid over it since the last time stays, or goes. */
void baseline_keep(struct baseline *b);
void baseline_undo(struct baseline *b);

/* Appends the document (kfmig.baseline.v2, canonical JSON). */
void baseline_write(struct buf *out, struct baseline *b);
/* SHA-256 of what baseline_write() appends; computed where something changed. */
struct digest baseline_digest(struct baseline *b);
/* Appends the list of what is in the document's set "objects". */
void baseline_lines(struct buf *out, const struct baseline *b);
/* Object texts and fingerprints, sorted by the first; texts are borrowed from b, v is in a. */
void baseline_rows(const struct baseline *b, struct arena *a, struct object_rows *out);

/* Which schema an object counts to, read off its text: "table kfm_ref.county" -> "kfm_ref"; "" for globals.
 * In a. */
const char *baseline_schema_of(struct arena *a, const char *object);
bool baseline_in_domains(struct arena *a, const struct domains *d, const char *object);

/* Appends the document as kfmig.baseline.v1 has it. rows are sorted by object. */
void baseline_write_v1(struct buf *out, const struct object_rows *rows, const struct domains *d,
                       int server_major);

#endif
