/* Where a declaration says what, for messages. */
#include <stdio.h>
#include <string.h>

#include "doc/yaml.h"
#include "load/bundle.h"
#include "load/bundles.h"
#include "load/header.h"
#include "load/mark.h"
#include "load/text.h"

static const struct doc *item_named(const struct doc *list, const char *item)
{
    for (size_t i = 0; i < doc_len(list) && list->type == DOC_LIST; i++) {
        if (list->item[i]->type == DOC_TEXT && strcmp(list->item[i]->text.p, item) == 0) {
            return list->item[i];
        }
    }
    return list;
}

/* The document that declares b; NULL: none could be read. In a. */
static const struct doc *declaring(struct arena *a, const struct project *p, const struct bundle *b,
                                   const char *path)
{
    struct err e = {0};
    struct err_list ignored = {0};
    struct bytes text;
    if (file_read(a, p->dirfd, path, LIMIT_SCRIPT, &text, NULL, &e) != 0) {
        return NULL;
    }
    struct doc *d = b->file == NULL ? yaml_read(a, text, path, &e)
                                    : header_read(a, text, path, layout_row(b->layout), &ignored);
    err_list_release(&ignored);
    return d != NULL && b->file != NULL ? mark_header(a, d, b->layout, text, path) : d;
}

void bundles_place(const struct project *p, const struct bundle *b, const char *key,
                   const char *item, struct place *out)
{
    struct arena a = {0};
    const char *path = bundle_file(&a, b);
    *out = (struct place){.line = 1, .col = 1};
    (void)snprintf(out->path, sizeof out->path, "%s", path);
    const struct doc *d = doc_get(declaring(&a, p, b, path), key);
    d = d != NULL && item != NULL ? item_named(d, item) : d;
    if (d != NULL) {
        out->line = d->line;
        out->col = d->col;
    }
    arena_release(&a);
}
