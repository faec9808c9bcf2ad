/* layer: evidence */
/* What a receipt says of other entries, held to them: a projection that was dropped, a step that a person settled, the backup before a run, the
 * batches of a backfill. */
#include "tap.h"

#include <string.h>

#include "doc/json.h"
#include "evidence/verify_links.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static struct arena arena;

static struct digest digest(const char *text)
{
    struct digest d = {{0}};
    if (text != NULL && digest_parse(text, &d) != 0) {
        d = digest_of(bytes_str(text));
    }
    return d;
}

/* M's step A was begun, and B of another; a good backup C, and one that failed; M's step C was done without an intent. */
static struct entry before[] = {
    {.sequence = 1, .kind = ENTRY_INTENT, .subject = "M", .result = "success"},
    {.sequence = 2, .kind = ENTRY_INTENT, .subject = "N", .result = "success"},
    {.sequence = 3, .kind = ENTRY_BACKUP, .subject = "plan", .result = "success"},
    {.sequence = 4, .kind = ENTRY_BACKUP, .subject = "plan", .result = "failed"},
    {.sequence = 5, .kind = ENTRY_DONE, .subject = "M", .result = "success"},
    {.sequence = 6, .kind = ENTRY_APPLY, .subject = "X", .result = "success"},
    {.sequence = 7, .kind = ENTRY_INTENT, .subject = "M", .result = "success"},
};
enum { N_BEFORE = sizeof before / sizeof *before, AT = 6 };
static const char *const sums[N_BEFORE] = {A, B, C, C, C, A, B};
/* of A's, which began in entry 1 */
static struct backfill_batches batches[] = {{.intent = 1, .n = 2, .rows = 30}};

#define DROPPED(more) "\"dropped\":{\"projection\":\"wells\",\"digest\":\"" A "\"," more "}"
#define LIVE(digest) "\"generations\":[{\"generation\":2,\"state\":\"live\",\"digest\":" digest "}]"
#define MEMBERS(list) "\"migrations\":[" list "]"
#define SETTLED(how, as, stands)                                                                   \
    "\"journal\":{\"how\":\"" how "\"},\"resolve\":{\"as\":\"" as                                  \
    "\",\"seen\":\"x\",\"stands\":" stands "}"
#define BACKED(entry, digest) "\"precaution\":{\"entry\":" entry ",\"digest\":" digest "}"
#define BATCHES(n, rows, digest)                                                                   \
    "\"journal\":{\"batches\":{\"count\":" n ",\"rows\":" rows ",\"digest\":" digest "}}"
#define REPLACES(entry, digest) "\"replaces\":{\"sequence\":" entry ",\"checksum\":" digest "}"
#define Q(digest) "\"" digest "\""

