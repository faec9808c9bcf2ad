/* A search for a few fixed words, and a look at what stands around them. */
#include "load/secret.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { LOOK_FAR = 256 }; /* a hostile file must not make each word cost its whole length */

enum language { LANGUAGE_SQL, LANGUAGE_PROSE, LANGUAGE_DATA };

static const struct leak connection = {"connection-string", "a connection string"};
static const struct leak url = {"url-password", "a URL with a password"};
static const struct leak password = {"password", "a password"};
static const struct leak verifier = {"password-verifier", "a password's verifier"};
static const char word[] = "password";

static enum language language_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot != NULL && strcmp(dot, ".md") == 0) {
        return LANGUAGE_PROSE;
    }
    bool is_data = dot != NULL && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
    return is_data ? LANGUAGE_DATA : LANGUAGE_SQL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\n' || c == '\r';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Does p (NUL-terminated) begin with something that stands for a value, or with nothing at all? */
static bool is_placeholder(const char *p)
{
    return *p == '\0' || is_space(*p) || strchr("$<{*%", *p) != NULL;
}

/* The part of "://" before it: where the scheme's name begins. */
static size_t scheme_start(struct bytes text, size_t at)
{
    while (at > 0 && (is_word(text.p[at - 1]) || strchr("+.-", text.p[at - 1]) != NULL)) {
        at--;
    }
    return at;
}

/* A user:password@ between "://" and the first character that ends an authority (RFC 3986). */
static bool has_password(const char *p)
{
    size_t n = strcspn(p, "/?# \t\r\n\"'`<>()");
    const char *end = memchr(p, '@', n);
    const char *colon = end == NULL ? NULL : memchr(p, ':', (size_t)(end - p));
    return colon != NULL && colon + 1 < end && !is_placeholder(colon + 1);
}

/* Each finds the first at or behind *from, which moves behind it. */
typedef const struct leak *finder(struct bytes text, enum language language, size_t *from,
                                  size_t *at);

static const struct leak *find_url(struct bytes text, enum language language, size_t *from,
                                   size_t *at)
{
    const char *end = text.p + text.n;
    (void)language;
    for (const char *p = text.p + *from; (p = memmem(p, (size_t)(end - p), "://", 3)) != NULL;
         p += 3) {
        size_t start = scheme_start(text, (size_t)(p - text.p));
        struct bytes scheme = bytes_of(text.p + start, (size_t)(p - text.p) - start);
        bool is_postgres = (scheme.n == 8 && strncasecmp(scheme.p, "postgres", 8) == 0) ||
                           (scheme.n == 10 && strncasecmp(scheme.p, "postgresql", 10) == 0);
        *at = start;
        *from = (size_t)(p - text.p) + 3;
        if (is_postgres && !is_placeholder(p + 3) && !is_quote(p[3])) {
            return &connection;
        }
        if (scheme.n > 0 && has_password(p + 3)) {
            return &url;
        }
    }
    return NULL;
}

/* "host=", "dbname=", ...: a keyword of libpq at p? */
static bool is_keyword(const char *p, size_t n)
{
    static const char *const keys[] = {"host",    "hostaddr", "port",    "dbname",
                                       "user",    "sslmode",  "service", "application_name",
                                       "options", "passfile", "sslcert", "connect_timeout"};
    size_t key = 0;
    while (key < n && is_word(p[key])) {
        key++;
    }
    if (key == n || p[key] != '=') {
        return false;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strlen(keys[i]) == key && strncasecmp(keys[i], p, key) == 0) {
            return true;
        }
    }
    return false;
}

/* In a connection string pairs stand side by side, with nothing but blanks between them; in SQL
 * they never do. start: of the word "password"; value: behind its '='. */
static bool has_neighbour(struct bytes text, size_t start, size_t value)
{
    size_t end = start;
    while (end > 0 && is_space(text.p[end - 1])) {
        end--;
    }
    size_t before = end;
    while (before > 0 && end - before < LOOK_FAR && !is_space(text.p[before - 1]) &&
           !is_quote(text.p[before - 1])) {
        before--;
    }
    if (end < start && is_keyword(text.p + before, end - before)) {
        return true;
    }
    const char *p = text.p + value;
    for (int i = 0; i < LOOK_FAR && *p != '\0' && !is_space(*p) && !is_quote(*p); i++) {
        p++;
    }
    const char *next = p + strspn(p, " \t\r\n");
    return next > p && is_keyword(next, strcspn(next, " \t\r\n\"'`"));
}

