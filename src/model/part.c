/* Parts of generations. */
#include "model/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "doc/doc.h"

static const struct {
    const char *word;
    enum part_subject subject;
} kinds[PART_KINDS] = {
#define PART(name, word, subject) {word, subject},
#include "model/part.def"
#undef PART
};

static const char *part_kind_text(enum part_kind k)
{
    return kinds[k].word;
}

enum part_subject part_subject(enum part_kind k)
{
    return kinds[k].subject;
}

static int parse_kind(const char *word, enum part_kind *out)
{
    for (int k = 0; k < PART_KINDS; k++) {
        if (strcmp(kinds[k].word, word) == 0) {
            *out = (enum part_kind)k;
            return 0;
        }
    }
    return -1;
}

/* --- lists ------------------------------------------------------------------------------------------ */

void parts_add(struct arena *a, struct parts *list, struct part p)
{
    ARENA_GROW(a, list->v, list->n, list->cap);
    list->v[list->n++] = p;
}

static bool same_source(const struct part *a, const struct part *b)
{
    return strcmp(a->version, b->version) == 0 && strcmp(a->dataset, b->dataset) == 0 &&
           strcmp(a->asset, b->asset) == 0 &&
           (a->table == NULL || b->table == NULL || strcmp(a->table, b->table) == 0);
}

bool part_is_same(const struct part *a, const struct part *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (part_subject(a->kind)) {
    case PART_BY_ID:
        return strcmp(a->id, b->id) == 0;
    case PART_BY_TABLE:
        return same_source(a, b);
    case PART_ALONE:
        break;
    }
    return true;
}

const struct part *parts_find(const struct parts *list, const struct part *p)
{
    for (size_t i = 0; i < list->n; i++) {
        if (part_is_same(&list->v[i], p)) {
            return &list->v[i];
        }
    }
    return NULL;
}

const struct part *parts_migration(const struct parts *list, const char *id)
{
    return parts_find(list, &(struct part){.kind = PART_MIGRATION, .id = id});
}

bool parts_have(const struct parts *list, const struct part *p)
{
    const struct part *found = parts_find(list, p);
    return found != NULL && digest_eq(&found->digest, &p->digest);
}

const struct part *parts_migration_gone(const struct parts *was, const struct parts *now)
{
    for (size_t i = 0; i < was->n; i++) {
        if (was->v[i].kind == PART_MIGRATION && !parts_have(now, &was->v[i])) {
            return &was->v[i];
        }
    }
    return NULL;
}

/* The next migration from *at on; NULL at the end. */
static const struct part *next_migration(const struct parts *list, size_t *at)
{
    while (*at < list->n && list->v[*at].kind != PART_MIGRATION) {
        ++*at;
    }
    return *at < list->n ? &list->v[(*at)++] : NULL;
}

const struct part *parts_chain_change(const struct parts *was, const struct parts *now)
{
    size_t i = 0;
    size_t k = 0;
    for (;;) {
        const struct part *x = next_migration(was, &i);
        const struct part *y = next_migration(now, &k);
        if (x == NULL || y == NULL) {
            return y != NULL ? y : x;
        }
        if (!part_is_same(x, y) || !digest_eq(&x->digest, &y->digest)) {
            return y;
        }
    }
}

/* --- digest ----------------------------------------------------------------------------------------- */

static void frame_subject(struct buf *out, const struct part *p)
{
    digester_frame(out, "part", bytes_str(part_kind_text(p->kind)));
    switch (part_subject(p->kind)) {
    case PART_BY_ID:
        digester_frame(out, "id", bytes_str(p->id));
        break;
    case PART_BY_TABLE:
        digester_frame(out, "dataset", bytes_str(p->dataset));
        digester_frame(out, "version", bytes_str(p->version));
        digester_frame(out, "asset", bytes_str(p->asset));
        digester_frame(out, "table", bytes_str(p->table != NULL ? p->table : ""));
        break;
    case PART_ALONE:
        break;
    }
}

struct digest parts_digest(const struct parts *list)
{
    struct digester *d = digester_open("kfmig.generation.v2");
    struct buf frame = {0};
    for (size_t i = 0; i < list->n; i++) {
        buf_clear(&frame);
        frame_subject(&frame, &list->v[i]);
        digester_frame(&frame, "digest",
                       bytes_of((const char *)list->v[i].digest.b, sizeof list->v[i].digest.b));
        digester_raw(d, bytes_of(frame.p, frame.n));
    }
    buf_release(&frame);
    return digester_close(d);
}

static int by_source(const void *x, const void *y)
{
    return strcmp(((const struct part_content *)x)->source,
                  ((const struct part_content *)y)->source);
}

struct digest parts_content(struct part_content *v, size_t n)
{
    struct digester *d = digester_open("kfmig.content.v1");
    struct buf rows = {0};
    qsort(v, n, sizeof *v, by_source);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&rows);
        buf_printf(&rows, "%lld", (long long)v[i].rows);
        digester_field(d, "source", bytes_str(v[i].source));
        digester_field(d, "rows", buf_bytes(&rows));
        digester_field(d, "sum", bytes_of((const char *)v[i].sum.b, sizeof v[i].sum.b));
    }
    buf_release(&rows);
    return digester_close(d);
}

