/* layer: ledger faults */
/* run: needs=postgres */
/* The journal: a run is killed at every point of its protocol, and the next one makes the effect
 * happen exactly once. The store is a file to which lines are appended; another file counts how
 * often each was. */
#include "ledger/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "doc/json.h"
#include "ledger_server.h"

enum { PLANNED = 144, LINES = 3, LINE = 5 };
#define WANTED "one..two..three"

static char folder[] = "/tmp/kfmig-journal-XXXXXX";

/* --- the store --- */

static const char *path_of(const char *name)
{
    return arena_printf(&arena, "%s/%s", folder, name);
}

static const char *text_of(const char *name)
{
    char text[256] = "";
    int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return "";
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    (void)close(fd);
    return arena_strndup(&arena, text, n < 0 ? 0 : (size_t)n);
}

static void write_at(const char *name, long at, const char *text, size_t n)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (at < 0 ? O_APPEND : 0);
    int fd = open(path_of(name), flags, 0600);
    if (fd < 0 || (at >= 0 && (ftruncate(fd, at) != 0 || lseek(fd, at, SEEK_SET) < 0)) ||
        write(fd, text, n) != (ssize_t)n || close(fd) != 0) {
        printf("# %s cannot be written\n", name);
        give_up();
    }
}

static void put(const char *name, const char *text)
{
    (void)unlink(path_of(name));
    write_at(name, 0, text, strlen(text));
}

/* How the effect misbehaves. */
struct toy {
    struct journal *j;
    bool fails_before, fails_after, does_nothing;
    int n_looks, n_runs, n_verifies, n_cleans;
};

static int look(void *ctx, const struct journal_step *step, struct digest *before, struct err *err)
{
    (void)err;
    ((struct toy *)ctx)->n_looks++;
    *before = digest_of(bytes_str(text_of(step->object)));
    return 0;
}

static int append(void *ctx, const struct journal_step *step, struct bytes cursor, struct err *err)
{
    struct toy *t = ctx;
    t->n_runs++;
    if (t->fails_before) {
        return err_set(err, ERR_APPLY, "the store is full");
    }
    long from = cursor.p == NULL ? 0 : strtol(arena_strndup(&arena, cursor.p, cursor.n), NULL, 10);
    for (long i = from; i < LINES && !t->does_nothing; i++) {
        write_at(step->object, i * LINE, &WANTED[i * LINE], LINE);
        write_at("count", -1, &WANTED[i * LINE], 1);
        if (journal_progress(t->j, step, bytes_str(arena_printf(&arena, "%ld", i + 1)), err) != 0) {
            return -1;
        }
    }
    return t->fails_after ? err_set(err, ERR_APPLY, "the store's answer was lost") : 0;
}

static int verify(void *ctx, const struct journal_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *err)
{
    (void)err;
    ((struct toy *)ctx)->n_verifies++;
    const char *text = text_of(step->object);
    *proof = digest_of(bytes_str(text));
    if (strcmp(text, WANTED) == 0) {
        *out = STANDS_THERE;
    } else if (digest_eq(proof, before)) {
        *out = STANDS_ABSENT;
    } else {
        *out = strncmp(text, WANTED, strlen(text)) == 0 ? STANDS_PARTLY : STANDS_FOREIGN;
    }
    return 0;
}

static int clean(void *ctx, const struct journal_step *step, const struct digest *before,
                 struct err *err)
{
    (void)before;
    (void)err;
    ((struct toy *)ctx)->n_cleans++;
    put(step->object, "");
    return 0;
}

/* --- a run --- */

struct work {
    struct runner r;
    struct journal_run run;
    struct journal *j;
    struct entries past;
    char run_id[37];
};

static struct journal_step step_of(const char *subject)
{
    return (struct journal_step){.subject = subject,
                                 .store = "toy",
                                 .verb = "append",
                                 .object = "thing",
                                 .at = 1,
                                 .payload = digest_of(bytes_str(WANTED)),
                                 .text = bytes_str(WANTED)};
}

