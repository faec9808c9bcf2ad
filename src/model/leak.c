/* Tokens and keys in texts. */
#include "model/leak.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* What a character is; a class is a set of these. */
enum {
    DIGIT = 1,
    HEX_LETTER = 2, /* a to f */
    LOWER = 4,
    BIG = 8,
    BASE32_DIGIT = 16, /* 2 to 7 */
    DASH = 32,         /* - and _ */
    SIGN = 64,         /* + and / */
    EQUALS = 128,
    DOT = 256, /* . and ~ and % */
};
enum { LOOK_FAR = 512 };
enum {
    HEX = DIGIT | HEX_LETTER,
    ALNUM = DIGIT | LOWER | BIG,
    UPPER = DIGIT | BIG,
    BASE32 = BIG | BASE32_DIGIT,
    WORD = ALNUM | DASH,
    WORD_EQ = WORD | EQUALS,
    BASE64 = ALNUM | SIGN | EQUALS,
    PATH = WORD | SIGN,
    DOTTED = WORD | DOT | EQUALS,
};

static unsigned signs_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c >= '2' && c <= '7' ? DIGIT | BASE32_DIGIT : DIGIT;
    }
    if (c >= 'a' && c <= 'z') {
        return c <= 'f' ? LOWER | HEX_LETTER : LOWER;
    }
    if (c >= 'A' && c <= 'Z') {
        return BIG;
    }
    switch (c) {
    case '-':
    case '_':
        return DASH;
    case '+':
    case '/':
        return SIGN;
    case '=':
        return EQUALS;
    case '.':
    case '~':
    case '%':
        return DOT;
    default:
        return 0;
    }
}

/* How many characters of the class follow. Words do not overlap, so that their whole length may be looked at
 * from where they begin; of everything else LOOK_FAR, or a hostile file would cost its length squared. */
static size_t span(struct bytes text, size_t from, unsigned class)
{
    size_t far = class == WORD || text.n - from < LOOK_FAR ? text.n : from + LOOK_FAR;
    size_t i = from;
    while (i < far && (signs_of(text.p[i]) & class) != 0) {
        i++;
    }
    return i - from;
}

static bool has_any(struct bytes s, unsigned class)
{
    size_t i = 0;
    while (i < s.n && (signs_of(s.p[i]) & class) == 0) {
        i++;
    }
    return i < s.n;
}

/* Bits of entropy for a character of s. */
static double entropy(struct bytes s)
{
    unsigned count[256] = {0};
    double bits = 0;
    for (size_t i = 0; i < s.n; i++) {
        count[(unsigned char)s.p[i]]++;
    }
    for (size_t c = 0; c < 256; c++) {
        double share = (double)count[c] / (double)s.n;
        bits -= count[c] == 0 ? 0 : share * log2(share);
    }
    return bits;
}

/* xxxx, 0123…, EXAMPLE: stands for a token. */
static bool is_sample(struct bytes body)
{
    return entropy(body) < 2.5 || memmem(body.p, body.n, "EXAMPLE", 7) != NULL;
}

static bool begins(struct bytes text, size_t at, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.n - at >= n && memcmp(text.p + at, prefix, n) == 0;
}

/* --- tokens with a prefix --- */

struct issued {
    struct leak leak;
    const char *prefix;
    unsigned class;
    size_t min, max;
};
static const struct issued tokens[] = {
#define LEAK(rule, what, prefix, class, min, max) {{rule, what}, prefix, class, min, max},
#include "model/leak.def"
#undef LEAK
};
enum { N_TOKENS = sizeof tokens / sizeof tokens[0] };

static const struct leak *token_at(struct bytes text, size_t at, size_t *end)
{
    for (size_t i = 0; i < N_TOKENS; i++) {
        const struct issued *t = &tokens[i];
        if (t->prefix[0] != text.p[at] || !begins(text, at, t->prefix)) {
            continue;
        }
        size_t from = at + strlen(t->prefix);
        size_t n = span(text, from, t->class);
        if (n >= t->min && (t->max == 0 || n <= t->max) && !is_sample(bytes_of(text.p + from, n))) {
            *end = from + n;
            return &t->leak;
        }
    }
    return NULL;
}

/* --- shapes without a fixed prefix --- */

