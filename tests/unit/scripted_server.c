/* The scripted libpq: what the server of the script answers, and poll() on it. */
#undef _FORTIFY_SOURCE /* which makes poll() a macro of sorts */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scripted_parts.h"

/* --- results ---------------------------------------------------------------------------------------------------- */

PGresult *play_result_new(ExecStatusType status)
{
    PGresult *r = calloc(1, sizeof *r);
    r->status = status;
    return r;
}

void play_result_put(PGconn *c, PGresult *r)
{
    PGresult **end = &c->results;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = r;
}

void play_result_end(PGconn *c)
{
    PGresult *r = play_result_new(PGRES_EMPTY_QUERY);
    r->is_end = true;
    play_result_put(c, r);
}

void play_set_field(PGresult *r, int code, const char *text)
{
    if (r->n_fields == FIELDS) {
        play_bad_script(0, "too many fields of an error", text);
    }
    r->field_code[r->n_fields] = code;
    r->field_text[r->n_fields++] = strdup(text);
}

static const struct {
    const char *key;
    int code;
} error_keys[] = {{"schema", PG_DIAG_SCHEMA_NAME},
                  {"table", PG_DIAG_TABLE_NAME},
                  {"column", PG_DIAG_COLUMN_NAME},
                  {"type", PG_DIAG_DATATYPE_NAME},
                  {"constraint", PG_DIAG_CONSTRAINT_NAME},
                  {"position", PG_DIAG_STATEMENT_POSITION},
                  {"message", PG_DIAG_MESSAGE_PRIMARY},
                  {"context", PG_DIAG_CONTEXT},
                  {"severity", PG_DIAG_SEVERITY_NONLOCALIZED},
                  {"file", PG_DIAG_SOURCE_FILE}};

/* words: "40P01 table=t message=to the end" */
PGresult *play_error_of(const struct line *l, const char *severity, const char *words)
{
    PGresult *r = play_result_new(PGRES_FATAL_ERROR);
    char *copy = strdup(words);
    char *rest = copy;
    char *code = strsep(&rest, " ");
    play_set_field(r, PG_DIAG_SQLSTATE, code);
    while (rest != NULL && *rest != '\0') {
        size_t i = 0;
        char *key = strsep(&rest, "=");
        for (; i < sizeof error_keys / sizeof *error_keys && strcmp(error_keys[i].key, key) != 0;
             i++) {
        }
        if (rest == NULL || i == sizeof error_keys / sizeof *error_keys) {
            play_bad_script(l->number, "not a field of an error", key);
        }
        bool is_last = strcmp(key, "message") == 0 || strcmp(key, "context") == 0;
        play_set_field(r, error_keys[i].code, is_last ? rest : strsep(&rest, " "));
        rest = is_last ? NULL : rest;
    }
    if (strstr(words, "severity=") == NULL) {
        play_set_field(r, PG_DIAG_SEVERITY_NONLOCALIZED, severity);
    }
    if (strstr(words, "file=") == NULL) {
        play_set_field(r, PG_DIAG_SOURCE_FILE, "postgres.c");
    }
    free(copy);
    return r;
}

static char *cell_of(const struct line *l, const char *text, const struct command *c)
{
    int n = 0;
    if (strcmp(text, "NULL") == 0) {
        return NULL;
    }
    if (text[0] == '$' && isdigit((unsigned char)text[1])) {
        n = (int)strtol(text + 1, NULL, 10);
        if (n > c->n_params) {
            play_bad_script(l->number, "no such parameter", text);
        }
        return c->param[n - 1] == NULL ? NULL : strdup(c->param[n - 1]);
    }
    return strdup(text);
}

