/* libpg_query's parse tree: getting one, and reading it.
 * Owns: unpacking into an arena, and the small accessors every analysis needs. Knows nothing of touches. */
#ifndef KFMIG_SQL_TREE_H
#define KFMIG_SQL_TREE_H

#include <pg_query/pg_query.pb-c.h>
#include <stdbool.h>

#include "base/arena.h"

typedef ProtobufCMessage tree; /* any message of the tree; its descriptor says which */

/* Parse NUL-terminated SQL. All memory in scratch. Returns 0, or -1 where the parser does not know
 * the text; *stop (may be NULL) is then the offset where it stopped.
 * The caller has made sure that the text is not nested too deeply (tokens_height()). */
int tree_parse(struct arena *scratch, const char *sql, const PgQuery__ParseResult **out,
               size_t *stop) MUST_CHECK;

/* What a Node holds, or NULL. */
const tree *tree_of(const PgQuery__Node *n);
static inline bool tree_is(const tree *m, const ProtobufCMessageDescriptor *type)
{
    return m != NULL && m->descriptor == type;
}

/* Call fn for each direct child message, in field order. */
typedef void tree_fn(void *ctx, const tree *child);
void tree_children(const tree *m, tree_fn *fn, void *ctx);

/* The text of a String node, or NULL. */
const char *tree_string(const PgQuery__Node *n);

/* The text of a string constant, also behind casts ('a.b'::regclass), or NULL. */
const char *tree_literal(const PgQuery__Node *n);

/* A list of nodes, borrowed; tree_items() of a Node that is no List is empty. */
struct tree_list {
    PgQuery__Node *const *v;
    size_t n;
};
struct tree_list tree_list(PgQuery__Node *const *v, size_t n);
struct tree_list tree_items(const PgQuery__Node *n);

/* A possibly qualified name; schema is "" where the text has none. A database name in front is dropped. */
struct dotted {
    const char *schema;
    const char *name;
};
struct dotted tree_dotted(struct tree_list names);

/* The option of that name in a list of DefElem, or NULL. */
const PgQuery__DefElem *tree_option(struct tree_list options, const char *name);

/* Whether a Boolean option is on: absent: other; without a value: true. */
bool tree_option_on(struct tree_list options, const char *name, bool other);

#endif
