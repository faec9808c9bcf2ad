/* layer: plan */
/* What an environment asks of every step: adoption, promotion, approval, what comes before; each reason with all that it says. */
#include "plan_cases.h"

#include "model/finding.h"
#include "model/operations.h"
#include "plan/step_kind.h"

static struct arena arena;
static struct env env;
static struct world world;
static struct past past, other;
static struct bundle bundle[4];
static struct step steps[4];
static struct plan p;

/* A migration M-1, current steps around it, an environment that asks for nothing. */
static void begin(void)
{
    env = (struct env){.name = "prod", .is_protected = true, .approval = APPROVAL_REVIEW};
    world = (struct world){.reachable = true, .has_ledger = true, .why_not = ""};
    past = (struct past){.by_id = {.a = &arena}};
    other = (struct past){.by_id = {.a = &arena}};
    p = (struct plan){.a = &arena,
                      .env = &env,
                      .world = &world,
                      .past = &past,
                      .v = steps,
                      .n_steps = 4,
                      .n_migrations = 4};
    for (int i = 0; i < 4; i++) {
        bundle[i] = (struct bundle){.id = arena_printf(&arena, "M-%d", i + 1),
                                    .dir = arena_printf(&arena, "migrations/postgis/M-%d", i + 1),
                                    .checksum = digest_from("content"),
                                    .bundle_digest = digest_from("bundle")};
        steps[i] =
            (struct step){.kind = STEP_MIGRATION, .bundle = &bundle[i], .state = STATE_CURRENT};
    }
}

/* "sha256:aa..." as "<content>", so that it can be read. */
static const char *named(const char *digest)
{
    static const char *const words[] = {"content", "bundle", "elsewhere"};
    char text[DIGEST_TEXT];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct digest d = digest_from(words[i]);
        if (strcmp(digest_text(&d, text), digest) == 0) {
            return words[i];
        }
    }
    return digest;
}

/* The reasons that a gate gives, as "code|cause|was|now|detail|step", a line each. */
static const char *given(void (*gate)(struct plan *, struct step *))
{
    const char *text = "";
    steps[0].n_reasons = 0;
    gate(&p, &steps[0]);
    for (size_t i = 0; i < steps[0].n_reasons; i++) {
        const struct reason *r = &steps[0].reasons[i];
        text = arena_printf(&arena, "%s%s|%s|%s|%s|%s|%d\n", text, reason_text(r->code), r->cause,
                            named(r->was), named(r->now), r->detail, r->step);
    }
    return text;
}

static void test_adoption(void)
{
    begin();
    is_str(given(gate_adoption), "", "a ledger, and nothing else");
    world.n_existing = 3;
    is_str(given(gate_adoption), "", "a ledger knows what stands there");
    world.has_ledger = false;
    is_str(given(gate_adoption), "not_adopted|the database|||3 objects found|-1\n",
           "objects and no ledger");
    world.n_existing = 1;
    is_str(given(gate_adoption), "not_adopted|the database|||1 object found|-1\n", "one object");
    world.n_existing = 0;
    is_str(given(gate_adoption), "", "an empty database");
    world.n_existing = 2;
    env.is_protected = false;
    is_str(given(gate_adoption), "", "an environment that is not protected");
    begin();
    world.store[STORE_POSTGIS] = (struct store_world){.n_existing = 5};
    is_str(given(gate_adoption), "", "the store that holds the ledger is known by it");
    bundle[0].store = STORE_SEARCH;
    world.store[STORE_SEARCH] = (struct store_world){.n_existing = 2};
    is_str(given(gate_adoption), "not_adopted|store search|||2 objects found|-1\n",
           "objects in another store");
    world.store[STORE_SEARCH].is_known = true;
    is_str(given(gate_adoption), "", "which the ledger knows");
    world.store[STORE_SEARCH] = (struct store_world){.n_existing = 0};
    is_str(given(gate_adoption), "", "or which is empty");
}

