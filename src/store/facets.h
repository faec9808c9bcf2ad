/* What differs between two definitions of one object. Owns: when two facets mean the same, and which of
 * them depend on the server's version (facets.def). Pure. */
#ifndef KFMIG_STORE_FACETS_H
#define KFMIG_STORE_FACETS_H

#include "store/catalog.h"

/* A facet that differs. was, now: NULL where there is none. */
struct difference {
    const char *name;
    const char *was, *now;
};
struct differences {
    struct difference *v;
    size_t n, cap;
};

/* What differs between a definition as the ledger keeps it (catalog_definition(); "" for none) and the object
 * as it is now (NULL: gone), sorted by name. Other words of the same meaning are no difference. In a;
 * texts of now are borrowed. */
void facets_compare(struct arena *a, const char *was, const struct catalog_object *now,
                    struct differences *out);

/* May the difference be one of the server's version alone? */
bool facets_by_version(const struct difference *d);

#endif
