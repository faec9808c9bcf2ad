/* layer: report */
/* Projections in plan, status, why and graph. */
#include <stdlib.h>

#include "report_cases.h"

#define ZERO_BUT(last) "00000000000000000000000000000000000000000000000000000000000000" last
enum { N_PROJECTION_CODES = 26 };

/* PG-02 becomes the chain of a projection over two datasets, which PG-01 comes before. */
struct projection_of_tests {
    struct projection decl;
    struct projection_source source[2];
    struct projection_input in;
    struct generation g[2];
    struct part part[4];
    struct reason reason[2];
    int members[1], upstream[1];
    struct step *step; /* behind the migrations of the plan */
};

static void give_project(struct world_of_tests *w, struct projection_of_tests *x,
                         enum plan_state state, enum plan_action action, struct reason r)
{
    *x = (struct projection_of_tests){0};
    setup(w, 2);
    set_step(w, 1, "PG-02", STATE_STALE, ACTION_NONE,
             reason(REASON_IN_GENERATION, "dev/wells@publish", ""));
    w->bundle[1].projection = "wells";
    x->source[0] =
        (struct projection_source){.dataset = "k", .version = "1", .asset = "f", .into = "t"};
    x->source[1] =
        (struct projection_source){.dataset = "r", .version = "7", .asset = "f", .into = "t"};
    x->decl = (struct projection){.name = "wells",
                                  .schema = "app",
                                  .source = x->source,
                                  .n_sources = 2,
                                  .file = {.path = "registry/projections/wells.yml"}};
    x->part[0] = (struct part){.kind = PART_MIGRATION, .id = "PG-02", .digest = digest_byte(2)};
    x->part[1] = part_of_source(PART_SOURCE, &x->source[0]);
    x->part[1].digest = digest_byte(0x51);
    x->g[0] = (struct generation){.projection = "wells",
                                  .number = 1,
                                  .state = GENERATION_LIVE,
                                  .digest = digest_byte(0x21),
                                  .content = digest_byte(0x31),
                                  .parts = {x->part, 2, 4},
                                  .changed_at = "T1"};
    x->g[1] = (struct generation){.projection = "wells",
                                  .number = 2,
                                  .state = GENERATION_READY,
                                  .digest = digest_byte(0x22),
                                  .content = digest_byte(0x32),
                                  .changed_at = "T2"};
    x->in = (struct projection_input){
        .p = &x->decl, .digest = digest_byte(0x22), .parts = {x->part, 2, 4}, .v = x->g, .n = 2};
    x->reason[0] = r;
    x->members[0] = 1;
    x->step = &w->step[2];
    *x->step = (struct step){.kind = STEP_PROJECTION,
                             .in = &x->in,
                             .state = state,
                             .action = action,
                             .reasons = x->reason,
                             .n_reasons = 1,
                             .live = &x->g[0],
                             .next = action == ACTION_PUBLISH ? &x->g[1] : NULL,
                             .members = x->members,
                             .n_members = 1,
                             .upstream = x->upstream,
                             .n_upstream = 1,
                             .selected = true,
                             .cost = {.ms = -1}};
    w->plan.projections = x->step;
    w->plan.n_steps = 3;
    w->plan.n_projections = 1;
    count(&w->plan);
    w->plan.n_state[state]++;
    w->plan.n_rebuild = action != ACTION_NONE;
}

static struct reason changed(void)
{
    struct reason r = reason(REASON_INPUT_CHANGED, "source k/1#f>t", "");
    r.was = "sha256:1";
    r.now = "sha256:2";
    r.path = "registry/projections/wells.yml";
    r.line = 9;
    r.col = 5;
    return r;
}

