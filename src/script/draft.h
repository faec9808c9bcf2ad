/* A declaration as tight as its script allows: for `kfmig new`.
 * Owns: scope and limits read off what statements would touch, whatever language they are in;
 * migration.yml as text. Pure. */
#ifndef KFMIG_SCRIPT_DRAFT_H
#define KFMIG_SCRIPT_DRAFT_H

#include "model/decl.h"
#include "model/script.h"

/* What may be left open: the limits in their order, and more than they say. */
enum draft_part {
    DRAFT_TABLES, /* with it scope.allowed_tables */
    DRAFT_INDEXES,
    DRAFT_ROWS,
    DRAFT_LIMITS,
    DRAFT_HIDDEN = DRAFT_LIMITS, /* code that runs is not in the text: the scope is a lower bound */
    DRAFT_UNSEEN,                /* what an ordinary role cannot observe is changed */
    DRAFT_REACH, /* triggers, rules, cascades, what mentions a name may change more than is named */
    DRAFT_PARTS
};

/* The first statement that leaves a part open; path is its file's name, NULL: it is not open. */
struct draft_open {
    const char *path;
    const char *tag;
    int line;
};

/* decl: id, intent, change_class, reviewers, scope and limits are filled in; a limit of -1 is open:
 * it cannot be known from the text, or there is none yet. */
struct draft {
    struct decl decl;
    struct draft_open open[DRAFT_PARTS];
    bool guessed_schema; /* an unqualified name was taken to be in schema public */
    size_t
        n_unlisted; /* tables that allowed_tables does not list, as they are too many; 0: it does */
};

/* Scope and limits from what n scripts touch; of none: an empty scope in schema public, and all
 * limits open. In a. */
void draft_make(struct arena *a, const struct script *v, size_t n, struct draft *out);

/* The same from what a run was seen to do, with what was counted there: nothing is open. */
void draft_observed(struct arena *a, const struct touches *seen, const struct limits *counted,
                    struct draft *out);

/* Append yml, a migration.yml, with its members scope and limits (block style, at the margin) written
 * anew: the scope where it stood. What is forbidden is policy, and to be kept in d by the caller. -1
 * with ERR_CONFIG where yml has no such scope; path names it. */
int draft_replace(struct buf *out, struct bytes yml, const char *path, const struct draft *d,
                  struct err *e) MUST_CHECK;

/* Append migration.yml: what a person has to set stands there as a comment. */
void draft_write(struct buf *out, const struct draft *d);

#endif
