/* layer: run scripted */
/* What no machine can know, settled by a person: a migration in segments stops in doubt at its index; that counts as done, or it did not
 * happen, or nothing of what was begun did. What the ledger says of it, what the next run makes of that, and each question that goes wrong. */
#include "ledger/journal.h"
#include "run/resolve.h"
#include "scripted_segments.h"

/* What is settled. of: of which segment the key is, from 0; NONE: of all. */
enum { NONE = -1 };
static struct outcome settled;

/* Segment 2 is begun, and somebody else's index stands there: in doubt. */
static void stop(void)
{
    segments_begin(TAKEN);
    (void)segments_go(0, NULL);
    scene_close(&t);
    server.mood = WILLING;
}

static struct digest key_of(int of)
{
    struct segments l;
    if (of == NONE) {
        return (struct digest){{0}};
    }
    segments_of(&t.a, &t.bundle, &l);
    const struct journal_step step = journal_step_of_segment("M-1", "postgis", &l, (size_t)of);
    return journal_key(&step);
}

static int settle(int of, bool is_applied, struct err *e)
{
    struct entries past = {0};
    if (t.pg == NULL || ledger_found(&t, &past, e) != 0) {
        return -2;
    }
    const struct resolving x = {.b = &t.bundle,
                                .is_segmented = true,
                                .is_applied = is_applied,
                                .key = key_of(of),
                                .stands = is_applied ? digest_of(bytes_str("seen"))
                                                     : (struct digest){{0}},
                                .seen = "index app.i, valid, hash (b)",
                                .past = &past};
    return run_resolve(&t.run, &x, &settled, e);
}

/* Once, as far as question n is answered so; 0: none is. */
static int settle_once(int n, const char *answer, int of, bool is_applied, struct err *e)
{
    settled = (struct outcome){0};
    segments_open(n, answer);
    return settle(of, is_applied, e);
}

static const char *last_receipt(void)
{
    return n_receipts > 0 ? receipts[n_receipts - 1].body : "";
}

static bool has(const char *text, const char *words)
{
    bool good = strstr(text, words) != NULL;
    if (!good) {
        printf("# %s is not in: %s\n", words, text);
    }
    return good;
}

/* --- how it is settled, and what the next run makes of it */

static void test_applied(void)
{
    struct err e = {0};
    stop();
    server.index = VALID; /* a person mended it */
    is_int(settle_once(0, NULL, 1, true, &e), 0, "what stands there counts as done");
    is_int(ledger_count("resolve", "success"), 1, "by one entry,");
    is_int((long long)settled.sequence, ledger.n, "which is told");
    ok(has(last_receipt(), "\"resolve\":{\"as\":\"applied\",\"seen\":\"index app.i, valid, hash "
                           "(b)\",\"stands\":\"sha256:") &&
           has(last_receipt(), "\"how\":\"applied\"") &&
           has(last_receipt(), "\"object\":\"index app.i\"") &&
           has(last_receipt(), "\"uri\":\"changes\""),
       "which says what was seen and what it changed");
    scene_close(&t);
    (void)segments_go(0, NULL);
    ok(t.o.result == RUN_SUCCESS && server.n_made == 0 && server.rows[0] == 1 &&
           server.rows[1] == 1,
       "the next run goes on behind it");
    scene_close(&t);
}

static void test_absent(void)
{
    struct err e = {0};
    stop();
    server.index = ABSENT;
    is_int(settle_once(0, NULL, 1, false, &e), 0, "it did not happen");
    is_int(ledger_count("resolve", "success"), 1, "by one entry,");
    ok(has(last_receipt(), "\"as\":\"absent\"") && has(last_receipt(), "\"stands\":null") &&
           has(last_receipt(), "\"proof\":null") && has(last_receipt(), "\"uri\":\"payload\""),
       "which has no proof");
    scene_close(&t);
    (void)segments_go(0, NULL);
    ok(t.o.result == RUN_SUCCESS && segments_stand(), "the next run begins it anew");
    scene_close(&t);
}

static void test_all_absent(void)
{
    struct err e = {0};
    stop();
    is_int(settle_once(0, NULL, NONE, false, &e), 0, "nothing of what was begun did");
    is_int(ledger_count("resolve", "success"), 2, "by an entry for each step,");
    ok(has(last_receipt(), "\"at\":1,"), "the newest first");
    scene_close(&t);
    server.rows[0] = 0;
    server.index = ABSENT;
    (void)segments_go(0, NULL);
    ok(t.o.result == RUN_SUCCESS && segments_stand(), "the next run begins all of it anew");
    scene_close(&t);
}

/* --- what stands in the way */

static void forget_receipts(void)
{
    n_receipts = 0;
}

static void spoil_receipts(void)
{
    for (int i = 0; i < n_receipts; i++) {
        receipts[i].body[0] = 'x';
    }
}

static void empty_receipts(void)
{
    for (int i = 0; i < n_receipts; i++) {
        receipts[i].body = arena_strdup(&memory, "{\"claim\":{}}");
    }
}

static void forget_texts(void)
{
    n_texts = 0;
}