static void test_projection_plan(void)
{
    struct world_of_tests w;
    struct projection_of_tests x;
    struct buf out = {0};
    give_project(&w, &x, STATE_STALE, ACTION_REBUILD, changed());
    report_plan(&out, &plain, &w.plan);
    is_str(buf_str(&out),
           arena_printf(&w.a,
                        "dev: 1 to publish, 1 waiting, 1 current\n"
                        "\n"
                        "  rebuild  wells  what it is built from changed (source k/1#f>t)\n"
                        "                  a new generation beside the old one, then a switch; not "
                        "measured yet (0.0 MB of artifacts)\n"
                        "\n"
                        "plan %s\n"
                        "run it with `kfmig build dev`\n",
                        digest_of_plan(&w)),
           "a projection to be rebuilt");
    buf_clear(&out);
    x.step->cost = (struct cost){4120, 12345678, "wells"};
    report_plan(&out, &plain, &w.plan);
    ok(strstr(buf_str(&out), "; about 4.1 s and 12.3 MB, going by the last one\n") != NULL,
       "with what the last one cost");
    buf_clear(&out);
    x.step->cost.basis = "springs";
    report_plan(&out, &plain, &w.plan);
    ok(strstr(buf_str(&out), "12.3 MB, going by springs\n") != NULL, "or another projection's");
    buf_clear(&out);
    report_plan_markdown(&out, &w.plan);
    ok(strstr(
           buf_str(&out),
           "| action | target | class | statements | heaviest | why |\n|---|---|---|--:|---|---|\n"
           "| rebuild | wells | - | - | a new generation beside the old one, then a switch; about "
           "4.1 s and 12.3 MB, going by springs | what it is built from changed (source k/1#f\\>t) "
           "|\n") != NULL,
       "in Markdown too");
    arena_release(&w.a);

    struct reason fault = reason(REASON_CATALOG_FAULT, "data/k.json", "digests disagree");
    fault.path = "data/k.json";
    fault.line = 3;
    fault.col = 7;
    give_project(&w, &x, STATE_BLOCKED, ACTION_NONE, fault);
    buf_clear(&out);
    report_why_projection(&out, &plain, &w.plan, 0, plan_part_publish(&x.decl), NULL, 0);
    ok(strstr(buf_str(&out),
              "  catalog_fault: the catalog of a dataset version cannot be trusted\n"
              "  detail    digests disagree\n"
              "  at        data/k.json:3:7\n"
              "  next: mend the catalog, or pin another version in registry/projections/wells.yml; "
              "`kfmig dataset verify` checks the files too\n") != NULL,
       "a blocked one says what to do");
    buf_release(&out);
    arena_release(&w.a);
}

static const struct doc *target_named(const struct doc *list, const char *name)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        if (strcmp(doc_str(list->item[i], "target", ""), name) == 0) {
            return list->item[i];
        }
    }
    return NULL;
}

static void is_target(const struct doc *list, const char *name, const char *state,
                      const char *decision, const char *code, const char *output)
{
    const struct doc *t = target_named(list, name);
    const struct doc *reasons = doc_get(t, "reasons");
    bool good = t != NULL && doc_len(reasons) > 0;
    is_str(doc_str(t, "kind", ""), "projection", name);
    is_str(doc_str(t, "state", ""), state, "its state");
    is_str(doc_str(t, "decision", ""), decision, "its decision");
    is_str(good ? doc_str(reasons->item[0], "code", "") : "", code, "its reason");
    const char *digest = doc_str(t, "output", "");
    is_str(digest[0] != '\0' ? digest + strlen(digest) - 2 : "", output, "its output");
}

