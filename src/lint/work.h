/* The linter at work. For src/lint only. */
#ifndef KFMIG_LINT_WORK_H
#define KFMIG_LINT_WORK_H

#include "base/table.h"
#include "lint/lint.h"
#include "model/allow.h"
#include "model/class.h"
#include "sql/analysis.h"
#include "sql/watch.h"

/* --- what the plan makes ---------------------------------------------------------------------------- */

struct lint_remark;

struct known_column {
    const char *name;
    const char *type;    /* the server's word: "int4", "timestamptz"; "int4[]" */
    int modifier;        /* the only or first one; -1: none */
    int srid;            /* geometry and geography; 0: none */
    bool is_not_null_ok; /* NOT NULL, or a validated check says so */
};
struct known_index {
    const char *name;
    struct names columns; /* "" for an expression */
    const char *all;      /* columns with order and operator class, method, and WHERE: what it is */
    bool is_partial, is_primary;
};
/* A check that is not validated yet. of: the column that it says IS NOT NULL of; "": it says something
 * else. */
struct known_check {
    const char *name, *of;
    size_t transaction;
    struct lint_remark *never;
};
struct known_key {
    struct names columns;
    struct lint_remark *unindexed;
};
struct known_table {
    const char *schema, *name;
    bool is_new;            /* made by the plan: nobody else uses it */
    bool is_gone, is_whole; /* whole: all of its columns are known */
    bool has_policies, is_partition;
    struct known_column *column;
    size_t n_column, cap_column;
    struct known_index *index;
    size_t n_index, cap_index;
    struct known_check *check;
    size_t n_check, cap_check;
    struct known_key *key;
    size_t n_key, cap_key;
    struct lint_remark *no_key, *no_gist;
    size_t last_altered;       /* number of the statement */
    struct known_table *older; /* of the same name */
};
struct known_function {
    const char *schema, *name;
    bool has_path, is_looked_up; /* its body names something without a schema */
    struct lint_remark *for_all;
};
struct known {
    struct table by_name; /* the newest of each name */
    struct known_function *function;
    size_t n_function, cap_function;
};

/* NULL: nothing is known of it. A name without a schema is any of that name; the newest counts. */
struct known_table *known_table(const struct known *k, const char *schema, const char *name);
/* The same, made known if it is not. */
struct known_table *known_table_of(struct arena *a, struct known *k, const char *schema,
                                   const char *name);
/* One that is made now. */
struct known_table *known_table_new(struct arena *a, struct known *k, const PgQuery__RangeVar *r);
struct known_column *known_column(const struct known_table *t, const char *name);
struct known_column *known_column_add(struct arena *a, struct known_table *t, const char *name,
                                      const PgQuery__TypeName *type);
/* Does an index begin with these columns, in whatever order? */
bool known_indexed(const struct known_table *t, const struct names *columns);
struct known_function *known_function(const struct known *k, struct dotted name);
/* "int4", from a tree; and its first modifier, -1: none. */
const char *known_type(struct arena *a, const PgQuery__TypeName *t);
int known_modifier(const PgQuery__TypeName *t);
struct names known_names(struct arena *a, struct tree_list list);

/* --- at work ---------------------------------------------------------------------------------------- */

/* A file that was read. */
struct read_file {
    struct lint_file f;
    struct allowances allow;
    bool *is_used;             /* of allow */
    bool ignores_all;          /* -- squawk-ignore-file */
    struct class_tally *tally; /* what its migration does; files of one stand together */
    size_t n_statements;
};

/* What may become a finding. In the file it stands at place, its statement from at to end; marks for it
 * stand in
 * lines from to to. */
struct lint_remark {
    enum hazard rule;
    const struct read_file *file;
    int line, col;
    size_t place, at, end;
    int from, to;
    const char *subject, *text;
    struct lint_edit edit;
    bool is_cancelled;
};

/* A relation that was in use, under the name that it had. */
struct renamed_relation {
    const char *name;
    struct lint_remark *note;
};

