/* layer: base */
/* Pieces of work that take turns: who goes on when, what each waits for, what only one of them does at a time. */
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/tasks.h"

/* What was done, in order. */
static char trail[256];

static void note(const char *what, size_t i)
{
    size_t n = strlen(trail);
    (void)snprintf(trail + n, sizeof trail - n, "%s%zu ", what, i);
}

static void in_turn(void *ctx, size_t i)
{
    (void)ctx;
    note("a", i);
    (void)tasks_poll(NULL, 0);
    note("b", i);
}

static void test_turns(void)
{
    trail[0] = '\0';
    tasks_run(3, in_turn, NULL);
    is_str(trail, "a0 a1 a2 b0 b1 b2 ", "each goes as far as it can, in order");
    trail[0] = '\0';
    tasks_run(0, in_turn, NULL);
    is_str(trail, "", "none of them is no work");
    int64_t before = clock_ms();
    is_int(tasks_poll(NULL, 20), 0, "outside of them it is a wait");
    ok(clock_ms() - before >= 19, "as long as was said");
}

static int pipes[2][2];

/* Each reads what the other writes, once: none could go on alone. */
static void hand_over(void *ctx, size_t i)
{
    struct pollfd fd = {.fd = pipes[i][0], .events = POLLIN};
    char c = '?';
    int *found = ctx;
    for (int round = 0; round < 3; round++) {
        if (i == 0) {
            is_int(write(pipes[1][1], "x", 1), 1, "written");
        }
        found[i] += tasks_poll(&fd, 5000);
        ok((fd.revents & POLLIN) != 0 && read(pipes[i][0], &c, 1) == 1 && c == 'x', "read");
        if (i == 1) {
            is_int(write(pipes[0][1], "x", 1), 1, "written back");
        }
    }
}

static void test_descriptors(void)
{
    int found[2] = {0, 0};
    ok(pipe(pipes[0]) == 0 && pipe(pipes[1]) == 0, "two pipes");
    tasks_run(2, hand_over, found);
    is_int(found[0], 3, "the first waited for the second");
    is_int(found[1], 3, "and the other way round");
}

/* The first gets nothing within its time, the others do not keep it from that. */
static void time_passes(void *ctx, size_t i)
{
    int *found = ctx;
    struct pollfd fd = {.fd = pipes[0][0], .events = POLLIN};
    if (i == 0) {
        found[0] = tasks_poll(&fd, 30);
        note("late", i);
    } else {
        found[i] = tasks_poll(NULL, i == 1 ? 1 : 60);
        note("time", i);
    }
}

static void test_time(void)
{
    int found[3] = {9, 9, 9};
    trail[0] = '\0';
    tasks_run(3, time_passes, found);
    is_str(trail, "time1 late0 time2 ", "by their times");
    ok(found[0] == 0 && found[1] == 0 && found[2] == 0, "nothing came");
}

static void hear(int number)
{
    (void)number;
}

static void until_signal(void *ctx, size_t i)
{
    int *found = ctx;
    struct pollfd fd = {.fd = pipes[0][0], .events = POLLIN};
    found[i] = tasks_poll(&fd, 10000);
    found[i] = found[i] < 0 && errno == EINTR ? -2 : found[i];
}

static void test_signal(void)
{
    int found[2] = {9, 9};
    const struct sigaction act = {.sa_handler = hear};
    const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    ok(sigaction(SIGALRM, &act, NULL) == 0 && setitimer(ITIMER_REAL, &soon, NULL) == 0,
       "a signal comes");
    tasks_run(2, until_signal, found);
    ok(found[0] == -2 && found[1] == -2, "it wakes all of them");
}

struct gated {
    struct tasks_gate gate;
    int inside, most, passed;
};

static void through(void *ctx, size_t i)
{
    struct gated *g = ctx;
    (void)i;
    tasks_enter(&g->gate);
    g->inside++;
    g->most = g->inside > g->most ? g->inside : g->most;
    (void)tasks_poll(NULL, 2);
    g->inside--;
    g->passed++;
    tasks_leave(&g->gate);
}

static void test_gate(void)
{
    struct gated g = {.passed = 0};
    tasks_run(TASKS_MOST, through, &g);
    is_int(g.passed, TASKS_MOST, "all come through a gate");
    is_int(g.most, 1, "one at a time");
}

enum { FRAME = 16 * 1024, FRAMES = 256 };

/* Stacks as large as a program's. */
static int sink(int depth, int value)
{
    volatile char room[FRAME];
    room[depth % FRAME] = (char)value;
    (void)(depth == FRAMES && tasks_poll(NULL, 0));
    return depth < FRAMES ? sink(depth + 1, value) + room[depth % FRAME] - value
                          : room[depth % FRAME];
}

static void deep(void *ctx, size_t i)
{
    int *sum = ctx;
    *sum += sink(0, (int)i + 1);
}

static void test_stacks(void)
{
    int sum = 0;
    tasks_run(3, deep, &sum);
    is_int(sum, 6, "each has a stack of its own");
}

int main(void)
{
    tap_plan(26);
    test_turns();
    test_descriptors();
    test_time();
    test_signal();
    test_gate();
    test_stacks();
    return tap_done();
}
