/* Headers of flat migrations, as documents. */
#include "load/header.h"

#include <string.h>

#include "doc/yaml.h"
#include "load/checker.h"

static const char opening[] = "[KFM_MIGRATION]";
static const char closing[] = "[/KFM_MIGRATION]";

/* One line of a text, without its end. */
struct header_line {
    const char *p;
    size_t n;
    int number;
};

/* The next line; false: there is none. The first call has p NULL. */
static bool next_line(struct bytes text, struct header_line *l)
{
    const char *from = l->p == NULL ? text.p : l->p + l->n;
    const char *end = text.p + text.n;
    from += l->p != NULL && from < end && *from == '\r' ? 1 : 0;
    from += l->p != NULL && from < end ? 1 : 0;
    if (from >= end) {
        return false;
    }
    const char *stop = memchr(from, '\n', (size_t)(end - from));
    size_t n = stop != NULL ? (size_t)(stop - from) : (size_t)(end - from);
    n -= n > 0 && from[n - 1] == '\r';
    *l = (struct header_line){from, n, l->number + 1};
    return true;
}

static size_t blanks(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && (p[i] == ' ' || p[i] == '\t')) {
        i++;
    }
    return i;
}

/* Where what a comment says begins in the line; n of it where the line is none. */
static size_t comment_at(const struct header_line *l)
{
    size_t at = blanks(l->p, l->n);
    if (l->n - at < 2 || memcmp(l->p + at, "--", 2) != 0) {
        return l->n;
    }
    at += 2;
    return at + blanks(l->p + at, l->n - at);
}

static bool is_blank(const struct header_line *l)
{
    return blanks(l->p, l->n) == l->n;
}

static bool is_comment(const struct header_line *l)
{
    size_t at = blanks(l->p, l->n);
    return l->n - at >= 2 && memcmp(l->p + at, "--", 2) == 0;
}

static bool says(const struct header_line *l, const char *mark)
{
    size_t at = comment_at(l);
    size_t n = strlen(mark);
    return l->n - at >= n && memcmp(l->p + at, mark, n) == 0 &&
           blanks(l->p + at + n, l->n - at - n) == l->n - at - n;
}

/* --- reference 001 ------------------------------------------------------------------------------- */

/* The line that opens the header, in the comments that the file begins with. */
static bool find_opening(struct bytes text, struct header_line *l)
{
    *l = (struct header_line){0};
    while (next_line(text, l) && (is_blank(l) || is_comment(l))) {
        if (says(l, opening)) {
            return true;
        }
    }
    return false;
}

/* A line of the header, with blanks where its comment begins. */
static void unveil(char *out, const struct header_line *l)
{
    size_t at = blanks(l->p, l->n);
    memcpy(out, l->p, l->n);
    memset(out + at, ' ', 2);
}

/* Its YAML, in the places that it has in text, everything else blank; empty: there is none. -1: it
 * has no end. */
static int header_yaml(struct arena *a, struct bytes text, const char *path, struct bytes *out,
                       struct err *e)
{
    struct header_line l;
    *out = bytes_of("", 0);
    if (!find_opening(text, &l)) {
        return 0;
    }
    struct header_line end = l;
    while (next_line(text, &end) && is_comment(&end) && !says(&end, closing)) {
    }
    if (!says(&end, closing)) {
        err_at(e, ERR_CONFIG, path, l.number, 1, "the header has no end");
        return err_hint(e, "end it with a line: -- %s", closing);
    }
    size_t n = (size_t)(end.p - text.p);
    char *yaml = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) {
        yaml[i] = text.p[i] == '\n' ? '\n' : ' ';
    }
    while (next_line(text, &l) && l.p < end.p) {
        unveil(yaml + (l.p - text.p), &l);
    }
    *out = bytes_of(yaml, n);
    return 0;
}

/* --- reference 003 ------------------------------------------------------------------------------- */

