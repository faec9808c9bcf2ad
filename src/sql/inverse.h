/* What undoes a script, as far as that can be read off its text.
 * Owns: the rollback.sql that `kfmig new --from` proposes. What it cannot invert it marks for a
 * person; it never guesses. */
#ifndef KFMIG_SQL_INVERSE_H
#define KFMIG_SQL_INVERSE_H

#include "model/script.h"

/* SQL that undoes s, last statement first, appended to out, with a comment where a person must
 * write (SCRIPT_BY_HAND) or look. *n_open receives how many statements have no inverse that can be
 * read off them. name: how s is called in the comments ("forward.sql"). a: scratch memory. */
void inverse_write(struct arena *a, const struct script *s, const char *name, struct buf *out,
                   size_t *n_open);

#endif
