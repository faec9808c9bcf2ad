/* The ear of the command line: what is shown while a run goes on. A live line on a terminal; elsewhere plain
 * lines, with one per target that begins and a heartbeat; with --progress=json one JSON object a line. All on
 * stderr.
 * Owns: how events look, and the signals' part of "stop". Not what happens. */
#ifndef KFMIG_CLI_PROGRESS_H
#define KFMIG_CLI_PROGRESS_H

#include "base/tell.h"
#include "command/command.h"

/* dirfd: of the project, once it is known; -1. The rest is inside. */
struct progress {
    const struct request *req;
    struct ear ear;
    int dirfd;
    bool is_live;     /* stderr is a terminal and nothing forbids it */
    bool is_shown;    /* the live line stands there */
    char target[160]; /* the running one; "" */
    size_t at, n;     /* which of how many */
    char what[64];    /* its statement or phase */
    size_t statement, n_statements;
    char path[256]; /* where the statement stands */
    int line;
    char waiting[256];  /* for whom, or how far it is */
    int64_t begun_ms;   /* of the target */
    int64_t started_ms; /* of the statement or phase */
    char warned_of[8];  /* the SQLSTATE of the last warning told without words of this statement */
    int64_t said_ms;    /* when a line was last printed */
    int64_t beat_ms;    /* a heartbeat is due so long after that */
};

/* ear: what to hand to everything below cli/; its context is p, which must stay where it is. */
void progress_init(struct progress *p, const struct request *req);
/* The end of it: the live line goes. */
void progress_close(struct progress *p);

#endif
