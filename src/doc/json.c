/* JSON (RFC 8259) text to a document tree, strictly, with the place of every node. */
#include "doc/json.h"

#include <string.h>

#include "doc/read.h"

enum { DEPTH_LIMIT = 64, SIZE_LIMIT = 64 << 20, OWN_LIMIT = 1 << 30 };

static const int64_t LARGEST = 9007199254740991; /* 2^53 - 1 */

struct json {
    struct arena *a;
    const char *at;
    const char *end;
    const char *line_start;
    int line;
    const char *path;
    struct err *e;
    struct buf text; /* the string being read */
    int depth;
    bool has_reals; /* numbers that are no integers become text */
};

static int PRINTF_LIKE(3, 4) fail(struct json *j, const char *hint, const char *fmt, ...)
{
    struct buf msg = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&msg, fmt, ap);
    va_end(ap);
    (void)err_at(j->e, ERR_CONFIG, j->path, j->line, (int)(j->at - j->line_start) + 1, "%s",
                 buf_str(&msg));
    buf_release(&msg);
    return hint == NULL ? -1 : err_hint(j->e, "%s", hint);
}

/* NUL past the end: text_check() has refused it inside. */
static char peek(const struct json *j)
{
    return j->at < j->end ? *j->at : '\0';
}

static void skip_space(struct json *j)
{
    for (; j->at < j->end; j->at++) {
        char c = *j->at;
        if (c == '\n' || (c == '\r' && (j->at + 1 == j->end || j->at[1] != '\n'))) {
            j->line++;
            j->line_start = j->at + 1;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            return;
        }
    }
}

static struct doc *node(struct json *j, enum doc_type type)
{
    return doc_new_at(j->a, type, j->path, j->line, (int)(j->at - j->line_start) + 1);
}

/* "found x" for messages: the next character, without printing half of one. */
static const char *found(const struct json *j, char out[static 24])
{
    uint32_t code = 0;
    size_t n = text_char(j->at, (size_t)(j->end - j->at), &code);
    if (n == 0) {
        return "the end of the file";
    }
    if (code < 0x20) {
        return "the end of the line";
    }
    out[0] = '\'';
    memcpy(out + 1, j->at, n);
    memcpy(out + 1 + n, "'", 2);
    return out;
}

static int read_hex(struct json *j, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(j);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 16;
        if (digit == 16) {
            return fail(j, NULL, "\\u needs four hexadecimal digits");
        }
        *code = *code << 4 | digit;
        j->at++;
    }
    return 0;
}

static void add_utf8(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_putc(out, (char)c);
    } else if (c < 0x800) {
        buf_putc(out, (char)(0xC0 | c >> 6));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    } else {
        if (c < 0x10000) {
            buf_putc(out, (char)(0xE0 | c >> 12));
        } else {
            buf_putc(out, (char)(0xF0 | c >> 18));
            buf_putc(out, (char)(0x80 | (c >> 12 & 0x3F)));
        }
        buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* After "\u". A pair of surrogates (RFC 8259 section 7) is one character. */
static int read_code(struct json *j, uint32_t *code)
{
    if (read_hex(j, code) != 0) {
        return -1;
    }
    bool is_high = *code >= 0xD800 && *code <= 0xDBFF;
    uint32_t low = 0;
    if (is_high && j->end - j->at >= 2 && j->at[0] == '\\' && j->at[1] == 'u') {
        j->at += 2;
        if (read_hex(j, &low) != 0) {
            return -1;
        }
    }
    bool is_lone = is_high ? low < 0xDC00 || low > 0xDFFF : *code >= 0xDC00 && *code <= 0xDFFF;
    if (is_lone) {
        return fail(j, "write both halves of the pair, or the character itself",
                    "\\u names half of a surrogate pair");
    }
    if (is_high) {
        *code = 0x10000 + ((*code - 0xD800) << 10 | (low - 0xDC00));
    }
    return 0;
}

/* After the backslash. */
static int read_escape(struct json *j)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    char c = peek(j);
    const char *at = c == '\0' ? NULL : strchr(letters, c);
    const char *start = j->at - 1;
    uint32_t code = 0;
    if (at != NULL) {
        j->at++;
        code = (uint32_t)(unsigned char)values[at - letters];
    } else if (c != 'u') {
        char what[24];
        return fail(j, "write \\\\ for a backslash", "a backslash before %s means nothing",
                    found(j, what));
    } else {
        j->at++;
        if (read_code(j, &code) != 0) {
            return -1;
        }
    }
    size_t from = j->text.n;
    size_t offset;
    const char *what = NULL;
    add_utf8(&j->text, code);
    if (text_check(bytes_of(j->text.p + from, j->text.n - from), &offset, &what) != 0) {
        j->at = start;
        return fail(j, "remove it", "%s (U+%04X) in a text", what, (unsigned)code);
    }
    return 0;
}