/* Of entry 6: its kind, what it is about and its proof; what its receipt claims; what is said of that, "": nothing. */
static const struct {
    const char *name;
    enum entry_kind kind;
    const char *subject, *checksum, *post, *claim, *words;
} cases[] = {
    {"nothing of others", ENTRY_APPLY, "M", A, NULL, "\"gates\":[]", ""},

    {"a dropped projection", ENTRY_DROP, "wells M-1 M-2", A, NULL,
     DROPPED(LIVE(Q(A)) "," MEMBERS("\"M-1\",\"M-2\"")), ""},
    {"one without migrations", ENTRY_DROP, "wells", A, NULL, DROPPED(LIVE(Q(A)) "," MEMBERS("")),
     ""},
    {"a migration fewer", ENTRY_DROP, "wells M-1 M-2", A, NULL,
     DROPPED(LIVE(Q(A)) "," MEMBERS("\"M-1\"")), "subject is not that of its receipt"},
    {"a migration that is no text", ENTRY_DROP, "wells M-1", A, NULL,
     DROPPED(LIVE(Q(A)) "," MEMBERS("1")), "subject is not that of its receipt"},
    {"another projection", ENTRY_DROP, "springs", A, NULL, DROPPED(LIVE(Q(A)) "," MEMBERS("")),
     "subject is not that of its receipt"},
    {"another live generation", ENTRY_DROP, "wells", A, NULL, DROPPED(LIVE(Q(B)) "," MEMBERS("")),
     "digest of its live generation is not that of what was dropped"},
    {"a kept generation is another", ENTRY_DROP, "wells", A, NULL,
     DROPPED("\"generations\":[{\"generation\":1,\"state\":\"kept\",\"digest\":" Q(B) "}]"), ""},

    {"a step that counts as done", ENTRY_RESOLVE, "M", A, B, SETTLED("applied", "applied", Q(B)),
     ""},
    {"one of which nothing stands", ENTRY_RESOLVE, "M", A, "gone",
     SETTLED("applied", "applied", "null"), ""},
    {"one that did not happen", ENTRY_RESOLVE, "M", A, NULL, SETTLED("absent", "absent", Q(B)), ""},
    {"one that was done without an intent", ENTRY_RESOLVE, "M", C, NULL,
     SETTLED("absent", "absent", "null"), ""},
    {"settled otherwise than said", ENTRY_RESOLVE, "M", A, B, SETTLED("absent", "applied", Q(B)),
     "how it was settled is not that of what was said"},
    {"nothing is said", ENTRY_RESOLVE, "M", A, NULL, "\"journal\":{\"how\":\"absent\"}",
     "how it was settled is not that of what was said"},
    {"something else was seen", ENTRY_RESOLVE, "M", A, B, SETTLED("applied", "applied", Q(C)),
     "proof is not that of what was seen"},
    {"what was seen cannot be read", ENTRY_RESOLVE, "M", A, B, SETTLED("applied", "applied", "5"),
     "proof is not that of what was seen"},
    {"a proof of what did not happen", ENTRY_RESOLVE, "M", A, B, SETTLED("absent", "absent", Q(B)),
     "proof is not that of what was seen"},
    {"a step that nobody began", ENTRY_RESOLVE, "M", "other", B,
     SETTLED("applied", "applied", Q(B)), "step is not that of an entry before it"},
    {"a step of another", ENTRY_RESOLVE, "N", A, B, SETTLED("applied", "applied", Q(B)),
     "step is not that of an entry before it"},
    {"a step that begins later", ENTRY_RESOLVE, "M", B, B, SETTLED("applied", "applied", Q(B)),
     "step is not that of an entry before it"},

    {"a backup before it", ENTRY_APPLY, "M", A, NULL, BACKED("3", Q(C)), ""},
    {"a backup without an entry", ENTRY_APPLY, "M", A, NULL, BACKED("null", Q(B)), ""},
    {"another backup", ENTRY_APPLY, "M", A, NULL, BACKED("3", Q(B)),
     "the backup before it is not that of its entry"},
    {"a backup without a digest", ENTRY_APPLY, "M", A, NULL, BACKED("3", "5"),
     "the backup before it is not that of its entry"},
    {"a backup that failed", ENTRY_APPLY, "M", A, NULL, BACKED("4", Q(C)),
     "the backup before it is not that of its entry"},
    {"an entry that is no backup", ENTRY_APPLY, "M", A, NULL, BACKED("1", Q(A)),
     "the backup before it is not that of its entry"},
    {"a backup that comes later", ENTRY_APPLY, "M", A, NULL, BACKED("7", Q(B)),
     "the backup before it is not that of its entry"},
    {"a backup in no place", ENTRY_APPLY, "M", A, NULL, BACKED("0", Q(C)),
     "the backup before it is not that of its entry"},

    {"another text of an applied one", ENTRY_APPLY, "M", A, NULL, REPLACES("5", Q(C)),
     "the text that it replaces is not that of its entry"},
    {"another text of none", ENTRY_APPLY, "M", A, NULL, REPLACES("0", Q(C)),
     "the text that it replaces is not that of its entry"},
    {"another text of a later one", ENTRY_APPLY, "M", A, NULL, REPLACES("6", Q(A)),
     "the text that it replaces is not that of its entry"},
    {"another text whose checksum cannot be read", ENTRY_APPLY, "M", A, NULL, REPLACES("2", "5"),
     "the text that it replaces is not that of its entry"},

    {"the batches that stand there", ENTRY_DONE, "M", A, B, BATCHES("2", "30", Q(C)), ""},
    {"a batch fewer", ENTRY_DONE, "M", A, B, BATCHES("1", "30", Q(C)),
     "what it says of its batches is not that of kfmig.batch"},
    {"more rows", ENTRY_DONE, "M", A, B, BATCHES("2", "31", Q(C)),
     "what it says of its batches is not that of kfmig.batch"},
    {"another digest", ENTRY_DONE, "M", A, B, BATCHES("2", "30", Q(B)),
     "what it says of its batches is not that of kfmig.batch"},
    {"no digest", ENTRY_DONE, "M", A, B, BATCHES("2", "30", "5"),
     "what it says of its batches is not that of kfmig.batch"},
    {"no batch stands there, and none is told", ENTRY_DONE, "N", B, B, BATCHES("0", "0", Q(C)), ""},
    {"no batch stands there", ENTRY_DONE, "N", B, B, BATCHES("2", "30", Q(C)),
     "what it says of its batches is not that of kfmig.batch"},
    {"nobody began them", ENTRY_DONE, "M", C, B, BATCHES("2", "30", Q(C)),
     "what it says of its batches is not that of kfmig.batch"},
};
enum { N = sizeof cases / sizeof *cases };

