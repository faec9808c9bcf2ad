/* What a flat migration says of itself in its first comment.
 * Owns: both forms of that header; where each word of it stands. */
#ifndef KFMIG_LOAD_HEADER_H
#define KFMIG_LOAD_HEADER_H

#include "doc/doc.h"
#include "model/layout.h"

/* The header of text, as a document of schema migration_header.v1, each node with its place in the
 * file at path:
 *   reference 001   between "-- [KFM_MIGRATION]" and "-- [/KFM_MIGRATION]", YAML behind "--" in each line
 *   reference 003   where the layout has_lines: in the first comment, lines "-- Purpose: ...", "-- Risk: ...
 *                   Rollback: ...", "-- Notes: ..."; "-- NAME.sql" gives the id
 * A file without one: an empty map. NULL: it has one that cannot be read, and faults say why. In a. */
struct doc *header_read(struct arena *a, struct bytes text, const char *path,
                        const struct layout_row *layout, struct err_list *faults);

#endif
