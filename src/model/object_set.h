/* A set of objects as one digest that a change costs little: objects lie in 256 buckets by the first byte of
 * the SHA-256 of their names as documents have them (text_encode()). Digest of a bucket: SHA-256 over a line
 * "name TAB sha256:fingerprint LF" for each of its objects, sorted by bytes; of an empty one: 32 zero bytes.
 * Digest of the set: SHA-256 over the digests of the 256 buckets, in order. Pure. */
#ifndef KFMIG_MODEL_OBJECT_SET_H
#define KFMIG_MODEL_OBJECT_SET_H

#include "base/arena.h"
#include "base/digest.h"

enum { OBJECT_BUCKETS = 256 };

struct doc;

/* An object, which may be in several sets. name: as documents have it. */
struct set_member {
    const char *name;
    struct digest fingerprint;
    uint8_t bucket;
};
/* The bucket that an object of that name lies in. */
uint8_t object_set_bucket(const char *name);

struct set_bucket {
    struct set_member **v; /* sorted by name */
    size_t n, cap;
    struct digest digest; /* zero: to be computed, unless n is 0 */
};
/* Zero-initialise and set a, which is borrowed; members are, too. */
struct object_set {
    struct arena *a;
    struct set_bucket *bucket[OBJECT_BUCKETS]; /* NULL: never had a member */
    size_t n;
    struct digest digest; /* zero: to be computed */
};
/* m is not in it yet, or is in it. */
void object_set_put(struct object_set *s, struct set_member *m);
void object_set_take(struct object_set *s, const struct set_member *m);
/* m is in it, and its fingerprint changed. */
void object_set_changed(struct object_set *s, const struct set_member *m);
/* Computes what changed since the last time. */
struct digest object_set_digest(struct object_set *s);
/* Appends the lines of all its members, sorted by bytes. */
void object_set_lines(struct buf *out, const struct object_set *s);

/* Whether the output uri of a receipt is a baseline that a list stands beside: receipts say the format of
 * those, and not of older ones. */
bool object_list_wanted(const struct doc *receipt, const char *uri);
/* The list beside a baseline of a format that has one: "pre.json" -> "pre.objects.tsv". In a. */
const char *object_list_path(struct arena *a, const char *path);
/* Whether lines are the list of the set that document, a baseline, says is that of all objects. 0, or -1
 * with ERR_INTEGRITY, words without a path. */
int object_list_check(struct bytes document, struct bytes lines, struct err *e) MUST_CHECK;

#endif
