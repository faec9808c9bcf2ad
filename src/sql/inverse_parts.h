/* What undoes one statement. For sql/inverse*.c only. */
#ifndef KFMIG_SQL_INVERSE_PARTS_H
#define KFMIG_SQL_INVERSE_PARTS_H

#include "base/table.h"
#include "sql/head.h"

enum answer {
    ANSWER_NOTHING, /* needs no undoing, or what it changed goes away with something else */
    ANSWER_SQL,
    ANSWER_OPEN /* a person must write it */
};

/* What the text does not say about the state before it, so that a person must look. */
enum care {
    CARE_NONE,
    CARE_THERE,   /* what it makes may have been there */
    CARE_GONE,    /* what it takes away may not have been there */
    CARE_REPLACED /* it may have replaced something of the same name */
};

struct inversion {
    struct arena *a;
    struct table
        named; /* functions: name as written -> size_t, how many of them the script makes */
    struct table constraints; /* those that the script adds: table and name as written */
    struct buf *out;          /* of the statement in hand */
    enum care care;
};

/* Appends s as it stands. */
void inverse_put(struct buf *out, struct bytes s);

/* h stands behind CREATE, ALTER, GRANT or REVOKE. The inverse goes to v->out, with semicolon and
 * line end; what is there counts only for ANSWER_SQL. */
enum answer inverse_create(struct inversion *v, struct head *h);
enum answer inverse_alter(struct inversion *v, struct head *h);
enum answer inverse_grant(struct inversion *v, struct head *h);
enum answer inverse_revoke(struct inversion *v, struct head *h);

#endif
