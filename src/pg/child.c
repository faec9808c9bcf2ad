/* Child processes: fork, drop rights and descriptors, exec; and what becomes of them. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/child.h"

enum { READ_SIZE = 16384, READS = 64, PAUSE_MS = 5, WORDS_LIMIT = 64 * 1024, FIRST_FD = 3 };

/* Between fork and exec only calls that are safe in a signal handler: kfmig may have threads. */
static int become(const struct child_user *u)
{
    if (u == NULL) {
        return 0;
    }
    return setgroups((size_t)u->n_groups, u->groups) == 0 && setgid(u->gid) == 0 &&
                   setuid(u->uid) == 0
               ? 0
               : -1;
}

static void reset_signals(void)
{
    static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE,
                                  SIGCHLD, SIGALRM, SIGUSR1, SIGUSR2};
    sigset_t none;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        (void)signal(signals[i], SIG_DFL);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Marked rather than closed: the pipe that reports a failed exec lives among them. */
static int drop_descriptors(void)
{
    if (close_range(FIRST_FD, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
        return 0;
    }
    long n = sysconf(_SC_OPEN_MAX);
    for (int fd = FIRST_FD; fd < n; fd++) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

/* Copies first: what out and err name may itself stand at 0, 1 or 2. */
static int set_streams(const char *in, int out, int err)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int file = in != NULL ? open(in, O_RDONLY | O_CLOEXEC) : null;
    if (null < 0 || file < 0) {
        return -1;
    }
    const int from[] = {file, out >= 0 ? out : null, err >= 0 ? err : null};
    int copy[3];
    for (int i = 0; i < 3; i++) {
        copy[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FD);
        if (copy[i] < 0) {
            return -1;
        }
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(copy[i], i) < 0) {
            return -1;
        }
    }
    return 0;
}

/* What a child says to us about its start, in one write: of several writers none is torn. */
struct report {
    pid_t pid;      /* the process that was made, or 0 */
    int exec_errno; /* why it could not become the program, or 0 */
};

static void send_report(int fd, struct report r)
{
    (void)!write(fd, &r, sizeof r);
}

/* Does not return: execs, or reports errno and ends. The death signal comes last: a change of user clears
 * it. */
static _Noreturn void exec_child(const struct child *c, int out, int report, bool dies_with_us)
{
    (void)umask(077);
    reset_signals();
    if (set_streams(c->in, out, c->joins ? out : c->out) == 0 && drop_descriptors() == 0 &&
        become(c->user) == 0 && (c->dir == NULL || chdir(c->dir) == 0)) {
        if (dies_with_us) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        }
        if (c->env != NULL) {
            (void)execvpe(c->argv[0], (char *const *)(uintptr_t)c->argv,
                          (char *const *)(uintptr_t)c->env);
        } else {
            (void)execvp(c->argv[0], (char *const *)(uintptr_t)c->argv);
        }
    }
    send_report(report, (struct report){0, errno});
    _exit(127);
}

/* Gathers the reports until nobody can write one any more: every process has ended or become its program. */
static struct report take_reports(int fd)
{
    struct report all = {0, 0};
    struct report one;
    for (;;) {
        ssize_t n = read(fd, &one, sizeof one);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n != (ssize_t)sizeof one) {
            return all;
        }
        all.pid = one.pid > 0 ? one.pid : all.pid;
        all.exec_errno = one.exec_errno != 0 ? one.exec_errno : all.exec_errno;
    }
}

static void reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static int fail_start(const struct child *c, int number, struct err *e)
{
    errno = number;
    return err_errno(e, ERR_PREFLIGHT, "cannot start \"%s\"", c->argv[0]);
}

static void close_pair(const int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) {
            (void)close(pair[i]);
        }
    }
}

/* Forks and waits for the exec to have succeeded. The child leads a process group of its own and dies with
 * us. */
static int start(const struct child *c, int out, pid_t *pid, struct err *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return fail_start(c, errno, e);
    }
    *pid = fork();
    if (*pid == 0) {
        if (!c->is_foreground) {
            (void)setpgid(0, 0);
        }
        exec_child(c, out, ends[1], true);
    }
    int number = *pid < 0 ? errno : 0;
    (void)close(ends[1]);
    if (*pid > 0) {
        number = take_reports(ends[0]).exec_errno;
    }
    (void)close(ends[0]);
    if (*pid > 0 && number != 0) {
        reap(*pid);
    }
    return number == 0 ? 0 : fail_start(c, number, e);
}

/* Takes what is there, waiting a little for it, and some of it where there is no end of it: who writes for
 * ever is looked at again, and his deadline too. Keeps it up to the limit of words. False: nothing more will
 * come. */
static bool take_words(int fd, struct buf *words, int wait_ms)
{
    static char chunk[READ_SIZE];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (int i = 0; i < READS; i++) {
        if (poll(&p, 1, i == 0 ? wait_ms : 0) <= 0) {
            return true;
        }
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n <= 0) {
            return false;
        }
        size_t room = words->limit - words->n; /* a buffer takes all of it or nothing */
        buf_add(words, chunk, (size_t)n < room ? (size_t)n : room);
    }
    return true;
}

