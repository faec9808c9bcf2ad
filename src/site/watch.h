/* What a statement that runs long waits for: asked from a second connection, told to the ear.
 * Owns: the monitor connection and when it is asked. */
#ifndef KFMIG_SITE_WATCH_H
#define KFMIG_SITE_WATCH_H

#include "base/tell.h"
#include "site/site.h"

/* front: the ear for whoever works, which sees when a statement begins and hands on to behind. wait: for its
 * statements. */
struct watch {
    struct ear front;
    struct pg_wait wait;
    const struct ear *behind;
    const struct site *site;
    int64_t started_ms; /* the statement */
    int64_t asked_ms;   /* when the server was last asked */
    char target[160];   /* what runs */
    bool is_blocked;    /* the last answer */
    char held[400];     /* what the target waited for last; "" */
    struct pg *monitor; /* opened once a statement takes longer than half a second */
    bool has_failed;
};

/* w must stay where it is; behind and site are borrowed. No I/O until a statement takes long. */
void watch_init(struct watch *w, const struct ear *behind, const struct site *site);
void watch_close(struct watch *w);

#endif
