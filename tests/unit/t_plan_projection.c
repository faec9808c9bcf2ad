/* layer: plan */
/* What is decided about projections and their members, why, under which names, from structs built by hand. */
#include "plan_cases.h"

/* --- projections ---------------------------------------------------------------------------------- */

static void add_migration(struct arena *a, struct parts *l, const char *id, const char *content)
{
    parts_add(a, l,
              (struct part){.kind = PART_MIGRATION, .id = id, .digest = digest_from(content)});
}

/* Asset f of a version of wells, into table pts. */
static void add_source(struct arena *a, struct parts *l, const char *version, const char *content)
{
    parts_add(a, l,
              (struct part){.kind = PART_SOURCE,
                            .dataset = "wells",
                            .version = version,
                            .asset = "f",
                            .table = "pts",
                            .digest = digest_from(content)});
}

/* A projection over schema s_NAME that wants what is named by digest. */
static struct projection_input *project(struct stage_set *t, const char *name)
{
    size_t i = t->n_in++;
    t->p[i] = (struct projection){
        .name = name,
        .schema = arena_printf(t->a, "s_%s", name),
        .source = t->source,
        .n_sources = 1,
        .file = {.path = arena_printf(t->a, "registry/projections/%s.yml", name)},
        .line = 1,
        .col = 1};
    t->source[0] = (struct projection_source){
        .dataset = "wells", .version = "2", .asset = "f", .into = "pts", .line = 8, .col = 5};
    t->in[i] = (struct projection_input){
        .p = &t->p[i], .digest = digest_from("two"), .faults = &t->faults, .v = t->g[i]};
    return &t->in[i];
}

static struct generation *generate(struct stage_set *t, enum generation_state state,
                                   const char *digest)
{
    struct projection_input *in = &t->in[t->n_in - 1];
    struct generation *g = &t->g[t->n_in - 1][in->n++];
    *g = (struct generation){.projection = in->p->name,
                             .number = (int64_t)in->n,
                             .state = state,
                             .changed_at = "2026-01-01",
                             .content = digest_from("rows")};
    if (digest[0] != '\0') {
        g->digest = digest_from(digest);
        g->content = digest_from("rows");
    }
    return g;
}

/* The project of these tests: x outside, a and b in the chain of wells, which is live with other data. */
static void set_wells(struct stage_set *t, struct arena *a)
{
    set_up(t, a);
    add(t, "a", NULL)->projection = "wells";
    add(t, "b", NULL)->projection = "wells";
    struct projection_input *in = project(t, "wells");
    add_migration(a, &in->parts, "a", "a");
    add_migration(a, &in->parts, "b", "b");
    add_source(a, &in->parts, "2", "new");
    struct generation *live = generate(t, GENERATION_LIVE, "one");
    add_migration(a, &live->parts, "a", "a");
    add_migration(a, &live->parts, "b", "b");
    add_source(a, &live->parts, "1", "old");
}

static void choose_by_hand(struct stage_set *t, const char *against)
{
    char text[DIGEST_TEXT];
    struct digest d = digest_from(against);
    struct doc *facts = doc_new(t->a, DOC_MAP);
    doc_put(t->a, facts, "chosen_against", doc_text(t->a, digest_text(&d, text)));
    t->g[0][0].is_chosen = true;
    t->g[0][0].facts = facts;
}

static void no_digest(struct stage_set *t)
{
    t->in[0].digest = (struct digest){{0}};
    err_list_addf(&t->faults, ERR_PREFLIGHT, "registry/data/w.json", 4, 7, "", "digests disagree");
    err_list_addf(&t->faults, ERR_PREFLIGHT, "registry/data/v.json", 0, 0, "", "no rights");
}

