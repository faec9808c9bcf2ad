/* layer: site scripted */
/* Stores besides the ledger's, with a toy in the place of a planned one: which are asked, who answers, what stands there, what an earlier
 * run began, and what is put back of it before anything is compared. */
#include "ledger/journal.h"
#include "scripted_site.h"
#include "site/begun.h"
#include "site/stores.h"
#include "standing_text.h"

/* --- the store: things of schema s, "table toy.s.a" and so on */

enum mood { WILLING, CLOSED, DEAF, BLIND, DUMB, NAMELESS };
struct toy_store {
    struct store store; /* first */
    char address[64], who[32];
    bool is_stopped;
};
static struct {
    enum mood mood;
    const char *things; /* a letter each */
    enum standing standing;
    int n_open, n_opened;
    struct toy_store last;
} place;

static int toy_open(struct store **out, const struct store_place *at, struct err *e);

static void toy_close(struct store *s)
{
    place.n_open -= s != NULL ? 1 : 0;
}

static int toy_probe(struct store *s, struct arena *a, struct store_facts *out, struct err *e)
{
    (void)s;
    (void)a;
    *out = (struct store_facts){.identity = place.mood == NAMELESS ? "" : "toy 1", .version = "1"};
    return place.mood == DEAF ? err_set(e, ERR_PREFLIGHT, "the store does not say who it is") : 0;
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
    return place.mood == BLIND ? err_set(e, ERR_PREFLIGHT, "the store does not show itself") : 0;
}

static int toy_verify(struct store *s, const struct store_step *step, const struct digest *before,
                      enum standing *out, struct digest *proof, struct err *e)
{
    (void)s;
    (void)step;
    (void)before;
    *proof = (struct digest){{0}};
    *out = place.standing;
    return place.mood == DUMB ? err_set(e, ERR_PREFLIGHT, "the store does not tell") : 0;
}

static int toy_stands(struct store *s, const struct store_step *step, struct digest *out,
                      struct err *e)
{
    (void)s;
    (void)step;
    (void)e;
    *out = (struct digest){{0}};
    return 0;
}

static const struct store_ops toy = {.name = "search",
                                     .open = toy_open,
                                     .close = toy_close,
                                     .probe = toy_probe,
                                     .look = toy_look,
                                     .stands = toy_stands,
                                     .verify = toy_verify};

static int toy_open(struct store **out, const struct store_place *at, struct err *e)
{
    place.last = (struct toy_store){.store = {&toy}, .is_stopped = at->is_stopped(at->ctx)};
    (void)snprintf(place.last.address, sizeof place.last.address, "%s", at->address->opaque);
    (void)snprintf(place.last.who, sizeof place.last.who, "%s", at->who);
    place.n_opened++;
    place.n_open += place.mood == CLOSED ? 0 : 1;
    *out = place.mood == CLOSED ? NULL : &place.last.store;
    return place.mood == CLOSED ? err_set(e, ERR_PREFLIGHT, "the store is away") : 0;
}

/* In the place of src/store/store.c: the planned store "search" has an engine here. */
const struct store_ops *store_ops(enum store_kind k)
{
    return k == STORE_POSTGIS ? &store_postgis : k == STORE_SEARCH ? &toy : NULL;
}

/* --- the site: M-1 of the store makes a, b and c; what the ledger holds is given in C */

enum { STEPS = 3, WRITTEN = 8 };
static struct setting t;
static struct statement steps[STEPS];
static struct touch touches[STEPS][2];
static struct script script;
static struct artifact file;
static struct decl decl;
static struct entry entries[WRITTEN];
static struct past past;

