/* layer: site scripted */
/* Migrations in segments that an earlier run began: how far they are, and what of drift is their doing. A transaction, an index and a
 * partition; what differs is told as drift unless a segment left it so. */
#include "evidence/stepped.h"
#include "ledger/journal.h"
#include "model/segment.h"
#include "scripted_site.h"
#include "site/halfway.h"

static struct setting t;
static struct entries made;
static char hex[8192]; /* what the transaction's done kept: app.a, of ann */
static struct digest kept_text;

#define FORWARD                                                                                    \
    "CREATE TABLE app.a (x int);\nCREATE INDEX CONCURRENTLY i ON app.a (x);\n"                     \
    "ALTER TABLE app.m DETACH PARTITION app.p CONCURRENTLY;\n"
#define INDEX(row) "@postgis_lone_index -> rows 5 | app | a | " row " | NULL | NULL | NULL | NULL\n"
#define NO_INDEX INDEX("NULL | f | f |  | f")
#define HALF INDEX("7 | t | f | btree (x) | f")
#define WHOLE INDEX("7 | t | t | btree (x) | f")
#define OTHER INDEX("7 | t | t | hash (x) | f")
#define PENDING                                                                                    \
    "@postgis_lone_partition -> rows 5 | app | m | 7 | t | f | partition | f | NULL | 8 | app | "  \
    "p\n"

enum { MOST = 3 };
struct thing {
    const char *object, *facets;
};

