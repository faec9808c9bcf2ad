/* The inside of a planned load; for src/store/postgis only. */
#ifndef KFMIG_STORE_POSTGIS_LOAD_PARTS_H
#define KFMIG_STORE_POSTGIS_LOAD_PARTS_H

#include "store/postgis/load.h"

/* column[i] gets from[i]; both in the order of the mapping. is_staged: geometries come with another SRID
 * than some column has. */
struct load {
    const struct load_source *in;
    struct column *column;
    struct column_value *from;
    size_t n;
    struct wanted_value *wanted;
    size_t n_wanted;
    struct geometry_rules rules;
    bool is_staged;
};

/* Does column i get geometries whose coordinates have to be transformed? */
bool load_transforms(const struct load *l, size_t i);

#endif
