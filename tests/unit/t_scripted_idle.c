/* layer: flow scripted */
/* run: limit=120 */
/* That there was nothing to do: what it is known by, what makes it unknown again, and of which builds it is kept,
 * on a whole server (scripted_cluster.h). */
#include "flow/idle.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built;
static struct looks looks;
static char own[512];
static void (*differs)(
    struct run_of *v); /* what a build came to, before it is kept; NULL: as it was */

/* Looked at before it is loaded, as cli/ does it. */
static void load(void)
{
    const struct project p = {.dirfd = project_fd};
    idle_begin(&looks, &p);
    project_load(&t.l, true);
}

static int keeps(struct run_of *v)
{
    int rc = builds(v);
    if (differs != NULL) {
        differs(v);
    }
    if (rc == 0) {
        idle_keep(&looks, &v->s, &v->r);
    }
    return rc;
}

static int knows(struct run_of *v)
{
    int rc = idle_known(&looks, &v->s, &v->r, &v->e);
    (void)snprintf(own, sizeof own, "%s: %zu current, ledger %s of %lld, %s",
                   rc == 1 ? "known" : "not known", v->r.n_current,
                   v->r.instance != NULL ? v->r.instance : "none", (long long)v->r.size,
                   v->s.pg != NULL ? "open" : "closed");
    return rc;
}

/* --- the project: bundles, and nothing else */

static void bundles_only(void)
{
    static const char *const others[] = {"registry/projections", "registry/data",
                                         "migrations/postgis/C-1"};
    char path[256];
    verbs_project();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", project_path, others[i]);
        (void)nftw(path, project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
}

/* The row as it is kept; false: none is. In a. */
static bool kept_row(struct arena *a, struct bytes *row)
{
    return project_cached("idle", "dev", a, row);
}

static void keep_row(struct bytes row)
{
    struct cache *c = cache_open(project_fd, project_path);
    cache_put(c, "idle", bytes_str("dev"), row);
    cache_close(c);
}

/* Built until that is known: files have to be old enough for the cache. */
static bool warm_up(void)
{
    enum { TRIES = 10000 };
    struct arena a = {0};
    struct bytes row;
    bool is_known = false;
    bundles_only();
    cluster_copy(&t.cluster, &built);
    for (int i = 0; i < TRIES && !is_known; i++) {
        load();
        run_of_play(&t, keeps, "", 0, NULL, 0, NULL);
        project_unload(&t.l);
        is_known = kept_row(&a, &row);
    }
    arena_release(&a);
    return is_known;
}

/* --- what is other: files and the cache, before it is loaded */

static void a_file(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "INSERT INTO app.t VALUES (1);\n");
}

static void a_file_more(void)
{
    project_put("migrations/postgis/M-1/notes.md", "More.\n");
}

static void a_debt(void)
{
    project_put("state/owed/x.json", "{\"environment\":\"dev\"}");
}

/* Each part of the row's beginning: the program, ledger, how much is current. */
static void row_with(size_t at)
{
    struct arena a = {0};
    struct bytes row;
    if (kept_row(&a, &row)) {
        char *copy = arena_strndup(&a, row.p, row.n);
        copy[at] = (char)(copy[at] ^ 1);
        keep_row(bytes_of(copy, row.n));
    }
    arena_release(&a);
}

static void the_program(void)
{
    row_with(0);
}

static void the_row_is_short(void)
{
    keep_row(bytes_of("short", 5));
}

static void the_row_has_no_files(void)
{
    struct arena a = {0};
    struct bytes row;
    if (kept_row(&a, &row)) {
        keep_row(bytes_of(row.p, row.n - 1));
    }
    arena_release(&a);
}

static void seen_another(const char *words)
{
    struct cache *c = cache_open(project_fd, project_path);
    cache_put(c, "checkpoint", bytes_str("dev"), bytes_str(words));
    cache_close(c);
}

