/* Entries as text: one table of members, walked by the writer and by the reader. The reader takes nothing that the writer
 * would not have written, byte for byte. */
#include <stddef.h>
#include <string.h>

#include "doc/canon.h"
#include "ledger/ledger.h"

enum type { DIGEST, DIGEST_OR_NULL, DIGEST_OR_LEFT_OUT, TEXT, KIND, RESULT, NUMBER, OUTPUTS };

struct field {
    const char *key;
    enum type type;
    size_t at;
};
#define FIELD(name, type)                                                                          \
    {                                                                                              \
#name, type, offsetof(struct entry, name)                                                  \
    }

/* Sorted by key. */
static const struct field fields[] = {
    FIELD(bundle_digest, DIGEST_OR_NULL),
    FIELD(checksum, DIGEST_OR_NULL),
    FIELD(environment, TEXT),
    FIELD(finished_at, TEXT),
    FIELD(instance, TEXT),
    FIELD(kind, KIND),
    {"outputs", OUTPUTS, 0},
    FIELD(previous, DIGEST),
    FIELD(receipt, DIGEST),
    FIELD(result, RESULT),
    FIELD(run_id, TEXT),
    FIELD(sequence, NUMBER),
    FIELD(subject, TEXT),
};
static const struct field outputs[] = {
    FIELD(diff, DIGEST_OR_LEFT_OUT),
    FIELD(invariants, DIGEST_OR_LEFT_OUT),
    FIELD(post, DIGEST_OR_LEFT_OUT),
    FIELD(pre, DIGEST_OR_LEFT_OUT),
};
enum { N_FIELDS = sizeof fields / sizeof *fields, N_OUTPUTS = sizeof outputs / sizeof *outputs };

static const char *const kinds[] = {"adopt", "apply", "contact", NULL};
static const char *const results[] = {"failed", "interrupted", "success", NULL};

static const int64_t LARGEST = 9007199254740991; /* 2^53 - 1, as in canonical JSON */

/* --- writing --- */

static void put_digest(struct arena *a, struct doc *map, const struct field *f,
                       const struct digest *d)
{
    char text[DIGEST_TEXT];
    if (!digest_is_zero(d) || f->type == DIGEST) {
        doc_put(a, map, f->key, doc_text(a, digest_text(d, text)));
    } else if (f->type == DIGEST_OR_NULL) {
        doc_put(a, map, f->key, doc_new(a, DOC_NULL));
    }
}

static struct doc *fields_doc(struct arena *a, const struct entry *en, const struct field *f,
                              size_t n)
{
    struct doc *map = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < n; i++) {
        const void *member = (const char *)en + f[i].at;
        switch (f[i].type) {
        case DIGEST:
        case DIGEST_OR_NULL:
        case DIGEST_OR_LEFT_OUT:
            put_digest(a, map, &f[i], member);
            break;
        case TEXT:
        case KIND:
        case RESULT:
            doc_put(a, map, f[i].key, doc_text(a, *(const char *const *)member));
            break;
        case NUMBER:
            doc_put(a, map, f[i].key, doc_int(a, *(const int64_t *)member));
            break;
        case OUTPUTS:
            doc_put(a, map, f[i].key, fields_doc(a, en, outputs, N_OUTPUTS));
            break;
        }
    }
    return map;
}

void entry_write(struct buf *out, const struct entry *en)
{
    struct arena a = {0};
    canon_write(out, fields_doc(&a, en, fields, N_FIELDS));
    arena_release(&a);
}

/* --- reading --- */

struct scan {
    struct arena *a;
    const char *p;
    const char *end;
};

static int skip(struct scan *s, const char *literal, size_t n)
{
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, literal, n) != 0) {
        return -1;
    }
    s->p += n;
    return 0;
}

static int skip_char(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c) {
        return -1;
    }
    s->p++;
    return 0;
}

/* Values of hexadecimal digits plus one; 0: none. Fourteen thousand entries have seven million digits. */
static const uint8_t hex_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static unsigned hex_value(char c)
{
    return hex_values[(unsigned char)c];
}

static int scan_digest(struct scan *s, struct digest *out)
{
    enum { PREFIX = 8, DIGITS = 2 * sizeof out->b };
    if (s->end - s->p < PREFIX + DIGITS + 1 || skip(s, "\"sha256:", PREFIX) != 0) {
        return -1;
    }
    unsigned worst = 1;
    for (size_t i = 0; i < sizeof out->b; i++) {
        unsigned high = hex_value(s->p[2 * i]);
        unsigned low = hex_value(s->p[2 * i + 1]);
        worst = high == 0 || low == 0 ? 0 : worst;
        out->b[i] = (uint8_t)((high - 1) << 4 | ((low - 1) & 15));
    }
    s->p += worst == 0 ? 0 : DIGITS;
    return worst == 0 ? -1 : skip_char(s, '"');
}

static int scan_optional(struct scan *s, struct digest *out)
{
    if (skip(s, "null", 4) == 0) {
        return 0;
    }
    return scan_digest(s, out) == 0 && !digest_is_zero(out) ? 0 : -1;
}