static void test_projection_targets(void)
{
    struct world_of_tests w;
    struct projection_of_tests x;
    give_project(&w, &x, STATE_STALE, ACTION_PUBLISH,
                 reason(REASON_PUBLISH_PENDING, "generation 2", ""));
    const struct doc *list = doc_get(report_status_doc(&w.a, &w.plan), "targets");
    is_int(doc_len(list), 2 * STAGE_COUNT + 7, "each of its stages is a target");
    is_target(list, "dev/wells@schema", "current", "none", "current", "22");
    is_target(list, "dev/wells@load:k", "current", "none", "current", "51");
    is_target(list, "dev/wells@validate", "current", "none", "current", "32");
    is_target(list, "dev/wells@publish", "stale", "publish", "publish_pending", "22");
    arena_release(&w.a);
    give_project(&w, &x, STATE_STALE, ACTION_REBUILD, changed());
    list = doc_get(report_status_doc(&w.a, &w.plan), "targets");
    is_target(list, "dev/wells@load:r", "stale", "rebuild", "input_changed", "");
    is_target(list, "dev/wells@validate", "stale", "rebuild", "input_changed", "");
    arena_release(&w.a);
    give_project(&w, &x, STATE_CURRENT, ACTION_NONE, reason(REASON_CURRENT, "generation 1", "d"));
    struct fact f = {.sequence = 3,
                     .subject = "wells",
                     .result = "success",
                     .run_id = "run",
                     .finished_at = "T",
                     .receipt = digest_byte(0x79)};
    past_add(&w.a, &w.past, &f);
    list = doc_get(report_status_doc(&w.a, &w.plan), "targets");
    is_target(list, "dev/wells@receipt", "current", "none", "current", "79");
    is_str(doc_str(target_named(list, "dev/wells@index"), "last_result", ""), "success",
           "and the last run");
    arena_release(&w.a);
}

