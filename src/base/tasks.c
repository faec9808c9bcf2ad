/* Pieces of work that take turns, each on a stack of its own. */
#include "base/tasks.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

enum { STACK_BYTES = 8 * 1024 * 1024, GATE_MS = 5 };

/* The stack is mapped as a whole, and only what is touched of it takes memory; its lowest page may not be
 * touched. wait: what for, NULL: for time alone; until: in clock_ms(). found, error: what poll() said. */
struct task {
    ucontext_t at;
    char *stack;
    size_t i;
    bool has_ended;
    struct pollfd *wait;
    int64_t until;
    int found, error;
};

static struct turns {
    struct task v[TASKS_MOST];
    size_t n;
    ucontext_t back;
    struct task *now; /* which runs; NULL: none of them */
    void (*work)(void *ctx, size_t i);
    void *ctx;
    const void *back_stack; /* for the sanitizer */
    size_t back_size;
} all;

/* The address sanitizer wants to know on which stack the program is. */
static void leave_for(const void *stack, size_t size, void **fake)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(fake, stack, size);
#else
    (void)stack;
    (void)size;
    (void)fake;
#endif
}

/* In a task: from where tasks_run() is. */
static void arrive(void *fake, bool is_task)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake, is_task ? &all.back_stack : NULL,
                                    is_task ? &all.back_size : NULL);
#else
    (void)fake;
    (void)is_task;
#endif
}

static void begin(void)
{
    arrive(NULL, true);
    struct task *t = all.now;
    all.work(all.ctx, t->i);
    t->has_ended = true;
    leave_for(all.back_stack, all.back_size, NULL);
}

static size_t page(void)
{
    long n = sysconf(_SC_PAGESIZE);
    return n > 0 ? (size_t)n : 4096;
}

static void make(struct task *t, size_t i)
{
    *t = (struct task){.i = i};
    t->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (t->stack == MAP_FAILED || mprotect(t->stack, page(), PROT_NONE) != 0 ||
        getcontext(&t->at) != 0) {
        BUG("no room for a stack");
    }
    t->at.uc_stack.ss_sp = t->stack;
    t->at.uc_stack.ss_size = STACK_BYTES;
    t->at.uc_link = &all.back;
    makecontext(&t->at, begin, 0);
}

static void go_on(struct task *t)
{
    void *fake = NULL;
    all.now = t;
    leave_for(t->stack, STACK_BYTES, &fake);
    (void)swapcontext(&all.back, &t->at);
    arrive(fake, false);
    all.now = NULL;
    if (t->has_ended) {
        (void)munmap(t->stack, STACK_BYTES);
    }
}

/* Waits for all of them; each that has something, or whose time is up, goes on. A signal wakes all. */
static void turn(void)
{
    struct pollfd fds[TASKS_MOST];
    struct task *waits[TASKS_MOST];
    nfds_t n_fds = 0;
    int64_t until = INT64_MAX;
    for (size_t i = 0; i < all.n; i++) {
        struct task *t = &all.v[i];
        if (!t->has_ended) {
            until = t->until < until ? t->until : until;
        }
        if (!t->has_ended && t->wait != NULL) {
            waits[n_fds] = t;
            fds[n_fds++] = *t->wait;
        }
    }
    int64_t left = until - clock_ms();
    int found = poll(fds, n_fds, left > 0 ? (int)left : 0);
    int error = found < 0 ? errno : 0;
    for (nfds_t i = 0; i < n_fds; i++) {
        waits[i]->wait->revents = found > 0 ? fds[i].revents : 0;
        waits[i]->found = found > 0 && fds[i].revents != 0 ? 1 : 0;
    }
    int64_t now = clock_ms();
    for (size_t i = 0; i < all.n; i++) {
        struct task *t = &all.v[i];
        if (!t->has_ended && (error != 0 || t->found != 0 || t->until <= now)) {
            t->found = error != 0 ? -1 : t->found;
            t->error = error;
            go_on(t);
        }
    }
}

static bool are_there(void)
{
    for (size_t i = 0; i < all.n; i++) {
        if (!all.v[i].has_ended) {
            return true;
        }
    }
    return false;
}

void tasks_run(size_t n, void (*work)(void *ctx, size_t i), void *ctx)
{
    if (n > TASKS_MOST || all.n > 0) {
        BUG("too many tasks");
    }
    all.n = n;
    all.work = work;
    all.ctx = ctx;
    for (size_t i = 0; i < n; i++) {
        make(&all.v[i], i);
    }
    for (size_t i = 0; i < n; i++) {
        go_on(&all.v[i]);
    }
    while (are_there()) {
        turn();
    }
    all.n = 0;
}

int tasks_poll(struct pollfd *fd, int ms)
{
    struct task *t = all.now;
    void *fake = NULL;
    if (t == NULL) {
        return poll(fd, fd != NULL ? 1 : 0, ms);
    }
    t->wait = fd;
    t->until = clock_ms() + ms;
    t->found = 0;
    t->error = 0;
    leave_for(all.back_stack, all.back_size, &fake);
    (void)swapcontext(&t->at, &all.back);
    arrive(fake, true);
    errno = t->error;
    return t->found;
}

void tasks_enter(struct tasks_gate *g)
{
    while (g->is_taken != 0) {
        (void)tasks_poll(NULL, GATE_MS);
    }
    g->is_taken = 1;
}

void tasks_leave(struct tasks_gate *g)
{
    g->is_taken = 0;
}
