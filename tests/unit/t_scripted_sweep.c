/* layer: run scripted */
/* run: limit=300 */
/* A migration of which every question goes wrong once, in each way, and then every two: it is applied at most once, its entry is there if and
 * only if its effect is, and what is said of it is true. The server's side is read off what was asked and answered. */
#include "scripted_run.h"

/* Whatever is asked is answered well. */
#define WELL                                                                                       \
    "~ connect -> ok\n"                                                                            \
    "~ @postgis_begin -> BEGIN\n"                                                                  \
    "~ @ledger_work_begin -> rows t | 700 | u u | n | on\n"                                        \
    "~ @postgis_observe_begin -> rows 700 | u u | t | NULL\n"                                      \
    "~ INSERT INTO t VALUES (1) -> INSERT 0 1\n"                                                   \
    "~ @postgis_observe_settle -> SET CONSTRAINTS\n"                                               \
    "~ @ledger_record_guard -> rows t | t | t | t | t | \n"                                        \
    "~ @ledger_record_head -> UPDATE 1\n"                                                          \
    "~ @ledger_record_* -> INSERT 0 1\n"                                                           \
    "~ @ledger_lock_lease -> rows 8\n"                                                             \
    "~ @ledger_lock_holder -> rows\n"                                                              \
    "~ @ledger_lock_* -> rows t\n"                                                                 \
    "~ BEGIN -> BEGIN\n"                                                                           \
    "~ COMMIT -> COMMIT\n"                                                                         \
    "~ ROLLBACK -> ROLLBACK\n"

/* kept: a COMMIT whose answer is lost took effect; the ledger then says so. */
struct wrong_way {
    const char *answer;
    bool kept;
};
static const struct wrong_way ways[] = {
    {"error 57014", false}, {"error 40001", false}, {"error 42501", false}, {"cut", true},
    {"cut", false},         {"fatal 57P01", true},  {"fatal 57P01", false},
};

enum { N_WAYS = sizeof ways / sizeof *ways, FIRST = 3 /* behind connecting */, MOST = 400 };

/* What the server holds afterwards. */
struct truth {
    int applied, entries,
        failures; /* committed effects; entries that say success; entries that say otherwise */
};

static struct scene t;
static int n_runs;

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* The open transaction's work becomes the truth, or is forgotten. */
static void end_transaction(struct truth *all, struct truth *open, bool commits)
{
    all->applied += commits ? open->applied : 0;
    all->entries += commits ? open->entries : 0;
    all->failures += commits ? open->failures : 0;
    *open = (struct truth){0};
}

static struct truth truth_of(bool kept)
{
    struct truth all = {0};
    struct truth open = {0};
    for (const char *line = pq_log(); *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (begins(line, "COMMIT -> ")) {
            bool lost = begins(line, "COMMIT -> cut") || begins(line, "COMMIT -> fatal");
            end_transaction(&all, &open, begins(line, "COMMIT -> COMMIT") || (lost && kept));
        } else if (begins(line, "BEGIN") || begins(line, "@postgis_begin -> ") ||
                   begins(line, "ROLLBACK") || begins(line, "connect")) {
            end_transaction(&all, &open, false);
        } else if (begins(line, "INSERT INTO t VALUES (1) -> INSERT")) {
            open.applied++;
        } else if (begins(line, "@ledger_record_entry success -> INSERT")) {
            open.entries++;
        } else if (begins(line, "@ledger_record_entry ") && strstr(line, "-> INSERT") != NULL &&
                   strstr(line, "-> INSERT") < strchr(line, '\n')) {
            open.failures++;
        }
    }
    return all;
}