static void test_projection_status(void)
{
    struct world_of_tests w;
    struct projection_of_tests x;
    struct buf out = {0};
    give_project(&w, &x, STATE_STALE, ACTION_PUBLISH,
                 reason(REASON_PUBLISH_PENDING, "generation 2", ""));
    report_status(&out, &verbose, &w.plan);
    const char *text = buf_str(&out);
    ok(strstr(text, "\nwells  stale           generation 1  T1  ") != NULL, "its row");
    ok(strstr(text, "\n    current         dev/wells@validate  sha256:") != NULL, "its stages");
    ok(strstr(text, "\n    stale           dev/wells@receipt   -\n") != NULL,
       "and what is not there yet");
    ok(strstr(text, "\n`kfmig build dev` runs what is stale") != NULL, "what to do");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_projection_why(void)
{
    struct world_of_tests w;
    struct projection_of_tests x;
    struct buf out = {0};
    give_project(&w, &x, STATE_STALE, ACTION_REBUILD, changed());
    report_why(&out, &plain, &w.plan, 1, STAGE_APPLY, NULL, 0);
    is_str(buf_str(&out),
           "dev/PG-02@apply is stale\n"
           "\n"
           "dev/PG-02@apply <- dev/wells@publish\n"
           "  in_generation: runs inside the next generation of its projection\n"
           "  next: see dev/wells@publish\n"
           "\n"
           "dev/wells@publish <- source k/1#f>t\n"
           "  input_changed: what it is built from changed\n"
           "  at        registry/projections/wells.yml:9:5\n"
           "  was       sha256:1\n"
           "  now       sha256:2\n"
           "  next: `kfmig build dev wells` makes a new generation beside the old one\n",
           "a member leads to its projection, that to its source");
    buf_clear(&out);
    report_json(&out, report_why_doc(&w.a, &w.plan, 1, STAGE_APPLY, NULL, 0));
    ok(strstr(buf_str(&out), "\"code\":\"in_generation\"") <
           strstr(buf_str(&out), "\"code\":\"input_changed\""),
       "as JSON in the same order");
    buf_clear(&out);
    report_why_projection(&out, &plain, &w.plan, 0, plan_part_publish(&x.decl), NULL, 0);
    ok(strstr(buf_str(&out),
              "\n\nreaders see generation 1, published at T1\n  built from\n    migration PG-02  "
              "sha256:") != NULL,
       "and what readers see meanwhile");
    arena_release(&w.a);

    give_project(&w, &x, STATE_STALE, ACTION_PUBLISH,
                 reason(REASON_PUBLISH_PENDING, "generation 2", ""));
    buf_clear(&out);
    report_why_projection(&out, &plain, &w.plan, 0, 1, NULL, 0);
    ok(strncmp(buf_str(&out),
               "dev/wells@load:k is current\n\ndev/wells@load:k <- generation 2\n  current: made "
               "and proven\n  digest    sha256:",
               strlen("dev/wells@load:k is current\n\ndev/wells@load:k <- generation 2\n  current: "
                      "made and proven\n  digest    sha256:")) == 0,
       "a stage that the waiting generation has behind it");
    arena_release(&w.a);

    give_project(&w, &x, STATE_CURRENT, ACTION_NONE,
                 reason(REASON_CURRENT, "generation 1", "published at T1"));
    x.reason[0].now = "sha256:2";
    buf_clear(&out);
    report_why_projection(&out, &plain, &w.plan, 0, plan_part_publish(&x.decl), NULL, 0);
    is_str(buf_str(&out),
           "dev/wells@publish is current\n"
           "\n"
           "dev/wells@publish <- generation 1\n"
           "  current: published at T1\n"
           "  digest    sha256:2\n"
           "  content   sha256:" ZERO_BUT("31") "\n"
                                                "  built from\n"
                                                "    migration PG-02  sha256:" ZERO_BUT(
                                                    "02") "\n"
                                                          "    source k/1#f>t  sha256:" ZERO_BUT(
                                                              "51") "\n"
                                                                    "  next: nothing to do\n",
           "a current one: from what");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_projection_why_outside(void)
{
    struct world_of_tests w;
    struct projection_of_tests x;
    struct buf out = {0};
    struct reason r = reason(REASON_UPSTREAM_BLOCKED, "dev/PG-01@apply", "");
    r.step = 0;
    give_project(&w, &x, STATE_BLOCKED, ACTION_NONE, r);
    set_step(&w, 0, "PG-01", STATE_BLOCKED, ACTION_NONE,
             reason(REASON_CHECKSUM_MISMATCH, "ledger entry 5", ""));
    report_json(&out,
                report_why_projection_doc(&w.a, &w.plan, 0, plan_part_publish(&x.decl), NULL, 0));
    is_str(buf_str(&out),
           "{\"chain\":[{\"cause\":\"dev/PG-01@apply\",\"code\":\"upstream_blocked\",\"detail\":"
           "null,\"now\":null,\"target\":\"dev/wells@publish\",\"was\":null,\"where\":null},{"
           "\"cause\":\"ledger entry 5\",\"code\":\"checksum_mismatch\",\"detail\":null,\"now\":"
           "null,\"target\":\"dev/"
           "PG-01@apply\",\"was\":null,\"where\":null}],\"files\":[],\"fingerprints\":null,\"last_"
           "run\":null,\"running\":"
           "null,\"state\":\"blocked\","
           "\"target\":\"dev/wells@publish\",\"upgrade\":null}\n",
           "the chain goes on outside");
    arena_release(&w.a);

    give_project(&w, &x, STATE_BLOCKED, ACTION_NONE,
                 reason(REASON_NOT_PROMOTED, "staging/wells@receipt", ""));
    struct fact f = {.sequence = 8,
                     .subject = "wells",
                     .result = "failed",
                     .run_id = "run-8",
                     .finished_at = "T8",
                     .checksum = digest_byte(0x21)};
    past_add(&w.a, &w.staging, &f);
    w.upstream =
        (struct upstream){.env = "staging", .reachable = true, .why_not = "", .past = &w.staging};
    w.world.upstream = &w.upstream;
    w.world.n_upstream = 1;
    buf_clear(&out);
    report_why_projection(&out, &plain, &w.plan, 0, plan_part_publish(&x.decl), NULL, 0);
    ok(strstr(buf_str(&out), "\nstaging/wells@receipt <- ledger entry 8 of staging\n  result    "
                             "failed\n") != NULL,
       "or in another environment");
    ok(strstr(buf_str(&out), "mend it, then `kfmig build staging wells` first\n") != NULL,
       "where it is to be published first");
    buf_release(&out);
    arena_release(&w.a);
}

static void test_projection_advice(void)
{
    static const enum reason_code codes[] = {
        REASON_CURRENT,          REASON_NEVER_BUILT,        REASON_INPUT_CHANGED,
        REASON_GENERATION_KEPT,  REASON_GENERATION_ALTERED, REASON_GENERATION_PENDING,
        REASON_PUBLISH_PENDING,  REASON_UPSTREAM_PENDING,   REASON_CATALOG_FAULT,
        REASON_CHAIN_HAS_DML,    REASON_NO_SPACE,           REASON_IN_PLACE,
        REASON_SWITCHED_BACK,    REASON_NOT_PROMOTED,       REASON_APPROVAL_MISSING,
        REASON_PROTECTED_DOMAIN, REASON_SCOPE_EXCEEDED,     REASON_LIMIT_EXCEEDED,
        REASON_UNREGISTERED,     REASON_NOT_ADOPTED,        REASON_UNREACHABLE,
        REASON_UPSTREAM_BLOCKED, REASON_NOT_IN_ENVIRONMENT, REASON_NO_STORE,
        REASON_FILE_ALTERED,     REASON_TILES_FAULT,
    };
    for (size_t i = 0; i < N_PROJECTION_CODES; i++) {
        struct world_of_tests w;
        struct projection_of_tests x;
        struct buf out = {0};
        give_project(&w, &x, reason_state(codes[i]), ACTION_NONE,
                     reason(codes[i], "dev/PG-00@apply", "d"));
        report_why_projection(&out, &plain, &w.plan, 0, plan_part_publish(&x.decl), NULL, 0);
        const char *next = strstr(buf_str(&out), "\n  next: ");
        ok(next != NULL && strlen(next) > 12, reason_text(codes[i]));
        buf_release(&out);
        arena_release(&w.a);
    }
}

static void test_projection_graph(void)
{
    struct world_of_tests w;
    struct projection_of_tests x;
    struct buf out = {0};
    give_project(&w, &x, STATE_STALE, ACTION_REBUILD, changed());
    report_graph(&out, &w.plan, -1);
    is_str(buf_str(&out),
           "dev/PG-01@apply  current\n"
           "dev/PG-02@apply  stale  after PG-01\n"
           "dev/wells@publish  stale  from PG-02, dataset:k/1, dataset:r/7\n",
           "a projection comes from its chain and its datasets");
    buf_clear(&out);
    report_json(&out, report_graph_doc(&w.a, &w.plan, 2));
    is_str(buf_str(&out),
           "{\"edges\":[{\"from\":\"dev/PG-01@apply\",\"kind\":\"order\",\"to\":\"dev/"
           "PG-02@apply\"},{\"from\":\"dev/PG-02@apply\",\"kind\":\"member\",\"to\":\"dev/"
           "wells@publish\"},{\"from\":\"dataset:k/1\",\"kind\":\"source\",\"to\":\"dev/"
           "wells@publish\"},{\"from\":\"dataset:r/7\",\"kind\":\"source\",\"to\":\"dev/"
           "wells@publish\"}],\"nodes\":[{\"state\":\"current\",\"target\":\"dev/"
           "PG-01@apply\"},{\"state\":\"stale\",\"target\":\"dev/"
           "PG-02@apply\"},{\"state\":\"stale\",\"target\":\"dev/"
           "wells@publish\"},{\"target\":\"dataset:k/1\"},{\"target\":\"dataset:r/7\"}]}\n",
           "the same as JSON, from the projection");
    buf_clear(&out);
    report_graph(&out, &w.plan, 0);
    ok(strstr(buf_str(&out), "dev/wells@publish") != NULL,
       "what a migration outside leads to is shown with it");
    buf_clear(&out);
    report_graph_dot(&out, &w.plan, -1);
    ok(strstr(buf_str(&out), "  \"dev/wells@publish\" [shape=component, color=orange, "
                             "tooltip=\"stale\"];\n  \"dataset:k/1\" [shape=cylinder];\n") != NULL,
       "nodes in dot");
    ok(strstr(buf_str(&out), "  \"dataset:r/7\" -> \"dev/wells@publish\";\n}\n") != NULL,
       "and edges");
    buf_release(&out);
    arena_release(&w.a);
}

int main(void)
{
    tap_plan(5 + 37 + 4 + 5 + 3 + N_PROJECTION_CODES + 5);
    test_projection_plan();
    test_projection_targets();
    test_projection_status();
    test_projection_why();
    test_projection_why_outside();
    test_projection_advice();
    test_projection_graph();
    return tap_done();
}
