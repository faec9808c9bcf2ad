/* layer: launch */
/* Programs as children: what they get, what is kept of what they say, what is said of how they ended, and of what they did to data. */
#include "launch/launch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tree.h"
#include "tap.h"

static char folder[] = "/tmp/kfmig-launch-XXXXXX";
static int at;
static enum err_code says;

static enum err_code stops(void *ctx)
{
    (void)ctx;
    return says;
}

/* clang-format off */
/* what run.sh does; whether it began, what is said of it, what it leaves in its log (NULL: there is none) */
static const struct {
    const char *name, *does;
    int64_t limit_ms;
    enum err_code stop, code;
    bool has_begun;
    const char *said, *log;
} cases[] = {
    {"ends well", "echo words", 20000, ERR_NONE, ERR_NONE, true, "", NULL},
    {"ends badly", "echo out; echo err >&2; exit 3", 20000, ERR_NONE, ERR_APPLY, true, "\"./run.sh\" ended with status 3; what it said stands in state/runners/M-1.log", "out\nerr\n"},
    {"by a signal", "kill -TERM $$", 20000, ERR_NONE, ERR_APPLY, true, "\"./run.sh\" was ended by signal 15; what it said stands in state/runners/M-1.log", ""},
    {"not at all", "echo a; trap '' HUP; exec sleep 60", 1000, ERR_NONE, ERR_APPLY, true, "\"./run.sh\" did not end within 1 s, which runner.time_limit says; what it said stands in state/runners/M-1.log", "a\n"},
    {"stopped", "exec sleep 60", 60000, ERR_INTERRUPTED, ERR_INTERRUPTED, true, "interrupted (Ctrl-C) while \"./run.sh\" ran", ""},
    {"its words", "test \"$#:$1:$2\" = '2:-x:y z' && exit 1; test \"$#:$1:$2\" = '2:-x:y'", 20000, ERR_NONE, ERR_NONE, true, "", NULL},
    {"where it is", "test \"$(pwd)\" = \"$KFMIG_ROOT/m\"", 20000, ERR_NONE, ERR_NONE, true, "", NULL},
    {"whom it is for", "test \"$KFMIG_ENVIRONMENT/$KFMIG_MIGRATION/$PGAPPNAME\" = dev/M-1/kfmig-runner", 20000, ERR_NONE, ERR_NONE, true, "", NULL},
    {"its connection", "test \"$PGHOST:$PGUSER:$PGPASSWORD\" = 'there:me:pw' && ! grep -q pw /proc/$$/cmdline", 20000, ERR_NONE, ERR_NONE, true, "", NULL},
    {"nothing on stdin", "test -z \"$(cat)\"", 20000, ERR_NONE, ERR_NONE, true, "", NULL},
    {"data is added", "echo x >../data/new", 20000, ERR_NONE, ERR_APPLY, true, "while \"./run.sh\" ran, \"data/new\" was added: it stands in a data root, which no migration changes", NULL},
    {"data is changed", "echo x >>../data/a; rm ../data/b", 20000, ERR_NONE, ERR_APPLY, true, "while \"./run.sh\" ran, \"data/a\" was changed (and 1 more): it stands in a data root, which no migration changes", NULL},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void shell(const char *does)
{
    char text[4096];
    (void)snprintf(text, sizeof text, "cd %s && { %s\n}", folder, does);
    if (system(text) != 0) {
        abort();
    }
}

static int run(struct arena *a, const char *command, const struct names *wants, int64_t limit_ms,
               bool *has_begun, struct err *e)
{
    static const char *root_names[] = {"data"};
    static const struct names roots = {root_names, 1, 1};
    static const struct ear ear = {.stops = stops};
    struct secret conninfo = {0};
    secret_set(&conninfo, "postgresql://me:pw@there/db");
    const struct launch_place place = {
        .dirfd = at, .root = folder, .env = "dev", .conninfo = &conninfo, .roots = &roots};
    const struct launch x = {.command = command,
                             .dir = "m",
                             .name = "M-1",
                             .app = "kfmig-runner",
                             .wants = wants,
                             .limit_ms = limit_ms,
                             .ear = &ear};
    int rc = launch_run(&place, a, &x, has_begun, e);
    secret_wipe(&conninfo);
    return rc;
}

static const char *log_text(struct arena *a)
{
    struct bytes text;
    struct err e = {0};
    return file_read(a, at, "state/runners/M-1.log", 1U << 22, &text, NULL, &e) == 0
               ? arena_strndup(a, text.p, text.n)
               : NULL;
}

static void play(size_t i)
{
    struct arena a = {0};
    struct err e = {0};
    struct names none = {0};
    bool has_begun = false;
    char text[1024];
    shell("rm -rf -- * && mkdir data m && echo a >data/a && echo b >data/b");
    (void)snprintf(text, sizeof text,
                   "cat >m/run.sh <<'END' && chmod 755 m/run.sh\n#!/bin/sh\n%s\nEND\n",
                   cases[i].does);
    shell(text);
    says = cases[i].stop;
    (void)!run(&a, "./run.sh -x  y", &none, cases[i].limit_ms, &has_begun, &e);
    ok(e.code == cases[i].code && has_begun == cases[i].has_begun, cases[i].name);
    is_str(e.msg, cases[i].said, "and this is said of it");
    const char *log = log_text(&a);
    is_str(log != NULL ? log : "none", cases[i].log != NULL ? cases[i].log : "none",
           "and what it said stands there");
    arena_release(&a);
}

static void test_not_begun(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct names none = {0};
    struct names wants = {0};
    bool has_begun = true;
    says = ERR_NONE;
    ok(run(&a, "./nothing", &none, 1000, &has_begun, &e) != 0 && !has_begun &&
           e.code == ERR_PREFLIGHT && strstr(e.msg, "cannot start \"./nothing\"") != NULL,
       "what is not there did not begin");
    e = (struct err){0};
    names_add(&a, &wants, "KFM_LAUNCH_WANTED");
    ok(run(&a, "true", &wants, 1000, &has_begun, &e) != 0 && !has_begun &&
           strstr(e.msg, "KFM_LAUNCH_WANTED is not set") != NULL,
       "nor what lacks a variable");
    e = (struct err){0};
    (void)setenv("KFM_LAUNCH_WANTED", "x", 1);
    ok(run(&a, "true", &wants, 20000, &has_begun, &e) == 0 && has_begun, "one of PATH does");
    arena_release(&a);
}

/* More folders in each other than are looked into. */
static void test_deep(void)
{
    static const char deep[] =
        "d=data; for i in $(seq 70); do d=$d/x; done; mkdir -p $d && echo x >$d/y";
    struct arena a = {0};
    struct err e = {0};
    struct names none = {0};
    bool has_begun = true;
    char text[512];
    shell(deep);
    ok(run(&a, "true", &none, 20000, &has_begun, &e) != 0 && !has_begun &&
           strstr(e.msg, "folders in each other") != NULL,
       "data that cannot be looked at is told before");
    e = (struct err){0};
    (void)snprintf(text, sizeof text,
                   "rm -r data; mkdir data; cat >m/run.sh <<'END'\ncd ..; %s\nEND", deep);
    shell(text);
    ok(run(&a, "sh run.sh", &none, 20000, &has_begun, &e) != 0 && has_begun &&
           strstr(e.msg, "folders in each other") != NULL,
       "or behind");
    shell("rm -r data; mkdir data");
    arena_release(&a);
}

static void test_much(void)
{
    struct stat st = {0};
    struct arena a = {0};
    struct err e = {0};
    struct names none = {0};
    bool has_begun = false;
    shell("printf '#!/bin/sh\\nhead -c 50000000 /dev/zero\\nexit 1\\n' >m/run.sh && chmod 755 "
          "m/run.sh");
    (void)!run(&a, "./run.sh", &none, 60000, &has_begun, &e);
    ok(fstatat(at, "state/runners/M-1.log", &st, 0) == 0 && st.st_size == LAUNCH_WORDS_MOST &&
           (st.st_mode & 0777) == 0600,
       "a MiB of it is kept, for its owner alone");
    arena_release(&a);
}

/* clang-format off */
/* what it does that is only asked, and what comes of it */
static const struct {
    const char *name, *does, *said, *msg;
    int64_t limit_ms;
} asked[] = {
    {"it says what it sees", "echo out; echo err >&2", "out\n", "", 20000},
    {"it says nothing", "exit 0", "", "", 20000},
    {"whom it is for", "echo \"$KFMIG_ENVIRONMENT/$KFMIG_PROBE/$KFMIG_MIGRATION\"", "dev/P-1/\n", "", 20000},
    {"data roots are not looked at", "echo x >../data/new; echo ok", "ok\n", "", 20000},
    {"it ends badly", "echo out; exit 3", "out\n", "\"./run.sh\" ended with status 3", 20000},
    {"by a signal", "kill -TERM $$", "", "\"./run.sh\" was ended by signal 15", 20000},
    {"not at all", "trap '' TERM; while :; do :; done", "", "\"./run.sh\" did not end within 1 s", 1000},
};
/* clang-format on */
enum { N_ASKED = sizeof asked / sizeof *asked };

static int ask(struct arena *a, const char *command, const struct names *wants, int64_t limit_ms,
               struct buf *said, struct err *e)
{
    static const char *root_names[] = {"data"};
    static const struct names roots = {root_names, 1, 1};
    static const struct secret none;
    const struct launch_place place = {
        .dirfd = at, .root = folder, .env = "dev", .conninfo = &none, .roots = &roots};
    const struct launch x = {.command = command,
                             .dir = "m",
                             .name = "P-1",
                             .app = "kfmig",
                             .wants = wants,
                             .limit_ms = limit_ms};
    return launch_ask(&place, a, &x, said, e);
}

static void test_asked(void)
{
    for (size_t i = 0; i < N_ASKED; i++) {
        char text[512];
        struct arena a = {0};
        struct buf said = {0};
        struct err e = {0};
        shell("rm -rf -- * && mkdir data m");
        (void)snprintf(text, sizeof text,
                       "cat >m/run.sh <<'END' && chmod 755 m/run.sh\n#!/bin/sh\n%s\nEND\n",
                       asked[i].does);
        shell(text);
        (void)!ask(&a, "./run.sh", NULL, asked[i].limit_ms, &said, &e);
        is_str(e.msg, asked[i].msg, asked[i].name);
        is_str(buf_str(&said), asked[i].said, "and says so");
        buf_release(&said);
        arena_release(&a);
    }
}

static void test_asked_in_vain(void)
{
    struct arena a = {0};
    struct buf said = {0};
    struct err e = {0};
    struct names wants = {0};
    names_add(&a, &wants, "KFM_LAUNCH_LACKING");
    ok(ask(&a, "./run.sh", &wants, 1000, &said, &e) != 0 &&
           strstr(e.msg, "KFM_LAUNCH_LACKING is not set") != NULL,
       "what it wants is looked for");
    e = (struct err){0};
    ok(ask(&a, "./nothing", NULL, 1000, &said, &e) != 0 && e.code == ERR_PREFLIGHT &&
           strstr(e.msg, "cannot start \"./nothing\"") != NULL,
       "a program that is not there");
    shell("printf '#!/bin/sh\nhead -c 50000000 /dev/zero\n' >m/run.sh && chmod 755 m/run.sh");
    e = (struct err){0};
    ok(ask(&a, "./run.sh", NULL, 60000, &said, &e) == 0 && said.n == LAUNCH_SAID_MOST,
       "of much that it says a little is kept");
    ok(faccessat(at, "state", F_OK, 0) != 0, "and nothing is written of it");
    buf_release(&said);
    arena_release(&a);
}

int main(void)
{
    tap_plan(3 * N + 6 + 2 * N_ASKED + 4);
    (void)setenv("PGAPPNAME", "of the tests", 1);
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    test_not_begun();
    test_deep();
    test_much();
    test_asked();
    test_asked_in_vain();
    (void)close(at);
    (void)!tree_remove(AT_FDCWD, folder);
    return tap_done();
}
