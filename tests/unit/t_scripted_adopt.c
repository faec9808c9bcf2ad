/* layer: flow scripted */
/* What stands becomes what the ledger says: the database, stores besides it (a toy in the place of a planned
 * one), what another version of the server reads otherwise, and a migration that a throwaway database was tried
 * for; each refusal, and each question that goes wrong behind the plan, on a whole server. */
#include "flow/contact.h"
#include "flow/found.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built, known, versioned, standing, bare, with_extension;

/* --- the store: "table search:s.a" and so on */

static struct {
    const char *things; /* a letter each */
    const char *identity;
    bool is_away, is_blind;
} place;
static const struct store_ops toy;
static struct store toy_store = {&toy};

static int toy_open(struct store **out, const struct store_place *at, struct err *e)
{
    (void)at;
    *out = place.is_away ? NULL : &toy_store;
    return place.is_away ? err_set(e, ERR_PREFLIGHT, "the store is away") : 0;
}

static void toy_close(struct store *s)
{
    (void)s;
}

static int toy_probe(struct store *s, struct arena *a, struct store_facts *out, struct err *e)
{
    (void)s;
    (void)a;
    (void)e;
    *out = (struct store_facts){.identity = place.identity, .version = "1"};
    return 0;
}

static int toy_look(struct store *s, struct arena *a, struct catalog *out, struct err *e)
{
    (void)s;
    *out = (struct catalog){.a = a, .by_text = {.a = a}, .by_oid = {.a = a}};
    for (const char *p = place.things; *p != '\0'; p++) {
        struct facet *facet = ARENA_NEW(a, struct facet);
        *facet = (struct facet){.name = "content", .value = "now"};
        (void)catalog_add(out, (struct object){OBJ_TABLE, "s", arena_strndup(a, p, 1), "search"},
                          facet, 1);
    }
    catalog_seal(out);
    return place.is_blind ? err_set(e, ERR_PREFLIGHT, "the store does not show itself") : 0;
}

static const struct store_ops toy = {
    .name = "search", .open = toy_open, .close = toy_close, .probe = toy_probe, .look = toy_look};

/* In the place of src/store/store.c. */
const struct store_ops *store_ops(enum store_kind k)
{
    return k == STORE_POSTGIS ? &store_postgis : k == STORE_SEARCH ? &toy : NULL;
}

/* --- what is done, and what goes wrong of it */

/* Once the plan is made: the question that begins with text, asked for the n-th time in a throwaway database or
 * in the live one, is answered so; answer NULL: as ever. */
struct trip {
    const char *text, *answer;
    int n;
    bool in_drill;
};
/* made, before: what the ledger of a throwaway database holds behind the entry of M-3, and before it, as rows in
 * which '@' is that entry and '$' the end of a definition; made NULL: what was recorded there. vanishes: from the
 * trip on the catalog's relations are these; NULL: as ever. */
static struct {
    struct trip trip;
    const char *made, *before, *vanishes;
    int n_heard;
    bool is_tripped;
    char told[4096];
} wrong;

static bool is_drill(int session)
{
    int at = t.cluster.at[session];
    return at > 0 && asks(t.cluster.base[at - 1].name, "kfmig_drill_");
}

/* The entry of M-3 in a throwaway database is the last. */
static const char *objects_of(const struct base *b, const char *upto)
{
    int at = b->keeper.is.n;
    const char *rows = (int)strtol(upto, NULL, 10) == at ? wrong.made : wrong.before;
    size_t n = (size_t)snprintf(wrong.told, sizeof wrong.told, rows[0] != '\0' ? "rows " : "rows");
    for (const char *p = rows; *p != '\0' && n < sizeof wrong.told - 1; p++) {
        if (*p == '@') {
            n += (size_t)snprintf(wrong.told + n, sizeof wrong.told - n, "%d", at);
        } else {
            wrong.told[n++] = *p == '$' ? ' ' : *p;
            wrong.told[n] = '\0';
        }
    }
    return wrong.told;
}

