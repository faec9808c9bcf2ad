/* What of a change reduces what is enforced: who may do or see more than before, by the definitions before
 * and after, however it came about.
 * Owns: reading privileges, row security, policies, roles' attributes and their like out of facets, and the
 * rules, by the names that the linter has for them. Pure. */
#ifndef KFMIG_STORE_POSTURE_H
#define KFMIG_STORE_POSTURE_H

#include "store/catalog.h"

/* rule: the linter's id ("grant-to-public"). text: what is so now, one clause without the object. */
struct reduction {
    const char *rule, *text;
};
struct reductions {
    struct reduction *v;
    size_t n, cap;
};
/* Append what c reduces, by format 2 of facets, in a. What is dropped as a whole reduces nothing. */
void posture_reduced(struct arena *a, const struct change *c, struct reductions *out);

#endif
