/* layer: flow scripted */
/* Migrations proven on throwaway databases, on a whole server: what is tried of which, what is remembered, seeds; each
 * question that goes wrong leaves no database that is not told of, and no lock. */
#include "flow/prove.h"
#include "flow/prove_parts.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty;
static struct prove_options options;
static struct proofs found;
static char own[8192];

static void put_proofs(void)
{
    size_t n = 0;
    own[0] = '\0';
    for (size_t i = 0; i < found.n; i++) {
        const struct proof *p = &found.v[i];
        const struct err *e = proof_fault(p);
        n += (size_t)snprintf(own + n, sizeof own - n, "[%s %s%s", p->id,
                              down_class_text(p->found->down), p->is_cached ? " known" : "");
        for (int k = 0; k < PROOF_PARTS; k++) {
            n += (size_t)snprintf(own + n, sizeof own - n, " %s=%s",
                                  proof_part_text((enum proof_part)k),
                                  proof_end_text(p->found->part[k].end));
        }
        n += (size_t)snprintf(own + n, sizeof own - n, "%s%s%s] ",
                              p->because[0] != '\0' ? " because " : "", p->because,
                              p->found->n_seeds > 0 ? " seeded" : "");
        n += (size_t)snprintf(own + n, sizeof own - n, "%s", e != NULL ? e->msg : "");
    }
    if (found.whole == NULL) {
        return;
    }
    n += (size_t)snprintf(own + n, sizeof own - n,
                          "second %s %s; %zu proven, %zu known, %zu failed, %zu skipped, %zu left",
                          proof_end_text(found.whole->second), found.whole->second_fault.msg,
                          found.n_proven, found.n_cached, found.n_failed, found.n_skipped,
                          found.n_left);
    n += (size_t)snprintf(own + n, sizeof own - n, "; %zu statements", found.n_statements);
    for (size_t i = 0; i < found.whole->n_notes; i++) {
        n += (size_t)snprintf(own + n, sizeof own - n, "; %s: %s", found.whole->notes[i].what,
                              found.whole->notes[i].fault.msg);
    }
}

static int proves(struct run_of *x)
{
    int rc = prove(&x->s, &options, &found, &x->e);
    put_proofs();
    return rc;
}

static void rollback_file(const char *id, const char *sql)
{
    char path[256];
    (void)snprintf(path, sizeof path, "migrations/postgis/%s/rollback.sql", id);
    project_put(path, sql);
}

#define SEED "tests/seeds/a.sql"
#define NOTHING_BEFORE "~ @ledger_read_before -> rows\n"
#define RUNS "~ SELECT 1* -> SELECT 1\n~ DELETE FROM app.t* -> DELETE 1\n"
#define AS_USUAL NOTHING_BEFORE RUNS
/* Two of them: the throwaway databases. */
#define GOOD "up=passed down=passed again=passed"

/* --- what is so before a case */

static void empty_down(void)
{
    rollback_file("M-2", "-- by hand\n");
}

static void idempotent(void)
{
    verbs_declare("M-2", "app", "idempotent: true\n");
}

static void no_down(void)
{
    project_put("migrations/postgis/M-2/migration.yml",
                "migration_id: M-2\ntype: postgis\nintent: \"Test\"\nscope: {allowed_schemas: "
                "[app]}\nlimits: {}\n"
                "requires_rollback: false\napprovals: {required_reviewers: [ada], change_class: c, "
                "reference: CAB-1}\n"
                "runner: {tool: native}\nartifacts: {forward: [forward.sql]}\n");
    project_put("migrations/postgis/M-2/notes.md", "Notes.\n");
}

static void control(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "INSERT INTO app.t VALUES (1);\nROLLBACK;\n");
}

static void out_of_scope(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "INSERT INTO other.t VALUES (1);\n");
}

static void shared(void)
{
    project_put(
        "migrations/postgis/M-1/migration.yml",
        "migration_id: M-1\ntype: postgis\nintent: \"Test\"\nscope: {allowed_schemas: [app], "
        "allowed_global: [role]}\nlimits: {}\n"
        "requires_rollback: true\napprovals: {required_reviewers: [ada], change_class: c}\n"
        "runner: {tool: native}\nartifacts: {forward: [forward.sql], rollback: [rollback.sql]}\n");
}

static void seeded(void)
{
    project_put(SEED, "INSERT INTO app.nowhere VALUES (1);\n");
    project_put("tests/seeds/b.txt", "no SQL\n");
}

static void seeded_after(void)
{
    project_put(SEED, "-- what there is\n-- kfmig:after M-1\n\nINSERT INTO app.s VALUES (1);\n");
}