static void nothing_was_seen(void)
{
    seen_another("");
}

/* As the last run saw it, but for one word of three. */
static void seen_with(const char *uuid, int more, bool has_root)
{
    struct digest root;
    char hex[DIGEST_TEXT];
    char words[256];
    const struct kept *k = &t.cluster.base[0].keeper.is;
    kept_root(k, has_root ? k->n : k->n - 1, &root);
    (void)snprintf(words, sizeof words, "%s %d %s", uuid != NULL ? uuid : k->uuid, k->n + more,
                   digest_text(&root, hex));
    seen_another(words);
}

static void another_ledger_was_seen(void)
{
    seen_with(OTHER_UUID, 0, true);
}

static void more_was_seen(void)
{
    seen_with(NULL, 1, true);
}

static void less_was_seen(void)
{
    seen_with(NULL, -1, true);
}

static void other_entries_were_seen(void)
{
    seen_with(NULL, 0, false);
}

/* --- what is other: the project and the environment, once it is loaded */

static void another_store(void)
{
    t.l.p.env[0].store[store_of_ledger() == 0 ? 1 : 0] = true;
}

static void no_store(void)
{
    t.l.p.env[0].store[store_of_ledger()] = false;
}

static void evidence(void)
{
    t.l.p.env[0].evidence = EVIDENCE_BUNDLE;
}

static void asks_another(void)
{
    names_add(&t.l.a, &t.l.p.env[0].requires, "live");
}

static void a_sink(void)
{
    t.l.p.sink = "archive";
}

static void a_warning(void)
{
    t.l.p.warnings.n++;
}

static void a_fault(void)
{
    t.l.p.faults.n++;
}

/* --- what is other: the server */

static struct keeper *keeper(void)
{
    return &t.cluster.base[0].keeper;
}

static void no_ledger(void)
{
    keeper()->is = (struct kept){.n = 0};
}

static void a_replica(void)
{
    keeper()->in_recovery = true;
}

static void of_another_environment(void)
{
    keeper()->environment = "live";
}

static void an_older_format(void)
{
    keeper()->format = "1";
}

static void generations(void)
{
    keeper()->has_generations = true;
}

static void an_entry_more(void)
{
    kept_add(&keeper()->is, ENTRY_DEPLOY, "v1", NULL);
}

static void other_entries(void)
{
    keeper()->is.n--;
    kept_add(&keeper()->is, ENTRY_DEPLOY, "v1", NULL);
}

/* The last run saw them. */
static void other_entries_that_were_seen(void)
{
    other_entries();
    seen_with(NULL, 0, true);
}

static void another_ledger(void)
{
    memcpy(keeper()->is.uuid, OTHER_UUID, sizeof OTHER_UUID);
}

static void another_server(void)
{
    keeper()->system = "98";
}

static void somebody_wrote(void)
{
    keeper()->next_id = 777;
}

static void somebody_made_a_schema(void)
{
    somebody_wrote();
    t.cluster.by_hand = "app";
}

/* --- the cases */

