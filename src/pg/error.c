/* From libpq's failures to struct err: the only place that looks at a server's words, and decides which
 * may be shown. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "pg/session.h"

enum { PLACE_TEXT = 300, WITHIN_TEXT = 48 };

void pg_copy_text(char *dst, size_t size, const char *src)
{
    size_t n = strlen(src);
    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((unsigned char)src[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    memmove(dst, src, n);
    dst[n] = '\0';
}

const char *pg_place(const struct pg *s, char *out, size_t size)
{
    bool local = strcmp(s->host, "local socket") == 0;
    (void)snprintf(out, size, "%s%s%s", local ? "the local socket" : s->host,
                   local ? ", port " : ":", s->port);
    return out;
}

static const char *within(int64_t ms, char out[static WITHIN_TEXT])
{
    if (ms % 1000 == 0) {
        (void)snprintf(out, WITHIN_TEXT, "%lld s", (long long)(ms / 1000));
    } else {
        (void)snprintf(out, WITHIN_TEXT, "%lld ms", (long long)ms);
    }
    return out;
}

static const char *field(const PGresult *r, int code)
{
    const char *text = PQresultErrorField(r, code);
    return text == NULL ? "" : text;
}

static void set_sqlstate(struct err *e, const char *sqlstate)
{
    if (e != NULL && *sqlstate != '\0') {
        pg_copy_text(e->sqlstate, sizeof e->sqlstate, sqlstate);
        pg_copy_text(e->condition, sizeof e->condition, pg_condition(sqlstate));
    }
}

/* As quote_ident() would, but for key words, which a reader can tell apart. */
static void add_name(struct buf *b, const char *name)
{
    size_t plain = strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789");
    if (name[plain] == '\0' && !isdigit((unsigned char)name[0])) {
        buf_puts(b, name);
        return;
    }
    buf_putc(b, '"');
    for (const char *p = name; *p != '\0'; p++) {
        buf_puts(b, *p == '"' ? "\"" : "");
        buf_putc(b, *p);
    }
    buf_putc(b, '"');
}

static void add_object(struct buf *b, const char *kind, const char *schema, const char *name)
{
    if (*name == '\0') {
        return;
    }
    buf_puts(b, b->n > 0 ? ", " : "");
    buf_puts(b, kind);
    if (*schema != '\0') {
        add_name(b, schema);
        buf_putc(b, '.');
    }
    add_name(b, name);
}

/* RAISE and its kin in other languages let a function's author put row data under any SQLSTATE. */
static bool is_written_by_user(const PGresult *r)
{
    static const char *const files[] = {"pl_exec.c",         "plperl.c",    "Util.c", "SPI.c",
                                        "plpy_plpymodule.c", "plpy_elog.c", "pltcl.c"};
    const char *file = field(r, PG_DIAG_SOURCE_FILE);
    const char *slash = strrchr(file, '/');
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(slash == NULL ? file : slash + 1, files[i]) == 0) {
            return true;
        }
    }
    return *file == '\0';
}

static void set_object(struct err *e, const PGresult *r)
{
    if (is_written_by_user(r)) {
        return; /* RAISE ... USING TABLE = ... names what its author likes */
    }
    struct buf names = {0};
    const char *schema = field(r, PG_DIAG_SCHEMA_NAME);
    const char *table = field(r, PG_DIAG_TABLE_NAME);
    const char *type = field(r, PG_DIAG_DATATYPE_NAME);
    add_object(&names, "table ", schema, table);
    add_object(&names, "column ", "", field(r, PG_DIAG_COLUMN_NAME));
    add_object(&names, "type ", schema, type);
    add_object(&names, "constraint ", "", field(r, PG_DIAG_CONSTRAINT_NAME));
    if (*table == '\0' && *type == '\0') {
        add_object(&names, "schema ", "", schema);
    }
    pg_copy_text(e->object, sizeof e->object,
                 buf_str(&names)); /* as they are; who prints escapes */
    buf_release(&names);
}

/* Words that may quote rows are for whoever asked for them. */
static void set_detail(struct err *e, const struct pg *s, const PGresult *r)
{
    static const int more[] = {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT};
    struct buf words = {0};
    struct buf safe = {0};
    if (!s->shows_text &&
        (!pg_message_is_safe(field(r, PG_DIAG_SQLSTATE)) || is_written_by_user(r))) {
        return;
    }
    buf_puts(&words, field(r, PG_DIAG_MESSAGE_PRIMARY));
    for (size_t i = 0; s->shows_text && i < sizeof more / sizeof *more; i++) {
        buf_puts(&words, field(r, more[i])[0] != '\0' ? "; " : "");
        buf_puts(&words, field(r, more[i]));
    }
    text_safe(&safe, bytes_str(buf_str(&words)));
    pg_copy_text(e->detail, sizeof e->detail, buf_str(&safe));
    buf_release(&words);
    buf_release(&safe);
}

