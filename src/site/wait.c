/* Waiting until an environment's server answers. */
#include "site/wait.h"

#include <string.h>

#include "base/clock.h"

enum { PAUSE_MS = 50, PAUSE_MOST_MS = 1000, CONNECT_MS = 10000 };

/* Not more than is asked for a plan's first refusals: entries are not read. *may_come: what it
 * failed with may pass. */
static int try_once(struct site *s, bool *may_come, struct err *e)
{
    s->id = (struct identity){.version = 0};
    if (site_connect(s, e) != 0 || ledger_identify(s->pg, &s->id, e) != 0) {
        *may_come = pg_may_answer_later(e);
        return -1;
    }
    *may_come = s->id.in_recovery;
    return site_refuse_wrong(s, e);
}

static void say_why(const struct site *s, const char **said, const struct err *e)
{
    if (*said == NULL || strcmp(*said, e->msg) != 0) {
        *said = arena_strdup(s->a, e->msg);
        tell_note(&s->ear, "%s: not yet: %s", s->env->name, e->msg);
    }
}

static int fail_late(const struct site *s, int64_t timeout_ms, struct err *e)
{
    if (timeout_ms == 0) {
        return -1;
    }
    return err_wrap(e, e->code, "%s did not answer within %.1f s: %s", s->env->name,
                    (double)timeout_ms / 1000.0, e->msg);
}

int site_wait(struct site *s, int64_t timeout_ms, struct waited *out, struct err *e)
{
    int64_t start = clock_ms();
    int64_t pause = PAUSE_MS;
    const char *said = NULL;
    *out = (struct waited){.environment = s->env->name};
    for (;;) {
        int64_t left = timeout_ms - (clock_ms() - start);
        s->o.connect_ms = timeout_ms > 0 && left < CONNECT_MS ? (left > 0 ? left : 1) : CONNECT_MS;
        *e = (struct err){0};
        out->tries++;
        bool may_come = false;
        int rc = try_once(s, &may_come, e);
        out->version = s->id.version;
        out->database = s->id.database;
        out->has_ledger = s->id.has_ledger;
        site_leave(s);
        out->ms = clock_ms() - start;
        if (rc == 0 || !may_come) {
            return rc;
        }
        if (ear_stops(&s->ear) != ERR_NONE) {
            return err_set(e, ERR_INTERRUPTED, "interrupted while waiting for %s", s->env->name);
        }
        if (out->ms >= timeout_ms) {
            return fail_late(s, timeout_ms, e);
        }
        say_why(s, &said, e);
        clock_sleep_ms(pause < timeout_ms - out->ms ? pause : timeout_ms - out->ms);
        pause = pause * 2 < PAUSE_MOST_MS ? pause * 2 : PAUSE_MOST_MS;
    }
}
