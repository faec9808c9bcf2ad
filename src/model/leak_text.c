/* What is said in the grammar of a text: connection strings, URLs, passwords. A search for a few fixed words,
 * and a look at what stands around them. */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "model/leak_shape.h"

enum { LOOK_FAR = 256 }; /* a hostile file must not make each word cost its whole length */

static const char word[] = "password";

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
    static const char *const words[] = {"USER", "PASSWORD"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(p, words[i], strlen(words[i])) == 0) {
            return true;
        }
    }
    return *p == '\0' || is_space(*p) || strchr("$<{*%", *p) != NULL ||
           strncasecmp(p, "your", 4) == 0 || strncasecmp(p, "xxx", 3) == 0;
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

/* "?user=ada&password=x" behind "://". */
static bool has_parameter(const char *p)
{
    static const char *const names[] = {"password=", "passwd=", "pwd=", "sslpassword="};
    size_t n = strcspn(p, " \t\r\n\"'`<>()");
    const char *end = p + (n < LOOK_FAR ? n : LOOK_FAR);
    for (const char *mark = p; mark < end; mark++) {
        for (size_t i = 0; strchr("?&;", *mark) != NULL && i < sizeof names / sizeof names[0];
             i++) {
            const char *value = mark + 1 + strlen(names[i]);
            if (strncasecmp(mark + 1, names[i], strlen(names[i])) == 0 && *value != '&' &&
                !is_placeholder(value)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_postgres_scheme(struct bytes scheme)
{
    return (scheme.n == 8 && strncasecmp(scheme.p, "postgres", 8) == 0) ||
           (scheme.n == 10 && strncasecmp(scheme.p, "postgresql", 10) == 0);
}

static bool next_url(struct bytes text, size_t *from, size_t *at, bool wants_postgres)
{
    const char *end = text.p + text.n;
    for (const char *p = text.p + *from; (p = memmem(p, (size_t)(end - p), "://", 3)) != NULL;
         p += 3) {
        size_t start = scheme_start(text, (size_t)(p - text.p));
        struct bytes scheme = bytes_of(text.p + start, (size_t)(p - text.p) - start);
        bool is_postgres = is_postgres_scheme(scheme) && !is_placeholder(p + 3) && !is_quote(p[3]);
        bool has_secret = scheme.n > 0 && (has_password(p + 3) || has_parameter(p + 3));
        *at = start;
        *from = (size_t)(p - text.p) + 3;
        if (wants_postgres ? is_postgres : has_secret && !is_postgres) {
            return true;
        }
    }
    return false;
}

bool find_postgres(struct bytes text, enum leak_language language, size_t *from, size_t *at)
{
    (void)language;
    return next_url(text, from, at, true);
}

bool find_url(struct bytes text, enum leak_language language, size_t *from, size_t *at)
{
    (void)language;
    return next_url(text, from, at, false);
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

/* "Host=db;Username=kfm;" right before start: the other way to write a connection string. */
static bool is_behind_pair(struct bytes text, size_t start)
{
    if (start == 0 || text.p[start - 1] != ';') {
        return false;
    }
    size_t i = start - 1;
    bool is_pair = false;
    while (i > 0 && start - i < LOOK_FAR && !is_space(text.p[i - 1]) && !is_quote(text.p[i - 1]) &&
           text.p[i - 1] != ';') {
        i--;
        is_pair = is_pair || (text.p[i] == '=' && i > 0 && is_word(text.p[i - 1]));
    }
    return is_pair;
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
    if (is_behind_pair(text, start)) {
        return true;
    }
    const char *p = text.p + value;
    for (int i = 0; i < LOOK_FAR && *p != '\0' && !is_space(*p) && !is_quote(*p); i++) {
        p++;
    }
    const char *next = p + strspn(p, " \t\r\n");
    return next > p && is_keyword(next, strcspn(next, " \t\r\n\"'`"));
}

/* "password=set": what kfmig writes of an option whose value it hides (store/postgis/facet_list.c). */
static bool is_hidden_here(const char *value)
{
    return strncmp(value, "set", 3) == 0 &&
           (value[3] == ',' || value[3] == '\n' || value[3] == '\0');
}

/* Is there a place for a key before start? */
static bool is_key_place(struct bytes text, size_t start, enum leak_language language)
{
    const char *skip = language == LEAK_PROSE ? " \t-*>|+`\"'" : " \t\"'";
    size_t i = start;
    while (i > 0 && strchr(skip, text.p[i - 1]) != NULL) {
        i--;
    }
    if (i == 0 || text.p[i - 1] == '\n' || text.p[i - 1] == '\r') {
        return true;
    }
    return language == LEAK_DATA && strchr("{,-", text.p[i - 1]) != NULL;
}

/* p: behind the word and its closing quote. Is that ": value"? In prose the value must be one word
 * alone: sentences may speak of passwords. */
static bool is_pair(const char *p, enum leak_language language)
{
    p += strspn(p, language == LEAK_PROSE ? " \t*`" : " \t");
    if (*p != ':') {
        return false;
    }
    p++;
    p += strspn(p, language == LEAK_PROSE ? " \t*" : " \t");
    const char *value = p + (is_quote(*p) ? 1 : 0);
    size_t n = strcspn(value, "\r\n\"'`,}");
    if (is_placeholder(value) || *value == '#' || n == 0) {
        return false;
    }
    if (language == LEAK_PROSE) {
        return strcspn(value, " \t\r\n") >= n;
    }
    return !(value == p && ((n == 4 && strncmp(value, "null", 4) == 0) || *value == '~' ||
                            *value == '[' || *value == '|' || *value == '>'));
}

/* p: behind an opening quote. A second one opens a literal within a literal, as in what EXECUTE runs. */
static bool is_quoted_value(const char *p)
{
    p += *p == '\'' && (is_word(p[1]) || (p[1] != '\0' && strchr("!#&+-./:=?@^~", p[1]) != NULL));
    return *p != '\'' && !is_placeholder(p);
}

/* $$value$$ and $tag$value$tag$; $1 and $name stand for a value. */
static bool is_dollar_quoted(const char *p)
{
    size_t n = 1;
    while (n < LOOK_FAR && *p == '$' && is_word(p[n]) && (p[1] < '0' || p[1] > '9')) {
        n++;
    }
    return *p == '$' && p[n] == '$' && !is_placeholder(p + n + 1);
}

static bool is_sql_literal(const char *p)
{
    const char *value = p + strspn(p, " \t\r\n");
    if (value == p) {
        return false;
    }
    value += (*value == 'E' || *value == 'e') && value[1] == '\'';
    value += (*value == 'U' || *value == 'u') && value[1] == '&' && value[2] == '\'' ? 2 : 0;
    return is_dollar_quoted(value) || (*value == '\'' && is_quoted_value(value + 1));
}

/* What the word "password" at a place says. */
enum said_here { NOTHING, A_PASSWORD, A_CONNECTION };

/* "password=value": in SQL only within a connection string. */
static enum said_here judge_pair(struct bytes text, size_t start, size_t place,
                                 enum leak_language language)
{
    bool is_env = place - start == 2 && strncasecmp(text.p + start, "PG", 2) == 0;
    if (is_env || language != LEAK_SQL) {
        return A_PASSWORD;
    }
    size_t value = place + sizeof word;
    return !is_hidden_here(text.p + value) && has_neighbour(text, start, value) ? A_CONNECTION
                                                                                : NOTHING;
}

/* place: where "password" stands. */
static enum said_here judge_word(struct bytes text, size_t place, enum leak_language language,
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
        return judge_pair(text, start, place, language);
    }
    if (language == LEAK_SQL) {
        return start == place && is_sql_literal(after) ? A_PASSWORD : NOTHING;
    }
    after += is_quote(*after);
    return is_key_place(text, start, language) && is_pair(after, language) ? A_PASSWORD : NOTHING;
}

static bool next_word(struct bytes text, enum leak_language language, size_t *from, size_t *at,
                      enum said_here wanted)
{
    const char *p = text.p + *from;
    while ((p = strcasestr(p, word)) != NULL) {
        size_t place = (size_t)(p++ - text.p);
        if (judge_word(text, place, language, at) == wanted) {
            *from = place + 1;
            return true;
        }
    }
    return false;
}

bool find_password(struct bytes text, enum leak_language language, size_t *from, size_t *at)
{
    return next_word(text, language, from, at, A_PASSWORD);
}

bool find_pairs(struct bytes text, enum leak_language language, size_t *from, size_t *at)
{
    return next_word(text, language, from, at, A_CONNECTION);
}

bool find_scram(struct bytes text, enum leak_language language, size_t *from, size_t *at)
{
    static const char scram[] = "SCRAM-SHA-256$";
    const char *p = memmem(text.p + *from, text.n - *from, scram, sizeof scram - 1);
    (void)language;
    if (p == NULL) {
        return false;
    }
    *at = (size_t)(p - text.p);
    *from = *at + 1;
    return true;
}
