/* layer: doc */
#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

#include "doc/canon.h"
#include "doc/json.h"

struct row {
    const char *json, *canon;
};

/* canon is what `jq -cS .` of jq 1.6 prints; with jq at hand that is checked too. */
static const struct row rows[] = {
    {"null", "null"},
    {"{}", "{}"},
    {"[[],{}]", "[[],{}]"},
    {"{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
    {"{\"aa\":1,\"a\":2,\"A\":3,\"_\":4,\"1\":5,\"\":6,\"10\":7,\"2\":8,\"-\":9,\"~\":10,\" \":11}",
     "{\"\":6,\" "
     "\":11,\"-\":9,\"1\":5,\"10\":7,\"2\":8,\"A\":3,\"_\":4,\"a\":2,\"aa\":1,\"~\":10}"},
    {"{\"numbers\":[9007199254740991,-9007199254740991,0,-1,1000000000000000]}",
     "{\"numbers\":[9007199254740991,-9007199254740991,0,-1,1000000000000000]}"},
    {"{\"literals\":[null,true,false]}", "{\"literals\":[null,true,false]}"},
    {"\"\\u20ac$\\u000a\\u000d\\u0009A'\\u0042\\u0022\\u005c\\\\\\\"\\/\"",
     "\"€$\\n\\r\\tA'B\\\"\\\\\\\\\\\"/\""},
    {"\"é€😀\\u2028\"", "\"é€😀\xe2\x80\xa8\""},
    {"{\"z\":{\"y\":[{\"b\":null,\"a\":[]}]},\"a\\\"b\":\"</script>&\"}",
     "{\"a\\\"b\":\"</script>&\",\"z\":{\"y\":[{\"a\":[],\"b\":null}]}}"},
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

/* What jq prints for text, without the newline; NULL without jq. */
static const char *jq_says(const char *text)
{
    static char out[1000];
    char path[] = "/tmp/kfmig-t-canon-XXXXXX";
    char command[100];
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        abort();
    }
    (void)close(fd);
    (void)snprintf(command, sizeof command, "jq -cS . %s 2>/dev/null", path);
    FILE *f = popen(command, "r");
    size_t n = f == NULL ? 0 : fread(out, 1, sizeof out - 1, f);
    out[n > 0 ? n - 1 : 0] = '\0';
    int rc = f == NULL ? -1 : pclose(f);
    (void)unlink(path);
    return rc == 0 ? out : NULL;
}

static void test_writing(void)
{
    bool has_jq = jq_says("1") != NULL;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct buf out = {0};
        const struct doc *d = json_read(&a, bytes_str(rows[i].json), "f.json", &e);
        canon_write(&out, d);
        is_str(buf_str(&out), rows[i].canon, rows[i].canon);
        if (has_jq) {
            is_str(buf_str(&out), jq_says(rows[i].json), "jq -cS prints the same");
        } else {
            ok(true, "jq -cS prints the same # SKIP no jq");
        }
        struct digest want = digest_of(buf_bytes(&out));
        struct digest got = canon_digest(d);
        ok(digest_eq(&want, &got), "the digest is of these bytes");
        buf_clear(&out);
        canon_pretty(&out, d);
        struct doc *again = json_read(&a, buf_bytes(&out), "g.json", &e);
        ok(again != NULL && doc_eq(d, again), "the pretty form has the same value");
        buf_release(&out);
        arena_release(&a);
    }
}

static void test_pretty(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct buf out = {0};
    const struct doc *d =
        json_read(&a, bytes_str("{\"b\":[1,{\"c\":\"é\\n\"},[]],\"a\":{},\"d\":null}"), "f", &e);
    canon_pretty(&out, d);
    is_str(buf_str(&out),
           "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"c\": \"é\\n\"\n    },\n    []\n  "
           "],\n  \"d\": null\n}\n",
           "two-space indents, sorted keys, a newline at the end");
    buf_release(&out);
    arena_release(&a);
}

/* Documents that kfmig makes may hold what no file may. */
static void test_control_characters(void)
{
    struct arena a = {0};
    struct buf out = {0};
    canon_write(&out, doc_text(&a, "\b\f\x01\x1f\x1b\x0b"));
    is_str(buf_str(&out), "\"\\b\\f\\u0001\\u001f\\u001b\\u000b\"",
           "control characters as in RFC 8785");
    buf_release(&out);
    arena_release(&a);
}

static struct doc *outside(struct arena *a, int i)
{
    struct doc *d = doc_new(a, DOC_MAP);
    static const char *const keys[] = {"é", "\x7f", "ok", "ok", "ok", "ok"};
    struct doc *values[] = {doc_int(a, 1),
                            doc_int(a, 1),
                            doc_text(a, "\x7f"),
                            doc_text(a, "\xff"),
                            doc_int(a, 9007199254740992),
                            doc_int(a, -9007199254740992)};
    (void)doc_put(a, d, keys[i], values[i]);
    struct doc *list = doc_new(a, DOC_LIST);
    (void)doc_push(a, list, d);
    return list;
}

static void test_outside(void)
{
    static const char *const msgs[] = {
        "a key that is not ASCII cannot stand in canonical JSON",
        "the character U+007F cannot stand in canonical JSON",
        "the character U+007F cannot stand in canonical JSON",
        "text that is not UTF-8 cannot stand in canonical JSON",
        "a number beyond 2^53-1 cannot stand in canonical JSON",
        "a number beyond 2^53-1 cannot stand in canonical JSON",
    };
    struct arena a = {0};
    for (int i = 0; i < 6; i++) {
        struct err e = {0};
        is_int(canon_check(outside(&a, i), &e), -1, "outside of the restriction");
        is_str(e.msg, msgs[i], "with what is wrong");
    }
    struct err e = {0};
    is_int(canon_check(doc_text(&a, "é\x1b"), &e), 0, "inside of it");
    static const char *const written[] = {
        "[{\"é\":1}]",
        "[{\"%7F\":1}]",
        "[{\"ok\":\"%7F\"}]",
        "[{\"ok\":\"%FF\"}]",
        "[{\"ok\":\"9007199254740992\"}]",
        "[{\"ok\":\"-9007199254740992\"}]",
    };
    for (int i = 0; i < 6; i++) {
        struct buf out = {0};
        canon_write(&out, outside(&a, i));
        is_str(buf_str(&out), written[i], "it is written all the same, and ends no run");
        buf_release(&out);
    }
    struct buf out = {0};
    canon_write(&out, doc_text(&a, "\xed\xa0\x80z\xc3\xc3\xa9\x7f\xf4\x90\x80\x80\\"));
    is_str(buf_str(&out), "\"%ED%A0%80z%C3é%7F%F4%90%80%80\\\\\"", "bytes between characters");
    buf_release(&out);
    arena_release(&a);
}

int main(void)
{
    tap_plan(4 * N_ROWS + 1 + 1 + 20);
    test_writing();
    test_pretty();
    test_control_characters();
    test_outside();
    return tap_done();
}
