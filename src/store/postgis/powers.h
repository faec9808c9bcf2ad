/* What a session's role, or one that it may become, can do so that no sensor tells.
 * Owns: the questions, and the words that receipts have for the answers. What is refused for it is not asked
 * here. */
#ifndef KFMIG_STORE_POSTGIS_POWERS_H
#define KFMIG_STORE_POSTGIS_POWERS_H

#include "model/env.h"
#include "pg/pg.h"

/* Names are lists as people read them, NULL: none.
 * is_super       it is a superuser, or may become one
 * sets_counters  SET on track_counts was granted to it (PostgreSQL 15): rows it writes need not be counted
 * replicates     it may make, drop and advance replication slots, which no rollback takes back
 * member_of      predefined roles by which it reaches the server's programs and files
 * untrusted      languages of functions it may call that are not held in by the server
 * switches       functions it may call whose settings name track_counts */
struct powers {
    bool is_super, sets_counters, replicates;
    const char *member_of, *untrusted, *switches;
};

/* Asked as additions to the caller's batch, then taken from it; texts in a. */
struct powers_asked {
    struct pg_rows *powers, *since_15;
};
void powers_add(struct pg *s, struct powers_asked *q);
int powers_take(struct arena *a, struct powers_asked *q, struct powers *out,
                struct err *e) MUST_CHECK;
/* Both, in one round trip. */
int postgis_powers(struct pg *s, struct arena *a, struct powers *out, struct err *e) MUST_CHECK;

/* What a receipt has to say of them: "rows not countable as this role", "not observable as superuser". In a.
 */
struct names powers_residue(struct arena *a, const struct powers *p);

#endif
