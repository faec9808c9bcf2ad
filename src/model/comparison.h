/* Two environments beside each other, as their ledgers say. Plain data. */
#ifndef KFMIG_MODEL_COMPARISON_H
#define KFMIG_MODEL_COMPARISON_H

#include "model/fact.h"

/* A migration or projection that was applied in one of them alone, or with another content. NULL: not
 * there. */
struct compared_subject {
    const char *subject;
    bool is_migration;
    const struct fact *here, *there;
};
/* An object that is not the same in both; v: facet by facet, was here, now there, NULL: not there. */
struct compared_object {
    const char *text;
    bool is_here, is_there;
    const char *writer_here, *writer_there; /* "" */
    bool by_owner;   /* nothing but who owns it, each in its own environment */
    bool by_version; /* nothing but what their servers' major versions may explain */
    const struct facet_pair *v;
    size_t n;
};
/* here, there: names. n_same: what both have alike. *_before: of two migrations that both have, the first
 * pair that they applied in another order: here "before" came first; NULL: the same order. */
struct env_comparison {
    const char *here, *there;
    int major_here, major_there;
    struct compared_subject *subjects;
    size_t n_subjects, n_same_subjects;
    const char *before, *after;
    struct compared_object *objects;
    size_t n_objects, n_same_objects;
    size_t n_by_owner, n_by_version; /* of these */
};

/* What stands in a database, object by object in order of names, as a ledger would record it: text has a line
 * "facet TAB value" for each facet. */
struct dumped_object {
    const char *object, *text;
};
struct dumped {
    const char *environment;
    int major, format; /* of the server, of the definitions */
    struct dumped_object *v;
    size_t n;
};

#endif
