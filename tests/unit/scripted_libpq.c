/* The scripted libpq: what src/pg calls of libpq. Connections and commands are queued; scripted_server.c answers. */
#include <ctype.h>

#include "scripted_parts.h"

/* --- libpq: connecting ------------------------------------------------------------------------------------------ */

PGconn *PQconnectStartParams(const char *const *keys, const char *const *values, int expand)
{
    (void)expand;
    PGconn *c = calloc(1, sizeof *c);
    bool is_readable = true;
    (void)snprintf(c->db, sizeof c->db, "kfm");
    for (int i = 0; keys[i] != NULL;
         i++) { /* the first dbname is a connection string, a later one a name */
        is_readable = is_readable && (values[i] == NULL || strstr(values[i], "://[") == NULL);
        if (strcmp(keys[i], "dbname") == 0 && values[i] != NULL && strchr(values[i], '/') == NULL &&
            strchr(values[i], '=') == NULL) {
            (void)snprintf(c->db, sizeof c->db, "%s", values[i]);
        }
    }
    c->number = ++play.n_sessions;
    c->status = is_readable ? CONNECTION_STARTED : CONNECTION_BAD;
    c->tx = PQTRANS_UNKNOWN;
    play.n_open++;
    if (c->number >= SESSIONS) {
        play_bad_script(0, "too many connections", "");
    }
    play.session[c->number] = c;
    return c;
}

static void connected(PGconn *c, const char *words)
{
    const char *pid = strstr(words, "pid=");
    const char *version = strstr(words, "version=");
    c->status = CONNECTION_OK;
    c->tx = PQTRANS_IDLE;
    c->pid = pid == NULL ? 100 + c->number : (int)strtol(pid + 4, NULL, 10);
    c->version = version == NULL ? 150018 : (int)strtol(version + 8, NULL, 10);
}

PostgresPollingStatusType PQconnectPoll(PGconn *c)
{
    char *db = c->db;
    struct command asked = {.text = (char *)(uintptr_t) "connect", .param = &db, .n_params = 1};
    if (c->waiting == NULL) {
        c->waiting = play_take_line(c, &asked);
        if (c->waiting == NULL) {
            c->status = CONNECTION_BAD;
            return PGRES_POLLING_FAILED;
        }
        (void)play_begin_wait(c, c->waiting);
    }
    if (play_is_waiting(c)) {
        return PGRES_POLLING_READING;
    }
    struct line l = *c->waiting;
    char state[WORD];
    char *answer = strdup(play_begin_wait(c, &l));
    c->waiting = NULL;
    c->mode = MODE_ANSWER;
    play_cut_tail(c, answer, state);
    const char *words = play_word_behind(answer, "ok");
    const char *fatal = play_word_behind(answer, "fatal");
    const char *said = play_word_behind(answer, "words");
    if (words != NULL) {
        connected(c, words);
    } else if (fatal != NULL || said != NULL) {
        c->status = CONNECTION_BAD;
        (void)snprintf(c->error, sizeof c->error, "%s%s\n",
                       fatal != NULL ? "connection to server failed: FATAL:  " : "",
                       fatal != NULL ? fatal : said);
    } else {
        play_bad_script(l.number, "not an answer to connect", answer);
    }
    free(answer);
    return words != NULL ? PGRES_POLLING_OK : PGRES_POLLING_FAILED;
}

PQconninfoOption *PQconninfoParse(const char *text, char **words)
{
    *words = NULL;
    if (strstr(text, "://[") != NULL) { /* an address in brackets that has no end */
        *words = strdup("end of string reached");
        return NULL;
    }
    PQconninfoOption *o = calloc(2, sizeof *o);
    o[0].keyword = strdup("password");
    o[0].val = strdup("secret");
    return o;
}

void PQconninfoFree(PQconninfoOption *o)
{
    free(o[0].keyword);
    free(o[0].val);
    free(o);
}

char *PQescapeIdentifier(PGconn *c, const char *text, size_t n)
{
    (void)c;
    char *out = malloc(2 * n + 3);
    char *p = out;
    *p++ = '"';
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"') {
            *p++ = '"';
        }
        *p++ = text[i];
    }
    *p++ = '"';
    *p = '\0';
    return out;
}

void PQfreemem(void *p)
{
    free(p);
}

void PQfinish(PGconn *c)
{
    if (c == NULL) {
        return;
    }
    while (c->first != NULL) {
        play_drop_command(c);
    }
    while (c->results != NULL) {
        PGresult *next = c->results->next;
        PQclear(c->results);
        c->results = next;
    }
    if (play.serve != NULL) {
        (void)play.serve(play.model, c->number, "close", 0, NULL, "");
    }
    play.session[c->number] = NULL;
    play.n_open--;
    free(c);
}