static const char *hears(void *ctx, int session, const char *text, int n, const char *const *params,
                         const char *answer)
{
    const struct trip *x = &wrong.trip;
    if (x->text != NULL && asks(text, x->text) && is_drill(session) == x->in_drill &&
        ++wrong.n_heard == x->n) {
        answer = x->answer != NULL ? x->answer : answer;
        wrong.is_tripped = true;
    }
    if (wrong.is_tripped && wrong.vanishes != NULL &&
        strcmp(text, "@postgis_catalog_relations") == 0) {
        answer = wrong.vanishes;
    }
    if (wrong.made != NULL && strcmp(text, "@ledger_read_objects") == 0 && is_drill(session) &&
        strcmp(answer, "ask") == 0 && strcmp(params[0], "0") != 0) {
        answer = objects_of(&t.cluster.base[t.cluster.at[session] - 1], params[0]);
    }
    return cluster_hears(ctx, session, text, n, params, answer);
}

static struct writing_order order;
static const char *id;

static int planned(struct run_of *v)
{
    int rc = plan_first(v);
    pq_model(hears, &v->cluster);
    return rc;
}

static int adopts_it(struct run_of *v)
{
    return planned(v) != 0 ? -1 : adopt(&v->s, &order, &v->r, &v->e);
}

static int upgrades(struct run_of *v)
{
    if (planned(v) != 0) {
        return -1;
    }
    int rc = adopt_upgrade(&v->s, &order, &v->r, &v->e);
    tell_note(&v->ear, "%zu drifted still", v->s.world.n_drift);
    return rc;
}

static const char *chosen[2]; /* objects, NULL: no more */
static const char *made_instead;

static int adopts_chosen(struct run_of *v)
{
    struct names objects;
    size_t n = chosen[1] != NULL ? 2 : 1;
    if (planned(v) != 0 || adopt_find(&v->s, chosen, n, false, &objects, &v->e) != 0) {
        return -1;
    }
    v->cluster.by_hand = made_instead != NULL ? made_instead : v->cluster.by_hand;
    int rc = adopt_objects(&v->s, &objects, &order, &v->r, &v->e);
    tell_note(&v->ear, "%zu drifted still", v->s.world.n_drift);
    return rc;
}

static int finds(struct run_of *v)
{
    return planned(v) != 0 ? -1 : found(&v->s, id, &order, &v->r, &v->e);
}

static int contact(struct writing *w, void *ctx, struct err *e)
{
    (void)ctx;
    return contact_store(w, STORE_SEARCH, e);
}

static int contacts(struct run_of *v)
{
    order.work = contact;
    order.baseline = writing_found;
    return planned(v) != 0 ? -1 : writing(&v->s, &order, &v->r, &v->e);
}

/* --- what is so before a case; settings reach into the project once it is loaded */

static void protects(void)
{
    t.l.p.env[0].is_protected = true;
    order.is_confirmed = false;
}

static void made_by_hand(void)
{
    t.cluster.by_hand = "app";
}

static void choose_schema(void)
{
    made_by_hand();
    chosen[0] = "schema app";
}

static void choose_extension(void)
{
    made_by_hand();
    chosen[0] = "extension postgis";
}

static void choose_both(void)
{
    choose_schema();
    chosen[1] = "extension postgis";
}

static void choose_what_goes(void)
{
    choose_schema();
    made_instead = "other";
}

/* M-2 is the store's from now on. */
static void uses_store(void)
{
    struct bundle *b = table_gets(&t.l.p.by_id, "M-2");
    if (b != NULL) {
        b->store = STORE_SEARCH;
    }
}

/* The same, and the last run saw its ledger. */
static void uses_store_as_seen(void)
{
    static struct setting v;
    uses_store();
    v.l = t.l;
    v.s.a = &t.l.a;
    v.s.cache = t.l.cache;
    setting_remember_of(&v, "dev", &known.base[0].keeper.is);
}

static void one_thing(void)
{
    uses_store();
    place.things = "a";
}

static void two_things(void)
{
    uses_store();
    place.things = "ab";
}

