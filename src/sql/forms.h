/* Statements of a file, kept so that memory grows with what differs among them, not with how many there are;
 * where only the names of objects differ, with those.
 * For sql/script.c, insert.c and rows.c only. */
#ifndef KFMIG_SQL_FORMS_H
#define KFMIG_SQL_FORMS_H

#include "sql/classify.h"

/* What is needed while a file is read. */
struct forms {
    size_t n, cap;   /* of out->forms */
    uint32_t *slots; /* by what they are like: number of a form plus one; 0: free */
    size_t n_slots, n_used;
    struct buf now, was; /* two of them while they are compared */
    size_t n_names; /* bytes of out->names that are taken, with those left free at ends of blocks */
    uint32_t *last; /* where names stand that were kept last, by what they are; 0: none */
    struct buf entry; /* one of out->names */
};

struct parse;

/* A new form, for the next statement of the file: from at to end there, with everything empty that an
 * analysis fills. It stays where it is until the next is added. */
struct statement *forms_add(struct parse *p, size_t at, size_t end, const struct verdict *verdict);

/* That one again away: the statement is read otherwise. */
void forms_drop(struct parse *p);

/* The form that was added is whole, and becomes the next statement. Returns true if the file had one that is
 * the same but for its place and the names in it: that one is taken, and nothing that belongs to this one is
 * needed any more. */
bool forms_settle(struct parse *p);

/* The form of statement i, to be changed: from now on that of no other. Other forms may move. */
struct statement *forms_own(struct parse *p, size_t i);

/* No more come: what script_at() needs belongs to p->a, or to nobody if it is not kept. */
void forms_end(struct parse *p, bool is_kept);

#endif