static const struct {
    const char *word, *key;
} line_words[] = {
    {"Purpose:", "intent"}, {"Risk:", "risk"}, {"Rollback:", "rollback"}, {"Notes:", "notes"}};
enum { LINE_WORDS = sizeof line_words / sizeof line_words[0] };

static int word_at(const char *p, size_t n)
{
    for (int i = 0; i < LINE_WORDS; i++) {
        size_t n_word = strlen(line_words[i].word);
        if (n >= n_word && memcmp(p, line_words[i].word, n_word) == 0) {
            return i;
        }
    }
    return -1;
}

/* How far a value goes: to the next word behind two blanks, or to the end. */
static size_t value_end(const char *p, size_t n)
{
    for (size_t i = 1; i + 1 < n; i++) {
        if (p[i - 1] == ' ' && p[i] == ' ' && word_at(p + i + 1, n - i - 1) >= 0) {
            return i - 1;
        }
    }
    return n;
}

static struct doc *text_at(struct arena *a, struct bytes text, const char *path,
                           const struct header_line *l, size_t at)
{
    struct doc *d = doc_textn(a, text);
    d->path = path;
    d->line = l->number;
    d->col = (int)at + 1;
    return d;
}

static void put_word(struct arena *a, struct doc *map, int word, const char *path,
                     const struct header_line *l, size_t at, size_t n)
{
    while (n > 0 && (l->p[at + n - 1] == ' ' || l->p[at + n - 1] == '\t')) {
        n--;
    }
    const char *key = line_words[word].key;
    if (n > 0 && doc_get(map, key) == NULL) {
        (void)doc_put(a, map, key, text_at(a, bytes_of(l->p + at, n), path, l, at));
    }
}

static void read_words(struct arena *a, struct doc *map, const char *path,
                       const struct header_line *l)
{
    size_t at = comment_at(l);
    int word = word_at(l->p + at, l->n - at);
    while (word >= 0) {
        at += strlen(line_words[word].word);
        at += blanks(l->p + at, l->n - at);
        size_t n = value_end(l->p + at, l->n - at);
        put_word(a, map, word, path, l, at, n);
        at += n;
        at += blanks(l->p + at, l->n - at);
        word = word_at(l->p + at, l->n - at);
    }
}

/* "-- 0010__schemas.sql" says what the file is called. */
static void read_name(struct arena *a, struct doc *map, const char *path,
                      const struct header_line *l)
{
    struct layout_name name;
    size_t at = comment_at(l);
    struct bytes text = bytes_of(l->p + at, l->n - at);
    const char *said = arena_strndup(a, text.p, text.n);
    if (layout_name_parse(a, said, &name) && !name.is_down && doc_get(map, "id") == NULL) {
        (void)doc_put(a, map, "id", text_at(a, bytes_str(name.id), path, l, at));
    }
}

static struct doc *read_lines(struct arena *a, struct bytes text, const char *path)
{
    struct header_line l = {0};
    struct doc *map = doc_new(a, DOC_MAP);
    while (next_line(text, &l) && (is_blank(&l) || is_comment(&l))) {
        read_words(a, map, path, &l);
        read_name(a, map, path, &l);
    }
    return map;
}

/* --- either -------------------------------------------------------------------------------------- */

struct doc *header_read(struct arena *a, struct bytes text, const char *path,
                        const struct layout_row *layout, struct err_list *faults)
{
    struct bytes yaml;
    struct err e = {0};
    if (header_yaml(a, text, path, &yaml, &e) != 0) {
        err_list_add(faults, &e);
        return NULL;
    }
    struct doc *d = yaml.n > 0          ? yaml_read(a, yaml, path, &e)
                    : layout->has_lines ? read_lines(a, text, path)
                                        : doc_new(a, DOC_MAP);
    if (d == NULL) {
        err_list_add(faults, &e);
        return NULL;
    }
    d->path = path;
    return schema_check(a, checker_schema("migration_header.v1"), d, faults) > 0 ? NULL : d;
}