static void on_equal(struct stage_set *t)
{
    t->g[0][0].digest = digest_from("two");
}
static void on_nothing_built(struct stage_set *t)
{
    t->in[0].n = 0;
}
static void on_by_hand(struct stage_set *t)
{
    t->g[0][0].digest = (struct digest){{0}};
    t->g[0][0].parts.n = 0;
}
static void on_loading(struct stage_set *t)
{
    generate(t, GENERATION_LOADING, "two");
}
static void on_other_loading(struct stage_set *t)
{
    generate(t, GENERATION_LOADING, "three");
}
static void on_ready(struct stage_set *t)
{
    generate(t, GENERATION_LOADING, "two");
    generate(t, GENERATION_READY, "two");
}
static void on_kept(struct stage_set *t)
{
    generate(t, GENERATION_KEPT, "two");
}
static void on_made_again(struct stage_set *t)
{
    on_equal(t);
    generate(t, GENERATION_READY, "two");
}
static void on_kept_again(struct stage_set *t)
{
    on_equal(t);
    generate(t, GENERATION_KEPT, "two");
}
static void set_drift(struct stage_set *t, const char *schema)
{
    struct drift *d = ARENA_ARRAY(t->a, struct drift, 1);
    *d = (struct drift){.text = "table pts",
                        .object = {OBJ_TABLE, schema, "pts", NULL},
                        .was = digest_from("was"),
                        .last_writer = ""};
    t->world.drift = d;
    t->world.n_drift = 1;
}
static void on_altered_inside(struct stage_set *t)
{
    on_equal(t);
    set_drift(t, "s_wells");
}
static void on_altered_elsewhere(struct stage_set *t)
{
    on_equal(t);
    set_drift(t, "s_other");
}
static void on_altered_loading(struct stage_set *t)
{
    on_altered_inside(t);
    generate(t, GENERATION_LOADING, "two");
}
static void on_altered_kept(struct stage_set *t)
{
    on_altered_inside(t);
    generate(t, GENERATION_KEPT, "two");
}
/* Twice the size of the one before, for twice the artifacts: 8 MB with the WAL. */
static void set_costs(struct stage_set *t, int64_t free_bytes)
{
    struct doc *facts = doc_new(t->a, DOC_MAP);
    doc_put(t->a, facts, "ms", doc_int(t->a, 1500));
    doc_put(t->a, facts, "bytes", doc_int(t->a, 2000000));
    doc_put(t->a, facts, "read", doc_int(t->a, 1000000));
    t->g[0][0].facts = facts;
    t->in[0].artifact_bytes = 2000000;
    t->in[0].free_bytes = free_bytes;
}
static void on_room(struct stage_set *t)
{
    set_costs(t, 8000000);
}
static void on_no_room(struct stage_set *t)
{
    set_costs(t, 7999999);
}
static void on_unknown_room(struct stage_set *t)
{
    set_costs(t, -1);
}
static void on_no_room_begun(struct stage_set *t)
{
    on_no_room(t);
    generate(t, GENERATION_LOADING, "two");
}
static void on_no_room_ready(struct stage_set *t)
{
    on_no_room(t);
    generate(t, GENERATION_READY, "two");
}
static void on_no_room_first(struct stage_set *t)
{
    on_no_room(t);
    t->in[0].n = 0;
    t->in[0].free_bytes = 3999999;
}
static void on_dml(struct stage_set *t)
{
    t->in[0].has_dml = "migrations/postgis/b/forward.sql";
}
static void on_dml_ready(struct stage_set *t)
{
    on_dml(t);
    generate(t, GENERATION_READY, "two");
}
static void on_dml_current(struct stage_set *t)
{
    on_dml(t);
    on_equal(t);
}
static void on_in_place_data(struct stage_set *t)
{
    t->p[0].policy = PROJECTION_IN_PLACE;
}
static void on_in_place_chain(struct stage_set *t)
{
    t->p[0].policy = PROJECTION_IN_PLACE;
    t->in[0].parts.v[1].digest = digest_from("b, but otherwise");
}
static void on_in_place_gone(struct stage_set *t)
{
    t->p[0].policy = PROJECTION_IN_PLACE;
    add_migration(t->a, &t->g[0][0].parts, "c", "c");
}
static void on_in_place_first(struct stage_set *t)
{
    on_in_place_chain(t);
    on_nothing_built(t);
}
static void on_switched(struct stage_set *t)
{
    choose_by_hand(t, "two");
}
static void on_switched_long_ago(struct stage_set *t)
{
    choose_by_hand(t, "three");
}
static void on_switched_kept(struct stage_set *t)
{
    choose_by_hand(t, "two");
    generate(t, GENERATION_KEPT, "two");
}
static void on_elsewhere(struct stage_set *t)
{
    static const char *only[] = {"prod"};
    t->p[0].has_environments = true;
    t->p[0].environments = (struct names){only, 1, 1};
}
static void on_here(struct stage_set *t)
{
    static const char *both[] = {"dev", "prod"};
    t->p[0].has_environments = true;
    t->p[0].environments = (struct names){both, 2, 2};
}
static void on_unregistered_member(struct stage_set *t)
{
    t->env.is_protected = true;
    t->b[1].status = NULL;
}
static void on_beyond_scope(struct stage_set *t)
{
    t->decl = (struct decl){.id = "b", .limits = {0, 0, 0}, .forward = {.n = 1}};
    t->statement = (struct statement){.tag = "CREATE INDEX", .line = 2, .col = 1, .index_delta = 1};
    t->script = (struct script){.path = "b/forward.sql", .forms = &t->statement, .n = 1};
    t->b[1].decl = &t->decl;
    t->b[1].forward = &t->script;
}

