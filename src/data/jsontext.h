/* JSON as text (RFC 8259).
 * Owns: checking a whole JSON text without making a tree of it, and writing a string. Must not know
 * readers or columns. */
#ifndef KFMIG_DATA_JSONTEXT_H
#define KFMIG_DATA_JSONTEXT_H

#include "base/bytes.h"

/* One JSON value and nothing else but blanks around it: nesting at most 64, no duplicate member, no lone
 * surrogate. text is UTF-8. as_jsonb: also nothing that PostgreSQL's jsonb cannot keep (\u0000, numbers
 * beyond numeric). -1 with *why set to a constant phrase. */
int json_check(struct bytes text, bool as_jsonb, const char **why) MUST_CHECK;

/* Append text as a JSON string with its quotes. */
void json_quote(struct buf *out, struct bytes text);

#endif