static void set_hint(struct err *e, const struct pg *s, const char *sqlstate)
{
    static const struct {
        const char *sqlstate, *hint;
    } hints[] = {
        {"25006", "the session is read-only: connect to the primary, as a role that may write"},
        {"25P02", "an earlier statement of this transaction failed"},
        {"40001", "another session changed the same rows: run it again"},
        {"40P01", "another session holds what this one needs: run it again"},
        {"53100", "the server's disk is full"},
        {"53300", "wait until other sessions have ended, or raise max_connections"},
        {"55P03", "another session holds the lock: run it again when that has ended"},
        {"57014", "statement_timeout was reached, or somebody cancelled it"},
    };
    if (strcmp(sqlstate, "42501") == 0) {
        (void)err_hint(e, "the role \"%s\" lacks a privilege; an administrator must grant it",
                       s->user);
    }
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        if (strcmp(sqlstate, hints[i].sqlstate) == 0) {
            (void)err_hint(e, "%s", hints[i].hint);
        }
    }
}

/* XX001 and XX002 say that stored data is damaged. XX000 says nothing of the kind: PostGIS reports malformed
 * input by it, and the server an object that another session has just dropped. */
static enum err_code refusal_code(enum err_code code, const char *sqlstate)
{
    return strcmp(sqlstate, "XX001") == 0 || strcmp(sqlstate, "XX002") == 0 ? ERR_INTEGRITY : code;
}

static int fail_refused(const struct pg *s, const PGresult *r, enum err_code code, const char *what,
                        struct err *e)
{
    const char *sqlstate = field(r, PG_DIAG_SQLSTATE);
    if (*sqlstate == '\0') {
        return err_set(e, code, "the server gave no usable answer to %s", what);
    }
    (void)err_set(e, refusal_code(code, sqlstate), "the server refused %s: %s (%s)", what,
                  pg_condition(sqlstate), sqlstate);
    if (e != NULL) {
        set_sqlstate(e, sqlstate);
        set_object(e, r);
        set_detail(e, s, r);
        set_hint(e, s, sqlstate);
    }
    return -1;
}

static int fail_stopped(const struct pg *s, const struct pg_call *c, struct err *e)
{
    char place[PLACE_TEXT];
    char time[WITHIN_TEXT];
    if (c->stop == PG_STOP_INTERRUPT) {
        return err_set(e, ERR_INTERRUPTED, "interrupted while waiting for the server");
    }
    (void)err_set(e, ERR_PREFLIGHT, "no answer from the server at %s within %s",
                  pg_place(s, place, sizeof place), within(c->timeout_ms, time));
    return err_hint(e, "check that the server and the way to it are well, then run again");
}

static int fail_lost(const struct pg *s, const PGresult *r, struct err *e)
{
    char place[PLACE_TEXT];
    const char *sqlstate = *field(r, PG_DIAG_SQLSTATE) != '\0' ? field(r, PG_DIAG_SQLSTATE)
                           : s->fatal[0] != '\0'               ? s->fatal
                                                               : "08006";
    (void)err_set(e, ERR_PREFLIGHT, "the connection to %s was lost: %s (%s)",
                  pg_place(s, place, sizeof place), pg_condition(sqlstate), sqlstate);
    set_sqlstate(e, sqlstate);
    return -1;
}

int pg_fail(struct pg *s, const struct pg_call *c, const PGresult *r, enum err_code code,
            const char *what, struct err *e)
{
    bool stopped = c != NULL && c->stop != PG_STOP_NONE;
    bool cancelled = strcmp(field(r, PG_DIAG_SQLSTATE), "57014") == 0;
    if (stopped && (s->lost || cancelled || c->stop == PG_STOP_INTERRUPT)) {
        (void)fail_stopped(s, c, e);
        set_sqlstate(e, s->lost ? "08006" : field(r, PG_DIAG_SQLSTATE));
        return -1;
    }
    return s->lost ? fail_lost(s, r, e) : fail_refused(s, r, code, what, e);
}

/* With PQERRORS_SQLSTATE a refusal reads "... FATAL:  28P01"; the severity may be translated, the code is
 * not. */
static bool find_sqlstate(const char *words, char out[static PG_SQLSTATE])
{
    bool found = false;
    for (const char *p = strstr(words, ":  "); p != NULL; p = strstr(p + 1, ":  ")) {
        const char *code = p + 3;
        size_t n = strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (n == PG_SQLSTATE - 1 && (code[n] == '\0' || code[n] == '\n')) {
            memcpy(out, code, n);
            out[n] = '\0';
            found = true;
        }
    }
    return found;
}

