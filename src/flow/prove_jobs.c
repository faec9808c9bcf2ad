/* Chains as processes of their own. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/prove_parts.h"

enum { LOOK_MS = 20 };

/* One process. e: what its chain says, shared. */
struct chain_job {
    pid_t pid;
    bool is_over, was_told;
    int status;
    struct err *e;
};

struct shared_bytes {
    void *p;
    size_t size;
};

static void unmap(void *ctx)
{
    const struct shared_bytes *m = ctx;
    (void)munmap(m->p, m->size);
}

void *jobs_share(struct arena *a, size_t size)
{
    struct shared_bytes *m = ARENA_NEW(a, struct shared_bytes);
    *m = (struct shared_bytes){.size = size};
    m->p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m->p == MAP_FAILED) {
        return NULL;
    }
    arena_at_end(a, unmap, m);
    return m->p;
}

/* It says nothing, shares what it finds, and closes nothing of what it was born with. */
static _Noreturn void be(struct chain *c, pid_t parent, struct err *e)
{
    c->p->s->ear.hear = NULL;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(1);
    }
    _exit(chain_run(c, e) == 0 ? 0 : 1);
}

static int begin(struct chain_job *j, struct chain *c, struct err *e)
{
    pid_t parent = getpid();
    j->pid = fork();
    if (j->pid == 0) {
        be(c, parent, j->e);
    }
    j->is_over = j->pid < 0;
    return j->pid > 0 ? 0
                      : err_set(e, ERR_PREFLIGHT, "cannot begin a process: %s", strerror(errno));
}

static void stop(struct chain_job *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!v[i].is_over && !v[i].was_told) {
            (void)kill(v[i].pid, SIGTERM);
            v[i].was_told = true;
        }
    }
}

/* How many still run. One that failed ends the others: what they prove would be of no use. */
static size_t look(struct chain_job *v, size_t n)
{
    size_t left = 0;
    bool any_failed = false;
    for (size_t i = 0; i < n; i++) {
        if (!v[i].is_over && waitpid(v[i].pid, &v[i].status, WNOHANG) != 0) {
            v[i].is_over = true;
        }
        left += !v[i].is_over;
        any_failed |= v[i].is_over && v[i].status != 0;
    }
    if (any_failed) {
        stop(v, n);
    }
    return left;
}

static void tell_done(const struct test_run *p, bool *told)
{
    for (size_t i = 0; i < p->last; i++) {
        const struct proof *x = &p->out->v[i];
        if (x->found->is_done && !told[i]) {
            told[i] = true;
            prove_tell(p, x, i + 1);
        }
    }
    tell(&p->s->ear, &(struct tell){.kind = TELL_TICK});
}

/* The first that failed of itself: those that were told to end say so, too. */
static int judge(const struct test_run *p, struct chain_job *v, size_t n, struct err *e)
{
    enum err_code stopped = ear_stops(&p->s->ear);
    const struct chain_job *first = NULL;
    for (size_t i = 0; i < n; i++) {
        bool is_better = first == NULL || (first->was_told && !v[i].was_told);
        first = v[i].status != 0 && is_better ? &v[i] : first;
    }
    if (stopped != ERR_NONE) {
        return err_set(e, stopped, "interrupted; the throwaway databases are dropped");
    }
    if (first == NULL) {
        return 0;
    }
    if (first->e->code != ERR_NONE) {
        *e = *first->e;
        return -1;
    }
    return err_set(e, ERR_INTERNAL, "a process that proved migrations ended by itself (status %d)",
                   first->status);
}

int jobs_run(struct test_run *p, struct chain *const *v, size_t n, struct err *e)
{
    struct chain_job jobs[CHAINS_MOST] = {{.pid = 0}};
    struct err *said = jobs_share(p->s->a, n * sizeof *said);
    bool *told = ARENA_ARRAY(p->s->a, bool, p->last + 1);
    size_t begun = 0;
    int rc = said == NULL ? err_set(e, ERR_INTERNAL, "there is no memory for processes") : 0;
    for (; begun < n && rc == 0; begun += rc == 0) {
        jobs[begun].e = &said[begun];
        rc = begin(&jobs[begun], v[begun], e);
    }
    if (rc != 0) {
        stop(jobs, begun);
    }
    while (look(jobs, begun) > 0) {
        if (ear_stops(&p->s->ear) != ERR_NONE) {
            stop(jobs, begun);
        }
        tell_done(p, told);
        clock_sleep_ms(LOOK_MS);
    }
    tell_done(p, told);
    return rc == 0 ? judge(p, jobs, begun, e) : -1;
}
