/* The definitions of what stands in a database, for comparing. */
#include <string.h>

#include "report/report.h"
#include "report/words.h"

static void put_object(struct buf *out, const struct dumped_object *o)
{
    words_safe(out, o->object);
    buf_putc(out, '\n');
    for (const char *line = o->text; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        buf_putc(out, '\t');
        buf_add(out, line, n);
        buf_putc(out, '\n');
        line += n + (line[n] == '\n');
    }
}

void report_dump(struct buf *out, const struct dumped *d)
{
    buf_printf(
        out, "# definitions of format %d, read by PostgreSQL %d: for comparing, not for running\n",
        d->format, d->major);
    for (size_t i = 0; i < d->n; i++) {
        put_object(out, &d->v[i]);
    }
}

/* Of lines "facet TAB value". */
static struct doc *facets_doc(struct arena *a, const char *text)
{
    struct doc *list = doc_new(a, DOC_LIST);
    for (const char *line = text; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        size_t name = strcspn(line, "\t");
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "facet", doc_name(a, arena_strndup(a, line, name < n ? name : n)));
        doc_put(a, x, "value",
                doc_name(a, name < n ? arena_strndup(a, line + name + 1, n - name - 1) : ""));
        line += n + (line[n] == '\n');
    }
    return list;
}

struct doc *report_dump_doc(struct arena *a, const struct dumped *d)
{
    struct doc *root = doc_new(a, DOC_MAP);
    doc_put(a, root, "names", doc_text(a, NAMES_ENCODED));
    doc_put(a, root, "environment", doc_text(a, d->environment));
    doc_put(a, root, "server_major", doc_int(a, d->major));
    doc_put(a, root, "format", doc_int(a, d->format));
    struct doc *list = doc_put(a, root, "objects", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < d->n; i++) {
        struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, x, "object", doc_name(a, d->v[i].object));
        doc_put(a, x, "facets", facets_doc(a, d->v[i].text));
    }
    return root;
}

/* A block of a dump: a line that does not begin with a tab, with those behind it that do. */
struct block {
    const char *at;
    size_t name, n;
};

static struct block block_at(const char *text)
{
    struct block b = {.at = text, .name = strcspn(text, "\n")};
    b.n = b.name + (text[b.name] == '\n');
    while (text[b.n] == '\t') {
        b.n += strcspn(text + b.n, "\n");
        b.n += text[b.n] == '\n';
    }
    return b;
}

static int compare_names(const struct block *x, const struct block *y)
{
    size_t n = x->name < y->name ? x->name : y->name;
    int c = memcmp(x->at, y->at, n);
    return c != 0 ? c : (x->name > y->name) - (x->name < y->name);
}

/* One object that differs: "missing" from the database, "added" there, "changed". */
static void add(struct arena *a, struct doc *list, const char *how, const struct block *b)
{
    struct doc *x = doc_push(a, list, doc_new(a, DOC_MAP));
    doc_put(a, x, "object", doc_name(a, arena_strndup(a, b->at, b->name)));
    doc_put(a, x, "how", doc_text(a, how));
}

/* The first lines say by what a dump was read, and are compared as one. */
static void compare_heads(struct arena *a, struct doc *list, const char **was, const char **now)
{
    const struct block x = block_at(*was);
    const struct block y = block_at(*now);
    if (compare_names(&x, &y) != 0) {
        add(a, list, "missing", &x);
        add(a, list, "added", &y);
    }
    *was += x.n;
    *now += y.n;
}

struct doc *report_dump_compare(struct arena *a, const char *was, const char *now)
{
    struct doc *list = doc_new(a, DOC_LIST);
    compare_heads(a, list, &was, &now);
    while (*was != '\0' || *now != '\0') {
        const struct block x = block_at(was);
        const struct block y = block_at(now);
        int c = *was == '\0' ? 1 : *now == '\0' ? -1 : compare_names(&x, &y);
        if (c != 0 || x.n != y.n || memcmp(x.at, y.at, x.n) != 0) {
            add(a, list, c < 0 ? "missing" : c > 0 ? "added" : "changed", c <= 0 ? &x : &y);
        }
        was += c <= 0 ? x.n : 0;
        now += c >= 0 ? y.n : 0;
    }
    return list;
}

void report_dump_differences(struct buf *out, const struct doc *list)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        const char *how = doc_str(list->item[i], "how", "");
        buf_puts(out, how[0] == 'm' ? "- " : how[0] == 'a' ? "+ " : "~ ");
        words_safe(out, doc_str(list->item[i], "object", ""));
        buf_putc(out, '\n');
    }
}