static void applied_elsewhere(const char *content)
{
    struct fact f = {.sequence = 1,
                     .subject = "M-1",
                     .result = "success",
                     .run_id = "run",
                     .finished_at = "",
                     .checksum = digest_from(content)};
    other = (struct past){.by_id = {.a = &arena}};
    past_add(&arena, &other, &f);
}

static void test_promotion(void)
{
    struct upstream up[2] = {{.env = "staging", .reachable = false, .why_not = "no server"},
                             {.env = "test", .reachable = true, .past = &other}};
    begin();
    is_str(given(gate_promotion), "", "no environment is asked for");
    world.upstream = up;
    world.n_upstream = 1;
    is_str(given(gate_promotion),
           "not_promoted|staging/M-1@receipt||content|staging could not be asked: no server|-1\n",
           "one that does not answer");
    world.upstream = &up[1];
    is_str(given(gate_promotion), "not_promoted|test/M-1@receipt||content|not applied in test|-1\n",
           "one that has not applied it");
    applied_elsewhere("elsewhere");
    is_str(given(gate_promotion),
           "not_promoted|test/M-1@receipt|elsewhere|content|test has it with other content|-1\n",
           "one with other content");
    applied_elsewhere("content");
    is_str(given(gate_promotion), "", "one with the same");
    world.upstream = up;
    world.n_upstream = 2;
    is_str(given(gate_promotion),
           "not_promoted|staging/M-1@receipt||content|staging could not be asked: no server|-1\n",
           "each is asked for itself");
}

/* A projection: what another environment has of it, and whether it is declared for that at all. */
static void test_promotion_of_projections(void)
{
    static const char *prod[] = {"prod"};
    static struct projection wells = {.name = "wells", .store = STORE_POSTGIS};
    static struct projection_input in = {.p = &wells};
    struct upstream up = {.env = "test", .reachable = true, .past = &other};
    begin();
    in.digest = digest_from("content");
    steps[0] = (struct step){.kind = STEP_PROJECTION, .in = &in};
    world.upstream = &up;
    world.n_upstream = 1;
    wells.has_environments = true;
    wells.environments = (struct names){prod, 1, 1};
    is_str(given(gate_promotion),
           "not_promoted|test/wells@receipt||content|it is not declared for test|-1\n",
           "not declared for it");
    wells.has_environments = false;
    is_str(given(gate_promotion),
           "not_promoted|test/wells@receipt||content|not published in test|-1\n",
           "not published there");
}

static void gate_signed(struct plan *at, struct step *s)
{
    gate_approval(at, s, false);
}

static void gate_signed_protected(struct plan *at, struct step *s)
{
    gate_approval(at, s, true);
}

