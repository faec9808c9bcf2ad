/* layer: report */
/* What status, plan and why tell of runs, the server and the ledger, as JSON. */
#include "doc/canon.h"
#include "report_cases.h"

static const struct fact_run nothing = {.actor = "",
                                        .started_at = "",
                                        .ms = -1,
                                        .path = "",
                                        .sqlstate = "",
                                        .condition = "",
                                        .object = "",
                                        .gates = ""};
static const struct fact_run well = {.actor = "ci",
                                     .started_at = "2026-03-01T23:59:58.000000Z",
                                     .ms = 2000,
                                     .path = "",
                                     .sqlstate = "",
                                     .condition = "",
                                     .object = "",
                                     .gates = ""};
static const struct fact_run by_server = {.actor = "eve\n",
                                          .started_at = "T",
                                          .ms = 0,
                                          .code = "apply",
                                          .path = "migrations/m/forward.sql",
                                          .line = 3,
                                          .col = 1,
                                          .statement = 2,
                                          .sqlstate = "42P01",
                                          .condition = "undefined_table",
                                          .object = "table a.t",
                                          .gates = ""};
static const struct fact_run by_gates = {.actor = "ci",
                                         .started_at = "T",
                                         .ms = 1,
                                         .code = "scope",
                                         .path = "",
                                         .sqlstate = "",
                                         .condition = "",
                                         .object = "",
                                         .gates = "scope: create of table a.t\nlimits: 2 tables"};

#define ENTRY "\"finished_at\":\"2026-03-02T00:00:00.000000Z\""

static const struct {
    const char *name;
    const struct fact_run *run;
    const char *want;
} runs[] = {
    {"nobody has looked into the receipt", NULL,
     "{" ENTRY ",\"result\":\"failed\",\"run_id\":\"run-1\"}"},
    {"the receipt tells nothing", &nothing,
     "{\"actor\":null,\"failure\":null," ENTRY
     ",\"ms\":null,\"result\":\"failed\",\"run_id\":\"run-1\",\"started_at\":null}"},
    {"it went well", &well,
     "{\"actor\":\"ci\",\"failure\":null," ENTRY
     ",\"ms\":2000,\"result\":\"failed\",\"run_id\":\"run-1\",\"started_at\":\"2026-03-01T23:59:58."
     "000000Z\"}"},
    {"the server refused a statement", &by_server,
     "{\"actor\":\"eve\\\\x0a\",\"failure\":{\"code\":\"apply\",\"condition\":\"undefined_table\","
     "\"gates\":[],\"object\":\"table a.t\","
     "\"sqlstate\":\"42P01\",\"statement\":2,\"where\":\"migrations/m/forward.sql:3:1\"}," ENTRY
     ",\"ms\":0,\"result\":\"failed\",\"run_id\":\"run-1\",\"started_at\":\"T\"}"},
    {"gates failed", &by_gates,
     "{\"actor\":\"ci\",\"failure\":{\"code\":\"scope\",\"condition\":null,\"gates\":[\"scope: "
     "create of table a.t\",\"limits: 2 tables\"],\"object\":null,"
     "\"sqlstate\":null,\"statement\":null,\"where\":null}," ENTRY
     ",\"ms\":1,\"result\":\"failed\",\"run_id\":\"run-1\",\"started_at\":\"T\"}"},
};

static const char *as_text(struct arena *a, const struct doc *d)
{
    struct buf out = {0};
    canon_write(&out, d);
    const char *text = arena_strdup(a, buf_str(&out));
    buf_release(&out);
    return text;
}

/* The element of "targets" that is called name. */
static const struct doc *target(const struct doc *d, const char *name)
{
    const struct doc *list = doc_get(d, "targets");
    for (size_t i = 0; i < doc_len(list); i++) {
        if (strcmp(doc_str(list->item[i], "target", ""), name) == 0) {
            return list->item[i];
        }
    }
    return NULL;
}

static void test_runs(void)
{
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        struct world_of_tests w;
        setup(&w, 4);
        w.bundle[1].intent = "Give t a name";
        apply(&w, &w.past, 1, "failed", 2);
        w.step[1].history->last->run = runs[i].run;
        const struct doc *docs[] = {target(report_status_doc(&w.a, &w.plan), "dev/PG-02@apply"),
                                    target(report_plan_doc(&w.a, &w.plan), "dev/PG-02@apply"),
                                    report_why_doc(&w.a, &w.plan, 1, STAGE_APPLY, NULL, 0)};
        static const char *const verbs[] = {"status", "plan", "why"};
        for (size_t k = 0; k < 3; k++) {
            is_str(as_text(&w.a, doc_get(docs[k], "last_run")), runs[i].want,
                   arena_printf(&w.a, "%s: %s", verbs[k], runs[i].name));
            is_str(doc_str(docs[k], "intent", ""), "Give t a name", "what for");
        }
        arena_release(&w.a);
    }
}

static void test_nothing_ran(void)
{
    struct world_of_tests w;
    setup(&w, 4);
    const struct doc *d = report_status_doc(&w.a, &w.plan);
    is_str(as_text(&w.a, doc_get(target(d, "dev/PG-02@apply"), "last_run")), "null", "nothing ran");
    is_str(as_text(&w.a, doc_get(target(d, "dev/PG-02@apply"), "intent")), "null", "no intent");
    ok(doc_get(target(d, "dev/PG-02@post"), "last_run") == NULL,
       "it is said once, of the target apply");
    arena_release(&w.a);
}