static void add_row(const struct line *l, PGresult *r, char *text, const struct command *c)
{
    int n = 0;
    for (char *p = text, *end; p != NULL; p = end, n++) {
        end = strstr(p, "| ");
        end = end == NULL && strlen(p) > 0 && p[strlen(p) - 1] == '|' ? p + strlen(p) - 1 : end;
        if (end != NULL) {
            *end++ = '\0';
        }
        r->cell = realloc(r->cell, (size_t)(r->n_rows * r->n_cols + n + 1) * sizeof *r->cell);
        r->cell[r->n_rows * r->n_cols + n] = cell_of(l, play_trimmed(p), c);
    }
    if (r->n_rows > 0 && n != r->n_cols) {
        play_bad_script(l->number, "rows of different lengths", l->answer);
    }
    r->n_cols = n;
    r->n_rows++;
}

/* words: "a | b ; c | d" */
static PGresult *rows_of(const struct line *l, const char *words, const struct command *c)
{
    PGresult *r = play_result_new(PGRES_TUPLES_OK);
    char *copy = strdup(words);
    for (char *p = *copy == '\0' ? NULL : copy, *end; p != NULL; p = end) {
        end = strstr(p, " ; ");
        if (end != NULL) {
            *end = '\0';
            end += 3;
        }
        add_row(l, r, p, c);
    }
    (void)snprintf(r->tag, sizeof r->tag, "SELECT %d", r->n_rows);
    free(copy);
    return r;
}

/* --- the server ------------------------------------------------------------------------------------------------- */

void play_break_session(PGconn *c)
{
    c->status = CONNECTION_BAD;
    c->tx = PQTRANS_UNKNOWN;
    c->mode = MODE_ANSWER;
    c->waiting = NULL;
}

/* A refused COMMIT ends the transaction, any other refusal only breaks it. */
static void set_tx(PGconn *c, const struct command *cmd, const PGresult *r, const char *forced)
{
    if (forced[0] != '\0') {
        c->tx = strcmp(forced, "idle") == 0      ? PQTRANS_IDLE
                : strcmp(forced, "intrans") == 0 ? PQTRANS_INTRANS
                                                 : PQTRANS_INERROR;
    } else if (r->status == PGRES_FATAL_ERROR) {
        bool is_commit = strncmp(cmd->text, "COMMIT", strlen("COMMIT")) == 0;
        c->tx = is_commit ? PQTRANS_IDLE : c->tx == PQTRANS_INTRANS ? PQTRANS_INERROR : c->tx;
    } else if (strcmp(r->tag, "BEGIN") == 0 || strcmp(r->tag, "START TRANSACTION") == 0) {
        c->tx = PQTRANS_INTRANS;
    } else if (strcmp(r->tag, "COMMIT") == 0 || strcmp(r->tag, "ROLLBACK") == 0) {
        c->tx = PQTRANS_IDLE;
    }
}

const char *play_word_behind(const char *answer, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(answer, word, n) != 0 || (answer[n] != ' ' && answer[n] != '\0')) {
        return NULL;
    }
    return answer + n + strspn(answer + n, " ");
}

/* Cut " then ..." and " [state]" off the answer. */
void play_cut_tail(PGconn *c, char *answer, char state[static WORD])
{
    char *then = strstr(answer, " then ");
    state[0] = '\0';
    if (then != NULL) {
        *then = '\0';
        then += strlen(" then ");
        const char *fatal = play_word_behind(then, "fatal");
        (void)snprintf(c->then, sizeof c->then, "%s", fatal != NULL ? fatal : then);
    }
    size_t n = strlen(answer);
    char *bracket = n > 0 && answer[n - 1] == ']' ? strrchr(answer, '[') : NULL;
    if (bracket != NULL && sscanf(bracket, "[%63[a-z]]", state) == 1) {
        *bracket = '\0';
        (void)play_trimmed(answer);
    }
}