static void on_absent(struct stage_set *t)
{
    t->p[0].is_absent = true;
    t->in[0].digest = (struct digest){{0}};
    t->in[0].parts.n = 0;
}
static void on_absent_protected(struct stage_set *t)
{
    on_absent(t);
    t->env.is_protected = true;
}
static void on_absent_edited(struct stage_set *t)
{
    on_absent(t);
    t->g[0][0].parts.v[1].digest = digest_from("b, but otherwise");
}
static void on_absent_begun(struct stage_set *t)
{
    on_absent(t);
    t->g[0][0].state = GENERATION_LOADING;
}
static void on_absent_of_hand(struct stage_set *t)
{
    on_by_hand(t);
    on_absent(t);
    t->p[0].schema = "";
}
static void on_moved(struct stage_set *t)
{
    on_equal(t);
    t->g[0][0].schema = "s_before";
}
static void on_where_it_was(struct stage_set *t)
{
    on_equal(t);
    t->g[0][0].schema = "s_wells";
}
static void on_moved_while_begun(struct stage_set *t)
{
    on_where_it_was(t);
    generate(t, GENERATION_LOADING, "two")->schema = "s_before";
}
static void on_another_name(struct stage_set *t)
{
    on_nothing_built(t);
    project(t, "springs");
    generate(t, GENERATION_LIVE, "one");
    t->p[1].is_absent = true;
    t->p[1].schema = "s_wells";
    t->in[1].digest = (struct digest){{0}};
}
static void on_another_name_too(struct stage_set *t)
{
    on_another_name(t);
    t->in[0].n = 1;
}