static const struct {
    const char *name, *running;
    size_t n_drift, n_upgraded;
    int format, newest;
    bool no_ledger;
    const char *want_running, *upgrade, *fingerprints, *drift;
} worlds[] = {
    {"nothing to tell", NULL, 0, 0, 2, 2, false, "null", "null", "null", "0"},
    {"a run goes on", "kfmig build M (pid 7)", 0, 0, 2, 2, false, "\"kfmig build M (pid 7)\"",
     "null", "null", "0"},
    {"somebody changed an object", NULL, 1, 0, 2, 2, false, "null", "null", "null", "1"},
    {"an upgrade explains one of two", NULL, 2, 1, 2, 2, false, "null",
     "{\"from\":17,\"objects\":1,\"to\":18}", "null", "1"},
    {"an old format", NULL, 0, 0, 1, 2, false, "null", "null", "{\"format\":1,\"next\":2}", "0"},
    {"no ledger has no format", NULL, 0, 0, 0, 2, true, "null", "null", "null", "0"},
};

static void test_worlds(void)
{
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        struct world_of_tests w;
        struct drift drift[] = {{.text = "view v", .now = {{2}}, .last_writer = ""},
                                {.text = "table t", .now = {{2}}, .last_writer = ""}};
        setup(&w, 2);
        drift[1].from_major = worlds[i].n_upgraded > 0 ? 17 : 0;
        w.world.drift = drift;
        w.world.n_drift = worlds[i].n_drift;
        w.world.n_upgraded = worlds[i].n_upgraded;
        w.world.server_major = 18;
        w.world.format = worlds[i].format;
        w.world.newest_format = worlds[i].newest;
        w.world.has_ledger = !worlds[i].no_ledger;
        w.world.running = worlds[i].running;
        const struct doc *status = report_status_doc(&w.a, &w.plan),
                         *plan = report_plan_doc(&w.a, &w.plan);
        const struct doc *why = report_why_doc(&w.a, &w.plan, 1, STAGE_APPLY, NULL, 0);
        const char *got = arena_printf(
            &w.a, "%s %s %s | %s %s %s | %s %s %s | %s", as_text(&w.a, doc_get(status, "running")),
            as_text(&w.a, doc_get(status, "upgrade")),
            as_text(&w.a, doc_get(status, "fingerprints")), as_text(&w.a, doc_get(plan, "running")),
            as_text(&w.a, doc_get(plan, "upgrade")), as_text(&w.a, doc_get(plan, "fingerprints")),
            as_text(&w.a, doc_get(why, "running")), as_text(&w.a, doc_get(why, "upgrade")),
            as_text(&w.a, doc_get(why, "fingerprints")), as_text(&w.a, doc_get(status, "drift")));
        const char *r = worlds[i].want_running, *u = worlds[i].upgrade, *f = worlds[i].fingerprints;
        is_str(got,
               arena_printf(&w.a, "%s %s %s | %s %s %s | %s %s %s | %s", r, u, f, r, u, f, r, u, f,
                            worlds[i].drift),
               worlds[i].name);
        struct buf text = {0};
        report_why(&text, &verbose, &w.plan, 1, STAGE_APPLY, NULL, 0);
        bool upgraded = strstr(buf_str(&text), "the server was upgraded from 17 to 18") != NULL;
        bool is_old = strstr(buf_str(&text), "fingerprints are of format 1") != NULL;
        ok(upgraded == (worlds[i].n_upgraded > 0) && is_old == (u[0] == 'n' && f[0] == '{'),
           "and why says it in words");
        buf_release(&text);
        arena_release(&w.a);
    }
}

/* --- what the text names, the document has */

/* A line of the text out of a row of the document. */
static const char *drift_line(struct arena *a, const struct doc *row)
{
    const char *writer = doc_str(row, "last_writer", NULL);
    return arena_printf(a, "drift: %s %s outside kfmig%s%s\n", doc_str(row, "object", ""),
                        doc_str(row, "change", ""), writer != NULL ? "; last written by " : "",
                        writer != NULL ? writer : "");
}

static void test_text(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    struct drift drift[] = {
        {.text = "view app.v", .now = {{2}}, .last_writer = ""},
        {.text = "table app.t", .was = {{1}}, .last_writer = "PG-01"},
        {.text = "table app.u", .was = {{1}}, .now = {{2}}, .last_writer = "PG-03", .sequence = 7},
        {.text = "view app.old", .was = {{1}}, .now = {{2}}, .from_major = 17}};
    setup(&w, 4);
    w.world.drift = drift;
    w.world.n_drift = 4;
    w.world.n_upgraded = 1;
    report_plan(&out, &verbose, &w.plan);
    const struct doc *d = report_plan_doc(&w.a, &w.plan);
    const struct doc *rows = doc_get(d, "drift");
    bool all = doc_len(rows) == 3;
    for (size_t i = 0; i < doc_len(rows); i++) {
        all = all && strstr(buf_str(&out), drift_line(&w.a, rows->item[i])) != NULL;
    }
    ok(all && strstr(buf_str(&out), "app.old") == NULL, "each line of drift is a row");
    is_str(as_text(&w.a, doc_get(d, "drift")),
           "[{\"change\":\"appeared\",\"last_writer\":null,\"object\":\"view "
           "app.v\",\"sequence\":null},"
           "{\"change\":\"vanished\",\"last_writer\":\"PG-01\",\"object\":\"table "
           "app.t\",\"sequence\":null},"
           "{\"change\":\"changed\",\"last_writer\":\"PG-03\",\"object\":\"table "
           "app.u\",\"sequence\":7}]",
           "what drifted, how, and who wrote it last");
    buf_release(&out);
    arena_release(&w.a);
}

int main(void)
{
    tap_plan(3 * 2 * sizeof runs / sizeof runs[0] + 3 + 2 * sizeof worlds / sizeof worlds[0] + 2);
    test_text();
    test_runs();
    test_nothing_ran();
    test_worlds();
    return tap_done();
}
