/* Keys, tokens and hashes without a fixed prefix. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "model/leak_shape.h"

enum { LOOK_FAR = 512 };

const unsigned short leak_signs_of[256] = {
    ['0'] = DIGIT,
    ['1'] = DIGIT,
    ['2'] = DIGIT | BASE32_DIGIT,
    ['3'] = DIGIT | BASE32_DIGIT,
    ['4'] = DIGIT | BASE32_DIGIT,
    ['5'] = DIGIT | BASE32_DIGIT,
    ['6'] = DIGIT | BASE32_DIGIT,
    ['7'] = DIGIT | BASE32_DIGIT,
    ['8'] = DIGIT,
    ['9'] = DIGIT,
    ['a'] = LOWER | HEX_LETTER,
    ['b'] = LOWER | HEX_LETTER,
    ['c'] = LOWER | HEX_LETTER,
    ['d'] = LOWER | HEX_LETTER,
    ['e'] = LOWER | HEX_LETTER,
    ['f'] = LOWER | HEX_LETTER,
    ['g'] = LOWER,
    ['h'] = LOWER,
    ['i'] = LOWER,
    ['j'] = LOWER,
    ['k'] = LOWER,
    ['l'] = LOWER,
    ['m'] = LOWER,
    ['n'] = LOWER,
    ['o'] = LOWER,
    ['p'] = LOWER,
    ['q'] = LOWER,
    ['r'] = LOWER,
    ['s'] = LOWER,
    ['t'] = LOWER,
    ['u'] = LOWER,
    ['v'] = LOWER,
    ['w'] = LOWER,
    ['x'] = LOWER,
    ['y'] = LOWER,
    ['z'] = LOWER,
    ['A'] = BIG,
    ['B'] = BIG,
    ['C'] = BIG,
    ['D'] = BIG,
    ['E'] = BIG,
    ['F'] = BIG,
    ['G'] = BIG,
    ['H'] = BIG,
    ['I'] = BIG,
    ['J'] = BIG,
    ['K'] = BIG,
    ['L'] = BIG,
    ['M'] = BIG,
    ['N'] = BIG,
    ['O'] = BIG,
    ['P'] = BIG,
    ['Q'] = BIG,
    ['R'] = BIG,
    ['S'] = BIG,
    ['T'] = BIG,
    ['U'] = BIG,
    ['V'] = BIG,
    ['W'] = BIG,
    ['X'] = BIG,
    ['Y'] = BIG,
    ['Z'] = BIG,
    ['-'] = DASH,
    ['_'] = DASH,
    ['+'] = SIGN,
    ['/'] = SIGN,
    ['='] = EQUALS,
    ['.'] = DOT,
    ['~'] = DOT,
    ['%'] = DOT,
};

size_t leak_span(struct bytes text, size_t from, unsigned class)
{
    size_t far = class == WORD || text.n - from < LOOK_FAR ? text.n : from + LOOK_FAR;
    size_t i = from;
    while (i < far && (leak_signs(text.p[i]) & class) != 0) {
        i++;
    }
    return i - from;
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

bool leak_is_sample(struct bytes body)
{
    return entropy(body) < 2.5 || memmem(body.p, body.n, "EXAMPLE", 7) != NULL;
}

static bool has_any(struct bytes s, unsigned class)
{
    size_t i = 0;
    while (i < s.n && (leak_signs(s.p[i]) & class) == 0) {
        i++;
    }
    return i < s.n;
}

/* "-----BEGIN", words in capitals, "PRIVATE KEY"; or the first line of PuTTY's file. */
bool is_private_key(struct bytes text, size_t at, size_t *end)
{
    static const char begin[] = "-----BEGIN";
    static const char putty[] = "PuTTY-User-Key-File-";
    static const char key[] = "PRIVATE KEY";
    if (leak_begins(text, at, putty)) {
        *end = at + sizeof putty - 1;
        return true;
    }
    if (!leak_begins(text, at, begin)) {
        return false;
    }
    size_t from = at + sizeof begin - 1;
    for (size_t i = from; i < text.n && i - from < 100; i++) {
        if (leak_begins(text, i, key)) {
            *end = i + sizeof key - 1;
            return true;
        }
        if (text.p[i] != ' ' && (leak_signs(text.p[i]) & (BIG | DIGIT | DASH)) == 0) {
            return false;
        }
    }
    return false;
}

