/* layer: pg */
/* Child processes: whatever a program does, it ends in time, with all that it began. */
#include "tap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/child.h"

static enum err_code says;
static int asked;

static enum err_code stops(void *ctx)
{
    (void)ctx;
    return ++asked > 3 ? says : ERR_NONE;
}
static const struct ear ear = {.stops = stops};

/* clang-format off */
static const struct {
    const char *name, *script, *dir;
    int64_t limit_ms;
    enum err_code stop, code;
    int status;        /* as from waitpid(), where it ended */
    const char *words; /* what is kept of its output begins so */
    size_t n;          /* how much of it; 0: as long as words */
    const char *msg;
} cases[] = {
    {"says something and ends", "echo words", NULL, 20000, ERR_NONE, ERR_NONE, 0, "words\n", 0, ""},
    {"says nothing", "true", NULL, 20000, ERR_NONE, ERR_NONE, 0, "", 0, ""},
    {"says it late", "exec 2>&-; sleep 0.2; echo late", NULL, 20000, ERR_NONE, ERR_NONE, 0, "late\n", 0, ""},
    {"has nothing more to say long before it ends", "echo a; exec >&-; sleep 0.2; exit 3", NULL, 20000, ERR_NONE, ERR_NONE, 3 << 8, "a\n", 0, ""},
    {"ends badly", "exit 7", NULL, 20000, ERR_NONE, ERR_NONE, 7 << 8, "", 0, ""},
    {"is killed", "kill -9 $$", NULL, 20000, ERR_NONE, ERR_NONE, 9, "", 0, ""},
    {"starts elsewhere", "pwd", "/usr", 20000, ERR_NONE, ERR_NONE, 0, "/usr\n", 0, ""},
    {"cannot start there", "pwd", "/nowhere", 20000, ERR_NONE, ERR_PREFLIGHT, 0, "", 0, "cannot start"},
    {"says more than is kept", "head -c 3000000 /dev/zero | tr '\\0' x", NULL, 20000, ERR_NONE, ERR_NONE, 0, "xxx", 65536, ""},
    {"says more than is kept, in odd pieces", "for i in 1 2 3; do head -c 30001 /dev/zero | tr '\\0' x; sleep 0.05; done", NULL, 20000, ERR_NONE, ERR_NONE, 0, "xxx", 65536, ""},
    {"says it for ever", "exec cat /dev/zero", NULL, 300, ERR_NONE, ERR_PREFLIGHT, 0, "", 65536, "did not end within 0 s"},
    {"heeds no signal", "trap '' TERM INT HUP; while :; do sleep 1; done", NULL, 300, ERR_NONE, ERR_PREFLIGHT, 0, "", 0, "did not end within 0 s"},
    {"somebody says stop", "trap '' TERM INT HUP; while :; do sleep 1; done", NULL, 60000, ERR_INTERRUPTED, ERR_INTERRUPTED, 0, "", 0, "ran"},
    {"nobody says stop", "echo fine", NULL, 20000, ERR_NONE, ERR_NONE, 0, "fine\n", 0, ""},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void play(size_t i)
{
    const char *argv[] = {"sh", "-c", cases[i].script, NULL};
    const struct child c = {.argv = argv, .out = -1, .dir = cases[i].dir, .ear = &ear};
    struct buf words = {0};
    struct err e = {0};
    int status = 0;
    int64_t start = clock_ms();
    says = cases[i].stop;
    asked = 0;
    int rc = child_run(&c, &words, cases[i].limit_ms, &status, &e);
    ok(rc == (cases[i].code == ERR_NONE ? 0 : -1) && e.code == cases[i].code &&
           strstr(e.msg, cases[i].msg) != NULL && clock_ms() - start < 15000,
       cases[i].name);
    is_int(rc == 0 ? status : 0, cases[i].status, "how it ended");
    ok(strncmp(buf_str(&words), cases[i].words, strlen(cases[i].words)) == 0 &&
           words.n == (cases[i].n > 0 ? cases[i].n : strlen(cases[i].words)),
       "what is kept");
    buf_release(&words);
}

/* What it began ends with it, also where it ended well. */
static void test_left_behind(void)
{
    const char *argv[] = {"sh", "-c", "sleep 300 & echo $!", NULL};
    const struct child c = {.argv = argv, .out = -1};
    struct buf words = {0};
    struct err e = {0};
    int status = 0;
    int rc = child_run(&c, &words, 20000, &status, &e);
    pid_t pid = (pid_t)strtol(buf_str(&words), NULL, 10);
    int64_t until = clock_ms() + 10000;
    while (pid > 0 && process_is_alive(pid) && clock_ms() < until) {
        clock_sleep_ms(5);
    }
    ok(rc == 0 && pid > 0 && !process_is_alive(pid), "nobody is left behind");
    buf_release(&words);
}

/* What is done with the SIGTERM that comes first, and what it leaves in a file; "": it was killed before it could. */
static const struct {
    const char *name, *script;
    int64_t grace_ms;
    const char *leaves;
} graces[] = {
    {"it is asked, and cleans up", "trap 'echo clean >&2; exit 0' TERM; while :; do :; done", 10000,
     "clean\n"},
    {"it is asked, and does not heed it", "trap 'echo asked >&2' TERM; while :; do :; done", 300,
     "asked\n"},
    {"it is not asked", "trap 'echo asked >&2' TERM; while :; do :; done", 0, ""},
};
enum { N_GRACES = sizeof graces / sizeof *graces };

static void play_grace(size_t i)
{
    char left[64] = "";
    char name[] = "/tmp/kfmig-child-XXXXXX";
    int fd = mkstemp(name);
    const char *argv[] = {"sh", "-c", graces[i].script, NULL};
    const struct child c = {.argv = argv, .out = fd, .grace_ms = graces[i].grace_ms};
    struct buf words = {0};
    struct err e = {0};
    int status = 0;
    int64_t start = clock_ms();
    int rc = child_run(&c, &words, 300, &status, &e);
    ssize_t n = pread(fd, left, sizeof left - 1, 0);
    left[n > 0 ? n : 0] = '\0';
    ok(rc != 0 && e.code == ERR_PREFLIGHT && clock_ms() - start < 9000, graces[i].name);
    is_str(left, graces[i].leaves, "what it could do then");
    (void)close(fd);
    (void)unlink(name);
    buf_release(&words);
}

int main(void)
{
    tap_plan(3 * N + 1 + 2 * N_GRACES);
    for (size_t i = 0; i < N_GRACES; i++) {
        play_grace(i);
    }
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    test_left_behind();
    return tap_done();
}
