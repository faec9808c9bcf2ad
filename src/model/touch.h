/* A touch: what a statement would do, or did, to one object. The parser predicts touches, the
 * sensors observe them; scope, limits, locks and touched.csv are made of the same struct. */
#ifndef KFMIG_MODEL_TOUCH_H
#define KFMIG_MODEL_TOUCH_H

#include <stdint.h>

#include "model/object.h"

enum effect {
    EFFECT_READ, /* rows read */
    /* made the target of a foreign key, inheritance, or used by a view, function or default */
    EFFECT_REFERENCE,
    EFFECT_WRITE,    /* rows inserted, updated, deleted; a sequence advanced or set */
    EFFECT_TRUNCATE, /* all rows removed */
    EFFECT_CREATE,
    /* definition, owner, privileges, comment, index, trigger, policy, constraint, default ... */
    EFFECT_ALTER,
    EFFECT_DROP,
    EFFECT_COUNT
};
const char *effect_text(enum effect e); /* "read", "reference", ... */

/* One object's changed aspect, for diffs: "column name_lower", "index county_pkey". */
enum facet_change { FACET_ADDED, FACET_REMOVED, FACET_CHANGED };
struct facet_diff {
    enum facet_change change;
    const char *facet;
};

#define ROWS_UNKNOWN (-1)
struct touch {
    struct object object;
    enum effect effect;
    int64_t inserted, updated,
        deleted; /* rows; ROWS_UNKNOWN where not known. Predicted touches hold ROWS_UNKNOWN */
    bool stored; /* predicted: when a rule or function runs that is made now; locked, no rows yet */
    bool maybe;  /* predicted: if the code that says so comes to it; no verdict rests on it */
    bool only;   /* predicted: what counts to the object stays as it is: TRUNCATE ONLY */
    int statement;    /* index in its script, from 0; -1: not attributable */
    int line, col;    /* in the script; 0: not attributable */
    const char *path; /* of the script, NULL: not attributable */
    const char
        *through; /* what led there from the statement: "trigger t of app.a"; NULL, "": nothing */
    const struct facet_diff *facets; /* observed ALTER, CREATE, DROP: what of it */
    size_t n_facets;
};
struct touches {
    struct touch *v;
    size_t n, cap;
};
void touches_add(struct arena *a, struct touches *t, struct touch touch);

#endif