static const struct {
    const char *name;
    void (*arrange)(struct stage_set *t);
    enum reason_code reason;
    enum plan_state state;
    enum plan_action action;
    int n_reasons;
    enum reason_code member; /* of b */
} projections[] = {
    {"current", on_equal, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, 1, REASON_CURRENT},
    {"other data: one added, one gone", NULL, REASON_INPUT_CHANGED, STATE_STALE, ACTION_REBUILD, 2,
     REASON_CURRENT},
    {"no generation at all", on_nothing_built, REASON_NEVER_BUILT, STATE_STALE, ACTION_REBUILD, 1,
     REASON_IN_GENERATION},
    {"a live one that was made by hand", on_by_hand, REASON_NEVER_BUILT, STATE_STALE,
     ACTION_REBUILD, 1, REASON_IN_GENERATION},
    {"begun", on_loading, REASON_INPUT_CHANGED, STATE_STALE, ACTION_REBUILD, 3, REASON_CURRENT},
    {"another begun", on_other_loading, REASON_INPUT_CHANGED, STATE_STALE, ACTION_REBUILD, 2,
     REASON_CURRENT},
    {"ready", on_ready, REASON_PUBLISH_PENDING, STATE_STALE, ACTION_PUBLISH, 1, REASON_CURRENT},
    {"kept", on_kept, REASON_GENERATION_KEPT, STATE_STALE, ACTION_PUBLISH, 1, REASON_CURRENT},
    {"made again, not published", on_made_again, REASON_PUBLISH_PENDING, STATE_STALE,
     ACTION_PUBLISH, 1, REASON_CURRENT},
    {"kept, but live is the same", on_kept_again, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, 1,
     REASON_CURRENT},
    {"drift in its schema", on_altered_inside, REASON_GENERATION_ALTERED, STATE_STALE,
     ACTION_REBUILD, 1, REASON_CURRENT},
    {"drift elsewhere", on_altered_elsewhere, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, 1,
     REASON_CURRENT},
    {"drift, and a new one begun", on_altered_loading, REASON_GENERATION_ALTERED, STATE_STALE,
     ACTION_REBUILD, 2, REASON_CURRENT},
    {"drift, and one kept", on_altered_kept, REASON_GENERATION_ALTERED, STATE_STALE, ACTION_PUBLISH,
     2, REASON_CURRENT},
    {"catalogs with faults", no_digest, REASON_CATALOG_FAULT, STATE_BLOCKED, ACTION_NONE, 2,
     REASON_CURRENT},
    {"a chain that changes rows", on_dml, REASON_CHAIN_HAS_DML, STATE_BLOCKED, ACTION_NONE, 3,
     REASON_CURRENT},
    {"the same, already made", on_dml_ready, REASON_PUBLISH_PENDING, STATE_STALE, ACTION_PUBLISH, 1,
     REASON_CURRENT},
    {"the same, current", on_dml_current, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, 1,
     REASON_CURRENT},
    {"room enough", on_room, REASON_INPUT_CHANGED, STATE_STALE, ACTION_REBUILD, 2, REASON_CURRENT},
    {"no room", on_no_room, REASON_NO_SPACE, STATE_BLOCKED, ACTION_NONE, 3, REASON_CURRENT},
    {"room unknown", on_unknown_room, REASON_INPUT_CHANGED, STATE_STALE, ACTION_REBUILD, 2,
     REASON_CURRENT},
    {"no room, but begun", on_no_room_begun, REASON_INPUT_CHANGED, STATE_STALE, ACTION_REBUILD, 3,
     REASON_CURRENT},
    {"no room, but made", on_no_room_ready, REASON_PUBLISH_PENDING, STATE_STALE, ACTION_PUBLISH, 1,
     REASON_CURRENT},
    {"no room for the first", on_no_room_first, REASON_NO_SPACE, STATE_BLOCKED, ACTION_NONE, 2,
     REASON_IN_GENERATION},
    {"in place, other data", on_in_place_data, REASON_INPUT_CHANGED, STATE_STALE, ACTION_REBUILD, 2,
     REASON_CURRENT},
    {"in place, another chain", on_in_place_chain, REASON_IN_PLACE, STATE_BLOCKED, ACTION_NONE, 4,
     REASON_CURRENT},
    {"in place, a migration less", on_in_place_gone, REASON_IN_PLACE, STATE_BLOCKED, ACTION_NONE, 4,
     REASON_CURRENT},
    {"in place, for the first time", on_in_place_first, REASON_NEVER_BUILT, STATE_STALE,
     ACTION_REBUILD, 1, REASON_IN_GENERATION},
    {"switched back", on_switched, REASON_SWITCHED_BACK, STATE_BLOCKED, ACTION_NONE, 1,
     REASON_CURRENT},
    {"switched before the declaration changed", on_switched_long_ago, REASON_INPUT_CHANGED,
     STATE_STALE, ACTION_REBUILD, 2, REASON_CURRENT},
    {"switched back, the other kept", on_switched_kept, REASON_SWITCHED_BACK, STATE_BLOCKED,
     ACTION_NONE, 1, REASON_CURRENT},
    {"of another environment", on_elsewhere, REASON_NOT_IN_ENVIRONMENT, STATE_NOT_APPLICABLE,
     ACTION_NONE, 1, REASON_NOT_IN_ENVIRONMENT},
    {"of this environment too", on_here, REASON_INPUT_CHANGED, STATE_STALE, ACTION_REBUILD, 2,
     REASON_CURRENT},
    {"no store", on_no_store, REASON_NO_STORE, STATE_NOT_APPLICABLE, ACTION_NONE, 1,
     REASON_NO_STORE},
    {"no server for it", on_unreachable, REASON_UNREACHABLE, STATE_BLOCKED, ACTION_NONE, 1,
     REASON_UNREACHABLE},
    {"a signature wanted", on_signature, REASON_APPROVAL_MISSING, STATE_BLOCKED, ACTION_NONE, 3,
     REASON_CURRENT},
    {"not promoted yet", on_not_promoted, REASON_NOT_PROMOTED, STATE_BLOCKED, ACTION_NONE, 3,
     REASON_CURRENT},
    {"a member not registered", on_unregistered_member, REASON_UNREGISTERED, STATE_BLOCKED,
     ACTION_NONE, 3, REASON_CURRENT},
    {"not adopted yet", on_unadopted, REASON_NOT_ADOPTED, STATE_BLOCKED, ACTION_NONE, 3,
     REASON_CURRENT},
    {"a member beyond its limits", on_beyond_scope, REASON_LIMIT_EXCEEDED, STATE_BLOCKED,
     ACTION_NONE, 3, REASON_CURRENT},
    {"not declared here", on_absent, REASON_ABSENT_NOTE, STATE_NOT_APPLICABLE, ACTION_NONE, 1,
     REASON_CURRENT},
    {"not declared here, protected", on_absent_protected, REASON_ABSENT, STATE_BLOCKED, ACTION_NONE,
     1, REASON_CURRENT},
    {"not declared here, and a member was edited", on_absent_edited, REASON_ABSENT_NOTE,
     STATE_NOT_APPLICABLE, ACTION_NONE, 1, REASON_NOT_DECLARED},
    {"not declared here, and only begun", on_absent_begun, REASON_BEGUN_NOT_HERE,
     STATE_NOT_APPLICABLE, ACTION_NONE, 1, REASON_NOT_DECLARED},
    {"not declared here, its schema not known", on_absent_of_hand, REASON_ABSENT_NOTE,
     STATE_NOT_APPLICABLE, ACTION_NONE, 1, REASON_NOT_DECLARED},
    {"over another schema than it was", on_moved, REASON_SCHEMA_CHANGED, STATE_BLOCKED, ACTION_NONE,
     1, REASON_CURRENT},
    {"over the schema that it was", on_where_it_was, REASON_CURRENT, STATE_CURRENT, ACTION_NONE, 1,
     REASON_CURRENT},
    {"over another schema than is begun", on_moved_while_begun, REASON_SCHEMA_CHANGED,
     STATE_BLOCKED, ACTION_NONE, 1, REASON_CURRENT},
    {"over the schema of one that is not declared", on_another_name, REASON_SCHEMA_TAKEN,
     STATE_BLOCKED, ACTION_NONE, 1, REASON_IN_GENERATION},
    {"the same, with a generation of its own", on_another_name_too, REASON_INPUT_CHANGED,
     STATE_STALE, ACTION_REBUILD, 2, REASON_CURRENT},
};
enum { N_PROJECTIONS = sizeof projections / sizeof *projections };

