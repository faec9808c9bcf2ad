/* migrate-safe: reference 004's script interface, on the machinery of the other verbs.
 * Owns: which of it each mode runs, where that reference's files lie beneath the project, and what its exit
 * statuses mean. */
#ifndef KFMIG_FLOW_SAFE_H
#define KFMIG_FLOW_SAFE_H

#include "flow/converge.h"
#include "flow/inspect.h"

enum safe_mode {
    SAFE_DRY_RUN,
    SAFE_PREFLIGHT,
    SAFE_APPLY,
    SAFE_POSTFLIGHT,
    SAFE_ROLLBACK,
    SAFE_MODES
};
const char *safe_mode_text(enum safe_mode m); /* "dry-run" */

/* The rows of schema public, as backups/migrations/backup-TIME.sql.gz: for site_options. */
extern const struct backup_rule safe_backup;

/* The environment that DATABASE_URL leads to: the implicit one, or the only one whose reference it is.
 * -1 with ERR_CONFIG: the variable is not set, there is no such environment, there are several. */
int safe_env(const struct project *p, const struct env **out, struct err *e) MUST_CHECK;

/* Restrict s's plan to everything, by name: what a rollback took back is pending again, as in reference
 * 004. *targets for a writing order, in s->a; none: nothing was taken back. */
int safe_select(struct site *s, const char *const **targets, size_t *n, struct err *e) MUST_CHECK;

/* Where the report is kept: logs/preflight-report-TIME.json; in s->a. */
const char *safe_report(const struct site *s, const struct inspection *x);

/* What kfmig's status is in that mode: 1 preflight, 2 migration, 3 postflight, 4 rollback, 5 configuration.
 * What that reference does not know (6 in doubt, 7 locked, 8 integrity, 130) stays as it is. */
int safe_status(enum safe_mode m, int status);

#endif