/* RFC 7519: two parts that are JSON objects, in base64url ("{\"" gives "ey"), and a signature. */
bool is_jwt(struct bytes text, size_t at, size_t *end)
{
    if (!leak_begins(text, at, "ey")) {
        return false;
    }
    size_t first = at + leak_span(text, at, WORD);
    if (first - at < 19 || first == text.n || text.p[first] != '.' ||
        !leak_begins(text, first + 1, "ey")) {
        return false;
    }
    size_t n = leak_span(text, first + 1, WORD);
    *end = first + 1 + n;
    if (n < 19) {
        return false;
    }
    if (*end < text.n && text.p[*end] == '.') {
        *end += 1 + leak_span(text, *end + 1, WORD);
    }
    return true;
}

/* Azure's client secrets: three characters, a digit, "Q~", 31 to 34 more. */
bool is_azure_secret(struct bytes text, size_t at, size_t *end)
{
    if (text.n - at < 37 || text.p[at + 4] != 'Q' || text.p[at + 5] != '~' ||
        leak_signs(text.p[at + 3]) % 2 == 0) {
        return false;
    }
    size_t n = leak_span(text, at + 6, DOTTED & ~(unsigned)EQUALS);
    *end = at + 6 + n;
    return leak_span(text, at, DOTTED) >= 6 && n >= 31 && n <= 34;
}

/* A3T and any character: AWS's, too. */
bool is_aws_key(struct bytes text, size_t at, size_t *end)
{
    *end = at + 20;
    return leak_begins(text, at, "A3T") && text.n - at >= 20 &&
           (leak_signs(text.p[at + 3]) & UPPER) != 0 && leak_span(text, at + 4, BASE32) == 16 &&
           !leak_is_sample(bytes_of(text.p + at + 4, 16));
}

bool is_telegram_token(struct bytes text, size_t at, size_t *end)
{
    size_t n = leak_span(text, at, DIGIT);
    if (n < 8 || n > 10 || !leak_begins(text, at + n, ":AA")) {
        return false;
    }
    *end = at + n + 3 + leak_span(text, at + n + 3, WORD);
    return *end - at - n - 3 == 33;
}

bool is_terraform_token(struct bytes text, size_t at, size_t *end)
{
    static const char mark[] = ".atlasv1.";
    size_t n = leak_span(text, at, ALNUM);
    if (n != 14 || !leak_begins(text, at + n, mark)) {
        return false;
    }
    size_t from = at + n + sizeof mark - 1;
    *end = from + leak_span(text, from, WORD_EQ);
    return *end - from >= 60;
}

/* What PostgreSQL keeps of a password: "md5" and 32 digits, whole. */
bool is_verifier(struct bytes text, size_t at, size_t *end)
{
    *end = at + 35;
    return leak_begins(text, at, "md5") && leak_span(text, at + 3, HEX) == 32 &&
           leak_span(text, at + 3, WORD) == 32 && at > 0 && strchr("'\"", text.p[at - 1]) != NULL;
}

/* What crypt(3) and its kind keep of a password: $2b$12$ and 53 characters, $6$, $argon2id$,
 * pbkdf2_sha256$. */
bool is_password_hash(struct bytes text, size_t at, size_t *end)
{
    static const struct {
        const char *begin;
        size_t least;
        bool needs_dollar;
    } kinds[] = {{"2a$", 56, true},
                 {"2b$", 56, true},
                 {"2y$", 56, true},
                 {"6$", 80, true},
                 {"5$", 50, true},
                 {"y$", 50, true},
                 {"argon2", 60, true},
                 {"pbkdf2-", 40, true},
                 {"scrypt$", 60, false},
                 {"pbkdf2_", 60, false},
                 {"bcrypt_sha256$", 60, false}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!leak_begins(text, at, kinds[i].begin) ||
            (kinds[i].needs_dollar && leak_before(text, at) != '$')) {
            continue;
        }
        size_t n = 0;
        while (at + n < text.n && n < LOOK_FAR &&
               ((leak_signs(text.p[at + n]) & (BASE64 | DASH | DOT)) != 0 ||
                text.p[at + n] == '$' || text.p[at + n] == ',')) {
            n++;
        }
        *end = at + n;
        return n >= kinds[i].least && !leak_is_sample(bytes_of(text.p + at, n));
    }
    return false;
}

