/* A migration that is applied gets another text of the same effect: `kfmig adopt ENV --migration=ID`.
 * Owns: trying the text that was applied and the one that is here, each in a throwaway database behind what
 * they depend on, and holding what they leave against each other. */
#ifndef KFMIG_FLOW_REWORD_H
#define KFMIG_FLOW_REWORD_H

#include "flow/writing.h"

/* What is applied as id in s; NULL: nothing. Borrowed from s's past. */
const struct fact *reword_applied(const struct site *s, const char *id);
/* Is b applied in s with another text than it has here? */
bool reword_wanted(const struct site *s, const struct bundle *b);

/* Record that b, for which that holds, has its present text from here on: an entry "apply" without objects,
 * whose receipt names both checksums (claim.replaces). s is planned; order as for found(). -1 with
 * ERR_PREFLIGHT: the environment is protected; one of the texts cannot be tried; they leave other objects,
 * or do other things to rows, which an empty database does not show. Nothing was written then. */
int reword(struct site *s, struct bundle *b, const struct writing_order *order, struct result *r,
           struct err *e) MUST_CHECK;

/* For tests too. The statements of these scripts whose effect is not all in the structure that they leave,
 * in their order: do both lists say the same, byte for byte? line: where of now they do not, 0: at its
 * end. */
bool reword_same_rows(const struct script *was, size_t n_was, const struct script *now,
                      size_t n_now, int *line);

#endif
