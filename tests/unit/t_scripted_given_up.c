/* layer: flow scripted */
/* What is left of projections that were given up: what is told of each, what stands in the way, and what is
 * dropped, on a whole server (scripted_cluster.h). */
#include "doc/canon.h"
#include "flow/given_up.h"
#include "model/operations.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, older, built, twice, grown;
static const char *name; /* asked for; NULL: all */
static struct writing_order order;
static void (*saw)(
    struct given_ups *l); /* what somebody saw, if it is not what is there; NULL: it is */
static struct operations operations;
static bool freezes; /* the beginning of the first one does */
static char own[8192];

/* --- what is done */

/* As `kfmig gc --given-up --dry-run`, and whether it may be. */
static int finds(struct run_of *v)
{
    struct given_ups l;
    struct buf doc = {0};
    if (plan_first(v) != 0 || given_up_find(&v->s, name, &l, &v->e) != 0) {
        return -1;
    }
    canon_write(&doc, given_up_doc(&v->s, &l));
    (void)snprintf(own, sizeof own, "%s", buf_str(&doc));
    buf_release(&doc);
    return given_up_may(&v->s, &l, &v->e);
}

static void freezing_hear(void *ctx, const struct tell *what)
{
    run_of_hear(ctx, what);
    operations.n_freezes += freezes && what->kind == TELL_BEGIN && operations.n_freezes == 0;
}

static int drops(struct run_of *v)
{
    struct given_ups l;
    v->s.ear.hear = freezing_hear;
    if (plan_first(v) != 0 || given_up_find(&v->s, name, &l, &v->e) != 0) {
        return -1;
    }
    if (saw != NULL) {
        saw(&l);
    }
    return given_up_drop(&v->s, name, &l, &order, &v->r, &v->e);
}

/* --- projects. The projection's file is removed, or says that it is for others */

static void removed(void)
{
    (void)unlinkat(project_fd, WELLS_FILE, 0);
}

static void elsewhere(void)
{
    project_put("registry/environments.v1.yml",
                "environments:\n"
                "  dev: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "  other: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                "default_environment: dev\n");
    verbs_projection("environments: [other]\n");
}

static void here_too(void)
{
    verbs_projection("environments: [dev]\n");
}

