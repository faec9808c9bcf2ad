/* layer: pg */
/* What needs no server: names of conditions, safe classes, secrets, array and bytea literals, cut text. */
#include "pg/session.h"
#include "tap.h"

static const struct {
    const char *code, *name;
} known[] = {
#define SQLSTATE(code, name) {code, name},
#include "pg/sqlstate.def"
#undef SQLSTATE
};

static const struct {
    const char *code, *name;
} names[] = {
    {"23505", "unique_violation"}, {"42P01", "undefined_table"},
    {"57014", "query_canceled"},   {"00000", "successful_completion"},
    {"XX002", "index_corrupted"},  {"23999", "integrity_constraint_violation"}, /* the class */
    {"P0999", "plpgsql_error"},    {"KF001", "unknown_condition"},
    {"2350", "unknown_condition"}, {"235055", "unknown_condition"},
    {"", "unknown_condition"},
};

static const struct {
    const char *code;
    bool safe;
} classes[] = {
    {"42601", true},  {"3D000", true},  {"3F000", true},  {"0A000", true},  {"2B000", true},
    {"55P03", true},  {"57014", true},  {"40001", true},  {"53100", true},  {"58P01", true},
    {"58030", true},  {"22P02", false}, {"23505", false}, {"P0001", false}, {"XX000", false},
    {"25P02", false}, {"00000", false}, {"", false},      {"42", false},
};

static const struct {
    const char *const *v;
    size_t n;
    const char *want;
} arrays[] = {
    {NULL, 0, "{}"},
    {(const char *const[]){"a"}, 1, "{\"a\"}"},
    {(const char *const[]){"a b", "", "NULL"}, 3, "{\"a b\",\"\",\"NULL\"}"},
    {(const char *const[]){NULL, "x"}, 2, "{NULL,\"x\"}"},
    {(const char *const[]){"\"", "\\", "{,}"}, 3, "{\"\\\"\",\"\\\\\",\"{,}\"}"},
};

static const struct {
    const char *text;
    size_t size;
    const char *want;
} cuts[] = {
    {"abc", 4, "abc"},     {"abc", 3, "ab"},        {"a\xc3\xa9", 4, "a\xc3\xa9"},
    {"a\xc3\xa9", 3, "a"}, {"\xe2\x82\xac", 3, ""},
};

#define COUNT(v) ((int)(sizeof(v) / sizeof *(v)))

static void test_conditions(void)
{
    int wrong = 0;
    for (int i = 0; i < COUNT(known); i++) {
        wrong += strcmp(pg_condition(known[i].code), known[i].name) != 0;
    }
    is_int(wrong, 0, "every condition of the list is found");
    ok(COUNT(known) > 250, "the list is long");
    for (int i = 0; i < COUNT(names); i++) {
        is_str(pg_condition(names[i].code), names[i].name, names[i].code);
    }
    is_str(pg_condition(NULL), "unknown_condition", "no SQLSTATE");
    for (int i = 0; i < COUNT(classes); i++) {
        is_int(pg_message_is_safe(classes[i].code), classes[i].safe, classes[i].code);
    }
    ok(!pg_message_is_safe(NULL), "nothing is safe without a SQLSTATE");
}

static void test_literals(void)
{
    struct arena a = {0};
    for (int i = 0; i < COUNT(arrays); i++) {
        is_str(pg_array(&a, arrays[i].v, arrays[i].n), arrays[i].want, arrays[i].want);
    }
    is_str(pg_bytea(&a, bytes_of("\0\xff\\", 3)), "\\x00ff5c", "bytea");
    is_str(pg_bytea(&a, bytes_of(NULL, 0)), "\\x", "empty bytea");
    arena_release(&a);
}

static void test_cuts(void)
{
    for (int i = 0; i < COUNT(cuts); i++) {
        char out[8];
        pg_copy_text(out, cuts[i].size, cuts[i].text);
        is_str(out, cuts[i].want, "text is cut between characters");
    }
}

static void test_secret(void)
{
    struct secret s = {NULL};
    ok(!secret_is_set(&s), "an empty secret is not set");
    secret_set(&s, "one");
    ok(secret_is_set(&s), "a secret is set");
    secret_set(&s, s.opaque);
    is_str(s.opaque, "one", "a secret can be set to itself");
    secret_wipe(&s);
    ok(!secret_is_set(&s), "a wiped secret is not set");
    secret_wipe(&s);
    ok(!secret_is_set(&s), "wiping twice is fine");
}

static void test_bad_conninfo(void)
{
    static const char *const bad[] = {"postgresql://u:hunter2@h:x y/db",
                                      "password=hunter2 nonsense", "hunter2"};
    for (int i = 0; i < COUNT(bad); i++) {
        struct pg *s = NULL;
        struct err e = {0};
        struct secret where = {NULL};
        const struct pg_options o = {0};
        secret_set(&where, bad[i]);
        is_int(pg_open(&s, &where, &o, &e), -1, "a bad connection string is refused");
        is_int(e.code, ERR_CONFIG, "as an error of configuration");
        ok(strstr(e.msg, "hunter2") == NULL && strstr(e.hint, "hunter2") == NULL &&
               e.detail[0] == '\0',
           "and is not repeated");
        secret_wipe(&where);
    }
}

int main(void)
{
    tap_plan(2 + COUNT(names) + 1 + COUNT(classes) + 1 + COUNT(arrays) + 2 + COUNT(cuts) + 5 + 9);
    test_conditions();
    test_literals();
    test_cuts();
    test_secret();
    test_bad_conninfo();
    return tap_done();
}
