/* Making and dropping whole databases: the environment's own where it was lost, and throwaway ones for
 * drills.
 * Owns: the maintenance connection, names and comments of throwaway databases, finding those that a killed
 * drill left. */
#ifndef KFMIG_SITE_DATABASE_H
#define KFMIG_SITE_DATABASE_H

#include "site/site.h"

enum { DRILL_NAME = 24 };

/* Is its database there? s is not connected, and is not afterwards. *missing true: the server answers and has
 * none of that name (*name, in s->a; "" if it is there). -1: anything else. */
int database_probe(struct site *s, bool *missing, const char **name, struct err *e) MUST_CHECK;
/* CREATE DATABASE name, s not being connected, from template (NULL: the server's default; the embedded server
 * always takes an empty one and provides the declared extensions). Somebody else who made it meanwhile is no
 * error. -1 ERR_PREFLIGHT: no right (hint: the statement for an administrator), no such template, template in
 * use. */
int database_create(struct site *s, const char *name, const char *template,
                    struct err *e) MUST_CHECK;

/* Drop the database name of the server that s is connected to, by a connection of its own: whoever is still
 * connected is cut off. -1 ERR_PREFLIGHT: no right to (hint). */
int database_drop(struct site *s, const char *name, struct err *e) MUST_CHECK;
/* Who else is connected to s's database, a line for each, in s->a. */
int database_others(struct site *s, struct names *out, struct err *e) MUST_CHECK;

/* A throwaway database beside the one that s is connected to. Its name, kfmig_drill_<8 hex>, is held by an
 * advisory lock of that session until the session ends: nobody takes it for a leftover. Its comment says that
 * it is ours. */
int drill_create(struct site *s, const char *template, char name[static DRILL_NAME],
                 struct err *e) MUST_CHECK;
/* An extension in the database that s is connected to, unless it is there. */
int drill_extension(struct site *s, const char *name, struct err *e) MUST_CHECK;
/* Drop it, whoever is still connected, by a connection of its own: signals do not matter. */
int drill_drop(struct site *s, const char *name, struct err *e) MUST_CHECK;
/* Drop what killed drills left: of our pattern, with our comment, ours to drop, not held, nobody connected.
 * *n: how many. What cannot be dropped stays; that is no error. */
int drill_sweep(struct site *s, size_t *n, struct err *e) MUST_CHECK;

#endif