static int read_characters(struct json *j)
{
    for (;;) {
        const char *from = j->at;
        while (j->at < j->end && *j->at != '"' && *j->at != '\\' && (unsigned char)*j->at >= 0x20) {
            j->at++;
        }
        buf_add(&j->text, from, (size_t)(j->at - from));
        char c = peek(j);
        if (c == '"') {
            j->at++;
            return 0;
        }
        if (c == '\t') {
            return fail(j, "write \\t", "a tab stands in a text");
        }
        if (c != '\\') {
            return fail(j, "close it with '\"'; a line break is written \\n",
                        "a text is not closed");
        }
        j->at++;
        if (read_escape(j) != 0) {
            return -1;
        }
    }
}

static struct doc *read_text(struct json *j)
{
    struct doc *d = node(j, DOC_TEXT);
    buf_clear(&j->text);
    j->at++;
    if (read_characters(j) != 0) {
        return NULL;
    }
    d->text = bytes_of(arena_strndup(j->a, j->text.p, j->text.n), j->text.n);
    return d;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A fraction and an exponent, from j->at on (RFC 8259 section 6). False: a digit is missing where j->at is.
 */
static bool skip_real(struct json *j)
{
    for (int part = 0; part < 2; part++) {
        char c = peek(j);
        if (part == 0 ? c != '.' : c != 'e' && c != 'E') {
            continue;
        }
        j->at++;
        if (part == 1 && (peek(j) == '+' || peek(j) == '-')) {
            j->at++;
        }
        if (!is_digit(peek(j))) {
            return false;
        }
        while (is_digit(peek(j))) {
            j->at++;
        }
    }
    return true;
}

static struct doc *real_from(struct json *j, struct doc *d, const char *start)
{
    if (!skip_real(j)) {
        char what[24];
        (void)fail(j, NULL, "a digit is expected in the number, not %s", found(j, what));
        return NULL;
    }
    d->type = DOC_TEXT;
    d->plain = true;
    d->text =
        bytes_of(arena_strndup(j->a, start, (size_t)(j->at - start)), (size_t)(j->at - start));
    return d;
}

static struct doc *read_number(struct json *j)
{
    struct doc *d = node(j, DOC_INT);
    const char *start = j->at;
    bool negative = peek(j) == '-';
    j->at += negative;
    bool is_padded = peek(j) == '0' && j->end - j->at > 1 && is_digit(j->at[1]);
    int64_t value = 0;
    bool is_large = false;
    const char *first = j->at;
    for (; is_digit(peek(j)); j->at++) {
        value = is_large ? value : value * 10 + (*j->at - '0');
        is_large = is_large || value > LARGEST;
    }
    bool is_empty = j->at == first;
    char next = peek(j);
    bool is_real = is_large || next == '.' || next == 'e' || next == 'E';
    if (j->has_reals && is_real && !is_empty && !is_padded) {
        return real_from(j, d, start);
    }
    j->at = is_empty || is_padded || is_real ? start : j->at;
    if (is_empty) {
        return (void)fail(j, NULL, "a minus without a number"), NULL;
    }
    if (is_padded) {
        return (void)fail(j, "remove the leading zeros", "a number starts with 0"), NULL;
    }
    if (is_large) {
        return (void)fail(j, "write it as a text", "a number is beyond 9007199254740991 (2^53-1)"),
               NULL;
    }
    if (j->at == start) {
        return (void)fail(j, "write a whole number, or a text",
                          "a number with a fraction or an exponent"),
               NULL;
    }
    d->number = negative ? -value : value;
    return d;
}

static struct doc *read_word(struct json *j)
{
    static const struct {
        const char *word;
        enum doc_type type;
        bool flag;
    } words[] = {{"null", DOC_NULL, false}, {"true", DOC_BOOL, true}, {"false", DOC_BOOL, false}};
    size_t left = (size_t)(j->end - j->at);
    size_t n = 0;
    while (n < left &&
           ((j->at[n] >= 'a' && j->at[n] <= 'z') || (j->at[n] >= 'A' && j->at[n] <= 'Z'))) {
        n++;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].word) == n && memcmp(j->at, words[i].word, n) == 0) {
            struct doc *d = node(j, words[i].type);
            d->flag = words[i].flag;
            j->at += n;
            return d;
        }
    }
    char what[24];
    const char *hint = NULL;
    if (n > 0) {
        hint = "put text in double quotes; the only words are true, false and null";
    } else if (peek(j) == '\'') {
        hint = "use double quotes";
    } else if (peek(j) == '/' || peek(j) == '#') {
        hint = "JSON has no comments: remove it";
    }
    (void)fail(j, hint, "a value is expected, not %s", found(j, what));
    return NULL;
}

static struct doc *read_value(struct json *j);

