/* For src/store/postgis/restate*.c only. */
#ifndef KFMIG_STORE_POSTGIS_RESTATE_PARTS_H
#define KFMIG_STORE_POSTGIS_RESTATE_PARTS_H

#include <string.h>

#include "store/postgis/restate.h"

/* In this order: what hangs on others goes first and comes last. */
enum stage {
    STAGE_DROP_PART, /* triggers, rules, policies, foreign keys */
    STAGE_DROP,      /* objects, the newest first */
    STAGE_DROP_INNER,
    STAGE_DROP_LAST, /* indexes of partitions, which go with those of the whole */
    STAGE_MAKE,      /* objects, the oldest first */
    STAGE_COLUMN,
    STAGE_INNER, /* constraints, indexes */
    STAGE_KEY,   /* foreign keys */
    STAGE_REPLACE,
    STAGE_PART,
    STAGE_REST /* comments, options, owners */,
    STAGE_GIVE /* privileges */
};

/* One object under way. name, kind: as SQL; done: of each of t->v. */
struct restating {
    struct arena *a;
    const struct restate_task *t;
    const char *name, *kind;
    bool *done;
    struct restatements *out;
};

static inline bool begins(const char *text, const char *with)
{
    return text != NULL && strncmp(text, with, strlen(with)) == 0;
}
/* Neither is there, or both say the same. */
static inline bool same(const char *x, const char *y)
{
    return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

/* --- restate_value.c: pieces of facets' values --- */

/* The name as SQL: quoted where it must be. In a. */
const char *restate_name(struct arena *a, const char *name);
const char *restate_qualified(struct arena *a, const char *schema, const char *name);
/* 'text', in a. */
const char *restate_literal(struct arena *a, const char *text);
/* The text without its marks; NULL: some of it is known by its digest alone. In a. */
const char *restate_text(struct arena *a, const char *value);
/* Is there a text between marks in it? */
bool restate_is_marked(const char *value);
/* The first text between marks; NULL: none is. In a. */
const char *restate_marked(struct arena *a, const char *value);
/* "tables" as TABLES. In a. */
const char *restate_upper(struct arena *a, const char *words);
/* value in pieces: out[0] is what stands before the first of the keys, out[1 + i] what follows keys[i], NULL
 * where that is missing. Keys are looked for outside of quotes and marks, and begin with a blank. In a. */
void restate_split(struct arena *a, const char *value, const char *const *keys, size_t n,
                   const char **out);
/* "a, b(c, d)" at its commas, outside of quotes, parentheses and marks. NULL ends it. In a. */
const char **restate_list(struct arena *a, const char *text);
/* The value of a setting as SET has it behind TO. In a. */
const char *restate_setting(struct arena *a, const char *name, const char *value);
/* "name=value"; value NULL: without "=". */
struct restate_option {
    const char *name, *value;
};
/* The first of options or settings ("name=value, ...", commas in values escaped), which are not at their end;
 * *p then stands at the next one. In a. */
struct restate_option restate_next_option(struct arena *a, const char **p);
/* Options as the facet has them ("name=value, ...", commas in values escaped) that are in list and not in
 * other, as "name='value'"; names_only: only names, of those in list that other has no name of. In a. */
const char *restate_options(struct arena *a, const char *list, const char *other, bool names_only);

/* --- restate.c: what the others say it by --- */

void restate_add(struct restating *r, enum stage stage, const char *facet, const char *sql);
/* With sql NULL the facet is open. */
void restate_open(struct restating *r, const char *facet);
/* The value of a facet in the state that is made, whether it differs or not; NULL: it has none. */
const char *restate_now(const struct restating *r, const char *facet);
const char *restate_was(const struct restating *r, const char *facet);
/* The differing facet, or NULL; done: nobody else has to say it. */
const struct facet_pair *restate_pair(const struct restating *r, const char *facet);
void restate_done(struct restating *r, const char *facet);
/* COMMENT ON of to, where text (of a facet, NULL: none) says so. */
void restate_comment(struct restating *r, const char *facet, const char *on, const char *was,
                     const char *now);
/* GRANT and REVOKE on what ("TABLE app.t"; columns: "(note)" or ""), from one list of privileges to another.
 */
void restate_privileges(struct restating *r, const char *facet, const char *columns,
                        const char *what, const char *was, const char *now);
/* ALTER DEFAULT PRIVILEGES, facet "for OWNER on TABLES". */
void restate_default_privileges(struct restating *r, const struct facet_pair *p);

/* --- by kind of object --- */

/* Make the object: one statement or more, with the facets done that they say; what cannot be made is open.
 * table: restate_table.c; code (views, functions, types): restate_kind.c; the rest: restate_other.c. */
void restate_make_table(struct restating *r);
void restate_make_code(struct restating *r);
void restate_make_other(struct restating *r);
/* Say p; false: that is not known here. part: what hangs on a table (restate_part.c). */
bool restate_table(struct restating *r, const struct facet_pair *p);
bool restate_part(struct restating *r, const struct facet_pair *p);
bool restate_code(struct restating *r, const struct facet_pair *p);
bool restate_other(struct restating *r, const struct facet_pair *p);
/* Must the object be made anew, as one of its differing facets cannot be said alone? */
bool restate_as_whole(const struct restating *r);
/* "bigint start 1 increment 1 ..." as CREATE SEQUENCE has it. In a. */
const char *restate_sequence(struct arena *a, const char *value);

#endif