static int fail_connect_refused(const struct pg *s, const char *sqlstate, struct err *e)
{
    char place[PLACE_TEXT];
    (void)pg_place(s, place, sizeof place);
    if (strncmp(sqlstate, "28", 2) == 0) {
        (void)err_set(e, ERR_PREFLIGHT, "authentication failed for user \"%s\" at %s", s->user,
                      place);
        (void)err_hint(e, "check the user, its password, and the server's pg_hba.conf");
    } else if (strcmp(sqlstate, "3D000") == 0) {
        (void)err_set(e, ERR_PREFLIGHT, "the database \"%s\" does not exist at %s", s->dbname,
                      place);
        (void)err_hint(e, "check the connection string, or create the database");
    } else if (strcmp(sqlstate, "53300") == 0) {
        (void)err_set(e, ERR_PREFLIGHT, "too many connections at %s", place);
        (void)err_hint(e, "wait until other sessions have ended, or raise max_connections");
    } else if (strcmp(sqlstate, "57P03") == 0) {
        (void)err_set(e, ERR_PREFLIGHT, "the server at %s is starting up or shutting down", place);
        (void)err_hint(e, "run again in a moment");
    } else {
        (void)err_set(e, ERR_PREFLIGHT,
                      "the server at %s refused user \"%s\" for database \"%s\": %s (%s)", place,
                      s->user, s->dbname, pg_condition(sqlstate), sqlstate);
    }
    set_sqlstate(e, sqlstate);
    return -1;
}

/* libpq's own words, before any server spoke. They may quote the connection string, so they are only
 * recognised. Those that begin with "^" stand at the beginning. The place is added to msg unless the
 * connection string itself is at fault. */
static const struct {
    const char *words;
    enum err_code code;
    const char *msg;
    const char *hint;
} connect_faults[] = {
    {"Connection refused", ERR_PREFLIGHT, "connection refused by ",
     "start the server, or check host and port"},
    {"No such file or directory", ERR_PREFLIGHT, "no server at ",
     "start the server, or name its host"},
    {"Permission denied", ERR_PREFLIGHT, "no right to use ",
     "check the rights of the socket's folder"},
    {"timeout", ERR_PREFLIGHT, "no answer from ", "check host, port and firewalls"},
    {"timed out", ERR_PREFLIGHT, "no answer from ", "check host, port and firewalls"},
    {"could not translate host name", ERR_PREFLIGHT,
     "host name not found: ", "check the host's name"},
    {"no password supplied", ERR_PREFLIGHT, "a password is wanted and none was given for ",
     "put it in the connection string that the *_ref names, or in a passfile"},
    {"does not support SSL", ERR_PREFLIGHT,
     "the encryption that sslmode asks for is not offered by ",
     "turn on ssl in the server, or change sslmode"},
    {"does not match host name", ERR_PREFLIGHT, "another host's name is in the certificate of ",
     "connect by the name in the certificate, or check who answers there"},
    {"certificate", ERR_PREFLIGHT, "no trust in the certificate of ",
     "check sslmode and sslrootcert"},
    {"SSL error", ERR_PREFLIGHT, "no encrypted connection to ",
     "check sslmode and the server's certificate"},
    {"^invalid ", ERR_CONFIG, "the connection string holds an invalid value",
     "check port, sslmode and the like"},
    {"^definition of service", ERR_CONFIG, "the connection string names an unknown service",
     "check pg_service.conf"},
    {"closed the connection", ERR_PREFLIGHT, "connection closed by ",
     "check that a PostgreSQL server listens there"},
};

static bool says(const char *words, const char *part)
{
    return *part == '^' ? strncmp(words, part + 1, strlen(part + 1)) == 0
                        : strstr(words, part) != NULL;
}

int pg_fail_connect(const struct pg *s, struct err *e)
{
    char sqlstate[PG_SQLSTATE];
    char place[PLACE_TEXT];
    const char *words = PQerrorMessage(s->conn);
    if (find_sqlstate(words, sqlstate)) {
        return fail_connect_refused(s, sqlstate, e);
    }
    (void)pg_place(s, place, sizeof place);
    for (size_t i = 0; i < sizeof connect_faults / sizeof *connect_faults; i++) {
        if (says(words, connect_faults[i].words)) {
            (void)err_set(e, connect_faults[i].code, "%s%s", connect_faults[i].msg,
                          connect_faults[i].code == ERR_CONFIG ? "" : place);
            return err_hint(e, "%s", connect_faults[i].hint);
        }
    }
    (void)err_set(e, ERR_PREFLIGHT, "could not connect to %s", place);
    return err_hint(e, "check host, port and network");
}
