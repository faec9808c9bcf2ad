/* What the class of a migration asks of its declaration and notes; for src/plan and `kfmig check`. Pure. */
#ifndef KFMIG_PLAN_WANTS_H
#define KFMIG_PLAN_WANTS_H

#include "model/decl.h"

enum want {
#define WANT(NAME, ...) WANT_##NAME,
#include "plan/want.def"
#undef WANT
    WANT_COUNT
};
/* A row of want.def; static. */
struct want_row {
    bool is_refused;
    const char *member, *text, *hint;
};
const struct want_row *want_row(enum want w);

/* Bits 1u << WANT_x: what is lacking to b, of that class, whose declaration is there. A repeatable
 * definition owes nothing, a flat file has no notes of its own, and what a lack says already is not said
 * twice. Notes speak of what a heading names: a line "# ...", or what one begins with before a colon. */
unsigned bundle_wants(const struct bundle *b, char class);
/* Why w is wanted of b, with what is lacking, for people: "it is of class C, and ...". In a. */
const char *want_text(struct arena *a, enum want w, char class);

#endif