int PQsetnonblocking(PGconn *c, int on)
{
    (void)on;
    return c->status == CONNECTION_OK ? 0 : -1;
}

PGVerbosity PQsetErrorVerbosity(PGconn *c, PGVerbosity v)
{
    (void)c;
    return v;
}

PQnoticeReceiver PQsetNoticeReceiver(PGconn *c, PQnoticeReceiver f, void *arg)
{
    PQnoticeReceiver old = c->receiver;
    c->receiver = f;
    c->receiver_arg = arg;
    return old;
}

/* --- libpq: what a session is ----------------------------------------------------------------------------------- */

ConnStatusType PQstatus(const PGconn *c)
{
    return c->status;
}

int PQsocket(const PGconn *c)
{
    return c->status == CONNECTION_BAD ? -1 : FAKE_FD + c->number;
}

PGTransactionStatusType PQtransactionStatus(const PGconn *c)
{
    return c->status != CONNECTION_OK                             ? PQTRANS_UNKNOWN
           : c->first != NULL || c->results != NULL || c->in_copy ? PQTRANS_ACTIVE
                                                                  : c->tx;
}

int PQbackendPID(const PGconn *c)
{
    return c->pid;
}

int PQserverVersion(const PGconn *c)
{
    return c->version;
}

const char *PQparameterStatus(const PGconn *c, const char *name)
{
    (void)c;
    return strcmp(name, "server_encoding") == 0 ? "UTF8" : NULL;
}

char *PQhost(const PGconn *c)
{
    (void)c;
    return (char *)(uintptr_t) "db.example";
}

char *PQport(const PGconn *c)
{
    (void)c;
    return (char *)(uintptr_t) "5432";
}

char *PQdb(const PGconn *c)
{
    return (char *)(uintptr_t)c->db;
}

char *PQuser(const PGconn *c)
{
    (void)c;
    return (char *)(uintptr_t) "tester";
}

char *PQerrorMessage(const PGconn *c)
{
    return (char *)(uintptr_t)c->error;
}

/* --- libpq: sending --------------------------------------------------------------------------------------------- */

int PQsendQueryParams(PGconn *c, const char *sql, int n, const Oid *types, const char *const *v,
                      const int *lengths, const int *formats, int format)
{
    (void)types;
    (void)lengths;
    (void)formats;
    (void)format;
    if (c->status != CONNECTION_OK || play_is_unsent(c, sql, n, v)) {
        return 0;
    }
    (void)play_push(c, CMD_STATEMENT, sql, n, v);
    return 1;
}

/* "kfmig_0_pin" is "@pin" in a script. */
static const char *script_name(const char *prefix, const char *name, char out[static TEXT])
{
    const char *p = strchr(name, '_');
    p = p == NULL ? NULL : strchr(p + 1, '_');
    (void)snprintf(out, TEXT, "%s%s", prefix, p == NULL ? name : p + 1);
    return out;
}

int PQsendPrepare(PGconn *c, const char *name, const char *sql, int n, const Oid *types)
{
    char text[TEXT];
    (void)sql;
    (void)n;
    (void)types;
    if (c->status != CONNECTION_OK ||
        play_is_unsent(c, script_name("prepare ", name, text), 0, NULL)) {
        return 0;
    }
    (void)play_push(c, CMD_PREPARE, text, 0, NULL);
    return 1;
}

int PQsendQueryPrepared(PGconn *c, const char *name, int n, const char *const *v,
                        const int *lengths, const int *formats, int format)
{
    char text[TEXT];
    (void)lengths;
    (void)formats;
    (void)format;
    if (c->status != CONNECTION_OK || play_is_unsent(c, script_name("@", name, text), n, v)) {
        return 0;
    }
    (void)play_push(c, CMD_QUERY, text, n, v);
    return 1;
}

int PQsetSingleRowMode(PGconn *c)
{
    c->last->single_row = true;
    return 1;
}

int PQenterPipelineMode(PGconn *c)
{
    c->pipeline = true;
    return c->first == NULL && c->results == NULL;
}

int PQexitPipelineMode(PGconn *c)
{
    bool idle = c->first == NULL && c->results == NULL;
    c->pipeline = c->pipeline && !idle;
    return idle;
}

int PQpipelineSync(PGconn *c)
{
    if (c->status != CONNECTION_OK) {
        return 0;
    }
    (void)play_push(c, CMD_SYNC, "sync", 0, NULL);
    return 1;
}

int PQflush(PGconn *c)
{
    if (c->status != CONNECTION_OK) {
        return -1;
    }
    if (c->stalls > 0) {
        return 1;
    }
    return 0;
}

/* --- libpq: receiving ------------------------------------------------------------------------------------------- */

static void notice(PGconn *c, const char *severity, const char *sqlstate)
{
    struct line none = {0};
    PGresult *r = play_error_of(&none, severity, sqlstate);
    c->receiver(c->receiver_arg, r);
    PQclear(r);
}