static PGresult *result_of(PGconn *c, const struct line *l, const char *a,
                           const struct command *cmd)
{
    const char *words;
    if ((words = play_word_behind(a, "rows")) != NULL) {
        return rows_of(l, words, cmd);
    }
    if ((words = play_word_behind(a, "error")) != NULL) {
        return play_error_of(l, "ERROR", words);
    }
    if ((words = play_word_behind(a, "fatal")) != NULL) {
        PGresult *r = play_error_of(l, "FATAL", words);
        r->breaks = true;
        return r;
    }
    if (play_word_behind(a, "copy") != NULL) {
        const char *stall = strstr(a, "stall=");
        c->in_copy = true;
        c->stalls = stall == NULL ? 0 : (int)strtol(stall + 6, NULL, 10);
        c->refuses = strstr(a, "refuse") != NULL;
        play.n_copied = 0;
        return play_result_new(PGRES_COPY_IN);
    }
    if (strcmp(a, "copyout") == 0 || strcmp(a, "empty") == 0 || strcmp(a, "bad") == 0) {
        c->in_copy = strcmp(a, "copyout") == 0;
        return play_result_new(c->in_copy  ? PGRES_COPY_OUT
                               : *a == 'e' ? PGRES_EMPTY_QUERY
                                           : PGRES_BAD_RESPONSE);
    }
    if (!isupper((unsigned char)a[0])) {
        play_bad_script(l->number, "not an answer", a);
    }
    PGresult *r = play_result_new(PGRES_COMMAND_OK);
    (void)snprintf(r->tag, sizeof r->tag, "%s", a);
    return r;
}

/* Rows one by one, as in single-row mode. */
static void put_singly(PGconn *c, PGresult *r)
{
    for (int i = 0; i < r->n_rows; i++) {
        PGresult *one = play_result_new(PGRES_SINGLE_TUPLE);
        one->n_rows = 1;
        one->n_cols = r->n_cols;
        one->cell = calloc((size_t)r->n_cols, sizeof *one->cell);
        for (int k = 0; k < r->n_cols; k++) {
            const char *text = r->cell[i * r->n_cols + k];
            one->cell[k] = text == NULL ? NULL : strdup(text);
        }
        play_result_put(c, one);
    }
}

static void give_answer(PGconn *c, const struct line *l, const struct command *cmd,
                        const char *text)
{
    char state[WORD];
    char *answer = strdup(text);
    play_cut_tail(c, answer, state);
    if (strcmp(answer, "cut") == 0) {
        play_break_session(c);
        play_result_put(c, play_result_new(PGRES_FATAL_ERROR));
        play_result_end(c);
    } else if (strcmp(answer, "nothing") == 0) {
        play_result_end(c);
    } else {
        PGresult *r = result_of(c, l, answer, cmd);
        if (cmd->single_row && r->status == PGRES_TUPLES_OK) {
            put_singly(c, r);
        }
        set_tx(c, cmd, r, state);
        c->aborted = c->pipeline && r->status == PGRES_FATAL_ERROR;
        play_result_put(c, r);
        if (!c->in_copy) {
            play_result_end(c);
        }
    }
    free(answer);
}

void play_drop_command(PGconn *c)
{
    struct command *cmd = c->first;
    c->first = cmd->next;
    c->last = c->first == NULL ? NULL : c->last;
    for (int i = 0; i < cmd->n_params; i++) {
        free(cmd->param[i]);
    }
    free(cmd->param);
    free(cmd->text);
    free(cmd);
}

/* What a line says before its answer: how long it takes, and a signal on the way. */
const char *play_begin_wait(PGconn *c, const struct line *l)
{
    const char *a = l->answer;
    c->mode = strcmp(a, "silence") == 0   ? MODE_SILENCE
              : strcmp(a, "deaf") == 0    ? MODE_DEAF
              : strcmp(a, "notices") == 0 ? MODE_NOTICES
                                          : MODE_ANSWER;
    c->cancels_before = *play.cancels;
    c->ready_at = play.now;
    if (strncmp(a, "wait=", 5) == 0) {
        c->ready_at += strtol(a + 5, NULL, 10);
        a += strcspn(a, " ");
        a += strspn(a, " ");
    }
    if (strncmp(a, "eintr ", 6) == 0) {
        c->mode = MODE_EINTR;
        a += 6;
    }
    return a;
}

