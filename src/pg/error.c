/* From libpq's failures to struct err, once there is a session; which of a server's words may be shown. */
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

static bool is_from(const PGresult *r, const char *source)
{
    const char *file = field(r, PG_DIAG_SOURCE_FILE);
    const char *slash = strrchr(file, '/');
    return strcmp(slash == NULL ? file : slash + 1, source) == 0;
}

/* RAISE and its kin in other languages let a function's author put row data under any SQLSTATE. */
static bool is_written_by_user(const PGresult *r)
{
    static const char *const files[] = {"",      "pl_exec.c",         "plperl.c",    "Util.c",
                                        "SPI.c", "plpy_plpymodule.c", "plpy_elog.c", "pltcl.c"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (is_from(r, files[i])) {
            return true;
        }
    }
    return false;
}

static bool is_notice(const PGresult *r)
{
    const char *severity = field(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    return strcmp(severity, "ERROR") != 0 && strcmp(severity, "FATAL") != 0 &&
           strcmp(severity, "PANIC") != 0;
}

/* While it reads rows it may quote any of them, under whatever SQLSTATE: a text that is no tsvector is a
 * syntax error. */
static bool is_about_copy(const PGresult *r)
{
    return strncmp(field(r, PG_DIAG_CONTEXT), "COPY ", strlen("COPY ")) == 0;
}

/* What loads libraries names files and nothing else, under whatever SQLSTATE. A notice is for who may read
 * what functions say: an extension's may quote a row (PostGIS: the point where a ring is not valid). */
static bool is_shown(const struct pg *s, const PGresult *r)
{
    return is_notice(r) ? s->words != SERVER_WORDS_SAFE
                        : (pg_message_is_safe(field(r, PG_DIAG_SQLSTATE)) && !is_about_copy(r)) ||
                              is_from(r, "dfmgr.c");
}

/* A library on disk does not fit the server that runs: what a package's upgrade leaves until a restart. A
 * file that is simply not there is told as itself. */
static bool is_upgraded(const PGresult *r)
{
    const char *sqlstate = field(r, PG_DIAG_SQLSTATE);
    return is_from(r, "dfmgr.c") &&
           (strcmp(sqlstate, "58P01") != 0 ||
            strstr(field(r, PG_DIAG_MESSAGE_PRIMARY), "undefined symbol") != NULL);
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
    pg_copy_text(e->constraint, sizeof e->constraint, field(r, PG_DIAG_CONSTRAINT_NAME));
    pg_copy_text(e->object, sizeof e->object,
                 buf_str(&names)); /* as they are; who prints escapes */
    buf_release(&names);
}

/* Words that may quote rows are for whoever asked for them; those of a function's author for who wrote them,
 * or may read them. */
void pg_words(struct buf *out, const struct pg *s, const PGresult *r)
{
    static const int more[] = {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT};
    bool is_theirs = is_written_by_user(r);
    bool whole = s->words == SERVER_WORDS_ALL || (is_theirs && s->words == SERVER_WORDS_RAISED);
    struct buf words = {0};
    if (!whole && (is_theirs || !is_shown(s, r))) {
        return;
    }
    buf_puts(&words, field(r, PG_DIAG_MESSAGE_PRIMARY));
    for (size_t i = 0; whole && i < sizeof more / sizeof *more; i++) {
        buf_puts(&words, field(r, more[i])[0] != '\0' ? "; " : "");
        buf_puts(&words, field(r, more[i]));
    }
    text_safe(out, bytes_str(buf_str(&words)));
    buf_release(&words);
}

static void set_detail(struct err *e, const struct pg *s, const PGresult *r)
{
    struct buf words = {0};
    pg_words(&words, s, r);
    pg_copy_text(e->detail, sizeof e->detail, buf_str(&words));
    buf_release(&words);
}

/* In what is said, or in the server's own hint, whose names of settings are never translated. */
static bool says(const char *words, const char *server_hint, const char *what)
{
    return strstr(words, what) != NULL || strstr(server_hint, what) != NULL;
}

static void set_hint(struct err *e, const struct pg *s, const char *sqlstate, const char *words,
                     const char *server_hint)
{
    static const struct {
        const char *sqlstate, *words, *hint;
    } hints[] = {
        {"25006", "", "the session is read-only: connect to the primary, as a role that may write"},
        {"25P02", "", "an earlier statement of this transaction failed"},
        {"25P03", "",
         "the server ends transactions that idle so long: idle_in_transaction_session_"
         "timeout"},
        {"25P04", "", "the server ends transactions that take so long: transaction_timeout"},
        {"40001", "", "another session changed the same rows: run it again"},
        {"40P01", "", "another session holds what this one needs: run it again"},
        {"53100", "", "the server's disk is full"},
        {"53200", "max_locks_per_transaction",
         "its table of locks is full: raise max_locks_per_transaction, or make the migration "
         "several ones"},
        {"53200", "max_pred_locks_per_transaction",
         "its table of predicate locks is full: raise max_pred_locks_per_transaction"},
        {"53200", "", "the server's memory is full"},
        {"53300", "", "wait until other sessions have ended, or raise max_connections"},
        {"55P03", "", "another session holds the lock: run it again when that has ended"},
        {"57014", "statement timeout", "it took longer than statement_timeout allows"},
        {"57014", "user request", "somebody cancelled it, by pg_cancel_backend() or a tool"},
        {"57014", "", "statement_timeout was reached, or somebody cancelled it"},
        {"57P01", "",
         "the server is being shut down, or somebody ended this session: run it again "
         "when it is up"},
        {"57P02", "", "the server ended all sessions because one of them crashed: run it again"},
        {"57P04", "", "somebody dropped the database"},
        {"57P05", "", "the server ends sessions that idle so long: idle_session_timeout"},
    };
    if (strcmp(sqlstate, "42501") == 0) {
        (void)err_hint(e, "the role \"%s\" lacks a privilege; an administrator must grant it",
                       s->user);
    }
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        if (strcmp(sqlstate, hints[i].sqlstate) == 0 && says(words, server_hint, hints[i].words)) {
            (void)err_hint(e, "%s", hints[i].hint); /* the first one stays */
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
    (void)err_set(e, refusal_code(code, sqlstate), "the server refused %s: %s%s (%s)", what,
                  is_upgraded(r) ? "it was upgraded while running: " : "", pg_condition(sqlstate),
                  sqlstate);
    if (e != NULL) {
        set_sqlstate(e, sqlstate);
        set_object(e, r);
        set_detail(e, s, r);
        if (is_upgraded(r)) {
            (void)err_hint(e, "the server's files are newer than the server that runs: restart it");
        }
        set_hint(e, s, sqlstate, field(r, PG_DIAG_MESSAGE_PRIMARY), field(r, PG_DIAG_MESSAGE_HINT));
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
    set_hint(e, s, sqlstate, "", "");
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
