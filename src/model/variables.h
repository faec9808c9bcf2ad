/* Values per environment: ${NAME} in the texts of migrations and definitions that say so.
 * Owns: what may be a name and a value, and putting one in place of the other. Plain data. Pure. */
#ifndef KFMIG_MODEL_VARIABLES_H
#define KFMIG_MODEL_VARIABLES_H

#include "base/digest.h"
#include "base/err.h"
#include "model/env.h"

/* digest: SHA-256 of the value, by which receipts and plans know it. */
struct variable {
    const char *name, *value;
    struct digest digest;
};
/* Those of one environment, sorted by name. */
struct variables {
    const char *env;
    struct variable *v;
    size_t n;
};
const struct variable *variables_find(const struct variables *l, const char *name);

/* What a value may not have in it, as it is put into SQL as it stands; NULL: it is good. Static. */
const char *variable_fault(const char *value);

/* The text with the values of those that declared names in place of "${NAME}"; *out is text itself where
 * none is.
 * values NULL: nobody knows them, and a name in small letters stands for its value. Line ends stay where
 * they are. Faults, with
 * their place in path: a name that is not declared, and one that has no value. In a. */
void variables_fill(struct arena *a, const struct names *declared, const struct variables *values,
                    const char *path, struct bytes text, struct bytes *out,
                    struct err_list *faults);
struct doc; /* doc/doc.h */
/* {NAME: digest of its value} of those declared that have one. In a. */
struct doc *variables_doc(struct arena *a, const struct names *declared,
                          const struct variables *values);
struct script; /* model/script.h */
/* A statement at which the grammar stopped as "${" stands there is a fault, with its place: nothing was
 * put in its
 * place, as nobody declared the name. True: there was one. */
bool variables_undeclared(const struct script *s, struct err_list *faults);

#endif
