/* layer: run scripted */
/* run: limit=300 */
/* Generations of which every question goes wrong once, in each way. What is said of the run is what the
 * server then holds, no reader ever sees another generation than the ledger calls live, and the same command
 * again, on what was left, publishes what was wanted. */
#include "scripted_projection.h"

/* kept: a COMMIT whose answer is lost took effect. */
struct wrong_way {
    const char *answer;
    bool kept;
};
static const struct wrong_way ways[] = {
    {"error 57014", false}, {"error 42501", false}, {"cut", true},
    {"cut", false},         {"fatal 57P01", true},
};

/* step: how many questions further, where a journey asks what another one has asked, too; each way begins at
 * another one. */
struct journey {
    const char *name;
    enum holding holds;
    const char *lines;
    bool has_crew, is_atomic, after_load;
    int step;
};
static const char obstacle[] = "~ @postgis_generation_dependants({\"wells\"}) -> rows dependant | "
                               "view app.v | table wells.pts\n";
/* The others go on while the server answers. */
static const char slowly[] = "~ @ledger_lock_held -> wait=20 rows t\n"
                             "~ @ledger_generation_put_row -> wait=20 INSERT 0 1\n";
static const struct journey journeys[] = {
    {"a first generation by several hands", HOLDS_NOTHING, slowly, true, false, false, 1},
    {"a first generation", HOLDS_NOTHING, "", false, false, false, 1},
    {"the next generation by several hands", HOLDS_LIVE, "", true, false, true, 1},
    {"rows replaced in place", HOLDS_LIVE, obstacle, false, true, false, 1},
    {"over a schema that nobody built", HOLDS_FOREIGN, "", false, false, false, 3},
    {"one that is ready", HOLDS_READY, "", false, false, false, 1},
    {"one that was loading", HOLDS_LOADING, "", false, false, false, 3},
};

enum { N_WAYS = sizeof ways / sizeof *ways, N_JOURNEYS = sizeof journeys / sizeof *journeys };
enum { FIRST = 3 /* behind connecting */, MOST = 2000, LAST = 30 };

static struct build b;
static struct server at_first;
static int n_runs;

static void declare(const struct journey *j)
{
    b.p.fallback = j->is_atomic ? FALLBACK_ATOMIC : FALLBACK_REFUSE;
    b.t.decl.after_load = j->after_load;
}

static bool of_this_run(const struct held *h, const char *result)
{
    for (int i = 0; i < h->n_entries; i++) {
        if (strcmp(h->entry[i].run_id, b.t.o.run_id) == 0 &&
            strcmp(h->entry[i].result, result) == 0) {
            return true;
        }
    }
    return false;
}

/* Why what was said is not what the server holds; NULL: it is. */
static const char *lie(int live_before)
{
    const struct outcome *o = &b.t.o;
    const struct held *is = &b.server.is;
    bool published = of_this_run(is, "success");
    if (b.server.n_lies > 0) {
        return b.server.lie != NULL ? b.server.lie : "readers saw what nobody may see";
    }
    if (is->n_entries > 1) {
        return "two entries of one run";
    }
    if (published != (held_live(is) != live_before && held_entries(is, "success") == 1)) {
        return "an entry without a publication, or one without an entry";
    }
    if (o->result == RUN_SUCCESS) {
        return published && o->sequence != 0 && o->failure.code == ERR_NONE
                   ? NULL
                   : "it was said to be published";
    }
    if (o->result == RUN_IN_DOUBT) {
        return o->owed.p != NULL && o->failure.code == ERR_DOUBT ? NULL
                                                                 : "in doubt, and nothing is owed";
    }
    if (published) {
        return "it was said to have failed";
    }
    if (o->failure.code == ERR_NONE || o->failure.msg[0] == '\0') {
        return "it failed without a word";
    }
    if (o->sequence != 0) {
        return of_this_run(is, "failed") && o->owed.p == NULL ? NULL : "an entry is claimed";
    }
    return o->owed.p != NULL ? NULL : "no receipt, and none is owed";
}