/* What reduces what is enforced: governance signs, whatever else the environment asks for, and nothing waives it. */
static void test_posture(void)
{
    static const char *roles[] = {"p", "kfm-governance", "limits", "protected"};
    static struct projection wells = {.name = "wells", .store = STORE_POSTGIS};
    static struct projection_input in = {.p = &wells};
    static struct table reduced;
    struct findings l = {0};
    int members[] = {0};
    struct approval one = {.path = "a.json",
                           .subject = "M-1",
                           .person = "ann",
                           .digest = digest_from("bundle"),
                           .roles = {roles, 1, 1},
                           .waives = {roles + 2, 2, 2}};
    struct approvals all = {.v = &one, .n = 1};
    begin();
    reduced = (struct table){.a = &arena};
    (void)finding_fail(&arena, &l, "grant-to-public", "everyone gets it");
    (void)finding_fail(&arena, &l, "grant-to-public", "everyone gets it");
    (void)finding_fail(&arena, &l, "login-role", "x may log in");
    (void)table_puts(&reduced, "M-1", &l);
    world.reduced = reduced;
    world.approvals = &all;
    env.is_protected = false;
    is_str(given(gate_signed), "", "nobody signs for it where nothing is protected");
    env.is_protected = true;
#define LACKS_ALL                                                                                  \
    "0 of 1 signature, missing: kfm-governance; it reduces what is enforced: grant-to-public, "    \
    "login-role|-1\n"
    is_str(given(gate_signed),
           "approval_missing|migrations/postgis/M-1/migration.yml||bundle|prod wants signatures "
           "over the bundle digest: " LACKS_ALL,
           "where the host reviews governance signs all the same, whatever others waive");
    env.approval = APPROVAL_SIGNATURE;
    is_str(given(gate_signed),
           "approval_missing|migrations/postgis/M-1/migration.yml||bundle|prod wants signatures "
           "over the bundle digest: " LACKS_ALL,
           "and where signatures are wanted");
    one.roles = (struct names){roles + 1, 1, 1};
    is_str(given(gate_signed), "", "governance has signed");
    is_int((int)steps[0].approved.n, 1, "which is kept with the step");
    in.digest = digest_from("content");
    steps[1] = steps[0];
    steps[1].n_members = 1;
    steps[1].members = members;
    steps[1].kind = STEP_PROJECTION;
    steps[1].bundle = NULL;
    steps[1].in = &in;
    steps[1].reasons = NULL;
    steps[1].n_reasons = steps[1].cap_reasons = 0;
    gate_approval(&p, &steps[1], false);
    ok(steps[1].approved.lacks != NULL && strstr(steps[1].approved.lacks, "kfm-governance") != NULL,
       "a projection wants it for what its chain does");
}

static void test_approval(void)
{
    static const char *roles[] = {"p", "limits"};
    struct approval one = {.path = "a.json",
                           .subject = "M-1",
                           .person = "ann",
                           .digest = digest_from("bundle"),
                           .roles = {roles, 1, 1}};
    struct approvals all = {.v = &one, .n = 1};
    begin();
    is_str(given(gate_signed), "", "a review is not asked here");
    env.approval = APPROVAL_SIGNATURE;
    is_str(given(gate_signed),
           "approval_missing|migrations/postgis/M-1/migration.yml||bundle|prod wants signatures "
           "over the bundle digest: 0 of 1 signature|-1\n",
           "a signature is");
    world.approvals = &all;
    is_str(given(gate_signed), "", "and there it is");
    is_int((int)steps[0].approved.n, 1, "kept with the step");
    is_str(given(gate_signed_protected),
           "approval_missing|migrations/postgis/M-1/migration.yml||bundle|prod wants signatures "
           "over the bundle digest: 0 of 1 signature, missing: kfm-governance|-1\n",
           "what is protected wants governance");
    ok(!gate_waives(&p, &steps[0], REASON_LIMIT_EXCEEDED), "it waives nothing");
    one.waives = (struct names){roles + 1, 1, 1};
    ok(gate_waives(&p, &steps[0], REASON_LIMIT_EXCEEDED), "but what it names");
    ok(!gate_waives(&p, &steps[0], REASON_PROTECTED_DOMAIN) &&
           !gate_waives(&p, &steps[0], REASON_SCOPE_EXCEEDED),
       "and nothing else");
}

static void gate_open(struct plan *at, struct step *s)
{
    gate_lacks(at, s, s->bundle);
}

