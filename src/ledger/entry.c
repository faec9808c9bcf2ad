/* Entries as text: one table of members, walked by the writer and by the reader. The reader takes nothing
 * that the writer would not have written, byte for byte. */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "doc/canon.h"
#include "ledger/ledger.h"

enum type { DIGEST, DIGEST_OR_NULL, DIGEST_OR_LEFT_OUT, TEXT, KIND, RESULT, NUMBER, OUTPUTS };

/* between: the key as it stands behind another member. */
struct field {
    const char *key;
    const char *between;
    size_t n_between;
    enum type type;
    size_t at;
};
#define KEY(name) #name, ",\"" #name "\":", sizeof #name + 3
#define MEMBER(name) offsetof(struct entry, name)

/* Sorted by key. */
static const struct field fields[] = {
    {KEY(bundle_digest), DIGEST_OR_NULL, MEMBER(bundle_digest)},
    {KEY(checksum), DIGEST_OR_NULL, MEMBER(checksum)},
    {KEY(environment), TEXT, MEMBER(environment)},
    {KEY(finished_at), TEXT, MEMBER(finished_at)},
    {KEY(instance), TEXT, MEMBER(instance)},
    {KEY(kind), KIND, MEMBER(kind)},
    {KEY(outputs), OUTPUTS, 0},
    {KEY(previous), DIGEST, MEMBER(previous)},
    {KEY(receipt), DIGEST, MEMBER(receipt)},
    {KEY(result), RESULT, MEMBER(result)},
    {KEY(run_id), TEXT, MEMBER(run_id)},
    {KEY(sequence), NUMBER, MEMBER(sequence)},
    {KEY(subject), TEXT, MEMBER(subject)},
};
static const struct field outputs[] = {
    {KEY(diff), DIGEST_OR_LEFT_OUT, MEMBER(diff)},
    {KEY(invariants), DIGEST_OR_LEFT_OUT, MEMBER(invariants)},
    {KEY(post), DIGEST_OR_LEFT_OUT, MEMBER(post)},
    {KEY(pre), DIGEST_OR_LEFT_OUT, MEMBER(pre)},
};
enum { N_FIELDS = sizeof fields / sizeof *fields, N_OUTPUTS = sizeof outputs / sizeof *outputs };

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
        case KIND:
            doc_put(a, map, f[i].key, doc_text(a, entry_kind_text(en->kind)));
            break;
        case TEXT:
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

struct entry_scan {
    struct arena *a;
    const char *p;
    const char *end;
    struct bytes unknown; /* a kind that this kfmig does not know */
};

static int skip(struct entry_scan *s, const char *literal, size_t n)
{
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, literal, n) != 0) {
        return -1;
    }
    s->p += n;
    return 0;
}

static int skip_char(struct entry_scan *s, char c)
{
    if (s->p == s->end || *s->p != c) {
        return -1;
    }
    s->p++;
    return 0;
}

/* Eight lower-case hexadecimal digits at once; fourteen thousand entries have seven million. Returns 0 or
 * -1. */
static int read_hex8(const char *p, uint8_t *out)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t c;
    memcpy(&c, p, sizeof c);
    c = le64toh(c);
    uint64_t v = (c & 0x0F * ones) + 9 * (c >> 6 & ones);
    uint64_t letters = (v + 6 * ones) >> 4 & ones;
    if ((v & 0xF0 * ones) != 0 || v + '0' * ones + ('a' - '0' - 10) * letters != c) {
        return -1;
    }
    v = (v << 4 | v >> 8) & 0x00FF00FF00FF00FF;
    v = (v | v >> 8) & 0x0000FFFF0000FFFF;
    uint32_t packed = htole32((uint32_t)(v | v >> 16));
    memcpy(out, &packed, sizeof packed);
    return 0;
}

static int scan_digest(struct entry_scan *s, struct digest *out)
{
    enum { PREFIX = 8, DIGITS = 2 * sizeof out->b };
    if (s->end - s->p < PREFIX + DIGITS || skip(s, "\"sha256:", PREFIX) != 0) {
        return -1;
    }
    for (size_t i = 0; i < DIGITS; i += 8) {
        if (read_hex8(s->p + i, out->b + i / 2) != 0) {
            return -1;
        }
    }
    s->p += DIGITS;
    return skip_char(s, '"');
}

static int scan_optional(struct entry_scan *s, struct digest *out)
{
    if (skip(s, "null", 4) == 0) {
        return 0;
    }
    return scan_digest(s, out) == 0 && !digest_is_zero(out) ? 0 : -1;
}

