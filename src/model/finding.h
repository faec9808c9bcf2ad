/* Findings: what one rule says about one thing. A gate's verdict, a check's fault and the result of a
 * verification are the same struct.
 * Owns: struct finding, its list, the only ways to make one. Pure.
 * Invariant: a finding that passed has no text. finding_pass() takes none, finding_fail() cannot do
 * without, and nothing else makes one, so that a verdict and its words never disagree. */
#ifndef KFMIG_MODEL_FINDING_H
#define KFMIG_MODEL_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* What `kfmig check` judges by, as model/check.def says. */
enum check {
#define CHECK(name, rule, about) CHECK_##name,
#include "model/check.def"
#undef CHECK
    CHECKS
};
const char *check_rule(enum check c); /* "declaration" */

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITIES };
const char *severity_text(enum severity s); /* "note", "warning", "error" */

/* No text is NULL: "" where there is nothing to say. All of it is policy-safe: names and figures, never
 * values. Texts are borrowed from, or live in, the arena of the list.
 * rule      what was judged: "scope", "limit max_row_backfill", "invariant invariants/x.sql".
 * path      the file to look at, "" if there is none; line and col count from 1, 0 is unknown.
 * subject   the one thing that it is about ("table audit.log"), "" where the rule is about the whole.
 * text      what is wrong, one line without a trailing stop; "" exactly where passed.
 * hint      what to do about it.
 * fix       the line of a file that would make it pass ("scope.allowed_schemas: [app, audit]").
 * waived_by what lets a failed one through; "": nothing does.
 * is_unknown  nobody could tell whether it holds: it did not pass, and text says why nobody could. */
struct finding {
    const char *rule;
    enum severity severity;
    bool passed, is_unknown;
    const char *path;
    int line, col;
    const char *subject;
    const char *text;
    const char *hint;
    const char *fix;
    const char *waived_by;
};

/* In the order in which they were found; zero-initialise. To begin anew: n = 0. */
struct findings {
    struct finding *v;
    size_t n, cap;
};

/* The rule holds. rule is borrowed; the list grows in a. */
void finding_pass(struct arena *a, struct findings *l, const char *rule);

/* The rule does not hold (an error, until its severity is set otherwise), with what is wrong, which may
 * not be empty. rule is borrowed, the text is in a. Returns the finding, for subject, place, hint and fix;
 * valid until the list grows. */
struct finding *finding_fail(struct arena *a, struct findings *l, const char *rule, const char *fmt,
                             ...) PRINTF_LIKE(4, 5);

/* Nobody can tell whether the rule holds, for which text says the reason; else as finding_fail(): what is not
 * known stands in the way. */
struct finding *finding_unknown(struct arena *a, struct findings *l, const char *rule,
                                const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Does it stand in the way? An error that failed and that nothing waives. */
bool finding_stops(const struct finding *f);

/* The first in the list that stands in the way; NULL: none. n_stopping (may be NULL) receives how many do. */
const struct finding *findings_stopping(const struct findings *l, size_t *n_stopping);

/* By path, line and column, then as they were found. */
void findings_sort(struct findings *l);

/* "pass", "waived" or "fail", as receipts say it; "unknown" where nobody could tell. */
const char *finding_result(const struct finding *f);

#endif
