/* The inside of a session; for src/pg only.
 * Owns: struct pg, one call's deadline, waiting for the server. The only header that brings in
 * <libpq-fe.h>. */
#ifndef KFMIG_PG_SESSION_H
#define KFMIG_PG_SESSION_H

#include <libpq-fe.h>

#include "pg/pg.h"

enum {
    PG_TICK_MS = 100,              /* how often on_wait is asked */
    PG_CANCEL_GRACE_MS = 2000,     /* after a deadline: for the server to answer the cancel */
    PG_INTERRUPT_GRACE_MS = 10000, /* after on_wait said stop */
    PG_SQLSTATE = 6,
    PG_NAME = 128, /* a query's name in the server */
};

enum pg_stop { PG_STOP_NONE, PG_STOP_TIMEOUT, PG_STOP_INTERRUPT };

/* One call that waits for the server: when it must end, and why it was asked to end before that. */
struct pg_call {
    struct pg_wait wait;
    int64_t timeout_ms; /* 0: none */
    int64_t deadline;   /* clock_ms(); 0: none */
    int64_t next_tick;
    enum pg_stop stop;
};

/* One query of a pipeline, or a user's statement; both NULL: a Sync. prepares: its Parse is part of the
 * pipeline. */
struct pg_item {
    const struct pg_sql *q;
    struct pg_shared *shared;
    struct bytes binary; /* sent as it is for the last parameter; p NULL: all are texts */
    const char *const *params;
    int n_params;
    struct pg_rows **out;
    bool prepares;
};

/* host, port, dbname and user are safe for a terminal and have no NULL. fatal is the SQLSTATE of a FATAL
 * message that came while no call was under way. round makes names of prepared queries unique after the
 * server forgot the earlier ones. */
struct pg {
    PGconn *conn;
    char *host, *port, *dbname, *user;
    struct pg_wait wait;
    int64_t default_timeout_ms;
    bool lost;
    bool has_no_encoding;    /* the database: SQL_ASCII, any bytes */
    bool single_row;         /* the last call was a statement, with its rows one by one */
    enum server_words words; /* of pg_options, as the next two */
    void (*on_notice)(void *ctx, const struct pg_notice *n);
    void *notice_ctx;
    char fatal[PG_SQLSTATE];
    const struct pg_sql **prepared;
    size_t n_prepared, cap_prepared;
    unsigned round;
    int64_t ids_ours;
    struct pg_item *batch;
    size_t n_batch, cap_batch;
    struct pg_copy *copy; /* the COPY under way, see copy.c */
    int64_t refused_row;  /* of the last COPY; 0: not said */
    char refused_column[PG_NAME];
    char last[PG_NAME];
    int64_t n_asked;
};

/* text is asked now, or is the last of what is: messages name it, and pg_asked() counts it. */
void pg_asks(struct pg *s, const char *text);

/* The clock of one call starts; timeout_ms 0: no deadline. */
void pg_call_begin(struct pg_call *c, const struct pg_wait *w, int64_t timeout_ms);

/* Ask on_wait if it is time to, notice a passed deadline, cancel. Returns 0; -1: stop waiting, the grace
 * has passed. */
int pg_call_tick(struct pg *s, struct pg_call *c);

/* Wait at most until the next tick for fd to become readable (or writable); other tasks of base/tasks.h run
 * meanwhile. Returns what poll() found, 0 for
 * nothing; a signal makes the next tick due at once. */
int pg_call_poll(struct pg_call *c, int fd, short events);

/* Free what PQconninfoParse() gave. Its values hold the password, and libpq would give them back as they
 * are. NULL is fine. */
void pg_forget_options(PQconninfoOption *options);

/* Before something is sent: the session must be alive, and what the server said meanwhile is read without
 * waiting. Returns 0, or -1 with the error of a lost connection. */
int pg_ready(struct pg *s, struct err *e) MUST_CHECK;

/* Where in sql, in bytes, the server's error position is, which it tells in characters; -1: nowhere. */
int64_t pg_byte_offset(const struct pg *s, struct bytes sql, const char *characters);

/* The next result of what was sent, NULL at its end. Returns 0, or -1 when the connection had to be given up
 * (s->lost); a result that ends the session (FATAL) sets s->lost and is handed over. The caller frees *r. */
int pg_next(struct pg *s, struct pg_call *c, PGresult **r) MUST_CHECK;

/* Wait until COPY data can be had or put without blocking. Returns 0, or -1 as pg_next(). */
int pg_await_copy(struct pg *s, struct pg_call *c, bool sending) MUST_CHECK;

/* Ask the server to cancel what the session runs; returns after at most PG_CANCEL_GRACE_MS. */
void pg_cancel(struct pg *s);

/* Forget which queries are prepared: the server dropped them. */
void pg_forget_prepared(struct pg *s);

/* As pg_command(), waiting as w says; NULL: as the session does. */
int pg_command_within(struct pg *s, const char *sql, const struct pg_wait *w, char *tag, bool *sent,
                      struct err *e) MUST_CHECK;

struct pg_rows *pg_rows_of(PGresult *result); /* takes result over */

/* Fill *e for a call that failed with result r (NULL: there is none) and return -1. code is for an ordinary
 * refusal; what is what the server refused ("the statement"). c may be NULL. */
int pg_fail(struct pg *s, const struct pg_call *c, const PGresult *r, enum err_code code,
            const char *what, struct err *e);

/* Fill *e for a connection that could not be made, from libpq's words, none of which are repeated; those of a
 * server that refused are in e->detail. Returns -1. */
int pg_fail_connect(const struct pg *s, struct err *e);

/* Fill *e for a connection string that libpq cannot parse, from its words (may be NULL). Returns -1. */
int pg_fail_conninfo(const char *words, struct err *e);
/* A URI that libpq would read otherwise than it was meant, for want of percent-encoding: -1, ERR_CONFIG. */
int pg_check_uri(const char *conninfo, struct err *e);

/* The words of a message that s may show, as text_safe() has them; appended. */
void pg_words(struct buf *out, const struct pg *s, const PGresult *r);

/* "HOST:PORT", or "the local socket, port PORT". */
const char *pg_place(const struct pg *s, char *out, size_t size);

/* Copy src to dst of size bytes, cut at the end of a character. */
void pg_copy_text(char *dst, size_t size, const char *src);

#endif