/* The character that an escape stands for, if canonical JSON writes it so; else 0. s->p is behind the backslash. */
static char scan_escape(struct scan *s)
{
    static const char letters[] = "btnfr\"\\";
    static const char characters[] = "\b\t\n\f\r\"\\";
    const char *at = s->p == s->end || *s->p == '\0' ? NULL : strchr(letters, *s->p);
    if (at != NULL) {
        s->p++;
        return characters[at - letters];
    }
    if (skip(s, "u00", 3) != 0 || s->end - s->p < 2) {
        return '\0';
    }
    unsigned high = hex_value(s->p[0]);
    unsigned low = hex_value(s->p[1]);
    char c = (char)((high - 1) << 4 | ((low - 1) & 15));
    if (high == 0 || high > 2 || low == 0 || (c != '\0' && strchr(characters, c) != NULL)) {
        return '\0';
    }
    s->p += 2;
    return c;
}

/* Past the plain characters of a text: up to a quote, a backslash, or what may not stand there. */
static void skip_plain(struct scan *s)
{
    while (s->p < s->end) {
        unsigned char c = (unsigned char)*s->p;
        uint32_t code = 0;
        size_t n = c < 0x80 ? 1 : text_char(s->p, (size_t)(s->end - s->p), &code);
        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F || n == 0) {
            return;
        }
        s->p += n;
    }
}

/* The rest of a text that began at start and has come to its first backslash. */
static int scan_escaped(struct scan *s, const char *start, const char **out)
{
    struct buf b = {0};
    char c = ' ';
    while (s->p < s->end && *s->p == '\\' && c != '\0') {
        buf_add(&b, start, (size_t)(s->p - start));
        s->p++;
        c = scan_escape(s);
        buf_putc(&b, c);
        start = s->p;
        skip_plain(s);
    }
    buf_add(&b, start, (size_t)(s->p - start));
    *out = arena_strndup(s->a, b.p, b.n);
    buf_release(&b);
    return c == '\0' ? -1 : skip_char(s, '"');
}

static int scan_text(struct scan *s, const char **out)
{
    if (skip_char(s, '"') != 0) {
        return -1;
    }
    const char *start = s->p;
    skip_plain(s);
    if (s->p < s->end && *s->p == '\\') {
        return scan_escaped(s, start, out);
    }
    if (s->p == s->end || *s->p != '"') {
        return -1;
    }
    *out = arena_strndup(s->a, start, (size_t)(s->p - start));
    s->p++;
    return 0;
}

static int scan_word(struct scan *s, const char *const *words, const char **out)
{
    if (skip_char(s, '"') != 0) {
        return -1;
    }
    for (; *words != NULL; words++) {
        size_t n = strlen(*words);
        if ((size_t)(s->end - s->p) > n && s->p[n] == '"' && memcmp(s->p, *words, n) == 0) {
            *out = *words;
            s->p += n + 1;
            return 0;
        }
    }
    return -1;
}

static int scan_number(struct scan *s, int64_t *out)
{
    const char *start = s->p;
    int64_t value = 0;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9' && value <= LARGEST) {
        value = value * 10 + (*s->p - '0');
        s->p++;
    }
    *out = value;
    return s->p == start || *start == '0' || value > LARGEST ? -1 : 0;
}

/* `"key":`, after a comma unless it is the first. */
static int scan_key(struct scan *s, const char *key, bool is_first)
{
    const char *start = s->p;
    if ((is_first || skip_char(s, ',') == 0) && skip_char(s, '"') == 0 &&
        skip(s, key, strlen(key)) == 0 && skip(s, "\":", 2) == 0) {
        return 0;
    }
    s->p = start;
    return -1;
}

static int scan_outputs(struct scan *s, struct entry *en)
{
    if (skip_char(s, '{') != 0) {
        return -1;
    }
    bool is_first = true;
    for (size_t i = 0; i < N_OUTPUTS; i++) {
        struct digest *d = (void *)((char *)en + outputs[i].at);
        if (scan_key(s, outputs[i].key, is_first) == 0) {
            if (scan_digest(s, d) != 0 || digest_is_zero(d)) {
                return -1;
            }
            is_first = false;
        }
    }
    return skip_char(s, '}');
}

static int scan_value(struct scan *s, const struct field *f, struct entry *en)
{
    void *member = (char *)en + f->at;
    switch (f->type) {
    case DIGEST:
        return scan_digest(s, member);
    case DIGEST_OR_NULL:
        return scan_optional(s, member);
    case TEXT:
        return scan_text(s, member);
    case KIND:
        return scan_word(s, kinds, member);
    case RESULT:
        return scan_word(s, results, member);
    case NUMBER:
        return scan_number(s, member);
    case OUTPUTS:
        return scan_outputs(s, en);
    case DIGEST_OR_LEFT_OUT:
        break;
    }
    return -1;
}

int entry_read(struct arena *a, struct bytes text, struct entry *out, struct err *e)
{
    struct scan s = {.a = a, .p = text.p, .end = text.p + text.n};
    *out = (struct entry){.text = text};
    int rc = skip_char(&s, '{');
    for (size_t i = 0; i < N_FIELDS && rc == 0; i++) {
        rc = scan_key(&s, fields[i].key, i == 0) == 0 ? scan_value(&s, &fields[i], out) : -1;
    }
    if (rc == 0 && skip_char(&s, '}') == 0 && s.p == s.end) {
        return 0;
    }
    (void)err_set(e, ERR_INTEGRITY,
                  "an entry of the ledger is not as kfmig writes it, from byte %zu on",
                  (size_t)(s.p - text.p));
    return err_hint(e, "the ledger was altered, or a newer kfmig wrote it");
}