static bool says(const struct verified *v, const char *words)
{
    bool good = v->n_found == (words[0] != '\0') &&
                (v->n_found == 0 || (strcmp(v->findings.v[0].text, words) == 0 &&
                                     strcmp(v->findings.v[0].rule, "claim") == 0));
    for (size_t i = 0; i < v->findings.n && !good; i++) {
        printf("# %s: %s\n", v->findings.v[i].rule, v->findings.v[i].text);
    }
    return good;
}

static void check(size_t i)
{
    struct verified v = {.n_found = 0};
    struct err e = {0};
    struct entry v_entries[N_BEFORE];
    memcpy(v_entries, before, sizeof before);
    v_entries[AT - 1] = (struct entry){.sequence = AT,
                                       .kind = cases[i].kind,
                                       .subject = cases[i].subject,
                                       .result = "success",
                                       .checksum = digest(cases[i].checksum),
                                       .post = digest(cases[i].post)};
    const struct entries entries = {v_entries, N_BEFORE, N_BEFORE};
    const struct verify_others others = {&entries, batches, 1};
    const char *text = arena_printf(&arena, "{\"claim\":{%s}}", cases[i].claim);
    const struct doc *receipt = json_read(&arena, bytes_str(text), "receipt", &e);
    if (receipt == NULL) {
        printf("# %s\n", e.msg);
    }
    verify_links(&v, &arena, &others, &v_entries[AT - 1], receipt);
    const char *words = cases[i].words;
    ok(receipt != NULL &&
           says(&v, words[0] != '\0' ? arena_printf(&arena, "entry 6: %s", words) : ""),
       cases[i].name);
}

static void check_batches(int64_t intent, int64_t size, const char *words, const char *name)
{
    struct verified v = {.n_found = 0};
    const struct backfill_batches one = {.intent = intent, .n = 1};
    const struct entries entries = {before, N_BEFORE, N_BEFORE};
    const struct verify_others others = {&entries, &one, 1};
    verify_batches(&v, &arena, &others, size);
    ok(says(&v, words), name);
}

int main(void)
{
    tap_plan(N + 5);
    for (size_t i = 0; i < N_BEFORE; i++) {
        before[i].checksum = digest(sums[i]);
    }
    batches[0].digest = digest(C);
    for (size_t i = 0; i < N; i++) {
        check(i);
    }
    check_batches(1, 7, "", "batches of what was begun");
    check_batches(9, 9, "", "batches of what was begun meanwhile");
    check_batches(9, 8, "entry 9, which has batches, began none", "batches of no entry");
    check_batches(3, 7, "entry 3, which has batches, began none", "batches of another entry");
    check_batches(0, 7, "entry 0, which has batches, began none", "batches of nothing");
    arena_release(&arena);
    return tap_done();
}
