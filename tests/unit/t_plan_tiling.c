/* layer: plan */
/* What is decided about projections of tiles, by what they are made from, their file, and what they were. */
#include "plan_cases.h"

static struct tiling tiling;
static struct altered_file altered;

/* wells, which is live and current, and tiles made from it that were built from other content. */
static void set_tiles(struct stage_set *t, struct arena *a)
{
    set_up(t, a);
    t->env.store[STORE_TILES] = true;
    t->world.store[STORE_TILES].reachable = true;
    tiling = (struct tiling){.from = "wells", .max_zoom = 5, .line = 3, .col = 7};
    altered = (struct altered_file){"tiles/t.pmtiles", "its tiles are others", digest_from("tiles"),
                                    digest_from("others")};
    t->p[0] = (struct projection){.name = "wells",
                                  .schema = "app",
                                  .source = t->source,
                                  .file = {.path = "registry/projections/wells.yml"}};
    t->p[1] = (struct projection){.name = "a_tiles",
                                  .store = STORE_TILES,
                                  .schema = "",
                                  .source = t->source,
                                  .tiling = &tiling,
                                  .file = {.path = "registry/projections/a_tiles.yml"}};
    for (int i = 0; i < 2; i++) {
        t->in[i] = (struct projection_input){.p = &t->p[i],
                                             .digest = digest_from("now"),
                                             .faults = &t->faults,
                                             .free_bytes = -1,
                                             .v = t->g[i],
                                             .n = 1};
        t->g[i][0] = (struct generation){.projection = t->p[i].name,
                                         .number = 1,
                                         .state = GENERATION_LIVE,
                                         .changed_at = "2026-01-01",
                                         .digest = digest_from(i == 0 ? "now" : "then"),
                                         .content = digest_from("tiles")};
    }
    t->n_in = 2;
    parts_add(a, &t->in[1].parts,
              (struct part){.kind = PART_UPSTREAM, .id = "wells", .digest = digest_from("new")});
    parts_add(a, &t->g[1][0].parts,
              (struct part){.kind = PART_UPSTREAM, .id = "wells", .digest = digest_from("old")});
}

static void on_same(struct stage_set *t)
{
    t->g[1][0].digest = digest_from("now");
}
static void on_altered(struct stage_set *t)
{
    on_same(t);
    t->in[1].altered = &altered;
}
static void on_altered_and_made(struct stage_set *t)
{
    on_altered(t);
    t->g[1][1] = t->g[1][0];
    t->g[1][1].number = 2;
    t->g[1][1].state = GENERATION_READY;
    t->in[1].n = 2;
}
static void on_other_altered(struct stage_set *t)
{
    t->in[1].altered = &altered;
}
static void on_never(struct stage_set *t)
{
    t->in[1].n = 0;
}
static void on_source_stale(struct stage_set *t)
{
    on_same(t);
    t->in[0].digest = digest_from("newer");
}
static void on_source_never(struct stage_set *t)
{
    t->in[0].n = t->in[1].n = 0;
    t->in[1].digest = (struct digest){{0}};
}
static void on_source_blocked(struct stage_set *t)
{
    t->in[0].digest = digest_from("newer");
    t->in[0].has_dml = "forward.sql";
}
static void on_unknown(struct stage_set *t)
{
    t->in[1].digest = (struct digest){{0}};
}
static void on_fault(struct stage_set *t)
{
    static struct err_list faults;
    faults = (struct err_list){0};
    err_list_addf(&faults, ERR_CONFIG, "registry/projections/a_tiles/l.sql", 2, 3, "", "reads b.t");
    t->in[1].faults = &faults;
}
static void on_no_tiles(struct stage_set *t)
{
    t->env.store[STORE_TILES] = false;
}
static void on_throwaway(struct stage_set *t)
{
    t->world.store[STORE_TILES].reachable = false;
}
static void on_switched(struct stage_set *t)
{
    char text[DIGEST_TEXT];
    struct digest d = digest_from("now");
    struct doc *facts = doc_new(t->a, DOC_MAP);
    doc_put(t->a, facts, "chosen_against", doc_text(t->a, digest_text(&d, text)));
    t->g[1][0].is_chosen = true;
    t->g[1][0].facts = facts;
}
static void on_drift(struct stage_set *t)
{
    static struct drift d;
    on_same(t);
    d = (struct drift){.text = "role r", .object = {.kind = OBJ_ROLE, .schema = "", .name = "r"}};
    t->world.drift = &d;
    t->world.n_drift = 1;
}