/* Is the answer of the line still on its way? A cancel ends what may be cancelled. */
bool play_is_waiting(PGconn *c)
{
    bool cancelled = *play.cancels > c->cancels_before;
    return c->mode == MODE_DEAF || c->mode == MODE_EINTR ||
           ((c->mode == MODE_SILENCE || c->mode == MODE_NOTICES) && !cancelled) ||
           (play.now < c->ready_at && !cancelled);
}

/* The Parse of a query needs no line, nor does the empty query that leads a pipeline, nor a Sync. */
static void serve_unasked(PGconn *c, const struct command *cmd)
{
    if (cmd->kind == CMD_SYNC) {
        play_result_put(c, play_result_new(PGRES_PIPELINE_SYNC));
        return;
    }
    play_result_put(
        c, play_result_new(cmd->kind == CMD_PREPARE ? PGRES_COMMAND_OK : PGRES_EMPTY_QUERY));
    play_result_end(c);
}

static bool needs_line(PGconn *c, const struct command *cmd)
{
    bool may_go_without = cmd->kind == CMD_SYNC || cmd->kind == CMD_PREPARE || cmd->text[0] == '\0';
    return !may_go_without || (play_find_line(c, cmd, true) != NULL && cmd->text[0] != '\0');
}

/* Behind a refusal, what stands before the Sync is skipped. */
static bool skip_aborted(PGconn *c, const struct command *cmd)
{
    if (!c->aborted) {
        return false;
    }
    c->aborted = cmd->kind != CMD_SYNC;
    play_result_put(c, play_result_new(c->aborted ? PGRES_PIPELINE_ABORTED : PGRES_PIPELINE_SYNC));
    if (c->aborted) {
        play_result_end(c);
    }
    return true;
}

static void give_cancelled(PGconn *c, const struct command *cmd)
{
    PGresult *r = play_error_of(c->waiting, "ERROR", "57014");
    set_tx(c, cmd, r, "");
    c->aborted = c->pipeline;
    play_result_put(c, r);
    play_result_end(c);
}

/* Answer the first command, unless its answer is still on its way. */
void play_serve(PGconn *c)
{
    struct command *cmd = c->first;
    if (cmd == NULL || c->results != NULL || c->status != CONNECTION_OK || c->in_copy) {
        return;
    }
    if (c->waiting == NULL && (skip_aborted(c, cmd) || !needs_line(c, cmd))) {
        if (c->results == NULL) {
            serve_unasked(c, cmd);
        }
        play_drop_command(c);
        return;
    }
    if (c->waiting == NULL) {
        c->waiting = play_take_line(c, cmd);
        if (c->waiting == NULL) {
            play_break_session(c);
            return;
        }
        (void)play_begin_wait(c, c->waiting);
        c->cancels_before = cmd->cancels_before;
    }
    if (play_is_waiting(c)) {
        return;
    }
    struct line *l = c->waiting;
    bool is_cancelled = c->mode != MODE_ANSWER || play.now < c->ready_at;
    const char *text = l->answer;
    if (!is_cancelled) {
        enum mode mode = c->mode;
        int64_t ready_at = c->ready_at;
        text = play_begin_wait(c, l);
        c->mode = mode;
        c->ready_at = ready_at;
        give_answer(c, l, cmd, text);
    } else {
        give_cancelled(c, cmd);
    }
    c->waiting = NULL;
    c->mode = MODE_ANSWER;
    if (cmd->kind == CMD_SYNC && c->results->status == PGRES_FATAL_ERROR) {
        c->aborted = false;
        PQclear(c->results->next);
        c->results->next = NULL;
        play_result_put(c, play_result_new(PGRES_PIPELINE_SYNC));
    }
    play_drop_command(c);
}

