/* From libpq's words about a connection that could not be made to struct err. */
#include <stdio.h>
#include <string.h>

#include "pg/session.h"

enum { PLACE_TEXT = 300 };

/* Verbose, a refusal reads "... FATAL:  28P01: WORDS"; the severity may be translated, the code is not. Of
 * several hosts or ways the last one counts. words: cut at the end of their line. */
static bool find_refusal(const char *text, char sqlstate[static PG_SQLSTATE], char *words,
                         size_t size)
{
    bool found = false;
    for (const char *p = strstr(text, ":  "); p != NULL; p = strstr(p + 1, ":  ")) {
        const char *code = p + 3;
        size_t n = strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (n == PG_SQLSTATE - 1 && (code[n] == '\0' || code[n] == '\n' || code[n] == ':')) {
            memcpy(sqlstate, code, n);
            sqlstate[n] = '\0';
            const char *begin = code + n + strspn(code + n, ": ");
            (void)snprintf(words, size, "%.*s", (int)strcspn(begin, "\n"), begin);
            found = true;
        }
    }
    return found;
}

static const char *why_not_now(const char *words)
{
    return strstr(words, "starting up") != NULL     ? "is starting up"
           : strstr(words, "shutting down") != NULL ? "is shutting down"
           : strstr(words, "recovery mode") != NULL ? "is recovering from a crash"
                                                    : "is starting up or shutting down";
}

/* "no encryption" since PostgreSQL 14, "SSL off" before. */
static bool wants_encryption(const char *words)
{
    return strstr(words, "no encryption") != NULL || strstr(words, "SSL off") != NULL;
}

static int fail_authentication(const struct pg *s, const char *place, const char *words,
                               struct err *e)
{
    if (wants_encryption(words)) {
        (void)err_set(e, ERR_PREFLIGHT,
                      "%s has no way in for user \"%s\" and database \"%s\" without encryption",
                      place, s->user, s->dbname);
        return err_hint(e, "add sslmode=require, or stronger, to the connection string; or have a "
                           "line for unencrypted connections in the server's pg_hba.conf");
    }
    (void)err_set(e, ERR_PREFLIGHT, "authentication failed for user \"%s\" at %s", s->user, place);
    return err_hint(e, "check the user, its password, and the server's pg_hba.conf");
}

static int fail_refused(const struct pg *s, const char *sqlstate, const char *words, struct err *e)
{
    char place[PLACE_TEXT];
    (void)pg_place(s, place, sizeof place);
    if (strncmp(sqlstate, "28", 2) == 0) {
        return fail_authentication(s, place, words, e);
    }
    if (strcmp(sqlstate, "3D000") == 0) {
        (void)err_set(e, ERR_PREFLIGHT, "the database \"%s\" does not exist at %s", s->dbname,
                      place);
        return err_hint(e, "check the connection string, or create the database");
    }
    if (strcmp(sqlstate, "53300") == 0) {
        (void)err_set(e, ERR_PREFLIGHT, "too many connections at %s", place);
        return err_hint(e, "wait until other sessions have ended, or raise max_connections");
    }
    if (strcmp(sqlstate, "57P03") == 0) {
        (void)err_set(e, ERR_PREFLIGHT, "the server at %s %s", place, why_not_now(words));
        return err_hint(e, "run again in a moment");
    }
    return err_set(e, ERR_PREFLIGHT,
                   "the server at %s refused user \"%s\" for database \"%s\": %s (%s)", place,
                   s->user, s->dbname, pg_condition(sqlstate), sqlstate);
}

static void keep_words(struct err *e, const char *sqlstate, const char *words)
{
    if (e != NULL) {
        struct buf safe = {0};
        text_safe(&safe, bytes_str(words));
        pg_copy_text(e->sqlstate, sizeof e->sqlstate, sqlstate);
        pg_copy_text(e->condition, sizeof e->condition, pg_condition(sqlstate));
        pg_copy_text(e->detail, sizeof e->detail, buf_str(&safe));
        buf_release(&safe);
    }
}

/* libpq's own words, before any server spoke. They may quote the connection string, so they are only
 * recognised. Those that begin with "^" stand at the beginning. The place is added to msg unless the
 * connection string itself is at fault. */
static const struct {
    const char *words;
    const char *msg;
    const char *hint;
    enum err_code code;
    bool stays; /* however long one waits */
} connect_faults[] = {
    {"Connection refused", "connection refused by ", "start the server, or check host and port",
     ERR_PREFLIGHT, false},
    {"No such file or directory", "no server at ", "start the server, or name its host",
     ERR_PREFLIGHT, false},
    {"Permission denied", "no right to use ", "check the rights of the socket's folder",
     ERR_PREFLIGHT, false},
    {"timeout", "no answer from ", "check host, port and firewalls", ERR_PREFLIGHT, false},
    {"timed out", "no answer from ", "check host, port and firewalls", ERR_PREFLIGHT, false},
    {"could not translate host name", "host name not found: ", "check the host's name",
     ERR_PREFLIGHT, false},
    {"no password supplied", "a password is wanted and none was given for ",
     "put it in the connection string that the *_ref names, or in a passfile", ERR_PREFLIGHT, true},
    {"does not support SSL", "the encryption that sslmode asks for is not offered by ",
     "turn on ssl in the server, or change sslmode", ERR_PREFLIGHT, true},
    {"does not match host name", "another host's name is in the certificate of ",
     "connect by the name in the certificate, or check who answers there", ERR_PREFLIGHT, true},
    {"certificate", "no trust in the certificate of ", "check sslmode and sslrootcert",
     ERR_PREFLIGHT, true},
    {"SSL error", "no encrypted connection to ", "check sslmode and the server's certificate",
     ERR_PREFLIGHT, true},
    {"^invalid ", "the connection string holds an invalid value",
     "check port, sslmode and the like; a password with : / ? # @ or % is written percent-encoded",
     ERR_CONFIG, false},
    {"^definition of service", "the connection string names an unknown service",
     "check pg_service.conf", ERR_CONFIG, false},
    {"closed the connection", "connection closed by ",
     "check that a PostgreSQL server listens there", ERR_PREFLIGHT, false},
};

