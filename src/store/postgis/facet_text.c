/* Marks in the rows of class queries, and what becomes of them. */
#include "store/postgis/facet_text.h"

#include <string.h>

#include "base/digest.h"
#include "sql/same.h"
#include "store/postgis/facet_list.h"

enum { MARK = 1, END = 2 };

/* A value on its way. */
struct rendering {
    struct arena *a;
    struct buf out;
    int format;
    bool as_normal; /* normal forms in place of SQL */
    bool as_it_is;  /* texts between marks in place of digests */
    bool is_absent; /* the format has no such facet */
    bool has_sql;
    bool has_form;  /* and one of them may be written in other words */
    bool has_none;  /* or one of them is not known to the parser */
    bool was_empty; /* a list had nothing to say */
};

void facet_mark(struct buf *out, char mark, const char *payload)
{
    buf_putc(out, MARK);
    buf_putc(out, mark);
    for (const char *p = payload; *p != '\0'; p++) {
        buf_puts(out, *p == END ? "\x02\x02" : "");
        if (*p != END) {
            buf_putc(out, *p);
        }
    }
    buf_putc(out, END);
}

void facet_unquote(struct buf *out, const char *quoted)
{
    if (quoted[0] != '"') {
        buf_puts(out, quoted);
        return;
    }
    for (const char *p = quoted + 1; *p != '\0' && p[1] != '\0'; p++) {
        buf_putc(out, *p);
        p += *p == '"' ? 1 : 0;
    }
}

static void add_element(struct buf *out, const char *text)
{
    buf_putc(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, *text);
    }
    buf_putc(out, '"');
}

void facet_mark_list(struct buf *out, char mark, const char *before, const char *list,
                     const char *by_default)
{
    const char *const parts[] = {before, list, by_default};
    struct buf array = {0};
    for (size_t i = 0; i < 3 && parts[i] != NULL; i++) {
        buf_putc(&array, i == 0 ? '{' : ',');
        add_element(&array, parts[i]);
    }
    buf_putc(&array, '}');
    facet_mark(out, mark, buf_str(&array));
    buf_release(&array);
}

const char *facet_line(struct arena *a, const char *s)
{
    if (strpbrk(s, "\t\n\\") == NULL) {
        return arena_strdup(a, s);
    }
    struct buf b = {0};
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '\t':
            buf_puts(&b, "\\t");
            break;
        case '\n':
            buf_puts(&b, "\\n");
            break;
        case '\\':
            buf_puts(&b, "\\\\");
            break;
        default:
            buf_putc(&b, *s);
        }
    }
    const char *line = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return line;
}

static void add_digest(struct rendering *r, const struct digest *d)
{
    char text[DIGEST_TEXT];
    buf_puts(&r->out, digest_text(d, text));
}

static void add_sql(struct rendering *r, enum same_piece piece, const char *text)
{
    struct digest d = digest_of(bytes_str(text));
    r->has_sql = true;
    if (r->as_normal && !same_is_plain(text)) {
        bool known = same_form(piece, text, &d);
        r->has_form |= known;
        r->has_none |= !known;
    }
    add_digest(r, &d);
}

/* What stands before a list stands there only if the list has something to say. */
static void add_list(struct rendering *r, char mark, const char *payload)
{
    struct elements parts = array_elements(r->a, payload);
    const char *list = parts.n > 1 ? parts.v[1] : NULL;
    struct elements items = array_elements(r->a, list);
    struct buf text = {0};
    if (r->format == 1) {
        list_as_was(&text, &items);
        if (mark == 'O') {
            struct digest d = digest_of(buf_bytes(&text));
            char digest[DIGEST_TEXT];
            buf_clear(&text);
            buf_puts(&text, digest_text(&d, digest));
        }
    } else if (mark == 'A') {
        list_privileges(r->a, &text, list, parts.n > 2 ? parts.v[2] : NULL);
    } else {
        list_options(&text, &items,
                     mark == 'o' || (r->as_it_is && mark == 'C') ? LIST_CLEAR
                     : mark == 'O'                               ? LIST_SECRET
                                                                 : LIST_DIGEST);
    }
    r->was_empty |= text.n == 0;
    if (text.n > 0) {
        buf_puts(&r->out, parts.v[0] != NULL ? parts.v[0] : "");
        buf_add(&r->out, text.p, text.n);
    }
    buf_release(&text);
}

