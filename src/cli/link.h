/* A connection to one environment's database, and the certainty that it is the right one.
 * Owns: connection strings by reference, the embedded server's lease, identity, entries and past. */
#ifndef KFMIG_CLI_LINK_H
#define KFMIG_CLI_LINK_H

#include "ledger/ledger.h"
#include "model/env.h"
#include "pg/embedded.h"
#include "plan/plan.h"
#include "store/postgis/postgis.h"

struct session;

/* catalog and sum are filled (has_catalog) when the witness moved or work is to be done. */
struct link {
    const struct env *env;
    const char *dbname; /* another database of its server; NULL: as dsn says */
    struct secret dsn;
    struct pg *pg;
    struct embedded *lease;
    struct identity id;
    struct entries entries;
    struct merkle merkle;
    struct past past;
    struct catalog catalog;
    bool has_catalog;
    struct object_rows sum;
    struct generations generations; /* of the project's projections */
};

/* Connect, identify, read entries and past; refuse a replica, a pooler, another environment's database, another, shorter or forked
 * ledger than the last run saw. */
int session_link(struct session *s, const struct env *env, struct link *out,
                 struct err *e) MUST_CHECK;
/* The same for a database that takes the place of a lost one (s->cites), in s->dbname if that is set: another ledger than the last run saw
 * is no mistake. */
int session_link_new(struct session *s, const struct env *env, struct link *out,
                     struct err *e) MUST_CHECK;
/* Its parts: only the connection (again, after one was lost); only identity, entries and past. */
int link_connect(struct session *s, struct link *l, struct err *e) MUST_CHECK;
/* One more session with the database that l is connected to. */
int link_open(struct session *s, const struct link *l, struct pg **out, struct err *e) MUST_CHECK;
int link_refresh(struct session *s, struct link *l, struct err *e) MUST_CHECK;
/* Where its connection comes from, into l->dsn (the embedded server is started); nothing to do where it is known. */
int link_resolve(struct session *s, struct link *l, struct err *e) MUST_CHECK;
/* What of the embedded server is to be there for env; directory and lists live in s->a. */
struct embedded_options link_embedded(struct session *s, const struct env *env);
/* The ledger that the last run of this environment saw, from the cache. *at (may be NULL): when its newest entry was made, "" if the
 * cache does not tell; in s->a. */
bool link_remembered(struct session *s, const struct env *env, struct checkpoint *out,
                     const char **at);
/* The checkpoint that l's ledger was begun with; false if it was begun by an ordinary first contact. -1: it cannot be read. */
int link_cited(struct session *s, const struct link *l, bool *is_recovery, struct checkpoint *out,
               struct err *e) MUST_CHECK;
/* Keep what was seen of this ledger for the next run. */
void link_remember(struct session *s, const struct link *l);
/* Read catalogs and the ledger's sum. */
int link_look(struct session *s, struct link *l, struct err *e) MUST_CHECK;
/* Are the catalogs as the last full look found them equal to the sum? From the witness in the cache. */
bool link_unmoved(struct session *s, const struct link *l);
void link_witness(struct session *s, const struct link *l); /* they were equal, as of l->id.lsn */
void link_close(struct link *l);

#endif
