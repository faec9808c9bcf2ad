/* What happens while kfmig works, as values. Nothing below cli/ prints, and one callback goes up: struct ear.
 * Owns: the events and what each of them carries.
 * Must not know who listens: a live line, plain lines, NDJSON. */
#ifndef KFMIG_BASE_TELL_H
#define KFMIG_BASE_TELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct findings; /* model/finding.h; handed on unseen, as is: */
struct plan;     /* plan/plan.h */

/* Each kind with the members of struct tell that it fills beside target. tell_name() gives the name in
 * NDJSON. */
enum tell_kind {
    TELL_NOTE,      /* what: one line for people */
    TELL_BLOCKED,   /* n targets of plan stand in the way */
    TELL_WARNING,   /* what: the same, that must not be missed */
    TELL_FAULT,     /* fault */
    TELL_FAULTS,    /* faults: all that one pass found */
    TELL_BEGIN,     /* at, n: the at-th of n targets begins (0, 0: not counted) */
    TELL_DONE,      /* at, n, ms, what: "published" or "" */
    TELL_FAILED,    /* fault, gates; sequence and run_id of its receipt (0: there is none) */
    TELL_STATEMENT, /* what: its tag; path, line; at, n: statements of the target */
    TELL_PHASE,     /* what: "load kansas_counties" */
    TELL_LOADING,   /* rows, done, size: bytes */
    /* what: "table app.t by (id)"; at: batches done; rows: that they wrote; done of size: rows of the table
     * that they went over; ms: until it is done, as it looks now (-1: unknown) */
    TELL_BATCH,
    TELL_WAITING, /* what: for whom, the whole sentence; "": not any more. target NULL: for the lock */
    TELL_RETRY, /* what: the condition; at of n, ms: the pause before it */
    TELL_SAID, /* severity, sqlstate; what: the server's words, for a terminal only; "": not shown */
    TELL_RESOLVING, /* the connection was lost around COMMIT; the ledger is asked */
    TELL_TICK, /* about every 100 ms while a server is waited for; NDJSON has one each 30 s, with ms */
    TELL_KINDS
};

/* One event. Everything is borrowed for the call. target: a migration's id, a projection's name; NULL: of the
 * run as a whole. */
struct tell {
    enum tell_kind kind;
    const char *target, *what, *path, *run_id, *severity, *sqlstate;
    int line;
    size_t at, n;
    int64_t rows, done, size, ms, sequence;
    const struct err *fault;
    const struct err_list *faults;
    const struct findings *gates;
    const struct plan *plan;
};

/* Who listens. hear: may be NULL. stops: has somebody asked for the end, and how (ERR_INTERRUPTED,
 * ERR_TERMINATED; ERR_NONE: nobody has)? NULL: nobody ever does. */
struct ear {
    void *ctx;
    void (*hear)(void *ctx, const struct tell *t);
    enum err_code (*stops)(void *ctx);
};

const char *tell_name(enum tell_kind kind); /* "statement" */

/* Hand one event to ear, which may be NULL. */
void tell(const struct ear *ear, const struct tell *t);
/* One line for people; cut at 1,023 bytes. */
void tell_note(const struct ear *ear, const char *fmt, ...) PRINTF_LIKE(2, 3);
void tell_warning(const struct ear *ear, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A failure that the caller goes on after. */
void tell_fault(const struct ear *ear, const struct err *fault);
/* All of a list; nothing if it is empty. */
void tell_faults(const struct ear *ear, const struct err_list *faults);

/* ERR_NONE, or how the end was asked for. ear may be NULL. */
enum err_code ear_stops(const struct ear *ear);
/* The same in words: "interrupted (Ctrl-C)", "told to end (SIGTERM)"; "interrupted" where nobody asked. */
const char *ear_stop_text(const struct ear *ear);

#endif
