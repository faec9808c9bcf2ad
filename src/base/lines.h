/* Where lines begin, for places of a long text: a mark for each BLOCK of it, and a short look from there.
 * Pure. */
#ifndef KFMIG_BASE_LINES_H
#define KFMIG_BASE_LINES_H

#include "base/arena.h"
#include "base/bytes.h"

/* Number and beginning of the line that a block of the text begins in. */
struct line_mark {
    uint32_t line, start;
};
struct lines {
    struct bytes text; /* borrowed */
    const struct line_mark *marks;
};

/* Marks take three bytes for a hundred of text, in a. text: below 4 GiB. A line ends as text_place() says. */
void lines_find(struct arena *a, struct bytes text, struct lines *out);

/* Line and column of an offset, both from 1, as text_place() counts them; in constant time. */
void lines_place(const struct lines *l, size_t offset, int *line, int *col);

#endif