static void seeded_after_none(void)
{
    project_put(SEED, "-- kfmig:after M-9\nINSERT INTO app.s VALUES (1);");
}

static void seeded_badly(void)
{
    project_put(SEED, "SELECT 1;\nCREATE TABLE app.s (id int);\n");
}

static void seeded_unreadably(void)
{
    project_put(SEED, "INSERT INTO app.s VALUES ('1);\n");
}

#define WORKLOAD "tests/workload.yml"

static void loaded(void)
{
    project_put(WORKLOAD,
                "statements:\n  - {name: look, sql: SELECT 1, sessions: 2, pause_ms: 0}\n");
}

static void loaded_and_limited(void)
{
    project_put(WORKLOAD, "limit_ms: 1000\nstatements: [{name: look, sql: SELECT 1}]\n");
}

static void loaded_with_too_many(void)
{
    project_put(WORKLOAD, "statements:\n  - {name: a, sql: SELECT 1, sessions: 9}\n  - {name: b, "
                          "sql: SELECT 1, sessions: 8}\n");
}

static void loaded_with_another(void)
{
    project_put(WORKLOAD, "statements: [{name: a, sql: SELECT 1, often: 3}]\n");
}

static void loaded_with_none(void)
{
    project_put(WORKLOAD, "statements: [\n");
}

static void cyclic(void)
{
    verbs_declare("M-1", "app", "depends_on: [M-2]\n");
    verbs_declare("M-2", "app", "depends_on: [M-1]\n");
}

static void other_content(void)
{
    project_put("migrations/postgis/M-2/forward.sql", "INSERT INTO app.t VALUES (3);\n");
}

static void other_first(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "INSERT INTO app.t VALUES (3);\n");
}

