/* layer: run scripted */
/* A migration that a program makes, whole: intent, the program, catalogs before and after, done, gates, entry. The program misbehaves in
 * each way; every question to the server goes wrong once, and the next run finds what that left: it is begun at most once per intent, and
 * what is said is true. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"
#include "launch/launch.h"
#include "run/segmented.h"
#include "run/segmented_parts.h"
#include "scripted_entries.h"
#include "scripted_texts.h"

static char folder[] = "/tmp/kfmig-program-XXXXXX";
static int at;
static struct scene t;
static bool leaves_session, makes_outside, removes, alters;

static const char *path_of(const char *name)
{
    static char path[4][128];
    static int next;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) {
        abort();
    }
}

/* How often it ran: a line each. */
static int runs(void)
{
    int n = 0;
    FILE *f = fopen(path_of("ran"), "r");
    for (int c = f != NULL ? getc(f) : EOF; c != EOF; c = getc(f)) {
        n += c == '\n';
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return n;
}

/* Schema app stands once it ran; another, too, where it makes that. */
static const char *schemas(void)
{
    if (runs() > 0 && removes) {
        return "rows 2615 | 9002 | schema |  | app | owner | kfmig";
    }
    if (runs() > 0 && alters) {
        return "rows 2615 | 9001 | schema |  | was | owner | other";
    }
    return runs() == 0     ? "rows 2615 | 9001 | schema |  | was | owner | kfmig"
           : makes_outside ? "rows 2615 | 9001 | schema |  | was | owner | kfmig ; "
                             "2615 | 9003 | schema |  | outside | owner | kfmig"
                           : "rows 2615 | 9001 | schema |  | was | owner | kfmig ; "
                             "2615 | 9002 | schema |  | app | owner | kfmig";
}

static const char *hear(void *ctx, int session, const char *text, int n, const char *const *params,
                        const char *answer)
{
    bool lost = strncmp(answer, "cut", 3) == 0 || strncmp(answer, "fatal", 5) == 0;
    bool good = !lost && strncmp(answer, "error", 5) != 0;
    if (strcmp(text, "@postgis_catalog_schemas") == 0 && good) {
        return schemas();
    }
    if (strcmp(text, "@run_program_left") == 0 && good) {
        return leaves_session ? "rows session 7 of it is still open (idle) ; session 8 of it is "
                                "still open (idle)"
                              : "rows";
    }
    if (strcmp(text, "@ledger_record_head") == 0 && good) {
        return atoi(params[0]) == ledger.n_open ? "UPDATE 1" : "UPDATE 0";
    }
    if (strcmp(text, "@ledger_find_run") == 0 && good) {
        return ledger_knows(params[0]);
    }
    if (strcmp(text, "@ledger_record_blobs") == 0 && good) {
        take_texts(params[1]);
    }
    if (strcmp(text, "@ledger_read_blob") == 0 && good) {
        return find_text(params[0]);
    }
    return ledger_hears(ctx, session, text, n, params, answer);
}

#define SERVER                                                                                     \
    "~ @ledger_lock_try -> rows t\n~ @ledger_lock_work_is_free -> rows t\n"                        \
    "~ @ledger_lock_lease -> rows 8\n~ @ledger_lock_held -> rows t\n"                              \
    "~ @ledger_find_run -> ask\n~ @postgis_lone_settings -> rows 0 | 0\n"                          \
    "~ @postgis_catalog_schemas -> ask\n~ @run_program_left -> ask\n"                              \
    "~ @run_clock -> rows 2026-01-02T03:04:05.000006Z\n"

static const char *command = "./run.sh";

static void declare(void)
{
    static const char *allowed[] = {"app"};
    static const char *root_names[] = {"data"};
    static const struct names roots = {root_names, 1, 1};
    static struct secret conninfo;
    static struct launch_place place;
    scene_declare(&t, "");
    t.script = (struct script){0};
    t.decl.command = command;
    t.decl.runner = "command";
    t.decl.command_limit_ms = 24 * 3600 * 1000; /* the clock is scripted: a pause takes no time */
    t.decl.scope.has_schemas = true;
    t.decl.scope.allowed_schemas = (struct names){allowed, 1, 1};
    t.bundle.dir = "m";
    secret_set(&conninfo, "host=there");
    place = (struct launch_place){
        .dirfd = at, .root = folder, .env = "dev", .conninfo = &conninfo, .roots = &roots};
    t.run.place = &place;
}

static void begin(const char *body)
{
    char text[512];
    ledger_forget();
    texts_forget();
    ledger.kept = false;
    leaves_session = makes_outside = removes = alters = false;
    command = "./run.sh";
    (void)unlink(path_of("ran"));
    (void)snprintf(text, sizeof text, "#!/bin/sh\necho x >>%s/ran\n%s\n", folder, body);
    write_text("m/run.sh", text);
    if (chmod(path_of("m/run.sh"), 0755) != 0) {
        abort();
    }
}

static int go(int n, const char *answer)
{
    struct entries past = {0};
    struct err e = {0};
    scene_open_failing(&t, SERVER JOURNALING, n, answer, 0, NULL);
    pq_model(hear, NULL);
    declare();
    if (t.pg != NULL && ledger_found(&t, &past, &e) == 0) {
        run_segmented(&t.run, &past, &t.step, &t.o);
    } else {
        t.o = (struct outcome){.result = RUN_FAILED};
        (void)err_set(&t.o.failure, ERR_PREFLIGHT, "not begun: %s", e.msg);
    }
    return pq_asked();
}

/* --- what becomes of it */

enum side { NOTHING, SESSION, OUTSIDE, MISSING, REMOVES, ALTERS };

/* clang-format off */
/* what the program does besides; how it ends, what is said, how often it ran after another run, done and failed dones then */
static const struct {
    const char *name, *body;
    enum side side;
    enum run_result result;
    const char *said;
    int n_runs, n_done, n_void;
} cases[] = {
    {"all is well", "", NOTHING, RUN_SUCCESS, "", 1, 1, 0},
    {"another status", "exit 3", NOTHING, RUN_FAILED, "ended with status 3", 1, 0, 0},
    {"a signal", "kill -9 $$", NOTHING, RUN_FAILED, "ended by signal 9", 1, 0, 0},
    {"it leaves a session", "", SESSION, RUN_FAILED, "session 7 of it is still open (idle) (and 1 more)", 1, 0, 0},
    {"it writes into a data root", "mkdir -p ../data; echo x >>../data/a", NOTHING, RUN_FAILED, "a data root", 1, 0, 0},
    {"it makes what it may not", "", OUTSIDE, RUN_FAILED, "gate \"scope\" failed: create of schema outside", 1, 1, 0},
    {"it takes away what it may not", "", REMOVES, RUN_FAILED, "gate \"scope\" failed: drop of schema was", 1, 1, 0},
    {"it changes what it may not", "", ALTERS, RUN_FAILED, "gate \"scope\" failed: alter of schema was", 1, 1, 0},
    {"it is not there", "", MISSING, RUN_FAILED, "nothing was changed; segment 1 (run ./nothing): cannot start", 0, 0, 2},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void play(size_t i)
{
    begin(cases[i].body);
    leaves_session = cases[i].side == SESSION;
    makes_outside = cases[i].side == OUTSIDE;
    removes = cases[i].side == REMOVES;
    alters = cases[i].side == ALTERS;
    command = cases[i].side == MISSING ? "./nothing" : "./run.sh";
    (void)go(0, NULL);
    ok(t.o.result == cases[i].result, cases[i].name);
    ok(strstr(t.o.failure.msg, cases[i].said) != NULL, "and it says so");
    printf("# %s\n", t.o.failure.msg);
    scene_close(&t);
    if (t.o.result != RUN_SUCCESS) {
        (void)go(0, NULL);
        ok(t.o.result != RUN_SUCCESS, "nor does the next run make it good");
        scene_close(&t);
    } else {
        ok(true, "one run was enough");
    }
    ok(runs() == cases[i].n_runs && ledger_count("done", "success") == cases[i].n_done &&
           ledger_count("done", "failed") == cases[i].n_void,
       "it is begun as often as it may be");
}

/* --- every question goes wrong once */

static const char *lie(void)
{
    bool applied = ledger_count("apply", "success") == 1;
    if ((t.o.result == RUN_SUCCESS) != applied && t.o.result != RUN_IN_DOUBT) {
        return "it was said to be applied, or not to be";
    }
    if (!applied && t.o.result != RUN_IN_DOUBT && t.o.failure.msg[0] == '\0') {
        return "it failed without a word";
    }
    if (strstr(t.o.failure.msg, "nothing was changed") != NULL && runs() > 0) {
        return "something was changed";
    }
    return runs() > 1 + ledger_count("done", "failed") ? "it ran twice" : NULL;
}

static void sweep(const char *answer, bool takes_effect, const char *name)
{
    int n_lies = 0;
    begin("");
    int last = go(0, NULL);
    scene_close(&t);
    for (int n = 3; n <= last; n++) {
        begin("");
        ledger.kept = takes_effect;
        (void)go(n, answer);
        const char *why = lie();
        scene_close(&t);
        if (why == NULL && ledger_count("apply", "success") == 0) {
            (void)go(0, NULL);
            why = lie();
            bool in_doubt = ledger_count("intent", "success") >
                            ledger_count("done", "success") + ledger_count("done", "failed");
            why = why == NULL && !in_doubt && t.o.result != RUN_SUCCESS
                      ? "it is not in doubt, and the next run did not make it"
                      : why;
            scene_close(&t);
        }
        if (why != NULL) {
            printf("# question %d of %d: %s: %s\n", n, last, why, t.o.failure.msg);
            n_lies++;
        }
    }
    ok(n_lies == 0 && last > 10, name);
}

static void test_no_place(void)
{
    struct entries past = {0};
    struct err e = {0};
    begin("");
    scene_open_failing(&t, SERVER JOURNALING, 0, NULL, 0, NULL);
    pq_model(hear, NULL);
    declare();
    t.run.place = NULL;
    if (ledger_found(&t, &past, &e) == 0) {
        run_segmented(&t.run, &past, &t.step, &t.o);
    }
    ok(t.o.result == RUN_FAILED && runs() == 0 && ledger_count("intent", "success") == 0 &&
           strstr(t.o.failure.msg, "a program is not run here") != NULL,
       "where no programs run none does");
    scene_close(&t);
}

/* What a person says of it: all that stands otherwise than the ledger says is its doing; the sum stays. */
static void test_seen(void)
{
    struct entries past = {0};
    struct bytes kept = {NULL, 0};
    struct err e = {0};
    begin("exit 1");
    (void)go(0, NULL);
    scene_close(&t);
    scene_open_failing(&t, SERVER JOURNALING, 0, NULL, 0, NULL);
    pq_model(hear, NULL);
    declare();
    const struct object_row row = {
        .object = "schema gone", .fingerprint = digest_of(bytes_str("x")), .definition = ""};
    baseline_lay(t.run.sum, &row, 1);
    baseline_keep(t.run.sum);
    struct digest before = baseline_digest(t.run.sum);
    bool good = ledger_found(&t, &past, &e) == 0 &&
                catalog_read(t.pg, CATALOG_FORMAT, t.run.a, t.run.base, &e) == 0 &&
                segmented_seen(&t.run, &past, &t.bundle, &kept, &e) == 0;
    struct digest after = baseline_digest(t.run.sum);
    ok(good && runs() == 1, "what a program left is seen, and it is not begun again");
    ok(good && bytes_mention(kept, "schema app") && bytes_mention(kept, "schema gone"),
       "with what stands otherwise than the ledger says");
    ok(digest_eq(&before, &after), "and the sum is as it was");
    scene_close(&t);
}

int main(void)
{
    tap_plan(4 * N + 7);
    if (mkdtemp(folder) == NULL || mkdir(path_of("m"), 0755) != 0) {
        return 1;
    }
    at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    test_no_place();
    test_seen();
    sweep("error 57014", false, "an error at each question");
    sweep("cut", false, "a connection that is cut at each question");
    sweep("cut", true, "and what was asked for happened all the same");
    (void)close(at);
    (void)!tree_remove(AT_FDCWD, folder);
    return tap_done();
}
