/* layer: run scripted */
/* What is recorded late. Owed receipts: whatever bytes a file has, they come to the ledger as they were, and damage is no receipt. And a
 * migration that is found standing: an entry, and nothing else. */
#include "run/owed.h"
#include "run/record.h"
#include "scripted_run.h"

static struct scene t;

/* --- the ledger hears */

static char written[4096]; /* what was written as texts */
static char entry[512];    /* subject, kind, result, and the objects */

static const char *hear(void *ctx, int session, const char *text, int n, const char *const *params,
                        const char *answer)
{
    (void)ctx;
    (void)session;
    if (strcmp(text, "@ledger_record_blobs") == 0 && n == 2) {
        (void)snprintf(written, sizeof written, "%s", params[1]);
    } else if (strcmp(text, "@ledger_record_entry") == 0 && n > 3) {
        (void)snprintf(entry, sizeof entry, "%s %s %s", params[1], params[2], params[3]);
    } else if (strcmp(text, "@ledger_record_objects") == 0 && n > 1) {
        size_t len = strlen(entry);
        (void)snprintf(entry + len, sizeof entry - len, " of %s", params[1]);
    }
    return answer;
}

#define RECORDING                                                                                  \
    "~ connect -> ok\n"                                                                            \
    "~ @ledger_read_receipts -> rows\n"                                                            \
    "~ BEGIN -> BEGIN\n"                                                                           \
    "~ @ledger_record_begin -> SET\n"                                                              \
    "~ @ledger_record_guard -> rows t | t | t | t | t | \n"                                        \
    "~ @ledger_record_head -> UPDATE 1\n"                                                          \
    "~ @ledger_record_end -> SET\n"                                                                \
    "~ @ledger_record_* -> INSERT 0 1\n" ALWAYS

static void open_scene(const char *lines)
{
    static char script[8192];
    written[0] = entry[0] = '\0';
    (void)snprintf(script, sizeof script, "%s%s", lines, RECORDING);
    scene_open(&t, script);
    pq_model(hear, NULL);
}

/* --- bytes of a file */

/* clang-format off */
static const struct {
    const char *name;
    struct bytes bytes;
    bool as_text; /* in the owed receipt; else as {"hex":...} */
} files[] = {
    {"plain text", {"SELECT 1;\n", 10}, true},
    {"text with quotes, a tab and a backslash", {"SELECT E'\\t\"\t'", 13}, true},
    {"text beyond ASCII", {"-- \xc3\xa4\xe2\x82\xac\n", 9}, true},
    {"bytes that are no UTF-8", {"\xff\xfe", 2}, false},
    {"UTF-8 that ends early", {"\xc3", 1}, false},
    {"a NUL", {"a\0b", 3}, false},
    {"a byte order mark", {"\xef\xbb\xbfSELECT 1", 11}, false},
    {"a control character", {"a\001b", 3}, false},
};
/* clang-format on */
enum { N_FILES = sizeof files / sizeof *files };

static const char *hex_of(struct bytes b)
{
    static char hex[256];
    hex_encode((const uint8_t *)b.p, b.n, hex);
    return hex;
}

static struct bytes owe(struct bytes file)
{
    struct evidence_set evidence = {0};
    t.forward.bytes = file;
    t.forward.digest = digest_of(file);
    random_uuid(t.o.run_id);
    t.o.result = RUN_FAILED;
    return owed_write(&t.run, &(struct receipt_input){.kind = "db_migration",
                                                      .bundle = &t.bundle,
                                                      .outcome = &t.o,
                                                      .evidence = &evidence,
                                                      .started_at = "2026-01-02T03:04:05.000006Z",
                                                      .notes = ""});
}

static void pay_file(size_t i)
{
    struct err e = {0};
    enum owed_fate fate = OWED_UNREADABLE;
    open_scene("@ledger_read_receipts -> rows\nCOMMIT -> COMMIT\n");
    struct bytes owed = owe(files[i].bytes);
    bool is_hex = memmem(owed.p, owed.n, "{\"hex\":\"", 8) != NULL;
    int rc = run_pay(&t.run, owed, &fate, &e);
    bool good = rc == 0 && fate == OWED_PAID && is_hex != files[i].as_text &&
                strstr(written, hex_of(files[i].bytes)) != NULL &&
                strcmp(entry, "M-1 apply failed") == 0;
    if (!good) {
        printf("# rc %d, fate %d, hex %d, %s, wrote %s, not %s: %s\n", rc, (int)fate, is_hex, entry,
               written, hex_of(files[i].bytes), e.msg);
    }
    scene_close(&t);
    good = pq_played() && good;
    ok(good, files[i].name);
}

/* --- what is damaged */

#define RECEIPT(more)                                                                              \
    "{\"environment\":\"dev\",\"format\":\"kfmig.run_receipt.v1\",\"migration_id\":\"M-1\","       \
    "\"finished_at\":\"2026-01-02T03:04:05.000006Z\",\"result\":\"failed\"" more "}"
#define RUN ",\"run_id\":\"r\",\"run_kind\":\"db_migration\""
#define OWED(blobs, receipt) "{\"blobs\":" blobs ",\"receipt\":" receipt "}"
#define DAMAGED "an owed receipt is damaged or belongs to another environment"

