/* What the YAML and the JSON reader share, for this folder only.
 * Owns: nodes with places, and maps that refuse a second key of the same name. */
#ifndef KFMIG_DOC_READ_H
#define KFMIG_DOC_READ_H

#include "base/table.h"
#include "doc/doc.h"

/* As doc_new(), with a place; path is borrowed. */
struct doc *doc_new_at(struct arena *a, enum doc_type type, const char *path, int line, int col);

/* A map being read. Zero-initialise, set map. */
struct map_reader {
    struct doc *map;
    struct table seen; /* filled only once the map is large */
};

/* Add key, whose value is set by map_reader_value() afterwards. Returns 0, or -1 with ERR_CONFIG if
 * it stands twice. */
int map_reader_key(struct arena *a, struct map_reader *r, struct doc *key,
                   struct err *e) MUST_CHECK;
void map_reader_value(struct map_reader *r, struct doc *value);

/* text_check(), as an error at its place. Returns 0 or -1 with ERR_CONFIG. */
int doc_check_text(struct bytes text, const char *path, struct err *e) MUST_CHECK;

#endif
