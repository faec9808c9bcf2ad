/* Errands: programs that are run to bring one state about, and what a probe says of that state.
 * Owns: the text that a declaration becomes, whose bytes are run, kept and journaled; what a probe may say.
 * Pure. */
#ifndef KFMIG_MODEL_ERRAND_H
#define KFMIG_MODEL_ERRAND_H

#include "doc/doc.h"
#include "model/env.h"
#include "model/touch.h"

/* Files of a migration that stand in no folder: what its declaration says, as what runs. */
#define ERRAND_ENDING ".command"
#define ERRAND_APPLY "migration.yml#apply" ERRAND_ENDING
#define ERRAND_ROLLBACK "migration.yml#rollback" ERRAND_ENDING

/* store: by name. state: what is changed, the name of a probe. run: the program's words. expect: what the
 * probe says once it is done; NULL: anything but what it said before. wants: variables that have to be set.
 */
struct errand {
    const char *store, *state, *run, *expect;
    struct names wants;
};
/* Its text: canonical JSON and a line feed. In a. */
struct bytes errand_write(struct arena *a, const struct errand *x);
/* The other way round; copies into a. -1 with ERR_CONFIG at path. */
int errand_read(struct arena *a, struct bytes text, const char *path, struct errand *out,
                struct err *e) MUST_CHECK;
/* What it changes, by that name: "other:state site". Borrows x. */
struct object errand_object(const struct errand *x);

/* The longest name of a probe. */
enum { STATE_NAME_MOST = 100 };
/* Letters, digits, '_', '-' and '.', beginning with a letter or digit: a file of a folder, and no path. */
bool state_is_name(const char *name);
/* What a probe printed: one line, "sha256:" and 64 hex digits, or these alone, or "absent", which is zero.
 * NULL, or what is wrong with it, never quoting it; static text. */
const char *state_read(struct bytes said, struct digest *out);

#endif
