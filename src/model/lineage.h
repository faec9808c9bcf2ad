/* Which relation counts to which: a partition or an inheritance child to its parent.
 * Owns: the list of children with their parents, as catalogs or texts name them. Pure. */
#ifndef KFMIG_MODEL_LINEAGE_H
#define KFMIG_MODEL_LINEAGE_H

#include <stddef.h>

#include "base/table.h"
#include "model/object.h"

/* A child and one of its parents; next: the one with the same bare name, position + 1. Relations share
 * a namespace, so that kinds say nothing here. */
struct kin {
    struct object child, parent;
    size_t next;
};
/* Zero-initialise and set a and by_name.a. Names are borrowed. behind: what is known besides v, borrowed, of
 * which v repeats nothing; NULL: nothing. */
struct lineage {
    struct arena *a;
    struct kin *v;
    size_t n, cap;
    struct table by_name;
    const struct lineage *behind;
};
/* In a; nothing is known. */
struct lineage *lineage_new(struct arena *a);
/* In a; known is, and is not copied; NULL is nothing. It must not lie over another. */
struct lineage *lineage_over(struct arena *a, const struct lineage *known);
/* child gets a parent more; the same once more is nothing. */
void lineage_add(struct lineage *l, const struct object *child, const struct object *parent);
/* The same for parents as a facet lists them, in order: "app.m, \"Odd, one\".m". */
void lineage_add_list(struct lineage *l, const struct object *child, const char *parents);

/* A parent of child at a time: *at begins at 0; NULL: no more. A name whose schema is not known (on
 * either side) goes for all of that name. l may be NULL. */
const struct object *lineage_parent(const struct lineage *l, const struct object *child,
                                    size_t *at);
/* What it counts to in the end, by way of first parents; itself where it has none. */
struct object lineage_root(const struct lineage *l, const struct object *o);
/* As object_text(), with what it counts to: "table app.m_1, a part of app.m". In a. */
const char *lineage_text(struct arena *a, const struct lineage *l, const struct object *o);
/* Is ancestor above o, at whatever distance? */
bool lineage_is_above(const struct lineage *l, const struct object *ancestor,
                      const struct object *o);

/* Do both say the same, in the same order? Neither lies over another; NULL is nothing. */
bool lineage_same(const struct lineage *a, const struct lineage *b);

/* Names come from text and may go round in circles, which no database does. */
enum { LINEAGE_DEPTH = 32 };

#endif
