/* Which files of an applied migration are not as they were when it was applied. */
#include "evidence/changes.h"

#include <string.h>

#include "evidence/receipts.h"

enum { EXCERPT_LINES = 3, EXCERPT_BYTES = 400 };

/* The files of the bundle as they are now, by path. */
static void list_present(struct arena *a, const struct decl *d, struct table *out)
{
    const struct artifacts *lists[] = {&d->forward, &d->rollback, &d->invariants};
    *out = (struct table){.a = a};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (size_t k = 0; k < lists[i]->n; k++) {
            table_puts(out, lists[i]->v[k].path, &lists[i]->v[k]);
        }
    }
    if (d->file.path != NULL) {
        struct artifact *file = arena_dup(a, &d->file, sizeof d->file);
        table_puts(out, file->path, file);
    }
}

/* Offset behind the line that begins at at. */
static size_t line_end(struct bytes text, size_t at)
{
    const char *end = memchr(text.p + at, '\n', text.n - at);
    return end != NULL ? (size_t)(end - text.p) + 1 : text.n;
}

static size_t line_start(struct bytes text, size_t end)
{
    size_t at = end - 1;
    while (at > 0 && text.p[at - 1] != '\n') {
        at--;
    }
    return at;
}

static const char *excerpt(struct arena *a, struct bytes text, size_t from, size_t to)
{
    size_t at = from;
    for (int i = 0; i < EXCERPT_LINES && at < to; i++) {
        at = line_end(text, at);
    }
    struct bytes part = bytes_of(text.p + from, (at < to ? at : to) - from);
    return part.n > 0 ? arena_strndup(a, part.p, text_cut(part, EXCERPT_BYTES)) : NULL;
}

void changes_lines(struct arena *a, struct bytes old_text, struct bytes new_text,
                   struct file_change *c)
{
    size_t head = 0;
    int line = 1;
    while (head < old_text.n && head < new_text.n) {
        size_t x = line_end(old_text, head);
        size_t y = line_end(new_text, head);
        if (x != y || memcmp(old_text.p + head, new_text.p + head, x - head) != 0) {
            break;
        }
        head = x;
        line++;
    }
    size_t old_end = old_text.n;
    size_t new_end = new_text.n;
    while (old_end > head && new_end > head) {
        size_t x = line_start(old_text, old_end);
        size_t y = line_start(new_text, new_end);
        if (old_end - x != new_end - y ||
            memcmp(old_text.p + x, new_text.p + y, old_end - x) != 0 || x < head || y < head) {
            break;
        }
        old_end = x;
        new_end = y;
    }
    c->first_line = line;
    c->last_line = line - 1;
    for (size_t at = head; at < new_end; at = line_end(new_text, at)) {
        c->last_line++;
    }
    if (c->last_line < c->first_line) {
        c->last_line = c->first_line;
    }
    c->old_excerpt = excerpt(a, old_text, head, old_end);
    c->new_excerpt = excerpt(a, new_text, head, new_end);
}

/* What the files are compared against. */
struct comparison {
    const struct ledger_source *l;
    struct arena *a;
    struct table
        present; /* files of now that no input was compared with yet: path -> struct artifact */
};

static int add_lines(struct comparison *x, const struct digest *was, const struct artifact *now,
                     struct file_change *c, struct err *e)
{
    struct bytes old_text;
    bool found = false;
    if (x->l->blob(x->l->ctx, was, x->a, &old_text, &found, e) != 0) {
        return -1;
    }
    if (found && now->bytes.p != NULL) {
        changes_lines(x->a, old_text, now->bytes, c);
    }
    return 0;
}

static const char *digest_string(struct arena *a, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return arena_strdup(a, digest_text(d, text));
}

/* One file that the receipt names. c->path NULL: it is as it was. */
static int compare_input(struct comparison *x, const struct doc *input, struct file_change *c,
                         struct err *e)
{
    const char *uri = doc_str(input, "uri", "");
    const char *was = doc_str(input, "digest", "");
    struct digest digest;
    const struct artifact *now = table_puts(&x->present, uri, NULL);
    *c = (struct file_change){.path = uri, .was = was, .now = ""};
    if (digest_parse(was, &digest) != 0 || (now != NULL && digest_eq(&digest, &now->digest))) {
        c->path = NULL;
        return 0;
    }
    if (now == NULL) {
        return 0;
    }
    c->now = digest_string(x->a, &now->digest);
    return add_lines(x, &digest, now, c, e);
}

int changes_find(const struct ledger_source *l, struct arena *a, const struct fact *applied,
                 const struct decl *d, struct file_change **out, size_t *n, struct err *e)
{
    struct comparison x = {.l = l, .a = a};
    struct doc *receipt = NULL;
    *n = 0;
    if (receipts_read(l, a, applied, &receipt, e) != 0) {
        return -1;
    }
    list_present(a, d, &x.present);
    const struct doc *inputs = doc_find(receipt, "claim.inputs");
    struct file_change *v = ARENA_ARRAY(a, struct file_change, doc_len(inputs) + x.present.n + 1);
    for (size_t i = 0; i < doc_len(inputs); i++) {
        if (compare_input(&x, inputs->item[i], &v[*n], e) != 0) {
            return -1;
        }
        *n += v[*n].path != NULL;
    }
    for (size_t i = 0; i < x.present.n; i++) {
        const struct artifact *added = x.present.rows[i].value;
        if (added != NULL) {
            v[(*n)++] = (struct file_change){
                .path = added->path, .was = "", .now = digest_string(a, &added->digest)};
        }
    }
    *out = v;
    return 0;
}
