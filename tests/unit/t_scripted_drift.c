/* layer: site scripted */
/* What drifted: a row of the ledger's sum against what stands there. What belongs to the whole server, what another version of the server
 * reads otherwise, and procedures that version 14 named anew. */
#include "scripted_site.h"

static struct setting t;

/* --- what stands there, and what the ledger says */

enum { MOST = 3 };
/* An object and its facets, "name=value;name=value". NULL: there is none. */
struct thing {
    const char *object, *facets;
};

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

static void add(struct catalog *c, const struct thing *x)
{
    struct object o;
    size_t n = 0;
    if (object_parse(t.s.a, x->object, &o) != 0) {
        BUG("no object");
    }
    struct facet *facets = facets_of(t.s.a, x->facets, &n);
    (void)catalog_add(c, o, facets, n);
}

static struct catalog catalog_of(const struct thing *v, int format)
{
    struct catalog c = {
        .a = t.s.a, .format = format, .by_text = {.a = t.s.a}, .by_oid = {.a = t.s.a}};
    for (int i = 0; i < MOST && v[i].object != NULL; i++) {
        add(&c, &v[i]);
    }
    catalog_seal(&c);
    return c;
}

/* The sum that holds these things, each written by entry "written". */
static void record(const struct thing *v, int format, int64_t written)
{
    struct catalog c = catalog_of(v, format);
    struct object_rows *sum = &t.s.sum;
    *sum = (struct object_rows){ARENA_ARRAY(t.s.a, struct object_row, MOST + 1), 0, 0};
    for (size_t i = 0; i < c.n; i++) {
        sum->v[sum->n++] = (struct object_row){c.v[i]->text, c.v[i]->fingerprint,
                                               catalog_definition(t.s.a, c.v[i]), 2, written};
    }
}

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define RECORDED_ON(version) "@ledger_read_versions -> rows 2 | " version "\n"