/* "Authorization: Bearer TOKEN", and Basic. */
bool is_bearer(struct bytes text, size_t at, size_t *end)
{
    static const char *const words[] = {"Bearer ", "bearer ", "Basic "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (leak_begins(text, at, words[i])) {
            size_t from = at + strlen(words[i]);
            size_t n = leak_span(text, from, BASE64 | DASH | DOT);
            *end = from + n;
            return n >= 20 && leak_span(text, from, LOWER) < n &&
                   leak_span(text, from, DASH | ALNUM) >= 16 &&
                   entropy(bytes_of(text.p + from, n)) >= 3.5;
        }
    }
    return false;
}

/* How a name ends that speaks of a secret. */
static bool is_secret_name(struct bytes name)
{
#define END(text)                                                                                  \
    {                                                                                              \
        text, sizeof text - 1, (text)[sizeof text - 2]                                             \
    }
    static const struct {
        const char *text;
        size_t n;
        char last;
    } ends[] = {END("secret"),      END("token"),       END("passwd"),       END("password"),
                END("passphrase"),  END("api_key"),     END("apikey"),       END("api-key"),
                END("credential"),  END("credentials"), END("access_key"),   END("secret_key"),
                END("private_key"), END("auth_key"),    END("client_secret")};
#undef END
    char last = name.n > 0 ? (char)(name.p[name.n - 1] | 0x20) : ' ';
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends[i].last == last && name.n >= ends[i].n &&
            strncasecmp(name.p + name.n - ends[i].n, ends[i].text, ends[i].n) == 0) {
            return true;
        }
    }
    return false;
}

/* NAME = 'value', NAME: value, "NAME": "value": a value of one piece with letters and digits that no person
 * would choose. Bare words only behind a colon or '=' without blanks: code is full of the others. */
bool is_named_secret(struct bytes text, size_t at, size_t *end)
{
    size_t n = leak_span(text, at, WORD);
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
    struct bytes value = bytes_of(text.p + i, leak_span(text, i, BASE64 | DASH | DOT));
    *end = i + value.n;
    char stop = *end < text.n ? text.p[*end] : '\n';
    bool whole = quoted ? stop == '"' || stop == '\'' : strchr(" \t\r\n,;}])`", stop) != NULL;
    bool mixed = has_any(value, DIGIT) && has_any(value, LOWER | BIG) &&
                 memchr(value.p, '%', value.n) == NULL;
    return (quoted || !needs_quote) && whole && value.n >= 10 && mixed && entropy(value) >= 3.5;
}

/* pgcrypto's functions with a key written out: encrypt(data, 'key', ...), pgp_sym_encrypt(data, 'key'). */
bool is_cipher_key(struct bytes text, size_t at, size_t *end)
{
    static const char *const names[] = {"pgp_sym_encrypt(", "pgp_sym_decrypt(",
                                        "pgp_sym_encrypt_bytea(", "pgp_sym_decrypt_bytea("};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!leak_says(text, at, names[i])) {
            continue;
        }
        size_t far = text.n - at < LOOK_FAR ? text.n : at + LOOK_FAR;
        size_t depth = 0;
        for (size_t k = at + strlen(names[i]); k < far && text.p[k] != ';'; k++) {
            depth += text.p[k] == '(';
            if (text.p[k] == ')' && depth-- == 0) {
                return false;
            }
            if (text.p[k] == ',' && depth == 0) {
                k += 1 + strspn(text.p + k + 1, " \t\r\n");
                *end = k + 1;
                return text.p[k] == '\'' && leak_span(text, k + 1, BASE64 | DASH | DOT) >= 4;
            }
        }
    }
    return false;
}

/* 'aB3+...=': a literal of one piece in base64 that nobody would type: 40 to 128 characters of all
 * kinds. Digests say so before them, public keys begin with what they are; geometries in base64 stand
 * in JSON. */
bool is_random(struct bytes text, size_t at, size_t *end)
{
    static const char *const harmless[] = {"sha", "md5", "AAAA", "MII", "MCow", "LS0t"};
    size_t n = leak_span(text, at, BASE64 | DASH);
    struct bytes value = bytes_of(text.p + at, n);
    *end = at + n;
    if (leak_before(text, at) != '\'' || n < 40 || n > 128 || *end == text.n ||
        text.p[*end] != '\'' || !has_any(value, DIGIT) || !has_any(value, LOWER) ||
        !has_any(value, BIG) || !has_any(value, SIGN | EQUALS)) {
        return false;
    }
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        if (leak_begins(text, at, harmless[i])) {
            return false;
        }
    }
    return entropy(value) >= 4.5 && !leak_is_sample(value) &&
           memmem(value.p, n, "ABCDEF", 6) == NULL;
}