/* What its class asks for is refused where the environment is protected, a heading of its notes is not. */
static void test_reference(void)
{
    static struct touch drop = {.object = {OBJ_TABLE, "app", "t", NULL}, .effect = EFFECT_DROP};
    static struct statement st = {
        .tag = "DROP TABLE", .analysed = true, .deeds = 1U << DEED_DROPS, .touches = {&drop, 1, 1}};
    static struct artifact file = {.path = "forward.sql"};
    static struct script forward = {.n = 1, .forms = &st, .n_forms = 1};
    static struct decl decl = {
        .forward = {&file, 1, 1}, .runner = "native", .approval_reference = ""};
    begin();
    bundle[0].decl = &decl;
    bundle[0].requires_rollback = true;
    is_str(given(gate_open), "", "scripts that were let go lack nothing");
    bundle[0].forward = &forward;
    is_str(given(gate_open),
           "left_open|migrations/postgis/M-1/migration.yml||approvals.reference|it is of class C, "
           "and no plan, "
           "ADR or issue stands behind it; name it: approvals.reference in migration.yml, ticket "
           "in a flat file|-1\n",
           "class C without a reference");
    decl.approval_reference = "ADR 7";
    is_str(given(gate_open), "", "and with one");
    bundle[0].requires_rollback = false;
    ok(strstr(given(gate_open),
              "left_open|migrations/postgis/M-1/migration.yml||notes|nothing undoes it, and its "
              "notes name no alternative; ") != NULL,
       "without an alternative");
    env.is_protected = false;
    is_str(given(gate_open), "", "elsewhere nothing is refused");
}

static void test_upstream(void)
{
    static int before[] = {1, 2, 3};
    begin();
    steps[0].upstream = before;
    steps[0].n_upstream = 3;
    is_str(given(gate_upstream), "", "all before it are current");
    steps[1].state = STATE_BLOCKED;
    steps[3].action = ACTION_APPLY;
    is_str(given(gate_upstream),
           "upstream_blocked|prod/M-2@apply||||1\nupstream_pending|prod/M-4@apply||||3\n",
           "one is blocked, one is to run");
    steps[1].action = ACTION_APPLY;
    steps[3].action = ACTION_EXPORT;
    is_str(given(gate_upstream), "upstream_blocked|prod/M-2@apply||||1\n",
           "what only exports is nothing to wait for");
}

static void lint_of_it(struct plan *plan, struct step *s)
{
    gate_lint(plan, s, s->bundle);
}

static void test_lint(void)
{
    struct findings l = {0};
    begin();
    is_str(given(lint_of_it), "", "nobody has looked");
    world.linted = (struct table){.a = &arena};
    (void)table_puts(&world.linted, "M-1", &l);
    finding_fail(&arena, &l, "grant-to-public", "everyone gets it")->severity = SEVERITY_WARNING;
    finding_fail(&arena, &l, "drop-table", "it goes")->waived_by = "it is empty";
    is_str(given(lint_of_it), "", "warnings and what is let through stop nothing");
    struct finding *f = finding_fail(&arena, &l, "truncate-cascade", "all go");
    f->path = "forward.sql";
    f->line = 3;
    is_str(given(lint_of_it),
           "lint_error|forward.sql||truncate-cascade|truncate-cascade: all go|-1\n",
           "an error does");
    env.is_protected = false;
    is_str(given(lint_of_it), "", "in an environment that is protected");
}

static void test_governance(void)
{
    struct findings l = {0};
    begin();
    steps[0].action = ACTION_APPLY;
    ok(plan_needs_governance(&p, &steps[0]) == NULL, "nobody has looked");
    world.reduced = (struct table){.a = &arena};
    (void)table_puts(&world.reduced, "M-1", &l);
    finding_fail(&arena, &l, "grant-to-public", "everyone gets it")->waived_by = "a comment";
    ok(plan_needs_governance(&p, &steps[0]) == &l, "what reduces, whatever lets it through");
    ok(plan_needs_governance(&p, &steps[1]) == NULL, "another migration does not");
    steps[0].action = ACTION_NONE;
    ok(plan_needs_governance(&p, &steps[0]) == &l,
       "one that is blocked, and waits for that signature");
    env.is_protected = false;
    ok(plan_needs_governance(&p, &steps[0]) == NULL, "an environment that is not protected");
}

static struct touch touches[] = {
    {.object = {OBJ_TABLE, "app", "t", NULL}, .effect = EFFECT_DROP, .line = 2, .col = 1},
    {.object = {OBJ_TABLE, "app", "u", NULL}, .effect = EFFECT_DROP, .line = 3, .col = 1},
};

