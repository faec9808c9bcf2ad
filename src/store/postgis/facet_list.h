/* Lists inside of facets: privileges and options, in an order that says nothing. For src/store/postgis
 * only. Owns: how a list is written in each format of fingerprints. Pure. */
#ifndef KFMIG_STORE_POSTGIS_FACET_LIST_H
#define KFMIG_STORE_POSTGIS_FACET_LIST_H

#include "base/arena.h"
#include "base/bytes.h"

/* Elements of a one-dimensional array as the server writes it ("{a,\"b c\",NULL}"); NULL for NULL.
 * Of what is no array, no elements. In a. */
struct elements {
    const char **v;
    size_t n, cap;
};
struct elements array_elements(struct arena *a, const char *text);

/* Format 1: the items sorted by bytes, joined by ", "; "none" where there are none. */
void list_as_was(struct buf *out, struct elements *items);

/* What acl (an aclitem[]) gives and takes compared with the privileges that were given by default:
 * "+reader=r/owner, -=X/owner", sorted; nothing where both are the same privileges. */
void list_privileges(struct arena *a, struct buf *out, const char *acl, const char *by_default);

/* Options ("name=value"), sorted, commas in them escaped. LIST_CLEAR: as they are; LIST_DIGEST:
 * values as digests; LIST_SECRET: the same, but of what may be a password only that it is set. */
enum list_values { LIST_CLEAR, LIST_DIGEST, LIST_SECRET };
void list_options(struct buf *out, struct elements *options, enum list_values values);

#endif
