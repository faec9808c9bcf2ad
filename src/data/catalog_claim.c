/* What sources say about files, brought together: one entry per artifact, and every disagreement a fault. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/catalog.h"

static struct bytes digest_key(const struct digest *d)
{
    return bytes_of((const char *)d->b, sizeof d->b);
}

static struct artifact_claim *find(const struct dataset_catalog *c, const struct claim *said)
{
    return said->path != NULL ? table_gets(&c->artifacts, said->path)
                              : table_get(&c->by_digest, digest_key(&said->digest));
}

bool claim_is_artifact(const struct dataset_catalog *c, const char *path)
{
    return table_gets(&c->artifacts, path) != NULL;
}

static void disagree(struct dataset_catalog *c, enum catalog_code code, const struct claim *a,
                     const struct claim *b)
{
    CATALOG_FAULT_CLAIM(c, code, b, "\"%s\": %s and %s", a->path, catalog_kind_text(a->kind),
                        catalog_kind_text(b->kind));
}

/* Parameters aside. */
static bool is_same_media(const char *a, const char *b)
{
    size_t n_a = strcspn(a, "; ");
    size_t n_b = strcspn(b, "; ");
    return n_a == n_b && strncasecmp(a, b, n_a) == 0;
}

static void compare(struct dataset_catalog *c, struct claim *was, const struct claim *said)
{
    if (was->has_digest && said->has_digest && !digest_eq(&was->digest, &said->digest)) {
        disagree(c, CODE_DIGEST_MISMATCH, was, said);
    } else if (said->has_digest) {
        was->digest = said->digest;
        was->has_digest = true;
    }
    if (was->size >= 0 && said->size >= 0 && was->size != said->size) {
        disagree(c, CODE_SIZE_MISMATCH, was, said);
    }
    was->size = was->size >= 0 ? was->size : said->size;
    if (was->media_type != NULL && said->media_type != NULL &&
        !is_same_media(was->media_type, said->media_type)) {
        disagree(c, CODE_MEDIA_TYPE_MISMATCH, was, said);
    }
    was->media_type = was->media_type != NULL ? was->media_type : said->media_type;
    if (was->srid != 0 && said->srid != 0 && was->srid != said->srid) {
        disagree(c, CODE_CRS_MISMATCH, was, said);
    }
    if (was->srid == 0) {
        was->srid = said->srid;
        was->crs = said->crs;
    }
    was->name = was->name != NULL ? was->name : said->name;
}

void claim_take(struct dataset_catalog *c, const struct claim *said, bool defines)
{
    struct artifact_claim *w = find(c, said);
    if (w != NULL) {
        compare(c, &w->said, said);
    } else if (defines && said->path != NULL) {
        w = ARENA_NEW(c->a, struct artifact_claim);
        w->said = *said;
        (void)table_puts(&c->artifacts, said->path, w);
    }
    if (w != NULL && said->has_digest) {
        w->named |= KIND_BIT(said->kind);
        (void)table_put(&c->by_digest, digest_key(&w->said.digest), w);
    }
}

void claim_record(struct dataset_catalog *c, const struct claim *said)
{
    struct record_claim *r = ARENA_NEW(c->a, struct record_claim);
    r->said = *said;
    r->next = table_put(&c->recorded, bytes_str(said->path), r);
}

static void check_named(struct dataset_catalog *c, const struct artifact_claim *w, unsigned needed)
{
    const struct claim *said = &w->said;
    if (!said->has_digest) {
        CATALOG_FAULT_CLAIM(c, CODE_DIGEST_MISSING, said, "\"%s\"", said->path);
        return;
    }
    for (int k = 0; k < KIND_COUNT; k++) {
        bool lacks = (needed & ~w->named & KIND_BIT(k)) != 0;
        c->is_bad = c->is_bad || lacks;
        if (lacks && !c->is_partial && (c->spoiled & KIND_BIT(k)) == 0) {
            CATALOG_FAULT_CLAIM(c, CODE_ARTIFACT_UNNAMED, said, "\"%s\" by %s", said->path,
                                catalog_kind_text((enum catalog_kind)k));
        }
    }
    if (c->srid != 0 && said->srid != 0 && c->srid != said->srid) {
        CATALOG_FAULT_CLAIM(c, CODE_CRS_MISMATCH, said, "\"%s\": %s and the whole version",
                            said->path, catalog_kind_text(said->kind));
    }
}