static bool says(const char *words, const char *part)
{
    return *part == '^' ? strncmp(words, part + 1, strlen(part + 1)) == 0
                        : strstr(words, part) != NULL;
}

int pg_fail_connect(const struct pg *s, struct err *e)
{
    char sqlstate[PG_SQLSTATE];
    char said[sizeof e->detail];
    char place[PLACE_TEXT];
    const char *words = PQerrorMessage(s->conn);
    if (find_refusal(words, sqlstate, said, sizeof said)) {
        (void)fail_refused(s, sqlstate, said, e);
        keep_words(e, sqlstate, said);
        return -1;
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

/* What the server says of itself for now: class 08 is what a pooler says whose server is not there. */
static bool passes(const char *sqlstate)
{
    static const char *const v[] = {"57P01", "57P02", "57P03", "53300"};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        if (strcmp(sqlstate, v[i]) == 0) {
            return true;
        }
    }
    return strncmp(sqlstate, "08", 2) == 0;
}

bool pg_may_answer_later(const struct err *e)
{
    if (e->code != ERR_PREFLIGHT || e->sqlstate[0] != '\0') {
        return e->code == ERR_PREFLIGHT && passes(e->sqlstate);
    }
    for (size_t i = 0; i < sizeof connect_faults / sizeof *connect_faults; i++) {
        const char *msg = connect_faults[i].msg;
        if (connect_faults[i].stays && strncmp(e->msg, msg, strlen(msg)) == 0) {
            return false;
        }
    }
    return true;
}

/* --- connection strings ------------------------------------------------------------------------------ */

/* libpq's words about a connection string quote it, so they are only recognised. */
static const struct {
    const char *words, *msg, *hint;
} conninfo_faults[] = {
    {"libpq.so.5", "libpq.so.5, which talks to PostgreSQL, cannot be loaded, or is older than 14",
     "install it (Debian: libpq5)"},
    {"percent-encod", "the connection string has a \"%\" that begins no percent-encoding",
     "write %25 for a \"%\" in user, password or database"},
    {"unexpected spaces", "the connection string is a URI with blanks in it",
     "write %20 for a blank, or remove it"},
    {"matching \"]\"", "the connection string has a \"[\" without its \"]\"",
     "write an IPv6 address as [::1], and %5B for a \"[\" in the password"},
    {"unexpected character", "the connection string is a URI with a character out of place",
     "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with : / ? # @ and % of user and "
     "password percent-encoded"},
    {"invalid URI query parameter", "the connection string has an option that libpq does not know",
     "check the names behind the \"?\""},
    {"separator", "the connection string has an option without \"=\", or with two",
     "write OPTION=VALUE behind the \"?\", with & between them, and %3D for a \"=\" in a value"},
    {"invalid connection option", "the connection string has an option that libpq does not know",
     "check the words before each \"=\""},
    {"missing \"=\"", "the connection string has a word without \"=\"",
     "write postgresql://USER@HOST:PORT/DATABASE or keyword=value pairs, with '' around a value "
     "that holds blanks"},
    {"unterminated quoted", "the connection string has a \"'\" without its second",
     "write \\' for a \"'\" in a value, or quote the whole value"},
};

int pg_fail_conninfo(const char *words, struct err *e)
{
    for (size_t i = 0; i < sizeof conninfo_faults / sizeof *conninfo_faults; i++) {
        if (words != NULL && strstr(words, conninfo_faults[i].words) != NULL) {
            (void)err_set(e, ERR_CONFIG, "%s", conninfo_faults[i].msg);
            return err_hint(e, "%s", conninfo_faults[i].hint);
        }
    }
    (void)err_set(e, ERR_CONFIG, "the connection string cannot be parsed");
    return err_hint(e, "write postgresql://USER@HOST:PORT/DATABASE or keyword=value pairs");
}

/* An "@" or "/" of a password makes libpq take its rest for a host, a port or a database, and say so. Where
 * libpq sees the host begin, no "@" may follow before the options do. */
int pg_check_uri(const char *conninfo, struct err *e)
{
    static const char *const schemes[] = {"postgresql://", "postgres://"};
    const char *p = NULL;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes && p == NULL; i++) {
        size_t n = strlen(schemes[i]);
        p = strncmp(conninfo, schemes[i], n) == 0 ? conninfo + n : NULL;
    }
    if (p == NULL) {
        return 0;
    }
    size_t user = strcspn(p, "@/");
    const char *host = p[user] == '@' ? p + user + 1 : p;
    if (memchr(host, '@', strcspn(host, "?")) == NULL) {
        return 0;
    }
    (void)err_set(e, ERR_CONFIG, "the connection string has an \"@\" or a \"/\" too many");
    return err_hint(e, "percent-encode what belongs to user, password or database: %%40 for \"@\", "
                       "%%2F for \"/\", %%3A for \":\", %%25 for \"%%\"");
}
