/* A declaration as tight as its script allows: for `kfmig new`.
 * Owns: scope and limits read off what statements would touch, whatever language they are in;
 * migration.yml as text. Pure. */
#ifndef KFMIG_SCRIPT_DRAFT_H
#define KFMIG_SCRIPT_DRAFT_H

#include "model/decl.h"
#include "model/script.h"

/* decl: id, intent, change_class, reviewers, scope and limits are filled in; a limit of -1 cannot
 * be known from the text. n_hidden: statements whose effects cannot be read off them (DO, CALL,
 * functions of the user): the scope is only a lower bound. */
struct draft {
    struct decl decl;
    size_t n_hidden;
    int hidden_line;     /* of the first of them */
    bool guessed_schema; /* an unqualified name was taken to be in schema public */
};

/* Scope and limits from what the script touches; NULL: an empty scope in schema public and limits
 * of 0. In a. */
void draft_make(struct arena *a, const struct script *s, struct draft *out);

/* Append migration.yml: what a person has to set stands there as a comment. */
void draft_write(struct buf *out, const struct draft *d);

#endif
