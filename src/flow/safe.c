/* migrate-safe: what reference 004's script does, by what there is. */
#include "flow/safe.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "flow/backup.h"
#include "model/operations.h"

static const char variable[] = "DATABASE_URL";

const struct backup_rule safe_backup = {.is_wanted = true, .rows_of = "public"};

const char *safe_mode_text(enum safe_mode m)
{
    static const char *const texts[] = {[SAFE_DRY_RUN] = "dry-run",
                                        [SAFE_PREFLIGHT] = "preflight",
                                        [SAFE_APPLY] = "apply",
                                        [SAFE_POSTFLIGHT] = "postflight",
                                        [SAFE_ROLLBACK] = "rollback"};
    return texts[m];
}

int safe_env(const struct project *p, const struct env **out, struct err *e)
{
    const char *url = getenv(variable);
    size_t n = 0;
    if (url == NULL || url[0] == '\0') {
        err_set(e, ERR_CONFIG, "%s is not set", variable);
        return err_hint(e, "export %s=postgresql://USER@HOST/DATABASE", variable);
    }
    for (size_t i = 0; i < p->n_env; i++) {
        const struct env *x = &p->env[i];
        if (x->implicit || (x->dsn_ref != NULL && strcmp(x->dsn_ref, variable) == 0)) {
            *out = x;
            n++;
        }
    }
    if (n == 1) {
        return 0;
    }
    err_set(e, ERR_CONFIG, "%s environment of registry/environments.v1.yml has `dsn_ref: %s`",
            n == 0 ? "no" : "more than one", variable);
    return err_hint(e,
                    "migrate-safe works on the database that %s names; `kfmig build ENV` on "
                    "any environment",
                    variable);
}

static bool is_blocked_by(const struct step *x, enum reason_code code)
{
    return x->state == STATE_BLOCKED && x->reasons[0].code == code;
}

int safe_select(struct site *s, const char *const **targets, size_t *n, struct err *e)
{
    bool is_needed = false;
    bool is_unsafe = false;
    const struct plan *p = &s->plan;
    const char **all = ARENA_ARRAY(s->a, const char *, p->n_migrations + p->n_projections + 1);
    *n = 0;
    *targets = all;
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *x = &p->v[i];
        is_needed = is_needed || is_blocked_by(x, REASON_ROLLED_BACK);
        /* A name would let these through, too, and nobody gave one. */
        is_unsafe = is_unsafe || is_blocked_by(x, REASON_APPLIED_TWIN) ||
                    is_blocked_by(x, REASON_RESEMBLES);
        if (!step_is_absent(x)) {
            all[(*n)++] = arena_strdup(s->a, step_name(x));
        }
    }
    *n = is_needed && !is_unsafe ? *n : 0;
    return *n > 0 ? plan_restrict(&s->plan, all, *n, e) : 0;
}

const char *safe_report(const struct site *s, const struct inspection *x)
{
    char stamp[CLOCK_TEXT];
    return arena_printf(s->a, "logs/%s-report-%s.json", x->is_after ? "postflight" : "preflight",
                        clock_stamp(x->timestamp, stamp));
}

int safe_status(enum safe_mode m, int status)
{
    static const int wrong[] = {[SAFE_DRY_RUN] = 1,
                                [SAFE_PREFLIGHT] = 1,
                                [SAFE_APPLY] = 0,
                                [SAFE_POSTFLIGHT] = 3,
                                [SAFE_ROLLBACK] = 4};
    bool is_its = status >= 1 && status <= 4;
    return is_its && wrong[m] != 0 ? wrong[m] : status;
}
