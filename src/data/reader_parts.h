/* The inside of the readers; for src/data only. */
#ifndef KFMIG_DATA_READER_PARTS_H
#define KFMIG_DATA_READER_PARTS_H

#include "data/ewkb.h"
#include "data/keys.h"

enum { DEPTH_MAX = 64, WANTED_MAX = 1600, RECORD_MAX = 64 * 1024 * 1024, NO_SLOT = -1 };

/* A name on the way to something wanted. slot: what is captured here. is_there: CSV's header has it. */
struct node {
    struct bytes name;
    int slot;
    bool is_there;
    struct node *child, *next;
};

/* Where a captured value stands in the record's text. */
struct slot {
    enum value_kind kind;
    int type, dims; /* of a geometry */
    bool as_geometry;
    size_t at, n;
    int64_t offset;
};

/* wanted i is filled by slot[x_of[i]]; a point has x there and y in slot[y_of[i]]. */
struct reader {
    struct arena a;
    enum data_format format;
    struct source *s;
    const struct wanted_value *wanted;
    size_t n_wanted;
    struct geometry_rules rules;
    struct node *root;
    struct slot *slot;
    size_t n_slots;
    int64_t *n_found; /* per slot: records in which there was something */
    const int *x_of;
    int *y_of;
    struct value *value;
    struct buf text;   /* captured values of the record */
    struct buf json;   /* captured objects and arrays */
    int n_copies;      /* how many of them are open */
    struct buf string; /* a name or string with escapes, unescaped */
    struct shape shape;
    struct keys keys;
    int depth;
    struct record at;
    struct err *e; /* of the call under way */
    /* GeoJSON: where in the collection. */
    bool has_type, has_features, in_features, is_first, ended;
    bool wants_geometry; /* of some record's member */
    bool at_line;        /* of newline-delimited JSON: a line has begun */
    /* CSV */
    int *column; /* per field of the header: slot, or NO_SLOT */
    size_t n_columns, cap_columns;
};

/* What is wrong here; returns -1. field may be NULL. */
int reader_error(struct reader *r, const char *at, const char *field, const char *what);
/* A record begins at that byte: nothing of it is known yet. */
void reader_begin_record(struct reader *r, const char *at);
/* Slots to values. */
int reader_end_record(struct reader *r, struct record *out);
/* Append captured bytes; false with an error if the record gets too long. */
bool reader_keep(struct reader *r, const char *p, size_t n);

/* What stands in r->text from s->at is a geometry: SQL NULL instead, where it is empty and the rules say
 * so. */
void reader_took_geometry(struct reader *r, struct slot *s);

/* reader_next() of each format: 1, 0, -1 with r->e. */
int json_next(struct reader *r, struct record *out);
int csv_next(struct reader *r, struct record *out);

/* A number as JSON writes it, correctly rounded. NULL: it is none, or too large; else where it ends. p is
 * readable up to a byte that is no part of a number. */
const char *number_read(const char *p, double *out);

#endif
