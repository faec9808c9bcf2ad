/* The digest of a projection's generation: which parts it has, and what each of them hashes.
 *
 * Each part's digest is a SHA-256 over framed fields (digester_field() in base/digest.h); how they make the
 * generation digest stands in model/part.h. In this order:
 *   migration   its checksum, for every member of the chain, in the order in which they run
 *   source      of an asset, a version, a table; domain "kfmig.source.v1": the artifact's digest, its
 *               SRID, its format ("geojson", "ndjson", "csv")
 *   mapping     the same; domain "kfmig.mapping.v1": table, ring order, evidence_ref, and per column, sorted,
 *               its name, kind and text. Sources are sorted by dataset, version, asset and table, each before
 *               its mapping.
 *   rule        domain "kfmig.rule.v1": LOADER_RULES
 *   proj        domain "kfmig.proj.v1": the server's PROJ version; only if coordinates may be transformed
 *
 * In none of them: policy, retain, grants, fallback, environments, validation and invariants, the order of
 * sources, and the form of catalogs and declarations: a change there makes no row differ. */
#ifndef KFMIG_LOAD_GENERATION_KEY_H
#define KFMIG_LOAD_GENERATION_KEY_H

#include "base/err.h"
#include "model/fact.h"
#include "model/projection.h"

/* How values become rows, and what tells one part from another; raised when that changes. 2: parts include
 * the table. */
#define LOADER_RULES 2

/* What of a source comes from its catalog. */
struct source_facts {
    struct digest artifact;
    int srid;
    const char *format;
    const char *evidence_ref;
};

/* chain: the members in order; facts: one per source; proj: NULL if nothing is transformed. The parts, in a,
 * go to *out; parts_digest() of them is the generation's. -1 with ERR_CONFIG: two of them are the same part,
 * so that one could be taken for the other. */
int generation_parts(struct arena *a, const struct projection *p, const struct bundle *const *chain,
                     size_t n_chain, const struct source_facts *facts, const char *proj,
                     struct parts *out, struct err *e) MUST_CHECK;

/* How rows become tiles; raised when that changes. */
#define TILE_RULES 1

/* The same of a projection of tiles, in this order:
 *   upstream  the projection that it is made from; domain "kfmig.upstream.v1": the content fingerprint of its
 *             generation from, and per migration of its chain, in their order, its id and checksum
 *   tiles     domain "kfmig.tiles.v1": zooms, attribution, and per layer all that it declares, the digest of
 *             its query's file included
 *   rule      domain "kfmig.rule.v1": TILE_RULES and engines, which names the versions of all that has a hand
 *             in it: "postgis 3.3.2, geos 3.11.1, zlib 1.2.13" */
void generation_parts_of_tiles(struct arena *a, const struct projection *p,
                               const struct generation *from, const char *engines,
                               struct parts *out);

#endif