static void try_projections(void)
{
    for (size_t i = 0; i < N_PROJECTIONS; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p = {0};
        struct err e = {0};
        set_wells(&t, &a);
        if (projections[i].arrange != NULL) {
            projections[i].arrange(&t);
        }
        bool made = ok(make(&t, &p, &e) == 0, projections[i].name);
        const struct step *x = &p.projections[0];
        is_str(made ? reason_text(x->reasons[0].code) : "", reason_text(projections[i].reason),
               "its reason");
        is_int(made ? x->state : 99, projections[i].state, "its state");
        is_int(made ? x->action : 99, projections[i].action, "its action");
        is_int(made ? (int)x->n_reasons : -1, projections[i].n_reasons, "and how many reasons");
        is_str(made ? reason_text(p.v[1].reasons[0].code) : "", reason_text(projections[i].member),
               "its second member");
        is_int(p.n_apply, 0, "no member is ever applied by itself");
        err_list_release(&t.faults);
        arena_release(&a);
    }
}

/* policy: in-place, and b is new in the chain. */
static void set_growing(struct stage_set *t, struct arena *a, const char *source)
{
    set_wells(t, a);
    t->p[0].policy = PROJECTION_IN_PLACE;
    t->g[0][0].parts.n = 0;
    add_migration(a, &t->g[0][0].parts, "a", "a");
    add_source(a, &t->g[0][0].parts, "2", source);
}

static void try_growth(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    set_growing(&t, &a, "new");
    is_int(make(&t, &p, &e), 0, "a chain that grows in place");
    const struct step *x = &p.projections[0];
    is_int((int)p.n_apply, 1, "its new member is applied by itself");
    is_int(p.v[1].action, ACTION_APPLY, "that is b");
    is_str(reason_text(p.v[1].reasons[0].code), "never_built", "like any migration");
    is_str(reason_text(p.v[0].reasons[0].code), "current", "a is in the live generation");
    is_int(x->action, ACTION_NONE, "nothing else is to be done");
    is_int(x->state, STATE_STALE, "though the projection is not yet what is wanted");
    is_str(reason_text(x->reasons[0].code), "upstream_pending", "because of its member");
    is_int(x->reasons[0].step, 1, "which is named");
    set_growing(&t, &a, "old");
    is_int(make(&t, &p, &e), 0, "new data besides");
    is_int(p.projections[0].action, ACTION_REBUILD, "makes a generation");
    is_int((int)p.n_apply, 0, "in which the new member runs");
    set_growing(&t, &a, "new");
    generate(&t, GENERATION_READY, "two");
    is_int(make(&t, &p, &e), 0, "one that is made already");
    is_int(p.projections[0].action, ACTION_PUBLISH, "is published");
    is_int((int)p.n_apply, 0, "and nothing applied");
    err_list_release(&t.faults);
    arena_release(&a);
}

/* What the reasons say. */
static void try_projection_words(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    char was[DIGEST_TEXT];
    set_wells(&t, &a);
    t.in[0].parts.v[0].digest = digest_from("a, but otherwise");
    t.b[0].checksum = digest_from("a, but otherwise");
    struct digest old = digest_from("a");
    is_int(make(&t, &p, &e), 0, "a changed member, a changed source");
    const struct reason *r = p.projections[0].reasons;
    is_str(r[0].cause, "migration a", "the migration that changed");
    is_str(r[0].was, digest_text(&old, was), "from what");
    ok(r[0].now[0] != '\0' && strcmp(r[0].now, r[0].was) != 0, "to what");
    is_str(r[0].path, "migrations/postgis/a/migration.yml", "in which file");
    is_str(r[1].cause, "source wells/2#f>pts", "the version that came");
    is_str(r[1].was, "", "from nothing");
    is_str(r[1].path, "registry/projections/wells.yml", "declared where");
    is_int(r[1].line, 8, "in its line");
    is_str(r[2].cause, "source wells/1#f>pts", "the version that went");
    is_str(r[2].now, "", "to nothing");
    is_int(r[2].line, 1, "which no line declares any more");
    const struct reason *m = p.v[0].reasons;
    is_str(reason_text(m->code), "in_generation", "the member waits for a generation");
    is_int(p.v[0].state, STATE_STALE, "and does not block");
    is_str(m->cause, "dev/wells@publish", "of this projection");
    is_str(m->was, was, "with what it replaces");
    is_str(p.v[1].reasons[0].cause, "generation 1 of wells", "the other stands in the live one");
    is_int(p.projections[0].n_members, 2, "both are members");
    arena_release(&a);

    a = (struct arena){0};
    set_wells(&t, &a);
    no_digest(&t);
    is_int(make(&t, &p, &e), 0, "catalogs with faults");
    r = p.projections[0].reasons;
    is_str(r[0].path, "registry/data/w.json", "the file");
    is_int(r[0].line * 100 + r[0].col, 407, "the place in it");
    is_str(r[0].detail, "digests disagree", "and what is wrong with it");
    is_str(r[1].detail, "no rights", "of each fault");
    err_list_release(&t.faults);
    arena_release(&a);
}