static void both_drifted(void)
{
    one_thing();
    made_by_hand();
}

static void another_place(void)
{
    uses_store();
    place.identity = "toy 2";
}

static void nameless_place(void)
{
    one_thing();
    place.identity = "";
}

static void away(void)
{
    one_thing();
    place.is_away = true;
}

static void blind(void)
{
    one_thing();
    place.is_blind = true;
}

static void one_more(void)
{
    verbs_migration("M-3", "app", "INSERT INTO app.t VALUES (3);\n");
}

static void one_more_unrunnable(void)
{
    verbs_migration("M-3", "app", "CREATE DATABASE other;\n");
}

static void one_more_with_a_role(void)
{
    one_more();
    project_put("migrations/postgis/M-3/migration.yml",
                "migration_id: M-3\ntype: postgis\nintent: \"Test\"\n"
                "scope: {allowed_schemas: [app], allowed_global: [\"role:reader\"]}\n"
                "limits: {max_table_count_touched: 1}\nrequires_rollback: true\n"
                "approvals: {required_reviewers: [ada], change_class: schema-only}\n"
                "runner: {tool: native}\n"
                "artifacts: {forward: [forward.sql], rollback: [rollback.sql]}\n");
}

static void changed_meanwhile(void)
{
    project_put("migrations/postgis/M-3/forward.sql", "INSERT INTO app.t VALUES (4);\n");
}

static void another_id(void)
{
    id = "M-9";
}

static void an_applied_one(void)
{
    id = "M-1";
}

static void one_of_a_chain(void)
{
    id = "C-1";
}

/* --- the cases */

#define EXTENSION(version)                                                                         \
    "~ @postgis_catalog_functions* -> rows 3079 | 300 | extension |  | postgis | version "         \
    "| " version " | 1\n"