static void work_start(struct work *w)
{
    const struct lock_wait wait = {.timeout_ms = 20000};
    *w = (struct work){.r = {.s = session("")}};
    random_uuid(w->run_id);
    must(ledger_lock(w->r.s, w->run_id, "t_journal", &wait, &w->r.epoch, &e), "lock");
    w->r.id = identify(w->r.s);
    must(ledger_entries(w->r.s, &w->r.id, NULL, &arena, &w->past, &w->r.m, &e), "entries");
    w->run = (struct journal_run){.pg = &w->r.s,
                                  .id = &w->r.id,
                                  .merkle = &w->r.m,
                                  .epoch = w->r.epoch,
                                  .run_id = w->run_id,
                                  .about = doc_new(&arena, DOC_MAP)};
    w->j = journal_open(&arena, &w->run, &w->past);
}

static int effect(struct work *w, const char *subject, struct toy *t, bool cleans,
                  enum journal_end *end)
{
    struct journal_step step = step_of(subject);
    struct journal_effect how = {
        .ctx = t, .look = look, .run = append, .verify = verify, .clean = cleans ? clean : NULL};
    t->j = w->j;
    e = (struct err){0};
    return journal_effect(w->j, &step, &how, end, &e);
}

static void work_end(struct work *w)
{
    pg_close(w->r.s);
}

/* A run in a process of its own, which must be a new program: fault points are ordered once per process. */
static int run_as(char **argv)
{
    struct work w;
    enum journal_end end = JOURNAL_VOID;
    (void)snprintf(folder, sizeof folder, "%s", argv[3]);
    secret_set(&where, argv[4]);
    work_start(&w);
    return effect(&w, argv[2], &(struct toy){0}, strcmp(argv[5], "clean") == 0, &end) == 0 ? 0 : 1;
}

/* How that run ended under a fault: 0 done, 1 refused, -SIGNAL. */
static int run_with(const char *fault, const char *subject, bool cleans)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)setenv("KFMIG_FAULT", fault, 1);
        (void)execl("/proc/self/exe", "t_journal", "--run", subject, folder, where.opaque,
                    cleans ? "clean" : "go on", NULL);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1000;
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static const char *count_kind(const struct work *w, const char *kind, const char *subject)
{
    return ask(w->r.s, arena_printf(&arena,
                                    "SELECT pg_catalog.count(*) FROM kfmig.entry WHERE kind = '%s' "
                                    "AND subject = '%s' AND result = 'success'",
                                    kind, subject));
}

/* --- killed at every point --- */

struct crash {
    const char *fault;
    int unfinished;   /* intents that the next run finds open */
    const char *text; /* what stands in the store then */
    enum journal_end end;
    const char *count; /* the lines that were written, over all runs */
};
static const struct crash crashes[] = {
    {"tx.recorded:kill:1", 0, "", JOURNAL_RAN, "ott"},
    {"journal.intended:kill", 1, "", JOURNAL_RAN, "ott"},
    {"tx.recorded:kill:2", 1, "one..", JOURNAL_RAN, "oott"}, /* the batch was not recorded */
    {"journal.batch:kill:1", 1, "one..", JOURNAL_RAN, "ott"},
    {"journal.batch:kill:2", 1, "one..two..", JOURNAL_RAN, "ott"},
    {"journal.ran:kill", 1, WANTED, JOURNAL_ADOPTED, "ott"},
    {"journal.proven:kill", 1, WANTED, JOURNAL_ADOPTED, "ott"},
    {"tx.recorded:kill:5", 1, WANTED, JOURNAL_ADOPTED, "ott"},
    {"journal.done:kill", 0, WANTED, JOURNAL_STOOD, "ott"},
};
enum { N_CRASHES = sizeof crashes / sizeof *crashes };

static void test_crash(const struct crash *c)
{
    const char *subject = c->fault;
    struct work w;
    struct toy t = {0};
    const struct journal_row **open = NULL;
    enum journal_end end = JOURNAL_VOID;
    put("thing", "");
    put("count", "");
    is_int(run_with(c->fault, subject, false), -SIGKILL, c->fault);
    work_start(&w);
    is_int(journal_unfinished(w.j, &arena, &open), c->unfinished, "open intents");
    is_str(text_of("thing"), c->text, "what stands there");
    is_int(effect(&w, subject, &t, false, &end), 0, e.msg);
    is_str(journal_end_text(end), journal_end_text(c->end), "how it ended");
    is_str(text_of("thing"), WANTED, "all of it stands there");
    is_str(text_of("count"), c->count, "each line once");
    is_str(count_kind(&w, "intent", subject), "1", "one intent");
    is_str(count_kind(&w, "done", subject), "1", "one done");
    work_end(&w);
}

