/* SQL text as words, just far enough to read the head of a statement whose tag is known already.
 * Owns: comments, quotes, dotted names. Knows no grammar; what it cannot place, its caller leaves to a person. */
#ifndef KFMIG_CLI_WORDS_H
#define KFMIG_CLI_WORDS_H

#include <stdbool.h>

#include "base/bytes.h"

struct words {
    struct bytes text;
    size_t at;
};

/* The next word: an identifier, a number, a whole quoted thing, or one character. An empty view at the end. Borrowed. */
struct bytes words_next(struct words *w);
struct bytes words_peek(const struct words *w);
bool word_is(struct bytes word, const char *keyword); /* ASCII case aside */
/* Skip the next word if it is this one. */
bool words_skip(struct words *w, const char *keyword);
/* A name as it is written, dots and quotes included: kfm_ref."County". An empty view if the next word is no name. */
struct bytes words_name(struct words *w);
/* The end of the list item that begins here: the offset of a comma outside parentheses, or the text's end. */
size_t words_item_end(const struct words *w);
/* Rows of "VALUES (...), (...)" from here: groups in parentheses, or -1 if what follows them is more than a comma. */
int64_t words_value_rows(struct words *w);

#endif
