/* Parts of looking at an environment; for src/flow/inspect*.c only. */
#ifndef KFMIG_FLOW_INSPECT_PARTS_H
#define KFMIG_FLOW_INSPECT_PARTS_H

#include "flow/inspect.h"

/* What only postflight looks at: foreign keys, invariants, projections, queries, smoke. */
int inspect_after(struct site *s, const struct inspect_options *o, struct inspection *x,
                  struct err *e) MUST_CHECK;
/* The declared policy probes. */
int inspect_policies(struct site *s, struct inspection *x, struct err *e) MUST_CHECK;

/* A finding of that check about subject; text is made in s->a. */
struct finding *inspect_add(const struct site *s, struct inspection *x, enum inspect i,
                            const char *subject, const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
