/* Sessions with a PostgreSQL server.
 * Owns: the only use of libpq; deadlines, pipelines, cancel, and what of a server's error may be repeated.
 * Must not know kfmig's tables. Every call that talks to the server is asynchronous underneath
 * (PQconnectStart/Poll, PQsendQuery*, PQconsumeInput, poll) with a deadline: blocking libpq calls hang for
 * ever on some failures. Several sessions can be at work at once, each in a task of base/tasks.h. */
#ifndef KFMIG_PG_PG_H
#define KFMIG_PG_PG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

struct pg;      /* one session */
struct pg_rows; /* one result; freed by pg_rows_free() */

/* A secret has no printf path: only pg_open() looks inside. Filled by secret_set(), wiped by
 * secret_wipe(). */
struct secret {
    char *opaque;
};
void secret_set(struct secret *s, const char *value);
bool secret_is_set(const struct secret *s);
void secret_wipe(struct secret *s);

/* A query with a name: made from one .sql file by src/tool/embed.sh; prepared once per session, on first
 * use. */
struct pg_sql {
    const char *name;
    const char *text;
};

/* How to wait. on_wait (may be NULL) is called about every 100 ms while a reply is outstanding, and at once
 * when a signal came; returning true cancels the statement (PQcancel) and the call then fails with
 * ERR_INTERRUPTED once the server has answered (after 10 s without an answer the connection is given up). A
 * deadline is handled alike, with 2 s. What the server had finished all the same is reported as it ended:
 * the truth wins. */
struct pg_wait {
    int64_t timeout_ms; /* for one call; 0: none, or in pg_options the default */
    bool (*on_wait)(void *ctx);
    void *ctx;
};

/* A NOTICE, WARNING, INFO or DEBUG of the server. words: "" where they may not be shown. */
struct pg_notice {
    const char *severity, *sqlstate, *words;
};

struct pg_options {
    const char *application_name; /* shown to other sessions; no secret */
    const char *dbname;           /* another database of that server; NULL: as conninfo says */
    int64_t connect_timeout_ms;   /* default 10,000 */
    int64_t default_timeout_ms;   /* default 60,000; user statements bring their own */
    enum server_words words;
    void (*on_notice)(void *ctx, const struct pg_notice *n); /* NULL: they are dropped */
    void *notice_ctx;
    struct pg_wait wait;
};

/* What a connection is, for messages: host (or socket directory shown as "local socket"), port, database,
 * user. Never a password; a socket path beneath a home or temporary directory is not shown. */
struct pg_where {
    const char *host, *port, *dbname, *user;
    bool is_local; /* through a socket of this machine */
};

/* Connect and pin the session: client_encoding UTF8 (SQL_ASCII where the database has no encoding, by a
 * second connection), search_path as the server has it for the role (a migration sees what psql would give
 * it; kfmig's own queries are fully qualified), TimeZone UTC, DateStyle ISO, IntervalStyle iso_8601,
 * extra_float_digits 1, bytea_output hex, standard_conforming_strings on, tcp
 * keepalives, default idle_in_transaction_session_timeout and client_connection_check_interval (where the
 * server has it). conninfo: URI or keyword string; an empty string takes the libpq PG* variables.
 * Returns 0, or -1 with ERR_PREFLIGHT (unreachable, refused; host, port, database and
 * user are named, the server's words only in e->detail) or ERR_CONFIG (conninfo cannot be parsed; its text
 * is not repeated). */
int pg_open(struct pg **out, const struct secret *conninfo, const struct pg_options *o,
            struct err *e) MUST_CHECK;
/* Of an error of pg_open(): may the same be tried again in a while, with another answer? Not where
 * a password, a database, a certificate or the connection string is at fault. */
bool pg_may_answer_later(const struct err *e);
/* The database that conninfo names, by itself or by libpq's defaults, in a. Talks to nobody for long: the
 * answer is not waited for. */
const char *pg_dbname(struct arena *a, const struct secret *conninfo);
/* What pg_open() pins, as a query: to be sent again after RESET ALL. */
extern const struct pg_sql *const pg_session_pin;
void pg_close(struct pg *s);                             /* NULL is fine */
void pg_where(const struct pg *s, struct pg_where *out); /* borrowed from s */
int pg_backend_pid(const struct pg *s);
/* How often this session was asked anything; a batch, and a COPY, counts once. The same number as before:
 * nobody used it since. */