/* --- what else may stand there --- */

static void test_foreign(void)
{
    struct work w;
    struct toy t = {0};
    enum journal_end end = JOURNAL_VOID;
    put("thing", "");
    is_int(run_with("journal.batch:kill", "FOREIGN", false), -SIGKILL, "killed in the middle");
    put("thing", "theirs");
    work_start(&w);
    is_int(effect(&w, "FOREIGN", &t, true, &end), -1, "somebody else's is not touched");
    is_int(e.code, ERR_DOUBT, "in doubt");
    ok(strstr(e.msg, "append thing") != NULL && strstr(e.hint, "put back what stood there") != NULL,
       e.msg);
    is_str(text_of("thing"), "theirs", "it stands as it stood");
    is_int(t.n_runs + t.n_cleans, 0, "nothing was run or cleaned");
    struct journal_step step = step_of("FOREIGN");
    struct digest key = journal_key(&step);
    ok(journal_find(w.j, &key)->is_open, "the intent is held open");
    put("thing", "");
    is_int(effect(&w, "FOREIGN", &t, true, &end), 0, "settled: it runs");
    work_end(&w);
}

/* What a person says of it counts from then on, in this journal and for whoever reads the entries. */
static void test_resolve(void)
{
    static const struct {
        const char *subject;
        bool is_applied;
        const char *kinds; /* resolves, and the step's end after them */
        int rc;
        enum journal_end end;
    } rows[] = {{"APPLIED", true, "1", 0, JOURNAL_STOOD}, {"ABSENT", false, "1", 0, JOURNAL_RAN}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct work w;
        struct toy t = {0};
        int64_t sequence = 0;
        enum journal_end end = JOURNAL_VOID;
        put("thing", "");
        put("count", "");
        is_int(run_with("journal.batch:kill", rows[i].subject, false), -SIGKILL, "killed");
        put("thing", "theirs");
        work_start(&w);
        struct journal_step step = step_of(rows[i].subject);
        struct digest key = journal_key(&step);
        const struct journal_row *row = journal_find(w.j, &key);
        const struct journal_settling x = {.is_applied = rows[i].is_applied,
                                           .stands = digest_of(bytes_str("theirs")),
                                           .seen = "it is theirs"};
        is_int(journal_resolve(w.j, row, &step, &x, &sequence, &e), 0, e.msg);
        ok(!row->is_open && row->is_done == rows[i].is_applied, "settled");
        work_end(&w);
        work_start(&w);
        row = journal_find(w.j, &key);
        ok(!row->is_open && row->is_done == rows[i].is_applied, "and read so");
        is_int(row->done, rows[i].is_applied ? sequence : 0, "its entry");
        put("thing", rows[i].is_applied ? "theirs" : "");
        is_int(effect(&w, rows[i].subject, &t, false, &end), rows[i].rc, "it goes on");
        is_str(journal_end_text(end), journal_end_text(rows[i].end), "as was said");
        is_int(t.n_runs, rows[i].is_applied ? 0 : 1, "begun again only where it did not happen");
        is_str(count_kind(&w, "resolve", rows[i].subject), rows[i].kinds, "one entry");
        work_end(&w);
    }
}

static void test_clean(void)
{
    struct work w;
    struct toy t = {0};
    enum journal_end end = JOURNAL_VOID;
    put("thing", "");
    put("count", "");
    is_int(run_with("journal.batch:kill:2", "CLEAN", true), -SIGKILL, "killed in the middle");
    work_start(&w);
    is_int(effect(&w, "CLEAN", &t, true, &end), 0, e.msg);
    is_int(t.n_cleans, 1, "cleaned once");
    is_int(t.n_looks, 0, "what stood there before is what the intent says");
    is_str(text_of("count"), "otott", "run anew from the start");
    work_end(&w);
}

