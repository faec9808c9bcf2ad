/* layer: flow scripted */
/* run: limit=300 */
/* Every verb that writes, on a whole server, with every question going wrong in each way: refused, cut before and
 * after it took effect, a session that ends, Ctrl-C. What is said of the run is what the ledger then holds, no
 * lock stays, no receipt is lost, in doubt is the worst that is said; and the same command again, on what was
 * left, does what was wanted. */
#include "scripted_verbs.h"

/* kept: a COMMIT whose answer is lost took effect. is_signal: a Ctrl-C comes with the answer. is_end: nobody
 * listens any more. is_crash: the server loses what was committed and is not on disk. */
struct wrong_way {
    const char *name, *answer;
    bool kept, is_signal, is_end, is_crash;
};
static const struct wrong_way ways[] = {
    {"refused", "error 42501", false, false, false, false},
    {"timed out", "error 57014", false, false, false, false},
    {"cut, and a COMMIT took effect", "cut", true, false, false, false},
    {"cut", "cut", false, false, false, false},
    {"its session ended, and a COMMIT took effect", "fatal 57P01", true, false, false, false},
    {"Ctrl-C", NULL, false, true, false, false},
    {"cut with Ctrl-C, and a COMMIT took effect", "cut", true, true, false, false},
    {"the last, and a COMMIT took effect", "cut", true, false, true, false},
    {"the last that was answered", "cut", false, false, true, false},
    {"the server crashes", "cut", false, false, false, true},
    {"the server crashes, and a COMMIT took effect", "cut", true, false, false, true},
    {"the server crashes with Ctrl-C", "cut", true, true, false, true},
};
enum { N_WAYS = sizeof ways / sizeof *ways, MOST = 2000 };

/* --- journeys */

static struct run_of t;
static struct cluster empty, older, newer, drifted, lost, half;
static struct loaded project_older, project_newer;

/* goal: was it reached? NULL: yes. from: what the server held before. sink: its folder. */
struct journey {
    const char *name;
    act *does;
    const struct cluster *from;
    const char *(*goal)(void);
    const char *sink;
};
static const struct journey *journey;
static int n_runs, n_owed, n_doubt, n_lost;

static const struct base *kfm(void)
{
    return cluster_find(&t.cluster, "kfm");
}

/* The one of v, which is there. */
static struct base *kfm_of(struct cluster *v)
{
    struct base *b = cluster_find(v, "kfm");
    if (b == NULL) {
        printf("Bail out! no database kfm\n");
        exit(1);
    }
    return b;
}

/* How many entries of subject there are with that result. */
static int entries_of(const struct base *b, const char *subject, const char *result)
{
    int n = 0;
    for (int i = 0; b != NULL && i < b->keeper.is.n; i++) {
        struct arena a = {0};
        struct entry en;
        struct err e = {0};
        if (entry_read(&a, bytes_str(b->keeper.is.text[i]), &en, &e) == 0 &&
            strcmp(en.subject, subject) == 0 && strcmp(en.result, result) == 0) {
            n++;
        }
        arena_release(&a);
    }
    return n;
}

static const char *live_digest(const struct cluster *v)
{
    static char digest[2][80];
    static int at;
    struct base *b = cluster_find((struct cluster *)(uintptr_t)v, "kfm");
    const struct held_row *r = b == NULL ? NULL : held_row(&b->server.is, held_live(&b->server.is));
    at = 1 - at;
    (void)snprintf(digest[at], sizeof digest[at], "%s", r == NULL ? "" : r->digest);
    return digest[at];
}

static const char *is_built(void)
{
    if (entries_of(kfm(), "M-1", "success") != 1 || entries_of(kfm(), "M-2", "success") != 1) {
        return "a migration is not applied once";
    }
    return strcmp(live_digest(&t.cluster), live_digest(&newer)) == 0 ? NULL
                                                                     : "another generation is live";
}

static const char *is_rebuilt(void)
{
    return held_live(&kfm_of(&t.cluster)->server.is) > held_live(&kfm_of(&newer)->server.is)
               ? NULL
               : "no other generation is live";
}

static const char *is_switched(void)
{
    return held_live(&kfm_of(&t.cluster)->server.is) == 1 ? NULL : "generation 1 is not live";
}

static const char *is_collected(void)
{
    const struct held *h = &kfm_of(&t.cluster)->server.is;
    return h->n_rows == 1 && h->n_schemas == 1 ? NULL : "a generation was left";
}

static const char *is_adopted(void)
{
    const struct stored *x = &kfm_of(&t.cluster)->is;
    for (int i = 0; i < x->n_objects; i++) {
        if (strcmp(x->object[i].object, "schema app") == 0) {
            return NULL;
        }
    }
    return "the schema is not in the ledger's sum";
}

