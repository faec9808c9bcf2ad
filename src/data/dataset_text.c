/* Dataset versions as text for people. */
#include <string.h>

#include "data/dataset_doc.h"

static void put_cell(struct buf *out, const char *s, size_t width)
{
    size_t from = out->n;
    text_safe(out, bytes_str(s));
    size_t n = out->n - from;
    buf_printf(out, "%*s", (int)(width > n ? width - n : 0) + 2, "");
}

static const char *features_text(struct arena *a, const struct dataset *d)
{
    if (!d->has_count) {
        return "features not counted";
    }
    return arena_printf(a, "%lld feature%s", (long long)d->count, d->count == 1 ? "" : "s");
}

void dataset_put_list(struct buf *out, struct arena *a, const struct dataset_list *l)
{
    size_t slug = 0;
    size_t id = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct dataset *d = l->v[i];
        slug = strlen(d->slug) > slug ? strlen(d->slug) : slug;
        id = strlen(d->id) > id ? strlen(d->id) : id;
    }
    for (size_t i = 0; i < l->n; i++) {
        const struct dataset *d = l->v[i];
        put_cell(out, d->slug, slug);
        put_cell(out, d->id, id);
        put_cell(out, dataset_form_text(d->form), strlen("promotion manifest"));
        buf_printf(out, "%zu artifact%s, %s%s\n", d->artifacts.n, d->artifacts.n == 1 ? "" : "s",
                   features_text(a, d), d->is_restricted ? ", restricted" : "");
    }
}

static void put_line(struct buf *out, int indent, const char *label, const char *text)
{
    if (text != NULL) {
        buf_printf(out, "%*s%s: ", indent, "", label);
        text_safe(out, bytes_str(text));
        buf_putc(out, '\n');
    }
}

static const char *extent_text(struct arena *a, const struct dataset *d)
{
    if (d->is_restricted) {
        return "withheld (restricted)";
    }
    return !d->has_bbox ? "not said"
                        : arena_printf(a, "west %s, south %s, east %s, north %s",
                                       dataset_real(a, d->bbox[0]), dataset_real(a, d->bbox[1]),
                                       dataset_real(a, d->bbox[2]), dataset_real(a, d->bbox[3]));
}

static void put_artifact(struct arena *a, struct buf *out, const struct dataset_file *f)
{
    char text[DIGEST_TEXT];
    put_line(out, 2, "artifact", f->name);
    put_line(out, 4, "path", f->path);
    put_line(out, 4, "digest", digest_text(&f->digest, text));
    if (f->size >= 0) {
        put_line(out, 4, "size", arena_printf(a, "%lld bytes", (long long)f->size));
    }
    put_line(out, 4, "media type", f->media_type);
    put_line(out, 4, "crs", f->crs);
}

void dataset_put(struct buf *out, struct arena *a, const struct dataset *d)
{
    char text[DIGEST_TEXT];
    text_safe(out, bytes_str(d->slug));
    buf_putc(out, ' ');
    text_safe(out, bytes_str(d->id));
    buf_putc(out, '\n');
    put_line(out, 2, dataset_form_text(d->form), d->path);
    put_line(out, 2, "evidence", d->evidence_ref);
    put_line(out, 2, "content", features_text(a, d));
    put_line(out, 2, "extent", extent_text(a, d));
    put_line(out, 2, "spec hash", d->spec_hash);
    put_line(out, 2, "license", d->license);
    put_line(out, 2, "rights", d->rights);
    put_line(out, 2, "sensitivity", d->sensitivity);
    put_line(out, 2, "policy label", d->policy_label);
    for (size_t i = 0; i < d->artifacts.n; i++) {
        put_artifact(a, out, &d->artifacts.v[i]);
    }
    for (size_t i = 0; i < d->catalogs.n; i++) {
        put_line(out, 2, "catalog", d->catalogs.v[i].path);
        put_line(out, 4, "digest", digest_text(&d->catalogs.v[i].digest, text));
    }
}

static int64_t size_of(const struct dataset_place *p, const struct dataset_file *f)
{
    struct stamp now = {0};
    struct err ignored;
    bool is_there = f->size < 0 && file_stamp(p->dirfd, f->path, &now, &ignored) == 0;
    return is_there ? (int64_t)now.size : f->size;
}

void dataset_put_verified(struct buf *out, const struct dataset_place *p, const struct dataset *d,
                          const struct table *failed)
{
    char text[DIGEST_TEXT];
    for (size_t i = 0; i < d->artifacts.n; i++) {
        const struct dataset_file *f = &d->artifacts.v[i];
        buf_printf(out, "%-6s  %s  %12lld  ", table_gets(failed, f->path) != NULL ? "failed" : "ok",
                   digest_text(&f->digest, text), (long long)size_of(p, f));
        text_safe(out, bytes_str(f->path));
        buf_putc(out, '\n');
    }
}
