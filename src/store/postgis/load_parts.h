/* The inside of a planned load; for src/store/postgis only. */
#ifndef KFMIG_STORE_POSTGIS_LOAD_PARTS_H
#define KFMIG_STORE_POSTGIS_LOAD_PARTS_H

#include "store/postgis/load.h"

/* column[i] gets from[i]; both in the order of the mapping. is_staged: geometries come with another SRID
 * than some column has. */
struct load {
    const struct load_source *in;
    struct column *column;
    struct column_value *from;
    size_t n;
    struct wanted_value *wanted;
    size_t n_wanted;
    struct geometry_rules rules;
    bool is_staged;
};

/* A table beside the one that is filled. postgis: its quoted schema, NULL until it is found; table, into:
 * quoted, with their schemas. */
struct stage {
    struct pg *s;
    struct arena *a;
    const char *postgis, *table, *into;
    const struct load *l;
};
/* The column that load_stage_rows() numbers rows with, from 1. */
#define STAGED_NUMBER "kfmig_number"
/* Names only. */
void load_stage(struct pg *s, struct arena *a, const char *schema, const struct load *l,
                struct stage *out);
/* Make it, and COPY all records into it, with their numbers from 1 to *n. -1 as load_copy(). */
int load_stage_rows(struct stage *g, const struct load_watch *watch, int64_t *n,
                    struct err *e) MUST_CHECK;
/* Into the table that is filled, all that was staged, or with numbers those above from up to to (to
 * 0: without numbers). *taken: how many rows it took. */
int load_from_stage(const struct stage *g, int64_t from, int64_t to, int64_t *taken,
                    struct err *e) MUST_CHECK;

/* What the server refused: record number (0: not found), its column ("": the row as a whole), and
 * what else is to be said ("": nothing). */
struct found_record {
    int64_t number;
    const char *column, *hint;
};
/* The first of the staged rows whose foreign key no row has. */
int load_find_key(const struct stage *g, const char *schema, struct found_record *out,
                  struct err *e) MUST_CHECK;
/* Is sqlstate what a row made the server say, under any class (a tsvector's syntax is 42601, RAISE
 * in a trigger P0001), and not what befell the session, the server or its locks? */
bool load_is_about_rows(const char *sqlstate);
/* The server refused record number, or its value for that column: what e says gets the place where it stands
 * in the artifact. Reads that once more. Always -1. */
int load_place_refusal(const struct load *l, int64_t number, const char *column, struct err *e);

/* Does column i get geometries whose coordinates have to be transformed? */
bool load_transforms(const struct load *l, size_t i);

#endif
