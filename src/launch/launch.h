/* Programs that kfmig does not look into, run as children: their words, surroundings, time and end.
 * Owns: what they get (no secret but in their environment, no descriptor of ours, nothing on stdin), what is
 * kept of what they print, and that nothing beneath the data roots changed meanwhile. Must not know what
 * they are for. */
#ifndef KFMIG_LAUNCH_LAUNCH_H
#define KFMIG_LAUNCH_LAUNCH_H

#include "base/arena.h"
#include "base/tell.h"
#include "model/env.h"
#include "pg/pg.h"

/* Where programs run, the same for all of an environment. conninfo: given on as libpq's variables. roots:
 * folders of the project that hold its data. All borrowed. */
struct launch_place {
    int dirfd;
    const char *root, *env;
    const struct secret *conninfo;
    const struct names *roots;
};
/* One program. command: its words, divided by blanks; no shell reads them; the first is looked up in PATH
 * where it holds no slash. dir: where it starts, beneath root. name: for KFMIG_MIGRATION, and its log; of one
 * that is asked for KFMIG_PROBE. app: for PGAPPNAME, by which its sessions are known. wants: variables that
 * have to be set; NULL: none. */
struct launch {
    const char *command, *dir, *name, *app;
    const struct names *wants;
    int64_t limit_ms;
    const struct ear *ear;
};
enum { LAUNCH_WORDS_MOST = 1024 * 1024, LAUNCH_SAID_MOST = 4096, LAUNCH_GRACE_MS = 5000 };

/* Run it to its end. Its words, the first MiB of stdout and stderr, stand in state/runners/NAME.log
 * (mode 0600), which is removed where all went well. *has_begun: it ran, so that it may have done
 * anything. Past its time, or where ear says stop, its process group gets SIGTERM and LAUNCH_GRACE_MS
 * later SIGKILL; whoever is left of the group when it ends is killed too. -1 with ERR_PREFLIGHT: it
 * could not be started; else ERR_APPLY: it did not end in time, ended by a signal or with another
 * status than 0, or something beneath the data roots changed; ERR_INTERRUPTED. */
int launch_run(const struct launch_place *at, struct arena *a, const struct launch *x,
               bool *has_begun, struct err *e) MUST_CHECK;

/* Run one that looks and says what it sees: its stdout, LAUNCH_SAID_MOST bytes of it, in said, which the
 * caller releases; the rest, and its stderr, is dropped. Ends as above. -1 with ERR_PREFLIGHT: it could not
 * be started, or did not end in time, or not well; ERR_INTERRUPTED. */
int launch_ask(const struct launch_place *at, struct arena *a, const struct launch *x,
               struct buf *said, struct err *e) MUST_CHECK;

#endif
