/* layer: report */
#include <stdlib.h>

#include "report/words.h"
#include "report_cases.h"

static void test_plan_text(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    setup(&w, 4);
    report_plan(&out, &plain, &w.plan);
    is_str(buf_str(&out),
           arena_printf(
               &w.a,
               "dev: 2 to apply, 1 blocked, 1 current\n"
               "\n"
               "  action   migration  class  statements  heaviest, or why\n"
               "  apply    PG-02      A      2           locks table s.t AccessExclusive; holds "
               "code\n"
               "  apply    PG-03      -      0           locks nothing that is there\n"
               "  blocked  PG-04      -      -           its content changed after it was "
               "applied\n"
               "\n"
               "  apply    PG-02  class A, never built in this environment\n"
               "           forward.sql:3   ALTER TABLE  locks table s.t AccessExclusive\n"
               "           forward.sql:5   DO, holds code that is observed when it runs\n"
               "  apply    PG-03  runs after a target that is to be built first (dev/PG-02@apply)\n"
               "  blocked  PG-04  its content changed after it was applied: applied at T by run R "
               "(ledger entry 5)\n"
               "\n"
               "plan %s\n"
               "1 migration blocked; `kfmig why dev/PG-04` says what to do\n"
               "run it with `kfmig build dev`\n",
               digest_of_plan(&w)),
           "a plan with all kinds of steps");
    buf_clear(&out);
    arena_release(&w.a);
    setup(&w, 1);
    report_plan(&out, &plain, &w.plan);
    is_str(buf_str(&out),
           arena_printf(&w.a, "dev: 1 current\nplan %s\nnothing to do\n", digest_of_plan(&w)),
           "nothing to do");
    buf_clear(&out);
    report_plan(&out, &verbose, &w.plan);
    is_str(buf_str(&out),
           arena_printf(&w.a,
                        "dev: 1 current\n\n  current  PG-01  applied and unchanged: applied at T "
                        "by run R (ledger entry 2)\n\nplan %s\nnothing to do\n",
                        digest_of_plan(&w)),
           "--verbose lists what is current");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_plan_world(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    struct drift drift[] = {
        {.text = "table s.t", .was = {{1}}, .now = {{2}}, .last_writer = "PG-01"},
        {.text = "view v", .now = {{2}}, .last_writer = ""}};
    setup(&w, 1);
    w.world.drift = drift;
    w.world.n_drift = 2;
    report_plan(&out, &plain, &w.plan);
    ok(strstr(buf_str(&out), "drift: table s.t changed outside kfmig; last written by "
                             "PG-01\ndrift: view v appeared outside kfmig\n") != NULL,
       "drift is named with its last writer");
    buf_clear(&out);
    w.world = (struct world){.reachable = true, .n_existing = 12, .why_not = "", .instance = ""};
    report_plan(&out, &plain, &w.plan);
    ok(strstr(buf_str(&out),
              "it holds 12 objects already; build records them as the starting point\n") != NULL,
       "first contact with a database that is not empty");
    buf_clear(&out);
    w.world.n_existing = 1;
    report_plan(&out, &plain, &w.plan);
    ok(strstr(buf_str(&out),
              "it holds 1 object already; build records it as the starting point\n") != NULL,
       "... which holds one object");
    buf_clear(&out);
    w.world = (struct world){.why_not = "no server\x1b[31m", .instance = ""};
    set_step(&w, 0, "PG-01", STATE_BLOCKED, ACTION_NONE, reason(REASON_UNREACHABLE, "store", ""));
    report_plan(&out, &plain, &w.plan);
    ok(strstr(buf_str(&out), "PG-01  ") == NULL, "and not once more for every migration");
    ok(strstr(buf_str(&out), "dev could not be asked: no server\\x1b[31m\n") != NULL,
       "an unreachable store, its words escaped");
    buf_clear(&out);
    w.env.is_protected = true;
    w.step[0].action = ACTION_EXPORT;
    count(&w.plan);
    report_plan(&out, &plain, &w.plan);
    ok(strstr(buf_str(&out), "run it with `kfmig build dev`; --plan=sha256:") != NULL,
       "a protected environment is offered the digest");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_plan_json(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    setup(&w, 4);
    report_json(&out, report_plan_doc(&w.a, &w.plan));
    const char *text = buf_str(&out);
    ok(strstr(text, arena_printf(&w.a, "\"plan_digest\":\"%s\"", digest_of_plan(&w))) != NULL,
       "the digest of the plan");
    ok(strstr(text, "{\"class\":\"A\",\"decision\":\"apply\",\"kind\":\"migration\",\"last_"
                    "result\":null,\"output\":\"sha256:" ZERO) == NULL,
       "an output digest is none of the zeros");
    ok(strstr(text,
              "\"statements\":[{\"alone\":false,\"destructive\":false,\"locks\":[{\"level\":"
              "\"AccessExclusive\","
              "\"object\":\"table s.t\"}],\"opaque\":false,\"rewrites\":\"no\",\"tag\":\"ALTER "
              "TABLE\",\"where\":\"migrations/postgis/PG-02/forward.sql:3:1\"},") != NULL,
       "statements with their locks");
    ok(strstr(text,
              "{\"decision\":\"none\",\"kind\":\"migration\",\"last_result\":\"success\","
              "\"output\":\"sha256:"
              "0000000000000000000000000000000000000000000000000000000000000071\",\"reasons\":[{"
              "\"cause\":\"ledger entry 2\",\"code\":\"current\",\"detail\":\"applied at T by run "
              "R\",\"now\":null,\"was\":null,\"where\":null}],\"receipt\":\"sha256:"
              "0000000000000000000000000000000000000000000000000000000000000077\",\"state\":"
              "\"current\",\"target\":\"dev/PG-01@pre\"}") != NULL,
       "a target in full");
    ok(text[out.n - 1] == '\n' && strchr(text, '\n') == text + out.n - 1, "one line");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_markdown(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    setup(&w, 4);
    w.bundle[3].id = "PG_04|<b>";
    report_plan_markdown(&out, &w.plan);
    is_str(buf_str(&out),
           arena_printf(
               &w.a,
               "### kfmig plan for dev\n"
               "\n"
               "dev: 2 to apply, 1 blocked, 1 current\n"
               "\n"
               "| action | migration | class | statements | heaviest | why |\n"
               "|---|---|---|--:|---|---|\n"
               "| apply | PG-02 | A | 2 | locks table s.t AccessExclusive; holds code | never "
               "built in "
               "this environment |\n"
               "| apply | PG-03 | - | 0 | locks nothing that is there | runs after a target that "
               "is to "
               "be built first (dev/PG-02@apply) |\n"
               "| blocked | PG\\_04\\|\\<b\\> | - | - |  | its content changed after it was "
               "applied: applied "
               "at T by run R (ledger entry 5) |\n"
               "\n"
               "<details><summary>2 statements</summary>\n"
               "\n"
               "| statement | does | locks |\n"
               "|---|---|---|\n"
               "| migrations/postgis/PG-02/forward.sql:3 | ALTER TABLE | locks table s.t "
               "AccessExclusive |\n"
               "| migrations/postgis/PG-02/forward.sql:5 | DO, holds code that is observed when it "
               "runs |  |\n"
               "\n"
               "</details>\n"
               "\n"
               "plan `%s`\n",
               digest_of_plan(&w)),
           "markdown, with what would be markup escaped");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_status(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    setup(&w, 4);
    report_status(&out, &plain, &w.plan);
    is_str(buf_str(&out),
           "dev: 2 to apply, 1 blocked, 1 current\n"
           "\n"
           "PG-01  current         success  2026-03-02T00:00:00.000000Z\n"
           "PG-02  stale           -        -                            never built in this "
           "environment\n"
           "PG-03  stale           -        -                            runs after a target that "
           "is to be built first\n"
           "PG-04  blocked         success  2026-03-02T00:00:00.000000Z  its content changed after "
           "it was applied\n"
           "\n"
           "`kfmig build dev` runs what is stale; `kfmig why TARGET` explains\n",
           "status");
    buf_clear(&out);
    arena_release(&w.a);
    setup(&w, 1);
    report_status(&out, &verbose, &w.plan);
    ok(strstr(buf_str(&out),
              "    current         dev/PG-01@pre          "
              "sha256:0000000000000000000000000000000000000000000000000000000000000071\n") != NULL,
       "--verbose lists the targets with their outputs");
    ok(strstr(buf_str(&out), "    current         dev/PG-01@diff         -\n") != NULL,
       "an output that is not there is a dash");
    buf_clear(&out);
    w.plan.n_steps = w.plan.n_migrations = 0;
    count(&w.plan);
    report_status(&out, &plain, &w.plan);
    is_str(buf_str(&out), "dev: no migrations\n", "status of nothing");
    struct doc *d = report_status_doc(&w.a, &w.plan);
    ok(strcmp(doc_str(d, "environment", ""), "dev") == 0 && doc_len(doc_get(d, "targets")) == 0,
       "status as a document");
    arena_release(&w.a);
    setup(&w, 2);
    d = report_status_doc(&w.a, &w.plan);
    ok(doc_len(doc_get(d, "targets")) == 2 * STAGE_COUNT, "each stage is a target");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_why(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    struct file_change change = {.path = "migrations/postgis/PG-04/forward.sql",
                                 .was = "sha256:a",
                                 .now = "sha256:b",
                                 .first_line = 3,
                                 .last_line = 4,
                                 .old_excerpt = "a int\n",
                                 .new_excerpt = "a bigint\n-- password x\n"};
    setup(&w, 4);
    report_why(&out, &plain, &w.plan, 3, STAGE_APPLY, &change, 1);
    is_str(buf_str(&out),
           "dev/PG-04@apply is blocked\n"
           "\n"
           "dev/PG-04@apply <- ledger entry 5\n"
           "  checksum_mismatch: its content changed after it was applied\n"
           "  detail    applied at T by run R\n"
           "  was       sha256:1\n"
           "  now       sha256:2\n"
           "  migrations/postgis/PG-04/forward.sql differs in lines 3-4\n"
           "    was     sha256:a\n"
           "    now     sha256:b\n"
           "    - a int\n"
           "    + a bigint\n"
           "    + (not shown: it may hold a secret)\n"
           "  next: restore what was applied with `git checkout -- "
           "migrations/postgis/PG-04/forward.sql`, or from the commit that had it; put the change "
           "into a new migration (`kfmig new`); where only its words are others, `kfmig adopt dev "
           "--migration=PG-04` takes them\n",
           "a changed file, its lines, and no line that may hold a secret");
    buf_clear(&out);
    report_why(&out, &plain, &w.plan, 2, STAGE_POST, NULL, 0);
    is_str(buf_str(&out),
           "dev/PG-03@post is stale\n"
           "\n"
           "dev/PG-03@post <- dev/PG-02@apply\n"
           "  upstream_pending: runs after a target that is to be built first\n"
           "  next: see dev/PG-02@apply\n"
           "\n"
           "dev/PG-02@apply\n"
           "  never_built: never built in this environment\n"
           "  next: `kfmig build dev PG-02`\n",
           "a chain of two");
    buf_clear(&out);
    w.bundle[0].decl = &w.decl;
    report_why(&out, &plain, &w.plan, 0, STAGE_PRE, NULL, 0);
    is_str(buf_str(&out),
           "dev/PG-01@pre is current\n"
           "\n"
           "dev/PG-01@pre <- ledger entry 2\n"
           "  current: applied and unchanged\n"
           "  since     2026-03-02T00:00:00.000000Z\n"
           "  run       run-1\n"
           "  checksum  sha256:0000000000000000000000000000000000000000000000000000000000000001\n"
           "  pre       sha256:0000000000000000000000000000000000000000000000000000000000000071\n"
           "  built from\n"
           "    migrations/postgis/PG-02/forward.sql  "
           "sha256:00000000000000000000000000000000000000000000000000000000000000aa\n"
           "  next: nothing to do\n",
           "a current target says since when and from what");
    buf_clear(&out);
    report_why(&out, &plain, &w.plan, 3, STAGE_DECLARATION, NULL, 0);
    is_str(buf_str(&out),
           "PG-04@declaration is current\n"
           "\n"
           "PG-04@declaration <- migrations/postgis/PG-04/migration.yml\n"
           "  current: read and valid\n"
           "  bundle    sha256:0000000000000000000000000000000000000000000000000000000000000014\n"
           "  checksum  sha256:0000000000000000000000000000000000000000000000000000000000000004\n"
           "  next: nothing to do\n",
           "a declaration is current whatever its migration is");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_why_promotion(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    setup(&w, 1);
    w.upstream =
        (struct upstream){.env = "staging", .reachable = true, .why_not = "", .past = &w.staging};
    w.world.upstream = &w.upstream;
    w.world.n_upstream = 1;
    set_step(&w, 0, "PG-01", STATE_BLOCKED, ACTION_NONE,
             reason(REASON_NOT_PROMOTED, "staging/PG-01@receipt", "not applied in staging"));
    report_why(&out, &plain, &w.plan, 0, STAGE_APPLY, NULL, 0);
    is_str(buf_str(&out),
           "dev/PG-01@apply is blocked\n"
           "\n"
           "dev/PG-01@apply <- staging/PG-01@receipt\n"
           "  not_promoted: not applied in a required environment with this content\n"
           "  detail    not applied in staging\n"
           "  next: `kfmig build staging PG-01` first\n",
           "never applied in the required environment");
    buf_clear(&out);
    apply(&w, &w.staging, 0, "failed", 1);
    w.step[0].history = NULL;
    report_why(&out, &plain, &w.plan, 0, STAGE_APPLY, NULL, 0);
    is_str(buf_str(&out),
           "dev/PG-01@apply is blocked\n"
           "\n"
           "dev/PG-01@apply <- staging/PG-01@receipt\n"
           "  not_promoted: not applied in a required environment with this content\n"
           "  detail    not applied in staging\n"
           "  next: see staging/PG-01@receipt\n"
           "\n"
           "staging/PG-01@receipt <- ledger entry 2 of staging\n"
           "  result    failed\n"
           "  finished  2026-03-02T00:00:00.000000Z\n"
           "  run       run-1\n"
           "  checksum  sha256:0000000000000000000000000000000000000000000000000000000000000001\n"
           "  next: `kfmig receipt show staging 2` says what failed; mend it, then `kfmig build "
           "staging PG-01` first\n",
           "the next link is the other environment's fact");
    buf_clear(&out);
    report_json(&out, report_why_doc(&w.a, &w.plan, 0, STAGE_APPLY, NULL, 0));
    is_str(buf_str(&out),
           "{\"chain\":[{\"cause\":\"staging/"
           "PG-01@receipt\",\"code\":\"not_promoted\",\"detail\":\"not applied in "
           "staging\",\"now\":null,\"target\":\"dev/PG-01@apply\",\"was\":null,\"where\":null},"
           "{\"cause\":\"ledger entry 2 of staging\",\"code\":\"failed\",\"detail\":\"finished at "
           "2026-03-02T00:00:00.000000Z by run "
           "run-1\",\"now\":\"sha256:"
           "0000000000000000000000000000000000000000000000000000000000000001\",\"target\":"
           "\"staging/PG-01@receipt\",\"was\":null,\"where\":null}],"
           "\"files\":[],\"fingerprints\":null,\"intent\":null,\"last_run\":null,\"running\":null,"
           "\"state\":\"blocked\","
           "\"target\":\"dev/PG-01@apply\",\"upgrade\":null}\n",
           "the same as JSON");
    w.upstream.reachable = false;
    buf_clear(&out);
    report_why(&out, &plain, &w.plan, 0, STAGE_APPLY, NULL, 0);
    ok(strstr(buf_str(&out),
              "  next: make staging reachable from here, as its ledger is asked live; or bring its "
              "signed receipts into the receipt sink (docs/attestations.md)\n") != NULL,
       "an environment that cannot be asked");
    buf_release(&out);
    arena_release(&w.a);
}

/* Every reason must end its block with something to do. */
static void test_advice(void)
{
    struct world_of_tests w;
    setup(&w, 1);
    for (int code = 0; code < REASON_COUNT; code++) {
        struct buf out = {0};
        enum plan_state state = reason_state((enum reason_code)code);
        set_step(&w, 0, "PG-01", state, ACTION_NONE,
                 reason((enum reason_code)code, "dev/PG-00@apply", "d"));
        report_why(&out, &plain, &w.plan, 0, STAGE_APPLY, NULL, 0);
        const char *next = strstr(buf_str(&out), "\n  next: ");
        ok(next != NULL && strlen(next) > 12, reason_text((enum reason_code)code));
        buf_release(&out);
    }
    arena_release(&w.a);
}

/* The file that says it: a declaration of its own, or the migration itself. */
static void test_advice_names_the_file(void)
{
    static const enum reason_code codes[] = {REASON_OUT_OF_ORDER_NOTE, REASON_SCOPE_EXCEEDED,
                                             REASON_LIMIT_EXCEEDED, REASON_OUT_OF_ORDER};
    struct world_of_tests w;
    setup(&w, 1);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct buf out = {0};
        set_step(&w, 0, "PG-01", reason_state(codes[i]), ACTION_NONE, reason(codes[i], "c", "d"));
        report_why(&out, &plain, &w.plan, 0, STAGE_APPLY, NULL, 0);
        ok(strstr(buf_str(&out), " in migrations/postgis/PG-01/migration.yml") != NULL,
           reason_text(codes[i]));
        buf_clear(&out);
        w.bundle[0].dir = "m/meta/001_a";
        w.bundle[0].file = "m/001_a.up.sql";
        report_why(&out, &plain, &w.plan, 0, STAGE_APPLY, NULL, 0);
        ok(strstr(buf_str(&out), " in m/001_a.up.sql") != NULL &&
               strstr(buf_str(&out), "migration.yml") == NULL,
           "of a flat one");
        buf_release(&out);
    }
    struct buf out = {0};
    set_step(&w, 0, "PG-01", STATE_BLOCKED, ACTION_NONE,
             reason(REASON_CHECKSUM_MISMATCH, "c", "d"));
    w.bundle[0].file = "m/001_a.up.sql";
    report_why(&out, &plain, &w.plan, 0, STAGE_APPLY, NULL, 0);
    ok(strstr(buf_str(&out), "`git checkout -- m/001_a.up.sql`") != NULL,
       "what is put back of one whose files are not known");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_failed_before(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    setup(&w, 2);
    apply(&w, &w.past, 1, "failed", 2);
    report_why(&out, &plain, &w.plan, 1, STAGE_APPLY, NULL, 0);
    ok(strstr(buf_str(&out), "  next: `kfmig receipt show dev 3` says what failed; mend it, then "
                             "`kfmig build dev PG-02`\n") != NULL,
       "after a failed run its receipt comes first");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_long_chain(void)
{
    struct arena a = {0};
    struct world_of_tests w;
    struct buf out = {0};
    enum { N = 9 };
    struct bundle b[N];
    struct step v[N];
    struct reason r[N];
    int up[N];
    setup(&w, 1);
    for (int i = 0; i < N; i++) {
        r[i] =
            reason(i == 0 ? REASON_NEVER_BUILT : REASON_UPSTREAM_PENDING, i == 0 ? "" : "up", "");
        r[i].step = i - 1;
        up[i] = i - 1;
        b[i] = (struct bundle){.id = arena_printf(&a, "M%d", i), .dir = "d"};
        v[i] = (struct step){.bundle = &b[i],
                             .state = STATE_STALE,
                             .action = ACTION_APPLY,
                             .reasons = &r[i],
                             .n_reasons = 1,
                             .upstream = &up[i],
                             .n_upstream = i > 0,
                             .order_only = true,
                             .selected = true};
    }
    w.plan.v = v;
    w.plan.n_steps = w.plan.n_migrations = N;
    report_why(&out, &plain, &w.plan, N - 1, STAGE_APPLY, NULL, 0);
    ok(strstr(buf_str(&out), "\n... 5 targets between, each waiting for the next (--verbose lists "
                             "them)\n\ndev/M1@apply") != NULL,
       "the middle of a long chain is left out");
    ok(strstr(buf_str(&out), "dev/M4@apply") == NULL &&
           strstr(buf_str(&out), "dev/M0@apply\n  never_built") != NULL,
       "but not its end");
    buf_clear(&out);
    report_why(&out, &verbose, &w.plan, N - 1, STAGE_APPLY, NULL, 0);
    ok(strstr(buf_str(&out), "dev/M4@apply <- ") != NULL, "--verbose lists all");
    buf_release(&out);
    arena_release(&w.a);
    arena_release(&a);
}

static void test_graph(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    setup(&w, 4);
    report_graph(&out, &w.plan, -1);
    is_str(buf_str(&out),
           "dev/PG-01@apply  current\n"
           "dev/PG-02@apply  stale  after PG-01\n"
           "  dev/PG-03@apply  stale  needs PG-02\n"
           "  dev/PG-04@apply  blocked  after PG-03\n",
           "the graph as text");
    buf_clear(&out);
    report_graph(&out, &w.plan, 1);
    ok(strstr(buf_str(&out), "PG-01@") != NULL && strstr(buf_str(&out), "PG-04@") != NULL,
       "focus shows both directions");
    buf_clear(&out);
    w.step[3].n_upstream = 0;
    report_graph(&out, &w.plan, 3);
    is_str(buf_str(&out), "dev/PG-04@apply  blocked\n", "and nothing else");
    buf_clear(&out);
    report_json(&out, report_graph_doc(&w.a, &w.plan, 2));
    is_str(buf_str(&out),
           "{\"edges\":[{\"from\":\"dev/PG-01@apply\",\"kind\":\"order\",\"to\":\"dev/"
           "PG-02@apply\"},{\"from\":\"dev/PG-02@apply\",\"kind\":\"depends\",\"to\":\"dev/"
           "PG-03@apply\"}],"
           "\"nodes\":[{\"state\":\"current\",\"target\":\"dev/"
           "PG-01@apply\"},{\"state\":\"stale\",\"target\":\"dev/"
           "PG-02@apply\"},{\"state\":\"stale\",\"target\":\"dev/PG-03@apply\"}]}\n",
           "the graph as JSON");
    buf_clear(&out);
    w.plan.n_steps = w.plan.n_migrations = 2;
    w.bundle[0].id = "a\"b\\";
    report_graph_dot(&out, &w.plan, -1);
    is_str(buf_str(&out),
           "digraph kfmig {\n  rankdir=LR;\n  node [shape=box];\n"
           "  \"dev/a\\\"b\\\\@apply\" [color=darkgreen, tooltip=\"current\"];\n"
           "  \"dev/PG-02@apply\" [color=orange, tooltip=\"stale\"];\n"
           "  \"dev/a\\\"b\\\\@apply\" -> \"dev/PG-02@apply\" [style=dashed];\n"
           "}\n",
           "the graph as dot, quotes escaped");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_escapes(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    setup(&w, 2);
    w.bundle[1].id = "x\x1b[2J\xe2\x80\xae\n";
    report_plan(&out, &plain, &w.plan);
    report_status(&out, &plain, &w.plan);
    report_why(&out, &plain, &w.plan, 1, STAGE_APPLY, NULL, 0);
    report_graph(&out, &w.plan, -1);
    report_graph_dot(&out, &w.plan, -1);
    report_plan_markdown(&out, &w.plan);
    ok(strchr(buf_str(&out), '\x1b') == NULL && strstr(buf_str(&out), "\xe2\x80\xae") == NULL,
       "no control character and no bidirectional one gets out");
    ok(strstr(buf_str(&out), "x\\x1b[2J\\xe2\\x80\\xae\\x0a") != NULL, "they are shown as numbers");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_errors(void)
{
    struct buf out = {0};
    struct err e;
    const struct style color = {.color = true};
    struct bytes sql = bytes_str("SELECT 1;\nSELECT \tx\nFROM t WHERE password = 'y';\r\n");
    err_at(&e, ERR_APPLY, "a/forward.sql", 2, 9, "column \"x\" does not exist");
    err_hint(&e, "mend it");
    memcpy(e.sqlstate, "42703", 6);
    memcpy(e.condition, "undefined_column", 17);
    report_err(&out, &plain, &e, &sql);
    is_str(
        buf_str(&out),
        "kfmig: a/forward.sql:2:9: column \"x\" does not exist (SQLSTATE 42703 undefined_column)\n"
        "2 | SELECT     x\n"
        "  |            ^\n"
        "  hint: mend it\n",
        "an error with a caret, behind a tab");
    buf_clear(&out);
    e.where.line = 3;
    report_err(&out, &plain, &e, &sql);
    ok(strstr(buf_str(&out), "'y'") == NULL, "a line that may hold a secret is not repeated");
    buf_clear(&out);
    e.where.line = 9;
    report_err(&out, &plain, &e, &sql);
    ok(strstr(buf_str(&out), " | ") == NULL, "a line that is not there is not shown");
    buf_clear(&out);
    report_err_json(&out, &e);
    is_str(buf_str(&out),
           "{\"error\":{\"code\":\"apply\",\"hint\":\"mend it\",\"message\":\"column \\\"x\\\" "
           "does not exist\",\"sqlstate\":\"42703\",\"where\":\"a/forward.sql:9:9\"}}\n",
           "an error as JSON");
    buf_clear(&out);
    err_set(&e, ERR_CONFIG, "bad \xff\x7f");
    memcpy(e.detail, "server says", 12);
    report_err(&out, &color, &e, NULL);
    is_str(buf_str(&out),
           "\033[31mkfmig:\033[0m bad \\xff\\x7f\n  \033[2mserver\033[0m: server says\n",
           "colour, escapes, the server's words");
    buf_clear(&out);
    report_err_json(&out, &e);
    is_str(buf_str(&out),
           "{\"error\":{\"code\":\"config\",\"hint\":null,\"message\":\"bad "
           "\\\\xff\\\\x7f\",\"sqlstate\":null,\"where\":null}}\n",
           "JSON of bytes that are no text, without the server's words");
    buf_clear(&out);
    char line[400];
    memset(line, 'a', sizeof line);
    memcpy(line, "\xc3\xa9", 2);
    err_at(&e, ERR_APPLY, "f.sql", 1, 300, "m");
    struct bytes wide = bytes_of(line, sizeof line);
    report_err(&out, &plain, &e, &wide);
    ok(out.n < 250 && strstr(buf_str(&out), "^") != NULL, "a long line is shown around its column");
    buf_release(&out);
}

static void test_faults(void)
{
    struct buf out = {0};
    struct err_list l = {0};
    err_list_addf(&l, ERR_CONFIG, "b.yml", 2, 3, "remove it", "unknown key");
    err_list_addf(&l, ERR_CONFIG, "a.yml", 1, 0, "", "second");
    err_list_addf(&l, ERR_CONFIG, NULL, 0, 0, "", "first");
    report_faults(&out, &plain, &l, "error");
    is_str(buf_str(&out),
           "error: first\n"
           "a.yml:1: error: second\n"
           "b.yml:2:3: error: unknown key\n"
           "  hint: remove it\n"
           "3 faults\n",
           "faults are sorted and counted");
    buf_clear(&out);
    l.n = 1;
    report_faults(&out, &plain, &l, "warning");
    is_str(buf_str(&out), "b.yml:2:3: warning: unknown key\n  hint: remove it\n1 warning\n",
           "one warning");
    buf_clear(&out);
    l.n = 0;
    report_faults(&out, &plain, &l, "error");
    is_str(buf_str(&out), "", "nothing of nothing");
    err_list_release(&l);
    buf_release(&out);
}

static void test_findings(void)
{
    struct arena a = {0};
    struct findings l = {0};
    struct buf out = {0};
    finding_pass(&a, &l, "protected");
    finding_fail(&a, &l, "scope", "create of table b.t: not in scope.allowed_schemas")->fix =
        "scope.allowed_schemas: [a, b]";
    report_findings(&out, &plain, &l);
    is_str(buf_str(&out), "  admitted by: scope.allowed_schemas: [a, b]\n", "one finding");
    buf_clear(&out);
    finding_fail(&a, &l, "obstacles", "a view")->waived_by = "fallback: atomic";
    finding_fail(&a, &l, "drift", "table a.\x1b[1m was changed outside kfmig");
    report_findings(&out, &plain, &l);
    is_str(buf_str(&out),
           "  scope: create of table b.t: not in scope.allowed_schemas; admitted by "
           "scope.allowed_schemas: [a, b]\n"
           "  drift: table a.\\x1b[1m was changed outside kfmig\n",
           "several, each on its line");
    buf_clear(&out);
    l.n = 1;
    report_findings(&out, &plain, &l);
    is_str(buf_str(&out), "", "nothing of what passed");
    buf_release(&out);
    arena_release(&a);
}

static void test_columns(void)
{
    static const struct {
        const char *text;
        int columns;
        const char *name;
    } cases[] = {
        {"orders", 6, "letters"},
        {"caf\u00e9", 4, "a letter of two bytes"},
        {"cafe\u0301", 4, "an accent of its own takes no column"},
        {"\u6771\u4eac", 4, "ideographs take two each"},
        {"\ud55c\uae00", 4, "syllables of Hangul, too"},
        {"\uff21\uff22", 4, "wide forms of letters, too"},
        {"\uff71", 1, "half-wide forms do not"},
        {"\U0001f600", 2, "a face takes two"},
        {"\U00020000", 2, "an ideograph beyond the first plane, too"},
        {"e\ufe0f", 1, "a variation selector takes none"},
        {"\u304b\u3099", 2, "a voiced mark stands upon its letter"},
        {"", 0, "nothing takes nothing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        is_int((int)words_width(cases[i].text), cases[i].columns, cases[i].name);
    }
    struct buf out = {0};
    words_cell(&out, "\u6771\u4eac", 8);
    words_cell(&out, "x", 0);
    is_str(buf_str(&out), "\u6771\u4eac    x", "a cell is filled up to its width");
    buf_release(&out);
}

int main(void)
{
    tap_plan(66 + 9 + REASON_COUNT);
    test_columns();
    test_plan_text();
    test_plan_world();
    test_plan_json();
    test_markdown();
    test_status();
    test_why();
    test_why_promotion();
    test_advice();
    test_advice_names_the_file();
    test_failed_before();
    test_long_chain();
    test_graph();
    test_escapes();
    test_errors();
    test_faults();
    test_findings();
    return tap_done();
}