static void make_script(void)
{
    static const char *const names[] = {"a", "b", "c"};
    static const char *const texts[] = {"put a", "put b", "put c"};
    for (int i = 0; i < STEPS; i++) {
        struct object o = {OBJ_TABLE, "s", names[i], "search"};
        touches[i][0] = (struct touch){.object = {OBJ_TABLE, "s", "read", "search"}};
        touches[i][1] = (struct touch){.object = o, .effect = EFFECT_CREATE};
        steps[i] = (struct statement){.kind = STATEMENT_PLAIN,
                                      .text = bytes_str(texts[i]),
                                      .tag = "PUT",
                                      .touches = {touches[i], 2, 2}};
    }
    script = (struct script){.path = "forward.json", .forms = steps, .n = STEPS};
    file = (struct artifact){.path = script.path};
    decl = (struct decl){.id = "M-1", .forward = {&file, 1, 1}};
}

static void add_entry(enum entry_kind kind, const char *subject, const char *result,
                      const struct digest *checksum)
{
    struct entries *l = &t.s.entries;
    l->v = entries;
    entries[l->n] = (struct entry){.sequence = (int64_t)l->n + 1,
                                   .kind = kind,
                                   .subject = subject,
                                   .result = result,
                                   .run_id = "run-9",
                                   .checksum = *checksum};
    l->n++;
}

/* Entries of step at (from 0): intents "i", dones "d", failures "f". */
static void journaled(int at, const char *what)
{
    struct program p;
    program_of(t.s.a, &script, 1, &p);
    const struct journal_step step = journal_step_of("M-1", "search", &p, (size_t)at);
    const struct digest key = journal_key(&step);
    for (; *what != '\0'; what++) {
        add_entry(*what == 'i' ? ENTRY_INTENT : ENTRY_DONE, "M-1",
                  *what == 'f' ? "failed" : "success", &key);
    }
}

static void adopted_as(const char *identity, const char *result)
{
    const struct digest d = digest_of(bytes_str(identity));
    add_entry(ENTRY_ADOPT, "search", result, &d);
}

/* --- what is so before a scenario */

static void known(void)
{
    adopted_as("toy 1", "success");
}

static void known_as_other(void)
{
    adopted_as("toy 2", "success");
}

static void known_without_identity(void)
{
    const struct digest none = {{0}};
    add_entry(ENTRY_ADOPT, "search", "success", &none);
}

static void not_adopted(void)
{
    adopted_as("toy 2", "failed");
    add_entry(ENTRY_ADOPT, "database", "success", &entries[0].checksum);
}

static void known_and_nameless(void)
{
    known();
    place.mood = NAMELESS;
}

static void without_bundle(void)
{
    t.s.project->n_bundle = 0;
}

static void without_bundle_but_known(void)
{
    without_bundle();
    known();
}

static void not_configured(void)
{
    t.l.p.env[0].store[STORE_SEARCH] = false;
}

static void without_engine(void)
{
    t.s.project->bundle[0].store = STORE_GRAPH;
    t.l.p.env[0].store[STORE_GRAPH] = true;
    t.l.p.env[0].store[STORE_SEARCH] = false;
}

static void unset(void)
{
    (void)unsetenv("T_SEARCH");
}

static void from_file(void)
{
    t.l.p.env[0].place[STORE_SEARCH][0] = "registry/dsn";
}

static void from_no_file(void)
{
    t.l.p.env[0].place[STORE_SEARCH][0] = "registry/none";
}

static void throwaway(void)
{
    t.s.o.dbname = "kfmig_drill_0a1b2c3d";
}

static void taking_a_place(void)
{
    static const struct checkpoint lost = {.sequence = 9};
    t.s.o.cites = &lost;
}

static void closed(void)
{
    place.mood = CLOSED;
}

static void deaf(void)
{
    place.mood = DEAF;
}

static void blind(void)
{
    place.mood = BLIND;
}

static void begun(void)
{
    known();
    journaled(0, "id");
    journaled(1, "i");
    place.things = "ab";
    place.standing = STANDS_PARTLY;
}

static void begun_and_dumb(void)
{
    begun();
    place.mood = DUMB;
}

static void begun_and_failed(void)
{
    known();
    journaled(0, "id");
    journaled(1, "if");
    place.things = "a";
}