struct command *play_push(PGconn *c, enum command_kind kind, const char *text, int n,
                          const char *const *v)
{
    struct command *cmd = calloc(1, sizeof *cmd);
    cmd->kind = kind;
    cmd->text = strdup(text);
    cmd->n_params = n;
    cmd->cancels_before = *play.cancels;
    cmd->param = calloc((size_t)n + 1, sizeof *cmd->param);
    for (int i = 0; i < n; i++) {
        cmd->param[i] = v[i] == NULL ? NULL : strdup(v[i]);
    }
    if (c->last != NULL) {
        c->last->next = cmd;
    } else {
        c->first = cmd;
    }
    c->last = cmd;
    return cmd;
}

/* Is the command that comes next one that libpq is to refuse? */
bool play_is_unsent(PGconn *c, const char *text, int n, const char *const *v)
{
    struct command cmd = {
        .text = (char *)(uintptr_t)text, .n_params = n, .param = (char **)(uintptr_t)v};
    struct line *l = play_find_line(c, &cmd, true);
    if (l == NULL || strcmp(l->answer, "unsent") != 0) {
        return false;
    }
    (void)play_take_line(c, &cmd);
    return true;
}

/* --- waiting ---------------------------------------------------------------------------------------------------- */

/* What poll() finds at a scripted session now. */
static short found_at(PGconn *c, short events)
{
    short found = c->stalls > 0 ? 0 : events & POLLOUT;
    if (c->status == CONNECTION_STARTED) {
        bool waits = c->waiting != NULL && play_is_waiting(c);
        return waits ? 0 : (short)(found | (events & POLLIN));
    }
    play_serve(c);
    bool has = c->status != CONNECTION_OK || c->results != NULL || c->refuses ||
               c->mode == MODE_NOTICES || c->then[0] != '\0';
    return (short)(found | (has ? events & POLLIN : 0));
}

/* Let time pass until something comes, at most ms. Returns false if a signal came. */
static bool wait_for(PGconn *c, int64_t ms)
{
    if (c->stalls > 0) {
        c->stalls--;
    }
    if (c->mode == MODE_EINTR) {
        c->mode = MODE_ANSWER;
        return false;
    }
    bool comes = c->mode == MODE_ANSWER && c->waiting != NULL && c->ready_at - play.now < ms;
    pq_pass(comes ? c->ready_at - play.now : ms);
    return true;
}

static int poll_scripted(struct pollfd *v, nfds_t n, int ms)
{
    for (int turn = 0; turn < 2; turn++) {
        int found = 0;
        for (nfds_t i = 0; i < n; i++) {
            PGconn *c = play.session[v[i].fd - FAKE_FD];
            v[i].revents = found_at(c, v[i].events);
            found += v[i].revents != 0 ? 1 : 0;
            pq_pass(c->mode == MODE_NOTICES ? FLOOD_MS : 0);
        }
        if (found > 0 || turn == 1 || ms == 0) {
            return found;
        }
        if (!wait_for(play.session[v[0].fd - FAKE_FD], ms)) {
            errno = EINTR;
            return -1;
        }
    }
    return 0;
}

#ifndef __clang__                                      /* which has no such warning */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" /* glibc declares that poll() only writes */
#endif
int poll(struct pollfd *v, nfds_t n, int ms)
{
    if (n > 0 && v[0].fd > FAKE_FD) {
        return poll_scripted(v, n, ms);
    }
    if (n == 0) { /* time alone is waited for */
        pq_pass(ms);
        return 0;
    }
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    return (int)syscall(SYS_ppoll, v, n, ms < 0 ? NULL : &t, NULL, 0);
}

/* What poll() is where _FORTIFY_SOURCE knows the array's size. */
int __poll_chk(struct pollfd *v, nfds_t n, int ms, size_t size);
int __poll_chk(struct pollfd *v, nfds_t n, int ms, size_t size)
{
    (void)size;
    return poll(v, n, ms);
}
