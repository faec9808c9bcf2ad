/* layer: evidence */
/* Baselines: digests of sets that changes are laid over, documents of both formats, and the list beside one. The
 * digests were computed by another program, from docs/audit.md alone. */
#include "tap.h"

#include "evidence/baseline.h"

static struct arena arena;

static struct object_row sum[] = {{"role reader", {{1}}, "", 1, 1},
                                  {"schema app", {{2}}, "", 1, 1},
                                  {"table app.\"Ä\"", {{3}}, "", 1, 1},
                                  {"table app.t", {{4}}, "", 2, 2}};
static const struct object_rows all = {sum, 4, 4};
static const char *app[] = {"app"};
static const struct domains none = {.schemas = {NULL, 0, 0}};
static const struct domains governed = {.schemas = {app, 1, 1}};

#define OBJECTS "32a450260c224c9a3bc48f3bef180ac473366fca8d478429231020483f863987"
#define OF_APP "144c9c17abbef79d0ea65c0b67e1e6fb7d35ce6aa8b943239f55f85ff7164f30"
#define OF_NONE "9f1dcbc35c350d6027f98be0f5c8b43b42ca52b7604459c0c42be3aa88913d47"
static const char document[] =
    "{\"counts\":{\"role\":1,\"schema\":1,\"table\":2},\"format\":\"kfmig.baseline.v2\","
    "\"names\":\"%XX\",\"objects\":\"sha256:" OBJECTS "\",\"protected\":\"sha256:" OF_APP "\","
    "\"schemas\":[{\"objects\":\"sha256:" OF_APP "\",\"schema\":\"app\"}],\"server_major\":15}";
static const char empty[] = "{\"counts\":{},\"format\":\"kfmig.baseline.v2\",\"names\":\"%XX\","
                            "\"objects\":\"sha256:" OF_NONE "\",\"protected\":\"sha256:" OF_NONE
                            "\",\"schemas\":[],\"server_major\":15}";
static const char digest_of_document[] =
    "sha256:155bc2bb3ee3bba2ecf96fbe329056a03c8e59e9020145f17a1966e9acfba20b";
static const char digest_of_v1[] =
    "sha256:99f46c70a710ed484e56b262d32073e78fbddf2eb1c0483363dfe43f018845fd";

#define FP(n) "\tsha256:0" n "00000000000000000000000000000000000000000000000000000000000000\n"
static const char lines[] =
    "role reader" FP("1") "schema app" FP("2") "table app.\"%C3%84\"" FP("3") "table app.t" FP("4");

static const char *taken(struct buf *text)
{
    const char *out = arena_strdup(&arena, buf_str(text));
    buf_release(text);
    return out;
}

static const char *document_of(struct baseline *b)
{
    struct buf text = {0};
    baseline_write(&text, b);
    return taken(&text);
}

static const char *lines_of(const struct baseline *b)
{
    struct buf text = {0};
    baseline_lines(&text, b);
    return taken(&text);
}

static void test_documents(void)
{
    struct baseline b;
    struct buf old = {0};
    char text[DIGEST_TEXT];
    baseline_begin(&b, &(struct object_rows){0}, &governed, 15);
    is_str(document_of(&b), empty, "of nothing");
    is_str(lines_of(&b), "", "whose list is empty");
    baseline_release(&b);
    baseline_begin(&b, &all, &governed, 15);
    is_str(document_of(&b), document, "of four objects");
    struct digest d = baseline_digest(&b);
    is_str(digest_text(&d, text), digest_of_document, "the digest is that of the bytes");
    is_str(lines_of(&b), lines, "its list");
    baseline_release(&b);
    baseline_write_v1(&old, &all, &governed, 15);
    d = digest_of(buf_bytes(&old));
    is_str(digest_text(&d, text), digest_of_v1, "as the format before wrote it");
    buf_release(&old);
    is_int(baseline_format_parse("kfmig.baseline.v1"), 1, "which is known,");
    is_int(baseline_format_parse(baseline_format_text(BASELINE_FORMAT)), 2, "as the newest is,");
    is_int(baseline_format_parse("kfmig.baseline.v3"), 0, "but none that is to come");
}

