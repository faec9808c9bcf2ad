/* What a session that does not answer waits for: asked from a second connection, told to the ear.
 * Owns: the monitor connection and when it is asked. */
#ifndef KFMIG_SITE_WATCH_H
#define KFMIG_SITE_WATCH_H

#include "base/tell.h"
#include "pg/pg.h"

struct site;

/* front: the ear for whoever works, which sees when a statement begins and hands on to behind. wait: for its
 * statements. */
struct watch {
    struct ear front;
    struct pg_wait wait;
    const struct ear *behind;
    const struct site *site;
    int64_t started_ms; /* the statement, or what else is waited for */
    int64_t waited_ms;  /* when it was last waited for */
    int64_t asked_ms;   /* when the server was last asked */
    char target[160];   /* what runs; at first the environment */
    bool is_blocked;    /* the last answer */
    char held[400];     /* what the target waited for last; "" */
    char progress[120]; /* of an index that is being made, as it was said last; "" */
    struct pg *monitor; /* opened once something takes longer than half a second */
    bool has_failed;
};

/* w must stay where it is; behind and site are borrowed. No I/O until something takes long. */
void watch_init(struct watch *w, const struct ear *behind, const struct site *site);
/* What was waited for is over: a listener who was told of it hears that, too. */
void watch_over(struct watch *w);
/* Where e is about a lock, or nothing came of it in time, and somebody was seen who held one: a hint who. */
void watch_explain(const struct watch *w, struct err *e);
void watch_close(struct watch *w);

#endif