#define NOT_KNOWN "not known: 0 current, ledger none of 0, closed"
#define KNOWN "known: 2 current, ledger "
#define ASKED "@ledger_identify_full"
#define CATALOGS "@postgis_witness"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void); /* before it is loaded, or once it is; NULL */
    void (*then)(void);
    const char *lines;
    int rc;
    const char *words, *asked; /* what it comes to; the last that was asked, "": nothing */
} cases[] = {
    {"nothing happened since", NULL, NULL, "", 1, KNOWN, ASKED},
    {"others wrote rows", NULL, somebody_wrote, "", 1, KNOWN, CATALOGS},

    /* files */
    {"a file was written", a_file, NULL, "", 0, NOT_KNOWN, ""},
    {"a file more", a_file_more, NULL, "", 0, NOT_KNOWN, ""},
    {"a receipt is owed", a_debt, NULL, "", 0, NOT_KNOWN, ""},
    {"the row is too short", the_row_is_short, NULL, "", 0, NOT_KNOWN, ""},
    {"the row lacks the end of its files", the_row_has_no_files, NULL, "", 0, NOT_KNOWN, ""},

    /* more than is compared */
    {"another store", NULL, another_store, "", 0, NOT_KNOWN, ""},
    {"another store, and not the ledger's", NULL, no_store, "", 0, NOT_KNOWN, ""},
    {"evidence in files", NULL, evidence, "", 0, NOT_KNOWN, ""},
    {"another environment is asked", NULL, asks_another, "", 0, NOT_KNOWN, ""},
    {"a sink", NULL, a_sink, "", 0, NOT_KNOWN, ""},
    {"the project has a warning", NULL, a_warning, "", 0, NOT_KNOWN, ""},
    {"the project has a fault", NULL, a_fault, "", 0, NOT_KNOWN, ""},

    /* the server */
    {"nobody answers", NULL, NULL, "~ connect -> words Connection refused\n", -1, "connection refused by db.example:5432; ", "connect"},
    {"the ledger cannot be asked", NULL, NULL, "~ @ledger_identify_* -> error 42501\n", 0, NOT_KNOWN, "@ledger_identify_server"},
    {"a replica answers", NULL, a_replica, "", 0, NOT_KNOWN, ASKED},
    {"the ledger of another environment", NULL, of_another_environment, "", 0, NOT_KNOWN, ASKED},
    {"there is no ledger", NULL, no_ledger, "", 0, NOT_KNOWN, "@ledger_identify_server"},
    {"a ledger of an older format", NULL, an_older_format, "", 0, NOT_KNOWN, ASKED},
    {"there are generations", NULL, generations, "", 0, NOT_KNOWN, ASKED},
    {"an entry more", NULL, an_entry_more, "", 0, NOT_KNOWN, ASKED},
    {"as many entries, but others", NULL, other_entries, "", 0, NOT_KNOWN, ASKED},
    {"as many entries, but others, which the last run saw", NULL, other_entries_that_were_seen, "", 0, NOT_KNOWN, ASKED},
    {"another ledger", NULL, another_ledger, "", 0, NOT_KNOWN, ASKED},
    {"another program found it", the_program, NULL, "", 0, NOT_KNOWN, ASKED},
    {"no run saw it", nothing_was_seen, NULL, "", 0, NOT_KNOWN, ASKED},
    {"the last run saw another ledger", another_ledger_was_seen, NULL, "", 0, NOT_KNOWN, ASKED},
    {"the last run saw more entries", more_was_seen, NULL, "", 0, NOT_KNOWN, ASKED},
    {"the last run saw fewer entries", less_was_seen, NULL, "", 0, NOT_KNOWN, ASKED},
    {"the last run saw others", other_entries_were_seen, NULL, "", 0, NOT_KNOWN, ASKED},
    {"it is on another server now", NULL, another_server, "", 0, NOT_KNOWN, CATALOGS},
    {"somebody made a schema", NULL, somebody_made_a_schema, "", 0, NOT_KNOWN, CATALOGS},
    {"the catalogs do not answer", NULL, somebody_wrote, "~ @postgis_witness -> error 42501\n", 0, NOT_KNOWN, CATALOGS},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

/* Is what was asked, before the session ended, what is wanted? */
static bool ends_with(const char *asked)
{
    const char *log = pq_log();
    const char *last = "";
    for (const char *p = log; *p != '\0'; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] != '\0')) {
        bool is_about = strncmp(p, "@ledger_identify", 16) == 0 ||
                        strncmp(p, CATALOGS, strlen(CATALOGS)) == 0 ||
                        strncmp(p, "connect", 7) == 0;
        last = is_about ? p : last;
    }
    return asked[0] == '\0' ? last[0] == '\0' : asks(last, asked);
}