static void test_policy(void)
{
    struct policy_deed drop = {.effect = EFFECT_DROP, .kind = OBJ_TABLE};
    struct policy_rule rule = {.id = "no-drops",
                               .effect = POLICY_FORBID,
                               .deeds = &drop,
                               .n_deeds = 1,
                               .classes = "C",
                               .rows_over = -1,
                               .why = "rows stay"};
    struct operations operations = {.policy = {&rule, 1}};
    struct statement statement = {.analysed = true, .touches = {touches, 2, 2}};
    struct script script = {.path = "forward.sql", .forms = &statement, .n = 1};
    struct artifact file = {.path = "forward.sql"};
    struct decl decl = {.forward = {&file, 1, 1}, .approval_reference = ""};
    begin();
    env.operations = &operations;
    bundle[0].decl = &decl;
    bundle[0].forward = &script;
    steps[0].class = 'C';
    is_str(given(gate_policy),
           "policy|forward.sql||no-drops|policy no-drops: drop of table app.t; rows stay|-1\n",
           "what is forbidden is told once a file");
    steps[0].class = 'A';
    is_str(given(gate_policy), "", "of another class");
    steps[0].class = 'U';
    rule.effect = POLICY_WARN;
    rule.why = "";
    is_str(given(gate_policy),
           "policy_warning|forward.sql||no-drops|policy no-drops: drop of table app.t|-1\n",
           "what nobody knows is as strict as class C; a warning");
    touches[0].maybe = touches[1].maybe = true;
    is_str(given(gate_policy), "", "what may never come to it");
    rule.effect = POLICY_REQUIRE;
    rule.needs = 1U << NEED_REFERENCE;
    is_str(given(gate_policy),
           "policy|migrations/postgis/M-1/migration.yml||no-drops|policy no-drops: it has no "
           "reference: name the "
           "plan, issue or ADR: ticket, or approvals.reference|-1\n",
           "what is required");
    decl.approval_reference = "ADR 7";
    is_str(given(gate_policy), "", "and is there");
    bundle[0].forward = NULL;
    decl.approval_reference = "";
    is_str(given(gate_policy), "", "a script that was not read is judged when it runs");
}

/* The digest of what looks for the store "search", as the plan has it; "": it is in none. */
static const char *probes(void)
{
    return doc_str(doc_get(plan_doc(&arena, &p), "probes"), "search", "");
}

static void test_probes(void)
{
    begin();
    world.instance = "uuid";
    is_str(probes(), "", "an engine that looks itself");
    const struct digest none = plan_digest(&p);
    world.store[STORE_SEARCH].eyes = digest_from("content");
    bundle[0].store = STORE_SEARCH;
    steps[0].selected = true;
    is_str(probes(), "", "programs that look at what stays as it is");
    steps[0].action = ACTION_APPLY;
    is_str(named(probes()), "content", "programs that look at what is to be changed");
    const struct digest first = plan_digest(&p);
    world.store[STORE_SEARCH].eyes = digest_from("elsewhere");
    const struct digest second = plan_digest(&p);
    ok(!digest_eq(&none, &first) && !digest_eq(&first, &second), "others are another plan");
    steps[0].selected = false;
    is_str(probes(), "", "a change that is not selected");
    steps[0].selected = true;
    bundle[0].store = STORE_POSTGIS;
    is_str(probes(), "", "a change of another store");
}

int main(void)
{
    tap_plan(5 + 7 + 4 + 10 + 6 + 2 + 2 + 3 + 6 + 6 + 5 + 6);
    test_adoption();
    test_promotion();
    test_promotion_of_projections();
    test_approval();
    test_posture();
    test_reference();
    test_upstream();
    test_lint();
    test_policy();
    test_governance();
    test_probes();
    arena_release(&arena);
    return tap_done();
}
