/* Lines of flat files that name what a member of a declaration would. */
#include "load/mark.h"

#include <string.h>

static const char blanks[] = " \t\r,";

/* whose: of definitions alone, of migrations alone, or of both. */
enum whose { OF_BOTH, OF_DEFINITIONS, OF_MIGRATIONS };

static const struct header_mark {
    const char *mark, *member;
    enum whose whose;
} marks[] = {
    {"kfmig:after", "depends_on", OF_DEFINITIONS},
    {"kfmig:rebuilds", "rebuilds", OF_MIGRATIONS},
    {"kfmig:variables", "variables", OF_BOTH},
};

/* Is line a comment that begins with the mark? *at: behind it. */
static bool is_marked(struct bytes line, const char *mark, size_t *at)
{
    const size_t n_mark = strlen(mark);
    size_t i = 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t')) {
        i++;
    }
    if (line.n - i < 2 || memcmp(line.p + i, "--", 2) != 0) {
        return false;
    }
    i += 2;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t')) {
        i++;
    }
    *at = i + n_mark;
    return line.n - i > n_mark && memcmp(line.p + i, mark, n_mark) == 0 &&
           strchr(blanks, line.p[*at]) != NULL;
}

static void take_names(struct arena *a, struct doc *list, struct bytes line, size_t at,
                       const char *path, int number)
{
    while (at < line.n) {
        size_t from = at;
        while (from < line.n && strchr(blanks, line.p[from]) != NULL) {
            from++;
        }
        at = from;
        while (at < line.n && strchr(blanks, line.p[at]) == NULL) {
            at++;
        }
        if (at > from) {
            struct doc *d = doc_push(a, list, doc_textn(a, bytes_of(line.p + from, at - from)));
            d->path = path;
            d->line = number;
            d->col = (int)from + 1;
        }
    }
}

/* All that text's lines of that mark name. */
static struct doc *read_mark(struct arena *a, const char *mark, struct bytes text, const char *path)
{
    int number = 0;
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t at = 0; at < text.n;) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end != NULL ? (size_t)(end - text.p) - at : text.n - at;
        struct bytes line = bytes_of(text.p + at, n);
        size_t behind = 0;
        number++;
        if (is_marked(line, mark, &behind)) {
            take_names(a, list, line, behind, path, number);
        }
        at += n + 1;
    }
    return list;
}

static bool has_it(const struct header_mark *m, enum layout layout)
{
    bool is_definition = layout == LAYOUT_REPEATABLE;
    return m->whose == OF_BOTH || (m->whose == OF_DEFINITIONS) == is_definition;
}

struct doc *mark_header(struct arena *a, struct doc *header, enum layout layout, struct bytes text,
                        const char *path)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const struct header_mark *m = &marks[i];
        if (!has_it(m, layout) || doc_get(header, m->member) != NULL ||
            memmem(text.p, text.n, m->mark, strlen(m->mark)) == NULL) {
            continue;
        }
        struct doc *list = read_mark(a, m->mark, text, path);
        if (list->n > 0) {
            list->path = path;
            list->line = list->item[0]->line;
            list->col = list->item[0]->col;
            (void)doc_put(a, header, m->member, list);
        }
    }
    return header;
}
