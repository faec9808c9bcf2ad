/* What all readers share: formats, what is wanted, records and their errors. */
#include "data/reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/reader_parts.h"

/* --- formats ---------------------------------------------------------------------------------------- */

static bool ends_in(struct bytes s, const char *ending)
{
    size_t n = strlen(ending);
    return s.n > n && strncasecmp(s.p + s.n - n, ending, n) == 0;
}

static bool cut(struct bytes *s, const char *ending)
{
    if (!ends_in(*s, ending)) {
        return false;
    }
    s->n -= strlen(ending);
    return true;
}

int data_format_of(const char *media_type, const char *path, enum data_format *out)
{
    static const struct {
        const char *name;
        enum data_format format;
    } types[] = {{"application/geo+json", FORMAT_GEOJSON},
                 {"application/vnd.geo+json", FORMAT_GEOJSON},
                 {"application/geo+json-seq", FORMAT_NDJSON},
                 {"application/json-seq", FORMAT_NDJSON},
                 {"application/x-ndjson", FORMAT_NDJSON},
                 {"application/ndjson", FORMAT_NDJSON},
                 {"application/jsonl", FORMAT_NDJSON},
                 {"application/x-jsonlines", FORMAT_NDJSON},
                 {"text/csv", FORMAT_CSV}},
      endings[] = {{".geojson", FORMAT_GEOJSON}, {".ndjson", FORMAT_NDJSON},
                   {".jsonl", FORMAT_NDJSON},    {".geojsonl", FORMAT_NDJSON},
                   {".geojsons", FORMAT_NDJSON}, {".json", FORMAT_GEOJSON},
                   {".csv", FORMAT_CSV}};
    struct bytes type = bytes_of(media_type, media_type != NULL ? strcspn(media_type, "; \t") : 0);
    (void)(cut(&type, "+gzip") || cut(&type, "+zstd"));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (type.n == strlen(types[i].name) && strncasecmp(type.p, types[i].name, type.n) == 0) {
            *out = types[i].format;
            return 0;
        }
    }
    struct bytes name = bytes_str(path);
    (void)(cut(&name, ".gz") || cut(&name, ".zst"));
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_in(name, endings[i].name)) {
            *out = endings[i].format;
            return 0;
        }
    }
    return -1;
}

/* --- what is wanted --------------------------------------------------------------------------------- */

/* The next name of a path, unescaped; *p moves behind it. *is_last: no dot follows. */
static struct bytes next_name(struct arena *a, const char **p, bool *is_last)
{
    char *name = arena_alloc(a, strlen(*p) + 1);
    size_t n = 0;
    const char *c = *p;
    for (; *c != '\0' && *c != '.'; c++) {
        c += *c == '\\' && c[1] != '\0' ? 1 : 0;
        name[n++] = *c;
    }
    *is_last = *c == '\0';
    *p = *is_last ? c : c + 1;
    return bytes_of(name, n);
}

static struct node *child_of(struct arena *a, struct node *parent, struct bytes name)
{
    struct node **at = &parent->child;
    for (; *at != NULL; at = &(*at)->next) {
        if (bytes_eq((*at)->name, name)) {
            return *at;
        }
    }
    *at = ARENA_NEW(a, struct node);
    **at = (struct node){.name = name, .slot = NO_SLOT};
    return *at;
}

/* Several columns may want the same path: one slot for it, and who wants a geometry of it gets another. */
static int slot_for(struct reader *r, const char *path, bool as_geometry)
{
    struct node *n = r->root;
    const char *p = path;
    if (path == NULL) {
        n = r->root;
    } else if (r->format == FORMAT_CSV) {
        n = child_of(&r->a, n, bytes_str(path));
    } else {
        for (bool is_last = false; !is_last;) {
            n = child_of(&r->a, n, next_name(&r->a, &p, &is_last));
        }
    }
    if (n->slot == NO_SLOT) {
        r->slot[r->n_slots] = (struct slot){.as_geometry = as_geometry};
        n->slot = (int)r->n_slots++;
    }
    r->slot[n->slot].as_geometry |= as_geometry;
    r->wants_geometry |= as_geometry;
    return n->slot;
}

struct reader *reader_open(enum data_format format, struct source *s, const struct wanted_value *w,
                           size_t n, const struct geometry_rules *rules)
{
    struct reader *r = mem_alloc(sizeof *r);
    *r = (struct reader){.format = format, .s = s, .wanted = w, .n_wanted = n, .rules = *rules};
    r->root = ARENA_NEW(&r->a, struct node);
    *r->root = (struct node){.slot = NO_SLOT};
    r->slot = ARENA_ARRAY(&r->a, struct slot, 2 * n + 1);
    r->y_of = ARENA_ARRAY(&r->a, int, n + 1);
    r->value = ARENA_ARRAY(&r->a, struct value, n + 1);
    r->n_found = ARENA_ARRAY(&r->a, int64_t, 2 * n + 1);
    int *x_of = ARENA_ARRAY(&r->a, int, n + 1);
    for (size_t i = 0; i < n; i++) {
        bool is_point = w[i].point_x != NULL;
        x_of[i] = slot_for(r, is_point ? w[i].point_x : w[i].path, !is_point && w[i].as_geometry);
        r->y_of[i] = is_point ? slot_for(r, w[i].point_y, false) : NO_SLOT;
        r->wants_geometry |= is_point;
    }
    r->x_of = x_of;
    r->text.limit = r->json.limit = RECORD_MAX;
    r->is_first = true;
    return r;
}

void reader_close(struct reader *r)
{
    if (r == NULL) {
        return;
    }
    buf_release(&r->text);
    buf_release(&r->string);
    buf_release(&r->json);
    shape_release(&r->shape);
    keys_release(&r->keys);
    free(r->column);
    arena_release(&r->a);
    free(r);
}

