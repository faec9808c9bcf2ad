/* The beginning of one statement, read word by word, where the text as written is wanted and not its meaning.
 * Owns: a cursor over the scanner's tokens. What it cannot place, its caller leaves to a person. */
#ifndef KFMIG_SQL_HEAD_H
#define KFMIG_SQL_HEAD_H

#include <stdbool.h>

#include "sql/token.h"

struct head {
    struct bytes text;
    struct tokens tokens;
    size_t i; /* the token to be read */
};

/* Stand at the first token of text, which is borrowed. Tokens in scratch. Returns 0, or -1 where
 * the scanner does not know the text. */
int head_open(struct arena *scratch, struct bytes text, struct head *out) MUST_CHECK;

/* Whether the next tokens are these words, separated by blanks in words: "IF NOT EXISTS". ASCII
 * case aside; a quoted name is no word. */
bool head_is(const struct head *h, const char *words);

/* Step over these words. Returns false, and stays, if something else stands there. */
bool head_skip(struct head *h, const char *words);

/* The name that stands here, as written, with dots and quotes: kfm_ref."County". Empty, and the
 * cursor stays, if there is none. Borrowed from the text. */
struct bytes head_name(struct head *h);

/* What stands in front of the last dot of a name, dot included (empty if it has none), and what
 * follows it. */
struct bytes head_qualifier(struct bytes name);
struct bytes head_last(struct bytes name);

/* The parenthesis that opens here, up to the one that closes it, both included. Empty if none opens here. */
struct bytes head_group(struct head *h);

/* What stands between here and the next of these words outside parentheses, or the end of the text
 * where it does not come; the cursor then stands at the words. stop: several alternatives,
 * separated by "|". */
struct bytes head_until(struct head *h, const char *stop);

/* Nothing is left. */
bool head_at_end(const struct head *h);

#endif
