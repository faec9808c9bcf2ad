/* SQL text as tokens: what is needed to find statements where the parser cannot.
 * Owns: libpg_query's scanner, statement boundaries, the nesting bound. Knows no meaning of a statement. */
#ifndef KFMIG_SQL_TOKEN_H
#define KFMIG_SQL_TOKEN_H

#include <pg_query/pg_query.pb-c.h>

#include "base/arena.h"
#include "base/bytes.h"

#define TOK(name) PG_QUERY__TOKEN__##name
#define TOKEN_JUNK (-1) /* what this scanner does not know but a newer server may: 1_000 */

struct token {
    size_t at, end; /* offsets in the text; comments and blanks are between tokens */
    int type;       /* PgQuery__Token or TOKEN_JUNK */
};
struct tokens {
    struct token *v;
    size_t n, cap;
};

/* Tokens of text, without comments. sql is the same text with a NUL behind it. Returns 0, or -1
 * with ERR_CONFIG and the place of what is not terminated or no server would accept; out then holds
 * the tokens before that place. */
int tokens_scan(struct arena *a, const char *path, struct bytes text, struct tokens *out,
                struct err *e) MUST_CHECK;

/* A statement: tokens first .. first + n - 1, without the semicolon. */
struct slice {
    size_t first, n;
};
struct slices {
    struct slice *v;
    size_t n, cap;
};

/* Statements by semicolons outside parentheses and BEGIN ATOMIC bodies; empty ones are left out. */
void tokens_split(struct arena *a, const struct tokens *t, struct slices *out);

/* How many tokens, from the first, are whole statements with their semicolons: 0 if no statement
 * ends here. */
size_t tokens_whole(const struct tokens *t);

/* Statements as the parser found them; base: where the text that it was given begins, in the places
 * of the tokens. */
void tokens_split_as(struct arena *a, const struct tokens *t, const PgQuery__ParseResult *r,
                     size_t base, struct slices *out);

/* An upper bound for how deeply the parse tree of these tokens nests. libpg_query recurses without
 * a check: 3,000 nested sub-selects overflow its stack (measured, 8 MiB). Past TOKENS_DEEPEST a
 * text must not be parsed. */
#define TOKENS_DEEPEST 1500
unsigned tokens_height(const struct token *v, size_t n);

/* Parse a text that nobody has looked at yet, as tree_parse(); it ends with a NUL. -1 also where it nests too
 * deeply or cannot be split into tokens. All memory in scratch. */
int tokens_parse(struct arena *scratch, const char *sql,
                 const PgQuery__ParseResult **out) MUST_CHECK;

#endif
