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

/* Each holds "hunter2" where a secret may stand. */
static const struct {
    const char *text, *msg, *hint;
} conninfos[] = {
    {"postgresql://u:hunter2%zz@h/db", "a \"%\" that begins no percent-encoding", "%25"},
    {"postgresql://u:hunter2%@h/db", "a \"%\" that begins no percent-encoding", "%25"},
    {"postgres://u:hunter2%00@h/db", "a \"%\" that begins no percent-encoding", "%25"},
    {"postgresql://u:p@hunter2@h/db", "an \"@\" or a \"/\" too many", "%40"},
    {"postgres://u:p@hunter2@h:5432/db", "an \"@\" or a \"/\" too many", "%40"},
    {"postgresql://u:p/hunter2@h/db", "an \"@\" or a \"/\" too many", "%2F"},
    {"postgresql://u:12/hunter2@h/db?sslmode=disable", "an \"@\" or a \"/\" too many", "%2F"},
    {"postgresql://u@h/hunter2@db", "an \"@\" or a \"/\" too many", "%40"},
    {"postgresql://u:hunter2@h:x/db", "an invalid value", "percent-encoded"},
    {"postgresql://u:hunter2@[::1/db", "a \"[\" without its \"]\"", "[::1]"},
    {"postgresql://u:hunter2@[::1]x/db", "a character out of place", "percent-encoded"},
    {"postgresql://u:hunter2@h/db?nonsense=1", "an option that libpq does not know", "?"},
    {"postgresql://u:hunter2@h/db?sslmode", "an option without \"=\"", "OPTION=VALUE"},
    {"postgresql://u:hunter2@h/db?sslmode=a=b", "an option without \"=\"", "OPTION=VALUE"},
    {"hunter2", "a word without \"=\"", "keyword=value"},
    {"password=hunter2 nonsense", "a word without \"=\"", "keyword=value"},
    {"password='hunter2", "a \"'\" without its second", "quote the whole value"},
    {"passwort=hunter2", "an option that libpq does not know", "each \"=\""},
};
/* These are right, and must not be taken for wrong: they end at a host that is not there. */
static const char *const right[] = {
    "postgresql://u:p%40ss%2Fw@127.0.0.1:1/db",
    "postgresql://u@127.0.0.1:1/d%40b",
    "postgresql://127.0.0.1:1/db?user=a@b",
    "postgres://u:p@127.0.0.1:1/db?options=-c%20a%3D1",
    "postgresql://u:p?x@127.0.0.1:1/db",
    "host=127.0.0.1 port=1 password=a@b/c%",
    "postgresql://%2Ftmp%2Fnowhere/db?user=a@b.example",
};

static void test_conninfo(void)
{
    for (int i = 0; i < COUNT(conninfos); i++) {
        struct pg *s = NULL;
        struct err e = {0};
        struct secret where = {NULL};
        const struct pg_options o = {0};
        secret_set(&where, conninfos[i].text);
        bool good = pg_open(&s, &where, &o, &e) == -1 && e.code == ERR_CONFIG &&
                    strstr(e.msg, conninfos[i].msg) != NULL &&
                    strstr(e.hint, conninfos[i].hint) != NULL;
        ok(good, conninfos[i].msg);
        printf(good ? "" : "# %s: %s (%s)\n", conninfos[i].text, e.msg, e.hint);
        ok(strstr(e.msg, "hunter2") == NULL && strstr(e.hint, "hunter2") == NULL &&
               e.detail[0] == '\0',
           "and is not repeated");
        secret_wipe(&where);
    }
    for (int i = 0; i < COUNT(right); i++) {
        struct pg *s = NULL;
        struct err e = {0};
        struct secret where = {NULL};
        const struct pg_options o = {0};
        secret_set(&where, right[i]);
        is_int(pg_open(&s, &where, &o, &e), -1, right[i]);
        is_int(e.code, ERR_PREFLIGHT, "nobody answers there");
        secret_wipe(&where);
    }
}

int main(void)
{
    tap_plan(2 + COUNT(names) + 1 + COUNT(classes) + 1 + COUNT(arrays) + 2 + COUNT(cuts) + 5 +
             2 * COUNT(conninfos) + 2 * COUNT(right));
    test_conditions();
    test_literals();
    test_cuts();
    test_secret();
    test_conninfo();
    return tap_done();
}