static const struct {
    const char *name;
    void (*arrange)(struct stage_set *t);
    enum reason_code reason;
    enum plan_state state;
    enum plan_action action;
    size_t n_reasons;
    const char *cause;
} cases[] = {
    {"what it is made from has other content", NULL, REASON_INPUT_CHANGED, STATE_STALE,
     ACTION_REBUILD, 1, "upstream wells"},
    {"the same content", on_same, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, 1, "generation 1"},
    {"never built", on_never, REASON_NEVER_BUILT, STATE_STALE, ACTION_REBUILD, 1, ""},
    {"its file was changed", on_altered, REASON_FILE_ALTERED, STATE_STALE, ACTION_REBUILD, 1,
     "tiles/t.pmtiles"},
    {"its file was changed, and a new one is made", on_altered_and_made, REASON_FILE_ALTERED,
     STATE_STALE, ACTION_PUBLISH, 2, "tiles/t.pmtiles"},
    {"its file was changed, and is not wanted any more", on_other_altered, REASON_INPUT_CHANGED,
     STATE_STALE, ACTION_REBUILD, 1, "upstream wells"},
    {"what it is made from is to be rebuilt", on_source_stale, REASON_UPSTREAM_PENDING, STATE_STALE,
     ACTION_REBUILD, 1, "dev/wells@publish"},
    {"what it is made from was never built", on_source_never, REASON_NEVER_BUILT, STATE_STALE,
     ACTION_REBUILD, 2, ""},
    {"what it is made from is blocked", on_source_blocked, REASON_UPSTREAM_BLOCKED, STATE_BLOCKED,
     ACTION_NONE, 1, "dev/wells@publish"},
    {"nobody knows its digest", on_unknown, REASON_TILES_FAULT, STATE_BLOCKED, ACTION_NONE, 1, ""},
    {"its query is wrong", on_fault, REASON_TILES_FAULT, STATE_BLOCKED, ACTION_NONE, 1,
     "registry/projections/a_tiles/l.sql"},
    {"no folder for it", on_no_tiles, REASON_NO_STORE, STATE_NOT_APPLICABLE, ACTION_NONE, 1,
     "registry/environments.v1.yml"},
    {"a database made anew", on_throwaway, REASON_UNREACHABLE, STATE_BLOCKED, ACTION_NONE, 1,
     "store tiles of dev"},
    {"switched back", on_switched, REASON_SWITCHED_BACK, STATE_BLOCKED, ACTION_NONE, 1,
     "generation 1"},
    {"drift of what stands in no schema", on_drift, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, 1,
     "generation 1"},
};
enum { N_CASES = sizeof cases / sizeof *cases, TESTS_EACH = 5 };

static void try_case(size_t i)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p = {0};
    struct err e = {0};
    set_tiles(&t, &a);
    if (cases[i].arrange != NULL) {
        cases[i].arrange(&t);
    }
    bool made = ok(make(&t, &p, &e) == 0, cases[i].name);
    const struct step *x = &p.projections[1];
    is_str(made ? reason_text(x->reasons[0].code) : "", reason_text(cases[i].reason), "its reason");
    is_int(made ? x->state : 99, cases[i].state, "its state");
    is_int(made ? x->action : 99, cases[i].action, "its action");
    ok(made && x->n_reasons == cases[i].n_reasons &&
           strcmp(x->reasons[0].cause, cases[i].cause) == 0,
       made ? x->reasons[0].cause : "and its cause");
    err_list_release(&t.faults);
    arena_release(&a);
}

static void try_selection(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    const char *target = "a_tiles";
    set_tiles(&t, &a);
    is_int(make(&t, &p, &e), 0, "a plan");
    is_int(plan_restrict(&p, &target, 1, &e), 0, "of tiles alone");
    ok(p.projections[1].selected && p.projections[0].selected, "has what they are made from");
    is_int(make(&t, &p, &e), 0, "a plan");
    target = "wells";
    is_int(plan_restrict(&p, &target, 1, &e), 0, "of what they are made from");
    ok(!p.projections[1].selected && p.projections[0].selected, "has no tiles");
    arena_release(&a);
}

int main(void)
{
    tap_plan(N_CASES * TESTS_EACH + 6);
    for (size_t i = 0; i < N_CASES; i++) {
        try_case(i);
    }
    try_selection();
    return tap_done();
}
