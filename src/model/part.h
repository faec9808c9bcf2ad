/* What a generation is made of, part by part, so that a difference can be named.
 * Owns: kinds of parts, what makes two of them the same one, the digest over all, their text for people,
 * their form in a ledger. Pure; no I/O. */
#ifndef KFMIG_MODEL_PART_H
#define KFMIG_MODEL_PART_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/digest.h"

struct doc; /* doc/doc.h */

/* What tells two parts of one kind apart. */
enum part_subject { PART_BY_ID, PART_BY_TABLE, PART_ALONE };

enum part_kind {
#define PART(name, word, subject) PART_##name,
#include "model/part.def"
#undef PART
    PART_KINDS
};
enum part_subject part_subject(enum part_kind k); /* as its row of part.def says */

/* id: of a migration. dataset, version, asset, table: of a source and its mapping; table NULL: not known, as
 * the ledger of an older kfmig (LOADER_RULES 1) does not say it. NULL where the kind has no such thing. Texts
 * are borrowed. */
struct part {
    enum part_kind kind;
    const char *id;
    const char *dataset, *version, *asset, *table;
    struct digest digest;
};
/* Migrations in the order in which they run, then sources with their mappings by name, then the others. */
struct parts {
    struct part *v;
    size_t n, cap;
};

/* Append; memory in a. */
void parts_add(struct arena *a, struct parts *list, struct part p);
/* Are they about the same thing? Their digests do not count; a table that is not known fits every table. */
bool part_is_same(const struct part *a, const struct part *b);
/* The part of list that is about the same thing as p; NULL: there is none. */
const struct part *parts_find(const struct parts *list, const struct part *p);
/* The migration with that id; NULL: it is no part. */
const struct part *parts_migration(const struct parts *list, const char *id);
/* Is that part in the list, with the same digest? */
bool parts_have(const struct parts *list, const struct part *p);
/* The first migration of was that is not in now, or with another digest; NULL: none. */
const struct part *parts_migration_gone(const struct parts *was, const struct parts *now);
/* The first migration in which the two chains differ, be it in order only; NULL: they are the same. */
const struct part *parts_chain_change(const struct parts *was, const struct parts *now);
/* A part that is in the list a second time, which no list may have: one would be taken for the other. NULL:
 * there is none. */
const struct part *parts_twice(const struct parts *list);

/* The generation digest: SHA-256 over framed fields (digester_field() in base/digest.h), domain
 * "kfmig.generation.v2": per part, in their order, a field "part" with the kind's word; "id", or "dataset",
 * "version", "asset" and "table"; and "digest" with its 32 bytes. */
struct digest parts_digest(const struct parts *list);

/* Rows of one source in a generation, by part_source_text(). */
struct part_content {
    const char *source;
    int64_t rows;
    struct digest sum; /* of their digests */
};
/* The content of a generation: domain "kfmig.content.v1", per source, sorted by its text, "source", "rows"
 * (decimal) and "sum" (32 bytes). Sorts v. */
struct digest parts_content(struct part_content *v, size_t n);

/* "migration PG-MIG-2026-03-02-04", "mapping kansas_counties/2026-02.1a2b3c4d#features>feature_geom", "rule";
 * in a. For people: nothing reads it back, but what an older kfmig wrote. */
const char *part_text(struct arena *a, const struct part *p);
/* "kansas_counties/2026-02.1a2b3c4d#features>feature_geom": an asset and the table it fills; in a. */
const char *part_source_text(struct arena *a, const char *dataset, const char *version,
                             const char *asset, const char *table);

/* As a ledger keeps them: a list of {"part": kind, its subject's members, "digest"}; in a. */
struct doc *parts_doc(struct arena *a, const struct parts *list);
/* From facts of a ledger: member "parts", or "components" ({text: digest}) of an older kfmig (LOADER_RULES
 * 1). Texts are of facts, or in a. -1: they cannot be read. */
int parts_read(struct arena *a, const struct doc *facts, struct parts *out) MUST_CHECK;

#endif
