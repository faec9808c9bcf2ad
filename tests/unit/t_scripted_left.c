/* layer: flow scripted */
/* What an earlier run or another project left, when `kfmig build` comes: receipts that no ledger took, and migrations that
 * only the ledger knows; on a whole server. */
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built, many;
static const char *target; /* NULL: all */

static int build_it(struct run_of *v)
{
    const struct converge_options o = {.order = {.is_confirmed = true}};
    return plan_first(v) != 0 ||
                   (target != NULL && plan_restrict(&v->s.plan, &target, 1, &v->e) != 0) ||
                   converge_blocked(&v->s, &o, &v->r, &v->e) != 0
               ? -1
               : converge(&v->s, &o, &v->r, &v->e);
}

/* --- what was left */

#define OWED "state/owed/"
#define DAMAGED "{\"environment\":\"dev\"} and no receipt"

static void a_third(void)
{
    verbs_migration("M-3", "app", "INSERT INTO app.t VALUES (3);\n");
}

static void five_more(void)
{
    char text[64];
    for (int i = 3; i <= 7; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "M-%d", i);
        (void)snprintf(text, sizeof text, "INSERT INTO app.t VALUES (%d);\n", i);
        verbs_migration(id, "app", text);
    }
}

static void second_is_gone(void)
{
    (void)nftw("migrations/postgis/M-2", project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void second_is_gone_and_a_third(void)
{
    second_is_gone();
    a_third();
}

static void third_cannot_run(void)
{
    verbs_migration("M-3", "app", "VACUUM app.t;\n");
}

static void third_cannot_run_and_the_first_is_meant(void)
{
    third_cannot_run();
    target = "M-1";
}

static void damaged(void)
{
    project_put(OWED "a.json", DAMAGED);
}

static void damaged_and_aside_is_taken(void)
{
    damaged();
    project_put(OWED "aside/a.json/file", "");
}

static void damaged_and_aside_is_a_file(void)
{
    damaged();
    project_put(OWED "aside", "");
}

static void of_nobody(void)
{
    project_put(OWED "folder.json/file", DAMAGED);
    project_put(OWED "x", DAMAGED);
    project_put(OWED "notes.txt", DAMAGED);
    project_put(OWED "empty.json", "");
    project_put(OWED "other.json", "{\"environment\":\"live\"}");
}

static void owed_is_a_file(void)
{
    project_put("state/owed", "");
}

static void owed_leads_nowhere(void)
{
    if (mkdirat(project_fd, "state", 0700) != 0 ||
        symlinkat("nowhere", project_fd, "state/owed") != 0) {
        abort();
    }
}

static void old_format(void)
{
    t.cluster.base[0].keeper.format = "1";
}

static void old_format_protected(void)
{
    old_format();
    t.l.p.env[0].is_protected = true;
}

/* --- the cases */

#define FAILS "~ INSERT INTO app.t VALUES (3)* -> error 23505\n"
#define NOT_TAKEN FAILS "~ @ledger_record_head -> error 57014\n"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void);
    void (*then)(void);
    const struct cluster *from;
    const char *lines;
    int rc;
    enum err_code worst;
    const char *words; /* "a ... b": in this order; NULL: not a word */
    const char *there; /* a file that is there afterwards; NULL */
} cases[] = {
    {"a damaged receipt is set aside", damaged, NULL, &built, "", 0, ERR_NONE, "warning: dev: an owed receipt cannot be recorded and was set aside as state/owed/aside/a.json: ", OWED "aside/a.json"},
    {"a damaged receipt whose place is taken", damaged_and_aside_is_taken, NULL, &built, "", -1, ERR_PREFLIGHT, "cannot move state/owed/a.json", OWED "a.json"},
    {"a damaged receipt, and there is no folder for it", damaged_and_aside_is_a_file, NULL, &built, "", -1, ERR_PREFLIGHT, "state/owed/aside", OWED "a.json"},
    {"what is no receipt of this environment stays", of_nobody, NULL, &built, "", 0, ERR_NONE, NULL, OWED "other.json"},
    {"receipts that cannot be listed", owed_is_a_file, NULL, &built, "", -1, ERR_PREFLIGHT, "state/owed", NULL},
    {"a receipt that is not taken is kept", a_third, NULL, &built, NOT_TAKEN, 0, ERR_APPLY, "warning: dev: the ledger did not take the receipt; it is kept in state/owed, and the next build records it|", NULL},
    {"receipts behind a symlink", owed_leads_nowhere, NULL, &built, "", -1, ERR_CONFIG, "\"state/owed\" is a symlink, or leads through one; replace the symlink by what it points to", NULL},

    {"one that only the ledger knows", second_is_gone, NULL, &built, "", 0, ERR_NONE, "warning: dev: M-2: ", NULL},
    {"one that only the ledger knows, and one that is to be run", second_is_gone_and_a_third, NULL, &built, "", 0, ERR_NONE, "warning: dev: M-2: ... begin: M-3|statement: INSERT|done: |, apply M-3", NULL},
    {"five that only the ledger knows", NULL, NULL, &many, "", 0, ERR_NONE, "warning: dev: M-3: ... warning: dev: M-4: ... warning: dev: M-5: ... |warning: dev: 2 more are applied and not here; `kfmig status dev` names them|", NULL},
    {"one that cannot run", third_cannot_run, NULL, &built, "", -1, ERR_CONFIG, "1 target is blocked; nothing was run; ... fault: VACUUM", NULL},
    {"one that cannot run, and is not meant", third_cannot_run_and_the_first_is_meant, NULL, &built, "", 0, ERR_NONE, NULL, NULL},
    {"a ledger of an older format in a protected environment", NULL, old_format_protected, &built, "", 0, ERR_NONE, NULL, NULL},
    {"a ledger of an older format", NULL, old_format, &built, "", 0, ERR_NONE, "note: dev: fingerprints of 1 object recorded anew in format 2; ledger entry 6|", NULL},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void begin(void)
{
    target = NULL;
    verbs_project();
    if (fchdir(project_fd) != 0) {
        abort();
    }
}

static void play(size_t i)
{
    begin();
    cluster_copy(&t.cluster, cases[i].from);
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    project_load(&t.l, false);
    if (cases[i].then != NULL) {
        cases[i].then();
    }
    run_of_play(&t, build_it, cases[i].lines, 0, NULL, 0, NULL);
    const char *text = run_of_text(&t, "");
    bool good =
        t.rc == cases[i].rc && t.r.worst == cases[i].worst &&
        (cases[i].words != NULL ? has_in_order(text, cases[i].words) : strcmp(text, "; \n") == 0) &&
        t.n_holders == 0 &&
        (cases[i].there == NULL || faccessat(project_fd, cases[i].there, F_OK, 0) == 0);
    if (!good) {
        printf("# rc %d, worst %d: %s\n", t.rc, (int)t.r.worst, text);
    }
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

static void make(struct cluster *out, void (*before)(void))
{
    begin();
    if (before != NULL) {
        before();
    }
    project_load(&t.l, false);
    cluster_copy(&t.cluster, &empty);
    run_of_play(&t, builds, "", 0, NULL, 0, NULL);
    ok(t.rc == 0 && t.r.worst == ERR_NONE && pq_played(), "what the cases begin with");
    run_of_leave(&t, out);
    project_unload(&t.l);
}

int main(void)
{
    tap_plan(N + 2);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    make(&built, NULL);
    make(&many, five_more);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    cluster_release(&t.cluster);
    cluster_release(&empty);
    cluster_release(&built);
    cluster_release(&many);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
