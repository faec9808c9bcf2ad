/* layer: doc */
#include "tap.h"

#include "doc/canon.h"
#include "doc/json.h"
#include "doc/schema.h"
#include "doc/yaml.h"

/* A test's name is one line. */
static const char *named(const char *text)
{
    static char name[200];
    (void)snprintf(name, sizeof name, "%s", text);
    for (char *p = name; *p != '\0'; p++) {
        *p = *p == '\n' ? ' ' : *p;
    }
    return name;
}

/* --- compiling --------------------------------------------------------------------------------------------------- */

struct compile_row {
    const char *schema;
    const char *error; /* line:col: message; "" for a good one */
};

static const struct compile_row compile_rows[] = {
    {"true", ""},
    {"{}", ""},
    {"{\"$schema\":\"https://json-schema.org/draft/2020-12/"
     "schema\",\"$id\":\"x\",\"$comment\":\"x\",\"title\":\"x\","
     "\"description\":\"x\",\"examples\":[1],\"default\":2}",
     ""},
    {"{\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{}},\"$ref\":\"#/$defs/a\"}", ""},
    {"{\"$defs\":{\"list\":{\"items\":{\"$ref\":\"#/$defs/list\"}}},\"$ref\":\"#/$defs/list\"}",
     ""},
    {"1", "1:1: a schema must be a map, true or false"},
    {"{\"format\":\"uri\"}", "1:2: unsupported keyword \"format\" in a schema"},
    {"{\"properties\":{\"a\":\n{\"prefixItems\":[]}}}",
     "2:2: unsupported keyword \"prefixItems\" in a schema"},
    {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}",
     "1:12: \"$schema\" must be \"https://json-schema.org/draft/2020-12/schema\""},
    {"{\"type\":\"text\"}", "1:9: \"type\" names no type of JSON Schema"},
    {"{\"type\":[\"string\",1]}", "1:19: \"type\" names no type of JSON Schema"},
    {"{\"type\":[]}", "1:9: \"type\" names no type"},
    {"{\"enum\":[]}", "1:9: \"enum\" must be a list of values"},
    {"{\"enum\":1}", "1:9: \"enum\" must be a list of values"},
    {"{\"required\":\"a\"}", "1:13: \"required\" must be a list of keys"},
    {"{\"required\":[1]}", "1:13: \"required\" must be a list of keys"},
    {"{\"properties\":[]}", "1:15: \"properties\" must be a map of schemas"},
    {"{\"properties\":{\"a\":1}}", "1:20: a schema must be a map, true or false"},
    {"{\"items\":[{}]}", "1:10: a schema must be a map, true or false"},
    {"{\"anyOf\":[]}", "1:10: \"anyOf\" must be a list of schemas"},
    {"{\"allOf\":[1]}", "1:11: a schema must be a map, true or false"},
    {"{\"minItems\":-1}", "1:13: \"minItems\" must be a whole number, 0 or more"},
    {"{\"minLength\":\"1\"}", "1:14: \"minLength\" must be a whole number, 0 or more"},
    {"{\"minimum\":\"1\"}", "1:12: \"minimum\" must be a whole number"},
    {"{\"uniqueItems\":1}", "1:16: \"uniqueItems\" must be true or false"},
    {"{\"title\":1}", "1:10: \"title\" must be a text"},
    {"{\"dependentRequired\":{\"a\":\"b\"}}",
     "1:22: \"dependentRequired\" must be a map of lists of keys"},
    {"{\"$ref\":\"#/$defs/a\"}", "1:9: \"$ref\" names nothing in $defs"},
    {"{\"$ref\":\"other.json\"}", "1:9: \"$ref\" must be \"#/$defs/NAME\""},
    {"{\"$ref\":\"#\"}", "1:9: \"$ref\" must be \"#/$defs/NAME\""},
    {"{\"$ref\":\"#/$defs/a/b\"}", "1:9: \"$ref\" must be \"#/$defs/NAME\""},
    {"{\"$defs\":{\"a\":{\"$defs\":{}}}}",
     "1:24: \"$defs\" may stand at the root of a schema only"},
    {"{\"$defs\":{\"a\":{\"$ref\":\"#/$defs/a\"}}}",
     "1:15: a schema refers back to itself without going into the value"},
    {"{\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/$defs/b\"}]},\"b\":{\"not\":{\"$ref\":\"#/$defs/"
     "a\"}}}}",
     "1:15: a schema refers back to itself without going into the value"},
    {"{\"pattern\":\"(\"}", "1:12: bad pattern: '(' is not closed"},
};
enum { N_COMPILE = sizeof compile_rows / sizeof compile_rows[0] };

