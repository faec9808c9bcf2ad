/* Definitions that a transaction drops and makes again: those that a migration names, and what stands
 * upon them.
 * Owns: which they are, and in which order they are made. */
#ifndef KFMIG_RUN_REBUILD_H
#define KFMIG_RUN_REBUILD_H

#include "plan/plan.h"

/* In the order in which they are made again, which is the plan's. roots: how many of them were named; they
 * come first, and what only stands upon them behind. Borrowed. */
struct rebuilding {
    const struct bundle **v;
    size_t n, n_roots;
    const struct bundle
        *blocked; /* one that may not run, so that nothing can make it again; NULL */
};

/* Of the definitions called names, those that are built, with the built ones upon them. Whether they have
 * scripts is not asked. In a. */
void rebuilding_named(struct arena *a, const struct plan *p, const struct names *names,
                      struct rebuilding *out);
/* Those upon b, a definition, with b itself as the root, whether it is built or not. */
void rebuilding_of(struct arena *a, const struct plan *p, const struct bundle *b,
                   struct rebuilding *out);
/* "v, a_top"; from: the first that is named. In a. */
const char *rebuilding_text(struct arena *a, const struct rebuilding *l, size_t from);
/* Could a statement of b change what one of l stands on or makes? Code might. */
bool rebuilding_reached(struct arena *a, const struct rebuilding *l, const struct bundle *b);
/* Built definitions whose text names what st changes: those that a refusal of it may be about. In a. */
void rebuilding_upon(struct arena *a, const struct plan *p, const struct statement *st,
                     struct names *out);

#endif
