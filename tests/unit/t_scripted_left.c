/* layer: flow scripted */
/* What an earlier run or another project left, when `kfmig build` comes: receipts that no ledger took, and migrations that
 * only the ledger knows; and what holds the environment back; on a whole server. */
#include "model/operations.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built, many;
static const char *target; /* NULL: all */

/* The first one's beginning freezes the environment. */
static struct operations operations;
static bool freezes, prunes;

static void freezing_hear(void *ctx, const struct tell *what)
{
    run_of_hear(ctx, what);
    operations.n_freezes += freezes && what->kind == TELL_BEGIN && operations.n_freezes == 0;
}

static int build_it(struct run_of *v)
{
    const struct converge_options o = {.order = {.is_confirmed = true}};
    v->s.ear.hear = freezing_hear;
    int rc = plan_first(v);
    v->s.o.prunes = prunes;
    return rc != 0 || (target != NULL && plan_restrict(&v->s.plan, &target, 1, &v->e) != 0) ||
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
    verbs_migration("M-3", "app", "CREATE DATABASE other;\n");
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

/* --- what holds it back */

static struct freeze winter[] = {
    {20261220, 20270103, "UTC", "year end", "2026-12-20 to 2027-01-03"}};
static struct window weekend[] = {
    {65, 120, 360, "UTC", "sat-sun 02:00 to 06:00 UTC"},
    {127, 0, 1, "America/Nowhere", "daily 00:00 to 00:01 America/Nowhere"}};
static const char *asked[] = {"comms posted", "on-call assigned"};
#define CHRISTMAS "1798156800" /* Friday 2026-12-25, 00:00 UTC */

static void operate(void)
{
    (void)setenv("KFMIG_NOW", CHRISTMAS, 1);
    t.l.p.env[0].operations = &operations;
}

static void frozen(void)
{
    operate();
    operations = (struct operations){.freezes = winter, .n_freezes = 1};
}

static void frozen_in_between(void)
{
    frozen();
    operations.n_freezes = 0;
    freezes = true;
}

static void outside(void)
{
    operate();
    operations = (struct operations){.windows = weekend, .n_windows = 1};
}

static void in_no_zone(void)
{
    operate();
    operations = (struct operations){.windows = weekend + 1, .n_windows = 1};
}

static void inside(void)
{
    outside();
    (void)setenv("KFMIG_NOW", "1798342200", 1); /* Sunday 2026-12-27, 03:30 UTC */
}

static void unconfirmed(void)
{
    operate();
    operations = (struct operations){.checklist = {asked, 2, 2}};
}

static void unconfirmed_of_some(void)
{
    unconfirmed();
    target = "M-3";
    prunes = true;
}

static void four_more(void)
{
    a_third();
    verbs_migration("M-4", "app", "INSERT INTO app.t VALUES (4);\n");
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
    {"one that cannot run", third_cannot_run, NULL, &built, "", -1, ERR_CONFIG, "1 target is blocked; nothing was run; ... fault: CREATE DATABASE", NULL},
    {"one that cannot run, and is not meant", third_cannot_run_and_the_first_is_meant, NULL, &built, "", 0, ERR_NONE, NULL, NULL},
    {"a ledger of an older format in a protected environment", NULL, old_format_protected, &built, "", 0, ERR_NONE, NULL, NULL},
    {"frozen", a_third, frozen, &built, "", -1, ERR_NONE, "dev: changes are frozen from 2026-12-20 to 2027-01-03: year end; nothing was run; wait until it is over", NULL},
    {"frozen, and there is nothing to do", NULL, frozen, &built, "", 0, ERR_NONE, NULL, NULL},
    {"frozen, and what is to be done is blocked", third_cannot_run, frozen, &built, "", -1, ERR_CONFIG, "1 target is blocked; nothing was run; ... fault: CREATE DATABASE", NULL},
    {"frozen while it runs: the one that is running ends, the next does not begin", four_more, frozen_in_between, &built, "", 0, ERR_PREFLIGHT, "begin: M-3|statement: INSERT|warning: dev: changes are frozen from 2026-12-20 to 2027-01-03: year end; what is left was not begun|done: |, apply M-3", NULL},
    {"outside of the window", a_third, outside, &built, "", -1, ERR_NONE, "dev: it is fri 00:00 UTC, outside of the maintenance window; nothing was run; wait for the window: sat-sun 02:00 to 06:00 UTC", NULL},
    {"inside of the window", a_third, inside, &built, "", 0, ERR_NONE, "begin: M-3|statement: INSERT|done: |, apply M-3", NULL},
    {"a window in a zone that nobody knows", a_third, in_no_zone, &built, "", -1, ERR_NONE, "dev: this machine does not know the time zone \"America/Nowhere\", so nobody knows; nothing was run; install the zone database (tzdata), or write the zone as UTC", NULL},
    {"items that nobody has confirmed", a_third, unconfirmed, &built, "", -1, ERR_NONE, "dev: nobody has confirmed \"comms posted\" for this plan; nothing was run; whoever knows: `kfmig preflight dev --confirm=\"comms posted\"` ... warning: dev: nobody has confirmed \"on-call assigned\" for this plan|", NULL},
    {"items of a plan of some, with what is pruned", a_third, unconfirmed_of_some, &built, "", -1, ERR_NONE, "`kfmig preflight dev M-3 --prune --confirm=\"comms posted\"`", NULL},

    {"a ledger of an older format", NULL, old_format, &built, "", 0, ERR_NONE, "note: dev: fingerprints of 1 object recorded anew in format 2; ledger entry 6|", NULL},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void begin(void)
{
    target = NULL;
    freezes = prunes = false;
    (void)unsetenv("KFMIG_NOW");
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
