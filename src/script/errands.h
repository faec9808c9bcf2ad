/* The language of errands: one program for one state (model/errand.h), as a declaration's runner says it.
 * Owns: that an errand is one statement, and what it touches. Pure. */
#ifndef KFMIG_SCRIPT_ERRANDS_H
#define KFMIG_SCRIPT_ERRANDS_H

#include "model/script.h"

/* struct language's parse. */
int errands_parse(struct arena *a, const char *path, struct bytes text, struct script *out,
                  struct err *e);

#endif
