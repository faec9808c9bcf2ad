/* The digest of a projection's generation, and its parts.
 *
 * Each part is a SHA-256 over framed fields (digester_field() in base/digest.h). Components, in this order:
 *   "migration ID"                     the 32 bytes of its checksum, for every member of the chain, in the order in which they run
 *   "source DATASET/VERSION#ASSET"     domain "kfmig.source.v1": the artifact's digest, its SRID, its format ("geojson", "ndjson", "csv")
 *   "mapping DATASET/VERSION#ASSET"    domain "kfmig.mapping.v1": table, ring order, evidence_ref, and per column, sorted, its name, kind and text
 *   "rule"                             domain "kfmig.rule.v1": LOADER_RULES
 *   "proj"                             domain "kfmig.proj.v1": the server's PROJ version; only if coordinates may be transformed
 * generation digest: domain "kfmig.generation.v1", per component a field with its name and digest.
 *
 * In none of them: policy, retain, grants, fallback, environments, validation and invariants, and the form of catalogs and declarations: a change there makes no
 * row differ. */
#ifndef KFMIG_LOAD_GENERATION_KEY_H
#define KFMIG_LOAD_GENERATION_KEY_H

#include "model/fact.h"
#include "model/projection.h"

#define LOADER_RULES 1 /* how values become rows; raised when that changes */

/* What of a source comes from its catalog. */
struct source_facts {
    struct digest artifact;
    int srid;
    const char *format;
    const char *evidence_ref;
};

/* chain: the members in order; facts: one per source; proj: NULL if nothing is transformed. Names of the components are in a. */
struct digest generation_key(struct arena *a, const struct projection *p,
                             const struct bundle *const *chain, size_t n_chain,
                             const struct source_facts *facts, const char *proj,
                             struct components *out);

/* Of parts that are known already, in generation_key()'s order. */
struct digest generation_digest(const struct components *list);

#endif
