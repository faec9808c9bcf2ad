/* Room at the server. */
#ifndef KFMIG_STORE_POSTGIS_FREE_SPACE_H
#define KFMIG_STORE_POSTGIS_FREE_SPACE_H

#include "pg/pg.h"

/* Bytes that are free where the database's files stand. -1: not known, because the server is
 * reached over a network or does not tell this role where they are: PostgreSQL has no function that
 * says how full its disk is. Inside a transaction or outside; never fails. */
int64_t space_free(struct pg *s);

#endif