/* --- run() and the truth --- */

static void test_failures(void)
{
    struct work w;
    struct toy t = {.fails_before = true};
    enum journal_end end = JOURNAL_STOOD;
    put("thing", "");
    work_start(&w);
    is_int(effect(&w, "FULL", &t, false, &end), -1, "run() fails");
    is_str(e.msg, "the store is full", "its words are kept");
    is_str(ask(w.r.s, "SELECT result FROM kfmig.entry WHERE subject = 'FULL' AND kind = 'done'"),
           "failed", "nothing stands: the intent is closed as failed");
    t.fails_before = false;
    is_int(effect(&w, "FULL", &t, false, &end), 0, e.msg);
    is_str(count_kind(&w, "intent", "FULL"), "2", "a new intent for the new attempt");
    put("thing", "");
    t.fails_after = true;
    is_int(effect(&w, "LOST", &t, false, &end), 0, "the answer was lost, the effect was not");
    is_str(journal_end_text(end), "ran", "the truth wins");
    put("thing", "");
    t = (struct toy){.does_nothing = true};
    is_int(effect(&w, "LIAR", &t, false, &end), -1, "run() is content, nothing stands");
    is_int(e.code, ERR_APPLY, "the step failed");
    ok(strstr(e.msg, "its effect is not there") != NULL, e.msg);
    is_str(count_kind(&w, "done", "LIAR"), "0", "no done");
    work_end(&w);
}

static void test_stale(void)
{
    struct work w;
    struct toy t = {0};
    enum journal_end end = JOURNAL_STOOD;
    put("thing", "");
    work_start(&w);
    run(w.r.s, "UPDATE kfmig.lease SET epoch = epoch + 1");
    is_int(effect(&w, "STALE", &t, false, &end), -1, "another run has taken over");
    is_int(e.code, ERR_LOCKED, "its epoch is stale");
    is_int(t.n_runs, 0, "nothing ran");
    is_str(count_kind(&w, "intent", "STALE"), "0", "no intent");
    work_end(&w);
}

/* --- what stands in the ledger --- */

static void test_batch_rolled_back(void)
{
    struct work w;
    struct journal_step step = step_of("BATCH");
    const struct digest nothing = {{0}};
    struct bytes cursor = {NULL, 0};
    work_start(&w);
    must(journal_intend(w.j, &step, &nothing, &e), "intend");
    struct digest key = journal_key(&step);
    const struct journal_row *row = journal_find(w.j, &key);
    must(journal_progress(w.j, &step, bytes_str("7"), &e), "progress");
    run(w.r.s, "BEGIN");
    must(journal_progress(w.j, &step, bytes_str("8"), &e), "progress in a transaction");
    run(w.r.s, "ROLLBACK");
    journal_rolled_back(w.j);
    must(journal_cursor(w.j, row, &arena, &cursor, &e), "cursor");
    ok(bytes_eq(cursor, bytes_str("7")), "the cursor goes back with its batch");
    run(w.r.s, "BEGIN");
    must(journal_progress(w.j, &step, bytes_str("9"), &e), "progress in a transaction");
    run(w.r.s, "COMMIT");
    struct work next;
    work_end(&w);
    work_start(&next);
    row = journal_find(next.j, &key);
    must(journal_cursor(next.j, row, &arena, &cursor, &e), "cursor");
    ok(bytes_eq(cursor, bytes_str("9")), "the next run reads the cursor of the last batch");
    ok(digest_is_zero(&row->before), "nothing stood there before");
    must(journal_done(next.j, &step, JOURNAL_RAN, &step.payload, (struct bytes){NULL, 0}, &e),
         "done");
    ok(row->is_done && digest_eq(&row->proof, &step.payload), "done, with its proof");
    work_end(&next);
}

static struct doc *receipt(const struct work *w, const char *subject, const char *kind)
{
    struct receipt_rows rows = {0};
    const char *at = ask(w->r.s, arena_printf(&arena,
                                              "SELECT pg_catalog.min(seq) FROM kfmig.entry WHERE "
                                              "subject = '%s' AND kind = '%s'",
                                              subject, kind));
    must(ledger_receipts(w->r.s, strtoll(at, NULL, 10) - 1, NULL, &arena, &rows, &e), "receipts");
    return json_read(&arena, rows.v[0].body, "receipt", &e);
}

