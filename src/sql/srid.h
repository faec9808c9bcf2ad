/* The reference systems that SQL text declares: the SRIDs of geometry(TYPE, SRID) and geography(TYPE, SRID).
 * Pure; no I/O. */
#ifndef KFMIG_SQL_SRID_H
#define KFMIG_SQL_SRID_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"

/* is_complete: the parser knew the text; else v says nothing. */
struct srids {
    int *v; /* each once, as they come */
    size_t n, cap;
    bool is_complete;
};

/* Read them off the parse tree of text: columns, casts, domains, and the arguments of AddGeometryColumn();
 * never comments or strings. text ends with a NUL. Memory in a. */
void srids_of(struct arena *a, struct bytes text, struct srids *out);

#endif