static void test_compiling(void)
{
    for (size_t i = 0; i < N_COMPILE; i++) {
        struct arena a = {0};
        struct err e = {0};
        char got[600] = "";
        const struct doc *d = json_read(&a, bytes_str(compile_rows[i].schema), "s.json", &e);
        if (d == NULL || schema_compile(&a, d, &e) == NULL) {
            (void)snprintf(got, sizeof got, "%d:%d: %s", e.where.line, e.where.col, e.msg);
        }
        is_str(got, compile_rows[i].error, named(compile_rows[i].schema));
        arena_release(&a);
    }
}

static void test_long_chain(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct doc *root = doc_new(&a, DOC_MAP);
    struct doc *defs = doc_put(&a, root, "$defs", doc_new(&a, DOC_MAP));
    for (int i = 0; i < 100; i++) {
        struct doc *def = doc_put(&a, defs, arena_printf(&a, "d%d", i), doc_new(&a, DOC_MAP));
        if (i < 99) {
            (void)doc_put(&a, def, "$ref", doc_text(&a, arena_printf(&a, "#/$defs/d%d", i + 1)));
        }
    }
    ok(schema_compile(&a, root, &e) == NULL, "a chain of 100 references is refused");
    is_str(e.msg, "more than 64 schemas refer to each other in a row", "with a message");
    arena_release(&a);
}

/* --- patterns ---------------------------------------------------------------------------------------------------- */

struct pattern_row {
    const char *pattern;
    const char *fault; /* NULL: a good one */
    const char *good, *bad;
};