/* --- records ---------------------------------------------------------------------------------------- */

int reader_fail(const struct source *s, const struct record *at, int64_t offset, const char *field,
                struct err *e, const char *fmt, ...)
{
    struct buf what = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&what, fmt, ap);
    va_end(ap);
    struct buf record = {0};
    if (at != NULL && at->number > 0) {
        buf_printf(&record, ", record %lld", (long long)at->number);
    }
    err_at(e, ERR_CONFIG, source_path(s), 0, 0, "byte %lld%s%s%s%s: %s", (long long)offset,
           buf_str(&record), field != NULL ? ", \"" : "", field != NULL ? field : "",
           field != NULL ? "\"" : "", buf_str(&what));
    buf_release(&record);
    buf_release(&what);
    return -1;
}

int reader_error(struct reader *r, const char *at, const char *field, const char *what)
{
    return reader_fail(r->s, &r->at, source_offset(r->s, at), field, r->e, "%s", what);
}

bool reader_keep(struct reader *r, const char *p, size_t n)
{
    buf_add(&r->text, p, n);
    if (r->text.overflow) {
        (void)reader_error(r, r->s->p, NULL, "the record's values are longer than 64 MiB");
    }
    return !r->text.overflow;
}

void reader_took_geometry(struct reader *r, struct slot *s)
{
    s->kind = VALUE_GEOMETRY;
    s->n = r->text.n - s->at;
    if (r->rules.empty == EMPTY_NULL && ewkb_is_empty(bytes_of(r->text.p + s->at, s->n))) {
        s->kind = VALUE_NULL;
        r->text.n = s->at;
    }
}

void reader_begin_record(struct reader *r, const char *at)
{
    buf_clear(&r->text);
    r->at.number++;
    r->at.offset = source_offset(r->s, at);
    for (size_t i = 0; i < r->n_slots; i++) {
        r->slot[i].kind = VALUE_ABSENT;
    }
}

static bool is_coordinate(const struct slot *s)
{
    return s->kind == VALUE_NUMBER || s->kind == VALUE_TEXT;
}

/* Numbers of two fields to a point; both absent or null: no point. */
static int make_point(struct reader *r, const struct slot *x, const struct slot *y,
                      const char *field, struct slot *out)
{
    double v[2];
    const struct slot *from[2] = {x, y};
    *out = *x;
    if (!is_coordinate(x) && !is_coordinate(y) && x->kind <= VALUE_NULL && y->kind <= VALUE_NULL) {
        out->kind = VALUE_NULL;
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        char text[64];
        const char *end = NULL;
        if (is_coordinate(from[i]) && from[i]->n > 0 && from[i]->n < sizeof text) {
            memcpy(text, r->text.p + from[i]->at, from[i]->n);
            text[from[i]->n] = '\0';
            end = number_read(text, &v[i]);
        }
        if (end == NULL || *end != '\0') {
            return reader_fail(r->s, &r->at, from[i]->offset, field, r->e, "is no number");
        }
    }
    shape_clear(&r->shape);
    r->shape.dims = 2;
    r->shape.depth = 1;
    shape_number(&r->shape, v[0]);
    shape_number(&r->shape, v[1]);
    enum geometry_type type = GEOMETRY_POINT;
    out->at = r->text.n;
    const char *what = ewkb_add(&r->text, &r->shape, &type, &r->rules, true);
    if (what != NULL) {
        return reader_fail(r->s, &r->at, x->offset, field, r->e, "%s", what);
    }
    out->kind = VALUE_GEOMETRY;
    out->type = (int)type;
    out->n = r->text.n - out->at;
    return 0;
}

int64_t reader_found(const struct reader *r, size_t i)
{
    int64_t x = r->n_found[r->x_of[i]];
    int64_t y = r->y_of[i] != NO_SLOT ? r->n_found[r->y_of[i]] : x;
    return x < y ? x : y;
}

int reader_end_record(struct reader *r, struct record *out)
{
    for (size_t i = 0; i < r->n_slots; i++) {
        r->n_found[i] += r->slot[i].kind != VALUE_ABSENT ? 1 : 0;
    }
    for (size_t i = 0; i < r->n_wanted; i++) {
        struct slot s = r->slot[r->x_of[i]];
        if (r->y_of[i] != NO_SLOT && make_point(r, &r->slot[r->x_of[i]], &r->slot[r->y_of[i]],
                                                r->wanted[i].point_x, &s) != 0) {
            return -1;
        }
        if (r->wanted[i].as_geometry && s.kind > VALUE_NULL && s.kind != VALUE_GEOMETRY) {
            return reader_fail(r->s, &r->at, s.offset, r->wanted[i].path, r->e, "is no geometry");
        }
        /* The offset for now: the text may still move. */
        r->value[i] =
            (struct value){s.kind, s.type, {(const char *)(uintptr_t)s.at, s.n}, s.offset};
    }
    for (size_t i = 0; i < r->n_wanted; i++) {
        struct value *v = &r->value[i];
        const char *from = v->kind == VALUE_JSON ? r->json.p : r->text.p;
        v->text.p = v->kind > VALUE_NULL && v->text.n > 0 ? from + (uintptr_t)v->text.p : "";
        v->text.n = v->kind > VALUE_NULL ? v->text.n : 0;
    }
    r->at.v = r->value;
    *out = r->at;
    return 1;
}

int reader_next(struct reader *r, struct record *out, struct err *e)
{
    r->e = e;
    int rc = r->format == FORMAT_CSV ? csv_next(r, out) : json_next(r, out);
    return rc >= 0 ? rc : err_hint(e, "mend the data, and give it a dataset version of its own");
}
