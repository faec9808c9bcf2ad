/* layer: run */
/* What a run saw, as its documents say it: changes with their facets, rows, violations. */
#include "run/account.h"
#include "tap.h"

static struct arena a;

static const char *text_of(struct bytes b)
{
    return arena_strndup(&a, b.p, b.n);
}

static bool says(struct bytes b, const char *words)
{
    bool good = b.p != NULL && strstr(text_of(b), words) != NULL;
    if (!good) {
        printf("# %s is not in: %s\n", words, b.p == NULL ? "nothing" : text_of(b));
    }
    return good;
}

static struct catalog_object object(const char *name)
{
    struct catalog_object o = {.object = {OBJ_TABLE, "app", name, NULL}};
    o.text = object_text(&a, &o.object);
    return o;
}

int main(void)
{
    static const struct facet_diff facets[] = {{FACET_ADDED, "column geom"},
                                               {FACET_REMOVED, "column shape"}};
    struct catalog_object made = object("made");
    struct catalog_object gone = object("gone");
    struct catalog_object other = object("other");
    struct change changes[] = {{NULL, &made}, {&gone, NULL}, {&other, &other}};
    struct decl decl = {.limits = limits_none};
    struct bundle bundle = {.id = "M-1", .decl = &decl};
    struct outcome o = {.observed = false};
    struct evidence_set e = {0};

    tap_plan(10);
    evidence_of(&a, &bundle, &o, &e);
    ok(e.diff.bytes.p == NULL && e.touched.bytes.p == NULL, "nothing was seen, so nothing is said");

    o.observed = true;
    o.seen.changes = changes;
    o.seen.n_changes = 3;
    touches_add(
        &a, &o.seen.touches,
        (struct touch){
            .object = other.object, .effect = EFFECT_ALTER, .facets = facets, .n_facets = 2});
    touches_add(&a, &o.seen.touches,
                (struct touch){.object = made.object, .effect = EFFECT_WRITE, .inserted = 7});
    touches_add(&a, &o.seen.touches,
                (struct touch){.object = gone.object, .effect = EFFECT_DROP, .deleted = 9});
    touches_add(&a, &o.seen.touches,
                (struct touch){.object = other.object, .effect = EFFECT_WRITE});
    finding_fail(&a, &o.gates, "scope", "%s", "alter of app.other");
    finding_fail(&a, &o.gates, "protected", "%s", "drop of app.gone");
    finding_fail(&a, &o.gates, "drift", "%s", "app.made was changed");
    finding_pass(&a, &o.gates, "scope");
    evidence_of(&a, &bundle, &o, &e);
    ok(says(e.diff.bytes,
            "{\"change\":\"changed\",\"facets\":[{\"change\":\"added\",\"facet\":\"column geom\"},"
            "{\"change\":\"removed\",\"facet\":\"column shape\"}],\"object\":\"table app.other\"}"),
       "an object that was altered, with its facets");
    ok(says(e.diff.bytes, "{\"change\":\"added\",\"facets\":[],\"object\":\"table app.made\"}"),
       "one that came");
    ok(says(e.diff.bytes, "{\"change\":\"removed\",\"facets\":[],\"object\":\"table app.gone\"}"),
       "one that went");
    ok(says(e.diff.bytes, "\"violations\":[\"alter of app.other\",\"drop of app.gone\"]"),
       "what scope and protected say is told, and no other gate");
    ok(says(e.diff.bytes,
            "\"rows\":[{\"deleted\":0,\"inserted\":7,\"table\":\"table app.made\",\"updated\":0},"
            "{\"deleted\":9,\"inserted\":0,\"table\":\"table app.gone\",\"updated\":0}]"),
       "rows, of the tables only that lost or got some");
    is_str(text_of(e.touched.bytes),
           "object,effect,inserted,updated,deleted\ntable app.other,alter,0,0,0\n"
           "table app.made,write,7,0,0\ntable app.gone,drop,0,0,9\ntable app.other,write,0,0,0\n",
           "every touch is listed");

    o.seen.n_tables_touched = 4;
    o.seen.index_delta = -2;
    o.seen.rows = 16;
    struct limits l = limits_observed(&o.seen);
    is_int(l.max_table_count_touched, 4, "tables");
    is_int(l.max_index_count_delta, -2, "indexes");
    is_int(l.max_row_backfill, 16, "rows");
    arena_release(&a);
    return tap_done();
}