static const struct pattern_row pattern_rows[] = {
    {"^[A-Z]{2}-[0-9]+$", NULL, "AB-12", "AB-"},
    {"b", NULL, "abc", "ac"},
    {"^(a|b)?c*$", NULL, "bcc", "bd"},
    {"^\\(x\\.y\\)\\/\\[\\]\\{\\}$", NULL, "(x.y)/[]{}", "(xzy)/[]{}"},
    {"^a{2,}b{0,1}$", NULL, "aaa", "a"},
    {"^[^a-c]$", NULL, "d", "a"},
    {"^é$", NULL, "é", "e"},
    {"^(é)+$", NULL, "éé", "e"},
    {"^[a-z-]+$", NULL, "a-b", "a_b"},
    {"^$", NULL, "", "x"},
    {"^(()|a)$", NULL, "a", "b"},
    {"(?=a)", "\"(?\": look-around and special groups are not supported", NULL, NULL},
    {"(?:a)", "\"(?\": look-around and special groups are not supported", NULL, NULL},
    {"\\d",
     "a backslash may only stand before punctuation: write \\d as [0-9], \\w as [A-Za-z0-9_]", NULL,
     NULL},
    {"a\\",
     "a backslash may only stand before punctuation: write \\d as [0-9], \\w as [A-Za-z0-9_]", NULL,
     NULL},
    {"\\<a",
     "a backslash may only stand before punctuation: write \\d as [0-9], \\w as [A-Za-z0-9_]", NULL,
     NULL},
    {"(a)\\1",
     "a backslash may only stand before punctuation: write \\d as [0-9], \\w as [A-Za-z0-9_]", NULL,
     NULL},
    {"[\\w]", "a backslash in brackets is not supported", NULL, NULL},
    {"[[:alpha:]]", "\"[:\" classes are not supported: write the characters out", NULL, NULL},
    {"[é]", "brackets may hold ASCII characters only", NULL, NULL},
    {"[a", "'[' is not closed", NULL, NULL},
    {"[", "'[' is not closed", NULL, NULL},
    {"[]a]", "']' stands first in brackets: write it \\] outside of them", NULL, NULL},
    {"[^]a]", "']' stands first in brackets: write it \\] outside of them", NULL, NULL},
    {"[z-a]", "Invalid range end", NULL, NULL},
    {"a)", "')' without '('", NULL, NULL},
    {"*a", "there is nothing to repeat", NULL, NULL},
    {"(+a)", "there is nothing to repeat", NULL, NULL},
    {"a|{2}", "there is nothing to repeat", NULL, NULL},
    {"^*", "there is nothing to repeat", NULL, NULL},
    {"a+?", "two quantifiers follow each other", NULL, NULL},
    {"a{2}{3}", "two quantifiers follow each other", NULL, NULL},
    {"é+", "only ASCII characters can be repeated: put others in a group", NULL, NULL},
    {"a{", "'{' is no {count}, {least,} or {least,most}: write \\{ for the character", NULL, NULL},
    {"a{,3}", "'{' is no {count}, {least,} or {least,most}: write \\{ for the character", NULL,
     NULL},
    {"a{1,2", "'{' is no {count}, {least,} or {least,most}: write \\{ for the character", NULL,
     NULL},
    {"a{1001}", "a count is above 1000", NULL, NULL},
    {"a{99999999999999999999}",
     "'{' is no {count}, {least,} or {least,most}: write \\{ for the character", NULL, NULL},
    {"((a{100}){100}){100}", "the pattern is too large", NULL, NULL},
    {"a}", "a bare '}' or ']': write a backslash before it", NULL, NULL},
    {"((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))",
     "groups are nested too deep", NULL, NULL},
};
enum { N_PATTERN = sizeof pattern_rows / sizeof pattern_rows[0], N_MATCH = 11 };

static size_t count_faults(struct arena *a, const struct schema *s, const char *text)
{
    struct err_list faults = {0};
    size_t n = schema_check(a, s, doc_text(a, text), &faults);
    err_list_release(&faults);
    return n;
}

static void test_patterns(void)
{
    for (size_t i = 0; i < N_PATTERN; i++) {
        const struct pattern_row *r = &pattern_rows[i];
        struct arena a = {0};
        struct err e = {0};
        struct doc *d = doc_new(&a, DOC_MAP);
        (void)doc_put(&a, d, "pattern", doc_text(&a, r->pattern));
        const struct schema *s = schema_compile(&a, d, &e);
        is_str(s == NULL ? e.msg : "",
               r->fault == NULL ? "" : arena_printf(&a, "bad pattern: %s", r->fault), r->pattern);
        if (r->fault == NULL && s != NULL) {
            is_int(count_faults(&a, s, r->good), 0, "matches what it should");
            is_int(count_faults(&a, s, r->bad), 1, "and not what it should not");
        }
        arena_release(&a);
    }
}

/* --- checking ---------------------------------------------------------------------------------------------------- */

struct check_row {
    const char *schema;
    const char *yaml;
    const char *result; /* the value in canonical form, or "line:col: message | hint" lines */
};

#define NAMES                                                                                      \
    "{\"title\":\"Declaration\",\"type\":\"object\",\"additionalProperties\":false,"               \
    "\"properties\":{"                                                                             \
    "\"id\":{\"type\":\"string\",\"pattern\":\"^PG-[0-9]+$\",\"description\":\"an id looks like "  \
    "PG-12\"},"                                                                                    \
    "\"scope\":{\"type\":\"object\"},\"kind\":{\"enum\":[\"forward\",\"rollback\"]}}}"
#define FORMS                                                                                      \
    "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"required\":[\"ref\"],"               \
    "\"properties\":{\"ref\":"                                                                     \
    "{\"type\":\"integer\"}},\"additionalProperties\":false}]}"
