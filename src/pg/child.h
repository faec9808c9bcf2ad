/* Child processes: for the embedded server, where git is asked, and probes.
 * Owns: fork and exec without a shell. A child starts with default signals, an empty signal mask, umask 077,
 * stdin from /dev/null and no descriptor of ours but the one meant for its output. */
#ifndef KFMIG_PG_CHILD_H
#define KFMIG_PG_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/tell.h"

enum { CHILD_GROUPS_MAX = 64 };

/* Whom a child runs as. n_groups counts the supplementary groups. */
struct child_user {
    char name[64];
    uid_t uid;
    gid_t gid;
    gid_t groups[CHILD_GROUPS_MAX];
    int n_groups;
};

/* argv and env end with NULL; argv[0] is looked up in PATH if it holds no slash; env NULL: ours. user
 * NULL: as we are. out: a descriptor for stdout and stderr, -1 for /dev/null. dir: where it starts,
 * NULL: where we are. joins: stderr goes where stdout goes. has_begun (may be NULL): set once it runs.
 * ear: who may say stop while child_run() waits, NULL: nobody. grace_ms: how long it may take to end by
 * itself once it is told to, by SIGTERM, before it is killed; 0: it is killed at once. words_most: how
 * much child_run() keeps of what it writes; 0: 64 KiB. in: the file that is its stdin, NULL: /dev/null.
 * is_foreground: it stays in our process group, so that it may ask a person on the terminal; what it starts
 * itself is then its own to end. */
struct child {
    const char *const *argv;
    const char *const *env;
    const struct child_user *user;
    int out;
    const char *dir;
    bool joins;
    bool *has_begun;
    const struct ear *ear;
    int64_t grace_ms;
    size_t words_most;
    const char *in;
    bool is_foreground;
};

/* Run it to its end, at most timeout_ms, then kill its process group, whatever signals it ignores. words (may
 * be NULL) collects what it writes to stdout (then stderr goes to c->out), words_most of it; the rest is read
 * and dropped. *status is as from waitpid(). It is killed too when we die. Returns 0, or -1 with
 * ERR_PREFLIGHT: could not be started, did not end in time; ERR_INTERRUPTED: c->ear said stop. */
int child_run(const struct child *c, struct buf *words, int64_t timeout_ms, int *status,
              struct err *e) MUST_CHECK;

/* Start it in a session of its own, as nobody's child, working directory "/". *pid may be NULL. Returns 0, or
 * -1 with ERR_PREFLIGHT when it could not be started. */
int child_detach(const struct child *c, pid_t *pid, struct err *e) MUST_CHECK;

/* Can user go down to the directory path and enter it? Asked of the kernel, as that user; NULL: as we are. */
bool child_can_reach(const struct child_user *user, const char *path);

/* Is there a process with this id that still runs (a zombie does not)? */
bool process_is_alive(pid_t pid);

#endif
