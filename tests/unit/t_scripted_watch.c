/* layer: site scripted */
/* What failed for a lock is told with who had it, and only that; and a phase begins a wait anew. */
#include "scripted_site.h"
#include "site/watch.h"

static struct setting t;

#define CONNECT "connect -> ok\n"
#define ASKED(row) "2: connect -> ok\n2: @site_blockers(101) -> rows" row "\n"
#define BLOCKED " psql | 9 | ann | active | NULL | ShareLock | app.t | NULL"
#define SLOW "1: SELECT slow() -> wait=1400 error "
#define WAITS                                                                                      \
    "waiting: waiting for the lock ShareLock on app.t, held by psql (pid 9, user ann, active)|"
#define HELD                                                                                       \
    "it was waiting for the lock ShareLock on app.t, held by psql (pid 9, user ann, active); run " \
    "it again when that has ended"

/* clang-format off */
static const struct {
    const char *name, *script;
    enum tell_kind kind; /* told between the statement and its failure; TELL_TICK: nothing */
    const char *words;   /* all that was heard behind the statement */
} scenarios[] = {
    {"a lock is not had, and somebody had it", CONNECT SLOW "55P03\n" ASKED(BLOCKED), TELL_TICK, WAITS "failed: lock_not_available (55P03)|" HELD "|"},
    {"a deadlock, and somebody had the lock", CONNECT SLOW "40P01\n" ASKED(BLOCKED), TELL_TICK, WAITS "failed: deadlock_detected (40P01)|" HELD "|"},
    {"a lock is not had, and nobody was seen with it", CONNECT SLOW "55P03\n" ASKED(""), TELL_TICK, "failed: lock_not_available (55P03)|mine|"},
    {"something else fails, and it had waited", CONNECT SLOW "23505\n" ASKED(BLOCKED), TELL_TICK, WAITS "failed: unique_violation (23505)|mine|"},
    {"a phase came between, who had the lock stays known", CONNECT SLOW "55P03\n" ASKED(BLOCKED), TELL_PHASE, WAITS "phase: check|failed: lock_not_available (55P03)|" HELD "|"},
    {"another migration came between", CONNECT SLOW "55P03\n" ASKED(BLOCKED), TELL_BEGIN, WAITS "begin: check|failed: lock_not_available (55P03)|mine|"},
    {"who blocks may not be asked, once", CONNECT "1: SELECT slow() -> wait=2400 error 55P03\n2: connect -> ok\n2: @site_blockers(101) -> error 42501\n2: @site_blockers(101) -> rows" BLOCKED "\n", TELL_TICK,
     WAITS "failed: lock_not_available (55P03)|" HELD "|"},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static void play(size_t i)
{
    struct err e = {0};
    struct watch w;
    char words[128];
    setting_project("");
    setting_open(&t, "dev", "", 0);
    setting_play(&t, scenarios[i].script);
    int rc = site_connect(&t.s, &e);
    watch_init(&w, &t.ear, &t.s);
    tell(&w.front, &(struct tell){.kind = TELL_BEGIN, .target = "M-1"});
    tell(&w.front, &(struct tell){.kind = TELL_STATEMENT, .target = "M-1", .what = "SELECT"});
    size_t from = t.heard.n;
    rc = rc == 0 ? pg_statement(t.s.pg, bytes_str("SELECT slow()"), &w.wait, NULL, NULL, &e) : -2;
    if (scenarios[i].kind != TELL_TICK) {
        tell(&w.front,
             &(struct tell){.kind = scenarios[i].kind, .target = "check", .what = "check"});
    }
    (void)snprintf(words, sizeof words, "%s (%s)", e.condition, e.sqlstate);
    (void)snprintf(e.msg, sizeof e.msg, "%s", words);
    (void)snprintf(e.hint, sizeof e.hint, "mine");
    tell(&w.front, &(struct tell){.kind = TELL_FAILED, .target = "M-1", .fault = &e});
    bool good = rc == -1 && strcmp(t.heard.text + from, scenarios[i].words) == 0 &&
                strcmp(e.hint, "mine") == 0 && ear_stops(&w.front) == ERR_NONE;
    if (!good) {
        printf("# rc %d: %s\n", rc, t.heard.text + from);
    }
    watch_close(&w);
    setting_close(&t);
    ok(pq_played() && good, scenarios[i].name);
}

int main(void)
{
    return setting_each(N, play);
}
