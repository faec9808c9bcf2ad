/* One state of an object made out of another, as SQL: what takes it from facets to facets.
 * Owns: which statements say what a facet says. Pure. What cannot be said from facets alone (an expression of
 * which only the digest is known, what was inherited, a label between labels) is left open, never guessed. */
#ifndef KFMIG_STORE_POSTGIS_RESTATE_H
#define KFMIG_STORE_POSTGIS_RESTATE_H

#include "model/fact.h"
#include "store/catalog.h"

/* From one state to the other. v: what differs, facet by facet, sorted by name: was in the state that is
 * left, now in the one that is made, NULL: not there; texts stand between marks (catalog_read_clear()) or
 * are digests. makes, drops: the object itself is not there in the state that is left, or that is made.
 * standing: the object as it stands in the database, for what does not differ; NULL: it does not stand
 * there. oid: of that, 0: none: what is older is made first. database: its name; owner: who owns what is
 * made unless it is said, NULL: it is said always. */
struct restate_task {
    const char *text; /* object_text() */
    struct object object;
    bool makes, drops;
    const struct facet_pair *v;
    size_t n;
    const struct catalog_object *standing;
    uint32_t oid;
    const char *database, *owner;
};

/* One statement, without semicolon, about one facet ("": the object). sql NULL: open. */
struct restatement {
    const char *object, *facet;
    int stage, rank;
    uint32_t oid;
    size_t at;
    const char *sql;
};
struct restatements {
    struct restatement *v;
    size_t n, cap;
};

/* Add what t takes. In a. */
void restate(struct arena *a, const struct restate_task *t, struct restatements *out);
/* Into an order in which they can run: what depends on others goes first and comes last. */
void restate_sort(struct restatements *l);

#endif