/* Is there a place for a key before start? */
static bool is_key_place(struct bytes text, size_t start, enum language language)
{
    const char *skip = language == LANGUAGE_PROSE ? " \t-*>|+`\"'" : " \t\"'";
    size_t i = start;
    while (i > 0 && strchr(skip, text.p[i - 1]) != NULL) {
        i--;
    }
    if (i == 0 || text.p[i - 1] == '\n' || text.p[i - 1] == '\r') {
        return true;
    }
    return language == LANGUAGE_DATA && strchr("{,-", text.p[i - 1]) != NULL;
}

/* p: behind the word and its closing quote. Is that ": value"? In prose the value must be one word
 * alone: sentences may speak of passwords. */
static bool is_pair(const char *p, enum language language)
{
    p += strspn(p, language == LANGUAGE_PROSE ? " \t*`" : " \t");
    if (*p != ':') {
        return false;
    }
    p++;
    p += strspn(p, language == LANGUAGE_PROSE ? " \t*" : " \t");
    const char *value = p + (is_quote(*p) ? 1 : 0);
    size_t n = strcspn(value, "\r\n\"'`,}");
    if (is_placeholder(value) || *value == '#' || n == 0) {
        return false;
    }
    if (language == LANGUAGE_PROSE) {
        return strcspn(value, " \t\r\n") >= n;
    }
    return !(value == p && ((n == 4 && strncmp(value, "null", 4) == 0) || *value == '~' ||
                            *value == '[' || *value == '|' || *value == '>'));
}

static bool is_sql_literal(const char *p)
{
    const char *value = p + strspn(p, " \t\r\n");
    if (value == p) {
        return false;
    }
    value += (*value == 'E' || *value == 'e') && value[1] == '\'';
    return *value == '\'' && value[1] != '\'' && !is_placeholder(value + 1);
}

/* place: where "password" stands. */
static const struct leak *judge_word(struct bytes text, size_t place, enum language language,
                                     size_t *at)
{
    size_t start = place;
    while (start > 0 && place - start < LOOK_FAR &&
           (is_word(text.p[start - 1]) || text.p[start - 1] == '-')) {
        start--;
    }
    const char *after = text.p + place + sizeof word - 1;
    *at = start;
    if (*after == '=' && !is_placeholder(after + 1)) {
        bool is_env = place - start == 2 && strncasecmp(text.p + start, "PG", 2) == 0;
        size_t value = (size_t)(after + 1 - text.p);
        bool found = language == LANGUAGE_SQL ? is_env || has_neighbour(text, start, value) : true;
        return found ? (is_env || language != LANGUAGE_SQL ? &password : &connection) : NULL;
    }
    if (language == LANGUAGE_SQL) {
        return start == place && is_sql_literal(after) ? &password : NULL;
    }
    after += is_quote(*after);
    return is_key_place(text, start, language) && is_pair(after, language) ? &password : NULL;
}

static const struct leak *find_word(struct bytes text, enum language language, size_t *from,
                                    size_t *at)
{
    for (const char *p = text.p + *from; (p = strcasestr(p, word)) != NULL; p++) {
        const struct leak *found = judge_word(text, (size_t)(p - text.p), language, at);
        if (found != NULL) {
            *from = (size_t)(p - text.p) + 1;
            return found;
        }
    }
    return NULL;
}

static const struct leak *find_scram(struct bytes text, enum language language, size_t *from,
                                     size_t *at)
{
    static const char scram[] = "SCRAM-SHA-256$";
    const char *p = memmem(text.p + *from, text.n - *from, scram, sizeof scram - 1);
    (void)language;
    if (p == NULL) {
        return NULL;
    }
    *at = (size_t)(p - text.p);
    *from = *at + 1;
    return &verifier;
}

static const struct leak *find_token(struct bytes text, enum language language, size_t *from,
                                     size_t *at)
{
    (void)language;
    return leak_find(text, *from, at, from);
}

const struct leak *secret_find(struct bytes text, const char *path, size_t *at)
{
    static finder *const finders[] = {find_url, find_word, find_scram, find_token};
    enum language language = language_of(path);
    for (size_t i = 0; i < sizeof finders / sizeof finders[0]; i++) {
        size_t from = 0;
        const struct leak *found = NULL;
        while (from < text.n && (found = finders[i](text, language, &from, at)) != NULL) {
            if (!leak_allowed(text, *at, found->rule)) {
                return found;
            }
        }
    }
    return NULL;
}