/* Why what was said is not the truth; NULL: it is. */
static const char *lie(const struct outcome *o, const struct truth *is)
{
    if (is->applied > 1 || is->applied != is->entries) {
        return "the effect and its entry differ";
    }
    if (o->result == RUN_SUCCESS) {
        return is->applied == 1 && o->failure.code == ERR_NONE ? NULL : "it was said to be applied";
    }
    if (o->result == RUN_IN_DOUBT) {
        return o->owed.p != NULL && o->failure.code == ERR_DOUBT ? NULL
                                                                 : "in doubt, and nothing is owed";
    }
    if (is->applied != 0) {
        return "it was said to have failed";
    }
    if (o->failure.code == ERR_NONE || o->failure.msg[0] == '\0') {
        return "it failed without a word";
    }
    if (o->sequence != 0) {
        return is->failures == 1 && o->owed.p == NULL ? NULL : "an entry is claimed";
    }
    return o->owed.p != NULL ? NULL : "no receipt, and none is owed";
}

/* One run, of which the n-th question goes one way and the m-th another (0: none does). Returns how many were asked; *why: a lie, or NULL. */
static int play(int n, const struct wrong_way *first, int m, const struct wrong_way *second,
                const char **why)
{
    bool kept = first->kept || (m != 0 && second->kept);
    static char script[16384];
    (void)snprintf(script, sizeof script, "%s~ @ledger_find_run -> rows %s\n%s", WELL,
                   kept ? "t" : "f", ALWAYS);
    scene_open_failing(&t, script, n, first->answer, m, m != 0 ? second->answer : NULL);
    run_migration(&t.run, &t.step, &t.o);
    struct truth is = truth_of(kept);
    *why = lie(&t.o, &is);
    if (*why != NULL) {
        printf("# question %d %s, question %d %s: %s (result %d, entry %lld; applied %d, entries "
               "%d, failures %d): %s\n",
               n, first->answer, m, m != 0 ? second->answer : "", *why, (int)t.o.result,
               (long long)t.o.sequence, is.applied, is.entries, is.failures, t.o.failure.msg);
    }
    int asked = pq_asked();
    scene_close(&t);
    if (!pq_played()) {
        *why = "something else was asked";
    }
    n_runs++;
    return asked;
}

static void sweep_one(const struct wrong_way *w, const char *name)
{
    int n_lies = 0;
    int n = FIRST;
    for (int asked = MOST; n <= asked && n < MOST; n++) {
        const char *why = NULL;
        asked = play(n, w, 0, NULL, &why);
        n_lies += why != NULL ? 1 : 0;
    }
    ok(n_lies == 0 && n > 30, name);
}

static void sweep_two(const struct wrong_way *a, const struct wrong_way *b, const char *name)
{
    int n_lies = 0;
    int n = FIRST;
    for (int asked = MOST; n <= asked && n < MOST; n++) {
        const char *why = NULL;
        asked = play(n, a, 0, NULL, &why);
        for (int m = n + 1, most = asked; m <= most; m++) {
            int now = play(n, a, m, b, &why);
            most = now > most ? now : most;
            n_lies += why != NULL ? 1 : 0;
        }
    }
    ok(n_lies == 0 && n > 30, name);
}

int main(void)
{
    char name[128];
    tap_plan(N_WAYS + 6);
    for (size_t i = 0; i < N_WAYS; i++) {
        (void)snprintf(name, sizeof name, "each question once: %s%s", ways[i].answer,
                       ways[i].kept ? ", and a COMMIT takes effect" : "");
        sweep_one(&ways[i], name);
    }
    static const struct wrong_way cut = {"cut", false};
    static const struct wrong_way kept = {"cut", true};
    static const struct wrong_way refused = {"error 57014", false};
    sweep_two(&cut, &cut, "every two questions: cut, cut");
    sweep_two(&kept, &kept, "every two questions: cut, cut, and a COMMIT takes effect");
    sweep_two(&cut, &refused, "every two questions: cut, refused");
    sweep_two(&kept, &refused, "every two questions: cut, refused, and a COMMIT takes effect");
    sweep_two(&refused, &cut, "every two questions: refused, cut");
    sweep_two(&refused, &refused, "every two questions: refused, refused");
    printf("# %d runs\n", n_runs);
    return tap_done();
}
