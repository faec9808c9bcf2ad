/* Canonical JSON: one writer for both forms; they differ in white space only. */
#include "doc/canon.h"

#include <stdlib.h>
#include <string.h>

static const int64_t LARGEST = 9007199254740991; /* 2^53 - 1 */

struct writer {
    struct buf *out;
    bool pretty;
    int depth;
};

/* What canon_write() cannot say in the same bytes as jq; NULL if it can say s. */
static const char *text_fault(struct bytes s, bool is_key)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t code = 0;
        size_t len = text_char(s.p + i, s.n - i, &code);
        if (len == 0) {
            return "text that is not UTF-8";
        }
        if (code == 0x7F) {
            return "the character U+007F";
        }
        if (is_key && code > 0x7F) {
            return "a key that is not ASCII";
        }
        i += len;
    }
    return NULL;
}

static const char *scalar_fault(const struct doc *d, bool is_key)
{
    if (d->type == DOC_INT && (d->number > LARGEST || d->number < -LARGEST)) {
        return "a number beyond 2^53-1";
    }
    return d->type == DOC_TEXT ? text_fault(d->text, is_key) : NULL;
}

static int refuse(struct err *e, const struct doc *d, const char *fault)
{
    return err_at(e, ERR_CONFIG, d->path, d->line, d->col, "%s cannot stand in canonical JSON",
                  fault);
}

int canon_check(const struct doc *d, struct err *e)
{
    const char *fault = scalar_fault(d, false);
    if (fault != NULL) {
        return refuse(e, d, fault);
    }
    for (size_t i = 0; i < doc_len(d); i++) {
        fault = d->type == DOC_MAP ? scalar_fault(d->key[i], true) : NULL;
        if (fault != NULL) {
            return refuse(e, d->key[i], fault);
        }
        if (canon_check(d->item[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static void write_escape(struct buf *out, unsigned char c)
{
    static const char shorts[] = "\b\t\n\f\r\"\\";
    static const char letters[] = "btnfr\"\\";
    const char *at = c == 0 ? NULL : strchr(shorts, c);
    if (at != NULL) {
        buf_putc(out, '\\');
        buf_putc(out, letters[at - shorts]);
    } else {
        buf_printf(out, "\\u%04x", (unsigned)c);
    }
}

/* Bytes that no JSON text can hold, or not in the same bytes everywhere; returns how many. */
static size_t write_other(struct buf *out, struct bytes s)
{
    uint32_t code = 0;
    size_t len = text_char(s.p, s.n, &code);
    if (len == 0 || code == 0x7F) {
        text_encode(out, bytes_of(s.p, 1));
        return 1;
    }
    buf_add(out, s.p, len);
    return len;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void write_text(struct buf *out, struct bytes s)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t from = i;
        while (i < s.n && is_plain((unsigned char)s.p[i])) {
            i++;
        }
        buf_add(out, s.p + from, i - from);
        if (i == s.n) {
            break;
        }
        if ((unsigned char)s.p[i] < 0x7F) {
            write_escape(out, (unsigned char)s.p[i++]);
        } else {
            i += write_other(out, bytes_of(s.p + i, s.n - i));
        }
    }
    buf_putc(out, '"');
}

static void write_number(struct buf *out, int64_t v)
{
    const char *quote = v > LARGEST || v < -LARGEST ? "\"" : "";
    buf_printf(out, "%s%lld%s", quote, (long long)v, quote);
}

static void new_line(const struct writer *w)
{
    if (w->pretty) {
        buf_putc(w->out, '\n');
        for (int i = 0; i < w->depth; i++) {
            buf_puts(w->out, "  ");
        }
    }
}

struct member {
    const struct doc *key;
    const struct doc *value;
};

static int compare_members(const void *a, const void *b)
{
    return bytes_cmp(((const struct member *)a)->key->text, ((const struct member *)b)->key->text);
}

static struct member *sorted_members(const struct doc *map)
{
    struct member *v = mem_alloc(map->n * sizeof *v);
    for (size_t i = 0; i < map->n; i++) {
        v[i] = (struct member){map->key[i], map->item[i]};
    }
    qsort(v, map->n, sizeof *v, compare_members);
    return v;
}

static void write_value(struct writer *w, const struct doc *d);

static void write_map(struct writer *w, const struct doc *d)
{
    struct member *v = sorted_members(d);
    buf_putc(w->out, '{');
    w->depth++;
    for (size_t i = 0; i < d->n; i++) {
        buf_puts(w->out, i == 0 ? "" : ",");
        new_line(w);
        write_text(w->out, v[i].key->text);
        buf_puts(w->out, w->pretty ? ": " : ":");
        write_value(w, v[i].value);
    }
    w->depth--;
    if (d->n > 0) {
        new_line(w);
    }
    buf_putc(w->out, '}');
    free(v);
}

static void write_list(struct writer *w, const struct doc *d)
{
    buf_putc(w->out, '[');
    w->depth++;
    for (size_t i = 0; i < d->n; i++) {
        buf_puts(w->out, i == 0 ? "" : ",");
        new_line(w);
        write_value(w, d->item[i]);
    }
    w->depth--;
    if (d->n > 0) {
        new_line(w);
    }
    buf_putc(w->out, ']');
}

static void write_value(struct writer *w, const struct doc *d)
{
    switch (d->type) {
    case DOC_NULL:
        buf_puts(w->out, "null");
        break;
    case DOC_BOOL:
        buf_puts(w->out, d->flag ? "true" : "false");
        break;
    case DOC_INT:
        write_number(w->out, d->number);
        break;
    case DOC_TEXT:
        write_text(w->out, d->text);
        break;
    case DOC_LIST:
        write_list(w, d);
        break;
    case DOC_MAP:
        write_map(w, d);
        break;
    }
}

void canon_write(struct buf *out, const struct doc *d)
{
    struct writer w = {.out = out};
    write_value(&w, d);
}

void canon_pretty(struct buf *out, const struct doc *d)
{
    struct writer w = {.out = out, .pretty = true};
    write_value(&w, d);
    buf_putc(out, '\n');
}

struct digest canon_digest(const struct doc *d)
{
    struct buf text = {0};
    canon_write(&text, d);
    if (text.overflow) {
        BUG("a document too large for canonical JSON");
    }
    struct digest digest = digest_of(buf_bytes(&text));
    buf_release(&text);
    return digest;
}