void claims_close(struct dataset_catalog *c, unsigned needed)
{
    for (size_t i = 0; i < c->artifacts.n; i++) {
        check_named(c, c->artifacts.rows[i].value, needed);
    }
}

/* --- names -------------------------------------------------------------------------------------- */

/* "data/x/counties.geojson.gz" -> "counties" */
static const char *stem_of(struct arena *a, const char *path)
{
    const char *name = path_name(path);
    size_t n = strlen(name);
    n -= path_ends(name, ".gz") ? strlen(".gz") : path_ends(name, ".zst") ? strlen(".zst") : 0;
    const char *dot = memrchr(name, '.', n);
    return arena_strndup(a, name, dot != NULL && dot > name ? (size_t)(dot - name) : n);
}

/* A key that several items use for different files names none of them. */
static void give_names(struct dataset_catalog *c, const struct artifact_claim *const *list,
                       size_t n, const char **names)
{
    struct table keys = {.a = c->a};
    for (size_t i = 0; i < n; i++) {
        const char *key = list[i]->said.name;
        if (key != NULL) {
            bool is_new = table_gets(&keys, key) == NULL;
            (void)table_puts(&keys, key, is_new ? &names[i] : &names[n]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        const char *key = list[i]->said.name;
        bool is_own = key != NULL && table_gets(&keys, key) == &names[i];
        names[i] = arena_strdup(c->keep, is_own ? key : stem_of(c->a, list[i]->said.path));
    }
}

static int by_name(const void *a, const void *b)
{
    const struct dataset_file *l = a;
    const struct dataset_file *r = b;
    int order = strcmp(l->name, r->name);
    return order != 0 ? order : strcmp(l->path, r->path);
}

static const char *kept(struct dataset_catalog *c, const char *text)
{
    return text == NULL ? NULL : arena_strdup(c->keep, text);
}

static struct dataset_file result_of(struct dataset_catalog *c, const struct claim *said,
                                     const char *name)
{
    bool has_own = said->srid != 0;
    return (struct dataset_file){
        .name = name,
        .path = kept(c, said->path),
        .media_type = kept(c, said->media_type),
        .digest = said->digest,
        .size = said->size,
        .srid = has_own ? said->srid : c->srid,
        .crs = kept(c, has_own ? said->crs : c->crs),
    };
}

void claims_result(struct dataset_catalog *c, struct dataset_files *out)
{
    size_t n = c->artifacts.n;
    const struct artifact_claim **list = ARENA_ARRAY(c->a, const struct artifact_claim *, n + 1);
    const char **names = ARENA_ARRAY(c->a, const char *, n + 1);
    *out = (struct dataset_files){ARENA_ARRAY(c->keep, struct dataset_file, n + 1), n, n + 1};
    for (size_t i = 0; i < n; i++) {
        list[i] = c->artifacts.rows[i].value;
    }
    give_names(c, list, n, names);
    for (size_t i = 0; i < n; i++) {
        out->v[i] = result_of(c, &list[i]->said, names[i]);
    }
    if (n > 1) {
        qsort(out->v, n, sizeof *out->v, by_name);
    }
    for (size_t i = 1; i < n; i++) {
        const struct dataset_file *f = &out->v[i];
        if (strcmp(f[-1].name, f->name) == 0) {
            const struct artifact_claim *w = table_gets(&c->artifacts, f->path);
            CATALOG_FAULT_CLAIM(c, CODE_NAME_TWICE, &w->said, "\"%s\" and \"%s\"", f[-1].path,
                                f->path);
        }
    }
}
