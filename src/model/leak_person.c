/* What says who somebody is, or on whose machine something was done. */
#include <string.h>

#include "model/leak_shape.h"

enum { EMAIL_PART = 64, PHONE_MOST = 24 };

/* RFC 5321 as people write it: name@host.name. git@host: is a way to a repository. */
bool is_email(struct bytes text, size_t at, size_t *end)
{
    size_t n = leak_span(text, at, WORD | DOT);
    size_t host = at + n + 1;
    if (n == 0 || n > EMAIL_PART || host >= text.n || text.p[host - 1] != '@' ||
        leak_begins(text, at, "git@") || strchr("/:@", leak_before(text, at)) != NULL) {
        return false;
    }
    size_t length = leak_span(text, host, ALNUM | DASH | DOT);
    while (length > 0 && text.p[host + length - 1] == '.') {
        length--;
    }
    const char *dot = length > 0 ? memrchr(text.p + host, '.', length) : NULL;
    *end = host + length;
    return dot != NULL && dot > text.p + host && text.p + *end - dot > 2 &&
           leak_span(text, (size_t)(dot + 1 - text.p), LOWER | BIG) ==
               (size_t)(text.p + *end - dot - 1);
}

/* Digits with one of between, or nothing, among them; at most most. Returns the place behind the last
 * digit. */
static size_t digits_at(struct bytes text, size_t at, const char *between, size_t most, char *out,
                        size_t *n)
{
    size_t end = at;
    *n = 0;
    for (size_t i = at; i < text.n && *n <= most; i++) {
        bool is_digit = (leak_signs(text.p[i]) & DIGIT) != 0;
        bool may_follow = i == at || text.p[i] == '(' || text.p[i - 1] == ')' ||
                          strchr(between, text.p[i - 1]) == NULL;
        if (!is_digit && (text.p[i] == '\0' || strchr(between, text.p[i]) == NULL || !may_follow)) {
            break;
        }
        if (is_digit && *n < most) {
            out[*n] = text.p[i];
        }
        *n += is_digit;
        end = is_digit ? i + 1 : end;
    }
    return end;
}

/* E.164: + and 10 to 15 digits, in groups or not. */
bool is_phone(struct bytes text, size_t at, size_t *end)
{
    char digits[PHONE_MOST];
    size_t n = 0;
    if (leak_before(text, at) != '+' || text.p[at] == '0' ||
        (at > 1 && (leak_signs(text.p[at - 2]) & WORD) != 0)) {
        return false;
    }
    *end = digits_at(text, at, " -().", PHONE_MOST, digits, &n);
    return n >= 10 && n <= 15 && (*end == text.n || (leak_signs(text.p[*end]) & WORD) == 0);
}

/* 123-45-6789, but none that is never given (SSA, "invalid SSNs"). */
bool is_ssn(struct bytes text, size_t at, size_t *end)
{
    *end = at + 11;
    if (leak_span(text, at, DIGIT) != 3 || leak_span(text, at, DIGIT | DASH) != 11 ||
        leak_span(text, at, WORD) != 11 || text.p[at + 3] != '-' || text.p[at + 6] != '-' ||
        strchr(".+", leak_before(text, at)) != NULL) {
        return false;
    }
    return leak_span(text, at + 4, DIGIT) == 2 && leak_span(text, at + 7, DIGIT) == 4 &&
           !leak_begins(text, at, "000") && !leak_begins(text, at, "666") && text.p[at] != '9' &&
           !leak_begins(text, at + 4, "00") && !leak_begins(text, at + 7, "0000");
}

/* ISO/IEC 7812: the last digit is right. */
static bool is_luhn(const char *digits, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned d = (unsigned)(digits[n - 1 - i] - '0') * (i % 2 == 1 ? 2 : 1);
        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == 0;
}

static bool is_issuer(const char *digits, size_t n)
{
    int two = (digits[0] - '0') * 10 + digits[1] - '0';
    int four = two * 100 + (digits[2] - '0') * 10 + digits[3] - '0';
    return (n == 16 && (digits[0] == '4' || (two >= 51 && two <= 55) || four == 6011 || two == 65 ||
                        (four >= 2221 && four <= 2720))) ||
           (n == 15 && (two == 34 || two == 37));
}

/* Visa, Mastercard, American Express, Discover: in one piece or in groups. */
bool is_card(struct bytes text, size_t at, size_t *end)
{
    char digits[PHONE_MOST];
    size_t n = 0;
    if ((leak_signs(text.p[at]) & DIGIT) == 0 || leak_before(text, at) == '.') {
        return false;
    }
    *end = digits_at(text, at, " -", PHONE_MOST, digits, &n);
    return (n == 15 || n == 16) && is_issuer(digits, n) && is_luhn(digits, n) &&
           (*end == text.n || (leak_signs(text.p[*end]) & (WORD | DOT)) == 0);
}

/* /home/NAME/, /Users/NAME/, C:\Users\NAME\ */
bool is_home_path(struct bytes text, size_t at, size_t *end)
{
    static const char *const folders[] = {"home", "Users"};
    char slash = leak_before(text, at);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        size_t n = strlen(folders[i]);
        if (leak_begins(text, at, folders[i]) && at + n < text.n && text.p[at + n] == slash &&
            (slash == '/' || slash == '\\')) {
            size_t name = leak_span(text, at + n + 1, WORD | DOT);
            char before = at > 1 ? text.p[at - 2] : ' ';
            bool is_root = slash == '\\' ? before == ':' : (leak_signs(before) & (WORD | DOT)) == 0;
            *end = at + n + 1 + name;
            return is_root && name > 0 && *end < text.n && text.p[*end] == slash;
        }
    }
    return false;
}