/* Names that were one as keys: what is no text, and what spells it out. */
static const char *const alike[][2] = {
    {"table app.\"a\x7f\"", "table app.\"a%7F\""}, {"table app.\"\xff\"", "table app.\"%FF\""},
    {"table app.\"%\"", "table app.\"%25\""},      {"table app.\"a\tb\"", "table app.\"a%09b\""},
    {"table app.\"\n\"", "table app.\"%0A\""},     {"table app.\"%7f\"", "table app.\"%7F\""}};

static void test_names(void)
{
    for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++) {
        struct object_row row[2] = {{.object = alike[i][0], .fingerprint = {{1}}},
                                    {.object = alike[i][1], .fingerprint = {{1}}}};
        struct baseline one;
        struct baseline other;
        baseline_begin(&one, &(struct object_rows){&row[0], 1, 1}, &none, 15);
        baseline_begin(&other, &(struct object_rows){&row[1], 1, 1}, &none, 15);
        ok(strcmp(lines_of(&one), lines_of(&other)) != 0 &&
               strcmp(document_of(&one), document_of(&other)) != 0,
           "two names are two");
        struct buf text = {0};
        struct err e = {0};
        baseline_lay(&one, &row[1], 1);
        baseline_lines(&text, &one);
        int rc = object_list_check(bytes_str(document_of(&one)), buf_bytes(&text), &e);
        is_int(rc, 0, "and both stand in one list");
        buf_release(&text);
        baseline_release(&one);
        baseline_release(&other);
    }
}

static void test_laid(void)
{
    struct object_row moved[] = {{"schema app", {{9}}, "", 3, 3},
                                 {"table app.\"Ä\"", {{0}}, "", 3, 3},
                                 {"table app.gone", {{0}}, "", 3, 3},
                                 {"table app.s", {{5}}, "", 3, 3},
                                 {"table zzz.z", {{6}}, "", 3, 3}};
    struct object_row want[] = {{"role reader", {{1}}, "", 0, 0},
                                {"schema app", {{9}}, "", 0, 0},
                                {"table app.s", {{5}}, "", 0, 0},
                                {"table app.t", {{4}}, "", 0, 0},
                                {"table zzz.z", {{6}}, "", 0, 0}};
    struct baseline b;
    struct baseline anew;
    struct object_rows rows;
    baseline_begin(&b, &all, &governed, 15);
    (void)baseline_digest(&b);
    baseline_lay(&b, moved, 5);
    baseline_rows(&b, &arena, &rows);
    is_int(rows.n, 5, "changed, removed, added, added behind all");
    for (size_t i = 0; i < 5 && i < rows.n; i++) {
        ok(strcmp(rows.v[i].object, want[i].object) == 0 &&
               digest_eq(&rows.v[i].fingerprint, &want[i].fingerprint),
           want[i].object);
    }
    baseline_begin(&anew, &(struct object_rows){want, 5, 5}, &governed, 15);
    is_str(document_of(&b), document_of(&anew), "laid over is the same as made anew");
    baseline_release(&anew);
    baseline_undo(&b);
    is_str(document_of(&b), document, "undone is the same as before");
    baseline_undo(&b);
    is_str(document_of(&b), document, "which is done once");
    baseline_lay(&b, moved, 5);
    baseline_keep(&b);
    baseline_undo(&b);
    baseline_rows(&b, &arena, &rows);
    is_int(rows.n, 5, "what was kept is not undone");
    baseline_release(&b);
}

/* A cheap sequence of numbers, the same in every run. */
static uint32_t dice;
static uint32_t roll(uint32_t n)
{
    dice = dice * 1664525U + 1013904223U;
    return (dice >> 8) % n;
}

static const char *rolled_name(void)
{
    static const char *const kinds[] = {"table", "view", "function", "sequence"};
    return arena_printf(&arena, "%s s%u.%c%u", kinds[roll(4)], roll(3), "ab"[roll(2)], roll(200));
}

