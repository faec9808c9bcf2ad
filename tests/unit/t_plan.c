/* layer: plan */
/* Order, decision, digest and target names of the plan, from structs built by hand. */
#include "plan_cases.h"

/* --- order ---------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *bundles[5][2]; /* id, depends */
    const char *order;
} orders[] = {
    {"default order", {{"a", NULL}, {"b", NULL}, {"c", NULL}}, "a b c"},
    {"depends_on turns it", {{"a", "c"}, {"b", ""}, {"c", ""}}, "b c a"},
    {"roots keep bundle order", {{"a", ""}, {"b", ""}, {"c", ""}}, "a b c"},
    {"diamond", {{"a", ""}, {"b", "a"}, {"c", "a"}, {"d", "b c"}}, "a b c d"},
    {"late arrival placed behind", {{"a", "b"}, {"b", NULL}, {"c", NULL}}, "b a c"},
    {"default after a placed one", {{"a", ""}, {"b", "a"}, {"c", NULL}}, "a b c"},
};

static void try_orders(void)
{
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_up(&t, &a);
        for (size_t k = 0; k < 5 && orders[i].bundles[k][0] != NULL; k++) {
            add(&t, orders[i].bundles[k][0], orders[i].bundles[k][1]);
        }
        is_str(make(&t, &p, &e) == 0 ? order_of(&a, &p) : e.msg, orders[i].order, orders[i].name);
        arena_release(&a);
    }
}

static void try_faults(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    set_up(&t, &a);
    add(&t, "a", "b");
    add(&t, "b", "a");
    is_int(make(&t, &p, &e), -1, "a cycle is no plan");
    is_str(e.msg,
           "dependency cycle: a (migrations/postgis/a/migration.yml:7) -> "
           "b (migrations/postgis/b/migration.yml:7) -> a",
           "the whole cycle with its files");
    is_int(e.code, ERR_CONFIG, "as a fault of the project");
    set_up(&t, &a);
    add(&t, "a", "nobody");
    is_int(make(&t, &p, &e), -1, "an unknown dependency is no plan");
    is_str(e.where.path, "migrations/postgis/a/migration.yml", "its place is named");
    arena_release(&a);
}

/* --- decision ------------------------------------------------------------------------------------- */

static void on_unsupported(struct stage_set *t)
{
    t->env.store[STORE_SEARCH] = true;
    t->b[0].store = STORE_SEARCH;
}
static void on_current(struct stage_set *t)
{
    happened(t, "a", "success", "a");
}
static void on_changed(struct stage_set *t)
{
    happened(t, "a", "success", "other");
}
static void on_failed(struct stage_set *t)
{
    happened(t, "a", "failed", "a");
}
static void on_interrupted(struct stage_set *t)
{
    happened(t, "a", "interrupted", "a");
}
static void on_missing(struct stage_set *t)
{
    happened(t, "a", "success", "a");
    t->exports[0] = EXPORT_MISSING;
}
static void on_altered(struct stage_set *t)
{
    happened(t, "a", "success", "a");
    t->exports[0] = EXPORT_ALTERED;
}
static void on_unregistered(struct stage_set *t)
{
    t->env.is_protected = true;
    t->b[0].status = NULL;
}
static void on_open(struct stage_set *t)
{
    t->env.is_protected = true;
    t->b[0].lacks = 1U << LACK_SCOPE;
}
static void on_open_in_dev(struct stage_set *t)
{
    t->b[0].lacks = 0xFF;
    t->b[0].wants_window = true;
}
static void on_no_window(struct stage_set *t)
{
    t->env.is_protected = true;
    t->b[0].wants_window = true;
}
static void on_deploy(struct stage_set *t)
{
    static const char *other[] = {"v1"};
    t->b[0].deploy = "v2";
    t->world.deployed = (struct names){other, 1, 1};
}
static void on_deploy_and_open(struct stage_set *t)
{
    on_deploy(t);
    on_open(t);
}
static void on_deployed(struct stage_set *t)
{
    static const char *both[] = {"v1", "v2"};
    t->b[0].deploy = "v2";
    t->world.deployed = (struct names){both, 2, 2};
}
static void on_late(struct stage_set *t)
{
    happened(t, "b", "success", "b");
}
static void on_late_protected(struct stage_set *t)
{
    t->env.is_protected = true;
    happened(t, "b", "success", "b");
}