const struct part *parts_twice(const struct parts *list)
{
    struct arena a = {0};
    struct table seen = {.a = &a};
    struct buf frame = {0};
    struct part *twice = NULL;
    for (size_t i = 0; i < list->n && twice == NULL; i++) {
        buf_clear(&frame);
        frame_subject(&frame, &list->v[i]);
        struct bytes key = bytes_of(arena_strndup(&a, frame.p, frame.n), frame.n);
        twice = table_put(&seen, key, &list->v[i]);
    }
    buf_release(&frame);
    arena_release(&a);
    return twice;
}

/* --- text ------------------------------------------------------------------------------------------- */

const char *part_source_text(struct arena *a, const char *dataset, const char *version,
                             const char *asset, const char *table)
{
    return table == NULL ? arena_printf(a, "%s/%s#%s", dataset, version, asset)
                         : arena_printf(a, "%s/%s#%s>%s", dataset, version, asset, table);
}

const char *part_text(struct arena *a, const struct part *p)
{
    const char *word = part_kind_text(p->kind);
    switch (part_subject(p->kind)) {
    case PART_BY_ID:
        return arena_printf(a, "%s %s", word, p->id);
    case PART_BY_TABLE:
        return arena_printf(a, "%s %s", word,
                            part_source_text(a, p->dataset, p->version, p->asset, p->table));
    case PART_ALONE:
        break;
    }
    return word;
}

/* --- in a ledger ------------------------------------------------------------------------------------ */

struct doc *parts_doc(struct arena *a, const struct parts *list)
{
    char text[DIGEST_TEXT];
    struct doc *out = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < list->n; i++) {
        const struct part *p = &list->v[i];
        struct doc *d = doc_push(a, out, doc_new(a, DOC_MAP));
        const struct {
            const char *key, *value;
        } members[] = {{"part", part_kind_text(p->kind)},
                       {"id", p->id},
                       {"dataset", p->dataset},
                       {"version", p->version},
                       {"asset", p->asset},
                       {"table", p->table},
                       {"digest", digest_text(&p->digest, text)}};
        for (size_t k = 0; k < sizeof members / sizeof *members; k++) {
            if (members[k].value != NULL) {
                (void)doc_put(a, d, members[k].key, doc_text(a, members[k].value));
            }
        }
    }
    return out;
}

static bool has_subject(const struct part *p)
{
    switch (part_subject(p->kind)) {
    case PART_BY_ID:
        return p->id != NULL;
    case PART_BY_TABLE:
        return p->dataset != NULL && p->version != NULL && p->asset != NULL;
    case PART_ALONE:
        break;
    }
    return true;
}

static int read_part(const struct doc *d, struct part *p)
{
    *p = (struct part){.id = doc_str(d, "id", NULL),
                       .dataset = doc_str(d, "dataset", NULL),
                       .version = doc_str(d, "version", NULL),
                       .asset = doc_str(d, "asset", NULL),
                       .table = doc_str(d, "table", NULL)};
    return parse_kind(doc_str(d, "part", ""), &p->kind) == 0 && has_subject(p) &&
                   digest_parse(doc_str(d, "digest", ""), &p->digest) == 0
               ? 0
               : -1;
}

/* "DATASET/VERSION#ASSET" */
static int split_source(struct arena *a, const char *text, struct part *p)
{
    const char *slash = strchr(text, '/');
    const char *hash = slash != NULL ? strchr(slash, '#') : NULL;
    if (hash == NULL) {
        return -1;
    }
    p->dataset = arena_strndup(a, text, (size_t)(slash - text));
    p->version = arena_strndup(a, slash + 1, (size_t)(hash - slash - 1));
    p->asset = hash + 1;
    return 0;
}

/* "mapping DATASET/VERSION#ASSET", as an older kfmig wrote it. */
static int read_text(struct arena *a, const char *text, struct part *p)
{
    size_t n = strcspn(text, " ");
    const char *subject = text[n] == ' ' ? text + n + 1 : NULL;
    if (parse_kind(arena_strndup(a, text, n), &p->kind) != 0) {
        return -1;
    }
    switch (part_subject(p->kind)) {
    case PART_BY_ID:
        p->id = subject;
        return subject != NULL ? 0 : -1;
    case PART_BY_TABLE:
        return subject != NULL ? split_source(a, subject, p) : -1;
    case PART_ALONE:
        break;
    }
    return subject == NULL ? 0 : -1;
}

static int read_components(struct arena *a, const struct doc *d, struct parts *out)
{
    for (size_t i = 0; i < doc_len(d); i++) {
        struct part p = {0};
        if (d->type != DOC_MAP || d->item[i]->type != DOC_TEXT ||
            read_text(a, d->key[i]->text.p, &p) != 0 ||
            digest_parse(d->item[i]->text.p, &p.digest) != 0) {
            return -1;
        }
        parts_add(a, out, p);
    }
    return 0;
}

int parts_read(struct arena *a, const struct doc *facts, struct parts *out)
{
    const struct doc *list = doc_get(facts, "parts");
    *out = (struct parts){0};
    if (list == NULL) {
        return read_components(a, doc_get(facts, "components"), out);
    }
    for (size_t i = 0; i < doc_len(list); i++) {
        struct part p;
        if (list->type != DOC_LIST || read_part(list->item[i], &p) != 0) {
            return -1;
        }
        parts_add(a, out, p);
    }
    return 0;
}