static void test_receipts(void)
{
    struct work w;
    struct bytes text = {NULL, 0};
    bool found = false;
    char digest[DIGEST_TEXT];
    work_start(&w);
    struct journal_step step = step_of("CLEAN");
    struct digest key = journal_key(&step);
    const struct doc *d = receipt(&w, "CLEAN", "intent");
    const struct doc *about = doc_find(d, "claim.journal");
    is_str(doc_str(d, "run_kind", ""), "intent", "the receipt of an intent");
    is_str(doc_str(about, "object", ""), "thing", "on what");
    is_str(doc_str(about, "verb", ""), "append", "what");
    is_str(doc_str(about, "key", ""), digest_text(&key, digest), "its key");
    d = receipt(&w, "CLEAN", "done");
    is_str(doc_str(doc_find(d, "claim.journal"), "how", ""), "ran", "the receipt of a done");
    is_str(doc_str(doc_find(d, "claim.journal"), "proof", ""), digest_text(&step.payload, digest),
           "with the proof that was read back");
    d = receipt(&w, "CLEAN", "batch");
    is_str(doc_str(doc_find(d, "claim.inputs")->item[0], "uri", ""), "cursor", "of a batch");
    must(ledger_blob(w.r.s, &step.payload, &arena, &text, &found, &e), "blob");
    ok(found && bytes_eq(text, bytes_str(WANTED)), "the payload is kept as an input text");
    work_end(&w);
}

static void test_fact(void)
{
    struct work w;
    struct journal_step step = step_of("FULL");
    struct digest key = journal_key(&step);
    work_start(&w);
    ok(journal_find(w.j, &key)->is_done, "done, as long as its subject goes on");
    begin(&w.r);
    must(record(&w.r, "FULL", w.run_id, (struct recording){0}), "record");
    run(w.r.s, "ROLLBACK");
    work_end(&w);
    work_start(&w);
    ok(journal_find(w.j, &key)->is_done, "what was rolled back made no fact");
    begin(&w.r);
    must(record(&w.r, "FULL", w.run_id, (struct recording){0}), "record");
    run(w.r.s, "COMMIT");
    work_end(&w);
    work_start(&w);
    ok(!journal_find(w.j, &key)->is_done, "the subject was applied: its steps begin anew");
    work_end(&w);
}

static void test_key(void)
{
    struct journal_step a = step_of("A");
    struct digest key = journal_key(&a);
    struct journal_step others[6] = {a, a, a, a, a, a};
    others[0].subject = "B";
    others[1].store = "other";
    others[2].verb = "remove";
    others[3].object = "things";
    others[4].at = 2;
    others[5].payload = digest_of(bytes_str("x"));
    int n = 0;
    for (int i = 0; i < 6; i++) {
        struct digest other = journal_key(&others[i]);
        n += digest_eq(&key, &other) ? 0 : 1;
    }
    is_int(n, 6, "each member counts in the key");
    a.text = bytes_str("");
    struct digest same = journal_key(&a);
    ok(digest_eq(&key, &same), "the text does not: its digest does");
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    if (argc == 6 && strcmp(argv[1], "--run") == 0) {
        return run_as(argv);
    }
    tap_plan(PLANNED);
    if (!server_up() || mkdtemp(folder) == NULL) {
        return 1;
    }
    struct pg *s = session("");
    must(ledger_create(s, "dev", &e), "create");
    pg_close(s);
    for (int i = 0; i < N_CRASHES; i++) {
        test_crash(&crashes[i]);
    }
    test_foreign();
    test_resolve();
    test_clean();
    test_failures();
    test_stale();
    test_batch_rolled_back();
    test_receipts();
    test_fact();
    test_key();
    (void)server_down();
    (void)unlink(path_of("thing"));
    (void)unlink(path_of("count"));
    (void)rmdir(folder);
    arena_release(&arena);
    return tap_done();
}
