/* What is shown while a build runs: a live line on a terminal, plain lines elsewhere.
 * Owns: the live line, naming what a statement waits for (from a second connection). */
#ifndef KFMIG_CLI_PROGRESS_H
#define KFMIG_CLI_PROGRESS_H

#include "cli/session.h"
#include "run/run.h"

struct progress {
    struct session *s;
    bool live;          /* stderr is a terminal and nothing forbids it */
    size_t done, total; /* migrations */
    const char *id;     /* the running one */
    const char *tag;    /* its statement */
    size_t statement, n_statements;
    int64_t started_ms; /* of the statement */
    int64_t asked_ms;   /* when the server was last asked what it waits for */
    struct pg *monitor; /* opened once a statement takes longer than half a second */
    bool monitor_failed;
    char waiting[256]; /* "waiting for lock held by ..." */
};
void progress_init(struct progress *p, struct session *s, size_t total);
void progress_step(struct progress *p, const char *id);
struct run_events progress_events(struct progress *p);
struct pg_wait
progress_wait(struct progress *p); /* interrupts and the live line while a statement runs */
void progress_lock_wait(void *ctx, const char *holder);
bool progress_is_stopped(void *ctx); /* a signal came */
void progress_clear(struct progress *p);
void progress_show(struct progress *p); /* the live line, now */
void progress_close(struct progress *p);

#endif