static void provided(void)
{
    project_put("registry/environments.v1.yml",
                "environments:\n"
                "  own: {evidence: none, stores: {postgis: {server: embedded, provision: "
                "{extensions: [hstore]}}}}\n"
                "  dev: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "default_environment: dev\n");
}

static const char *const second[] = {"M-2@apply"};

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void);
    const char *lines;
    struct prove_options o;
    int rc;
    enum err_code worst;
    const char *words; /* of what was found, the error, its hint, or what was heard, in this order */
} cases[] = {
    {"both hold", NULL, AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried because never proven] ... [M-2 exact ... second passed ; 2 proven, 0 known, 0 failed, 0 skipped, 0 left ... done: proven|done: proven|"},
    {"one of them", NULL, AS_USUAL, {.targets = second, .n_targets = 1}, 0, ERR_NONE, "[M-1 not tried fresh=passed up=passed down=not tried ... [M-2 exact ... 1 proven, 0 known, 0 failed, 0 skipped, 1 left"},
    {"a rollback fails", NULL, NOTHING_BEFORE "~ SELECT 1* -> error 42P01\n" RUNS, {0}, 0, ERR_ROLLBACK, "[M-1 fails fresh=passed up=passed down=failed again=not tried ... M-1 was not taken back, nothing was changed ... 2 failed"},
    {"a rollback cannot be looked into", NULL, "~ @ledger_read_before -> error 42501\n" RUNS, {0}, 0, ERR_PREFLIGHT, "[M-1 fails ... down=failed ... 42501"},
    {"a rollback is empty", empty_down, AS_USUAL, {0}, 0, ERR_ROLLBACK, "[M-2 empty fresh=passed up=passed down=failed ... M-2 has to be taken back, and its rollback file holds no statement"},
    {"there is none", no_down, AS_USUAL, {0}, 0, ERR_NONE, "[M-2 none fresh=passed up=passed down=not tried again=not tried ... second passed ; 2 proven"},
    {"it is run over itself", idempotent, AS_USUAL, {0}, 0, ERR_NONE, "[M-2 exact fresh=passed " GOOD " repeat=passed"},
    {"a statement fails", NULL, "~ INSERT INTO app.t VALUES (1)* -> error 42P01\n" AS_USUAL, {0}, 0, ERR_APPLY, "[M-1 not tried fresh=failed up=failed down=not tried ... statement 1 (INSERT) failed ... [M-2 not tried fresh=skipped up=skipped ... not tried: what it comes after failed ... 1 failed, 1 skipped"},
    {"it takes too long", NULL, AS_USUAL, {.limit_ms = -1}, 0, ERR_APPLY, "[M-1 not tried fresh=failed up=failed ... M-1 took ... ms; the limit is -1 ms"},
    {"a script that cannot be run", control, AS_USUAL, {0}, 0, ERR_CONFIG, "[M-1 not tried fresh=failed ... ROLLBACK"},
    {"one that leaves its scope", out_of_scope, AS_USUAL, {0}, 0, ERR_PREFLIGHT, "[M-1 not tried fresh=failed ... M-1 is blocked: write of table other.t: not in scope.allowed_schemas"},
    {"one that changes what is shared", shared, AS_USUAL, {0}, 0, ERR_NONE, "[M-1 not tried fresh=skipped up=skipped ... not tried: M-1 may change what the live database shares with its server (role) ... [M-2 exact fresh=passed " GOOD " ... 1 proven, 0 known, 0 failed, 1 skipped"},
    {"a seed that is never loaded", seeded, AS_USUAL, {0}, 0, ERR_CONFIG, "2 proven ... tests/seeds/a.sql: it was never loaded: a table that it names was never there"},
    {"one behind a migration", seeded_after, "~ INSERT INTO app.s* -> INSERT 0 1\n" AS_USUAL, {0}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried because never proven seeded] ... [M-2 exact"},
    {"one that fails", seeded_after, "~ INSERT INTO app.s* -> error 23505\n" AS_USUAL, {0}, 0, ERR_APPLY, "2 proven ... tests/seeds/a.sql: statement 1 (INSERT) failed"},
    {"one behind none", seeded_after_none, AS_USUAL, {0}, 0, ERR_CONFIG, "tests/seeds/a.sql: it was never loaded: the migration that it names was not proven"},
    {"one that makes a table", seeded_badly, AS_USUAL, {0}, -1, ERR_NONE, "a seed changes rows and nothing else; this is a create of an object"},
    {"one that cannot be read", seeded_unreadably, AS_USUAL, {0}, -1, ERR_NONE, "unterminated"},
    {"a workload beside it", loaded, AS_USUAL, {0}, 0, ERR_NONE, "2 proven ... 1 statements"},
    {"one with a limit", loaded_and_limited, AS_USUAL, {0}, 0, ERR_NONE, "2 proven ... 1 statements"},
    {"a workload of too many sessions", loaded_with_too_many, AS_USUAL, {0}, -1, ERR_NONE, "17 sessions; there can be 16"},
    {"one with an unknown key", loaded_with_another, AS_USUAL, {0}, -1, ERR_NONE, "unknown key \"often\""},
    {"one that is no YAML", loaded_with_none, AS_USUAL, {0}, -1, ERR_NONE, "a value is missing here"},
    {"two processes", NULL, AS_USUAL, {.jobs = 2}, 0, ERR_NONE, "[M-1 exact fresh=passed " GOOD " repeat=not tried ... [M-2 exact ... second passed ; 2 proven ... done: proven|done: proven|"},
    {"one of two cannot go on", NULL, "~ @ledger_record_head -> cut\n" AS_USUAL, {.jobs = 2}, -1, ERR_NONE, "was lost"},
    {"a circle", cyclic, AS_USUAL, {0}, -1, ERR_NONE, "M-1"},
    {"leftovers are swept", NULL, "~ @site_drill_leftovers -> rows kfmig_drill_00000001\n~ DROP DATABASE \"kfmig_drill_00000001\" -> DROP DATABASE\n" AS_USUAL, {0}, 0, ERR_NONE, "2 proven ... note: dropped 1 database that killed runs left|"},
    {"nobody may make a database", NULL, "~ CREATE DATABASE* -> error 42501\n" AS_USUAL, {0}, -1, ERR_NONE, "may not create the database"},
    {"the server cannot be reached", NULL, "connect -> words Connection refused\n" AS_USUAL, {0}, -1, ERR_NONE, "onnection refused"},
    {"an extension is provided", provided, "~ CREATE EXTENSION* -> CREATE EXTENSION\n" AS_USUAL, {0}, 0, ERR_NONE, "2 proven"},
    {"an extension is not there", provided, "~ CREATE EXTENSION* -> error 58P01\n" AS_USUAL, {0}, -1, ERR_NONE, "the throwaway database lacks the extension \"hstore\"; have an administrator make a template"},
};
/* What is remembered of a first run that proved both, and what voids it. */
static const struct {
    const char *name;
    void (*before)(void);
    struct prove_options o;
    const char *words;
} known[] = {
    {"nothing is tried again", NULL, {0}, "[M-1 exact known fresh=passed " GOOD " repeat=not tried] [M-2 exact known ... second not tried ; 0 proven, 2 known"},
    {"unless it is asked for", NULL, {.all = true}, "second passed ; 2 proven, 0 known"},
    {"another content", other_content, {0}, "[M-1 exact known ... [M-2 exact fresh=passed " GOOD " repeat=not tried because its content is another] second passed ; 1 proven, 1 known"},
    {"another content of the one before", other_first, {0}, "because its content is another] [M-2 ... because a migration before it is another] second passed ; 2 proven"},
    {"a declaration that says more", idempotent, {0}, "[M-1 exact known ... [M-2 ... repeat=passed because its declaration is another]"},
    {"a seed", seeded_after, {0}, "because server, seeds, workload, limit or policy are others ... seeded]"},
    {"another limit", NULL, {.limit_ms = 5000}, "[M-1 exact fresh=passed ... because server, seeds, workload, limit or policy are others ... 2 proven"},
};
/* clang-format on */

enum { N = sizeof cases / sizeof *cases, N_KNOWN = sizeof known / sizeof *known };

static void begin(const struct prove_options *o)
{
    options = *o;
    options.server_ref = "T_DEV";
    options.jobs = o->jobs > 0 ? o->jobs : 1;
    options.limit_ms = o->limit_ms != 0 ? o->limit_ms : 30000;
    found = (struct proofs){.v = NULL};
    own[0] = '\0';
    cluster_copy(&t.cluster, &empty);
}

static bool judge(int rc, enum err_code worst, const char *words)
{
    const char *all = run_of_text(&t, own);
    bool good = t.rc == rc && found.worst == worst && has_in_order(all, words) &&
                t.n_holders == 0 && cluster_drills(&t.cluster) == 0;
    if (!good) {
        printf("# rc %d, worst %d, drills %d, holders %d: %s\n", t.rc, (int)found.worst,
               cluster_drills(&t.cluster), t.n_holders, all);
    }
    return good;
}

static void play(size_t i)
{
    verbs_project();
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    begin(&cases[i].o);
    project_load(&t.l, true);
    run_of_play(&t, proves, cases[i].lines, 0, NULL, 0, NULL);
    bool good = judge(cases[i].rc, cases[i].worst, cases[i].words);
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

static void remember(size_t i)
{
    verbs_project();
    begin(&(struct prove_options){0});
    project_load(&t.l, true);
    run_of_play(&t, proves, AS_USUAL, 0, NULL, 0, NULL);
    bool good = judge(0, ERR_NONE, "2 proven");
    project_unload(&t.l);
    if (known[i].before != NULL) {
        known[i].before();
    }
    begin(&known[i].o);
    project_load(&t.l, true);
    run_of_play(&t, proves, "~ INSERT INTO app.s* -> INSERT 0 1\n" AS_USUAL, 0, NULL, 0, NULL);
    good = judge(0, ERR_NONE, known[i].words) && good;
    project_unload(&t.l);
    ok(good, known[i].name);
}

/* Each question that goes wrong: what is said to hold does, and what could not be dropped is told. */
static void sweep(const char *how)
{
    int n_lies = 0;
    int n_failed = 0;
    verbs_project();
    seeded_after();
    project_load(&t.l, false);
    begin(&(struct prove_options){.all = true});
    run_of_play(&t, proves, "~ INSERT INTO app.s* -> INSERT 0 1\n" AS_USUAL, 0, NULL, 0, NULL);
    int asked = t.cluster.n_heard;
    for (int n = 1; n <= asked; n += 3) {
        begin(&(struct prove_options){.all = true});
        run_of_play(&t, proves, "~ INSERT INTO app.s* -> INSERT 0 1\n" AS_USUAL, n, how, 0, NULL);
        bool holds = t.rc == 0 && found.worst == ERR_NONE;
        bool is_told = t.rc != 0 || found.worst != ERR_NONE;
        bool is_lie = (holds && found.n_proven != 2) || t.n_holders != 0 ||
                      (cluster_drills(&t.cluster) > 0 && !is_told);
        n_failed += is_told;
        if (is_lie && n_lies++ < 5) {
            printf("# question %d: rc %d, drills %d: %s\n", n, t.rc, cluster_drills(&t.cluster),
                   run_of_text(&t, own));
        }
    }
    printf("# %d questions, %d told\n", asked, n_failed);
    ok(n_lies == 0 && n_failed > 20, how);
    project_unload(&t.l);
}

int main(void)
{
    tap_plan(N + N_KNOWN + 3);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    for (size_t i = 0; i < N_KNOWN; i++) {
        remember(i);
    }
    sweep("cut");
    sweep("error 42501");
    sweep("error 40001");
    cluster_release(&t.cluster);
    cluster_release(&empty);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