/* The same command again, and nothing goes wrong. */
static const char *again(const struct journey *j)
{
    struct err e = {0};
    build_open(&b, j->lines, 0, NULL, 0, NULL);
    declare(j);
    if (build_plan(&b, &e) != 0) {
        return "the ledger cannot be read";
    }
    const struct generation *live = b.step.live;
    bool is_there = live != NULL && digest_eq(&live->digest, &b.in.digest);
    if (!is_there) {
        run_projection(&b.t.run, &b.job, &b.t.o);
    }
    struct held_row *row = held_row(&b.server.is, held_live(&b.server.is));
    char digest[DIGEST_TEXT];
    (void)digest_text(&b.in.digest, digest);
    bool good = row != NULL && strcmp(row->digest, strchr(digest, ':') + 1) == 0 &&
                held_entries(&b.server.is, "success") == 1 && b.server.n_lies == 0;
    if (!good) {
        printf("# again: result %d: %s\n", (int)b.t.o.result, b.t.o.failure.msg);
    }
    build_close(&b);
    good = pq_played() && good;
    return good ? NULL : "the same command again did not publish it";
}

/* One run whose n-th question goes wrong, and whose m-th is cut (0: none is). Returns how many were asked;
 * *why: a lie, or NULL. */
static int play(const struct journey *j, int n, const struct wrong_way *w, int m, const char **why)
{
    struct err e = {0};
    b.server.is = at_first.is;
    b.server.n_indexes = at_first.n_indexes;
    memcpy(b.server.index, at_first.index, sizeof at_first.index);
    b.server.n_lies = 0;
    b.server.lie = NULL;
    b.server.kept = w->kept;
    b.has_crew = j->has_crew;
    int live_before = held_live(&b.server.is);
    build_open(&b, j->lines, n, w->answer, m, m > 0 ? "cut" : NULL);
    declare(j);
    bool planned = build_plan(&b, &e) == 0;
    int asked = MOST;
    *why = NULL;
    if (planned) {
        run_projection(&b.t.run, &b.job, &b.t.o);
        *why = lie(live_before);
        asked = pq_asked();
    }
    if (*why != NULL) {
        printf("# %s: question %d %s, %d cut: %s (result %d, entry %lld; live %d): %s\n", j->name,
               n, w->answer, m, *why, (int)b.t.o.result, (long long)b.t.o.sequence,
               held_live(&b.server.is), b.t.o.failure.msg);
    }
    build_close(&b);
    *why = pq_played() ? *why : "something else was asked";
    *why = *why == NULL ? again(j) : *why;
    arena_release(&b.server.a); /* at_first has an arena of its own */
    n_runs++;
    return asked;
}

static void sweep(const struct journey *j, size_t way, const char *name)
{
    int n_lies = 0;
    int n = FIRST + (int)way % j->step;
    for (int asked = MOST; n <= asked && n < MOST; n += j->step) {
        const char *why = NULL;
        asked = play(j, n, &ways[way], 0, &why);
        if (why != NULL) {
            printf("# question %d: %s\n", n, why);
            n_lies++;
        }
    }
    ok(n_lies == 0 && n > 60 && n < MOST, name);
}

/* Behind the one that goes wrong another one is cut: among the last, with which it is published. */
static void sweep_two(const struct journey *j, const struct wrong_way *w, const char *name)
{
    int n_lies = 0;
    int n_pairs = 0;
    const char *why = NULL;
    int last = play(j, MOST, w, 0, &why);
    for (int n = last - LAST; n <= last; n++) {
        int most = play(j, n, w, 0, &why);
        for (int m = n + 1; m <= most; m++, n_pairs++) {
            int asked = play(j, n, w, m, &why);
            most = asked > most ? asked : most;
            n_lies += why != NULL ? 1 : 0;
        }
    }
    printf("# %d pairs\n", n_pairs);
    ok(n_lies == 0 && n_pairs > LAST * 10, name);
}

int main(void)
{
    char name[160];
    build_folder_make();
    tap_plan(N_WAYS * N_JOURNEYS + 3);
    for (size_t k = 0; k < N_JOURNEYS; k++) {
        build_holding(&b, journeys[k].holds);
        at_first = b.server;
        b.server.a = (struct arena){0};
        for (size_t i = 0; i < N_WAYS; i++) {
            (void)snprintf(name, sizeof name, "%s, each question once: %s%s", journeys[k].name,
                           ways[i].answer, ways[i].kept ? ", and a COMMIT takes effect" : "");
            sweep(&journeys[k], i, name);
        }
        if (journeys[k].holds == HOLDS_READY) {
            sweep_two(&journeys[k], &ways[0], "while it is published: refused, then cut");
            sweep_two(&journeys[k], &ways[2], "... cut twice, and a COMMIT takes effect");
            sweep_two(&journeys[k], &ways[3], "... cut twice");
        }
        arena_release(&at_first.a);
    }
    printf("# %d runs\n", n_runs);
    build_forget(&b);
    build_folder_remove();
    return tap_done();
}
