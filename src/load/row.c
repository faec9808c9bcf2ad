/* Rows: plain bytes in the machine's own order, as the cache never leaves it. */
#include "load/row.h"

#include <string.h>

#include "load/schemas.h"
#include "model/definition.h"

enum {
    ROW_FORMAT =
        10, /* to be raised when rows, or the checks that a cached bundle has passed, change */
    FILES_MAX = 4096,
    PATH_SIZE = 512
};

/* The fixed part of a row; what has no fixed size follows it. */
struct fixed {
    uint64_t rules;
    struct hint stamps;
    uint32_t n_files, n_depends, n_rebuilds, n_variables, n_schemas, n_makes, n_needs;
    int32_t depends_line, scope_line;
    uint8_t store, has_depends, requires_rollback, has_evidence;
    uint8_t evidence_intact, has_extensions, after_load, wants_window, lacks, unused[3];
    struct digest checksum, bundle_digest;
};

uint64_t row_rules(void)
{
    static uint64_t rules;
    for (size_t i = 0; rules == 0 && i < n_schema_texts; i++) {
        struct hint h = hint_of(bytes_of(schema_texts[i].text, schema_texts[i].n));
        rules = rules * 31 + h.lo + ROW_FORMAT + i;
    }
    return rules;
}

void row_put(struct buf *out, const void *p, size_t n)
{
    buf_add(out, p, n);
}

void row_put_text(struct buf *out, const char *s)
{
    buf_add(out, s, strlen(s) + 1);
}

void row_take(struct row_reader *r, void *out, size_t n)
{
    if ((size_t)(r->end - r->p) < n) {
        memset(out, 0, n);
        r->is_short = true;
        r->p = r->end;
        return;
    }
    memcpy(out, r->p, n);
    r->p += n;
}

const char *row_take_text(struct row_reader *r)
{
    const char *s = r->p;
    const char *end = memchr(s, '\0', (size_t)(r->end - s));
    if (end == NULL) {
        r->is_short = true;
        r->p = r->end;
        return "";
    }
    r->p = end + 1;
    return s;
}

static void put_names(struct buf *out, const struct names *l)
{
    for (size_t i = 0; i < l->n; i++) {
        row_put_text(out, l->v[i]);
    }
}

void row_encode(struct buf *out, const struct bundle *b, const struct used *used)
{
    struct fixed f;
    size_t n_id = b->file == NULL ? strlen(b->id) : 0;
    memset(&f, 0, sizeof f);
    f.rules = row_rules();
    f.stamps = used_hint(used->stamp, used->n);
    f.n_files = (uint32_t)used->n;
    f.n_depends = (uint32_t)b->depends_on.n;
    f.n_rebuilds = (uint32_t)b->rebuilds.n;
    f.n_variables = (uint32_t)b->variables.n;
    f.n_schemas = (uint32_t)b->schemas.n;
    f.n_makes = b->definition != NULL ? (uint32_t)b->definition->makes.n : 0;
    f.n_needs = b->definition != NULL ? (uint32_t)b->definition->needs.n : 0;
    f.has_extensions = b->has_extensions;
    f.after_load = b->after_load;
    f.wants_window = b->wants_window;
    f.lacks = b->lacks;
    f.scope_line = b->scope_line;
    f.depends_line = b->depends_line;
    f.store = (uint8_t)b->store;
    f.has_depends = b->has_depends;
    f.requires_rollback = b->requires_rollback;
    f.has_evidence = b->has_evidence;
    f.evidence_intact = b->evidence_intact;
    f.checksum = b->checksum;
    f.bundle_digest = b->bundle_digest;
    row_put(out, &f, sizeof f);
    if (b->has_evidence) {
        row_put(out, &b->evidence_checksum, sizeof b->evidence_checksum);
        row_put(out, &b->evidence_files, sizeof b->evidence_files);
    }
    for (size_t i = 0; i < used->n; i++) {
        row_put_text(out, used->path[i] + n_id); /* "", "/forward.sql" */
    }
    row_put_text(out, b->change_class);
    row_put_text(out, b->intent != NULL ? b->intent : "");
    row_put_text(out, b->deploy != NULL ? b->deploy : "");
    put_names(out, &b->depends_on);
    put_names(out, &b->rebuilds);
    put_names(out, &b->variables);
    put_names(out, &b->schemas);
    for (size_t i = 0; i < f.n_makes; i++) {
        row_put_text(out, b->definition->makes.v[i]);
    }
    for (size_t i = 0; i < f.n_needs; i++) {
        row_put_text(out, b->definition->needs.v[i]);
    }
}

static void skip_evidence(struct row_reader *r, const struct fixed *f)
{
    struct digest ignored[2];
    if (f->has_evidence) {
        row_take(r, ignored, sizeof ignored);
    }
}