/* After an element: 1 the next one follows, 0 the container is closed, -1. */
static int next_element(struct json *j, char close, const struct doc *open)
{
    skip_space(j);
    char c = peek(j);
    if (c == close) {
        j->at++;
        return 0;
    }
    if (c != ',') {
        char what[24];
        (void)fail(j, NULL, "',' or '%c' is expected, not %s", close, found(j, what));
        return err_hint(j->e, "the '%c' was opened in line %d, column %d", close == ']' ? '[' : '{',
                        open->line, open->col);
    }
    j->at++;
    skip_space(j);
    if (peek(j) == close) {
        return fail(j, "remove the comma", "a comma stands before '%c'", close);
    }
    return 1;
}

static int read_elements(struct json *j, struct doc *list)
{
    skip_space(j);
    if (peek(j) == ']') {
        j->at++;
        return 0;
    }
    int more = 1;
    while (more == 1) {
        struct doc *item = read_value(j);
        if (item == NULL) {
            return -1;
        }
        (void)doc_push(j->a, list, item);
        more = next_element(j, ']', list);
    }
    return more;
}

static int read_member(struct json *j, struct map_reader *r)
{
    char what[24];
    if (peek(j) != '"') {
        return fail(j, "write \"key\": value", "a key in double quotes is expected, not %s",
                    found(j, what));
    }
    struct doc *key = read_text(j);
    if (key == NULL || map_reader_key(j->a, r, key, j->e) != 0) {
        return -1;
    }
    skip_space(j);
    if (peek(j) != ':') {
        return fail(j, "write \"key\": value", "':' is expected after the key, not %s",
                    found(j, what));
    }
    j->at++;
    skip_space(j);
    struct doc *value = read_value(j);
    if (value == NULL) {
        return -1;
    }
    map_reader_value(r, value);
    return 0;
}

static int read_members(struct json *j, struct doc *map)
{
    struct map_reader r = {.map = map};
    skip_space(j);
    if (peek(j) == '}') {
        j->at++;
        return 0;
    }
    int more = 1;
    while (more == 1) {
        if (read_member(j, &r) != 0) {
            return -1;
        }
        more = next_element(j, '}', map);
    }
    return more;
}

static struct doc *read_container(struct json *j)
{
    if (j->depth == DEPTH_LIMIT) {
        (void)fail(j, "make it flatter", "lists and maps are nested deeper than %d", DEPTH_LIMIT);
        return NULL;
    }
    bool is_map = peek(j) == '{';
    struct doc *d = node(j, is_map ? DOC_MAP : DOC_LIST);
    j->at++;
    j->depth++;
    int rc = is_map ? read_members(j, d) : read_elements(j, d);
    j->depth--;
    return rc == 0 ? d : NULL;
}

static struct doc *read_value(struct json *j)
{
    char c = peek(j);
    if (c == '{' || c == '[') {
        return read_container(j);
    }
    if (c == '"') {
        return read_text(j);
    }
    return c == '-' || is_digit(c) ? read_number(j) : read_word(j);
}

static struct doc *read_whole(struct json *j)
{
    skip_space(j);
    if (j->at == j->end) {
        (void)fail(j, "write a JSON value into it", "the file is empty");
        return NULL;
    }
    struct doc *d = read_value(j);
    if (d == NULL) {
        return NULL;
    }
    skip_space(j);
    if (j->at < j->end) {
        char what[24];
        (void)fail(j, "a JSON file holds one value", "%s follows after the end of the value",
                   found(j, what));
        return NULL;
    }
    return d;
}

static struct doc *read_document(struct arena *a, struct bytes text, const char *path,
                                 bool has_reals, size_t limit, struct err *e)
{
    if (text.n > limit) {
        (void)err_at(e, ERR_CONFIG, path, 1, 1,
                     "the file has %zu bytes: a JSON file may have %zu MiB", text.n, limit >> 20);
        return NULL;
    }
    if (text.n == 0) {
        text = bytes_of("", 0);
    }
    if (doc_check_text(text, path, e) != 0) {
        return NULL;
    }
    struct json j = {.a = a,
                     .at = text.p,
                     .end = text.p + text.n,
                     .line_start = text.p,
                     .line = 1,
                     .path = path,
                     .e = e,
                     .has_reals = has_reals};
    struct doc *d = read_whole(&j);
    buf_release(&j.text);
    return d;
}

struct doc *json_read(struct arena *a, struct bytes text, const char *path, struct err *e)
{
    return read_document(a, text, path, false, SIZE_LIMIT, e);
}

struct doc *json_read_own(struct arena *a, struct bytes text, const char *path, struct err *e)
{
    return read_document(a, text, path, false, OWN_LIMIT, e);
}

struct doc *json_read_reals(struct arena *a, struct bytes text, const char *path, struct err *e)
{
    return read_document(a, text, path, true, SIZE_LIMIT, e);
}
