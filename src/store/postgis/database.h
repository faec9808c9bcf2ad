/* Whole databases of a server, and what a fresh one lacks. The session is connected to another one
 * and has no transaction open; -1 ERR_APPLY where the server refuses (with its SQLSTATE).
 * Owns: their SQL. Must not know what a database is for. */
#ifndef KFMIG_STORE_POSTGIS_DATABASE_H
#define KFMIG_STORE_POSTGIS_DATABASE_H

#include "pg/pg.h"

/* template NULL: the server's default. */
int postgis_database_create(struct pg *s, struct arena *a, const char *name, const char *template,
                            struct err *e) MUST_CHECK;
int postgis_database_comment(struct pg *s, struct arena *a, const char *name, const char *comment,
                             struct err *e) MUST_CHECK;
/* The statement that the next function runs; in a. */
const char *postgis_database_drop_text(struct arena *a, const char *name, bool force);
/* force: whoever is connected is cut off, and a database that is not there is no error. */
int postgis_database_drop(struct pg *s, struct arena *a, const char *name, bool force,
                          struct err *e) MUST_CHECK;
/* An extension of the session's own database, unless it is there. */
int postgis_extension_create(struct pg *s, struct arena *a, const char *name,
                             struct err *e) MUST_CHECK;
/* The version of the PROJ that PostGIS in the session's own database transforms with, as it says it
 * itself; "" where it cannot be asked. In a. Never fails. */
const char *postgis_proj_version(struct pg *s, struct arena *a);

#endif
