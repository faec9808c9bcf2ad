/* How a statement that names one thing comes to another: by a trigger, a rule, a key, code that a function
 * holds.
 * Owns: finding the way from what a migration's texts say to what was seen of it. Pure. */
#ifndef KFMIG_MODEL_WAY_H
#define KFMIG_MODEL_WAY_H

#include "model/lineage.h"
#include "model/script.h"

/* One step. by: what leads there ("trigger t of app.a"); "": the code of the function from names it.
 * is_written: only who changes from comes along here. */
struct way {
    struct object from, to;
    const char *by;
    bool is_written;
};
struct ways {
    struct way *v;
    size_t n, cap;
};

/* Which statement of scripts[0..n) did what t says, as far as texts and ways tell: fills t's statement, path,
 * line, col and through. lineage (may be NULL): a partition is named by its parent's name too. What code has
 * put together from pieces is found where one statement alone runs code. Texts are in a. */
void way_find(struct arena *a, const struct script *scripts, size_t n, const struct ways *ways,
              const struct lineage *lineage, struct touch *t);

#endif