/* The live generation was made by a kfmig whose loader had other rules; its ledger does not say which table a source fills. */
static void try_older_rules(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    char was[DIGEST_TEXT];
    struct digest old = digest_from("1");
    set_wells(&t, &a);
    t.in[0].parts.n = t.g[0][0].parts.n = 2;
    add_source(&a, &t.in[0].parts, "2", "the same");
    add_source(&a, &t.g[0][0].parts, "2", "the same");
    t.g[0][0].parts.v[2].table = NULL;
    parts_add(&a, &t.in[0].parts, (struct part){.kind = PART_RULE, .digest = digest_from("2")});
    parts_add(&a, &t.g[0][0].parts, (struct part){.kind = PART_RULE, .digest = old});
    is_int(make(&t, &p, &e), 0, "a generation of an older kfmig");
    const struct step *x = &p.projections[0];
    is_int(x->action, ACTION_REBUILD, "is made again");
    is_int((int)x->n_reasons, 1, "for one reason");
    is_str(reason_text(x->reasons[0].code), "rule_changed",
           "which is no change of the declaration");
    is_str(x->reasons[0].cause, "rule", "by its part");
    is_str(x->reasons[0].was, digest_text(&old, was), "from what");
    is_str(reason_text(p.v[0].reasons[0].code), "current", "its members stand there unchanged");
    arena_release(&a);
}

/* Another digest of the same parts. */
static void try_other_order(void)
{
    static const enum projection_policy policies[] = {PROJECTION_PREFER_REBUILD,
                                                      PROJECTION_IN_PLACE};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_wells(&t, &a);
        t.p[0].policy = policies[i];
        t.g[0][0].parts = t.in[0].parts;
        is_int(make(&t, &p, &e), 0, "a chain in another order");
        const struct step *x = &p.projections[0];
        is_int(x->action, ACTION_REBUILD, "is made again");
        is_int((int)x->n_reasons, 1, "for one reason");
        is_str(reason_text(x->reasons[0].code), "input_changed", "which is a change");
        is_str(x->reasons[0].detail, "its migrations run in another order", "of that order");
        arena_release(&a);
    }
}

/* Without a generation of known origin the ledger tells what an ordinary migration once made of the schema. */
static void try_adopted_members(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    set_wells(&t, &a);
    on_by_hand(&t);
    happened(&t, "a", "success", "a");
    happened(&t, "b", "success", "b, but otherwise");
    is_int(make(&t, &p, &e), 0, "a schema from before it was a projection");
    is_str(p.v[0].reasons[0].cause, "ledger entry 1", "what was applied counts");
    is_str(reason_text(p.v[1].reasons[0].code), "in_generation", "changed content is no block");
    arena_release(&a);

    a = (struct arena){0};
    set_wells(&t, &a);
    t.g[0][0].parts.v[1].id = "z";
    happened(&t, "b", "success", "b");
    is_int(make(&t, &p, &e), 0, "a live generation without b");
    is_str(reason_text(p.v[1].reasons[0].code), "in_generation",
           "is not what the ledger once applied");
    arena_release(&a);
}

static struct upstream upstream_of(struct stage_set *t, const char *digest)
{
    struct past *past = ARENA_NEW(t->a, struct past);
    past->by_id.a = t->a;
    if (digest[0] != '\0') {
        struct fact f = {.sequence = 1,
                         .subject = "wells",
                         .result = "success",
                         .run_id = "run",
                         .finished_at = "",
                         .checksum = digest_from(digest)};
        past_add(t->a, past, &f);
    }
    return (struct upstream){.env = "staging", .reachable = true, .why_not = "", .past = past};
}

