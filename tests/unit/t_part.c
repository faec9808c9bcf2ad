/* layer: model */
/* What a generation is made of: what makes two parts the same one, their digest, their text, their form in ledgers. */
#include "doc/doc.h"
#include "doc/json.h"
#include "model/part.h"
#include "tap.h"

static struct digest number(uint8_t n)
{
    struct digest d = {{0}};
    d.b[31] = n;
    return d;
}

static struct part migration(const char *id, uint8_t n)
{
    return (struct part){.kind = PART_MIGRATION, .id = id, .digest = number(n)};
}

static struct part mapping(const char *asset, const char *table, uint8_t n)
{
    return (struct part){.kind = PART_MAPPING,
                         .dataset = "wells",
                         .version = "2026-02.a",
                         .asset = asset,
                         .table = table,
                         .digest = number(n)};
}

static struct part alone(enum part_kind kind, uint8_t n)
{
    return (struct part){.kind = kind, .digest = number(n)};
}

static void try_same(void)
{
    struct part wells = mapping("f", "pts", 1);
    struct part source = wells;
    source.kind = PART_SOURCE;
    struct part other = wells;
    other.dataset = "roads";
    const struct {
        struct part a, b;
        bool same;
        const char *name;
    } rows[] = {
        {migration("a", 1), migration("a", 2), true, "one migration with two contents"},
        {migration("a", 1), migration("b", 1), false, "two migrations"},
        {wells, mapping("f", "pts", 2), true, "one mapping, changed"},
        {wells, mapping("f", "marks", 1), false, "the same asset into another table"},
        {wells, mapping("g", "pts", 1), false, "another asset into the same table"},
        {wells, other, false, "another dataset"},
        {wells, mapping("f", NULL, 1), true, "a table that an older ledger does not say"},
        {wells, source, false, "a source and its mapping"},
        {alone(PART_RULE, 1), alone(PART_RULE, 2), true, "the rules"},
        {alone(PART_RULE, 1), alone(PART_PROJ, 1), false, "the rules and PROJ"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ok(part_is_same(&rows[i].a, &rows[i].b) == rows[i].same, rows[i].name);
    }
}

static struct parts list_of(struct arena *a, const struct part *v, size_t n)
{
    struct parts list = {0};
    for (size_t i = 0; i < n; i++) {
        parts_add(a, &list, v[i]);
    }
    return list;
}
#define LIST(a, ...)                                                                               \
    list_of(a, (struct part[]){__VA_ARGS__},                                                       \
            sizeof((struct part[]){__VA_ARGS__}) / sizeof(struct part))

static void try_lists(void)
{
    struct arena a = {0};
    struct parts list =
        LIST(&a, migration("a", 1), mapping("f", "pts", 2), mapping("f", "marks", 3));
    struct part marks = mapping("f", "marks", 3);
    struct part changed = mapping("f", "marks", 4);
    struct part gone = mapping("g", "marks", 3);
    is_int(parts_find(&list, &changed)->digest.b[31], 3, "each table has its own mapping");
    ok(parts_have(&list, &marks) && !parts_have(&list, &changed), "what changed is not in it");
    ok(parts_find(&list, &gone) == NULL && !parts_have(&list, &gone), "what is not there");
    ok(parts_migration(&list, "a") != NULL && parts_migration(&list, "b") == NULL, "a migration");
    ok(parts_twice(&list) == NULL, "no part stands there twice");
    parts_add(&a, &list, changed);
    const struct part *twice = parts_twice(&list);
    is_str(twice != NULL ? part_text(&a, twice) : "", "mapping wells/2026-02.a#f>marks",
           "one that does is named");
    arena_release(&a);
}

static void try_chains(void)
{
    struct arena a = {0};
    struct parts was = LIST(&a, migration("a", 1), migration("b", 2), mapping("f", "pts", 1));
    const struct {
        struct parts now;
        const char *change, *gone;
    } rows[] = {
        {LIST(&a, migration("a", 1), migration("b", 2), alone(PART_RULE, 1)), "", ""},
        {LIST(&a, migration("a", 1), migration("b", 3)), "b", "b"},
        {LIST(&a, migration("a", 1)), "b", "b"},
        {LIST(&a, migration("a", 1), migration("b", 2), migration("c", 3)), "c", ""},
        {LIST(&a, migration("b", 2), migration("a", 1)), "b", ""},
        {LIST(&a, alone(PART_RULE, 1)), "a", "a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct part *change = parts_chain_change(&was, &rows[i].now);
        const struct part *gone = parts_migration_gone(&was, &rows[i].now);
        is_str(change != NULL ? change->id : "", rows[i].change, "the first difference of chains");
        is_str(gone != NULL ? gone->id : "", rows[i].gone, "the first that went or changed");
    }
    arena_release(&a);
}

/* Computed independently: python3, hashlib over the framed fields. */
#define DIGEST_OF_THREE "sha256:a6b545c80f0657832a1ebbef6641a7096fa3d5c8e9726a1be70fa190943ac154"

static void try_digest(void)
{
    struct arena a = {0};
    char text[DIGEST_TEXT];
    struct parts three = LIST(&a, migration("a", 1), mapping("f", "pts", 2), alone(PART_RULE, 3));
    struct digest d = parts_digest(&three);
    is_str(digest_text(&d, text), DIGEST_OF_THREE, "the digest that part.h defines");
    const struct parts others[] = {
        LIST(&a, migration("a", 1), mapping("f", "marks", 2), alone(PART_RULE, 3)),
        LIST(&a, migration("a", 1), mapping("f", "pts", 4), alone(PART_RULE, 3)),
        LIST(&a, mapping("f", "pts", 2), migration("a", 1), alone(PART_RULE, 3)),
        LIST(&a, migration("a", 1), mapping("f", "pts", 2)),
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct digest other = parts_digest(&others[i]);
        ok(!digest_eq(&d, &other), "another table, digest, order or number makes another");
    }
    arena_release(&a);
}

static void try_ledger_form(void)
{
    struct arena a = {0};
    struct parts list =
        LIST(&a, migration("a", 1), mapping("f#x", "pts > 1", 2), alone(PART_RULE, 3));
    struct doc *facts = doc_new(&a, DOC_MAP);
    struct parts back;
    doc_put(&a, facts, "parts", parts_doc(&a, &list));
    is_int(parts_read(&a, facts, &back), 0, "what was written is read");
    struct digest d = parts_digest(&list);
    struct digest e = parts_digest(&back);
    ok(back.n == 3 && digest_eq(&d, &e), "and is the same");
    is_str(back.v[1].table, "pts > 1", "whatever the names");
    is_int(parts_read(&a, doc_new(&a, DOC_MAP), &back), 0,
           "a schema that was adopted has no parts");
    is_int((int)back.n, 0, "none at all");
    arena_release(&a);
}

#define ONE "\"sha256:0000000000000000000000000000000000000000000000000000000000000001\""

static void try_older_form(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct parts list;
    const char *text = "{\"components\":{\"migration PG-MIG-2026-01-01-01\":" ONE
                       ",\"source wells/2026-02.a#f\":" ONE ",\"mapping wells/2026-02.a#f\":" ONE
                       ",\"rule\":" ONE ",\"proj\":" ONE "}}";
    const struct doc *facts = json_read(&a, bytes_str(text), "facts", &e);
    is_int(parts_read(&a, facts, &list), 0, "what an older kfmig wrote is read");
    is_int((int)list.n, 5, "all of it");
    is_str(list.v[0].id, "PG-MIG-2026-01-01-01", "a migration");
    is_str(list.v[2].dataset, "wells", "a mapping's dataset");
    is_str(list.v[2].version, "2026-02.a", "its version");
    is_str(list.v[2].asset, "f", "its asset");
    ok(list.v[2].table == NULL, "and no table");
    is_str(part_text(&a, &list.v[2]), "mapping wells/2026-02.a#f", "as it was shown");
    is_int(list.v[4].kind, PART_PROJ, "PROJ's version");
    arena_release(&a);
}

static void try_damage(void)
{
    static const char *const rows[] = {
        "{\"components\":{\"moons\":" ONE "}}",
        "{\"components\":{\"rule of thumb\":" ONE "}}",
        "{\"components\":{\"migration\":" ONE "}}",
        "{\"components\":{\"source wells\":" ONE "}}",
        "{\"components\":{\"rule\":7}}",
        "{\"components\":{\"rule\":\"sha256:1\"}}",
        "{\"components\":[" ONE "]}",
        "{\"parts\":{\"rule\":" ONE "}}",
        "{\"parts\":[{\"part\":\"moons\",\"digest\":" ONE "}]}",
        "{\"parts\":[{\"part\":\"migration\",\"digest\":" ONE "}]}",
        "{\"parts\":[{\"part\":\"source\",\"dataset\":\"w\",\"version\":\"1\",\"digest\":" ONE
        "}]}",
        "{\"parts\":[{\"part\":\"rule\"}]}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct parts list;
        const struct doc *facts = json_read(&a, bytes_str(rows[i]), "facts", &e);
        ok(facts != NULL && parts_read(&a, facts, &list) == -1, rows[i]);
        arena_release(&a);
    }
}

int main(void)
{
    tap_plan(10 + 6 + 12 + 5 + 5 + 9 + 12);
    try_same();
    try_lists();
    try_chains();
    try_digest();
    try_ledger_form();
    try_older_form();
    try_damage();
    return tap_done();
}