/* "-----BEGIN", words in capitals, "PRIVATE KEY"; or the first line of PuTTY's file. */
static bool is_private_key(struct bytes text, size_t at, size_t *end)
{
    static const char begin[] = "-----BEGIN";
    static const char putty[] = "PuTTY-User-Key-File-";
    static const char key[] = "PRIVATE KEY";
    if (begins(text, at, putty)) {
        *end = at + sizeof putty - 1;
        return true;
    }
    if (!begins(text, at, begin)) {
        return false;
    }
    size_t from = at + sizeof begin - 1;
    for (size_t i = from; i < text.n && i - from < 100; i++) {
        if (begins(text, i, key)) {
            *end = i + sizeof key - 1;
            return true;
        }
        if (text.p[i] != ' ' && (signs_of(text.p[i]) & (BIG | DIGIT | DASH)) == 0) {
            return false;
        }
    }
    return false;
}

/* RFC 7519: two parts that are JSON objects, in base64url ("{\"" gives "ey"), and a signature. */
static bool is_jwt(struct bytes text, size_t at, size_t *end)
{
    if (!begins(text, at, "ey")) {
        return false;
    }
    size_t first = at + span(text, at, WORD);
    if (first - at < 19 || first == text.n || text.p[first] != '.' ||
        !begins(text, first + 1, "ey")) {
        return false;
    }
    size_t n = span(text, first + 1, WORD);
    *end = first + 1 + n;
    if (n < 19) {
        return false;
    }
    if (*end < text.n && text.p[*end] == '.') {
        *end += 1 + span(text, *end + 1, WORD);
    }
    return true;
}

/* Azure's client secrets: three characters, a digit, "Q~", 31 to 34 more. */
static bool is_azure_secret(struct bytes text, size_t at, size_t *end)
{
    if (text.n - at < 37 || text.p[at + 4] != 'Q' || text.p[at + 5] != '~' ||
        signs_of(text.p[at + 3]) % 2 == 0) {
        return false;
    }
    size_t n = span(text, at + 6, DOTTED & ~(unsigned)EQUALS);
    *end = at + 6 + n;
    return span(text, at, DOTTED) >= 6 && n >= 31 && n <= 34;
}

/* A3T and any character: AWS's, too. */
static bool is_aws_key(struct bytes text, size_t at, size_t *end)
{
    *end = at + 20;
    return begins(text, at, "A3T") && text.n - at >= 20 &&
           (signs_of(text.p[at + 3]) & UPPER) != 0 && span(text, at + 4, BASE32) == 16 &&
           !is_sample(bytes_of(text.p + at + 4, 16));
}

static bool is_telegram_token(struct bytes text, size_t at, size_t *end)
{
    size_t n = span(text, at, DIGIT);
    if (n < 8 || n > 10 || !begins(text, at + n, ":AA")) {
        return false;
    }
    *end = at + n + 3 + span(text, at + n + 3, WORD);
    return *end - at - n - 3 == 33;
}

static bool is_terraform_token(struct bytes text, size_t at, size_t *end)
{
    static const char mark[] = ".atlasv1.";
    size_t n = span(text, at, ALNUM);
    if (n != 14 || !begins(text, at + n, mark)) {
        return false;
    }
    size_t from = at + n + sizeof mark - 1;
    *end = from + span(text, from, WORD_EQ);
    return *end - from >= 60;
}

/* What PostgreSQL keeps of a password: "md5" and 32 digits, whole. */
static bool is_verifier(struct bytes text, size_t at, size_t *end)
{
    *end = at + 35;
    return begins(text, at, "md5") && span(text, at + 3, HEX) == 32 &&
           span(text, at + 3, WORD) == 32 && at > 0 && strchr("'\"", text.p[at - 1]) != NULL;
}

/* "Authorization: Bearer TOKEN", and Basic. */
static bool is_bearer(struct bytes text, size_t at, size_t *end)
{
    static const char *const words[] = {"Bearer ", "bearer ", "Basic "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t from = at + strlen(words[i]);
        if (begins(text, at, words[i])) {
            size_t n = span(text, from, BASE64 | DASH | DOT);
            *end = from + n;
            return n >= 20 && span(text, from, LOWER) < n && span(text, from, DASH | ALNUM) >= 16 &&
                   entropy(bytes_of(text.p + from, n)) >= 3.5;
        }
    }
    return false;
}

/* How a name ends that speaks of a secret. */
static bool is_secret_name(struct bytes name)
{
    static const char *const ends[] = {"secret",      "token",       "passwd",       "password",
                                       "passphrase",  "api_key",     "apikey",       "api-key",
                                       "credential",  "credentials", "access_key",   "secret_key",
                                       "private_key", "auth_key",    "client_secret"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t n = strlen(ends[i]);
        if (name.n >= n && strncasecmp(name.p + name.n - n, ends[i], n) == 0) {
            return true;
        }
    }
    return false;
}

/* NAME = 'value', NAME: value, "NAME": "value": a value of one piece with letters and digits that no person
 * would choose. Bare words only behind a colon or '=' without blanks: code is full of the others. */
