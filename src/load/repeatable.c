/* What repeatable definitions say. */
#include "load/repeatable.h"

#include <string.h>

#include "model/definition.h"
#include "script/language.h"

static const char blanks[] = " \t\r,";

/* Is line a comment that begins with the mark? *at: behind it. */
static bool is_after(struct bytes line, size_t *at)
{
    const size_t n_mark = sizeof REPEATABLE_AFTER - 1;
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
    return line.n - i > n_mark && memcmp(line.p + i, REPEATABLE_AFTER, n_mark) == 0 &&
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

struct doc *repeatable_header(struct arena *a, struct doc *header, struct bytes text,
                              const char *path)
{
    int number = 0;
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t at = 0; at < text.n;) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end != NULL ? (size_t)(end - text.p) - at : text.n - at;
        struct bytes line = bytes_of(text.p + at, n);
        size_t behind = 0;
        number++;
        if (is_after(line, &behind)) {
            take_names(a, list, line, behind, path, number);
        }
        at += n + 1;
    }
    if (list->n > 0 && doc_get(header, "depends_on") == NULL) {
        list->path = path;
        list->line = list->item[0]->line;
        list->col = list->item[0]->col;
        (void)doc_put(a, header, "depends_on", list);
    }
    return header;
}

static void check(const struct script *s, struct err_list *faults)
{
    struct statement room;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = script_at(s, i, &room);
        if (st->analysed && !definition_admits(st)) {
            err_list_addf(faults, ERR_CONFIG, s->path, st->line, st->col,
                          "write a migration for it: what is done once is history, a definition is "
                          "made again and again",
                          "%s: a repeatable definition holds views, functions, triggers, policies "
                          "and rules, and what is said of them",
                          st->tag[0] != '\0' ? st->tag : "this statement");
        }
    }
}

struct definition *repeatable_read(struct arena *a, const char *path, struct bytes text,
                                   struct err_list *faults)
{
    struct script script;
    struct err ignored = {0};
    if (language_parse(a, path, text, &script, &ignored) != 0) {
        return NULL;
    }
    struct definition *d = ARENA_NEW(a, struct definition);
    check(&script, faults);
    definition_read(a, &script, 1, d);
    if (d->makes.n + d->needs.n == 0) {
        err_list_addf(faults, ERR_CONFIG, path, 1, 1, "write what is to stand, or remove the file",
                      "the file defines nothing");
    }
    return d;
}