/* And so is its chain. */
static void removed_whole(void)
{
    char path[256];
    removed();
    (void)snprintf(path, sizeof path, "%s/migrations/postgis/C-1", project_path);
    (void)nftw(path, project_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void grows(void)
{
    verbs_projection("policy: in-place\n");
    verbs_migration("C-2", "wells", "COMMENT ON TABLE wells.pts IS 'wells';\n");
}

static void removed_grown(void)
{
    grows();
    removed();
}

static void elsewhere_grown(void)
{
    grows();
    elsewhere();
}

/* --- what is different */

static void ask_lakes(void)
{
    name = "lakes";
}

static void ask_wells(void)
{
    name = "wells";
}

/* Of the two, one is inside; of the others, one is of another store, one elsewhere, one nobody can read. */
static void more_objects(void)
{
    struct stored *x = &t.cluster.base[0].is;
    static const char hex[] = "1111111111111111111111111111111111111111111111111111111111111111";
    store_object(x, 5, "table wells.pts", hex, "");
    store_object(x, 5, "table app.t", hex, "");
    store_object(x, 5, "opensearch:index wells.pts", hex, "");
    store_object(x, 5, "nonsense wells.pts", hex, "");
}

static void protects(void)
{
    t.l.p.env[0].is_protected = true;
    order.is_confirmed = false;
}

static void saw_nothing(struct given_ups *l)
{
    l->n = 0;
}

static void saw_another(struct given_ups *l)
{
    l->v[0].name = "lakes";
}

static void saw_one_less(struct given_ups *l)
{
    static struct step step;
    static struct projection_input in;
    step = *l->v[0].step;
    in = *step.in;
    in.n--;
    step.in = &in;
    l->v[0].step = &step;
}

static void other_name(void)
{
    saw = saw_another;
}

static void fewer_generations(void)
{
    saw = saw_one_less;
}

static void fewer_projections(void)
{
    saw = saw_nothing;
}

static void stops_at_once(void)
{
    t.cluster.stop_at = 1;
}

static struct freeze winter[] = {
    {20261220, 20270103, "UTC", "year end", "2026-12-20 to 2027-01-03"}};

static void frozen_in_between(void)
{
    (void)setenv("KFMIG_NOW", "1798156800", 1); /* Friday 2026-12-25, 00:00 UTC */
    operations = (struct operations){.freezes = winter};
    t.l.p.env[0].operations = &operations;
    freezes = true;
}

/* A backup comes before, and there is no pg_dump. */
static void lacks_pg_dump(void)
{
    operations = *operations_of(&(struct env){.name = "dev"});
    operations.backup.is_wanted = true;
    t.l.p.env[0].operations = &operations;
    (void)setenv("KFMIG_PG_BINDIR", "/nowhere", 1);
}

/* --- the cases */

#define HEX "1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "2222222222222222222222222222222222222222222222222222222222222222"
#define GENERATION(projection, number, state, facts)                                               \
    projection " | " number " | " state " | " HEX " | " OTHER " | " facts " | " MOMENT
#define GENERATIONS(rows) "~ @ledger_generation_list -> rows " rows "\n"
#define LAKES(state) GENERATION("lakes", "7", state, "{\"schema\":\"lakes\"}")
#define WELLS_LIVE GENERATION("wells", "1", "live", "{\"schema\":\"wells\"}")
#define MEMBER "{\"parts\":[{\"digest\":\"sha256:" HEX "\",\"id\":\"C-1\",\"part\":\"migration\"}]}"
#define TABLE(oid, table) RELATION_ROW(oid, "wells", table, "kfmig")
#define MADE_BY_HAND(rows) "~ @postgis_catalog_relations -> rows " rows "\n"
#define DEPENDANTS(rows) "~ @postgis_generation_dependants -> rows " rows "\n"
#define ONE_VIEW "dependant | view app.v | table wells.pts"
#define AS_IT_WAS "left: wells|generations: 1|publish wells success"
#define WELLS_WORDS "\"projection\":\"wells\",\"schemas\":[\"wells\"]"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void); /* declared before the project is loaded, into which it may reach afterwards */
    void (*then)(void);
    const struct cluster *from;
    act *does;
    const char *lines;
    int rc;
    enum err_code worst;
    const char *words; /* of what is said, shown and left */
} cases[] = {
    /* which */
    {"nothing is given up", NULL, NULL, &built, finds, "", 0, ERR_NONE, "; \n[]"},
    {"nothing was ever built", removed, NULL, &empty, finds, "", 0, ERR_NONE, "; \n[]"},
    {"one that is declared without generations", NULL, NULL, &empty, finds, "", 0, ERR_NONE, "; \n[]"},
    {"one that is declared for here by name", here_too, NULL, &built, finds, "", 0, ERR_NONE, "; \n[]"},
    {"one that is for another environment and was never built", elsewhere, NULL, &empty, finds, "", 0, ERR_NONE, "; \n[]"},
    {"one that is asked for and nobody knows", NULL, ask_lakes, &built, finds, "", -1, ERR_NONE, "dev has no projection \"lakes\"; `kfmig gc dev --given-up --dry-run` lists those that were given up"},
    {"one that is asked for and was never built", NULL, ask_wells, &empty, finds, "", -1, ERR_NONE, "dev has no projection \"wells\"; "},
    {"one that is asked for and is declared", NULL, ask_wells, &built, finds, "", -1, ERR_NONE, "projection \"wells\" was not given up: it is declared for dev; remove its file, or list other environments in it; generations that a declared one does not retain are dropped by `kfmig gc`"},
    {"one whose file is gone", removed, NULL, &built, finds, "", 0, ERR_NONE, "[{\"bytes\":8192,\"drifted\":[],\"generations\":1,\"in_the_way\":[],\"migrations\":[],\"objects\":1,\"pending\":[\"C-1\"]," WELLS_WORDS "}]"},
    {"that one by its name", removed, ask_wells, &built, finds, "", 0, ERR_NONE, WELLS_WORDS "}]"},
    {"another one by its name", removed, ask_lakes, &built, finds, GENERATIONS(LAKES("kept") " ; " WELLS_LIVE), 0, ERR_NONE, "[{\"bytes\":8192, ... \"objects\":0,\"pending\":[],\"projection\":\"lakes\",\"schemas\":[\"lakes__g7\"]}]"},
    {"one whose file and chain are gone", removed_whole, NULL, &built, finds, "", 0, ERR_NONE, "\"pending\":[]," WELLS_WORDS "}]"},
    {"one that is for another environment: its chain waits there", elsewhere, NULL, &built, finds, "", 0, ERR_NONE, "\"pending\":[]," WELLS_WORDS "}]"},
    {"one with a generation that is kept", removed, NULL, &twice, finds, "", 0, ERR_NONE, "\"bytes\":16384, ... \"generations\":2, ... \"schemas\":[\"wells\",\"wells__g1\"]"},
    {"one whose chain grew in place", removed_grown, NULL, &grown, finds, "", 0, ERR_NONE, "\"migrations\":[\"C-2\"], ... \"pending\":[\"C-1\",\"C-2\"]"},
    {"one whose chain grew in place, for another environment", elsewhere_grown, NULL, &grown, finds, "", 0, ERR_NONE, "\"migrations\":[\"C-2\"], ... \"pending\":[]"},
    {"its objects are counted, and nobody else's", removed, more_objects, &built, finds, MADE_BY_HAND(TABLE("20001", "pts")), -1, ERR_NONE, "\"objects\":2,"},
    {"two", removed, NULL, &built, finds, GENERATIONS(LAKES("kept") " ; " WELLS_LIVE), 0, ERR_NONE, "\"projection\":\"lakes\",\"schemas\":[\"lakes__g7\"]},{ ... " WELLS_WORDS},

    /* in which schema a generation stands */
    {"a member that is here says where", removed, NULL, &built, finds, GENERATIONS(GENERATION("wells", "1", "live", MEMBER)), 0, ERR_NONE, "\"pending\":[\"C-1\"]," WELLS_WORDS},
    {"nobody knows where", removed, NULL, &built, finds, GENERATIONS(GENERATION("lakes", "7", "live", "{}")), -1, ERR_NONE, "nobody knows in which schema generation 7 of lakes stands; put its declaration back; `kfmig build` then writes it down"},
    {"nobody knows where one that is kept stands", removed, NULL, &built, finds, GENERATIONS(GENERATION("lakes", "7", "kept", "{}")), -1, ERR_NONE, "nobody knows in which schema generation 7 of lakes stands"},
    {"nobody knows of one behind the live one", removed, NULL, &built, finds, GENERATIONS(GENERATION("lakes", "7", "live", "{\"schema\":\"lakes\"}") " ; " GENERATION("lakes", "8", "kept", "{}")), -1, ERR_NONE, "generation 8 of lakes"},
    {"its name is too long to be kept", removed, NULL, &built, finds, GENERATIONS(GENERATION("lakes", "7", "kept", "{\"schema\":\"a23456789b23456789c23456789d23456789e23456789f23456789g23456789\"}")), -1, ERR_NONE, "is too long for a projection"},

    /* what is asked does not answer */
    {"the ledger's objects cannot be read", removed, NULL, &built, finds, "@ledger_read_objects -> ask\n~ @ledger_read_objects -> error 42501\n", -1, ERR_NONE, "42501"},
    {"no size is told", removed, NULL, &built, finds, "~ @postgis_generation_size -> error 42501\n", -1, ERR_NONE, "42501"},
    {"no dependants are told", removed, NULL, &built, finds, "~ @postgis_generation_dependants -> error 42501\n", -1, ERR_NONE, "42501"},

    /* what stands in the way */
    {"a view depends on it", removed, NULL, &built, finds, DEPENDANTS(ONE_VIEW), -1, ERR_NONE, "wells cannot be dropped: view app.v depends on table wells.pts; drop what depends on it first, in a migration ... \"in_the_way\":[\"view app.v depends on table wells.pts\"]"},
    {"a view and a publication", removed, NULL, &built, finds, DEPENDANTS(ONE_VIEW " ; publication | publication p | table wells.pts"), -1, ERR_NONE, "wells cannot be dropped: view app.v depends on table wells.pts, and 1 more; ... \"in_the_way\":[\"view app.v depends on table wells.pts\",\"publication p publishes table wells.pts\"]"},
    {"a table was made in it by hand", removed, NULL, &built, finds, MADE_BY_HAND(TABLE("20001", "pts")), -1, ERR_NONE, "wells cannot be dropped: table wells.pts was changed outside kfmig; `kfmig diff dev` says what differs; undo it, or `kfmig adopt dev` it"},
    {"two tables were", removed, NULL, &built, finds, MADE_BY_HAND(TABLE("20001", "pts") " ; " TABLE("20002", "more")), -1, ERR_NONE, " was changed outside kfmig, and 1 more; "},
    {"a table was made elsewhere by hand", removed, NULL, &built, finds, MADE_BY_HAND(RELATION_ROW("20001", "app", "t", "kfmig")), 0, ERR_NONE, "\"drifted\":[]"},
    {"another one's live generation stands there", NULL, NULL, &built, finds, GENERATIONS(GENERATION("lakes", "7", "live", "{\"schema\":\"wells\"}") " ; " WELLS_LIVE), -1, ERR_NONE, "lakes cannot be dropped: the live generation of wells stands there; give up wells first"},
    {"another one's kept generation does not", NULL, NULL, &built, finds, GENERATIONS(GENERATION("lakes", "7", "live", "{\"schema\":\"wells\"}") " ; " GENERATION("wells", "1", "kept", "{\"schema\":\"wells\"}")), 0, ERR_NONE, "\"projection\":\"lakes\""},
    {"another one's live generation stands nobody knows where", removed_whole, NULL, &built, finds, GENERATIONS(GENERATION("lakes", "7", "live", "{\"schema\":\"lakes\"}") " ; " GENERATION("ponds", "1", "live", "{}")), -1, ERR_NONE, "generation 1 of ponds"},

    /* it is dropped */
    {"dropped", removed, NULL, &built, drops, "", 0, ERR_NONE, "begin: wells|statement: DROP SCHEMA|done: dropped|, drop wells; left: |generations: 0|drop wells success|{\"digest\":\"sha256: ... \",\"generations\":[{\"digest\":\"sha256: ... \",\"generation\":1,\"state\":\"live\"}],\"migrations\":[],\"projection\":\"wells\",\"schemas\":[\"wells\"]} ... \"inputs\":[{\"digest\":\"sha256:185a8d8b95690b685406d9ad32be12fc1aaa0752c54350eb293f829c81e453ba\",\"uri\":\"gc/wells.sql\"}]"},
    {"dropped with what was kept, in one statement", removed, NULL, &twice, drops, "DROP SCHEMA IF EXISTS \"wells\", \"wells__g1\" CASCADE -> DROP SCHEMA\n", 0, ERR_NONE, ", drop wells; left: |generations: 0|drop wells success| ... \"schemas\":[\"wells\",\"wells__g1\"]}"},
    {"dropped with what was applied in place", removed_grown, NULL, &grown, drops, "", 0, ERR_NONE, "left: |generations: 0|drop wells C-2 success| ... \"migrations\":[\"C-2\"]"},
    {"dropped by its name, and the other one is not", removed, ask_wells, &built, drops, GENERATIONS(LAKES("kept") " ; " WELLS_LIVE), 0, ERR_NONE, "begin: wells|statement: DROP SCHEMA|done: dropped|, drop wells; "},
    {"two are, one after the other", removed, NULL, &built, drops, GENERATIONS(LAKES("kept") " ; " WELLS_LIVE), 0, ERR_NONE, "begin: lakes|statement: DROP SCHEMA|done: dropped|begin: wells|statement: DROP SCHEMA|done: dropped|, drop lakes, drop wells; "},
    {"none was live: nothing says what it was made of", NULL, NULL, &built, drops, GENERATIONS(LAKES("kept")), 0, ERR_NONE, ", drop lakes; left: wells|generations: 1|drop lakes success|{\"digest\":null,"},
    {"there is nothing to drop", NULL, NULL, &built, drops, "", 0, ERR_NONE, AS_IT_WAS},

    /* it is not */
    {"in a protected environment", removed, protects, &built, drops, "", -1, ERR_PREFLIGHT, "environment \"dev\" is protected: nothing was dropped; add --apply ... " AS_IT_WAS},
    {"less was seen", removed, fewer_projections, &built, drops, "", -1, ERR_PREFLIGHT, "what is given up changed since it was shown: nothing was dropped; look at it again with --dry-run ... " AS_IT_WAS},
    {"another one was seen", removed, other_name, &built, drops, "", -1, ERR_PREFLIGHT, "what is given up changed since it was shown ... " AS_IT_WAS},
    {"a generation less was seen", removed, fewer_generations, &built, drops, "", -1, ERR_PREFLIGHT, "what is given up changed since it was shown ... " AS_IT_WAS},
    {"a view was made since", removed, NULL, &built, drops, "@postgis_generation_dependants -> rows\n" DEPENDANTS(ONE_VIEW), -1, ERR_PREFLIGHT, "wells cannot be dropped: view app.v depends on table wells.pts ... " AS_IT_WAS},
    {"a view was made before it is locked", removed, NULL, &built, drops, "2x @postgis_generation_dependants -> rows\n" DEPENDANTS(ONE_VIEW), 0, ERR_PREFLIGHT, "failed: wells cannot be dropped: view app.v depends on table wells.pts|drop what depends on it first, in a migration ... left: wells|generations: 1|drop wells failed"},
    {"it cannot be locked", removed, NULL, &built, drops, "~ @postgis_generation_hold -> error 42501\n", 0, ERR_APPLY, "wells was not dropped, nothing was changed: ... left: wells|generations: 1|drop wells failed"},
    {"it cannot be asked again under the lock", removed, NULL, &built, drops, "@postgis_generation_size -> rows 1\n~ @postgis_generation_size -> error 42501\n", -1, ERR_PREFLIGHT, "42501 ... " AS_IT_WAS},
    {"the server refuses the first one: the second is not begun", removed, NULL, &built, drops, GENERATIONS(LAKES("kept") " ; " WELLS_LIVE) "DROP SCHEMA IF EXISTS \"lakes__g7\" CASCADE -> error 42501\n", 0, ERR_APPLY, "begin: lakes|statement: DROP SCHEMA|failed: statement 1 (DROP SCHEMA) failed, everything was rolled back: ... , drop lakes; left: wells|generations: 1|drop lakes failed"},
    {"the ledger cannot forget its generations", removed, NULL, &built, drops, "~ @ledger_generation_drop -> error 42501\n", 0, ERR_APPLY, "failed: wells failed, everything was rolled back: ... left: wells|generations: 1|drop wells failed"},
    {"it is stopped before", removed, stops_at_once, &built, drops, "", 0, ERR_NONE, AS_IT_WAS},
    {"frozen while the first one goes", removed, frozen_in_between, &built, drops, GENERATIONS(LAKES("kept") " ; " WELLS_LIVE), 0, ERR_PREFLIGHT, "begin: lakes|statement: DROP SCHEMA|done: dropped|warning: dev: changes are frozen from 2026-12-20 to 2027-01-03: year end; what is left was not begun|, drop lakes; left: wells|"},
    {"there is no backup", removed, lacks_pg_dump, &built, drops, "~ @site_backup_about(*) -> rows app\n", -1, ERR_PREFLIGHT, "no backup of dev: ... " AS_IT_WAS},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

/* What stands there, and the last entry with what its receipt says was dropped. */
static const char *left(void)
{
    static char text[4096];
    const struct base *b = &t.cluster.base[0];
    const struct kept *k = &b->keeper.is;
    struct entry last = {.subject = ""};
    struct err e = {0};
    size_t n = (size_t)snprintf(text, sizeof text, "; left: ");
    for (int i = 0; i < b->server.is.n_schemas; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i > 0 ? ", " : "",
                              b->server.is.schema[i].name);
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "|generations: %d|", b->server.is.n_rows);
    if (k->n > 0 && entry_read(&t.a, bytes_str(k->text[k->n - 1]), &last, &e) == 0) {
        const char *receipt = b->is.n_receipts > 0 ? b->is.receipt[b->is.n_receipts - 1] : "";
        const char *dropped = strstr(receipt, "\"dropped\":");
        n += (size_t)snprintf(text + n, sizeof text - n, "%s %s %s|%s", entry_kind_text(last.kind),
                              last.subject, last.result,
                              dropped != NULL ? dropped + strlen("\"dropped\":") : "");
    }
    return text;
}

static void play(size_t i)
{
    static char text[32768];
    name = NULL;
    saw = NULL;
    freezes = false;
    order = order_confirmed;
    own[0] = '\0';
    verbs_project();
    cluster_copy(&t.cluster, cases[i].from);
    t.cluster.stop_at = 0;
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    project_load(&t.l, true);
    if (cases[i].then != NULL) {
        cases[i].then();
    }
    run_of_play(&t, cases[i].does, cases[i].lines, 0, NULL, 0, NULL);
    (void)unsetenv("KFMIG_NOW");
    (void)unsetenv("KFMIG_PG_BINDIR");
    (void)snprintf(text, sizeof text, "%s%s", run_of_text(&t, own), left());
    bool good = t.rc == cases[i].rc && t.r.worst == cases[i].worst &&
                has_in_order(text, cases[i].words) && t.n_holders == 0;
    if (!good) {
        printf("# rc %d, worst %d: %s\n", t.rc, (int)t.r.worst, text);
    }
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

/* What the cases begin with. */
static void make(struct cluster *out, const struct cluster *from, void (*before)(void),
                 bool is_older, const char *lines)
{
    verbs_project();
    verbs_chain(is_older);
    if (before != NULL) {
        before();
    }
    project_load(&t.l, false);
    cluster_copy(&t.cluster, from);
    run_of_play(&t, builds, lines, 0, NULL, 0, NULL);
    ok(t.rc == 0 && t.r.worst == ERR_NONE && pq_played(), "what the cases begin with");
    run_of_leave(&t, out);
    project_unload(&t.l);
}

int main(void)
{
    tap_plan(N + 4);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    make(&older, &empty, NULL, true, "");
    make(&built, &empty, NULL, false, "");
    make(&twice, &older, NULL, false, "");
    make(&grown, &built, grows, false, "~ COMMENT ON TABLE wells.pts* -> COMMENT\n");
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    cluster_release(&t.cluster);
    cluster_release(&older);
    cluster_release(&built);
    cluster_release(&twice);
    cluster_release(&grown);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