/* clang-format off */
static const struct {
    const char *name;
    const char *entries; /* of its segments: d done, o open, v void, x done with another text; "a" applied behind them */
    const char *lines;
    struct thing was[MOST], now[MOST];
    const char *words; /* "AT of N VERB OBJECT standing", then what drifted */
} scenarios[] = {
    {"nothing was begun", "", "", {{NULL, NULL}}, {{"table app.z", "owner=ann"}}, "; table app.z"},
    {"its transaction stands", "d", "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "owner=ann"}}, "1 of 3 CREATE INDEX index app.i 0;"},
    {"nothing differs: what it kept is not read", "d", "", {{NULL, NULL}}, {{NULL, NULL}}, "1 of 3 CREATE INDEX index app.i 0;"},
    {"somebody changed what its transaction made", "d", "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "owner=bob"}}, "1 of 3 CREATE INDEX index app.i 0; table app.a"},
    {"somebody changed something else", "d", "@ledger_read_blob -> kept\n", {{"table app.b", "owner=ann"}}, {{"table app.b", "owner=bob"}}, "1 of 3 CREATE INDEX index app.i 0; table app.b"},
    {"what it kept cannot be read", "d", "@ledger_read_blob -> cut\n", {{NULL, NULL}}, {{"table app.a", "owner=ann"}}, "error"},
    {"what it kept is not there", "d", "@ledger_read_blob -> rows\n", {{NULL, NULL}}, {{"table app.a", "owner=ann"}}, "1 of 3 CREATE INDEX index app.i 0; table app.a"},
    {"an index is open, and not there", "do", NO_INDEX "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "owner=ann"}}, "1 of 3 CREATE INDEX index app.i 0;"},
    {"an index is open, and half there", "do", HALF "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "index i=invalid;owner=ann"}}, "1 of 3 CREATE INDEX index app.i 2;"},
    {"an index is open, and there", "do", WHOLE "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "index i=btree;owner=ann"}}, "1 of 3 CREATE INDEX index app.i 1;"},
    {"an index is open, and somebody else's", "do", OTHER "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "index i=hash;owner=ann"}}, "1 of 3 CREATE INDEX index app.i 3;"},
    {"what REINDEX makes beside it is its, too", "do", HALF "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "index i_ccnew=invalid;owner=ann"}}, "1 of 3 CREATE INDEX index app.i 2;"},
    {"another index is not", "do", HALF "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "index ij=btree;owner=ann"}}, "1 of 3 CREATE INDEX index app.i 2; table app.a"},
    {"its owner is not", "do", HALF "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "index i=invalid;owner=bob"}}, "1 of 3 CREATE INDEX index app.i 2; table app.a"},
    {"of a table that stood before", "do", HALF "@ledger_read_blob -> kept\n", {{"table app.b", "owner=ann"}}, {{"table app.b", "index i=invalid;owner=ann"}}, "1 of 3 CREATE INDEX index app.i 2;"},
    {"the database does not say how it stands", "do", "@postgis_lone_index -> cut\n", {{NULL, NULL}}, {{NULL, NULL}}, "error"},
    {"an intent that came to nothing", "dv", "", {{NULL, NULL}}, {{NULL, NULL}}, "1 of 3 CREATE INDEX index app.i 0;"},
    {"a partition is being detached", "ddo", PENDING "@ledger_read_blob -> kept\n@ledger_read_blob -> kept\n", {{"table app.m", "partition=p"}, {"table app.p", "inherits=app.m"}}, {{"table app.m", "partition=none"}, {"table app.p", "check=1"}}, "2 of 3 ALTER TABLE table app.p 2;"},
    {"all stand", "ddd", "", {{NULL, NULL}}, {{NULL, NULL}}, "3 of 3   0;"},
    {"another text was begun", "x", "", {{NULL, NULL}}, {{NULL, NULL}}, "0 of 3 transaction statement 1 0 otherwise;"},
    {"it was applied since", "ddda", "", {{NULL, NULL}}, {{"table app.z", "owner=ann"}}, "; table app.z"},
    {"what appeared in another store is not", "d", "@ledger_read_blob -> kept\n", {{NULL, NULL}}, {{"table app.a", "owner=ann"}}, "1 of 3 CREATE INDEX index app.i 0; toy:table audit.hello"},
    {"what was removed is gone", "d", "@ledger_read_blob -> kept\n", {{"view app.v", "owner=ann"}}, {{NULL, NULL}}, "1 of 3 CREATE INDEX index app.i 0;"},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static struct facet *facets_of(struct arena *a, const char *text, size_t *n)
{
    struct facet *v = ARENA_ARRAY(a, struct facet, 8);
    char *rest = arena_strdup(a, text);
    for (*n = 0; rest != NULL && *rest != '\0'; (*n)++) {
        char *pair = strsep(&rest, ";");
        v[*n].name = strsep(&pair, "=");
        v[*n].value = pair;
    }
    return v;
}

static struct catalog catalog_of(const struct thing *v)
{
    struct catalog c = {
        .a = t.s.a, .format = CATALOG_FORMAT, .by_text = {.a = t.s.a}, .by_oid = {.a = t.s.a}};
    for (int i = 0; i < MOST && v[i].object != NULL; i++) {
        struct object o;
        size_t n = 0;
        if (object_parse(t.s.a, v[i].object, &o) == 0) {
            struct facet *facets = facets_of(t.s.a, v[i].facets, &n);
            (void)catalog_add(&c, o, facets, n);
        }
    }
    catalog_seal(&c);
    return c;
}

static void record(const struct thing *v)
{
    struct catalog c = catalog_of(v);
    struct object_rows *sum = &t.s.sum;
    *sum = (struct object_rows){ARENA_ARRAY(t.s.a, struct object_row, MOST + 1), 0, 0};
    for (size_t i = 0; i < c.n; i++) {
        sum->v[sum->n++] = (struct object_row){c.v[i]->text, c.v[i]->fingerprint,
                                               catalog_definition(t.s.a, c.v[i]), 2, 2};
    }
}

static void find_elsewhere(void)
{
    static const struct object_rows nothing;
    static const struct object hello = {OBJ_TABLE, "audit", "hello", "toy"};
    struct catalog c = catalog_of((const struct thing[MOST]){{NULL, NULL}});
    size_t n = 0;
    struct facet *facets = facets_of(t.s.a, "owner=ann", &n);
    (void)catalog_add(&c, hello, facets, n);
    catalog_seal(&c);
    site_compare(&t.s, &nothing, &c);
}

static void keep(void)
{
    static const char digits[] = "0123456789abcdef";
    struct arena a = {0};
    struct object_row rows[2] = {{.object = "table app.a", .definition = "owner\tann\n"},
                                 {.object = "view app.v"}};
    struct stepped s = {.objects = {rows, 2, 2}, .diff = {.migration_id = "M-1"}};
    struct bytes text = stepped_write(&a, &s);
    memcpy(hex, "rows ", 5);
    for (size_t i = 0; i < text.n && 2 * i + 7 < sizeof hex; i++) {
        hex[5 + 2 * i] = digits[(uint8_t)text.p[i] >> 4];
        hex[6 + 2 * i] = digits[(uint8_t)text.p[i] & 15];
    }
    kept_text = digest_of(text);
    arena_release(&a);
}

static void add_entry(enum entry_kind kind, const char *result, const struct digest *key)
{
    struct arena *a = t.s.a;
    ARENA_GROW(a, made.v, made.n, made.cap);
    made.v[made.n] = (struct entry){.sequence = (int64_t)made.n + 10,
                                    .kind = kind,
                                    .subject = "M-1",
                                    .result = result,
                                    .run_id = "run",
                                    .checksum = *key,
                                    .bundle_digest = kept_text};
    made.n++;
}

/* What stood before a partition is detached: attached. */
static struct digest attached(void)
{
    return digest_of(bytes_str("7 5 whole partition"));
}

static void journal(const struct bundle *b, const char *entries)
{
    struct segments l;
    segments_of(t.s.a, b, &l);
    made = (struct entries){0};
    for (size_t i = 0; entries[i] != '\0'; i++) {
        const struct segment *g = &l.v[i < l.n ? i : 0];
        struct journal_step step = {.subject = "M-1",
                                    .store = "postgis",
                                    .verb = g->verb,
                                    .object = g->object,
                                    .at = (int64_t)i + 1,
                                    .payload = digest_of(g->text)};
        step.payload = entries[i] == 'x' ? digest_of(bytes_str("x")) : step.payload;
        const struct digest key = journal_key(&step);
        if (entries[i] == 'a') {
            add_entry(ENTRY_APPLY, "success", &b->checksum);
            continue;
        }
        if (entries[i] == 'o' || entries[i] == 'v') {
            add_entry(ENTRY_INTENT, "success", &key);
            made.v[made.n - 1].pre = i == 2 ? attached() : (struct digest){{0}};
        }
        if (entries[i] != 'o') {
            add_entry(ENTRY_DONE, entries[i] == 'v' ? "failed" : "success", &key);
        }
    }
}

static void describe(char *out, size_t size)
{
    const struct world *w = &t.s.world;
    const struct begun *b = w->n_begun > 0 ? &w->begun[0] : NULL;
    size_t n = 0;
    if (b != NULL) {
        n = (size_t)snprintf(out, size, "%zu of %zu %s %s %d%s", b->at, b->n, b->verb, b->object,
                             (int)b->standing, b->is_otherwise ? " otherwise" : "");
    }
    n += (size_t)snprintf(out + n, size - n, ";");
    for (size_t i = 0; i < w->n_drift; i++) {
        n += (size_t)snprintf(out + n, size - n, " %s", w->drift[i].text);
    }
}

static const char *hears(void *ctx, int session, const char *text, int n, const char *const *params,
                         const char *answer)
{
    return strcmp(answer, "kept") == 0 ? hex : keeper_hears(ctx, session, text, n, params, answer);
}

static void play(size_t i)
{
    struct err e = {0};
    char left[2048] = "";
    setting_project("");
    project_put("migrations/postgis/M-1/forward.sql", FORWARD);
    setting_open(&t, "dev", LEDGER_UUID, 3);
    setting_play(&t, arena_printf(t.s.a,
                                  "connect -> ok\n@ledger_identify_full -> ask\n"
                                  "@ledger_read_entries -> ask\n%s",
                                  scenarios[i].lines));
    pq_model(hears, &t.keeper);
    int rc = site_link(&t.s, &e);
    struct bundle *b = &t.l.p.bundle[0];
    rc = rc == 0 ? load_decl(&t.l.p, b, &e) : rc;
    plan_scripts(t.s.a, b);
    journal(b, scenarios[i].entries);
    t.s.entries = made;
    t.s.id.version = 160004;
    t.s.catalog = catalog_of(scenarios[i].now);
    record(scenarios[i].was);
    rc = rc == 0 ? site_find_drift(&t.s, &e) : rc;
    if (rc == 0 && strstr(scenarios[i].words, "toy:") != NULL) {
        find_elsewhere();
    }
    rc = rc == 0 ? halfway_find(&t.s, &e) : rc;
    if (rc != 0) {
        (void)snprintf(left, sizeof left, "error");
    } else {
        describe(left, sizeof left);
    }
    bool good = strcmp(left, scenarios[i].words) == 0;
    setting_close(&t);
    good = pq_played() && good;
    if (!good) {
        printf("# %s (%s)\n# wanted %s\n", left, e.msg, scenarios[i].words);
    }
    ok(good, scenarios[i].name);
}

int main(void)
{
    keep();
    return setting_each(N, play);
}