static void begun_and_all_done(void)
{
    known();
    for (int i = 0; i < STEPS; i++) {
        journaled(i, "id");
    }
    place.things = "abc";
}

/* The script has changed since: the intent is of a step that it has no more. */
static void begun_otherwise(void)
{
    known();
    journaled(0, "id");
    const struct digest other = digest_of(bytes_str("other"));
    add_entry(ENTRY_INTENT, "M-1", "success", &other);
    place.things = "a";
}

static void begun_and_applied(void)
{
    begun();
    past_add(t.s.a, &t.s.past,
             &(struct fact){.sequence = 9,
                            .subject = "M-1",
                            .is_migration = true,
                            .result = "success",
                            .run_id = "r",
                            .finished_at = MOMENT});
}

static void begun_unparsed(void)
{
    begun();
    t.s.project->bundle[0].forward = NULL;
}

static void begun_elsewhere(void)
{
    begun();
    t.s.project->bundle[0].store = STORE_COUNT;
}

/* --- the scenarios. words: what is known of the store, what was begun, what stands, what drifts */

#define SUM(rows) "@ledger_read_objects(0) -> rows " rows "\n"
#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ROW(name) "search:table s." name " | 1 | " DIGEST " | "
#define AWAY(words) "no: " words
#define BEGUN(at, verb, standing) ", begun " at " of 3 " verb standing " by run-9"