/* The character that an escape stands for, if canonical JSON writes it so; else 0. s->p is behind the
 * backslash. */
static char scan_escape(struct entry_scan *s)
{
    static const char letters[] = "btnfr\"\\";
    static const char characters[] = "\b\t\n\f\r\"\\";
    static const char digits[] = "0123456789abcdef";
    const char *at = s->p == s->end || *s->p == '\0' ? NULL : strchr(letters, *s->p);
    if (at != NULL) {
        s->p++;
        return characters[at - letters];
    }
    if (skip(s, "u00", 3) != 0 || s->end - s->p < 2) {
        return '\0';
    }
    const char *high = memchr(digits, s->p[0], 2);
    const char *low = memchr(digits, s->p[1], 16);
    if (high == NULL || low == NULL) {
        return '\0';
    }
    s->p += 2;
    char c = (char)((high - digits) << 4 | (low - digits));
    return c != '\0' && strchr(characters, c) != NULL ? '\0' : c;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* Past the plain characters of a text: up to a quote, a backslash, or what may not stand there. */
static void skip_plain(struct entry_scan *s)
{
    const char *p = s->p;
    size_t n = 1;
    while (n > 0) {
        uint32_t code = 0;
        while (p < s->end && is_plain((unsigned char)*p)) {
            p++;
        }
        bool is_ascii = p == s->end || (unsigned char)*p < 0x80;
        n = is_ascii ? 0 : text_char(p, (size_t)(s->end - p), &code);
        p += n;
    }
    s->p = p;
}

/* The rest of a text that began at start and has come to its first backslash. */
static int scan_escaped(struct entry_scan *s, const char *start, const char **out)
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

static int scan_text(struct entry_scan *s, const char **out)
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

static int scan_word(struct entry_scan *s, const char *const *words, const char **out)
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

static int scan_kind(struct entry_scan *s, enum entry_kind *out)
{
    if (skip_char(s, '"') != 0) {
        return -1;
    }
    const char *start = s->p;
    while (s->p < s->end && ((*s->p >= 'a' && *s->p <= 'z') || *s->p == '_')) {
        s->p++;
    }
    struct bytes word = bytes_of(start, (size_t)(s->p - start));
    *out = entry_kind_read(word);
    if (*out == ENTRY_KINDS) {
        s->unknown = word;
        return -1;
    }
    return skip_char(s, '"');
}

static int scan_number(struct entry_scan *s, int64_t *out)
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

/* The first member of an object has no comma before its key. */
static int scan_key(struct entry_scan *s, const struct field *f, bool is_first)
{
    size_t comma = is_first ? 1 : 0;
    return skip(s, f->between + comma, f->n_between - comma);
}

static int scan_outputs(struct entry_scan *s, struct entry *en)
{
    if (skip_char(s, '{') != 0) {
        return -1;
    }
    bool is_first = true;
    for (size_t i = 0; i < N_OUTPUTS; i++) {
        struct digest *d = (void *)((char *)en + outputs[i].at);
        if (scan_key(s, &outputs[i], is_first) == 0) {
            if (scan_digest(s, d) != 0 || digest_is_zero(d)) {
                return -1;
            }
            is_first = false;
        }
    }
    return skip_char(s, '}');
}

static int scan_value(struct entry_scan *s, const struct field *f, struct entry *en)
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
        return scan_kind(s, &en->kind);
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
    struct entry_scan s = {.a = a, .p = text.p, .end = text.p + text.n};
    *out = (struct entry){.text = text, .leaf = merkle_leaf(text)};
    int rc = skip_char(&s, '{');
    for (size_t i = 0; i < N_FIELDS && rc == 0; i++) {
        rc = scan_key(&s, &fields[i], i == 0) == 0 ? scan_value(&s, &fields[i], out) : -1;
    }
    if (rc == 0 && skip_char(&s, '}') == 0 && s.p == s.end) {
        return 0;
    }
    if (s.unknown.n > 0) {
        (void)err_set(e, ERR_INTEGRITY,
                      "the ledger holds an entry of kind \"%.*s\", which this kfmig does not know",
                      (int)s.unknown.n, s.unknown.p);
        return err_hint(e, "a newer kfmig wrote it: use that one; or the ledger was altered");
    }
    (void)err_set(e, ERR_INTEGRITY,
                  "an entry of the ledger is not as kfmig writes it, from byte %zu on",
                  (size_t)(s.p - text.p));
    return err_hint(e, "the ledger was altered, or a newer kfmig wrote it");
}