static void play(size_t i)
{
    bool good = warm_up();
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    load();
    if (cases[i].then != NULL) {
        cases[i].then();
    }
    own[0] = '\0';
    run_of_play(&t, knows, cases[i].lines, 0, NULL, 0, NULL);
    const char *text = run_of_text(&t, own);
    good = good && t.rc == cases[i].rc && strstr(text, cases[i].words) != NULL &&
           (t.rc != 1 || strstr(text, " of 4, open") != NULL) && ends_with(cases[i].asked);
    if (!good) {
        printf("# rc %d: %s\n# %s\n", t.rc, text, pq_log());
    }
    t.l.p.warnings.n = t.l.p.faults.n = 0;
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

/* --- of which builds it is kept --------------------------------------------------------------------- */

static void worse(struct run_of *v)
{
    v->r.worst = ERR_VALIDATE;
}

static void did_something(struct run_of *v)
{
    v->r.n = 1;
}

static void not_all_current(struct run_of *v)
{
    v->r.n_current--;
}

static void one_is_not_here(struct run_of *v)
{
    v->s.plan.n_absent = 1;
}

static void one_drifted(struct run_of *v)
{
    v->s.world.n_drift = 1;
}

static void one_waits(struct run_of *v)
{
    v->r.left.waiting = 1;
}

static void one_is_in_doubt(struct run_of *v)
{
    v->s.doubt = "doubt";
}

static void it_moved(struct run_of *v)
{
    v->s.world.moved = "moved";
}

static void has_generations(struct run_of *v)
{
    v->s.id.has_generations = true;
}

static void has_undeclared(struct run_of *v)
{
    v->s.n_undeclared = 1;
}

static void has_no_ledger(struct run_of *v)
{
    v->s.id.has_ledger = false;
}

static void has_a_sink(struct run_of *v)
{
    v->l.p.sink = "archive";
}

static void looked_too_soon(struct run_of *v)
{
    (void)v;
    looks.is_uncertain = true;
}

static const struct {
    const char *name;
    void (*differs)(struct run_of *v);
    bool is_kept;
} kept[] = {
    {"a build with nothing to do is kept", NULL, true},
    {"one that ends worse is not", worse, false},
    {"one that did something is not", did_something, false},
    {"one of which not all are current is not", not_all_current, false},
    {"one of which something is not here is not", one_is_not_here, false},
    {"one that saw drift is not", one_drifted, false},
    {"one that left something is not", one_waits, false},
    {"one that doubts the ledger is not", one_is_in_doubt, false},
    {"one of a ledger that moved is not", it_moved, false},
    {"one with generations is not", has_generations, false},
    {"one with projections that are not declared is not", has_undeclared, false},
    {"one without a ledger is not", has_no_ledger, false},
    {"one with a sink is not", has_a_sink, false},
    {"one whose files were written just now is not", looked_too_soon, false},
};
enum { N_KEPT = sizeof kept / sizeof *kept };

static void keep(size_t i)
{
    struct arena a = {0};
    struct bytes row = {NULL, 0};
    bool good = warm_up();
    keep_row(bytes_str("as it was"));
    load();
    differs = kept[i].differs;
    run_of_play(&t, keeps, "", 0, NULL, 0, NULL);
    differs = NULL;
    project_unload(&t.l);
    bool is_kept = kept_row(&a, &row) && !bytes_eq(row, bytes_str("as it was"));
    ok(good && t.rc == 0 && is_kept == kept[i].is_kept, kept[i].name);
    arena_release(&a);
}

int main(void)
{
    tap_plan(N + N_KEPT + 1);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    bundles_only();
    load();
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    ok(t.rc == 0 && t.r.worst == ERR_NONE && pq_played(), "what the cases begin with");
    run_of_leave(&t, &built);
    project_unload(&t.l);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    for (size_t i = 0; i < N_KEPT; i++) {
        keep(i);
    }
    cluster_release(&t.cluster);
    cluster_release(&built);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
