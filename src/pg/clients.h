/* pg_dump and pg_restore: where they are, and what they are given of a connection.
 * Owns: finding them, and libpq's variables for a child; no password is ever an argument. */
#ifndef KFMIG_PG_CLIENTS_H
#define KFMIG_PG_CLIENTS_H

#include <limits.h>

#include "pg/pg.h"

struct clients {
    char dir[PATH_MAX]; /* holds both */
    int major;          /* of pg_dump: 15 */
};

/* Those that can read a server of the version least_major: of the folder that KFMIG_PG_BINDIR names
 * and no other if it is set; else of the first folder of PATH, then of /usr/lib/postgresql/N/bin,
 * highest N first, whose pg_dump is of that version, else whose is newer. Runs programs, each for at
 * most limit_ms. -1 ERR_PREFLIGHT: there are none, or all are older. */
int clients_find(int least_major, int64_t limit_ms, struct clients *out, struct err *e) MUST_CHECK;

/* Our environment with what conninfo says as libpq's own variables, ended by NULL; dbname NULL:
 * conninfo's. Variables of the environment, because arguments can be read by every user of the
 * machine, the environment by its owner only. -1: conninfo cannot be parsed. pg_environment_wipe()
 * wipes and frees it; of a zeroed one is fine. */
struct pg_environment {
    char **v;
    size_t n;
};
int pg_environment_make(const struct secret *conninfo, const char *dbname,
                        struct pg_environment *out, struct err *e) MUST_CHECK;
void pg_environment_wipe(struct pg_environment *x);

#endif