int64_t pg_asked(const struct pg *s);
int pg_server_version(const struct pg *s); /* 150018 */
/* How many transactions of this session are known to have been given an id. Whoever has seen that one was,
 * by a row that it wrote or by asking for it, says so once for each. */
int64_t pg_ids_ours(const struct pg *s);
void pg_id_is_ours(struct pg *s);
bool pg_is_alive(const struct pg *s); /* false once the connection was lost, and for NULL */

enum pg_tx { PG_TX_IDLE, PG_TX_OPEN, PG_TX_FAILED, PG_TX_UNKNOWN };
enum pg_tx pg_tx(const struct pg *s); /* as the server said last; no I/O */

/* From now on a call that brings no time of its own may take ms; 0: as long as it likes. Returns what held
 * before, to be set again. */
int64_t pg_patience(struct pg *s, int64_t ms);
/* From now on a call that brings no wait of its own asks w's on_wait. */
void pg_heed(struct pg *s, const struct pg_wait *w);

/* One of kfmig's own queries, text parameters (NULL for SQL NULL), one result. Arrays are passed as text: see
 * pg_array(). *out may be NULL. -1 with ERR_PREFLIGHT (connection lost: sqlstate "08006" if the server gave
 * none) or as mapped by pg_err(). */
int pg_query(struct pg *s, const struct pg_sql *q, const char *const *params, int n_params,
             struct pg_rows **out, struct err *e) MUST_CHECK;

/* Several of kfmig's own queries in one round trip (libpq pipeline mode, one Sync). add() copies nothing:
 * parameters must live until run(). run() fills the rows in order of add(); after the first failure the rest
 * are not executed, *failed (may be NULL) is that query's position (-1 when the server refused to commit what
 * none of them failed in), and rows obtained before are freed. The batch is empty afterwards either way. */
void pg_batch_add(struct pg *s, const struct pg_sql *q, const char *const *params, int n_params,
                  struct pg_rows **out);
/* The same with one parameter more behind params (at most three): last, sent as it is, for a bytea of any
 * length below 2 GiB. Must live until run(), too; empty, it must still point somewhere. */
void pg_batch_add_binary(struct pg *s, const struct pg_sql *q, const char *const *params,
                         int n_params, struct bytes last);
int pg_batch_run(struct pg *s, int *failed, struct err *e) MUST_CHECK;
/* The same, waiting as for a statement: NULL: as the session waits. */
int pg_batch_run_within(struct pg *s, const struct pg_wait *w, int *failed,
                        struct err *e) MUST_CHECK;
/* A statement of a user's file as part of the batch. Only for kinds that return no rows, take none, and
 * cannot end the transaction (struct statement's quiet); sql has no NUL inside and one behind it. done (or
 * NULL) is told when the server has answered for it, well: what follows it may still fail. The time that the
 * batch may take begins anew then. *at must live until the batch was run; position as with pg_statement(). */
struct pg_shared {
    struct bytes sql;
    void (*done)(void *ctx);
    void *ctx;
    int64_t position;
};
void pg_batch_share(struct pg *s, struct pg_shared *at); /* adds it */
/* What was added so far is a transaction of its own, if none is open, in the same round trip. The server goes
 * on with what is added behind also where what stands before has failed (the batch then fails all the
 * same). */
void pg_batch_sync(struct pg *s);

/* Have the server drop what was prepared. Every DDL statement makes it look through all prepared queries, so
 * that those which are not wanted again are worth dropping before many such. */
int pg_deallocate(struct pg *s, struct err *e) MUST_CHECK;

/* One statement of a user's file, alone in its message (extended protocol: the server refuses several),
 * result rows counted and dropped as they come (single-row mode: constant memory). *n_rows: rows affected or
 * returned (may be NULL). position (may be NULL): byte offset in sql of the server's error position, or -1.
 * COPY FROM STDIN / TO STDOUT are ended with an error. timeout 0: no deadline of ours, the server's
 * statement_timeout rules. */
int pg_statement(struct pg *s, struct bytes sql, const struct pg_wait *w, int64_t *n_rows,
                 int64_t *position, struct err *e) MUST_CHECK;

/* The same with text parameters, which its text names as $1 and so on. */
struct pg_params {
    const char *const *v;
    int n;
};
int pg_statement_with(struct pg *s, struct bytes sql, const struct pg_params *params,
                      const struct pg_wait *w, int64_t *n_rows, int64_t *position,
                      struct err *e) MUST_CHECK;

