/* One projection, as declared in registry/projections/NAME.yml. Plain data. */
#ifndef KFMIG_MODEL_PROJECTION_H
#define KFMIG_MODEL_PROJECTION_H

#include <stdint.h>

#include "model/decl.h"
#include "model/part.h"

enum projection_policy { PROJECTION_PREFER_REBUILD, PROJECTION_IN_PLACE };
enum projection_grants { GRANTS_DECLARED, GRANTS_CARRY };
enum projection_fallback { FALLBACK_REFUSE, FALLBACK_ATOMIC };

/* What becomes of geometries without any position: a fault, SQL NULL, or loaded as they are. */
enum empty_rule { EMPTY_REFUSE, EMPTY_NULL, EMPTY_KEEP };

/* What a column is filled with. SOURCE_PATH: text is a path in the record. SOURCE_CONST: text, or NULL.
 * SOURCE_VERSION, SOURCE_EVIDENCE: $dataset_version_id, $evidence_ref. SOURCE_POINT: x and y are paths of two
 * numbers. */
enum mapping_kind { SOURCE_PATH, SOURCE_CONST, SOURCE_VERSION, SOURCE_EVIDENCE, SOURCE_POINT };
struct mapping {
    const char *column;
    enum mapping_kind kind;
    const char *text;
    const char *x, *y;
    int line, col;
};

struct projection_source {
    const char *dataset; /* slug */
    const char *version; /* dataset_version_id, pinned */
    const char *asset;
    const char *into;         /* table in the projection's schema, without schema */
    const char *evidence_ref; /* NULL: dcat://SLUG@ID */
    bool any_ring_order;
    enum empty_rule empty;
    struct mapping *column;
    size_t n_columns;
    struct names unique; /* columns that tell its rows apart; none: nothing is said about that */
    int line, col;       /* of version */
};

/* One layer of tiles. sql: the file of its query, over the schema of the projection that it is made from;
 * query: its one statement, filled when it is parsed. key: a column of it that tells its rows apart, by which
 * they are ordered; geometry, attributes: its other columns. */
struct tile_layer {
    const char *name;
    struct artifact sql;
    struct bytes query;
    const char *key, *geometry;
    struct names attributes;
    int extent, buffer;
    int min_zoom, max_zoom;
    int line, col;
};

/* What a projection is that is made of another one's tables as vector tiles. */
struct tiling {
    const char *from; /* the projection */
    int min_zoom, max_zoom;
    const char *attribution; /* NULL: none */
    struct tile_layer *layer;
    size_t n_layers;
    int line, col; /* of from */
};

struct projection {
    const char *name;
    enum store_kind store;
    const char *schema;
    bool has_environments;
    struct names environments;
    enum projection_policy policy;
    enum projection_grants grants;
    enum projection_fallback fallback;
    int64_t keep_generations; /* at least this many besides the live one ... */
    int64_t keep_seconds;     /* ... and those younger than this */
    int64_t snapshot_wait_ms; /* publish: how long to wait for old snapshots */
    struct projection_source *source;
    size_t n_sources;
    bool counts_from_catalog;
    bool extents_from_catalog;
    double tolerance; /* of extents, in degrees */
    struct artifacts invariants;
    struct tiling *tiling; /* NULL: it is a schema with sources, not a file of tiles */
    struct artifact file;  /* the declaration itself; of an absent one only where it would be */
    bool
        is_absent; /* only the ledger knows it: name and schema ("": not even that), nothing else */
    int line, col;
};

/* The part of a generation that is about s: kind is PART_SOURCE or PART_MAPPING, its digest still zero. */
struct part part_of_source(enum part_kind kind, const struct projection_source *s);

#endif
