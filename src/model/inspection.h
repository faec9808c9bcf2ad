/* What was looked at before or after a change, and what was found: preflight and postflight. Plain data and
 * the table of checks (model/inspect.def). Pure. */
#ifndef KFMIG_MODEL_INSPECTION_H
#define KFMIG_MODEL_INSPECTION_H

#include "base/digest.h"
#include "base/err.h"
#include "model/operations.h"

enum inspect {
#define INSPECT(name, id, when, severity, threshold, asks, advice) INSPECT_##name,
#include "model/inspect.def"
#undef INSPECT
    INSPECTS
};
enum { WHEN_BEFORE = 1, WHEN_AFTER = 2, WHEN_BOTH = 3 };
enum { NO_THRESHOLD = THRESHOLDS };

struct inspect_row {
    const char *id;
    unsigned when;
    enum severity severity;
    int threshold; /* THRESHOLD_x, or NO_THRESHOLD */
    const char *asks, *advice;
};
const struct inspect_row *inspect_row(enum inspect i);

/* A figure that a program said. NULL, false: it said none. */
struct inspect_figure {
    const struct probe *probe;
    const char *figure; /* as printed, a number */
    int64_t ms;
};

/* All of it. All texts live in the arena of whoever filled it.
 * was_asked  the check was made: with no finding it passed; else it does not concern this environment.
 * pending .. dirty  of migrations: to be run, blocked, applied; steps that were begun and not finished.
 * checksum   of the managed schemas, as the ledger has it; zero: there is none, or something differs. */
struct inspection {
    bool is_after;
    const char *env, *timestamp, *database, *role, *instance, *last_applied;
    bool is_protected;
    int server_version;
    bool has_plan;
    struct digest plan, checksum;
    size_t pending, blocked, applied, dirty;
    bool was_asked[INSPECTS];
    struct findings found; /* rules are ids of the table */
    struct inspect_figure *figures;
    size_t n_figures;
};

/* A finding of that check in x: as the table says how severe; in a. */
struct finding *inspect_fail(struct arena *a, struct inspection *x, const struct env *env,
                             enum inspect i, bool is_unknown, const char *text);
/* What came of one check: "pass", "warning", "fail", "unknown" (an error that nobody could tell), "-": it
 * does not concern this environment. */
const char *inspect_result(const struct inspection *x, enum inspect i);
/* The first that stands in the way; NULL: none. *n (may be NULL): how many do. */
const struct finding *inspect_stopping(const struct inspection *x, size_t *n);

#endif
