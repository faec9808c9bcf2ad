/* Looking at an environment before and after it is changed: `kfmig preflight`, `kfmig postflight`.
 * Owns: which checks are made, and the order. What a server is asked: store/postgis/inspect.h; the table:
 * model/inspect.def. Nothing is changed, but for a confirmation that a person gives. */
#ifndef KFMIG_FLOW_INSPECT_H
#define KFMIG_FLOW_INSPECT_H

#include "flow/writing.h"
#include "model/inspection.h"

/* is_after: postflight. expect: the migration that is to be the last one applied, NULL: any. counts_all: the
 * rows behind every foreign key, not only behind those that may not hold. */
struct inspect_options {
    bool is_after, counts_all;
    const char *expect;
};
/* s has a plan, restricted to what is meant. *x in s->a. -1: it could not be looked at to the end. */
int inspect(struct site *s, const struct inspect_options *o, struct inspection *x,
            struct err *e) MUST_CHECK;
/* The plan could not be made: identity, which is all that is known. -1: why says nothing of the database, and
 * is *e. */
int inspect_refused(const struct site *s, const struct inspect_options *o, const struct err *why,
                    struct inspection *x, struct err *e) MUST_CHECK;
/* What stands in the way, as an error: ERR_PREFLIGHT, postflight ERR_VALIDATE. 0: nothing does. */
int inspect_verdict(const struct inspection *x, struct err *e) MUST_CHECK;
/* Where its document is kept: state/logs/KIND-ENV-TIME.json; in s->a. */
const char *inspect_path(const struct site *s, const struct inspection *x);
/* Keep it there. -1 with ERR_LEAK: it would hold a secret. */
int inspect_keep(const struct site *s, const char *path, const struct doc *d,
                 struct err *e) MUST_CHECK;

/* Milliseconds since a time of the ledger ("2026-..Z"), by this machine's clock; -1: it cannot be read. */
int64_t inspect_age(const char *at);

/* Items of the checklist ("A,B", each by its whole text) are confirmed for the plan that s has: an entry of
 * kind "confirm" each, which makes no fact. What was confirmed already is not again. -1 with ERR_CONFIG:
 * there is no such item. */
int inspect_confirm(struct site *s, const char *items, const struct writing_order *o,
                    struct result *r, struct err *e) MUST_CHECK;

#endif