static bool is_named_secret(struct bytes text, size_t at, size_t *end)
{
    size_t n = span(text, at, WORD);
    if (!is_secret_name(bytes_of(text.p + at, n))) {
        return false;
    }
    size_t i = at + n;
    i += i < text.n && (text.p[i] == '"' || text.p[i] == '\'');
    while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t')) {
        i++;
    }
    if (i == text.n || strchr(":=,", text.p[i]) == NULL || text.p[i] == '\0') {
        return false;
    }
    bool needs_quote = text.p[i] == ',' || i > at + n;
    while (i < text.n && strchr(":=,> \t", text.p[i]) != NULL && text.p[i] != '\0') {
        i++;
    }
    bool quoted = i < text.n && (text.p[i] == '"' || text.p[i] == '\'');
    i += quoted;
    struct bytes value = bytes_of(text.p + i, span(text, i, BASE64 | DASH | DOT));
    *end = i + value.n;
    char stop = *end < text.n ? text.p[*end] : '\n';
    bool whole = quoted ? stop == '"' || stop == '\'' : strchr(" \t\r\n,;}])`", stop) != NULL;
    bool mixed = has_any(value, DIGIT) && has_any(value, LOWER | BIG) &&
                 memchr(value.p, '%', value.n) == NULL;
    return (quoted || !needs_quote) && whole && value.n >= 10 && mixed && entropy(value) >= 3.5;
}

static const struct {
    struct leak leak;
    bool (*is)(struct bytes text, size_t at, size_t *end);
} shapes[] = {
    {{"private-key", "a private key"}, is_private_key},
    {{"jwt", "a JSON web token"}, is_jwt},
    {{"azure-client-secret", "an Azure client secret"}, is_azure_secret},
    {{"aws-access-key", "an AWS access key"}, is_aws_key},
    {{"telegram-token", "a Telegram bot token"}, is_telegram_token},
    {{"terraform-token", "a Terraform Cloud token"}, is_terraform_token},
    {{"password-verifier", "a password's verifier"}, is_verifier},
    {{"bearer", "a bearer token"}, is_bearer},
    {{"named-secret", "a value named like a secret"}, is_named_secret},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

const struct leak *leak_rule(size_t i)
{
    return i < N_TOKENS              ? &tokens[i].leak
           : i - N_TOKENS < N_SHAPES ? &shapes[i - N_TOKENS].leak
                                     : NULL;
}

/* Tokens and names begin where a word begins. */
static bool is_start(struct bytes text, size_t i)
{
    return (signs_of(text.p[i]) & WORD) != 0 && (i == 0 || (signs_of(text.p[i - 1]) & WORD) == 0);
}

const struct leak *leak_find(struct bytes text, size_t from, size_t *at, size_t *end)
{
    for (size_t i = from; i < text.n; i++) {
        if (!is_start(text, i)) {
            continue;
        }
        *at = i;
        const struct leak *found = token_at(text, i, end);
        for (size_t k = 0; found == NULL && k < N_SHAPES; k++) {
            found = shapes[k].is(text, i, end) ? &shapes[k].leak : NULL;
        }
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

/* "kfmig:allow RULE reason" in the line. */
static bool line_allows(struct bytes line, const char *rule)
{
    static const char word[] = "kfmig:allow ";
    const char *end = line.p + line.n;
    const char *p = memmem(line.p, line.n, word, sizeof word - 1);
    if (p == NULL) {
        return false;
    }
    p += sizeof word - 1;
    size_t n = strlen(rule);
    if ((size_t)(end - p) <= n || memcmp(p, rule, n) != 0 || p[n] != ' ') {
        return false;
    }
    for (p += n; p < end; p++) {
        if ((signs_of(*p) & ALNUM) != 0) {
            return true;
        }
    }
    return false;
}

const struct leak *leak_in(const char *text)
{
    size_t at = 0;
    size_t end = 0;
    return text != NULL ? leak_find(bytes_str(text), 0, &at, &end) : NULL;
}

bool leak_allowed(struct bytes text, size_t at, const char *rule)
{
    size_t start = at;
    while (start > 0 && text.p[start - 1] != '\n') {
        start--;
    }
    const char *stop = memchr(text.p + at, '\n', text.n - at);
    size_t end = stop == NULL ? text.n : (size_t)(stop - text.p);
    if (line_allows(bytes_of(text.p + start, end - start), rule)) {
        return true;
    }
    size_t before = start > 0 ? start - 1 : 0;
    while (before > 0 && text.p[before - 1] != '\n') {
        before--;
    }
    return start > 0 && line_allows(bytes_of(text.p + before, start - 1 - before), rule);
}
