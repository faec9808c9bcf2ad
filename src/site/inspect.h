/* What preflight and postflight ask an environment's server.
 * Owns: the questions that its plan leads to. What follows from the answers is flow/inspect.h's. */
#ifndef KFMIG_SITE_INSPECT_H
#define KFMIG_SITE_INSPECT_H

#include "site/site.h"
#include "store/postgis/generation.h"
#include "store/postgis/inspect.h"

/* What the selected steps of s's plan do, as far as their text says it: deeds, extensions, concurrently of
 * out. For src/site only. */
void inspect_deeds(const struct site *s, struct inspect_wanted *out);

/* As inspect_server() (store/postgis/inspect.h), about what s's plan is to run; -1 as there. */
int site_inspect(struct site *s, struct inspection *x, struct err *e) MUST_CHECK;
/* As inspect_keys(). */
int site_keys(const struct site *s, bool all, struct inspect_key **v, size_t *n,
              struct err *e) MUST_CHECK;
/* As inspect_query(), with q's time to wait and whom to ask filled in. */
int site_query(struct site *s, struct inspect_query q, bool *denied, int64_t *rows,
               struct err *e) MUST_CHECK;
/* The rows of source i of p as they are live: how many, and where, by the first geometry that the mapping
 * fills. */
int site_measure(struct site *s, const struct projection *p, size_t i, struct extent_facts *out,
                 struct err *e) MUST_CHECK;

#endif
