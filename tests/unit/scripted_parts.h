/* The inside of the scripted libpq: scripted_pq.c reads and matches the script, scripted_server.c answers, scripted_libpq.c is what
 * src/pg calls. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_PARTS_H
#define KFMIG_TESTS_UNIT_SCRIPTED_PARTS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripted_pq.h"

enum { WORD = 64, TEXT = 256, SESSIONS = 1024, FIELDS = 16, FAKE_FD = 1000000, FLOOD_MS = 1 };

enum mode { MODE_ANSWER, MODE_SILENCE, MODE_DEAF, MODE_NOTICES, MODE_EINTR };

/* One line of the script. pattern and answer are in the script's own copy. */
struct line {
    char *pattern, *answer;
    int number;  /* of the line, from 1 */
    int session; /* 0: any */
    int left;    /* how often it is still to be asked; -1: as often as wanted */
};

struct pg_result {
    ExecStatusType status;
    char tag[WORD];
    char **cell; /* NULL: a null */
    int n_rows, n_cols;
    char *field_text[FIELDS];
    int field_code[FIELDS];
    int n_fields;
    PGresult *next; /* in a session's queue */
    bool is_end;    /* stands for the NULL that ends a command's results */
    bool breaks;    /* the session is broken once this was taken */
};

/* What was sent and not answered yet. */
enum command_kind { CMD_STATEMENT, CMD_PREPARE, CMD_QUERY, CMD_SYNC, CMD_COPY_END };
struct command {
    enum command_kind kind;
    char *text; /* as the script would write it: TEXT or @NAME */
    char **param;
    int n_params;
    bool single_row;
    int cancels_before; /* it was sent */
    struct command *next;
};

struct pg_conn {
    int number; /* from 1, in the order of connecting */
    char db[WORD];
    ConnStatusType status;
    PGTransactionStatusType tx;
    int pid, version;
    bool pipeline, aborted; /* aborted: what stands before the next Sync is skipped */
    struct command *first, *last;
    PGresult *results;
    enum mode mode;
    int64_t ready_at; /* of an answer that comes later */
    int cancels_before;
    struct line *waiting; /* the line whose answer is on its way */
    bool in_copy, refuses;
    int stalls;
    char then[WORD]; /* "cut", or the SQLSTATE of a FATAL that comes when this answer was read */
    char error[TEXT];
    PQnoticeReceiver receiver;
    void *receiver_arg;
};

struct pg_cancel {
    PGconn *conn;
};

/* The scenario that is being played. */
struct play {
    char *text;
    struct line *v;
    int n, next;
    int64_t now;
    PGconn *session[SESSIONS];
    int n_sessions, n_open;
    char wrong[4 * TEXT]; /* the first that differed; "" */
    char *copied;
    size_t n_copied;
    struct {
        int n;
        struct line line;
    } fault[PQ_FAULTS];
    int n_faults, n_asked;
    char *log;
    size_t n_log;
    char *said; /* whole, for pq_said() */
    size_t n_said, cap_said;
    pq_serve *serve;
    void *model;
    volatile int *cancels; /* shared with the children that ask for them */
};
extern struct play play;

/* --- scripted_pq.c */

_Noreturn void play_bad_script(int number, const char *why, const char *text);
char *play_trimmed(char *text); /* in place, without blanks at either end */

/* The line that c is to be answered by: the next one, else one that may come at any time, else NULL. peek: it stays to be asked.
 * play_take_line() remembers what fits none, for pq_played(). */
struct line *play_find_line(const PGconn *conn, const struct command *c, bool peek);
struct line *play_take_line(PGconn *conn, const struct command *c);

/* --- scripted_server.c */

/* What follows word in an answer that begins with it, else NULL. */
const char *play_word_behind(const char *answer, const char *word);
/* Cut " then ..." (into the session) and " [state]" (into state) off an answer. */
void play_cut_tail(PGconn *c, char *answer, char state[static WORD]);
/* Begin to wait for the answer of a line; returns it without the words about waiting. */
const char *play_begin_wait(PGconn *c, const struct line *l);
bool play_is_waiting(
    PGconn *c); /* is that answer still on its way? A cancel ends what may be cancelled */

/* An error as a result. words: "40P01 table=t message=to the end". */
PGresult *play_error_of(const struct line *l, const char *severity, const char *words);
PGresult *play_result_new(ExecStatusType status);
void play_set_field(PGresult *r, int code, const char *text);
void play_result_put(PGconn *c,
                     PGresult *r); /* behind the others that the session has for PQgetResult() */
void play_result_end(PGconn *c);   /* the NULL behind a command's results */
void play_break_session(PGconn *c);

/* What is sent is a queue; serve() answers its first command unless results are there or the answer is on its way. */
struct command *play_push(PGconn *c, enum command_kind kind, const char *text, int n,
                          const char *const *v);
void play_drop_command(PGconn *c);
bool play_is_unsent(PGconn *c, const char *text, int n,
                    const char *const *v); /* is libpq to refuse this command? */
void play_serve(PGconn *c);

#endif