static void try_promotion(void)
{
    static const struct {
        const char *published, *detail;
        bool limited;
    } rows[] = {
        {"two", "", false},
        {"one", "staging has another generation", false},
        {"", "not published in staging", false},
        {"", "it is not declared for staging", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_wells(&t, &a);
        struct upstream u = upstream_of(&t, rows[i].published);
        t.world.upstream = &u;
        t.world.n_upstream = 1;
        if (rows[i].limited) {
            on_here(&t);
        }
        bool made = make(&t, &p, &e) == 0;
        const struct reason *r = made ? &p.projections[0].reasons[0] : NULL;
        bool blocked = r != NULL && r->code == REASON_NOT_PROMOTED;
        is_str(blocked ? r->detail : "", rows[i].detail, "what the other environment has");
        arena_release(&a);
    }
}

static void try_around_projections(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    set_up(&t, &a);
    add(&t, "a", NULL);
    add(&t, "b", NULL)->projection = "wells";
    add(&t, "c", NULL);
    add(&t, "d", NULL)->projection = "wells";
    project(&t, "wells");
    happened(&t, "a", "success", "a, but otherwise");
    is_int(make(&t, &p, &e), 0, "a blocked migration before the chain");
    const struct step *x = &p.projections[0];
    is_str(order_of(&a, &p), "a b c d", "the order is that of all migrations");
    is_str(reason_text(x->reasons[0].code), "upstream_blocked", "blocks the projection");
    is_int(x->reasons[0].step, 0, "and is named");
    is_str(x->reasons[0].cause, "dev/a@apply", "as a target");
    is_int(x->n_upstream, 2, "what stands between the members comes before them too");
    is_int(p.v[2].n_upstream, 1, "what is outside follows what is outside");
    is_int(p.v[2].upstream[0], 0, "and no member");
    t.past.by_id = (struct table){.a = &a};
    is_int(make(&t, &p, &e), 0, "the same, pending");
    x = &p.projections[0];
    is_str(reason_text(x->reasons[0].code), "never_built", "has its own reason first");
    is_str(reason_text(x->reasons[1].code), "upstream_pending", "and waits");
    is_int(x->action, ACTION_REBUILD, "to be built in the same run");
    happened(&t, "d", "success", "d");
    is_int(make(&t, &p, &e), 0, "a member that was applied once");
    is_int(p.v[2].n_reasons, 2, "makes nothing outside late");
    is_str(reason_text(p.v[2].reasons[1].code), "upstream_pending", "only waiting");
    arena_release(&a);
}

static void try_outsiders(void)
{
    static const struct {
        const char *projection; /* of c, which depends on b */
        bool good;
    } rows[] = {{"wells", true}, {NULL, false}, {"other", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_wells(&t, &a);
        project(&t, "other");
        add(&t, "c", "b")->projection = rows[i].projection;
        is_int(make(&t, &p, &e) == 0, rows[i].good, "who may depend on a member");
        ok(rows[i].good || (e.code == ERR_CONFIG && e.hint[0] != '\0' && e.where.line == 7 &&
                            strcmp(e.where.path, "migrations/postgis/c/migration.yml") == 0),
           "and where it is said");
        arena_release(&a);
    }
}

static size_t n_selected(const struct plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_migrations; i++) {
        n += p->v[i].selected;
    }
    return n;
}

static void try_projection_selection(void)
{
    static const struct {
        const char *target;
        int migrations;
        bool wells, other;
        const char *reason; /* of wells */
    } rows[] = {
        {"wells", 2, true, false, "input_changed"}, {"wel@pub", 2, true, false, "input_changed"},
        {"a", 2, true, false, "switched_back"},     {"x", 1, false, false, "switched_back"},
        {"oth", 0, false, true, "switched_back"},   {"dev/wells", 2, true, false, "input_changed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct stage_set t;
        struct plan p;
        struct err e = {0};
        set_wells(&t, &a);
        choose_by_hand(&t, "two");
        add(&t, "x", NULL);
        project(&t, "other");
        bool made = make(&t, &p, &e) == 0 && plan_restrict(&p, &rows[i].target, 1, &e) == 0;
        ok(made, rows[i].target);
        is_int(made ? (int)n_selected(&p) : -1, rows[i].migrations, "migrations");
        ok(made && p.projections[0].selected == rows[i].wells &&
               p.projections[1].selected == rows[i].other,
           "projections");
        is_str(made ? reason_text(p.projections[0].reasons[0].code) : "", rows[i].reason,
               "only its own name lifts what was chosen by hand");
        is_int(made ? (int)p.n_rebuild : -1,
               (rows[i].wells && rows[i].reason[0] == 'i') || rows[i].other, "to be rebuilt");
        arena_release(&a);
    }
}

static void try_parts(void)
{
    struct arena a = {0};
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    set_wells(&t, &a);
    on_ready(&t);
    t.source[1] = (struct projection_source){.dataset = "roads", .version = "1", .asset = "f"};
    t.source[2] = (struct projection_source){.dataset = "wells", .version = "3@x", .asset = "f"};
    t.p[0].n_sources = 3;
    is_int(make(&t, &p, &e), 0, "a projection of three sources");
    static const char *const names[] = {"schema", "load:wells/2", "load:roads", "load:wells/3@x",
                                        "index",  "validate",     "publish",    "receipt"};
    is_int(plan_parts(&t.p[0]), 8, "has eight stages");
    for (int i = 0; i < 8; i++) {
        is_str(plan_part_text(&a, &t.p[0], i), names[i], "a stage");
        is_int(plan_part_state(&p.projections[0], i), i < 6 ? STATE_CURRENT : STATE_STALE,
               "only the publication is owed");
        struct target found;
        const struct projection *declared[] = {&t.p[0]};
        struct subjects all = {t.order, t.n, declared, 1, {0}};
        int rc = plan_target(plan_projection_text(&a, &p, &p.projections[0], i), &t.env, 1, &all,
                             &a, &found, &e);
        is_int(rc == 0 ? found.part : -1, i, "and is found by its name");
    }
    t.source[2] = (struct projection_source){.dataset = "wells", .version = "2", .asset = "g"};
    is_str(plan_part_text(&a, &t.p[0], 3), "load:wells/2#g", "one version twice");
    is_str(plan_projection_text(&a, &p, &p.projections[0], -1), "dev/wells", "without a stage");
    arena_release(&a);
}

static const struct {
    const char *text;
    int bundle, projection, part;
    const char *hint;
} mixed_targets[] = {
    {"feature_index", -1, 0, -1, ""},
    {"feat", -1, 0, -1, ""},
    {"index@schema", -1, 0, 0, ""},
    {"dev/feature_index@load:kan", -1, 0, 1, ""},
    {"feature_index@r", -1, 0, 4 + 1, ""},
    {"PG-MIG-01@apply", 0, -1, -1, ""},
    {"feature_indx", -1, -1, -1, "did you mean feature_index?"},
    {"feature_index@apply", -1, -1, -1,
     "stages of projection feature_index: schema, load:kansas, index, validate, publish, receipt"},
    {"PG-MIG-01@publish", -1, -1, -1,
     "stages of a migration: declaration, pre, apply, post, diff, invariants, receipt"},
    {"e", -1, -1, -1, "it fits feature_index, tiles"},
};
enum { N_MIXED = sizeof mixed_targets / sizeof *mixed_targets };

static void try_mixed_targets(void)
{
    struct arena a = {0};
    struct stage_set t;
    set_up(&t, &a);
    add(&t, "PG-MIG-01", NULL);
    t.source[0] = (struct projection_source){.dataset = "kansas", .version = "1", .asset = "f"};
    struct projection feature = {.name = "feature_index", .source = t.source, .n_sources = 1};
    struct projection tiles = {.name = "tiles"};
    const struct projection *declared[] = {&feature, &tiles};
    struct subjects all = {t.order, t.n, declared, 2, {0}};
    plan_subjects(&a, &all);
    for (size_t i = 0; i < N_MIXED; i++) {
        struct err e = {0};
        struct target found = {.bundle = -1, .projection = -1, .part = -1};
        int rc = plan_target(mixed_targets[i].text, &t.env, 1, &all, &a, &found, &e);
        if (rc != 0) {
            found = (struct target){.bundle = -1, .projection = -1, .part = -1};
        }
        is_int(found.bundle, mixed_targets[i].bundle, mixed_targets[i].text);
        is_int(found.projection, mixed_targets[i].projection, "its projection");
        is_int(found.part, mixed_targets[i].part, "its stage");
        is_str(e.hint, mixed_targets[i].hint, "or what it could have been");
    }
    arena_release(&a);
}

static struct digest digest_of_wells(struct arena *a, void (*change)(struct stage_set *t))
{
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    set_wells(&t, a);
    if (change != NULL) {
        change(&t);
    }
    struct digest d = make(&t, &p, &e) == 0 ? plan_digest(&p) : (struct digest){0};
    err_list_release(&t.faults);
    return d;
}

static void on_no_projection(struct stage_set *t)
{
    t->n_in = 0;
    t->b[0].projection = t->b[1].projection = NULL;
}
static void on_other_wish(struct stage_set *t)
{
    t->in[0].digest = digest_from("three");
}
static void on_cost(struct stage_set *t)
{
    struct doc *facts = doc_new(t->a, DOC_MAP);
    doc_put(t->a, facts, "ms", doc_int(t->a, 4000));
    t->g[0][0].facts = facts;
}

static void try_projection_digest(void)
{
    struct arena a = {0};
    void (*const moves[])(struct stage_set *) = {on_no_projection, on_other_wish, on_loading,
                                                 on_ready,         on_equal,      no_digest};
    struct digest same = digest_of_wells(&a, NULL);
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        struct digest other = digest_of_wells(&a, moves[i]);
        ok(!digest_eq(&same, &other), "what a projection rests on is in the plan's digest");
    }
    struct digest other = digest_of_wells(&a, on_cost);
    ok(digest_eq(&same, &other), "what the last one cost is not");
    struct stage_set t;
    struct plan p;
    struct err e = {0};
    set_wells(&t, &a);
    is_int(make(&t, &p, &e), 0, "a project with a projection");
    const struct doc *d = doc_get(plan_doc(&a, &p), "projections");
    is_int(doc_len(d), 1, "is in the document");
    is_str(doc_str(d->item[0], "target", ""), "dev/wells@publish", "as its publication");
    is_str(doc_str(d->item[0], "action", ""), "rebuild", "with its action");
    is_int(doc_len(doc_get(d->item[0], "reasons")), 2, "and its reasons");
    on_no_projection(&t);
    is_int(make(&t, &p, &e), 0, "a project without");
    ok(doc_get(plan_doc(&a, &p), "projections") == NULL, "has no such member");
    arena_release(&a);
}

int main(void)
{
    tap_plan(7 * N_PROJECTIONS + 15 + 23 + 7 + 10 + 5 + 4 + 15 + 6 + 30 + 28 + 4 * N_MIXED + 14);
    try_projections();
    try_growth();
    try_projection_words();
    try_older_rules();
    try_other_order();
    try_adopted_members();
    try_promotion();
    try_around_projections();
    try_outsiders();
    try_projection_selection();
    try_parts();
    try_mixed_targets();
    try_projection_digest();
    return tap_done();
}