#define KINDS                                                                                      \
    "{\"oneOf\":[{\"type\":\"object\",\"required\":[\"kind\",\"a\"],\"properties\":{\"kind\":{"    \
    "\"const\":\"x\"},"                                                                            \
    "\"a\":{\"type\":\"integer\"}}},{\"type\":\"object\",\"required\":[\"kind\",\"b\"],"           \
    "\"properties\":"                                                                              \
    "{\"kind\":{\"const\":\"y\"},\"b\":{\"type\":\"boolean\"},\"a\":{\"type\":\"string\"}}}]}"
#define WHEN                                                                                       \
    "{\"type\":\"object\",\"properties\":{\"on\":{\"type\":\"boolean\"},\"n\":{\"type\":"          \
    "\"integer\"}},"                                                                               \
    "\"if\":{\"properties\":{\"on\":{\"const\":true}},\"required\":[\"on\"]},"                     \
    "\"then\":{\"required\":[\"n\"]},\"else\":{\"properties\":{\"n\":{\"maximum\":3}}}}"

static const struct check_row check_rows[] = {
    /* plain scalars become what is asked for */
    {"{\"type\":\"integer\"}", "12", "12"},
    {"{\"type\":\"integer\"}", "-007", "-7"},
    {"{\"type\":\"integer\"}", "9007199254740991", "9007199254740991"},
    {"{\"type\":\"number\"}", "5", "5"},
    {"{\"type\":\"boolean\"}", "true", "true"},
    {"{\"type\":\"null\"}", "~", "null"},
    {"{\"type\":\"string\"}", "12", "\"12\""},
    {"{\"type\":\"string\"}", "true", "\"true\""},
    {"{\"type\":\"string\"}", "null", "\"null\""},
    {"{\"type\":[\"string\",\"integer\"]}", "12", "12"},
    {"{\"type\":[\"string\",\"integer\"]}", "12a", "\"12a\""},
    {"{\"type\":[\"string\",\"integer\"]}", "'12'", "\"12\""},
    {"{\"type\":[\"string\",\"boolean\",\"null\"]}", "{a: 1}",
     "1:1: the file: expected text or true or false or null, found a map | "},
    {"{\"items\":{\"type\":[\"null\",\"boolean\",\"integer\",\"string\"]}}",
     "[~, null, true, no, 1, x, '1', 'true']", "[null,null,true,\"no\",1,\"x\",\"1\",\"true\"]"},
    {"{\"properties\":{\"a\":{\"type\":[\"null\",\"string\"]}}}", "a:", "{\"a\":null}"},
    {"{}", "[1, true, ~]", "[\"1\",\"true\",\"~\"]"},
    {"{\"enum\":[1,\"a\",true]}", "1", "1"},
    {"{\"enum\":[1,\"a\",true]}", "true", "true"},
    {"{\"enum\":[\"1\"]}", "1", "\"1\""},
    {"{\"type\":\"string\",\"enum\":[\"1\",1]}", "1", "\"1\""},
    {"{\"const\":{\"a\":[1,\"2\"]}}", "a: [1, 2]", "{\"a\":[1,\"2\"]}"},
    {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "12", "12"},
    {"{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}", "12", "12"},
    {"{\"oneOf\":[{\"type\":\"string\"}]}", "'x'", "\"x\""},
    {"{\"allOf\":[{\"type\":[\"string\",\"integer\"]},{\"type\":\"string\"}]}", "12", "\"12\""},
    {"{\"allOf\":[{\"type\":\"integer\"},{\"minimum\":3}]}", "12", "12"},
    {"{\"$defs\":{\"n\":{\"type\":\"integer\"}},\"items\":{\"$ref\":\"#/$defs/n\"}}", "[1, 2]",
     "[1,2]"},
    {"{\"additionalProperties\":{\"type\":\"integer\"}}", "{1: 2, x: 3}", "{\"1\":2,\"x\":3}"},
    {KINDS, "{kind: x, a: 1, b: 'q'}", "{\"a\":1,\"b\":\"q\",\"kind\":\"x\"}"},
    {KINDS, "{kind: y, a: 1, b: true}", "{\"a\":\"1\",\"b\":true,\"kind\":\"y\"}"},
    {"{\"not\":{\"items\":{\"type\":\"integer\"}},\"type\":\"array\"}", "[1, x]", "[\"1\",\"x\"]"},
    {WHEN, "{on: true, n: 5}", "{\"n\":5,\"on\":true}"},
    {WHEN, "{on: false, n: 3}", "{\"n\":3,\"on\":false}"},
    {"{\"items\":{\"$ref\":\"#/$defs/"
     "t\"},\"$defs\":{\"t\":{\"properties\":{\"sub\":{\"items\":{\"$ref\":\"#/$defs/t\"}},"
     "\"n\":{\"type\":\"integer\"}}}}}",
     "[{n: 1, sub: [{n: 2, sub: []}]}]", "[{\"n\":1,\"sub\":[{\"n\":2,\"sub\":[]}]}]"},
    {"true", "x", "\"x\""},
    /* wrong types */
    {"{\"type\":\"integer\"}", "ten",
     "1:1: the file: expected a whole number, found the text \"ten\" | "},
    {"{\"type\":\"integer\"}", "'10'",
     "1:1: the file: expected a whole number, found the text \"10\" | remove the quotes"},
    {"{\"type\":\"integer\"}", "9007199254740992",
     "1:1: the file: expected a whole number, found the text \"9007199254740992\" | a number may "
     "go up to 9007199254740991 (2^53-1)"},
    {"{\"type\":\"integer\",\"description\":\"how many\"}", "1.5",
     "1:1: the file: expected a whole number, found the text \"1.5\" | how many"},
    {"{\"type\":\"integer\"}", "postgres://u:secret@h/d",
     "1:1: the file: expected a whole number, found a text | "},
    {"{\"type\":\"boolean\"}", "yes",
     "1:1: the file: expected true or false, found the text \"yes\" | write true or false"},
    {"{\"type\":\"boolean\"}", "\"true\"",
     "1:1: the file: expected true or false, found the text \"true\" | remove the quotes"},
    {"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "a:",
     "1:3: \"a\": expected text, found nothing | write \"\" for an empty text, or remove the key"},
    {"{\"properties\":{\"a\":{\"type\":\"array\"}}}", "a:",
     "1:3: \"a\": expected a list, found nothing | write [] for an empty list, or remove the key"},
    {"{\"properties\":{\"a\":{\"type\":\"object\"}}}", "a:",
     "1:3: \"a\": expected a map, found nothing | write {} for an empty map, or remove the key"},
    {"{\"properties\":{\"a\":{\"type\":\"array\"}}}", "a: x",
     "1:4: \"a\": expected a list, found the text \"x\" | write it as a list: [value]"},
    {"{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":{\"type\":\"integer\"}}}}}}",
     "a:\n- b: 1\n- b: x\n", "3:6: \"a[1].b\": expected a whole number, found the text \"x\" | "},
    {"false", "x", "1:1: the file: is not allowed here | remove it"},
    /* keys */
    {NAMES, "id: PG-1\nkind: forward\nscopes: {}\n",
     "3:1: unknown key \"scopes\" in the declaration | did you mean \"scope\"?"},
    {NAMES, "frobnicate: 1\n",
     "1:1: unknown key \"frobnicate\" in the declaration | known keys: \"id\", \"scope\", "
     "\"kind\""},
    {NAMES, "scope: {}\nscopes: {}\n",
     "2:1: unknown key \"scopes\" in the declaration | known keys: \"id\", \"scope\", \"kind\""},
    {NAMES, "id: '12'\n",
     "1:5: \"id\": does not match the pattern ^PG-[0-9]+$ | an id looks like PG-12"},
    {NAMES, "kind: foward\n",
     "1:7: \"kind\": the text \"foward\" is not allowed | did you mean \"forward\"? allowed: "
     "\"forward\", \"rollback\""},
    {NAMES, "[]\n", "1:1: the declaration: expected a map, found a list | "},
    {"{\"additionalProperties\":false}", "a: 1",
     "1:1: unknown key \"a\" in the file | remove it: no key is allowed here"},
    {"{\"properties\":{\"a\":{\"additionalProperties\":false,\"properties\":{\"b\":{}}}}}",
     "a: {c: 1}", "1:5: unknown key \"c\" in \"a\" | did you mean \"b\"?"},
    {"{\"properties\":{\"a\":{\"title\":\"PostGIS store\",\"additionalProperties\":false}}}",
     "a: {c: 1}",
     "1:5: unknown key \"c\" in the PostGIS store | remove it: no key is allowed here"},
    {"{\"title\":\"the "
     "plan\",\"required\":[\"a\",\"b\"],\"properties\":{\"b\":{\"description\":\"say b\"}}}",
     "# x\n\nc: 1",
     "3:1: missing key \"a\" in the plan | \n3:1: missing key \"b\" in the plan | say b"},
    {"{\"dependentRequired\":{\"a\":[\"b\",\"c\"],\"x\":[\"y\"]}}", "{a: 1, c: 2}",
     "1:1: missing key \"b\" in the file, which has \"a\" | "},
    {"{\"propertyNames\":{\"pattern\":\"^[a-z]+$\",\"description\":\"lower case\"}}",
     "{a: 1, B: 2}", "1:8: \"B\": does not match the pattern ^[a-z]+$ | lower case"},
    {"{\"propertyNames\":{\"type\":\"string\"}}", "{12: 1}", "{\"12\":\"1\"}"},
    {"{\"minProperties\":2}", "a: 1", "1:1: the file: has 1 key, but must have at least 2 | "},
    {"{\"maxProperties\":1}", "{a: 1, b: 2}",
     "1:1: the file: has 2 keys, but must have at most 1 | "},
    /* values */
    {"{\"enum\":[\"a\",1,null]}", "zzzz",
     "1:1: the file: the text \"zzzz\" is not allowed | allowed: \"a\", 1, null"},
    {"{\"const\":\"v1\",\"description\":\"only version 1\"}", "v2",
     "1:1: the file: expected the text \"v1\", found the text \"v2\" | only version 1"},
    {"{\"type\":\"integer\",\"minimum\":1,\"maximum\":5}", "0",
     "1:1: the file: 0 is less than the minimum of 1 | "},
    {"{\"type\":\"integer\",\"minimum\":1,\"maximum\":5}", "6",
     "1:1: the file: 6 is more than the maximum of 5 | "},
    {"{\"type\":\"integer\",\"minimum\":1,\"maximum\":5}", "5", "5"},
    {"{\"minLength\":2}", "é", "1:1: the file: has 1 character, but must have at least 2 | "},
    {"{\"minLength\":2,\"maxLength\":2}", "éé", "\"éé\""},
    {"{\"maxLength\":2}", "'abc'", "1:1: the file: has 3 characters, but must have at most 2 | "},
    {"{\"minItems\":1}", "[]", "1:1: the file: has 0 values, but must have at least 1 | "},
    {"{\"maxItems\":1}", "[a, b]", "1:1: the file: has 2 values, but must have at most 1 | "},
    {"{\"uniqueItems\":true}", "[a, b, a]",
     "1:8: the file: the values 1 and 3 are the same | keep one of the two"},
    {"{\"uniqueItems\":true}", "[{a: 1, b: 2}, {b: 2, a: 1}]",
     "1:16: the file: the values 1 and 2 are the same | keep one of the two"},
    {"{\"uniqueItems\":true,\"items\":{\"type\":[\"integer\",\"string\"]}}", "[1, '1', 01]",
     "1:10: the file: the values 1 and 3 are the same | keep one of the two"},
    {"{\"uniqueItems\":true}", "[[], {}, [a], [[a]]]", "[[],{},[\"a\"],[[\"a\"]]]"},
    {"{\"uniqueItems\":false}", "[a, a]", "[\"a\",\"a\"]"},
    {"{\"pattern\":\"^a\"}", "[x]", "[\"x\"]"},
    {"{\"pattern\":\"^a\",\"description\":\"never a value in the message\"}",
     "'postgres://u:secret@h'",
     "1:1: the file: does not match the pattern ^a | never a value in the message"},
    /* combinations */
    {FORMS, "x", "\"x\""},
    {FORMS, "{ref: 1}", "{\"ref\":1}"},
    {FORMS, "[]", "1:1: the file: expected text or a map, found a list | "},
    {FORMS, "{ref: x}", "1:7: \"ref\": expected a whole number, found the text \"x\" | "},
    {FORMS, "{reff: 1, ref: 2}", "1:2: unknown key \"reff\" in the file | known keys: \"ref\""},
    {FORMS, "{rev: 1}",
     "1:1: missing key \"ref\" in the file | \n1:2: unknown key \"rev\" in the file | did you mean "
     "\"ref\"?"},
    {KINDS, "{kind: y}", "1:1: missing key \"b\" in the file | "},
    {KINDS, "{kind: x, a: q}", "1:14: \"a\": expected a whole number, found the text \"q\" | "},
    {"{\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}],\"description\":\"give a or b\"}",
     "{c: 1}", "1:1: the file: fits none of the forms it may have | give a or b"},
    {"{\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}],\"description\":\"give a or b\"}",
     "{a: 1, b: 2}", "1:1: the file: fits more than one of the forms it may have | give a or b"},
    {"{\"not\":{\"required\":[\"a\",\"b\"],\"description\":\"a and b exclude each other\"}}",
     "{a: 1, b: 2}", "1:1: the file: has a form that is not allowed | a and b exclude each other"},
    {"{\"not\":{\"required\":[\"a\",\"b\"]}}", "{a: 1}", "{\"a\":\"1\"}"},
    {WHEN, "{on: true}", "1:1: missing key \"n\" in the file | "},
    {WHEN, "{n: 9}", "1:5: \"n\": 9 is more than the maximum of 3 | "},
    {"{\"allOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}", "{c: 1}",
     "1:1: missing key \"a\" in the file | \n1:1: missing key \"b\" in the file | "},
    {"{\"$defs\":{\"n\":{\"type\":\"integer\",\"description\":\"from the "
     "reference\"}},\"properties\":{\"a\":{\"$ref\":"
     "\"#/$defs/n\"}},\"required\":[\"a\"]}",
     "{b: 1}", "1:1: missing key \"a\" in the file | from the reference"},
};
enum { N_CHECK = sizeof check_rows / sizeof check_rows[0] };

static void add_faults(struct buf *out, const struct err_list *faults)
{
    for (size_t i = 0; i < faults->n; i++) {
        const struct err *e = &faults->v[i];
        buf_printf(out, "%s%d:%d: %s | %s", i > 0 ? "\n" : "", e->where.line, e->where.col, e->msg,
                   e->hint);
    }
}

static void test_checking(void)
{
    for (size_t i = 0; i < N_CHECK; i++) {
        const struct check_row *r = &check_rows[i];
        struct arena a = {0};
        struct err e = {0};
        struct err_list faults = {0};
        struct buf out = {0};
        const struct doc *schema = json_read(&a, bytes_str(r->schema), "s.json", &e);
        const struct schema *s = schema == NULL ? NULL : schema_compile(&a, schema, &e);
        struct doc *d = yaml_read(&a, bytes_str(r->yaml), "f.yml", &e);
        if (s == NULL || d == NULL) {
            buf_printf(&out, "no test: %s", e.msg);
        } else if (schema_check(&a, s, d, &faults) != faults.n) {
            buf_puts(&out, "a wrong number of faults");
        } else if (faults.n == 0) {
            canon_write(&out, d);
        } else {
            add_faults(&out, &faults);
        }
        is_str(buf_str(&out), r->result, named(r->yaml));
        buf_release(&out);
        err_list_release(&faults);
        arena_release(&a);
    }
}

static struct schema *compiled(struct arena *a, const char *text)
{
    struct err e = {0};
    const struct doc *d = json_read(a, bytes_str(text), "s.json", &e);
    struct schema *s = d == NULL ? NULL : schema_compile(a, d, &e);
    if (s == NULL) {
        printf("# %s\n", e.msg);
    }
    return s;
}

static void test_lists(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct err_list faults = {0};
    const struct schema *s =
        compiled(&a, "{\"type\":\"object\",\"required\":[\"a\"],\"additionalProperties\":false}");
    err_list_addf(&faults, ERR_CONFIG, "x", 1, 1, NULL, "earlier");
    struct doc *d = yaml_read(&a, bytes_str("{b: 1, c: 2}"), "dir/f.yml", &e);
    is_int(schema_check(&a, s, d, &faults), 3, "faults are counted without the earlier ones");
    is_int(faults.n, 4, "and appended to them");
    is_str(faults.v[3].where.path, "dir/f.yml", "with the path");
    is_int(faults.v[3].code, ERR_CONFIG, "and the code");
    struct doc *json = json_read(&a, bytes_str("[1]"), "f.json", &e);
    s = compiled(&a, "{\"items\":{\"type\":\"string\"}}");
    is_int(schema_check(&a, s, json, &faults), 1, "a JSON number is no text");
    is_str(faults.v[4].hint, "put it in double quotes", "and the hint says what to do");
    err_list_release(&faults);
    struct doc *many = doc_new(&a, DOC_LIST);
    for (int i = 0; i < 3000; i++) {
        (void)doc_push(&a, many, doc_int(&a, i));
    }
    is_int(schema_check(&a, s, many, &faults), 3000, "all faults are counted");
    is_int(faults.n, 1000, "of which a list keeps 1,000");
    err_list_release(&faults);
    arena_release(&a);
}

static void test_size(void)
{
    struct arena a = {0};
    struct err_list faults = {0};
    const struct schema *s = compiled(&a, "{\"uniqueItems\":true}");
    struct doc *many = doc_new(&a, DOC_LIST);
    for (int i = 0; i < 100000; i++) {
        (void)doc_push(&a, many, doc_int(&a, i));
    }
    is_int(schema_check(&a, s, many, &faults), 0, "100,000 values that differ");
    many->item[3] = doc_int(&a, 99999);
    is_int(schema_check(&a, s, many, &faults), 1, "two of them the same");
    s = compiled(&a, "{\"pattern\":\"a\"}");
    struct buf text = {0};
    for (int i = 0; i < 4097; i++) {
        buf_putc(&text, 'a');
    }
    is_int(schema_check(&a, s, doc_textn(&a, buf_bytes(&text)), &faults), 1,
           "a text too long for a pattern");
    is_str(faults.v[1].msg, "the file: is too long to be checked against a pattern", "is a fault");
    buf_release(&text);
    err_list_release(&faults);
    arena_release(&a);
}

/* Each level is tried in three ways, which each try the next level: 3^24 without a limit. */
static void test_explosion(void)
{
    struct arena a = {0};
    struct err_list faults = {0};
    const struct schema *s = compiled(
        &a,
        "{\"$defs\":{\"t\":{\"oneOf\":[{\"$ref\":\"#/$defs/l\"},{\"$ref\":\"#/$defs/"
        "l\"},{\"$ref\":\"#/$defs/l\"}]},"
        "\"l\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/t\"}}},\"$ref\":\"#/$defs/t\"}");
    struct doc *root = doc_new(&a, DOC_LIST);
    struct doc *at = root;
    for (int i = 0; i < 24; i++) {
        at = doc_push(&a, at, doc_new(&a, DOC_LIST));
    }
    ok(schema_check(&a, s, root, &faults) > 0, "a check without an end is given up");
    is_str(faults.v[faults.n - 1].msg, "the schema has too many forms to try them all",
           "and is a fault");
    err_list_release(&faults);
    arena_release(&a);
}

int main(void)
{
    tap_plan(N_COMPILE + 2 + N_PATTERN + 2 * N_MATCH + N_CHECK + 8 + 4 + 2);
    test_compiling();
    test_long_chain();
    test_patterns();
    test_checking();
    test_lists();
    test_size();
    test_explosion();
    return tap_done();
}