/* The sum's own rows make the same document as the sum that was changed all along. */
static bool is_as_anew(struct baseline *b)
{
    struct baseline anew;
    struct object_rows rows;
    baseline_rows(b, &arena, &rows);
    baseline_begin(&anew, &rows, b->domains, 15);
    bool same = strcmp(document_of(b), document_of(&anew)) == 0 &&
                strcmp(lines_of(b), lines_of(&anew)) == 0;
    baseline_release(&anew);
    return same;
}

static void test_many(void)
{
    struct baseline b;
    int n_same = 0;
    int n_undone = 0;
    int n_moved = 0;
    const struct domains one = {.schemas = {(const char *[]){"s1"}, 1, 1}};
    baseline_begin(&b, &(struct object_rows){0}, &one, 15);
    for (int i = 0; i < 300; i++) {
        struct object_row row[12];
        struct digest before = baseline_digest(&b);
        for (size_t k = 0; k < 12; k++) {
            row[k] = (struct object_row){.object = rolled_name()};
            row[k].fingerprint.b[roll(32)] = (uint8_t)(roll(3) * roll(250));
        }
        baseline_lay(&b, row, 12);
        struct digest after = baseline_digest(&b);
        n_moved += !digest_eq(&before, &after);
        if (roll(3) == 0) {
            baseline_undo(&b);
            struct digest now = baseline_digest(&b);
            n_undone += digest_eq(&now, &before);
        } else {
            n_undone++;
            baseline_keep(&b);
        }
        n_same += i % 10 != 0 || is_as_anew(&b);
    }
    ok(n_moved > 290, "changes of twelve objects move the digest");
    is_int(n_undone, 300, "undone, it is the digest before");
    is_int(n_same, 300, "and what is left is always as made anew");
    baseline_release(&b);
}

static const struct {
    const char *document, *lines, *says;
} wrong_lists[] = {
    {"{", lines, "no baseline that a list belongs to"},
    {"{\"format\":\"kfmig.baseline.v1\",\"objects\":{}}", lines,
     "no baseline that a list belongs to"},
    {"{\"objects\":7}", lines, "no baseline that a list belongs to"},
    {empty, lines, "not the objects that the baseline beside it is about"},
    {document, "", "not the objects that the baseline beside it is about"},
    {document, "role reader" FP("1"), "not the objects that the baseline beside it is about"},
    {document, "schema app" FP("1") "role reader" FP("1"),
     "line 2 is not an object and its fingerprint, in order"},
    {document, "role reader" FP("1") "role reader" FP("1"),
     "line 2 is not an object and its fingerprint, in order"},
    {document, "role reader", "line 1 is not an object and its fingerprint, in order"},
    {document, "role reader\n", "line 1 is not an object and its fingerprint, in order"},
    {document, "role reader\tsha256:1\n", "line 1 is not an object and its fingerprint, in order"},
    {document, "\n", "line 1 is not an object and its fingerprint, in order"},
};

static void test_lists(void)
{
    struct err e = {0};
    is_int(object_list_check(bytes_str(document), bytes_str(lines), &e), 0,
           "a list and its baseline");
    is_int(object_list_check(bytes_str(empty), bytes_str(""), &e), 0, "of nothing, too");
    for (size_t i = 0; i < sizeof wrong_lists / sizeof wrong_lists[0]; i++) {
        e = (struct err){0};
        int rc = object_list_check(bytes_str(wrong_lists[i].document),
                                   bytes_str(wrong_lists[i].lines), &e);
        ok(rc == -1 && e.code == ERR_INTEGRITY, "a list that is not its baseline's");
        is_str(e.msg, wrong_lists[i].says, "says why");
    }
    struct bytes with_nul = bytes_of("a\0b" FP("1"), sizeof "a\0b" FP("1") - 1);
    ok(object_list_check(bytes_str(document), with_nul, &e) == -1, "nor with NUL in it");
}

int main(void)
{
    tap_plan(9 + 12 + 10 + 3 + 27);
    test_documents();
    test_names();
    test_laid();
    test_many();
    test_lists();
    arena_release(&arena);
    return tap_done();
}
