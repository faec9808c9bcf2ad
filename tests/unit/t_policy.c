/* layer: model */
/* Policies: which deeds there are, what a rule speaks of, what a migration lacks, and which rules cannot both be meant. */
#include "model/policy.h"

#include <stdlib.h>
#include <string.h>

#include "doc/yaml.h"
#include "tap.h"

static struct arena a;

/* clang-format off */
static const struct {
    const char *text;
    bool is_one;
} deeds[] = {
    {"any", true}, {"drop", true}, {"drop table", true}, {"truncate", true}, {"write", true}, {"create extension", true}, {"alter role", true},
    {"drop materialized view", true}, {"drop foreign_table", true}, {"alter default privileges", true},
    {"", false}, {"read", false}, {"reference", false}, {"read table", false}, {"DROP TABLE", false}, {"drop tables", false}, {"drop ", false}, {"dropping", false}, {"any table", false},
    {"drop a kind of object whose name is as long as no name is", false},
};

/* A rule "deeds; classes; rows_over" and something that is done. */
static const struct {
    const char *deed, *classes;
    long long rows_over;
    enum effect effect;
    enum object_kind kind;
    long long rows;
    char class;
    bool speaks;
} met[] = {
    {"drop table", "", -1, EFFECT_DROP, OBJ_TABLE, 0, 'A', true},
    {"drop table", "", -1, EFFECT_DROP, OBJ_VIEW, 0, 'A', false},
    {"drop table", "", -1, EFFECT_ALTER, OBJ_TABLE, 0, 'A', false},
    {"drop", "", -1, EFFECT_DROP, OBJ_VIEW, 0, 'A', true},
    {"any", "", -1, EFFECT_CREATE, OBJ_SCHEMA, 0, 'A', true},
    {"any", "", -1, EFFECT_READ, OBJ_TABLE, 0, 'A', false},
    {"any", "", -1, EFFECT_REFERENCE, OBJ_TABLE, 0, 'A', false},
    {"drop", "CD", -1, EFFECT_DROP, OBJ_VIEW, 0, 'C', true},
    {"drop", "CD", -1, EFFECT_DROP, OBJ_VIEW, 0, 'B', false},
    {"drop", "CD", -1, EFFECT_DROP, OBJ_VIEW, 0, 'U', true},
    {"drop", "AB", -1, EFFECT_DROP, OBJ_VIEW, 0, 'U', false},
    {"write", "", 1000, EFFECT_WRITE, OBJ_TABLE, 1001, 'B', true},
    {"write", "", 1000, EFFECT_WRITE, OBJ_TABLE, 1000, 'B', false},
    {"write", "", 1000, EFFECT_WRITE, OBJ_TABLE, ROWS_UNKNOWN, 'B', false},
    {"write", "", 0, EFFECT_WRITE, OBJ_TABLE, 0, 'B', false},
};

static const struct {
    const char *name;
    enum policy_effect one;
    const char *deed, *classes;
    long long rows_over;
    enum policy_effect other;
    const char *other_deed, *other_classes;
    long long other_rows;
    bool contradicts;
} pairs[] = {
    {"what is warned of is forbidden", POLICY_FORBID, "drop", "", -1, POLICY_WARN, "drop table", "", -1, true},
    {"the same deed", POLICY_FORBID, "drop table", "", -1, POLICY_WARN, "drop table", "C", -1, true},
    {"everything", POLICY_FORBID, "any", "", -1, POLICY_WARN, "alter role", "", 5, true},
    {"only some of it", POLICY_FORBID, "drop table", "", -1, POLICY_WARN, "drop", "", -1, false},
    {"of everything some", POLICY_FORBID, "drop", "", -1, POLICY_WARN, "any", "", -1, false},
    {"of other classes", POLICY_FORBID, "drop", "AB", -1, POLICY_WARN, "drop", "C", -1, false},
    {"of some classes only", POLICY_FORBID, "drop", "AB", -1, POLICY_WARN, "drop", "", -1, false},
    {"of all classes by name", POLICY_FORBID, "drop", "DCBA", -1, POLICY_WARN, "drop", "", -1, true},
    {"of more rows only", POLICY_FORBID, "write", "", 100, POLICY_WARN, "write", "", 10, false},
    {"of fewer rows already", POLICY_FORBID, "write", "", 10, POLICY_WARN, "write", "", 100, true},
    {"something is required of what may not be", POLICY_FORBID, "any", "C", -1, POLICY_REQUIRE, "", "C", -1, true},
    {"... of what may be in part", POLICY_FORBID, "drop", "C", -1, POLICY_REQUIRE, "", "C", -1, false},
    {"two that forbid", POLICY_FORBID, "drop", "", -1, POLICY_FORBID, "drop", "", -1, false},
    {"two that warn", POLICY_WARN, "drop", "", -1, POLICY_WARN, "drop", "", -1, false},
};