/* Whom signals go to that are to end it: all of its group, where that is its own. */
static pid_t group_of(const struct child *c, pid_t pid)
{
    return c->is_foreground ? pid : -pid;
}

/* Asked first, where it has a grace: who ends by himself cleans up behind him. */
static void end_group(const struct child *c, pid_t pid)
{
    int64_t until = clock_ms() + c->grace_ms;
    bool is_gone = false;
    if (c->grace_ms > 0) {
        (void)kill(group_of(c, pid), SIGTERM);
    }
    while (!is_gone && clock_ms() < until) {
        clock_sleep_ms(PAUSE_MS);
        is_gone = waitpid(pid, NULL, WNOHANG) == pid;
    }
    if (!is_gone || !c->is_foreground) {
        (void)kill(group_of(c, pid), SIGKILL);
    }
    if (!is_gone) {
        reap(pid);
    }
}

static int wait_end(const struct child *c, pid_t pid, int fd, struct buf *words, int64_t timeout_ms,
                    int *status, struct err *e)
{
    int64_t deadline = clock_ms() + timeout_ms;
    bool is_open = words != NULL;
    for (;;) {
        /* Before the first wait, too: one that ends at once must not outrun what was said before it. */
        if (ear_stops(c->ear) != ERR_NONE) {
            end_group(c, pid);
            return err_set(e, ERR_INTERRUPTED, "%s while \"%s\" ran", ear_stop_text(c->ear),
                           c->argv[0]);
        }
        if (is_open) {
            is_open = take_words(fd, words, PAUSE_MS);
        } else {
            clock_sleep_ms(PAUSE_MS);
        }
        pid_t done = waitpid(pid, status, WNOHANG);
        if (done == pid) {
            if (is_open) {
                (void)take_words(fd, words, 0);
            }
            if (!c->is_foreground) {
                (void)kill(-pid, SIGKILL); /* whoever it left behind */
            }
            return 0;
        }
        if ((done < 0 && errno != EINTR) || clock_ms() >= deadline) {
            end_group(c, pid);
            return err_set(e, ERR_PREFLIGHT, "\"%s\" did not end within %lld s", c->argv[0],
                           (long long)(timeout_ms / 1000));
        }
    }
}

int child_run(const struct child *c, struct buf *words, int64_t timeout_ms, int *status,
              struct err *e)
{
    int out[2] = {-1, -1};
    pid_t pid = -1;
    if (words != NULL) {
        words->limit = c->words_most > 0 ? c->words_most : WORDS_LIMIT;
        if (pipe2(out, O_CLOEXEC) != 0) {
            return fail_start(c, errno, e);
        }
    }
    int rc = start(c, words != NULL ? out[1] : c->out, &pid, e);
    if (out[1] >= 0) {
        (void)close(out[1]);
        out[1] = -1;
    }
    if (rc == 0 && c->has_begun != NULL) {
        *c->has_begun = true;
    }
    if (rc == 0) {
        rc = wait_end(c, pid, out[0], words, timeout_ms, status, e);
    }
    close_pair(out);
    return rc;
}

static _Noreturn void run_middle(const struct child *c, int report)
{
    (void)setsid();
    pid_t pid = fork();
    if (pid == 0) {
        (void)!chdir("/");
        exec_child(c, c->out, report, false);
    }
    send_report(report, (struct report){pid > 0 ? pid : 0, pid < 0 ? errno : 0});
    _exit(0);
}

int child_detach(const struct child *c, pid_t *pid, struct err *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return fail_start(c, errno, e);
    }
    pid_t middle = fork();
    if (middle == 0) {
        run_middle(c, ends[1]);
    }
    struct report r = {0, middle < 0 ? errno : 0};
    (void)close(ends[1]);
    if (middle > 0) {
        r = take_reports(ends[0]);
        reap(middle);
    }
    (void)close(ends[0]);
    if (r.exec_errno != 0 || r.pid <= 0) {
        return fail_start(c, r.exec_errno != 0 ? r.exec_errno : ECHILD, e);
    }
    if (pid != NULL) {
        *pid = r.pid;
    }
    return 0;
}

bool child_can_reach(const struct child_user *user, const char *path)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct stat st;
        bool good = become(user) == 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
                    access(path, X_OK) == 0;
        _exit(good ? 0 : 1);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool process_is_alive(pid_t pid)
{
    char path[64];
    char line[256];
    if (pid <= 0 || (kill(pid, 0) != 0 && errno != EPERM)) {
        return false;
    }
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno != ENOENT;
    }
    ssize_t n = read(fd, line, sizeof line - 1);
    (void)close(fd);
    line[n > 0 ? n : 0] = '\0';
    /* The state follows the program's name, which stands in parentheses and may hold any byte. */
    const char *end = strrchr(line, ')');
    return end == NULL || end[1] == '\0' || (end[2] != 'Z' && end[2] != 'X');
}