/* A session that ended behind its last answer shows when libpq next looks. */
static void look(PGconn *c)
{
    if (c->then[0] == '\0' || c->first != NULL || c->results != NULL || c->in_copy) {
        return;
    }
    if (strcmp(c->then, "cut") != 0) {
        notice(c, "FATAL", c->then);
    } else {
        play_break_session(c);
    }
    c->then[0] = '\0';
}

int PQconsumeInput(PGconn *c)
{
    if (c->mode == MODE_NOTICES) {
        notice(c, "NOTICE", "00000");
    }
    look(c);
    return c->status == CONNECTION_OK;
}

int PQisBusy(PGconn *c)
{
    play_serve(c);
    return c->status == CONNECTION_OK && c->results == NULL && c->first != NULL;
}

PGresult *PQgetResult(PGconn *c)
{
    play_serve(c);
    PGresult *r = c->results;
    if (r == NULL) {
        return NULL;
    }
    c->results = r->next;
    r->next = NULL;
    if (r->breaks) {
        play_break_session(c);
    }
    if (r->is_end) {
        PQclear(r);
        return NULL;
    }
    return r;
}

/* --- libpq: COPY ------------------------------------------------------------------------------------------------ */

int PQputCopyData(PGconn *c, const char *data, int n)
{
    if (c->status != CONNECTION_OK) {
        return -1;
    }
    play.copied = realloc(play.copied, play.n_copied + (size_t)n + 1);
    memcpy(play.copied + play.n_copied, data, (size_t)n);
    play.n_copied += (size_t)n;
    play.copied[play.n_copied] = '\0';
    return 1;
}

int PQputCopyEnd(PGconn *c, const char *words)
{
    if (c->status != CONNECTION_OK) {
        return -1;
    }
    if (c->stalls > 0) {
        return 0;
    }
    c->in_copy = false;
    c->refuses = false;
    (void)play_push(c, CMD_COPY_END, words == NULL ? "copy end" : "copy fail", 0, NULL);
    return 1;
}

/* Rows without end, until somebody says stop. */
int PQgetCopyData(PGconn *c, char **line, int async)
{
    (void)async;
    if (*play.cancels == 0) {
        *line = strdup("row\n");
        return 4;
    }
    *line = NULL;
    c->in_copy = false;
    play_result_put(c, play_result_new(PGRES_FATAL_ERROR));
    play_set_field(c->results, PG_DIAG_SQLSTATE, "57014");
    play_result_end(c);
    return -1;
}

/* --- libpq: cancel ---------------------------------------------------------------------------------------------- */

PGcancel *PQgetCancel(PGconn *c)
{
    if (c->status == CONNECTION_BAD) {
        return NULL;
    }
    PGcancel *cancel = calloc(1, sizeof *cancel);
    cancel->conn = c;
    return cancel;
}

int PQcancel(PGcancel *cancel, char *words, int size)
{
    (void)cancel;
    (void)words;
    (void)size;
    ++*play.cancels;
    return 1;
}

void PQfreeCancel(PGcancel *cancel)
{
    free(cancel);
}

/* --- libpq: results --------------------------------------------------------------------------------------------- */

ExecStatusType PQresultStatus(const PGresult *r)
{
    return r == NULL ? PGRES_FATAL_ERROR : r->status;
}

char *PQresultErrorField(const PGresult *r, int code)
{
    for (int i = 0; r != NULL && i < r->n_fields; i++) {
        if (r->field_code[i] == code) {
            return r->field_text[i];
        }
    }
    return NULL;
}

char *PQcmdStatus(PGresult *r)
{
    return r->tag;
}

char *PQcmdTuples(PGresult *r)
{
    char *blank = strrchr(r->tag, ' ');
    return blank != NULL && isdigit((unsigned char)blank[1]) ? blank + 1 : r->tag + strlen(r->tag);
}

int PQntuples(const PGresult *r)
{
    return r->n_rows;
}

int PQnfields(const PGresult *r)
{
    return r->n_cols;
}

int PQgetisnull(const PGresult *r, int row, int col)
{
    return r->cell[row * r->n_cols + col] == NULL;
}

char *PQgetvalue(const PGresult *r, int row, int col)
{
    char *text = r->cell[row * r->n_cols + col];
    return text == NULL ? (char *)(uintptr_t) "" : text;
}

int PQgetlength(const PGresult *r, int row, int col)
{
    return (int)strlen(PQgetvalue(r, row, col));
}

void PQclear(PGresult *r)
{
    if (r == NULL) {
        return;
    }
    for (int i = 0; i < r->n_rows * r->n_cols; i++) {
        free(r->cell[i]);
    }
    for (int i = 0; i < r->n_fields; i++) {
        free(r->field_text[i]);
    }
    free(r->cell);
    free(r);
}