struct lint {
    struct arena *a;
    struct lint_options o;
    struct known known;
    struct lint_remark **note;
    size_t n_note, cap_note;
    struct read_file **file;
    size_t n_file, cap_file;

    struct names dropped; /* tables that were in use */
    struct renamed_relation *renamed;
    size_t n_renamed, cap_renamed;

    /* the present file */
    struct read_file *now;
    int last_line;  /* where the statement before it ends */
    bool sets_path; /* SET search_path came by */
    size_t n_seen;  /* statements of all files */
    /* the present transaction */
    size_t transaction;
    bool is_block; /* BEGIN ... COMMIT of the file's own */
    const char
        *held; /* the first table that is there and was locked ACCESS EXCLUSIVE; NULL: none */
    size_t n_held, n_changed;
    struct names held_all, enum_values;
    bool is_wide_told, is_large_told;

    /* the present statement */
    const struct watched *w;
    const struct statement *st;
};

/* Note it at a place of the tree; location -1, 0: the statement's own. subject may be NULL. Returns the note,
 * which may be cancelled later; never NULL. */
struct lint_remark *lint_note(struct lint *l, enum hazard rule, int location, const char *subject,
                              const char *fmt, ...) PRINTF_LIKE(5, 6);
/* The words of n bytes of the statement at its offset at become text. */
void lint_edit(struct lint_remark *n, size_t at, size_t end, const char *text);
void lint_cancel(struct lint_remark *n); /* NULL is nothing */

/* Of a comment in a line, not of a statement: "NAME what". */
void lint_mark(struct lint *l, enum hazard rule, int line, const char *name, const char *what);

/* What the comments of a file let through: read once; the reason why a note is let through, "": it is not;
 * and
 * what is wrong with the comments themselves, once all notes were asked for. */
void marks_read(struct arena *a, struct read_file *f);
const char *marks_allow(const struct lint_remark *n);
void marks_judge(struct lint *l, struct read_file *f);

/* Is the relation there already, and in use, as far as anyone can tell? */
bool lint_in_use(const struct lint *l, const char *schema, const char *name);
bool lint_range_in_use(const struct lint *l, const PgQuery__RangeVar *r);
/* "shop.orders"; in l->a. */
const char *lint_name(struct lint *l, const char *schema, const char *name);
const char *lint_range(struct lint *l, const PgQuery__RangeVar *r);
/* A name that is given: its length, whether it needs quotes, whether it has a schema where it should. */
void lint_given(struct lint *l, const char *name, int location);
void lint_given_range(struct lint *l, const PgQuery__RangeVar *r);
void lint_given_dotted(struct lint *l, struct dotted d);

/* Columns, in CREATE TABLE and ADD COLUMN alike (lint/on_column.c). */
void lint_column(struct lint *l, struct known_table *t, const PgQuery__ColumnDef *c, bool is_added);
/* A constraint of t, of column (NULL: of the table); is_added: t was there before the statement. */
void lint_constraint(struct lint *l, struct known_table *t, struct known_column *column,
                     const PgQuery__Constraint *k, bool is_added);

/* What looks at a type of statement. */
typedef void lint_fn(struct lint *l, const tree *m);
struct lint_handler {
    const ProtobufCMessageDescriptor *type;
    lint_fn *fn;
};
struct lint_handlers {
    const struct lint_handler *v;
    size_t n;
};
extern const struct lint_handlers on_table_handlers;
extern const struct lint_handlers on_index_handlers;
extern const struct lint_handlers on_drop_handlers;
extern const struct lint_handlers on_rows_handlers;
extern const struct lint_handlers on_role_handlers;
extern const struct lint_handlers on_code_handlers;
extern const struct lint_handlers on_other_handlers;

#define LINT_HANDLERS(name, rows)                                                                  \
    const struct lint_handlers name = {rows, sizeof(rows) / sizeof(rows)[0]}

#endif
