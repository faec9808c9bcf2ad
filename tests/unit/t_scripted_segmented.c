/* layer: run scripted */
/* A migration in segments, whole: a transaction, an index that is made concurrently, another transaction, an invariant, the gates and
 * the entry. The index misbehaves in each way; every question to the server goes wrong once, and the next run goes on from there: each
 * row stands once, the index is made once, and what is said is true. */
#include "scripted_segments.h"

/* --- every question goes wrong once */

static void sweep(const char *answer, bool takes_effect, const char *name)
{
    int n_lies = 0;
    segments_begin(WILLING);
    int last = segments_go(0, NULL);
    scene_close(&t);
    for (int n = 3; n <= last; n++) {
        segments_begin(WILLING);
        ledger.kept = takes_effect;
        (void)segments_go(n, answer);
        char first[256];
        (void)snprintf(first, sizeof first, "%.255s", t.o.failure.msg);
        const char *why = segments_lie();
        const char *later = segments_second();
        if (why != NULL || later != NULL) {
            printf("# question %d of %d: %s: %s\n", n, last, why != NULL ? why : later, first);
            n_lies++;
        }
    }
    ok(n_lies == 0 && last > 60, name);
}

/* --- the index misbehaves */

#define SECOND "M-1: stands: 1 of 3 segments; segment 2 (CREATE INDEX index app.i): "

/* clang-format off */
static const struct {
    const char *name;
    enum mood mood;
    int index; /* that stands there before; OTHER: somebody else's */
    enum run_result result;
    enum err_code code;
    const char *words;
    int left, dropped;
} moods[] = {
    {"nothing goes wrong", WILLING, ABSENT, RUN_SUCCESS, ERR_NONE, "", VALID, 0},
    {"it is refused, and half of it taken away", REFUSES, ABSENT, RUN_FAILED, ERR_APPLY, SECOND "the server refused the statement: unique_violation (23505)", ABSENT, 1},
    {"half of it cannot be taken away", HOLDS, ABSENT, RUN_FAILED, ERR_APPLY, "M-1: stands: 1 of 3 segments, and perhaps a part of segment 2; segment 2 (CREATE INDEX index app.i): ", INVALID, 0},
    {"the session dies, and half of it is taken away", DIES, ABSENT, RUN_FAILED, ERR_APPLY, SECOND, ABSENT, 1},
    {"the session dies, and the backend goes on", GOES_ON, ABSENT, RUN_SUCCESS, ERR_NONE, "", VALID, 0},
    {"it says that it made it", IDLE, ABSENT, RUN_FAILED, ERR_APPLY, "M-1: stands: 1 of 3 segments, and perhaps a part of segment 2", ABSENT, 0},
    {"somebody else's took its name", TAKEN, ABSENT, RUN_FAILED, ERR_APPLY, "M-1: stands: 1 of 3 segments, and perhaps a part of segment 2", OTHER, 0},
    {"one stands there", WILLING, VALID, RUN_FAILED, ERR_APPLY, SECOND "index app.i stands there already", VALID, 0},
    {"one of somebody else's stands there, invalid", WILLING, INVALID, RUN_FAILED, ERR_APPLY, SECOND "index app.i stands there invalid, and was not left by this migration", INVALID, 0},
    {"the invariant finds rows", FINDS_ROWS, ABSENT, RUN_FAILED, ERR_APPLY, "M-1: stands: 2 of 3 segments; segment 3 (transaction statement 4): ", VALID, 0},
};
/* clang-format on */
enum { N_MOODS = sizeof moods / sizeof *moods };

static void play(size_t i)
{
    segments_begin(moods[i].mood);
    server.index = moods[i].index;
    (void)segments_go(0, NULL);
    const struct err *e = &t.o.failure;
    bool good = t.o.result == moods[i].result && e->code == moods[i].code &&
                strncmp(e->msg, moods[i].words, strlen(moods[i].words)) == 0 &&
                server.index == moods[i].left && server.n_dropped == moods[i].dropped &&
                segments_lie() == (moods[i].index == VALID ? segments_lie() : NULL);
    if (!good) {
        printf("# result %d, code %d, index %d, dropped %d, %s: %s\n", (int)t.o.result,
               (int)e->code, server.index, server.n_dropped,
               segments_lie() != NULL ? segments_lie() : "true", e->msg);
    }
    ok(good, moods[i].name);
    scene_close(&t);
}

static void with_limit(void)
{
    t.decl.limits.max_index_count_delta = 0;
}

static enum err_code stops(void *ctx)
{
    (void)ctx;
    return server.rows[0] > 0 ? ERR_INTERRUPTED : ERR_NONE;
}

/* What only one scenario has, by what is set between segments_declare() and the run: told apart by these. */
static void play_alone(void (*with)(void), bool is_stopped, const char *words, enum err_code code)
{
    segments_begin(WILLING);
    segments_open(0, NULL);
    if (with != NULL) {
        with();
    }
    if (is_stopped) {
        t.ear.stops = stops;
    }
    segments_run();
    bool good = t.o.failure.code == code && strstr(t.o.failure.msg, words) != NULL &&
                server.n_made == 0 && server.rows[0] == 1;
    if (!good) {
        printf("# %s\n", t.o.failure.msg);
    }
    ok(good, words);
    scene_close(&t);
}

static void without_transaction_behind(void)
{
    has_last = false;
    segments_begin(WILLING);
    (void)segments_go(0, NULL);
    ok(t.o.result == RUN_SUCCESS && segments_stand(),
       "the last segment runs alone: invariants are asked behind it");
    scene_close(&t);
    segments_begin(FINDS_ROWS);
    (void)segments_go(0, NULL);
    ok(t.o.result == RUN_FAILED &&
           strstr(t.o.failure.msg, "M-1: stands: 2 of 2 segments; gate \"invariant "
                                   "invariants/none_bad.sql\" failed: 1 rows returned") != NULL &&
           strstr(t.o.failure.hint, "what undoes it: rollback.sql") != NULL,
       "and where they find rows, that says what stands and what undoes it");
    ok(segments_second() == NULL, "the next run asks again");
    sweep("cut", false, "each question cut, where the last segment runs alone");
    has_last = true;
}

int main(void)
{
    has_last = has_invariant = true;
    tap_plan(N_MOODS + 11);
    for (size_t i = 0; i < N_MOODS; i++) {
        play(i);
    }
    play_alone(with_limit, false,
               "stands: 1 of 3 segments; segment 2 (CREATE INDEX index app.i): gate \"limit "
               "max_index_count_delta\" failed, it was not begun: declared 0, observed 1",
               ERR_APPLY);
    play_alone(NULL, true,
               "stands: 1 of 3 segments; segment 2 (CREATE INDEX index app.i): stopped before it",
               ERR_INTERRUPTED);
    sweep("error 57014", false, "each question refused");
    sweep("cut", false, "each question cut");
    sweep("cut", true, "each question cut, and a COMMIT takes effect");
    sweep("fatal 57P01", false, "each question ends the session");
    without_transaction_behind();
    is_int(lone_cleans(LONE_CREATE_INDEX), true, "half an index is what is taken away");
    ledger_forget();
    arena_release(&memory);
    return tap_done();
}
