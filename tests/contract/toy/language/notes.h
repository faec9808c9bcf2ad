/* The language of the toy store: a statement a line ("drop COLLECTION/OBJECT", "find COLLECTION WORD"), or a line
 * "put COLLECTION/OBJECT" with the lines behind it up to one that is ".". "#" begins a comment.
 * Owns: its statements and what they touch. Pure. */
#ifndef KFMIG_NOTES_NOTES_H
#define KFMIG_NOTES_NOTES_H

#include "model/script.h"

/* struct language's parse. */
int notes_parse(struct arena *a, const char *path, struct bytes text, struct script *out,
                struct err *e);

#endif
