/* Definitions as the ledger has them: the texts that were built, whatever files say now.
 * Owns: which entry built one, and a bundle made of it. */
#ifndef KFMIG_FLOW_BUILT_H
#define KFMIG_FLOW_BUILT_H

#include "site/site.h"

/* The last entry before sequence that built definition id; where there is none, the first one at all.
 * NULL: it
 * was never built. */
const struct entry *built_find(const struct site *s, const char *id, int64_t sequence);
/* b, whose decl is there, with the text of entry en in place of its file's; what it makes and needs is what
 * either says, as either may stand there. In s->a. -1: ERR_INTEGRITY, or the ledger could not be asked. */
int built_read(struct site *s, const struct entry *en, struct bundle *b, struct err *e) MUST_CHECK;
/* A definition whose file is gone, as f's run built it, with a declaration out of its receipt. The same. */
int built_gone(struct site *s, const struct fact *f, struct bundle *b, struct err *e) MUST_CHECK;

#endif