/* clang-format off */
static const struct {
    const char *name, *owed, *lines;
    enum owed_fate fate;
    const char *words;   /* of the error */
    const char *written; /* the texts; "": none */
} damages[] = {
    {"no texts", OWED("[]", RECEIPT(RUN)), "COMMIT -> COMMIT\n", OWED_PAID, "", ""},
    {"no list of texts", "{\"receipt\":" RECEIPT(RUN) "}", "COMMIT -> COMMIT\n", OWED_PAID, "", ""},
    {"a text, and one in hex", OWED("[\"a\",{\"hex\":\"ff00\"}]", RECEIPT(RUN)), "COMMIT -> COMMIT\n", OWED_PAID, "", "{\"\\\\x61\",\"\\\\xff00\"}"},
    {"hex that is none", OWED("[{\"hex\":\"zz\"}]", RECEIPT(RUN)), "", OWED_UNREADABLE, "text 1 cannot be read", ""},
    {"half a byte in hex", OWED("[\"a\",{\"hex\":\"ff0\"}]", RECEIPT(RUN)), "", OWED_UNREADABLE, "text 2 cannot be read", ""},
    {"a text that is a number", OWED("[7]", RECEIPT(RUN)), "", OWED_UNREADABLE, "text 1 cannot be read", ""},
    {"a receipt without a run", OWED("[]", RECEIPT("")), "", OWED_UNREADABLE, DAMAGED, ""},
    {"a receipt whose digest is none", OWED("[]", RECEIPT(RUN ",\"claim\":{\"pre\":7,\"baseline\":{\"pre\":7}},\"migrations\":[{\"id\":\"M-1\",\"sha256\":7}]")), "", OWED_UNREADABLE, DAMAGED, ""},
    {"no receipt", "{\"blobs\":[]}", "", OWED_UNREADABLE, DAMAGED, ""},
    {"no object at all", "[]", "", OWED_UNREADABLE, DAMAGED, ""},
    {"nothing", "", "", OWED_UNREADABLE, "", ""},
};
/* clang-format on */
enum { N_DAMAGES = sizeof damages / sizeof *damages };

static void pay_damaged(size_t i)
{
    struct err e = {0};
    enum owed_fate fate = OWED_KNOWN;
    open_scene(damages[i].lines);
    int rc = run_pay(&t.run, bytes_str(damages[i].owed), &fate, &e);
    bool good = rc == 0 && fate == damages[i].fate && strstr(e.msg, damages[i].words) != NULL &&
                (e.msg[0] == '\0') == (fate == OWED_PAID) &&
                strcmp(written, damages[i].written) == 0;
    if (!good) {
        printf("# rc %d, fate %d, wrote %s: %s\n", rc, (int)fate, written, e.msg);
    }
    scene_close(&t);
    good = pq_played() && good;
    ok(good, damages[i].name);
}

/* --- found standing */

/* clang-format off */
static const struct {
    const char *name, *lines;
    size_t n;
    int rc;
    enum err_code code;
    const char *words, *entry;
} founds[] = {
    {"a migration that stands is recorded with what it makes", "COMMIT -> COMMIT\n", 1, 0, ERR_NONE, "", "M-1 apply success of {\"table app.t\"}"},
    {"a migration that stands and makes nothing", "COMMIT -> COMMIT\n", 0, 0, ERR_NONE, "", "M-1 apply success"},
    {"a migration that stands: COMMIT is refused", "COMMIT -> error 53100\n", 0, -1, ERR_APPLY, "M-1: the server refused COMMIT", "M-1 apply success"},
    {"a migration that stands: BEGIN is refused", "BEGIN -> error 53200\n", 0, -1, ERR_PREFLIGHT, "out_of_memory", ""},
};
/* clang-format on */
enum { N_FOUNDS = sizeof founds / sizeof *founds };

static void record_found(size_t i)
{
    struct err e = {0};
    const struct object_row row = {"table app.t", digest_of(bytes_str("t")), "owner\tann\n", 1, 1};
    open_scene(founds[i].lines);
    int rc =
        run_record_found(&t.run, &t.bundle, NULL, &row, founds[i].n, "found standing", &t.o, &e);
    bool good = rc == founds[i].rc && e.code == founds[i].code &&
                strstr(e.msg, founds[i].words) != NULL && strcmp(entry, founds[i].entry) == 0 &&
                t.o.sequence == (rc == 0 ? 1 : 0) && t.merkle.size == t.o.sequence &&
                t.o.seen.n_changes == 0 && t.o.gates.n == 0;
    if (!good) {
        printf("# rc %d, code %d, sequence %lld, %s: %s\n", rc, (int)e.code,
               (long long)t.o.sequence, entry, e.msg);
    }
    scene_close(&t);
    good = pq_played() && good;
    ok(good, founds[i].name);
}

int main(void)
{
    tap_plan(N_FILES + N_DAMAGES + N_FOUNDS);
    for (size_t i = 0; i < N_FILES; i++) {
        pay_file(i);
    }
    for (size_t i = 0; i < N_DAMAGES; i++) {
        pay_damaged(i);
    }
    for (size_t i = 0; i < N_FOUNDS; i++) {
        record_found(i);
    }
    return tap_done();
}