static const char *is_drilled(void)
{
    return cluster_drills(&t.cluster) != 0                ? "a throwaway database was left"
           : entries_of(kfm(), "database", "success") < 3 ? "no entry says that it came back"
                                                          : NULL;
}

static const struct journey journeys[] = {
    {"build, from nothing", builds, &empty, is_built, "archive"},
    {"build, another generation", builds, &older, is_built, "archive"},
    {"rebuild", rebuilds, &newer, is_rebuilt, "archive"},
    {"switch", switches, &newer, is_switched, "archive"},
    {"gc", collects, &newer, is_collected, "archive"},
    {"adopt", adopts, &drifted, is_adopted, "archive"},
    {"rebuild --new-database", recovers, &lost, is_built, "lost"},
    {"rebuild --new-database, gone on with", recovers, &half, is_built, "lost"},
    {"a drill", drills, &newer, is_drilled, "archive"},
};
enum { N_JOURNEYS = sizeof journeys / sizeof *journeys };

/* --- the files that runs leave */

static void remove_beneath(const char *path)
{
    char whole[256];
    (void)snprintf(whole, sizeof whole, "%s/%s", project_path, path);
    (void)nftw(whole, project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The sink "lost" keeps what it has of the ledger that was lost. */
static void forget_files(void)
{
    struct arena a = {0};
    struct err ignored = {0};
    struct file_names names = {0};
    const struct base *was = kfm_of(&newer);
    remove_beneath("state");
    remove_beneath("archive");
    (void)!file_list(&a, project_fd, "lost/dev", &names, &ignored);
    for (size_t i = 0; i < names.n; i++) {
        if (strcmp(names.v[i].name, was->keeper.is.uuid) != 0) {
            remove_beneath(arena_printf(&a, "lost/dev/%s", names.v[i].name));
        }
    }
    arena_release(&a);
}

static int files_in(const char *folder)
{
    struct arena a = {0};
    struct err ignored = {0};
    struct file_names names = {0};
    int n = 0;
    (void)!file_list(&a, project_fd, folder, &names, &ignored);
    for (size_t i = 0; i < names.n; i++) {
        n += strstr(names.v[i].name, ".json") != NULL ? 1 : 0;
    }
    arena_release(&a);
    return n;
}

static bool is_owed(const char *run_id)
{
    char path[128];
    (void)snprintf(path, sizeof path, "state/owed/%s.json", run_id);
    return faccessat(project_fd, path, F_OK, 0) == 0;
}

/* --- what may be said */

/* Is entry n of b by run_id, with that result? */
static bool is_entry(const struct base *b, int64_t n, const char *run_id, bool is_good)
{
    struct arena a = {0};
    struct entry en;
    struct err e = {0};
    bool yes_it_is = b != NULL && n >= 1 && n <= b->keeper.is.n &&
                     entry_read(&a, bytes_str(b->keeper.is.text[n - 1]), &en, &e) == 0 &&
                     en.sequence == n && strcmp(en.run_id, run_id) == 0 &&
                     (strcmp(en.result, "success") == 0) == is_good;
    arena_release(&a);
    return yes_it_is;
}

static const char *row_lies(const struct base *b, const struct result_row *r)
{
    if (r->action == RESULT_RETIRE || r->action == RESULT_EXPORT) {
        return NULL;
    }
    if (r->action == RESULT_DRILL) {
        return is_entry(b, r->sequence, r->run_id, true) ||
                       (t.rc != 0 && is_entry(b, r->sequence, r->run_id, false))
                   ? NULL
                   : "no entry of the drill";
    }
    if (r->failure == NULL) {
        return is_entry(b, r->sequence, r->run_id, true) ? NULL : "it was said to be done";
    }
    if (r->failure->msg[0] == '\0' || r->failure->code == ERR_NONE) {
        return "it failed without a word";
    }
    if (r->failure->code == ERR_DOUBT && t.r.worst != ERR_DOUBT) {
        return "something is in doubt, and something else is called worse";
    }
    if (r->sequence > 0) {
        return is_entry(b, r->sequence, r->run_id, false) ? NULL : "an entry is claimed";
    }
    if (r->failure->code == ERR_DOUBT && strstr(r->failure->msg, "it was committed") != NULL) {
        return NULL; /* its receipt is with its entry, if that is there */
    }
    return r->run_id == NULL || r->run_id[0] == '\0' || is_owed(r->run_id)
               ? NULL
               : "no receipt, and none is owed";
}

/* Are b's entries one chain, is each run in it once, and does each name its receipt? */
static const char *ledger_lies(const struct base *b)
{
    const struct kept *k = &b->keeper.is;
    const char *why = b->is.n_receipts == k->n ? NULL : "an entry without a receipt";
    for (int i = 0; i < k->n && why == NULL; i++) {
        struct arena a = {0};
        struct entry en;
        struct err e = {0};
        struct digest before;
        struct digest receipt = digest_of(bytes_str(b->is.receipt[i]));
        kept_root(k, i, &before);
        why = entry_read(&a, bytes_str(k->text[i]), &en, &e) != 0 ? "an entry cannot be read"
              : en.sequence != i + 1 || !digest_eq(&en.previous, &before) ? "the chain is broken"
              : !digest_eq(&en.receipt, &receipt) ? "an entry names another receipt"
                                                  : NULL;
        for (int j = 0; j < i && why == NULL; j++) {
            why = strcmp(b->is.run_id[i], b->is.run_id[j]) == 0 ? "a run is there twice" : NULL;
        }
        arena_release(&a);
    }
    if (entries_of(b, "M-1", "success") > 1 || entries_of(b, "M-2", "success") > 1) {
        why = "a migration was applied twice";
    }
    return b->server.n_lies > 0 ? "readers saw what nobody may see" : why;
}

/* Every entry of this run that says success is in the result, or was said to be in doubt. */
static const char *unsaid(const struct base *b, int n_before)
{
    for (int i = n_before; i < b->keeper.is.n; i++) {
        struct arena a = {0};
        struct entry en;
        struct err e = {0};
        bool counts = entry_read(&a, bytes_str(b->keeper.is.text[i]), &en, &e) == 0 &&
                      (en.kind == ENTRY_APPLY || en.kind == ENTRY_PUBLISH) &&
                      strcmp(en.result, "success") == 0;
        bool said = false;
        for (size_t k = 0; k < t.r.n && counts && !said; k++) {
            const struct result_row *r = &t.r.v[k];
            said = r->run_id != NULL && strcmp(r->run_id, en.run_id) == 0 &&
                   (r->failure == NULL || r->failure->code == ERR_DOUBT);
        }
        arena_release(&a);
        if (counts && !said) {
            return "what was done is not said";
        }
    }
    return NULL;
}

static const char *lie(int n_before)
{
    const struct base *b = kfm();
    const char *why = NULL;
    for (int i = 0; i < BASES && why == NULL; i++) {
        why = t.cluster.base[i].is_there ? ledger_lies(&t.cluster.base[i]) : NULL;
    }
    for (size_t i = 0; i < t.r.n && why == NULL; i++) {
        why = row_lies(b, &t.r.v[i]);
    }
    if (why == NULL && strcmp(live_digest(&older), live_digest(&newer)) == 0) {
        why = "there is but one generation"; /* of the scenarios themselves */
    }
    if (why == NULL && t.rc == 0 && t.r.worst == ERR_NONE && !t.cluster.is_stopped) {
        why = journey->goal();
    }
    if (why == NULL && t.rc != 0 &&
        (t.e.code == ERR_NONE || t.e.msg[0] == '\0' || t.r.worst == ERR_NONE)) {
        why = "it failed without a word";
    }
    if (why == NULL && b != NULL && n_before >= 0) {
        why = unsaid(b, n_before);
    }
    return why != NULL ? why : t.n_holders > 0 ? "the lock was kept" : NULL;
}

/* The same command again, and nothing goes wrong. */
static const char *again(void)
{
    const struct base *b = kfm();
    if (journey->does == switches && b != NULL && is_switched() == NULL) {
        return NULL;
    }
    n_lost += t.cluster.n_lost;
    t.cluster.n_lost = 0;
    t.cluster.kept = t.cluster.dies = t.cluster.crashes = false;
    t.cluster.stop_at = 0;
    if (journey->does == recovers && b != NULL && is_built() == NULL) {
        run_of_play(&t, builds, "", 0, NULL, 0, NULL); /* a ledger with all of it is lost no more */
    } else {
        run_of_play(&t, journey->does, "", 0, NULL, 0, NULL);
    }
    const char *why = t.rc != 0 || t.r.worst != ERR_NONE ? "it failed again" : lie(-1);
    char folder[128];
    b = kfm();
    (void)snprintf(folder, sizeof folder, "%s/dev/%s", journey->sink,
                   b != NULL ? b->keeper.is.uuid : "");
    if (why == NULL && files_in("state/owed") > 0) {
        why = "a receipt is still owed";
    }
    if (why == NULL && (b == NULL || files_in(folder) != b->keeper.is.n)) {
        why = "the sink lacks a receipt";
    }
    if (why != NULL) {
        printf("# again: %s: rc %d, worst %d: %s; %s\n", why, t.rc, (int)t.r.worst, t.e.msg,
               t.heard.text);
    }
    return pq_played() ? why : "something else was asked again";
}

/* One run whose n-th question goes wrong. Returns how many were asked; *why: a lie, or NULL. */
static int play(int n, const struct wrong_way *w, const char **why)
{
    forget_files();
    cluster_copy(&t.cluster, journey->from);
    t.cluster.kept = w->kept;
    t.cluster.dies = w->is_end;
    t.cluster.crashes = w->is_crash;
    t.cluster.stop_at = w->is_signal ? n : 0;
    int n_before = kfm() != NULL ? kfm()->keeper.is.n : -1;
    run_of_play(&t, journey->does, "", w->answer != NULL ? n : 0, w->answer, 0, NULL);
    n_runs++;
    n_owed += files_in("state/owed") > 0 ? 1 : 0;
    n_doubt += t.r.worst == ERR_DOUBT ? 1 : 0;
    int asked = pq_asked();
    *why = lie(n_before);
    if (!pq_played()) {
        *why = "something else was asked";
    }
    if (*why != NULL) {
        printf("# %s, question %d of %d %s: %s: rc %d, worst %d: %s; %s\n", journey->name, n, asked,
               w->name, *why, t.rc, (int)t.r.worst, t.e.msg, t.heard.text);
    }
    const char *then = again();
    *why = *why != NULL ? *why : then;
    return asked;
}

/* asked: how many questions there are where all goes well. Each way begins at another one; of a crash each counts
 * where migrations run. */
static void sweep(size_t way, int asked, const char *name)
{
    int n_lies = 0;
    bool all = ways[way].is_crash && journey == &journeys[0];
    for (int n = all ? 1 : 1 + (int)way; n <= asked; n += all ? 1 : N_WAYS) {
        const char *why = NULL;
        (void)play(n, &ways[way], &why);
        if (why != NULL && n_lies++ < 5) {
            printf("# question %d: %s\n", n, why);
        }
    }
    ok(n_lies == 0, name);
}

/* --- what the server may hold before */

static void make(struct cluster *out, struct cluster *from, struct loaded *p, act *does,
                 const char *sink, const char *lines)
{
    cluster_copy(&t.cluster, from);
    t.l = *p;
    t.l.p.sink = sink;
    run_of_play(&t, does, lines, 0, NULL, 0, NULL);
    if (!pq_played()) {
        printf("# not made: %s\n", t.e.msg);
    }
    run_of_leave(&t, out);
}

/* Files are read when they are wanted: the older text of the chain before the newer one is there. */
static void make_all(void)
{
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    verbs_chain(true);
    project_load(&project_older, false);
    make(&older, &empty, &project_older, builds, NULL, "");
    verbs_chain(false);
    project_load(&project_newer, false);
    make(&newer, &older, &project_newer, builds, "lost", "");
    cluster_copy(&drifted, &newer);
    drifted.by_hand = "app";
    cluster_copy(&lost, &newer);
    kfm_of(&lost)->is_there = false;
    make(&half, &lost, &project_newer, recovers, "lost",
         "~ INSERT INTO app.t VALUES (2)* -> error 23505\n");
    t.l = project_newer;
}

int main(void)
{
    char name[160];
    verbs_project();
    make_all();
    tap_plan(N_JOURNEYS * (N_WAYS + 1) + 1);
    for (size_t i = 0; i < N_JOURNEYS; i++) {
        journey = &journeys[i];
        t.l.p.sink = journey->sink;
        const char *why = NULL;
        int asked = play(0, &ways[0], &why);
        if (t.rc != 0) {
            printf("# %s; %s\n", t.e.msg, t.e.hint);
        }
        ok(why == NULL && t.rc == 0 && asked > 60 && asked < MOST, journeys[i].name);
        for (size_t k = 0; k < N_WAYS; k++) {
            (void)snprintf(name, sizeof name, "%s, each question once: %s", journey->name,
                           ways[k].name);
            sweep(k, asked, name);
        }
    }
    printf("# %d runs, %d owed a receipt, %d were in doubt, crashes took %d entries\n", n_runs,
           n_owed, n_doubt, n_lost);
    ok(n_owed > 100 && n_doubt > 0 && n_lost > 30,
       "many owed a receipt, some were in doubt, and crashes took entries");
    struct cluster *all[] = {&t.cluster, &empty, &older, &newer, &drifted, &lost, &half};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        cluster_release(all[i]);
    }
    arena_release(&t.a);
    project_unload(&project_older);
    project_unload(&project_newer);
    project_remove();
    return tap_done();
}