static void nothing(void)
{
}

static const struct {
    const char *name;
    void (*with)(void);
    int of;
    bool is_applied;
    const char *lines;
    enum err_code code;
    const char *words;
} refusals[] = {
    {"a step that stands is not open", nothing, 0, true, "", ERR_PREFLIGHT,
     "M-1 is not in doubt any more"},
    {"a step that was never begun is not open", nothing, 2, false, "", ERR_PREFLIGHT,
     "M-1 is not in doubt any more"},
    {"its receipt is not there", forget_receipts, 1, false, "", ERR_INTEGRITY,
     "the ledger lacks the receipt of entry "},
    {"its receipt is no JSON", spoil_receipts, 1, false, "", ERR_INTEGRITY,
     "the ledger lacks the receipt of entry "},
    {"its receipt is of no step", empty_receipts, 1, false, "", ERR_INTEGRITY,
     "the ledger lacks the receipt of entry "},
    {"its receipt cannot be asked for", nothing, 1, false,
     "~ @ledger_read_receipts -> error 42501\n", ERR_PREFLIGHT, "insufficient_privilege"},
    {"of all, the newest's receipt is not there", forget_receipts, NONE, false, "", ERR_INTEGRITY,
     "the ledger lacks the receipt of entry "},
    {"what stands there cannot be looked at", nothing, 1, true,
     "~ @postgis_lone_index -> error 42501\n", ERR_PREFLIGHT, "insufficient_privilege"},
    {"the session cannot be made ready for the look", nothing, 1, true,
     "~ SET work_mem = 1 -> error 42501\n", ERR_APPLY, "insufficient_privilege"},
    {"what an earlier segment kept is gone", forget_texts, 1, true, "", ERR_INTEGRITY,
     "the ledger lacks what entry "},
    {"the entry is refused", nothing, 1, false, "~ @ledger_record_head -> error 42501\n", ERR_APPLY,
     "the ledger cannot be written"},
};
enum { N_REFUSALS = sizeof refusals / sizeof *refusals };

static void play_refusal(size_t i)
{
    struct err e = {0};
    stop();
    refusals[i].with();
    server_lines = refusals[i].lines;
    int rc = settle_once(0, NULL, refusals[i].of, refusals[i].is_applied, &e);
    server_lines = "";
    bool good = rc == -1 && e.code == refusals[i].code && has(e.msg, refusals[i].words) &&
                ledger_count("resolve", "success") == 0;
    if (!good) {
        printf("# rc %d, code %d: %s\n", rc, (int)e.code, e.msg);
    }
    ok(good, refusals[i].name);
    scene_close(&t);
}

/* --- every question goes wrong once: it is settled, or it can be settled again */

static const char *settle_again(int of, bool is_applied, int wanted)
{
    struct err e = {0};
    bool is_over = ledger_count("resolve", "success") == wanted;
    int rc = settle_once(0, NULL, of, is_applied, &e);
    scene_close(&t);
    if (of != NONE && is_over) {
        return rc == -1 && e.code == ERR_PREFLIGHT ? NULL : "it was settled twice";
    }
    return rc == 0 && ledger_count("resolve", "success") == wanted
               ? NULL
               : "it could not be settled any more";
}

static void sweep(int of, bool is_applied, const char *answer, bool takes_effect, const char *name)
{
    struct err e = {0};
    int n_lies = 0;
    int wanted = of == NONE ? 2 : 1;
    stop();
    (void)settle_once(0, NULL, of, is_applied, &e);
    scene_close(&t);
    int last = pq_asked();
    for (int n = 3; n <= last; n++) {
        e = (struct err){0};
        stop();
        server.index = is_applied ? VALID : ABSENT;
        ledger.kept = takes_effect;
        int rc = settle_once(n, answer, of, is_applied, &e);
        scene_close(&t);
        int n_entries = ledger_count("resolve", "success");
        bool is_true = rc == 0 ? n_entries == wanted : n_entries <= wanted && e.msg[0] != '\0';
        const char *later = settle_again(of, is_applied, wanted);
        if (!is_true || later != NULL) {
            printf("# question %d of %d: %d entries, %s; %s\n", n, last, n_entries, e.msg,
                   later != NULL ? later : "and that was wrong");
            n_lies++;
        }
    }
    ok(n_lies == 0 && last > 12, name);
}

int main(void)
{
    has_last = has_invariant = true;
    tap_plan(13 + N_REFUSALS + 5);
    test_applied();
    test_absent();
    test_all_absent();
    for (size_t i = 0; i < N_REFUSALS; i++) {
        play_refusal(i);
    }
    sweep(1, true, "error 57014", false, "each question refused, where it counts as done");
    sweep(1, true, "cut", false, "each question cut, where it counts as done");
    sweep(1, false, "cut", true, "each question cut, and COMMIT takes effect");
    sweep(NONE, false, "cut", false, "each question cut, where nothing did");
    sweep(NONE, false, "cut", true, "the same, and COMMIT takes effect");
    ledger_forget();
    arena_release(&memory);
    return tap_done();
}