static const struct {
    const char *name;
    void (*arrange)(struct stage_set *t);
    enum reason_code reason; /* of a */
    enum plan_state state;
    enum plan_action action;
    enum plan_state next; /* state of b, which follows a */
} decisions[] = {
    {"never built", NULL, REASON_NEVER_BUILT, STATE_STALE, ACTION_APPLY, STATE_STALE},
    {"applied and unchanged", on_current, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, STATE_STALE},
    {"content changed", on_changed, REASON_CHECKSUM_MISMATCH, STATE_BLOCKED, ACTION_NONE,
     STATE_BLOCKED},
    {"last run failed", on_failed, REASON_NEVER_BUILT, STATE_STALE, ACTION_APPLY, STATE_STALE},
    {"last run interrupted", on_interrupted, REASON_INTERRUPTED, STATE_STALE, ACTION_APPLY,
     STATE_STALE},
    {"export missing", on_missing, REASON_OUTPUT_MISSING, STATE_STALE, ACTION_EXPORT, STATE_STALE},
    {"export altered", on_altered, REASON_OUTPUT_ALTERED, STATE_STALE, ACTION_EXPORT, STATE_STALE},
    {"no server", on_unreachable, REASON_UNREACHABLE, STATE_BLOCKED, ACTION_NONE, STATE_BLOCKED},
    {"a store without an engine", on_unsupported, REASON_UNSUPPORTED, STATE_BLOCKED, ACTION_NONE,
     STATE_BLOCKED},
    {"no such store", on_no_store, REASON_NO_STORE, STATE_NOT_APPLICABLE, ACTION_NONE,
     STATE_NOT_APPLICABLE},
    {"signature wanted", on_signature, REASON_APPROVAL_MISSING, STATE_BLOCKED, ACTION_NONE,
     STATE_BLOCKED},
    {"not registered", on_unregistered, REASON_UNREGISTERED, STATE_BLOCKED, ACTION_NONE,
     STATE_BLOCKED},
    {"left open", on_open, REASON_LEFT_OPEN, STATE_BLOCKED, ACTION_NONE, STATE_BLOCKED},
    {"left open where nothing is protected", on_open_in_dev, REASON_NEVER_BUILT, STATE_STALE,
     ACTION_APPLY, STATE_STALE},
    {"wants a window where none is declared", on_no_window, REASON_LEFT_OPEN, STATE_BLOCKED,
     ACTION_NONE, STATE_BLOCKED},
    {"waits for a deployment", on_deploy, REASON_AWAITS_DEPLOY, STATE_BLOCKED, ACTION_NONE,
     STATE_BLOCKED},
    {"waited for a deployment", on_deployed, REASON_NEVER_BUILT, STATE_STALE, ACTION_APPLY,
     STATE_STALE},
    {"not adopted", on_unadopted, REASON_NOT_ADOPTED, STATE_BLOCKED, ACTION_NONE, STATE_BLOCKED},
    {"late", on_late, REASON_NEVER_BUILT, STATE_STALE, ACTION_APPLY, STATE_CURRENT},
    {"late, protected", on_late_protected, REASON_OUT_OF_ORDER, STATE_BLOCKED, ACTION_NONE,
     STATE_CURRENT},
    {"not promoted", on_not_promoted, REASON_NOT_PROMOTED, STATE_BLOCKED, ACTION_NONE,
     STATE_BLOCKED},
};
enum { N_DECISIONS = sizeof decisions / sizeof *decisions };

static void try_decisions(void)
{
    for (size_t i = 0; i < N_DECISIONS; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_up(&t, &a);
        add(&t, "a", NULL);
        add(&t, "b", NULL);
        if (decisions[i].arrange != NULL) {
            decisions[i].arrange(&t);
        }
        bool made = ok(make(&t, &p, &e) == 0, decisions[i].name);
        is_str(made ? reason_text(p.v[0].reasons[0].code) : "", reason_text(decisions[i].reason),
               "its reason");
        is_int(made ? p.v[0].state : 99, decisions[i].state, "its state");
        is_int(made ? p.v[0].action : 99, decisions[i].action, "its action");
        is_int(made ? p.v[1].state : 99, decisions[i].next, "what follows it");
        arena_release(&a);
    }
}

/* Who waits for a deployment only is not counted with what is blocked; who has another obstacle, too, is. */
static void try_awaiting(void)
{
    static const struct {
        const char *name;
        void (*arrange)(struct stage_set *t);
        size_t blocked, awaits;
    } rows[] = {{"neither", NULL, 0, 0},
                {"one, and what follows it", on_deploy, 2, 2},
                {"one that leaves something open, too", on_deploy_and_open, 2, 0},
                {"one whose deployment is recorded", on_deployed, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_up(&t, &a);
        add(&t, "a", NULL);
        add(&t, "b", NULL);
        if (rows[i].arrange != NULL) {
            rows[i].arrange(&t);
        }
        bool made = make(&t, &p, &e) == 0;
        is_int(made ? p.n_state[STATE_BLOCKED] : 99, (long long)rows[i].blocked, rows[i].name);
        is_int(made ? p.n_awaits : 99, (long long)rows[i].awaits, rows[i].name);
        arena_release(&a);
    }
}

/* --- digest and selection ------------------------------------------------------------------------- */

static struct digest digest_with(struct arena *a, void (*change)(struct stage_set *t))
{
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    set_up(&t, a);
    add(&t, "a", NULL);
    add(&t, "b", NULL);
    if (change != NULL) {
        change(&t);
    }
    return make(&t, &p, &e) == 0 ? plan_digest(&p) : (struct digest){0};
}

static void on_position(struct stage_set *t)
{
    t->past.position++;
}
static void on_leaf(struct stage_set *t)
{
    t->past.leaf = digest_from("leaf");
}
static void on_instance(struct stage_set *t)
{
    t->world.instance = "another";
}
static void on_drift(struct stage_set *t)
{
    static struct drift d = {.text = "table x.y", .last_writer = ""};
    t->world.drift = &d;
    t->world.n_drift = 1;
}

static void try_digest(void)
{
    struct arena a = {0};
    struct digest same = digest_with(&a, NULL);
    struct digest again = digest_with(&a, NULL);
    ok(digest_eq(&same, &again), "equal input, equal digest");
    void (*const changes[])(struct stage_set *) = {
        on_position, on_leaf, on_instance, on_drift, on_current, on_signature, on_not_promoted};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct digest other = digest_with(&a, changes[i]);
        ok(!digest_eq(&same, &other), "what a plan rests on is in its digest");
    }
    arena_release(&a);
}