#define RELATION(table) RELATION_ROW("20000", "app", table, "kfmig")
#define TABLE "~ @postgis_catalog_relations -> rows " RELATION("t") "\n"
#define RECORDED_ON(version) "~ @ledger_read_versions -> rows 2 | " version "\n"
#define NO_ENTRY "~ @ledger_record_entry -> error 42501\n"
#define FINGERPRINT_OF_T "%s" /* as a ledger has it that was made with TABLE */
#define OTHER_ROW(object)                                                                          \
    object " | @ | 1111111111111111111111111111111111111111111111111111111111111111 |$"

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void), (*then)(void); /* before the project is loaded, and after */
    const struct cluster *from;
    act *does;
    const char *lines;
    struct trip trip;
    const char *made, *gone, *vanishes;
    int rc;
    enum err_code worst;
    const char *words; /* of what is said; "a ... b": in this order */
} cases[] = {
    /* the database */
    {"nothing to adopt", NULL, NULL, &built, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "nothing done"},
    {"a schema made by hand", NULL, made_by_hand, &built, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 1 at 6; nothing else"},
    {"a database without a ledger", NULL, made_by_hand, &empty, adopts_it, TABLE, {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 2 at 2; nothing else"},
    {"a ledger that knows nothing of what stands", NULL, NULL, &bare, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 0 at 2; nothing else"},
    {"a protected environment", NULL, protects, &built, adopts_it, TABLE, {0}, NULL, NULL, NULL, -1, ERR_PREFLIGHT, "environment \"dev\" is protected: nothing was adopted; look at the list above, then add --apply"},
    {"it cannot be recorded", NULL, made_by_hand, &built, adopts_it, NO_ENTRY, {0}, NULL, NULL, NULL, -1, ERR_APPLY, "the ledger cannot be written ... nothing done"},

    /* stores besides it */
    {"a store that the ledger does not know", NULL, two_things, &built, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 2 at 6; nothing else"},
    {"a store that the ledger knows as it is", NULL, uses_store, &known, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "nothing done"},
    {"a store that drifted", NULL, one_thing, &known, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 1 at 7; nothing else"},
    {"a store and the database drifted", NULL, both_drifted, &known, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 2 at 8; nothing else"},
    {"another place than it was", NULL, another_place, &known, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 0 at 7; nothing else"},
    {"the database drifted, and the store did not", NULL, made_by_hand, &known, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 1 at 7; nothing else"},
    {"a place without a name", NULL, nameless_place, &built, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 1 at 6; nothing else"},
    {"a store that is away", NULL, away, &built, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "nothing done"},
    {"a store that does not show itself", NULL, blind, &built, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "nothing done"},
    {"a store, and a database without a ledger", NULL, two_things, &empty, adopts_it, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 2 at 3; nothing else"},
    {"a store that cannot be recorded", NULL, one_thing, &known, adopts_it, NO_ENTRY, {0}, NULL, NULL, NULL, -1, ERR_APPLY, "the ledger cannot be written ... nothing done"},
    {"a store, and the ledger's sum cannot be read", NULL, one_thing, &known, adopts_it, "", {"@ledger_read_objects", "error 42501", 2, false}, NULL, NULL, NULL, -1, ERR_PREFLIGHT, "insufficient_privilege ... nothing done"},

    /* a store's first contact, before something is done there */
    {"first contact with an empty store", NULL, uses_store, &built, contacts, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "note: dev: first contact with store search; recorded 0 objects found there as its starting baseline"},
    {"first contact with a store of one thing", NULL, one_thing, &built, contacts, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "recorded 1 object found there as its starting baseline"},
    {"first contact with a store of two things", NULL, two_things, &built, contacts, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "recorded 2 objects found there as its starting baseline"},
    {"a store that the ledger knows", NULL, uses_store_as_seen, &known, contacts, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "; \nnothing done"},
    {"first contact that cannot be recorded", NULL, one_thing, &built, contacts, NO_ENTRY, {0}, NULL, NULL, NULL, -1, ERR_APPLY, "the ledger cannot be written ... nothing done"},

    /* another version of the server */
    {"an extension of another version", NULL, NULL, &versioned, upgrades, EXTENSION("3.3") RECORDED_ON("130012"), {0}, NULL, NULL, NULL, 0, ERR_NONE, "note: 0 drifted still|, adopt dev 1 at 6; nothing else"},
    {"an extension of another version, and a schema made by hand", NULL, made_by_hand, &versioned, upgrades, EXTENSION("3.3") RECORDED_ON("130012"), {0}, NULL, NULL, NULL, 0, ERR_NONE, "note: 1 drifted still|, adopt dev 1 at 6; nothing else"},
    {"an extension of another version, recorded by this one", NULL, NULL, &versioned, upgrades, EXTENSION("3.3") RECORDED_ON("150018"), {0}, NULL, NULL, NULL, 0, ERR_NONE, "note: 1 drifted still|nothing done"},
    {"nothing of another version", NULL, made_by_hand, &built, upgrades, "", {0}, NULL, NULL, NULL, 0, ERR_NONE, "note: 1 drifted still|nothing done"},
    {"an extension of another version, and all of it is adopted", NULL, made_by_hand, &versioned, adopts_it, EXTENSION("3.3") RECORDED_ON("130012"), {0}, NULL, NULL, NULL, 0, ERR_NONE, "adopt dev 2 at 6; nothing else"},

    /* some of it, by name */
    {"one object of two", NULL, choose_schema, &versioned, adopts_chosen, EXTENSION("3.3") RECORDED_ON("130012"), {0}, NULL, NULL, NULL, 0, ERR_NONE, "note: 1 drifted still|, adopt dev 1 at 6; nothing else"},
    {"the other of the two, which the version explains", NULL, choose_extension, &versioned, adopts_chosen, EXTENSION("3.3") RECORDED_ON("130012"), {0}, NULL, NULL, NULL, 0, ERR_NONE, "note: 1 drifted still|, adopt dev 1 at 6; nothing else"},
    {"both by their names", NULL, choose_both, &versioned, adopts_chosen, EXTENSION("3.3") RECORDED_ON("130012"), {0}, NULL, NULL, NULL, 0, ERR_NONE, "note: 0 drifted still|, adopt dev 2 at 6; nothing else"},
    {"one that changed since it was shown", NULL, choose_what_goes, &versioned, adopts_chosen, EXTENSION("3.3") RECORDED_ON("130012"), {0}, NULL, NULL, NULL, -1, ERR_PREFLIGHT, "schema app changed since it was shown; nothing was adopted; look at it again ... nothing done"},

    /* a migration that stands there already */
    {"a migration that is not there", one_more, another_id, &built, finds, "", {0}, NULL, NULL, NULL, -1, ERR_NONE, "there is no migration \"M-9\""},
    {"one that is applied", one_more, an_applied_one, &built, finds, "", {0}, NULL, NULL, NULL, -1, ERR_NONE, "M-1 is applied in \"dev\" already"},
    {"one of a projection", one_more, one_of_a_chain, &built, finds, "", {0}, NULL, NULL, NULL, -1, ERR_NONE, "C-1 belongs to the projection wells; `kfmig build` takes an existing schema as its first generation"},
    {"one of a database without a ledger", one_more, NULL, &empty, finds, "", {0}, NULL, NULL, NULL, -1, ERR_NONE, "environment \"dev\" has no ledger yet: nothing was recorded; `kfmig build dev` makes it; `kfmig adopt dev`, too, and runs nothing"},
    {"one whose files changed meanwhile", one_more, changed_meanwhile, &built, finds, "", {0}, NULL, NULL, NULL, -1, ERR_PREFLIGHT, "the files of \"M-3\" changed while kfmig ran"},
    {"one that makes nothing", one_more, NULL, &built, finds, "", {0}, "", "", NULL, 0, ERR_NONE, "note: trying M-3 in the throwaway database kfmig_drill_ ... adopt M-3 0 at 6; nothing else"},
    {"one whose table stands", one_more, NULL, &standing, finds, TABLE, {0}, "table app.t | @ | " FINGERPRINT_OF_T " |$", "", NULL, 0, ERR_NONE, "adopt M-3 1 at 6; nothing else"},
    {"one that does not stand", one_more, NULL, &built, finds, "", {0}, OTHER_ROW("table app.t"), "", NULL, -1, ERR_NONE, "M-3 is not what stands in \"dev\" (1 of 1 objects): table app.t is missing; let the migration say what stands there, or let it run; nothing was written"},
    {"one that is another", one_more, NULL, &standing, finds, TABLE, {0}, OTHER_ROW("table app.t"), "", NULL, -1, ERR_NONE, "(1 of 1 objects): table app.t is another; "},
    {"one that removes what still stands", one_more, NULL, &standing, finds, TABLE, {0}, "", OTHER_ROW("table app.t"), NULL, -1, ERR_NONE, "(1 of 1 objects): table app.t is still there; "},
    {"one that removed what is gone, and left the rest", one_more, NULL, &standing, finds, TABLE, {0}, "table app.t | 1 | " FINGERPRINT_OF_T " |$", OTHER_ROW("table app.u") " ; " OTHER_ROW("table app.t"), NULL, 0, ERR_NONE, "adopt M-3 0 at 6; nothing else"},
    {"one of seven objects", one_more, NULL, &built, finds, "", {0}, OTHER_ROW("table app.g") " ; " OTHER_ROW("table app.f") " ; " OTHER_ROW("table app.e") " ; " OTHER_ROW("table app.d") " ; " OTHER_ROW("table app.c") " ; " OTHER_ROW("table app.b") " ; " OTHER_ROW("table app.a"), "", NULL, -1, ERR_NONE, "(7 of 7 objects): table app.a is missing, table app.b is missing, table app.c is missing, table app.d is missing, table app.e is missing; let"},
    {"a protected environment, and one that stands", one_more, protects, &built, finds, "", {0}, NULL, NULL, NULL, -1, ERR_PREFLIGHT, "nothing was adopted; add --apply"},

    /* what goes wrong of a trial, which leaves nothing */
    {"the database cannot be looked at", one_more, NULL, &built, finds, "", {"@ledger_read_objects", "error 42501", 1, false}, NULL, NULL, NULL, -1, ERR_NONE, "insufficient_privilege"},
    {"leftovers cannot be swept", one_more, NULL, &built, finds, "", {"@site_drill_leftovers", "error 42501", 1, false}, NULL, NULL, NULL, -1, ERR_NONE, "insufficient_privilege"},
    {"no database can be made", one_more, NULL, &built, finds, "~ CREATE DATABASE* -> error 42501\n", {0}, NULL, NULL, NULL, -1, ERR_NONE, "may not create"},
    {"an extension cannot be made", one_more, NULL, &with_extension, finds, EXTENSION("3.2") "~ CREATE EXTENSION* -> error 42501\n", {0}, NULL, NULL, NULL, -1, ERR_NONE, "the throwaway database lacks the extension \"postgis\""},
    {"the throwaway database does not say who it is", one_more, NULL, &built, finds, "", {"@ledger_identify_", "cut", 1, true}, NULL, NULL, NULL, -1, ERR_NONE, "lost"},
    {"one that changes roles", one_more_with_a_role, NULL, &built, finds, "", {0}, NULL, NULL, NULL, -1, ERR_NONE, "M-3 may change what the live database shares with its server (role:reader) ... nothing was written"},
    {"one that cannot be run", one_more_unrunnable, NULL, &built, finds, "", {0}, NULL, NULL, NULL, -1, ERR_NONE, "1 target is blocked; nothing was run ... fault: CREATE DATABASE"},
    {"one that fails", one_more, NULL, &built, finds, "~ INSERT INTO app.t VALUES (3)* -> error 23505\n", {0}, NULL, NULL, NULL, -1, ERR_NONE, "M-3 does not run in a throwaway database; nothing was written"},
    {"what it made cannot be read", one_more, NULL, &built, finds, "", {"@ledger_read_objects", "error 42501", 1, true}, NULL, NULL, NULL, -1, ERR_NONE, "insufficient_privilege"},
    {"what stood before cannot be read", one_more, NULL, &built, finds, "", {"@ledger_read_objects", "error 42501", 2, true}, NULL, NULL, NULL, -1, ERR_NONE, "insufficient_privilege"},
    {"the throwaway database cannot be dropped", one_more, NULL, &built, finds, "", {"DROP DATABASE", "error 42501", 1, false}, NULL, NULL, NULL, -1, ERR_NONE, "kfmig_drill_"},
    {"one that fails, and cannot be dropped either", one_more, NULL, &built, finds, "~ INSERT INTO app.t VALUES (3)* -> error 23505\n", {"DROP DATABASE", "error 42501", 1, false}, NULL, NULL, NULL, -1, ERR_NONE, "M-3 does not run in a throwaway database"},

    /* and under the lock, where all of it is asked again */
    {"it is gone under the lock", one_more, NULL, &standing, finds, TABLE, {"@ledger_lock_try", NULL, 1, false}, "table app.t | @ | " FINGERPRINT_OF_T " |$", "", "rows", -1, ERR_PREFLIGHT, "(1 of 1 objects): table app.t is missing; ... nothing done"},
    {"it cannot be looked at under the lock", one_more, NULL, &built, finds, "", {"@ledger_read_objects", "error 42501", 2, false}, NULL, NULL, NULL, -1, ERR_PREFLIGHT, "insufficient_privilege ... nothing done"},
    {"it cannot be recorded", one_more, NULL, &built, finds, "", {"@ledger_record_entry", "error 42501", 1, false}, NULL, NULL, NULL, -1, ERR_APPLY, "the ledger cannot be written ... nothing done"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

/* What was said, how many objects were adopted and where, and that it was all. */
static const char *said(void)
{
    static char text[32768];
    size_t n = (size_t)snprintf(text, sizeof text, "%s; %s\n%s", t.e.msg, t.e.hint, t.heard.text);
    for (size_t i = 0; i < t.r.n; i++) {
        const struct result_row *r = &t.r.v[i];
        n += (size_t)snprintf(text + n, sizeof text - n, ", %s %s %zu at %lld",
                              result_action_text(r->action), r->target, r->n,
                              (long long)r->sequence);
    }
    (void)snprintf(text + n, sizeof text - n, t.r.n > 0 ? "; nothing else" : "nothing done");
    return text;
}

/* The fingerprint of "table app.t" as the ledger of standing has it. */
static const char *with_fingerprint(const char *rows)
{
    static char text[1024];
    const struct stored *x = &standing.base[0].is;
    const char *fingerprint = "";
    for (int i = 0; i < x->n_objects; i++) {
        fingerprint = strcmp(x->object[i].object, "table app.t") == 0 ? x->object[i].fingerprint
                                                                      : fingerprint;
    }
    const char *at = rows == NULL ? NULL : strstr(rows, FINGERPRINT_OF_T);
    if (at == NULL) {
        return rows;
    }
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - rows), rows, fingerprint,
                   at + strlen(FINGERPRINT_OF_T));
    return text;
}

static void begin(const struct cluster *from)
{
    order = order_confirmed;
    id = "M-3";
    chosen[0] = chosen[1] = made_instead = NULL;
    memset(&wrong, 0, sizeof wrong);
    place.things = "";
    place.identity = "toy 1";
    place.is_away = place.is_blind = false;
    verbs_project();
    project_put("registry/environments.v1.yml",
                "environments:\n"
                "  dev: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}, search: {url_ref: "
                "T_SEARCH}}}\n"
                "default_environment: dev\n");
    (void)setenv("T_SEARCH", "http://search.example", 1);
    cluster_copy(&t.cluster, from);
    t.cluster.by_hand = NULL;
}

static void play(size_t i)
{
    begin(cases[i].from);
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    project_load(&t.l, true);
    if (cases[i].then != NULL) {
        cases[i].then();
    }
    wrong.trip = cases[i].trip;
    wrong.made = with_fingerprint(cases[i].made);
    wrong.before = cases[i].gone != NULL ? cases[i].gone : "";
    wrong.vanishes = cases[i].vanishes;
    run_of_play(&t, cases[i].does, cases[i].lines, 0, NULL, 0, NULL);
    const char *text = said();
    bool good = t.rc == cases[i].rc && t.r.worst == cases[i].worst &&
                has_in_order(text, cases[i].words) && t.n_holders == 0 &&
                (cluster_drills(&t.cluster) == 0 || asks(cases[i].trip.text, "DROP DATABASE"));
    if (!good) {
        printf("# rc %d, worst %d: %s\n", t.rc, (int)t.r.worst, text);
    }
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

static void make(struct cluster *out, const struct cluster *from, act *does, const char *lines,
                 void (*then)(void))
{
    begin(from);
    project_load(&t.l, false);
    if (then != NULL) {
        then();
    }
    run_of_play(&t, does, lines, 0, NULL, 0, NULL);
    if (t.rc != 0 || t.r.worst != ERR_NONE) {
        printf("# %s; %s\n", t.e.msg, t.heard.text);
    }
    ok(t.rc == 0 && t.r.worst == ERR_NONE && pq_played(), "what the cases begin with");
    run_of_leave(&t, out);
    project_unload(&t.l);
}

int main(void)
{
    tap_plan(N + 5);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    make(&built, &empty, builds, "", NULL);
    make(&known, &built, adopts_it, "", uses_store);
    make(&versioned, &empty, builds, EXTENSION("3.2"), NULL);
    make(&with_extension, &empty, builds, EXTENSION("3.2"), NULL);
    make(&standing, &empty, builds, TABLE, NULL);
    cluster_copy(&bare, &empty);
    kept_make(&bare.base[0].keeper.is, LEDGER_UUID, 1);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    struct cluster *all[] = {&t.cluster, &empty,    &built, &known,
                             &versioned, &standing, &bare,  &with_extension};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        cluster_release(all[i]);
    }
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