static const char sql_marks[] = "ecibksa";
static const enum same_piece sql_pieces[] = {SAME_EXPRESSION, SAME_CONSTRAINT,   SAME_INDEX,
                                             SAME_BOUND,      SAME_PARTITIONING, SAME_STATEMENT,
                                             SAME_ARGUMENTS};

static void add_mark(struct rendering *r, char mark, const char *payload)
{
    const char *sql = strchr(sql_marks, mark);
    if (r->as_it_is && (mark == 'd' || sql != NULL) && strchr(payload, END) == NULL) {
        buf_printf(&r->out, "%c%s%c", MARK, payload, END);
    } else if (mark == 'd') {
        struct digest d = digest_of(bytes_str(payload));
        add_digest(r, &d);
    } else if (sql != NULL) {
        add_sql(r, sql_pieces[sql - sql_marks], payload);
    } else {
        add_list(r, mark, payload);
    }
}

/* The payload that begins at p, without its doubled ends; *end: behind the mark. NULL: it does not end, so it
 * is none. */
static const char *payload_at(struct arena *a, const char *p, const char **end)
{
    const char *stop = strchr(p, END);
    if (stop == NULL || stop[1] != END) { /* as most do */
        *end = stop != NULL ? stop + 1 : p;
        return stop != NULL ? arena_strndup(a, p, (size_t)(stop - p)) : NULL;
    }
    struct buf b = {0};
    while (*p != '\0' && (*p != END || p[1] == END)) {
        p += *p == END ? 1 : 0;
        buf_putc(&b, *p++);
    }
    const char *payload = *p == END ? arena_strndup(a, b.p, b.n) : NULL;
    buf_release(&b);
    *end = p + 1;
    return payload;
}

static void render(struct rendering *r, const char *sent)
{
    const char *p = sent;
    if (*p == MARK && (p[1] == '1' || p[1] == '2')) {
        r->is_absent = p[1] - '0' != r->format;
        p += 2;
    }
    for (const char *mark = strchr(p, MARK); mark != NULL && !r->is_absent;
         mark = strchr(p, MARK)) {
        const char *end = NULL;
        bool known = mark[1] != '\0' && strchr("decibksaAoOC", mark[1]) != NULL;
        const char *payload = known ? payload_at(r->a, mark + 2, &end) : NULL;
        buf_add(&r->out, p, (size_t)(mark - p));
        if (payload != NULL) {
            add_mark(r, mark[1], payload);
        } else {
            buf_putc(&r->out, *mark); /* of somebody's name */
            end = mark + 1;
        }
        p = end;
    }
    buf_puts(&r->out, p);
    r->is_absent |= r->was_empty && r->out.n == 0;
}

const char *facet_value(struct arena *a, int format, const char *sent, bool *has_sql)
{
    if (strchr(sent, MARK) == NULL) {
        return facet_line(a, sent);
    }
    struct arena_mark m = arena_mark(a);
    struct rendering r = {.a = a, .format = format};
    render(&r, sent);
    arena_reset(a, m); /* payloads are not needed any more */
    const char *value = r.is_absent ? NULL : facet_line(a, buf_str(&r.out));
    if (has_sql != NULL) {
        *has_sql = r.has_sql;
    }
    buf_release(&r.out);
    return value;
}

const char *facet_normal(struct arena *a, const char *sent)
{
    struct arena_mark m = arena_mark(a);
    struct rendering r = {.a = a, .format = 2, .as_normal = true};
    render(&r, sent);
    arena_reset(a, m);
    bool has_form = r.has_form && !r.has_none && !r.is_absent;
    const char *value = has_form ? facet_line(a, buf_str(&r.out)) : NULL;
    buf_release(&r.out);
    return value;
}

const char *facet_clear(struct arena *a, const char *sent)
{
    if (strchr(sent, MARK) == NULL) {
        return arena_strdup(a, sent);
    }
    struct rendering r = {.a = a, .format = 2, .as_it_is = true};
    render(&r, sent);
    const char *value = r.is_absent ? NULL : arena_strdup(a, buf_str(&r.out));
    buf_release(&r.out);
    return value;
}