/* The digest of a plan that is let in by a receipt of the other environment, which has n other facts besides. */
static struct digest digest_let_in(struct arena *a, const char *receipt, int n)
{
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    struct past theirs = {.by_id = {.a = a}};
    struct upstream u = {.env = "staging", .reachable = true, .why_not = "", .past = &theirs};
    set_up(&t, a);
    add(&t, "a", NULL);
    for (int i = 0; i <= n; i++) {
        struct fact f = {.sequence = ++theirs.position,
                         .subject = i == 0 ? "a" : "other",
                         .result = "success",
                         .run_id = "run",
                         .finished_at = "",
                         .receipt = digest_from(receipt),
                         .checksum = digest_from("a")};
        past_add(a, &theirs, &f);
    }
    t.world.upstream = &u;
    t.world.n_upstream = 1;
    return make(&t, &p, &e) == 0 && p.n_apply == 1 ? plan_digest(&p) : (struct digest){0};
}

static void try_evidence(void)
{
    struct arena a = {0};
    struct digest d = digest_let_in(&a, "receipt", 0);
    struct digest more = digest_let_in(&a, "receipt", 2);
    struct digest other = digest_let_in(&a, "another", 0);
    struct digest none = digest_with(&a, NULL);
    ok(!digest_is_zero(&d) && digest_eq(&d, &more),
       "what else happens in the other environment voids no plan");
    ok(!digest_eq(&d, &other), "another receipt is other evidence");
    ok(!digest_eq(&d, &none), "and none is none");
    arena_release(&a);
}

static void try_selection(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    const char *const wanted[] = {"b"};
    set_up(&t, &a);
    add(&t, "a", NULL);
    add(&t, "b", NULL);
    add(&t, "c", NULL);
    is_int(make(&t, &p, &e), 0, "a plan of three");
    is_int(plan_restrict(&p, wanted, 1, &e), 0, "restricted to one");
    ok(p.v[0].selected && p.v[1].selected && !p.v[2].selected, "with what it needs");
    is_int(p.n_apply, 2, "and counted so");
    arena_release(&a);
}

/* --- target names --------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *env; /* NULL: none */
    int bundle;      /* -1: an error */
    enum stage stage;
} targets[] = {
    {"PG-MIG-01", NULL, 0, STAGE_COUNT},       {"dev/PG-MIG-02@apply", "dev", 1, STAGE_APPLY},
    {"PG-MIG-02@rec", NULL, 1, STAGE_RECEIPT}, {"IG-02", NULL, 1, STAGE_COUNT},
    {"PG-MIG-1", NULL, 2, STAGE_COUNT},        {"PG-MIG", NULL, -1, STAGE_COUNT},
    {"PG-MIG-03", NULL, -1, STAGE_COUNT},      {"PG-MIG-01@p", NULL, -1, STAGE_COUNT},
    {"prod/PG-MIG-01", NULL, -1, STAGE_COUNT}, {"", NULL, -1, STAGE_COUNT},
};
enum { N_TARGETS = sizeof targets / sizeof *targets };

static void try_targets(void)
{
    struct arena a = {0};
    struct stage_set t;
    set_up(&t, &a);
    add(&t, "PG-MIG-01", NULL);
    add(&t, "PG-MIG-02", NULL);
    add(&t, "PG-MIG-10", NULL);
    for (size_t i = 0; i < N_TARGETS; i++) {
        struct err e = {0};
        struct target found = {.bundle = -1};
        struct subjects all = {t.order, t.n, NULL, 0, {0}};
        if (i % 2 == 0) {
            plan_subjects(&a, &all); /* the same with and without */
        }
        int rc = plan_target(targets[i].text, &t.env, 1, &all, &a, &found, &e);
        is_int(rc == 0 ? found.bundle : -1, targets[i].bundle, targets[i].text);
        bool right = rc != 0 ? e.hint[0] != '\0'
                             : found.stage == targets[i].stage &&
                                   (found.env == NULL) == (targets[i].env == NULL);
        ok(right, "its environment and stage, or a hint");
    }
    arena_release(&a);
}

int main(void)
{
    tap_plan(6 + 5 + 8 + 5 * N_DECISIONS + 8 + 3 + 4 + 2 * N_TARGETS);
    try_orders();
    try_faults();
    try_decisions();
    try_awaiting();
    try_digest();
    try_evidence();
    try_selection();
    try_targets();
    return tap_done();
}
