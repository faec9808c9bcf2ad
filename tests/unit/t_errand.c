/* layer: script */
/* Errands: their text there and back, what may be a probe's name, what a probe may say, and what the language makes of one. */
#include "model/errand.h"

#include <string.h>

#include "script/errands.h"
#include "tap.h"

#define DIGITS "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
#define NEITHER "prints neither the SHA-256 of what stands there nor \"absent\""

/* clang-format off */
static const struct {
    const char *said, *why, *digest; /* digest: "" for nothing */
} says[] = {
    {DIGITS "\n", NULL, "sha256:" DIGITS},
    {DIGITS, NULL, "sha256:" DIGITS},
    {"sha256:" DIGITS "\n", NULL, "sha256:" DIGITS},
    {"absent\n", NULL, ""},
    {"absent", NULL, ""},
    {"", "prints nothing", ""},
    {"\n", "prints nothing", ""},
    {"absent\nabsent\n", "prints more than one line", ""},
    {DIGITS "\n\n", "prints more than one line", ""},
    {DIGITS "0\n", NEITHER, ""},
    {DIGITS " -\n", NEITHER, ""},
    {"sha512:" DIGITS "\n", NEITHER, ""},
    {"sha256:\n", NEITHER, ""},
    {"4355A46B19D348DC2F57C046F8EF63D4538EBB936000F3C9EE954A27460DD865", NEITHER, ""},
    {"Absent", NEITHER, ""},
};
static const struct {
    const char *name;
    bool is_one;
} names[] = {
    {"site", true}, {"9", true}, {"a.b_c-d", true}, {"", false}, {".hidden", false}, {"-x", false}, {"a/b", false},
    {"a b", false}, {"..", false}, {"\xc3\xa4", false}, {"a\n", false},
};
static const char *const broken[] = {"", "{}", "[]", "{\"state\":\"a/b\",\"run\":\"x\"}", "{\"state\":\"a\"}", "{\"state\":\"a\",\"run\":\"\"}"};
/* clang-format on */
#define N_OF(v) (sizeof(v) / sizeof *(v))

static void test_says(void)
{
    for (size_t i = 0; i < N_OF(says); i++) {
        char text[DIGEST_TEXT];
        struct digest d = {{1}};
        is_str(state_read(bytes_str(says[i].said), &d), says[i].why, says[i].said);
        is_str(digest_is_zero(&d) ? "" : digest_text(&d, text),
               says[i].why != NULL ? "" : says[i].digest, "and its digest");
    }
}

static void test_names(void)
{
    char longest[STATE_NAME_MOST + 2];
    for (size_t i = 0; i < N_OF(names); i++) {
        ok(state_is_name(names[i].name) == names[i].is_one, names[i].name);
    }
    memset(longest, 'a', sizeof longest);
    longest[STATE_NAME_MOST] = '\0';
    ok(state_is_name(longest), "as long as may be");
    longest[STATE_NAME_MOST] = 'a';
    longest[STATE_NAME_MOST + 1] = '\0';
    ok(!state_is_name(longest), "and longer");
}

static void test_text(void)
{
    static const char *v[] = {"TOKEN", "OTHER"};
    struct arena a = {0};
    struct err e = {0};
    struct errand out;
    struct errand x = {.store = "other", .state = "site", .run = "./a \"b\"", .wants = {v, 2, 2}};
    struct bytes text = errand_write(&a, &x);
    is_str(arena_strndup(&a, text.p, text.n),
           "{\"environment\":[\"TOKEN\",\"OTHER\"],\"run\":\"./a \\\"b\\\"\",\"state\":"
           "\"site\",\"store\":\"other\"}\n",
           "canonical");
    ok(errand_read(&a, text, "p", &out, &e) == 0 && strcmp(out.run, x.run) == 0 &&
           strcmp(out.state, "site") == 0 && strcmp(out.store, "other") == 0 &&
           out.expect == NULL && out.wants.n == 2 && strcmp(out.wants.v[1], "OTHER") == 0,
       "there and back");
    x = (struct errand){.store = "other", .state = "site", .run = "x", .expect = "absent"};
    ok(errand_read(&a, errand_write(&a, &x), "p", &out, &e) == 0 &&
           strcmp(out.expect, "absent") == 0 && out.wants.n == 0,
       "with an expectation, and without variables");
    const struct object o = errand_object(&out);
    is_str(object_text(&a, &o), "other:state site", "what it changes");
    for (size_t i = 0; i < N_OF(broken); i++) {
        e = (struct err){0};
        ok(errand_read(&a, bytes_str(broken[i]), "p", &out, &e) != 0 && e.code == ERR_CONFIG &&
               strcmp(e.where.path, "p") == 0,
           broken[i]);
    }
    arena_release(&a);
}

static void test_language(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct script s;
    const struct errand x = {.store = "other", .state = "site", .run = "x"};
    struct bytes text = errand_write(&a, &x);
    ok(errands_parse(&a, "m/" ERRAND_APPLY, text, &s, &e) == 0 && s.n == 1 &&
           s.forms[0].kind == STATEMENT_PLAIN && s.forms[0].analysed,
       "one statement");
    is_str(s.forms[0].tag, "apply", "by its name");
    ok(s.forms[0].touches.n == 1 && s.forms[0].touches.v[0].effect == EFFECT_ALTER &&
           strcmp(object_text(&a, &s.forms[0].touches.v[0].object), "other:state site") == 0,
       "that changes its state");
    ok(errands_parse(&a, "m/" ERRAND_ROLLBACK, text, &s, &e) == 0, "the other way");
    is_str(s.forms[0].tag, "rollback", "by its name");
    ok(errands_parse(&a, "m/" ERRAND_APPLY, bytes_str("{}"), &s, &e) != 0 && s.n == 0 &&
           e.code == ERR_CONFIG,
       "what is none is refused");
    arena_release(&a);
}

int main(void)
{
    tap_plan((int)(2 * N_OF(says) + N_OF(names) + 2 + 4 + N_OF(broken) + 6));
    test_says();
    test_names();
    test_text();
    test_language();
    return tap_done();
}
