/* layer: site scripted */
/* What the linter says of what is to run in an environment: behind what is applied there, for its server, and as a reason in a protected one. */
#include "scripted_site.h"

#include "model/finding.h"

static struct setting t;

#define LINES "connect -> ok\n" IDENTIFY ENTRIES LOOKED
#define LINEAGE "@postgis_lineage -> rows\n"
#define HOLDER "@ledger_lock_holder -> rows\n"

/* clang-format off */
static const struct {
    const char *name;
    bool is_protected, lets_go;
    const char *past;    /* of M-1, which is applied; NULL: it is not */
    const char *forward; /* of M-2 */
    const char *found;   /* of M-2, "rule waiver; ..." */
    const char *reasons; /* of M-2, behind those that it is not about */
} cases[] = {
    {"of a table that nobody knows", false, false, "SELECT 1;\n", "CREATE INDEX i ON app.t (a);\n", "index-blocks-writes ;", ""},
    {"a warning stops nothing where it is protected", true, false, "SELECT 1;\n", "CREATE INDEX i ON app.t (a);\n", "index-blocks-writes ;", ""},
    {"what is applied is known", false, false, "CREATE TABLE app.t (a bigint PRIMARY KEY);\nCREATE INDEX i ON app.t (a DESC);\n", "CREATE INDEX CONCURRENTLY j ON app.t (a DESC);\n", "duplicate-index ;", ""},
    {"what an earlier migration of the plan makes nobody uses", false, false, NULL, "CREATE INDEX i ON app.t (a);\n", "", ""},
    {"an error", false, false, "SELECT 1;\n", "TRUNCATE app.t CASCADE;\n", "class-undeclared ;truncate-cascade ;truncate ;", ""},
    {"... is refused where it is protected", true, false, "SELECT 1;\n", "TRUNCATE app.t CASCADE;\n", "class-undeclared ;truncate-cascade ;truncate ;", "lint_error 1:1 truncate-cascade;"},
    {"... also where its scripts are let go", true, true, "SELECT 1;\n", "TRUNCATE app.t CASCADE;\n", "class-undeclared ;truncate-cascade ;truncate ;", "lint_error 1:1 truncate-cascade;"},
    {"... but not with a reason", true, false, "SELECT 1;\n", "-- kfmig:allow truncate-cascade it is a cache\nTRUNCATE app.t CASCADE;\n", "class-undeclared ;truncate-cascade it is a cache;truncate ;", ""},
    {"a text without an end is told by others", false, false, "SELECT 1;\n", "SELECT 'x", "", "script_fault 1:8 ;"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void put_project(size_t i)
{
    char text[600];
    setting_project("");
    (void)snprintf(
        text, sizeof text,
        "environments:\n  dev: {protected: %s, evidence: none, stores: {postgis: {dsn_ref: "
        "T_DEV}}}\ndefault_environment: dev\n",
        cases[i].is_protected ? "true" : "false");
    project_put("registry/environments.v1.yml", text);
    project_put(
        "registry/migrations.v1.json",
        "{\"version\": 1, \"migrations\": [{\"id\": \"M-1\", \"type\": \"postgis\", \"owners\": "
        "[\"ada\"], \"status\": \"draft\"}, {\"id\": \"M-2\", \"type\": \"postgis\", \"owners\": "
        "[\"ada\"], \"status\": \"draft\"}]}");
    project_put("migrations/postgis/M-1/forward.sql",
                cases[i].past != NULL ? cases[i].past
                                      : "CREATE TABLE app.t (a bigint PRIMARY KEY);\n");
    project_bundle("M-2", "");
    project_put("migrations/postgis/M-2/forward.sql", cases[i].forward);
}

static void add_found(char *seen, size_t n)
{
    const struct findings *l = table_gets(&t.s.world.linted, "M-2");
    size_t at = strlen(seen);
    for (size_t i = 0; l != NULL && i < l->n; i++) {
        if (l->v[i].severity != SEVERITY_NOTE) {
            at += (size_t)snprintf(seen + at, n - at, "%s %s;", l->v[i].rule, l->v[i].waived_by);
        }
    }
}

static void add_reasons(char *seen, size_t n)
{
    const struct step *s = &t.s.plan.v[plan_find(&t.s.plan, "M-2")];
    size_t at = 0;
    for (size_t i = 0; i < s->n_reasons; i++) {
        const struct reason *r = &s->reasons[i];
        if (r->code == REASON_LINT || r->code == REASON_SCRIPT_FAULT) {
            at += (size_t)snprintf(seen + at, n - at, "%s %d:%d %s;", reason_text(r->code), r->line,
                                   r->col, r->now);
        }
    }
}

static void play(size_t i)
{
    struct err e = {0};
    char found[300] = "", reasons[300] = "";
    put_project(i);
    setting_lets_go = cases[i].lets_go;
    setting_open(&t, "dev", LEDGER_UUID, 3);
    if (cases[i].past != NULL) {
        kept_add(&t.keeper.is, ENTRY_APPLY, "M-1", NULL);
    }
    setting_play(&t, LINES LINEAGE HOLDER);
    int rc = site_plan(&t.s, true, &e);
    site_ask_around(&t.s, AROUND_LINT, -1);
    if (rc == 0) {
        add_found(found, sizeof found);
        add_reasons(reasons, sizeof reasons);
    }
    bool good =
        rc == 0 && strcmp(found, cases[i].found) == 0 && strcmp(reasons, cases[i].reasons) == 0;
    if (!good) {
        printf("# rc %d, \"%s\", \"%s\": %s\n", rc, found, reasons, e.msg);
    }
    setting_close(&t);
    setting_lets_go = false;
    ok(pq_played() && good, cases[i].name);
}

int main(void)
{
    return setting_each(N, play);
}
