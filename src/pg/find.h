/* Finding PostgreSQL's programs; for src/pg only. */
#ifndef KFMIG_PG_FIND_H
#define KFMIG_PG_FIND_H

#include <limits.h>

#include "base/err.h"

struct programs {
    char dir[PATH_MAX]; /* holds postgres and initdb */
    int major;          /* 15 */
};

/* Where the server's programs are: the folder that KFMIG_PG_BINDIR names and no other if it is set; else what
 * `pg_config --bindir` says, then /usr/lib/postgresql/N/bin, highest N first. major: the wanted major
 * version, 0 for any from 13 on. Runs programs. Returns 0, or -1 with ERR_PREFLIGHT. */
int find_programs(int major, struct programs *out, struct err *e) MUST_CHECK;

#endif
