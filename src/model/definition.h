/* A repeatable definition: what its text makes, and what that stands on.
 * Owns: names of objects as texts of SQL have them, and which of them mean the same. Pure; no I/O. */
#ifndef KFMIG_MODEL_DEFINITION_H
#define KFMIG_MODEL_DEFINITION_H

#include "model/env.h"
#include "model/script.h"

/* Names as definition_name() gives them. makes: what its text creates; needs: what that stands on, what
 * triggers and policies are made on included, and nothing that it makes itself. */
struct definition {
    struct names makes, needs;
};

/* What o is called here: "relation app.t" whatever kind of relation it is, as a text does not tell;
 * "function app.f" without arguments; else object_text(). An unqualified name has no schema. In a. */
const char *definition_name(struct arena *a, const struct object *o);

/* The last part of such a name, into which it points: "t" of "relation app.t"; *is_open: there is no schema
 * before it. */
const char *definition_last(const char *name, bool *is_open);

/* Do both mean the same object? An unqualified one stands in any schema. */
bool definition_same(const char *a, const char *b);
/* Is one of list the object called name? */
bool definition_has(const struct names *list, const char *name);

/* d, which may be NULL, as it outlives the memory that it stands in. In a. */
const struct definition *definition_copy(struct arena *a, const struct definition *d);

/* What scripts v[0..n) make and need. In a. */
void definition_read(struct arena *a, const struct script *v, size_t n, struct definition *out);

/* Does one of d's needs stand among what by makes? */
bool definition_needs(const struct definition *d, const struct definition *by);

/* Does st belong into a repeatable definition? A closed list (model/definition.def): what makes views,
 * functions, triggers, policies and rules, and what is said of them. */
bool definition_admits(const struct statement *st);
/* Of those: does it say something of what is there (a comment, privileges, an owner), and make nothing? */
bool definition_says(const struct statement *st);

#endif