/* Do the files look as they did? Paths begin with the folder's name. */
static bool look_same(struct row_reader *r, int folderfd, const char *id, const struct fixed *f)
{
    struct stamp few[32];
    struct arena a = {0};
    size_t n = f->n_files;
    size_t n_id = strlen(id);
    struct stamp *v = n <= sizeof few / sizeof few[0] ? few : ARENA_ARRAY(&a, struct stamp, n);
    char path[PATH_SIZE];
    bool good = n_id < sizeof path;
    if (good) {
        memcpy(path, id, n_id);
    }
    for (size_t i = 0; i < n && good; i++) {
        const char *rest = row_take_text(r);
        size_t n_rest = strlen(rest) + 1;
        good = !r->is_short && n_id + n_rest <= sizeof path;
        if (good) {
            memcpy(path + n_id, rest, n_rest);
            good = used_look(folderfd, path, &v[i]) == 0;
        }
    }
    if (good) {
        struct hint now = used_hint(v, n);
        good = now.lo == f->stamps.lo && now.hi == f->stamps.hi;
    }
    arena_release(&a);
    return good;
}

bool row_files(int folderfd, struct bytes row, const struct bundle *b, struct buf *out,
               struct hint *stamps)
{
    struct row_reader r = {row.p, row.p + row.n, false};
    struct fixed f;
    row_take(&r, &f, sizeof f);
    if (r.is_short || f.rules != row_rules() || f.n_files > ROW_FILES_FEW ||
        !digest_eq(&f.checksum, &b->checksum) || !digest_eq(&f.bundle_digest, &b->bundle_digest)) {
        return false;
    }
    skip_evidence(&r, &f);
    const char *files = r.p;
    if (!look_same(&r, folderfd, b->id, &f)) {
        return false;
    }
    buf_add(out, files, (size_t)(r.p - files));
    *stamps = f.stamps;
    return true;
}

static void take_names(struct arena *a, struct row_reader *r, size_t n, struct names *out)
{
    if (n > 0) {
        out->v = ARENA_ARRAY(a, const char *, n);
        out->n = out->cap = n;
    }
    for (size_t i = 0; i < n; i++) {
        out->v[i] = arena_strdup(a, row_take_text(r));
    }
}

static void take_texts(struct arena *a, struct row_reader *r, const struct fixed *f,
                       struct bundle *b)
{
    const char *class = row_take_text(r);
    b->change_class = class[0] == '\0' ? "" : arena_strdup(a, class);
    b->intent = arena_strdup(a, row_take_text(r));
    const char *deploy = row_take_text(r);
    b->deploy = deploy[0] == '\0' ? "" : arena_strdup(a, deploy);
    take_names(a, r, f->n_depends, &b->depends_on);
    take_names(a, r, f->n_rebuilds, &b->rebuilds);
    take_names(a, r, f->n_variables, &b->variables);
    take_names(a, r, f->n_schemas, &b->schemas);
    if (bundle_is_repeatable(b)) {
        struct definition *d = ARENA_NEW(a, struct definition);
        take_names(a, r, f->n_makes, &d->makes);
        take_names(a, r, f->n_needs, &d->needs);
        b->definition = d;
    }
}

bool row_decode(struct arena *a, int folderfd, const char *id, struct bytes row, struct bundle *b)
{
    struct row_reader r = {row.p, row.p + row.n, false};
    struct fixed f;
    struct bundle out = *b;
    row_take(&r, &f, sizeof f);
    if (r.is_short || f.rules != row_rules() || f.n_files > FILES_MAX || f.n_depends > row.n ||
        f.n_rebuilds > row.n || f.n_variables > row.n || f.n_schemas > row.n || f.n_makes > row.n ||
        f.n_needs > row.n || f.store != (uint8_t)b->store) {
        return false;
    }
    out.id = b->file == NULL ? id : b->id;
    out.checksum = f.checksum;
    out.bundle_digest = f.bundle_digest;
    out.has_depends = f.has_depends != 0;
    out.requires_rollback = f.requires_rollback != 0;
    out.depends_line = f.depends_line;
    out.scope_line = f.scope_line;
    out.has_extensions = f.has_extensions != 0;
    out.after_load = f.after_load != 0;
    out.wants_window = f.wants_window != 0;
    out.lacks = f.lacks;
    out.has_evidence = f.has_evidence != 0;
    out.evidence_intact = f.evidence_intact != 0;
    if (out.has_evidence) {
        row_take(&r, &out.evidence_checksum, sizeof out.evidence_checksum);
        row_take(&r, &out.evidence_files, sizeof out.evidence_files);
    }
    if (!look_same(&r, folderfd, b->file == NULL ? id : "", &f)) {
        return false;
    }
    take_texts(a, &r, &f, &out);
    if (r.is_short || r.p != r.end) {
        return false;
    }
    *b = out;
    return true;
}
