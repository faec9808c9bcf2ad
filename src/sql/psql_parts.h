/* What renders a file for psql, in two files: its text, and its commands. For src/sql/psql_*.c only. */
#ifndef KFMIG_SQL_PSQL_PARTS_H
#define KFMIG_SQL_PSQL_PARTS_H

#include "sql/psql_render.h"

enum { PSQL_IFS_MOST = 64, PSQL_TAG_MOST = 64 };

/* A variable of \set; is_busy: its value is being read, and may not hold its own name. */
struct psql_set {
    const char *name, *value;
    bool is_busy;
};
/* An \if that is open. takes: what stands here is sent; took: a branch of it was; in_else: there is none
 * behind this one; outer: what stands around it is sent. at: of the \if. */
struct psql_if {
    bool takes, took, in_else, outer;
    size_t at;
};
enum psql_state {
    PSQL_SQL,     /* outside of everything */
    PSQL_STRING,  /* '...' */
    PSQL_ESCAPED, /* E'...' */
    PSQL_IDENT,   /* "..." */
    PSQL_DOLLARS, /* $tag$...$tag$ */
    PSQL_COMMENT  /* a comment that nests */
};
/* One file. at: of what is read in it. state, depth, tag: psql's, which go on from a value into what stands
 * behind it. word, n_words, copies: of the statement that is open, whether it is a COPY ... FROM STDIN.
 * is_guess: a value was asked for that nobody knows. has_quit: \q stood there. */
struct psql_reading {
    struct arena *a;
    const struct names *declared;
    const struct variables *values;
    const char *path;
    struct bytes text;
    struct err_list *faults;
    struct buf out;
    size_t at;
    struct psql_set *v;
    size_t n, cap;
    struct psql_if ifs[PSQL_IFS_MOST];
    size_t n_ifs;
    enum psql_state state;
    unsigned depth;
    char tag[PSQL_TAG_MOST];
    size_t n_tag, n_words, parens;
    bool is_copy, is_from, copies, is_guess, has_quit, is_changed;
};

bool psql_is_name(char c); /* of a variable */
/* Is what stands here sent? */
bool psql_is_sent(const struct psql_reading *r);
void psql_blank(struct psql_reading *r, const char *p, size_t n);
void psql_fault(struct psql_reading *r, size_t at, const char *what, const char *hint);

/* A reference to a variable at p, which is a colon, n bytes left: its length, 0: it is none, or of a name
 * that nothing sets. *value: what stands in its place, quoted as it asks for; *var: whose value it is as it
 * stands, which is read again; NULL: it is not. */
size_t psql_reference(struct psql_reading *r, const char *p, size_t n, const char **value,
                      struct psql_set **var);
/* \set NAME value */
void psql_set(struct psql_reading *r, const char *name, const char *value);
void psql_unset(struct psql_reading *r, const char *name);

/* The command whose backslash is at r->at: how much of the text it is; it, but not the line end behind it,
 * is blanks in what is put out. */
size_t psql_command(struct psql_reading *r);
/* Faults of each \if that is open at the end. */
void psql_end_ifs(struct psql_reading *r);

#endif
