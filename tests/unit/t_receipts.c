/* layer: evidence */
/* Which entries a reference means. */
#include "tap.h"

#include "doc/canon.h"
#include "evidence/receipts.h"

static struct arena arena;

/* Two runs whose ids begin alike, one of three entries; M-1 twice; the third entry's subject has another name since. */
static struct entry v[] = {
    {.sequence = 1, .subject = "database", .run_id = "aaaa1111-x"},
    {.sequence = 2, .subject = "M-1", .run_id = "aaaa1111-x"},
    {.sequence = 3, .subject = "M-2", .run_id = "aaaa2222-x"},
    {.sequence = 4, .subject = "M-1", .run_id = "bbbb3333-x"},
    {.sequence = 5, .subject = "7", .run_id = "aaaa1111-x"},
};
enum { N_ENTRIES = sizeof v / sizeof *v };

static const struct {
    const char *name, *ref;
    const char *found; /* sequences, each with a blank behind it */
} cases[] = {
    {"the first", "1", "1 "},
    {"the last", "5", "5 "},
    {"one behind the last, unless it is a name", "7", "5 "},
    {"one behind the last", "6", ""},
    {"none before the first", "0", ""},
    {"a position is written without zeros", "01", ""},
    {"nor with a sign", "-1", ""},
    {"nor with anything behind it", "1x", ""},
    {"a migration: its last entry", "M-1", "4 "},
    {"another one", "M-2", "3 "},
    {"one by its name of today", "M-9", "3 "},
    {"one that nobody knows", "M-3", ""},
    {"a part of a name is none", "M-", ""},
    {"a run: all of it", "aaaa1111-x", "1 2 5 "},
    {"by its beginning", "aaaa1", "1 2 5 "},
    {"by four characters, the first that fits", "aaaa", "1 2 5 "},
    {"another one", "aaaa2", "3 "},
    {"three characters are too few", "bbb", ""},
    {"four are not", "bbbb", "4 "},
    {"a run that is not there", "cccc", ""},
    {"more than a run's id", "bbbb3333-xy", ""},
    {"nothing", "", ""},
};

static void play(size_t i, const struct past *past)
{
    const struct entries l = {v, N_ENTRIES, N_ENTRIES};
    const struct entry *out[N_ENTRIES];
    char text[64] = "";
    size_t at = 0;
    size_t n = receipts_find(&l, past, cases[i].ref, out);
    for (size_t k = 0; k < n; k++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%lld ", (long long)out[k]->sequence);
    }
    is_str(text, cases[i].found, cases[i].name);
}

static void check_listed(void)
{
    static const struct entry one = {.sequence = 12,
                                     .environment = "dev",
                                     .subject = "M\x1b-1",
                                     .kind = ENTRY_APPLY,
                                     .result = "success",
                                     .run_id = "aaaa1111-x",
                                     .finished_at = "2026-02-28T01:02:03.000000Z"};
    static const struct entry other = {.sequence = 13,
                                       .environment = "dev",
                                       .subject = "M-2",
                                       .kind = ENTRY_ADOPT,
                                       .result = "success",
                                       .run_id = "bbbb3333-x",
                                       .finished_at = "2026-02-28T01:02:04.000000Z"};
    const struct entry *both[] = {&one, &other};
    const struct entry_list l = {both, 2};
    struct buf text = {0};
    struct buf json = {0};
    receipts_put_list(&text, &arena, &l);
    is_str(buf_str(&text),
           "    12  2026-02-28T01:02:03.000000Z  success      aaaa1111-x  dev/M\\x1b-1@receipt\n"
           "    13  2026-02-28T01:02:04.000000Z  success      bbbb3333-x  dev/M-2@adopt\n",
           "a line for each, safe for a terminal");
    canon_write(&json, receipts_list_doc(&arena, &(struct entry_list){both + 1, 1}));
    is_str(
        buf_str(&json),
        "{\"receipts\":[{\"environment\":\"dev\",\"finished_at\":\"2026-02-28T01:02:04.000000Z\","
        "\"result\":\"success\",\"run_id\":\"bbbb3333-x\",\"sequence\":13,"
        "\"target\":\"dev/M-2@adopt\"}]}",
        "and as a document");
    buf_release(&text);
    buf_release(&json);
}

int main(void)
{
    enum { N = sizeof cases / sizeof *cases };
    struct past past = {0};
    struct fact renamed = {.sequence = 3,
                           .subject = "M-9",
                           .result = "success",
                           .run_id = "aaaa2222-x",
                           .finished_at = ""};
    past_add(&arena, &past, &renamed);
    tap_plan(N + 2);
    for (size_t i = 0; i < N; i++) {
        play(i, &past);
    }
    check_listed();
    arena_release(&arena);
    return tap_done();
}
