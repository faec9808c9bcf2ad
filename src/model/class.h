/* The class of a migration: A adds, B writes rows, C breaks what is there, D rebuilds (reference 000); U
 * where nobody can tell, which is as strict as C. It follows from the text of the migration alone, so that
 * it is the same in each environment and for each verb. Pure. */
#ifndef KFMIG_MODEL_CLASS_H
#define KFMIG_MODEL_CLASS_H

#include "base/table.h"
#include "model/script.h"

/* What a migration does, statement by statement. Zero-initialise and set a, which is borrowed. */
struct class_tally {
    struct arena *a;
    unsigned deeds;    /* bits 1u << DEED_x */
    struct table made; /* relations that it made itself: what becomes of them breaks nobody */
};
/* One more statement, in the order in which they run. */
void class_add(struct class_tally *t, const struct statement *st);
/* 'A', 'B', 'C' or 'U'. */
char class_tallied(const struct class_tally *t);
/* Why it is of that class: "drops what is there"; "" for A. Static. */
const char *class_why(const struct class_tally *t);

/* Does a migration of that class want a plan, an ADR or an issue that it names? */
bool class_wants_reference(char class);
/* For who has only the classes that rules differ by: 'C' for 'U'. */
char class_as_strict(char class);
/* Of two, the one that asks for more care: A, B, D, C, U. */
char class_stricter(char x, char y);
/* "A", ..., "unknown" for U. */
const char *class_text(char class);

#endif