static const struct {
    const char *declared;
    bool window, rollback, invariants;
    const char *reference;
    unsigned needs;
    const char *lacks; /* "": nothing */
} required[] = {
    {"ticket: KFM-1", false, false, false, "", 1U << NEED_REFERENCE, ""},
    {"ticket: TBD", false, false, false, "", 1U << NEED_REFERENCE, "reference"},
    {"owner: me", false, false, false, "", 1U << NEED_REFERENCE, "reference"},
    {"owner: me", false, false, false, "ADR 7", 1U << NEED_REFERENCE, ""},
    {"owner: me", true, true, true, "", 1U << NEED_WINDOW | 1U << NEED_ROLLBACK | 1U << NEED_INVARIANTS, ""},
    {"owner: me", false, true, true, "", 1U << NEED_WINDOW, "window"},
    {"owner: me", true, false, true, "", 1U << NEED_ROLLBACK, "rollback"},
    {"owner: me", true, true, false, "", 1U << NEED_INVARIANTS, "invariants"},
    {"owner: me", false, false, false, "", 0, ""},
};
/* clang-format on */
enum {
    N_DEEDS = sizeof deeds / sizeof *deeds,
    N_MET = sizeof met / sizeof *met,
    N_PAIRS = sizeof pairs / sizeof *pairs,
    N_REQUIRED = sizeof required / sizeof *required
};

static struct policy_rule rule(enum policy_effect e, const char *deed, const char *classes,
                               long long rows_over)
{
    struct policy_rule r = {
        .id = "one", .effect = e, .classes = classes, .rows_over = rows_over, .why = ""};
    r.deeds = ARENA_NEW(&a, struct policy_deed);
    r.n_deeds = policy_deed_parse(deed, r.deeds) ? 1 : 0;
    return r;
}

static void test_met(size_t i)
{
    struct policy_rule r = rule(POLICY_FORBID, met[i].deed, met[i].classes, met[i].rows_over);
    struct touch t = {.object = {met[i].kind, "s", "x", NULL}, .effect = met[i].effect};
    bool speaks = policy_is_about(&r, met[i].class) && policy_meets(&r, &t, met[i].rows);
    ok(speaks == met[i].speaks, arena_printf(&a, "%s of %c, %zu", met[i].deed, met[i].class, i));
}

static void test_pair(size_t i)
{
    struct policy_rule one =
        rule(pairs[i].one, pairs[i].deed, pairs[i].classes, pairs[i].rows_over);
    struct policy_rule other =
        rule(pairs[i].other, pairs[i].other_deed, pairs[i].other_classes, pairs[i].other_rows);
    ok((policy_contradicts(&one, &other) != NULL) == pairs[i].contradicts &&
           policy_contradicts(&other, &one) == NULL,
       pairs[i].name);
}

static void test_required(size_t i)
{
    struct err e = {0};
    struct artifact file = {.path = "x"};
    struct decl d = {.wants_window = required[i].window,
                     .approval_reference = required[i].reference,
                     .rollback = {&file, required[i].rollback, 1},
                     .invariants = {&file, required[i].invariants, 1},
                     .document = yaml_read(&a, bytes_str(required[i].declared), "m.yml", &e)};
    struct policy_rule r = rule(POLICY_REQUIRE, "", "", -1);
    r.needs = required[i].needs;
    enum policy_need lacks = policy_lacks(&r, &d);
    is_str(lacks == POLICY_NEEDS ? "" : policy_need_text(lacks), required[i].lacks,
           arena_printf(&a, "%s, %u", required[i].declared, required[i].needs));
}

int main(void)
{
    tap_plan(N_DEEDS + N_MET + N_PAIRS + N_REQUIRED + 4);
    for (size_t i = 0; i < N_DEEDS; i++) {
        struct policy_deed d;
        ok(policy_deed_parse(deeds[i].text, &d) == deeds[i].is_one, deeds[i].text);
    }
    for (size_t i = 0; i < N_MET; i++) {
        test_met(i);
    }
    for (size_t i = 0; i < N_PAIRS; i++) {
        test_pair(i);
    }
    for (size_t i = 0; i < N_REQUIRED; i++) {
        test_required(i);
    }
    ok(policy_need_parse("window") == NEED_WINDOW && policy_need_parse("luck") == POLICY_NEEDS,
       "needs by their words");
    ok(policy_need_hint(NEED_REFERENCE)[0] != '\0' &&
           strcmp(policy_effect_text(POLICY_WARN), "warn") == 0,
       "words");
    struct touch t = {.inserted = 1, .updated = 2, .deleted = 3};
    ok(policy_rows(&t) == 6, "rows are those of all kinds");
    t.deleted = ROWS_UNKNOWN;
    ok(policy_rows(&t) == INT64_MAX, "what could not be counted is as much as there may be");
    arena_release(&a);
    return tap_done();
}