/* clang-format off */
static const struct {
    const char *name;
    void (*with)(void);
    const char *lines; /* behind connecting */
    int rc;
    const char *words;
    int n_opened;
} scenarios[] = {
    {"nothing stands there, and the ledger knows nothing of it", NULL, SUM(""), 0, "yes, existing 0, found, base", 1},
    {"the ledger knows it", known, SUM(""), 0, "yes, known, existing 0, found, base", 1},
    {"another place answers", known_as_other, SUM(""), 0, "yes, known, other, existing 0, found, base", 1},
    {"the ledger knows no identity of it", known_without_identity, SUM(""), 0, "yes, known, existing 0, found, base", 1},
    {"it tells no identity", known_and_nameless, SUM(""), 0, "yes, known, existing 0, found, base", 1},
    {"a failed adoption, and one of another store, count for nothing", not_adopted, SUM(""), 0, "yes, existing 0, found, base", 1},
    {"no migration is for it", without_bundle, "", 0, "not asked, existing 0", 0},
    {"no migration is for it, and the ledger knows it", without_bundle_but_known, SUM(""), 0, "yes, known, existing 0, found, base", 1},
    {"the environment has none", not_configured, "", 0, "not asked, existing 0", 0},
    {"a store without an engine", without_engine, "", 0, "not asked, existing 0", 0},
    {"its address is not set", unset, "", 0, AWAY("its url_ref is T_SEARCH, which is not set") ", existing 0", 0},
    {"its address stands in a file", from_file, SUM(""), 0, "yes, existing 0, found, base", 1},
    {"its address stands in a file that is not there", from_no_file, "", 0, AWAY("its url_ref is registry/none, which is not set") ", existing 0", 0},
    {"a throwaway database has none", throwaway, "", 0, AWAY("a database made anew has no other stores yet") ", existing 0", 0},
    {"nor has one that takes the place of a lost one", taking_a_place, "", 0, AWAY("a database made anew has no other stores yet") ", existing 0", 0},
    {"it does not answer", closed, "", 0, AWAY("the store is away") ", existing 0", 1},
    {"it does not say who it is", deaf, "", 0, AWAY("the store does not say who it is") ", existing 0", 1},
    {"it does not show itself", blind, SUM(""), 0, AWAY("the store does not show itself") ", existing 0", 1},
    {"the ledger's sum is refused", known, "@ledger_read_objects -> error 42501\n", -1, "insufficient_privilege", 1},
    {"what the ledger holds of a store that it did not adopt is not compared", not_adopted, SUM(ROW("z")), 0, "yes, existing 0, found, base", 1},

    {"something was begun: what it changes is as it was before", begun, SUM(ROW("z") " ; " ROW("b")), 0, "yes, known, existing 0" BEGUN("1", "PUT search:table s.b ", "partly") ", found b, base b z, drift search:table s.z", 1},
    {"something was begun, and the store does not tell how far", begun_and_dumb, SUM(""), 0, AWAY("the store does not tell") ", known, existing 0", 1},
    {"something was begun, and its second step is void", begun_and_failed, SUM(""), 0, "yes, known, existing 0" BEGUN("1", "PUT search:table s.b ", "absent") ", found, base", 1},
    {"all of it is done, but for its entry", begun_and_all_done, SUM(""), 0, "yes, known, existing 0" BEGUN("3", "  ", "absent") ", found, base", 1},
    {"what was begun is not what the script says now", begun_otherwise, SUM(""), 0, "yes, known, existing 0" BEGUN("1", "PUT search:table s.b ", "absent") " otherwise, found, base", 1},
    {"what was begun is applied since", begun_and_applied, SUM(""), 0, "yes, known, existing 0, found a b, base a b, drift search:table s.a, drift search:table s.b", 1},
    {"what was begun cannot be parsed", begun_unparsed, SUM(""), 0, "yes, known, existing 0, found a b, base a b, drift search:table s.a, drift search:table s.b", 1},
    {"what was begun is of no store that is known", begun_elsewhere, SUM(""), 0, "yes, known, existing 0, found a b, base a b, drift search:table s.a, drift search:table s.b", 1},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static size_t tell_catalog(char *out, size_t size, const char *name, const struct catalog *c)
{
    size_t n = (size_t)snprintf(out, size, ", %s", name);
    for (size_t i = 0; i < c->n; i++) {
        n += (size_t)snprintf(out + n, size - n, " %s", c->v[i]->object.name);
    }
    return n;
}

static void describe(char *out, size_t size)
{
    const struct world *w = &t.s.world;
    const struct store_world *x = &w->store[STORE_SEARCH];
    size_t n = (size_t)snprintf(out, size, "%s%s%s%s, existing %lld",
                                x->reachable         ? "yes"
                                : x->why_not != NULL ? "no: "
                                                     : "not asked",
                                x->why_not != NULL ? x->why_not : "", x->is_known ? ", known" : "",
                                x->is_other ? ", other" : "", (long long)x->n_existing);
    for (size_t i = 0; i < w->n_begun; i++) {
        const struct begun *b = &w->begun[i];
        n += (size_t)snprintf(out + n, size - n, ", begun %zu of %zu %s %s %s by %s%s", b->at, b->n,
                              b->verb, b->object, standing_text(b->standing), b->run_id,
                              b->is_otherwise ? " otherwise" : "");
    }
    if (t.s.store[STORE_SEARCH].was_seen) {
        n += tell_catalog(out + n, size - n, "found", &t.s.store[STORE_SEARCH].found);
        n += tell_catalog(out + n, size - n, "base", &t.s.store[STORE_SEARCH].base);
    }
    for (size_t i = 0; i < w->n_drift; i++) {
        n += (size_t)snprintf(out + n, size - n, ", drift %s", w->drift[i].text);
    }
}

static void prepare(void)
{
    static struct bundle bundle;
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 1);
    (void)setenv("T_SEARCH", "http://search.example", 1);
    make_script();
    bundle = (struct bundle){
        .id = "M-1", .store = STORE_SEARCH, .dir = "", .decl = &decl, .forward = &script};
    t.l.p.bundle = &bundle;
    t.l.p.n_bundle = 1;
    t.l.p.by_id = (struct table){.a = t.s.a};
    table_puts(&t.l.p.by_id, "M-1", &bundle);
    t.l.p.env[0].store[STORE_SEARCH] = true;
    t.l.p.env[0].place[STORE_SEARCH][0] = "T_SEARCH";
    past = (struct past){.by_id = {.a = t.s.a}};
    t.s.past = past;
    t.s.id.has_ledger = true;
    place.mood = WILLING;
    place.things = "";
    place.standing = STANDS_ABSENT;
    place.n_open = place.n_opened = 0;
}