/* clang-format off */
static const struct {
    const char *name;
    int format;
    int64_t written; /* 3: by S-1; 1: found at first contact; 0, 9: by nobody */
    struct thing was[MOST], now[MOST];
    const char *lines;
    const char *words; /* "error ..." or a drifted object each */
} scenarios[] = {
    {"nothing differs", 2, 3, {{"table app.t", "owner=ann"}}, {{"table app.t", "owner=ann"}}, "", ""},
    {"a facet differs", 2, 3, {{"table app.t", "owner=ann"}}, {{"table app.t", "owner=bob"}}, "", "table app.t after S-1"},
    {"found at first contact", 2, 1, {{"table app.t", "owner=ann"}}, {{"table app.t", "owner=bob"}}, "", "table app.t"},
    {"written by no entry", 2, 0, {{"table app.t", "owner=ann"}}, {{"table app.t", "owner=bob"}}, "", "table app.t"},
    {"written by an entry that is not there", 2, 9, {{"table app.t", "owner=ann"}}, {{"table app.t", "owner=bob"}}, "", "table app.t"},
    {"gone", 2, 1, {{"table app.t", "owner=ann"}}, {{NULL, NULL}}, "", "table app.t gone"},
    {"new", 2, 1, {{NULL, NULL}}, {{"table app.t", "owner=ann"}}, "", "table app.t new"},
    {"in the first format fingerprints are compared", 1, 1, {{"table app.t", "owner=ann"}}, {{"table app.t", "owner=bob"}}, "", "table app.t"},

    {"a role that nobody wrote is the server's", 2, 1, {{NULL, NULL}}, {{"role ann", "login=yes"}}, "", ""},
    {"a role that a migration wrote", 2, 3, {{"role ann", "login=yes"}}, {{"role ann", "login=no"}}, "", "role ann after S-1"},
    {"a role's setting in all databases", 2, 1, {{NULL, NULL}}, {{"setting ann", "of role work_mem=4MB"}}, "", ""},
    {"a setting of this database", 2, 1, {{NULL, NULL}}, {{"setting kfm", "of database work_mem=4MB"}}, "", "setting kfm new"},
    {"a role's setting in this database", 2, 1, {{NULL, NULL}}, {{"setting ann", "of role in this database work_mem=4MB"}}, "", "setting ann new"},
    {"a setting, in the first format", 1, 1, {{NULL, NULL}}, {{"setting ann", "of role work_mem=4MB"}}, "", "setting ann new"},
    {"a tablespace that nobody uses", 2, 1, {{NULL, NULL}}, {{"tablespace fast", "owner=ann"}, {"table app.t", "tablespace=slow"}}, "", "table app.t new"},
    {"a tablespace that a table uses", 2, 1, {{NULL, NULL}}, {{"table app.t", "tablespace=fast"}, {"tablespace fast", "owner=ann"}}, "", "table app.t new, tablespace fast new"},
    {"a tablespace that an index uses", 2, 1, {{NULL, NULL}}, {{"table app.t", "index i=btree (n) tablespace fast"}, {"tablespace fast", "owner=ann"}}, "", "table app.t new, tablespace fast new"},
    {"a tablespace whose name begins like the one in use", 2, 1, {{NULL, NULL}}, {{"table app.t", "index i=btree (n) tablespace faster;index j=btree (n)"}, {"tablespace fast", "owner=ann"}}, "", "table app.t new"},
    {"a tablespace, in the first format", 1, 1, {{NULL, NULL}}, {{"table app.t", "tablespace=fast"}, {"tablespace fast", "owner=ann"}}, "", "table app.t new"},

    {"deparsed otherwise, by the same version", 2, 3, {{"view app.v", "definition=" D1}}, {{"view app.v", "definition=" D2}}, RECORDED_ON("160004"), "view app.v after S-1"},
    {"deparsed otherwise, by a newer version", 2, 3, {{"view app.v", "definition=" D1}}, {{"view app.v", "definition=" D2}}, RECORDED_ON("150004"), "view app.v after S-1 from 15, upgraded 1"},
    {"deparsed otherwise, by an older version", 2, 3, {{"view app.v", "definition=" D1}}, {{"view app.v", "definition=" D2}}, RECORDED_ON("170001"), "view app.v after S-1"},
    {"deparsed otherwise, and the version is not known", 2, 3, {{"view app.v", "definition=" D1}}, {{"view app.v", "definition=" D2}}, "@ledger_read_versions -> rows\n", "view app.v after S-1"},
    {"deparsed otherwise, and something else differs", 2, 3, {{"view app.v", "definition=" D1 ";owner=ann"}}, {{"view app.v", "definition=" D2 ";owner=bob"}}, "", "view app.v after S-1"},
    {"deparsed otherwise, and the ledger is cut", 2, 3, {{"view app.v", "definition=" D1}}, {{"view app.v", "definition=" D2}}, "@ledger_read_versions -> cut\n", "error the connection to"},
    {"of two that differ one is another version's", 2, 3, {{"table app.t", "owner=ann"}, {"view app.v", "definition=" D1}}, {{"table app.t", "owner=bob"}, {"view app.v", "definition=" D2}}, RECORDED_ON("150004"), "table app.t after S-1, view app.v after S-1 from 15, upgraded 1"},

    {"a procedure under the name of version 14", 2, 3, {{"function app.p(a integer, b text)", "language=sql"}}, {{"function app.p(IN a integer, IN b text)", "language=sql"}}, RECORDED_ON("130012"),
     "function app.p(IN a integer, IN b text) new from 13, function app.p(a integer, b text) gone after S-1 from 13, upgraded 2"},
    {"a procedure under such a name, which changed besides", 2, 3, {{"function app.p(a integer)", "language=sql"}}, {{"function app.p(IN a integer)", "language=plpgsql"}}, "", "function app.p(IN a integer) new, function app.p(a integer) gone after S-1"},
    {"a procedure with such a name, and the old one stands", 2, 3, {{"function app.p(a integer)", "language=sql"}}, {{"function app.p(IN a integer)", "language=sql"}, {"function app.p(a integer)", "language=sql"}}, "", "function app.p(IN a integer) new"},
    {"a procedure with such a name, and nothing was called so", 2, 3, {{NULL, NULL}}, {{"function app.p(IN a integer)", "language=sql"}}, "", "function app.p(IN a integer) new"},
    {"a function without such a name", 2, 3, {{NULL, NULL}}, {{"function app.f(a integer)", "language=sql"}}, "", "function app.f(a integer) new"},
    {"a procedure under the name of version 14, in the first format", 1, 3, {{"function app.p(a integer)", "language=sql"}}, {{"function app.p(IN a integer)", "language=sql"}}, "", "function app.p(IN a integer) new, function app.p(a integer) gone after S-1"},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static void describe(char *out, size_t size)
{
    const struct world *w = &t.s.world;
    size_t n = 0;
    for (size_t i = 0; i < w->n_drift; i++) {
        const struct drift *d = &w->drift[i];
        n += (size_t)snprintf(out + n, size - n, "%s%s%s%s%s", i > 0 ? ", " : "", d->text,
                              digest_is_zero(&d->was)   ? " new"
                              : digest_is_zero(&d->now) ? " gone"
                                                        : "",
                              d->last_writer[0] != '\0' ? " after " : "", d->last_writer);
        n += (size_t)(d->from_major > 0 ? snprintf(out + n, size - n, " from %d", d->from_major)
                                        : 0);
    }
    if (w->n_upgraded > 0) {
        (void)snprintf(out + n, size - n, ", upgraded %zu", w->n_upgraded);
    }
}

static void play(size_t i)
{
    struct err e = {0};
    char left[2048] = "";
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    setting_play(&t, arena_printf(t.s.a,
                                  "connect -> ok\n@ledger_identify_full -> ask\n"
                                  "@ledger_read_entries -> ask\n%s",
                                  scenarios[i].lines));
    int rc = site_link(&t.s, &e);
    t.s.id.version = 160004;
    t.s.catalog = catalog_of(scenarios[i].now, scenarios[i].format);
    record(scenarios[i].was, scenarios[i].format, scenarios[i].written);
    rc = rc == 0 ? site_find_drift(&t.s, &e) : rc;
    if (rc != 0) {
        (void)snprintf(left, sizeof left, "error %s", e.msg);
    } else {
        describe(left, sizeof left);
    }
    bool good = rc == 0 ? strcmp(left, scenarios[i].words) == 0
                        : strncmp(left, scenarios[i].words, strlen(scenarios[i].words)) == 0 &&
                              scenarios[i].words[0] != '\0';
    setting_close(&t);
    good = pq_played() && good;
    if (!good) {
        printf("# %s\n# wanted %s\n", left, scenarios[i].words);
    }
    ok(good, scenarios[i].name);
}

int main(void)
{
    return setting_each(N, play);
}