/* One of kfmig's own statements whose text is built at run time, because it names identifiers (pg_ident()) or
 * is DDL: extended protocol, not prepared, one statement, text parameters. No deadline of ours (an index
 * takes as long as it takes): the server's statement_timeout and lock_timeout rule, and the session's
 * on_wait may cancel. *out may be NULL. -1 with ERR_APPLY if the server refuses. */
int pg_run(struct pg *s, const char *sql, const char *const *params, int n_params,
           struct pg_rows **out, struct err *e) MUST_CHECK;
const char *pg_ident(struct arena *a, const char *name);   /* "na""me", always quoted */
const char *pg_literal(struct arena *a, const char *text); /* for DDL, which takes no parameters */

/* COPY ... FROM STDIN: start(), any number of put(), then finish() or abort(); until then the session does
 * nothing else. sql is built with quoted identifiers. A put() hands bytes to the socket as far as it takes
 * them and keeps the rest (about 1 MiB at most), so that the server works while the caller makes the next
 * ones; bytes need not end with a row. w (may be NULL: the session's on_wait) as in pg_statement(). finish()
 * says how many rows the server took. -1 with ERR_APPLY if the server refuses (nothing of CONTEXT, which
 * quotes lines, is repeated), ERR_INTERRUPTED, or ERR_PREFLIGHT (connection lost: 08006, or the server's
 * reason); the COPY has then ended. abort() makes the server forget the rows, and with them the
 * transaction, which is then failed; without a COPY under way it does nothing. */
int pg_copy_start(struct pg *s, const char *sql, struct err *e) MUST_CHECK;
int pg_copy_put(struct pg *s, struct bytes data, const struct pg_wait *w, struct err *e) MUST_CHECK;
int pg_copy_finish(struct pg *s, const struct pg_wait *w, int64_t *rows, struct err *e) MUST_CHECK;
int pg_copy_abort(struct pg *s, struct err *e);

/* Which row of the COPY the server refused last, from 1, and the column as far as it is known (else "";
 * borrowed, until the next COPY): all that may be taken from CONTEXT. False: it did not say. */
bool pg_copy_refused(const struct pg *s, int64_t *row, const char **column);

/* A command without a result (BEGIN, COMMIT, ROLLBACK, SET ...). tag (64 bytes, may be NULL) receives the
 * command tag: COMMIT counts only if it is "COMMIT". *sent (may be NULL) is true once the bytes may have
 * reached the server: after that a lost connection means an unknown outcome. */
int pg_command(struct pg *s, const char *sql, char *tag, bool *sent, struct err *e) MUST_CHECK;

size_t pg_rows_n(const struct pg_rows *r);
bool pg_null(const struct pg_rows *r, size_t row, int col);
const char *pg_text(const struct pg_rows *r, size_t row,
                    int col); /* "" for NULL; borrowed from r */
struct bytes pg_bytes(const struct pg_rows *r, size_t row,
                      int col);                               /* text form; borrowed from r */
int64_t pg_int(const struct pg_rows *r, size_t row, int col); /* 0 for NULL */
bool pg_bool(const struct pg_rows *r, size_t row, int col);   /* 't' */
int64_t pg_rows_affected(const struct pg_rows *r);            /* of INSERT, UPDATE, DELETE */
void pg_rows_free(struct pg_rows *r);                         /* NULL is fine */

/* Array literal text for a text[] or oid[] parameter: elements quoted as PostgreSQL wants them; NULL
 * elements allowed. */
const char *pg_array(struct arena *a, const char *const *v, size_t n);
const char *pg_bytea(struct arena *a, struct bytes b); /* "\x..." */

/* The condition name of a SQLSTATE ("unique_violation"), its class name, or "unknown_condition". */
const char *pg_condition(const char *sqlstate);
/* May the server's primary message be shown on a terminal? In classes 42, 3D, 3F, 0A, 2B, 55, 57, 40 and 53,
 * which name objects at most; all others may quote row data. DETAIL and CONTEXT never. */
bool pg_message_is_safe(const char *sqlstate);

/* Run argv[0] (looked up in PATH) on this terminal with conninfo in its environment, to its end. *status: its
 * exit status. -1 with ERR_PREFLIGHT if it cannot be run. */
int pg_interactive(const struct secret *conninfo, const char *const *argv, int *status,
                   struct err *e) MUST_CHECK;

/* For tests only: where a statement of ours stands between two sessions. */
const char *pg_last_query(const struct pg *s);

#endif