/* Asked twice: a store that answered is opened once. */
static void play(size_t i)
{
    struct err e = {0};
    char left[4096] = "";
    prepare();
    setting_play(&t, arena_printf(t.s.a, "connect -> ok\n%s", scenarios[i].lines));
    int rc = site_connect(&t.s, &e) == 0 ? 0 : -2;
    if (scenarios[i].with != NULL) {
        scenarios[i].with();
    }
    stores_ask(&t.s);
    bool answered = t.s.world.store[STORE_SEARCH].reachable;
    if (answered) {
        stores_ask(&t.s);
    }
    rc = rc == 0 ? stores_look(&t.s, &e) : rc;
    if (rc == 0) {
        describe(left, sizeof left);
    } else {
        (void)snprintf(left, sizeof left, "%s", e.msg);
    }
    bool good = rc == scenarios[i].rc && place.n_opened == scenarios[i].n_opened &&
                (rc == 0 ? strcmp(left, scenarios[i].words) == 0
                         : strstr(left, scenarios[i].words) != NULL);
    if (answered) {
        good = good && strcmp(place.last.who, "kfmig build") == 0 && !place.last.is_stopped &&
               (strcmp(place.last.address, "http://search.example") == 0 ||
                scenarios[i].with == from_file);
    }
    stores_close(&t.s);
    good = good && place.n_open == 0 && t.s.store[STORE_SEARCH].store == NULL;
    if (!good) {
        printf("# rc %d, opened %d, open %d as %s for %s: %s\n", rc, place.n_opened, place.n_open,
               place.last.who, place.last.address, left);
    }
    setting_close(&t);
    ok(pq_played() && good, scenarios[i].name);
}

/* --- what is put back: a row's definition, as the facets of what stood there */

static const struct {
    const char *name, *object, *definition, *facets;
} rows[] = {
    {"a facet", "search:table s.z", "content\tthen\n", "content=then "},
    {"two facets", "search:table s.z", "content\tthen\nowner\tann\n", "content=then owner=ann "},
    {"a last line without an end", "search:table s.z", "content\tthen", "content=then "},
    {"a facet without a value", "search:table s.z", "content\n", "content= "},
    {"what the ledger adds is no facet", "search:table s.z", "content\tthen\n~written\t7\n",
     "content=then "},
    {"no facets", "search:table s.z", "", ""},
    {"an object of no kind is left out", "search:thing s.z", "content\tthen\n", "none"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static void put_back(size_t i)
{
    struct err e = {0};
    char text[256] = "none";
    size_t n = 0;
    struct catalog now;
    struct object_row row = {rows[i].object, digest_of(bytes_str("then")), rows[i].definition, 1,
                             1};
    const struct object_rows sum = {&row, 1, 1};
    struct site_store *x = &t.s.store[STORE_SEARCH];
    prepare();
    begun();
    toy_look(&place.last.store, t.s.a, &now, &e);
    setting_play(&t, "");
    t.s.world.store[STORE_SEARCH].reachable = true;
    t.s.store[STORE_SEARCH].store = &place.last.store;
    place.last.store.ops = &toy;
    place.n_open = 1;
    begun_find(&t.s);
    begun_put_back(&t.s, STORE_SEARCH, &sum, &now, x);
    if (x->base.n == 1) {
        text[0] = '\0';
        for (size_t k = 0; k < x->base.v[0]->n_facets; k++) {
            const struct facet *f = &x->base.v[0]->facets[k];
            n += (size_t)snprintf(text + n, sizeof text - n, "%s=%s ", f->name, f->value);
        }
    }
    is_str(text, rows[i].facets, rows[i].name);
    setting_close(&t);
}

int main(void)
{
    tap_plan(N + N_ROWS);
    for (size_t i = 0; i < N_ROWS; i++) {
        put_back(i);
    }
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    project_remove();
    return tap_done();
}
