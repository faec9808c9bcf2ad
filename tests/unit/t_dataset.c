/* layer: data */
/* Dataset versions out of their catalogs: every form and family of ids, and every code that stops one. */
#include "tap.h"

#include "base/file.h"
#include "dataset_cases.h"
#include "doc/json.h"

static bool seen[CODE_COUNT];

static struct dataset_place place_of(struct arena *a)
{
    static const char *const roots[] = {"registry/data", "data"};
    return (struct dataset_place){.a = a, .dirfd = place_fd, .root = roots, .n_roots = 2};
}

/* The codes of faults, each once, in the order of the alphabet. */
static const char *codes_of(struct arena *a, const struct err_list *faults)
{
    struct buf out = {0};
    bool has[CODE_COUNT] = {false};
    bool is_other = false;
    for (size_t i = 0; i < faults->n; i++) {
        const struct err *e = &faults->v[i];
        size_t code = 0;
        while (code < CODE_COUNT && (e->msg[0] != '[' ||
                                     strncmp(e->msg + 1, catalog_rules[code].code,
                                             strlen(catalog_rules[code].code)) != 0 ||
                                     e->msg[1 + strlen(catalog_rules[code].code)] != ']')) {
            code++;
        }
        bool is_whole = code < CODE_COUNT && e->code == catalog_rules[code].error &&
                        strcmp(e->hint, catalog_rules[code].hint) == 0 && e->where.path[0] != '\0';
        is_other = is_other || !is_whole;
        if (code < CODE_COUNT) {
            has[code] = true;
            seen[code] = true;
        }
    }
    for (size_t i = 0; i < CODE_COUNT; i++) {
        if (has[i]) {
            buf_printf(&out, "%s%s", out.n > 0 ? " " : "", catalog_rules[i].code);
        }
    }
    buf_puts(&out, is_other ? " and a fault without code, place or hint" : "");
    const char *text = arena_strdup(a, buf_str(&out));
    buf_release(&out);
    return text;
}

static void print_faults(const struct err_list *faults)
{
    for (size_t i = 0; i < faults->n; i++) {
        const struct err *e = &faults->v[i];
        printf("#   %s:%d:%d: %s\n", e->where.path, e->where.line, e->where.col, e->msg);
    }
}

/* --- what is good --------------------------------------------------------------------------------- */

static const struct dataset_file *catalog_named(const struct dataset *d, const char *name)
{
    for (size_t i = 0; i < d->catalogs.n; i++) {
        if (strcmp(d->catalogs.v[i].name, name) == 0) {
            return &d->catalogs.v[i];
        }
    }
    return NULL;
}

static struct dataset *find(struct arena *a, const struct fixture *x, struct err_list *faults)
{
    struct dataset_place p = place_of(a);
    struct dataset *d = NULL;
    int rc = dataset_find(&p, x->slug, x->id, &d, faults);
    ok(rc == 0 && d != NULL && faults->n == 0, x->id);
    print_faults(faults);
    if (d == NULL) {
        printf("Bail out! a good version is not found\n");
        exit(1);
    }
    return d;
}

enum { WELLS_CHECKS = 24 };
static void test_promoted(void)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct dataset_place p = place_of(&a);
    place_start();
    p.dirfd = place_fd;
    fixture_write(&wells, NULL);
    const struct dataset *d = find(&a, &wells, &faults);
    ok(d->form == DATASET_PROMOTED, "by its promotion manifest");
    is_str(dataset_form_text(d->form), "promotion manifest", "in words");
    is_str(d->slug, "wells", "the slug");
    is_str(d->id, WELLS_ID, "the id");
    is_str(d->path, "registry/data/catalog/wells/" WELLS_ID "/promotion_manifest.v1.json",
           "the file");
    is_str(d->evidence_ref, "dcat://wells@" WELLS_ID, "what $evidence_ref stands for");
    is_int(d->artifacts.n, 1, "one artifact");
    const struct dataset_file *f = &d->artifacts.v[0];
    struct digest digest = digest_of(bytes_str(FEATURES));
    is_str(f->name, "features", "named by its key in STAC");
    is_str(f->path, "registry/data/processed/wells/" WELLS_ID "/artifacts/features.geojson",
           "its path from the project's top");
    is_str(f->media_type, "application/geo+json", "its media type");
    ok(digest_eq(&f->digest, &digest), "its digest");
    is_int(f->size, strlen(FEATURES), "its size, which only DCAT and STAC give");
    is_int(f->srid, 4326, "its SRID");
    is_str(f->crs, "OGC:CRS84", "and how it is written");
    ok(d->has_count && d->count == 1, "the number of features");
    ok(d->has_bbox && d->bbox[0] == -98.5 && d->bbox[1] == 38.25 && d->bbox[2] == -98.5 &&
           d->bbox[3] == 38.25,
       "the extent");
    is_str(d->spec_hash, WELLS_SPEC, "the hash of the specification");
    is_str(d->license, "CC0-1.0", "the license");
    is_str(d->policy_label, "public", "the policy label");
    ok(!d->is_restricted && d->sensitivity == NULL, "nothing restricts it");
    is_int(d->catalogs.n, 7, "manifest, four catalogs, checksums and runtime metadata");
    f = catalog_named(d, "checksums.v1.json");
    ok(f != NULL && f->size > 0 && !digest_is_zero(&f->digest), "each with its digest");
    is_int(dataset_verify(&p, d, NULL, NULL, NULL, &faults), 0,
           "the artifacts are as they should be");
    err_list_release(&faults);
    arena_release(&a);
}

enum { LAKES_CHECKS = 11 };
static void test_other_layout(void)
{
    struct arena a = {0};
    struct err_list faults = {0};
    place_start();
    fixture_write(&lakes, NULL);
    const struct dataset *d = find(&a, &lakes, &faults);
    const struct dataset_file *f = &d->artifacts.v[0];
    is_int(d->artifacts.n, 1, "one artifact");
    is_str(f->name, "lakes", "its name");
    is_str(f->path,
           "registry/data/processed/water/lakes/2026-03.99999999/artifacts/features.geojson",
           "its path");
    is_str(f->media_type, "Application/geo+json; x=y", "the media type as it is written first");
    is_int(f->srid, 4326, "proj:epsg");
    is_str(f->crs, "EPSG:4326", "as text");
    is_int(f->size, strlen(FEATURES), "a size as a typed value");
    ok(d->is_restricted && d->has_bbox && d->bbox[3] == 38.25,
       "restricted, with an extent to compare");
    is_str(d->license, "CC0-1.0", "a license from an item's properties");
    ok(d->has_count && d->count == 1, "feature_count");
    err_list_release(&faults);
    arena_release(&a);
}

enum { BASINS_CHECKS = 11 };
static void test_record(void)
{
    struct arena a = {0};
    struct err_list faults = {0};
    place_start();
    fixture_write(&basins, NULL);
    const struct dataset *d = find(&a, &basins, &faults);
    const struct dataset_file *f = &d->artifacts.v[0];
    ok(d->form == DATASET_REGISTERED, "by its record");
    is_str(d->slug, "basins", "the last part of dataset_id");
    is_str(f->name, "basins_2026-03-01", "the file's name without endings");
    is_str(f->path, "data/processed/water/basins_2026-03-01.geojson.gz", "from the root's parent");
    is_int(f->srid, 4326, "OGC:CRS84");
    ok(d->has_count && d->count == 1 && !d->has_bbox, "a count, and no extent");
    is_str(d->rights, "source-statement-reviewed", "rights in words");
    is_str(d->license, "No restrictions.", "the statement of the source");
    is_str(d->sensitivity, "public-administrative-boundary", "sensitivity in words");
    ok(!d->is_restricted && d->policy_label == NULL, "a record needs no policy label");
    err_list_release(&faults);
    arena_release(&a);
}

enum { SPRINGS_CHECKS = 10 };
static void test_cataloged(const struct fixture *x)
{
    struct arena a = {0};
    struct err_list faults = {0};
    place_start();
    fixture_write(x, NULL);
    const struct dataset *d = find(&a, x, &faults);
    const struct dataset_file *f = &d->artifacts.v[0];
    ok(d->form == DATASET_CATALOGED, "by its catalog files");
    is_str(d->path, "data/registry/dataset_versions/springs.json", "the DatasetVersion");
    is_int(d->artifacts.n, 1, "a preview is no artifact");
    is_str(f->name, "table", "the key in STAC");
    is_str(f->media_type, "text/csv", "its media type");
    is_int(f->size, -1, "nobody says its size");
    is_str(d->rights, "ALLOWED", "rights");
    is_str(d->sensitivity, "PUBLIC_SAFE", "sensitivity");
    is_int(d->catalogs.n, 4, "version, item, DCAT and PROV");
    err_list_release(&faults);
    arena_release(&a);
}

enum { ID_CHECKS = 5 };
static void test_id(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes text;
    place_start();
    fixture_write(&springs_sha, NULL);
    int rc = file_read(&a, place_fd, "data/registry/dataset_versions/springs.json", 1 << 20, &text,
                       NULL, &e);
    struct doc *d = rc == 0 ? json_read(&a, text, "x", &e) : NULL;
    is_str(d == NULL ? NULL : dataset_version_id(&a, d), SPRINGS_SHA,
           "the id is the digest of the eight members");
    (void)doc_put(&a, d, "lifecycle_stage", doc_text(&a, "CATALOG"));
    ok(strcmp(dataset_version_id(&a, d), SPRINGS_SHA) != 0, "another stage is another id");
    (void)doc_put(&a, d, "lifecycle_stage", doc_text(&a, "\x7f"));
    is_str(dataset_version_id(&a, d), NULL, "what has no canonical form has no id");
    struct doc *real = doc_text(&a, "1.5");
    real->plain = true;
    (void)doc_put(&a, d, "lifecycle_stage", real);
    is_str(dataset_version_id(&a, d), NULL, "nor has a fraction");
    is_str(dataset_version_id(&a, doc_new(&a, DOC_MAP)), NULL, "nor what has not all members");
    arena_release(&a);
}

/* --- what stops ------------------------------------------------------------------------------------ */

struct row {
    const char *name;
    const struct fixture *of;
    struct edit edits[EDITS_MAX];
    const char *codes;
};

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define MANIFEST_DIGEST "\"digest\": \"{{sha:features}}\", \"media_type\""

#define SPDX(prefix, hex)                                                                          \
    "\"" prefix "checksum\": {\"@type\": \"" prefix "Checksum\", \"" prefix                        \
    "algorithm\": {\"@id\": \"http://spdx.org/rdf/terms#checksumAlgorithm_sha256\"}, \"" prefix    \
    "checksumValue\": \"" hex "\"}"
#define UP5 "\"href\": \"../../../../../"

static const struct row rows[] = {
    /* reading */
    {"a truncated manifest",
     &wells,
     {{"manifest", "\"approvals\": []}", "\"appr"}},
     "CATALOG_MALFORMED"},
    {"truncated DCAT", &wells, {{"dcat", "}]}\n", ""}}, "CATALOG_MALFORMED"},
    {"a duplicate key",
     &wells,
     {{"item", "\"id\": \"wells-1\"", "\"id\": \"a\", \"id\": \"b\""}},
     "CATALOG_MALFORMED"},
    {"NaN in an extent", &wells, {{"runtime", "-98.5", "NaN"}}, "CATALOG_MALFORMED"},
    {"a NUL escape", &wells, {{"collection", "CC0-1.0", "CC0\\u0000"}}, "CATALOG_MALFORMED"},
    {"an empty record", &basins, {{"record", NULL, ""}}, ""},
    {"a truncated record",
     &basins,
     {{"record", "\"No restrictions.\"}}", ""}},
     "CATALOG_MALFORMED"},
    {"a truncated DatasetVersion",
     &springs,
     {{"version", "{\"authority_created\": false}}", ""}},
     "CATALOG_MALFORMED"},
    {"no version of the manifest's format",
     &wells,
     {{"manifest", "\"v1\"", "\"v2\""}},
     "CATALOG_VERSION_UNKNOWN"},
    {"no version of STAC", &wells, {{"item", "\"1.0.0\"", "\"0.9.0\""}}, "CATALOG_VERSION_UNKNOWN"},
    {"another schema",
     &springs,
     {{"version", "\"1.0.0\"", "\"2.0.0\""}},
     "CATALOG_VERSION_UNKNOWN"},
    {"another identity profile",
     &springs,
     {{"version", "id-v1", "id-v9"}},
     "CATALOG_VERSION_UNKNOWN"},
    {"artifacts that are no list",
     &wells,
     {{"manifest", "\"artifacts\": [{", "\"artifacts\": {\"x\": [{"},
      {"manifest", "json\"}],\n \"catalogs\"", "json\"}]},\n \"catalogs\""}},
     "CATALOG_SHAPE"},
    {"an interval that is open at both ends",
     &wells,
     {{"collection", "\"2026-01-01T00:00:00Z\", null", "null, null"}},
     "CATALOG_SHAPE"},
    {"an artifact without path",
     &wells,
     {{"manifest", "\"artifacts\": [{\"path\"", "\"artifacts\": [{\"paht\""}},
     "CATALOG_SHAPE"},
    {"a path that is a number",
     &wells,
     {{"manifest", "\"artifacts\": [{\"path\": \"" WELLS_PATH "\"",
       "\"artifacts\": [{\"path\": 1.5"}},
     "CATALOG_SHAPE"},
    {"a manifest without slug",
     &wells,
     {{"manifest", "\"dataset_slug\"", "\"slug\""}},
     "CATALOG_SHAPE"},
    {"a manifest without id",
     &wells,
     {{"manifest", "\"dataset_version_id\"", "\"id\""}},
     "CATALOG_SHAPE"},
    {"a payload that is no object",
     &basins,
     {{"record", "\"payload\":{", "\"payload\":[],\"x\":{"}},
     "CATALOG_SHAPE"},
    {"a size that is no number",
     &basins,
     {{"record", "{{size:features}}", "\"many\""}},
     "CATALOG_SHAPE"},
    {"a negative size", &basins, {{"record", "{{size:features}}", "-1"}}, "CATALOG_SHAPE"},
    {"a size beyond everything",
     &basins,
     {{"record", "{{size:features}}", "1e999999999999"}},
     "CATALOG_SHAPE"},
    {"assets that are a list",
     &wells,
     {{"item", "\"assets\": {\"features\"", "\"assets\": [], \"x\": {\"features\""}},
     "CATALOG_SHAPE"},
    {"an asset that is no object",
     &wells,
     {{"item", "\"thumbnail\": {", "\"other\": 1, \"thumbnail\": {"}},
     "CATALOG_SHAPE"},
    {"an asset without href",
     &wells,
     {{"item", "\"thumbnail\": {\"href\"", "\"thumbnail\": {\"ref\""}},
     "CATALOG_SHAPE"},
    {"a line of sha256sums that is none",
     &lakes,
     {{"checksums", "  artifacts", " artifacts"}},
     "CATALOG_SHAPE"},
    {"checksums in no known shape",
     &wells,
     {{"checksums", "\"files\"", "\"list\""}},
     "CATALOG_SHAPE"},
    {"a DatasetVersion without temporal",
     &springs,
     {{"version", "\"temporal\"", "\"temporary\""}},
     "CATALOG_SHAPE"},
    {"a DatasetVersion whose references are no list",
     &springs,
     {{"version", "[\"a\", \"b\"]", "\"a\""}},
     "CATALOG_SHAPE"},
    {"a reference that is no text",
     &springs,
     {{"version", "[\"a\", \"b\"]", "[1]"}},
     "CATALOG_SHAPE"},
    {"a policy label that is no text",
     &wells,
     {{"manifest", "\"policy_label\": \"public\"", "\"policy_label\": 1"}},
     "CATALOG_SHAPE"},
    /* paths */
    {"a path with ..",
     &wells,
     {{"manifest", "[{\"path\": \"data/", "[{\"path\": \"data/../data/"}},
     "CATALOG_PATH_UNSAFE"},
    {"a path that begins with ..",
     &wells,
     {{"item", "\"href\": \"data", "\"href\": \"../../../../../../../../data"}},
     "CATALOG_PATH_UNSAFE"},
    {"a STAC path that leads out and in again",
     &wells,
     {{"item", "\"href\": \"data", "\"href\": \"../../../../../../../../registry/data"}},
     "CATALOG_PATH_UNSAFE"},
    {"a STAC path with .. to nothing",
     &wells,
     {{"item", "\"href\": \"data", "\"href\": \"../data"}},
     "CATALOG_FILE_MISSING"},
    {"a STAC path with a backslash",
     &wells,
     {{"item", "\"href\": \"data/", "\"href\": \"..\\\\data/"}},
     "CATALOG_PATH_UNSAFE"},
    {"an absolute STAC path",
     &wells,
     {{"item", "\"href\": \"data", "\"href\": \"/data"}},
     "CATALOG_PATH_UNSAFE"},
    {"the item itself, beside it, for the artifact",
     &wells,
     {{"item", "\"href\": \"" WELLS_PATH, "\"href\": \"wells-1.json"}},
     "CATALOG_ARTIFACT_UNNAMED"},
    /* times in STAC */
    {"an item's time without zone",
     &wells,
     {{"item", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00"}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"an item's time that is only a date",
     &wells,
     {{"item", "2026-01-01T00:00:00Z", "2026-01-01"}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"a day that there is not",
     &wells,
     {{"item", "2026-01-01T00:00:00Z", "2026-02-30T00:00:00Z"}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"a number for a time",
     &wells,
     {{"item", "\"2026-01-01T00:00:00Z\"", "1767225600"}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"infinity",
     &wells,
     {{"item", "2026-01-01T00:00:00Z", "infinity"}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"no time and no window",
     &wells,
     {{"item", "\"2026-01-01T00:00:00Z\"", "null"}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"no time and half a window",
     &wells,
     {{"item", "\"2026-01-01T00:00:00Z\"", "null, \"start_datetime\": \"2026-01-01T00:00:00Z\""}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"an item's window that ends before it starts",
     &wells,
     {{"item", "\"2026-01-01T00:00:00Z\"",
       "null, \"start_datetime\": \"2026-01-02T00:00:00Z\", \"end_datetime\": "
       "\"2026-01-01T23:00:00Z\""}},
     "TEMPORAL_ORDER_INVALID"},
    {"an update that has no time",
     &wells,
     {{"item", "\"2026-01-01T00:00:00Z\"", "\"2026-01-01T00:00:00Z\", \"updated\": \"yesterday\""}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"an interval that begins at no time",
     &wells,
     {{"collection", "\"2026-01-01T00:00:00Z\"", "\"2026\""}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"an interval that ends before it starts",
     &wells,
     {{"collection", "\"2026-01-01T00:00:00Z\", null",
       "\"2026-01-01T00:00:00Z\", \"2025-01-01T00:00:00Z\""}},
     "TEMPORAL_ORDER_INVALID"},
    {"an interval of one time",
     &wells,
     {{"collection", "\"2026-01-01T00:00:00Z\", null", "\"2026-01-01T00:00:00Z\""}},
     "CATALOG_SHAPE"},
    {"an interval that is no pair",
     &wells,
     {{"collection", "[[\"2026-01-01T00:00:00Z\", null]]", "[\"2026-01-01T00:00:00Z\", null]"}},
     "CATALOG_SHAPE"},
    {"no interval",
     &wells,
     {{"collection", "[[\"2026-01-01T00:00:00Z\", null]]", "[]"}},
     "CATALOG_SHAPE"},
    {"infinity in a DatasetVersion",
     &springs,
     {{"version", "2026-01-06T01:00:00Z", "infinity"}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    /* spdx:checksum */
    {"another digest in DCAT's spdx:checksum",
     &wells,
     {{"dcat", "\"kfm:artifact_digest\": \"{{sha:features}}\"", SPDX("spdx:", ONES)}},
     "CATALOG_DIGEST_MISMATCH"},
    {"an spdx:checksum that is none",
     &wells,
     {{"dcat", "\"kfm:artifact_digest\": \"{{sha:features}}\"", SPDX("spdx:", "abc")}},
     "CATALOG_DIGEST_MALFORMED"},
    {"an spdx:checksum of zeros",
     &wells,
     {{"dcat", "\"kfm:artifact_digest\": \"{{sha:features}}\"", SPDX("spdx:", ZEROS)}},
     "DIGEST_PLACEHOLDER_DENIED"},
    {"two digests, one by spdx:checksum",
     &wells,
     {{"dcat", "\"kfm:artifact_digest\"", SPDX("spdx:", ONES) ", \"kfm:artifact_digest\""}},
     "CATALOG_DIGEST_MISMATCH"},
    {"an absolute path",
     &basins,
     {{"record", "\"path\":\"data", "\"path\":\"/data"}},
     "CATALOG_PATH_UNSAFE"},
    {"a path with a backslash",
     &basins,
     {{"record", "\"path\":\"data/", "\"path\":\"data\\\\"}},
     "CATALOG_PATH_UNSAFE"},
    {"an empty path",
     &basins,
     {{"record", "\"path\":\"data/processed/water/basins_2026-03-01.geojson.gz\"",
       "\"path\":\"\""}},
     "CATALOG_PATH_UNSAFE"},
    {"a path that is only dots",
     &basins,
     {{"record", "\"path\":\"data/processed/water/basins_2026-03-01.geojson.gz\"",
       "\"path\":\"./.\""}},
     "CATALOG_PATH_UNSAFE"},
    {"a folder's path",
     &basins,
     {{"record", "basins_2026-03-01.geojson.gz", ""}},
     "CATALOG_PATH_UNSAFE"},
    {"PROV with ..",
     &wells,
     {{"prov", "\"prov:atLocation\": \"data/", "\"prov:atLocation\": \"../data/"}},
     "CATALOG_PATH_UNSAFE"},
    {"checksums with ..",
     &lakes,
     {{"checksums", "artifacts/", "../artifacts/"}},
     "CATALOG_PATH_UNSAFE"},
    {"a payload somewhere else",
     &basins,
     {{"record", "\"path\":\"data/", "\"path\":\"https://example.org/"}},
     "CATALOG_PATH_SCHEME"},
    {"an asset in a bucket",
     &wells,
     {{"item", "\"href\": \"data", "\"href\": \"s3://data"}},
     "CATALOG_PATH_SCHEME"},
    {"a distribution somewhere else",
     &wells,
     {{"dcat", "\"dcat:downloadURL\": \"data", "\"dcat:downloadURL\": \"file:///data"}},
     "CATALOG_PATH_SCHEME"},
    {"an artifact that is not there",
     &wells,
     {{"manifest", "features.geojson", "fixtures.geojson"}},
     "CATALOG_FILE_MISSING"},
    {"a missing payload",
     &basins,
     {{"record", "basins_2026-03-01.geojson.gz", "basins.geojson"}},
     "CATALOG_FILE_MISSING"},
    {"a catalog that is not there",
     &wells,
     {{"manifest", "dcat.jsonld\"", "dcat.json\""}},
     "CATALOG_FILE_MISSING CATALOG_DCAT_MISSING CATALOG_UNLISTED"},
    {"a folder as payload",
     &basins,
     {{"record", "/basins_2026-03-01.geojson.gz", ""}},
     "CATALOG_NOT_REGULAR"},
    {"a name too long to look for",
     &basins,
     {{"record", "basins_2026", ONES ONES ONES ONES "/basins_2026"}},
     "CATALOG_UNREADABLE"},
    /* digests and sizes */
    {"a digest with capitals",
     &basins,
     {{"record", "{{sha:features}}", "sha256:A{{hex:features}}"}},
     "CATALOG_DIGEST_MALFORMED"},
    {"a digest of another kind",
     &wells,
     {{"item", "{{sha:features}}", "1340{{hex:features}}"}},
     "CATALOG_DIGEST_MALFORMED"},
    {"a digest that is a number",
     &wells,
     {{"dcat", "\"{{sha:features}}\"", "12"}},
     "CATALOG_DIGEST_MALFORMED"},
    {"checksums with a broken digest",
     &wells,
     {{"checksums", "{{hex:features}}", "abc"}},
     "CATALOG_DIGEST_MALFORMED"},
    {"a placeholder",
     &basins,
     {{"record", "{{sha:features}}", "sha256:" ZEROS}},
     "DIGEST_PLACEHOLDER_DENIED"},
    {"a content digest of zeros",
     &springs,
     {{"version", "84340afb4b1edd4c08f5fb0e80f7467ca7483a281e3d5c327ed2b5415cbab2c4", ZEROS}},
     "DIGEST_PLACEHOLDER_DENIED"},
    {"a payload without digest",
     &basins,
     {{"record", "\"sha256\"", "\"sha512\""}},
     "CATALOG_DIGEST_MISSING"},
    {"an asset without digest",
     &springs,
     {{"item", "\"checksum:sha256\"", "\"checksum:sha1\""},
      {"dcat", "kfm://artifact/{{sha:features}}", "kfm://artifact/1"},
      {"prov", "kfm://artifact/{{sha:features}}", "x:y"}},
     "CATALOG_DIGEST_MISSING"},
    {"another digest in the manifest",
     &wells,
     {{"manifest", MANIFEST_DIGEST, "\"digest\": \"" ONES "\", \"media_type\""}},
     "CATALOG_DIGEST_MISMATCH"},
    {"another digest in STAC",
     &wells,
     {{"item", "{{sha:features}}", "sha256:" ONES}},
     "CATALOG_DIGEST_MISMATCH"},
    {"another digest in DCAT",
     &wells,
     {{"dcat", "{{sha:features}}", "sha256:" ONES}},
     "CATALOG_DIGEST_MISMATCH"},
    {"another digest in PROV",
     &wells,
     {{"prov", "{{sha:features}}", "sha256:" ONES}},
     "CATALOG_DIGEST_MISMATCH"},
    {"another digest in the checksums",
     &wells,
     {{"checksums", "{{hex:features}}", ONES}},
     "CATALOG_DIGEST_MISMATCH"},
    {"another digest in sha256sums",
     &lakes,
     {{"checksums", "{{hex:features}}", ONES}},
     "CATALOG_DIGEST_MISMATCH"},
    {"two digests in one asset",
     &wells,
     {{"item", "\"file:checksum\"", "\"kfm:digest\": \"" ONES "\", \"file:checksum\""}},
     "CATALOG_DIGEST_MISMATCH"},
    {"loose files that disagree",
     &springs,
     {{"item", "{{hex:features}}", ONES}},
     "CATALOG_ARTIFACT_UNNAMED"},
    {"a size off by one",
     &wells,
     {{"item", "{{size:features}}", "1{{size:features}}"}},
     "CATALOG_SIZE_MISMATCH"},
    {"two sizes in one object",
     &basins,
     {{"record", "\"byte_count\"", "\"size\":1,\"byte_count\""}},
     "CATALOG_SIZE_MISMATCH"},
    {"a catalog's size",
     &wells,
     {{"manifest", "\"digest\": \"{{sha:dcat}}\"", "\"size\": 1, \"digest\": \"{{sha:dcat}}\""}},
     "CATALOG_SIZE_MISMATCH"},
    {"another media type", &wells, {{"dcat", "geo+json", "json"}}, "CATALOG_MEDIA_TYPE_MISMATCH"},
    {"an altered catalog",
     &wells,
     {{"manifest", "{{sha:dcat}}", "sha256:" ONES}},
     "CATALOG_FILE_ALTERED"},
    {"checksums that know another runtime metadata",
     &wells,
     {{"checksums", "]}",
       ", {\"path\": \"runtime_metadata.v1.json\", \"digest\": \"" ONES "\"}]}"}},
     "CATALOG_FILE_ALTERED"},
    /* closure */
    {"no STAC",
     &wells,
     {{"item", NULL, NULL},
      {"collection", NULL, NULL},
      {"manifest",
       "  {\"path\": \"" WELLS_HOME
       "stac/collection.json\", \"digest\": \"{{sha:collection}}\"},\n",
       ""},
      {"manifest",
       "  {\"path\": \"" WELLS_HOME "stac/items/wells-1.json\", \"digest\": \"{{sha:item}}\"},\n",
       ""}},
     "CATALOG_STAC_MISSING"},
    {"no DCAT",
     &springs,
     {{"dcat", NULL, NULL},
      {"item", "\"properties\": {", "\"properties\": {\"kfm:policy_label\": \"public\","}},
     "CATALOG_DCAT_MISSING"},
    {"no PROV", &springs, {{"prov", NULL, NULL}}, "CATALOG_PROV_MISSING"},
    {"no checksums", &wells, {{"checksums", NULL, NULL}}, "CATALOG_CHECKSUMS_MISSING"},
    {"DCAT without distribution",
     &wells,
     {{"dcat", "\"dcat:distribution\"", "\"distributions\""}},
     "CATALOG_ARTIFACT_UNNAMED"},
    {"PROV of something else",
     &wells,
     {{"prov", "\"prov:atLocation\": \"data/", "\"prov:atLocation\": \"other/"}},
     "CATALOG_ARTIFACT_UNNAMED"},
    {"no artifacts",
     &wells,
     {{"manifest",
       "\"artifacts\": [{\"path\": \"" WELLS_PATH "\",\n  " MANIFEST_DIGEST
       ": \"application/geo+json\"}]",
       "\"artifacts\": []"}},
     "CATALOG_NO_ARTIFACT"},
    {"a catalog that is not listed",
     &wells,
     {{"manifest",
       "  {\"path\": \"" WELLS_HOME
       "stac/collection.json\", \"digest\": \"{{sha:collection}}\"},\n",
       ""}},
     "CATALOG_UNLISTED"},
    /* identity */
    {"STAC of another version",
     &wells,
     {{"item", "{{id}}", "2026-02.ffffffff"}},
     "CATALOG_ID_MISMATCH"},
    {"DCAT of another version",
     &wells,
     {{"dcat", "{{id}}", "2026-02.ffffffff"}},
     "CATALOG_ID_MISMATCH"},
    {"PROV of another version",
     &wells,
     {{"prov", "{{id}}", "2026-02.ffffffff"}},
     "CATALOG_ID_MISMATCH"},
    {"metadata of another version",
     &wells,
     {{"runtime", "{{id}}", "2026-02.ffffffff"}},
     "CATALOG_ID_MISMATCH"},
    {"DCAT of another dataset",
     &wells,
     {{"dcat", "\"kfm:dataset_id\": \"wells\"", "\"kfm:dataset_id\": \"kfm:dataset:x:lakes\""}},
     "CATALOG_DATASET_MISMATCH"},
    {"another specification",
     &wells,
     {{"collection", "\"links\": []", "\"links\": []"},
      {"manifest", "\"spec_hash\": \"sha256:1", "\"spec_hash\": \"sha256:0g1"}},
     "CATALOG_DIGEST_MALFORMED"},
    {"a specification of zeros",
     &wells,
     {{"manifest", "\"spec_hash\": \"" WELLS_SPEC, "\"spec_hash\": \"" ZEROS}},
     "DIGEST_PLACEHOLDER_DENIED"},
    {"an id that was not computed",
     &springs_sha,
     {{"version", "springs ü", "springs u"}},
     "DATASET_VERSION_ID_MISMATCH"},
    /* promotion */
    {"checks that failed",
     &wells,
     {{"manifest", "\"status\": \"pass\"", "\"status\": \"fail\""}},
     "CATALOG_QA_FAILED"},
    {"no checks", &wells, {{"manifest", "\"qa\"", "\"qq\""}}, "CATALOG_QA_FAILED"},
    {"no decision",
     &wells,
     {{"manifest", "\"decision_id\"", "\"decided\""}},
     "CATALOG_DECISION_MISSING"},
    {"no policy",
     &wells,
     {{"manifest", "\"policy\"", "\"police\""},
      {"dcat", "\"kfm:policy_label\": \"public\",\n", ""},
      {"collection", "\"kfm:policy_label\": \"public\",\n", ""}},
     "CATALOG_DECISION_MISSING CATALOG_POLICY_UNKNOWN"},
    {"a decision against it",
     &wells,
     {{"manifest", "\"decision_id\"", "\"decision\": \"deny\", \"decision_id\""}},
     "CATALOG_DECISION_DENIED"},
    {"a decision in no word",
     &wells,
     {{"manifest", "\"decision_id\"", "\"decision\": true, \"decision_id\""}},
     "CATALOG_DECISION_DENIED"},
    {"a withdrawn record",
     &basins,
     {{"record", "\"current\"", "\"withdrawn\""}},
     "CATALOG_RECORD_STATUS"},
    {"a withdrawn item",
     &wells,
     {{"item", "\"proj:code\"", "\"kfm:release_state\": \"WITHDRAWN\", \"proj:code\""}},
     "CATALOG_RECORD_STATUS"},
    {"only processed",
     &springs,
     {{"version", "\"PUBLISHED\"", "\"PROCESSED\""},
      {"version", "published_version", "provider_release"},
      {"version", "\"release:1\"", "null"}},
     "CATALOG_STAGE_UNFIT"},
    {"no DatasetVersion", &springs, {{"version", NULL, NULL}}, "CATALOG_PROMOTION_MISSING"},
    /* rights, sensitivity, policy */
    {"no license",
     &wells,
     {{"dcat", "dct:license", "dct:licence"}, {"collection", "\"license\"", "\"licence\""}},
     "CATALOG_LICENSE_UNKNOWN"},
    {"a license that is unknown",
     &wells,
     {{"collection", "CC0-1.0", "unknown"}},
     "CATALOG_LICENSE_UNKNOWN"},
    {"rights whose review is pending",
     &basins,
     {{"record", "statement-reviewed", "statement-recorded-review-pending"}},
     "CATALOG_RIGHTS_UNKNOWN"},
    {"rights whose review is required",
     &springs,
     {{"version", "ALLOWED", "REVIEW_REQUIRED"}},
     "CATALOG_RIGHTS_UNKNOWN PUBLISHED_RIGHTS_NOT_ALLOWED"},
    {"rights in no known state",
     &springs,
     {{"version", "ALLOWED", "FINE"}},
     "CATALOG_RIGHTS_UNKNOWN PUBLISHED_RIGHTS_NOT_ALLOWED"},
    {"no rights", &basins, {{"record", "rights_status", "right_status"}}, "CATALOG_RIGHTS_UNKNOWN"},
    {"rights of the item unknown",
     &wells,
     {{"item", "\"proj:code\"", "\"kfm:rights_status\": \"unknown\", \"proj:code\""}},
     "CATALOG_RIGHTS_UNKNOWN"},
    {"rights denied",
     &basins,
     {{"record", "source-statement-reviewed", "use-denied"}},
     "CATALOG_RIGHTS_DENIED"},
    {"no sensitivity",
     &basins,
     {{"record", "sensitivity_status", "sense"}},
     "CATALOG_SENSITIVITY_UNKNOWN"},
    {"sensitivity in an unknown word",
     &basins,
     {{"record", "public-administrative", "plain-administrative"}},
     "CATALOG_SENSITIVITY_UNKNOWN"},
    {"what is not public",
     &basins,
     {{"record", "public-administrative", "not-public-administrative"}},
     "CATALOG_SENSITIVITY_UNKNOWN"},
    {"sensitivity to be reviewed",
     &springs,
     {{"version", "PUBLIC_SAFE", "REVIEW_REQUIRED"}},
     "CATALOG_SENSITIVITY_UNKNOWN PUBLISHED_SENSITIVITY_NOT_SAFE"},
    {"no state of sensitivity",
     &springs,
     {{"version", "\"state\": \"PUBLIC_SAFE\",", ""}},
     "CATALOG_SENSITIVITY_UNKNOWN PUBLISHED_SENSITIVITY_NOT_SAFE"},
    {"sensitivity denied",
     &springs,
     {{"version", "PUBLIC_SAFE", "DENIED"}},
     "CATALOG_SENSITIVITY_DENIED PUBLISHED_SENSITIVITY_NOT_SAFE"},
    {"a policy label out of the list",
     &wells,
     {{"manifest", "\"policy_label\": \"public\"", "\"policy_label\": \"open\""}},
     "CATALOG_POLICY_UNKNOWN"},
    {"no policy label",
     &springs,
     {{"dcat", "kfm:policy_label", "kfm:policy"}},
     "CATALOG_POLICY_UNKNOWN"},
    {"quarantine",
     &lakes,
     {{"manifest", "restricted_sensitive_location", "quarantine"}},
     "CATALOG_POLICY_DENIED"},
    {"two policy labels",
     &wells,
     {{"dcat", "\"kfm:policy_label\": \"public\"", "\"kfm:policy_label\": \"internal\""}},
     "CATALOG_POLICY_MISMATCH"},
    /* counts, extents, coordinates */
    {"a count with a fraction",
     &basins,
     {{"record", "\"feature_count\":1", "\"feature_count\":1.5"}},
     "CATALOG_COUNT_INVALID"},
    {"a count in quotes",
     &basins,
     {{"record", "\"feature_count\":1", "\"feature_count\":\"1\""}},
     "CATALOG_COUNT_INVALID"},
    {"a negative count",
     &basins,
     {{"record", "\"feature_count\":1", "\"feature_count\":-1"}},
     "CATALOG_COUNT_INVALID"},
    {"a huge count",
     &basins,
     {{"record", "\"feature_count\":1", "\"feature_count\":99999999999999999999"}},
     "CATALOG_COUNT_INVALID"},
    {"two counts",
     &wells,
     {{"runtime", "\"counts\"", "\"feature_count\": 2, \"counts\""}},
     "CATALOG_COUNT_MISMATCH"},
    {"an extent of three", &wells, {{"runtime", "[-98.5, ", "["}}, "CATALOG_BBOX_INVALID"},
    {"an extent beyond the world",
     &wells,
     {{"item", "\"bbox\": [-98.5, 38.25", "\"bbox\": [-198.5, 38.25"}},
     "CATALOG_BBOX_INVALID"},
    {"an extent of text",
     &wells,
     {{"item", "\"bbox\": [-98.5", "\"bbox\": [\"NaN\""}},
     "CATALOG_BBOX_INVALID"},
    {"an extent of infinite size",
     &wells,
     {{"runtime", "[-98.5", "[-1e999"}},
     "CATALOG_BBOX_INVALID"},
    {"south above north",
     &wells,
     {{"collection", "[[-98.5, 38.25", "[[-98.5, 39"}},
     "CATALOG_BBOX_INVALID"},
    {"an extent across the antimeridian",
     &wells,
     {{"runtime", "[-98.5", "[179"}},
     "CATALOG_BBOX_ANTIMERIDIAN"},
    {"another extent in the collection",
     &wells,
     {{"collection", "[[-98.5", "[[-98.500000002"}},
     "CATALOG_BBOX_MISMATCH"},
    {"another extent in the item",
     &wells,
     {{"item", "\"bbox\": [-98.5", "\"bbox\": [-99"}},
     "CATALOG_BBOX_MISMATCH"},
    {"an unknown CRS", &wells, {{"item", "OGC:CRS84", "ESRI:102100"}}, "CATALOG_CRS_UNKNOWN"},
    {"a CRS of too many digits",
     &basins,
     {{"record", "OGC:CRS84", "EPSG:4294967296"}},
     "CATALOG_CRS_UNKNOWN"},
    {"two CRS in one object",
     &lakes,
     {{"item", "\"proj:epsg\": 4326", "\"proj:epsg\": 5070, \"proj:code\": \"EPSG:4326\""}},
     "CATALOG_CRS_MISMATCH"},
    {"two CRS",
     &lakes,
     {{"runtime", "\"feature_count\"",
       "\"coordinate_reference_system\": \"EPSG:5070\", \"feature_count\""}},
     "CATALOG_CRS_MISMATCH"},
    /* DatasetVersion */
    {"a time without zone",
     &springs,
     {{"version", "2026-01-06T00:00:00Z", "2026-01-06T00:00:00"}},
     "TEMPORAL_TIMEZONE_REQUIRED"},
    {"retrieved before published",
     &springs,
     {{"version", "2026-01-06T00:00:00Z", "2026-01-04T00:00:00Z"}},
     "TEMPORAL_ORDER_INVALID"},
    {"a window that ends before it starts",
     &springs,
     {{"version", "2025-12-31", "2024-12-31"}},
     "TEMPORAL_ORDER_INVALID"},
    {"references in no order",
     &springs,
     {{"version", "[\"a\", \"b\"]", "[\"b\", \"a\"]"}},
     "REFS_NOT_CANONICAL"},
    {"a reference twice",
     &springs,
     {{"version", "[\"a\", \"b\"]", "[\"a\", \"a\"]"}},
     "REFS_NOT_CANONICAL"},
    {"processed from nothing",
     &springs,
     {{"version", "published_version", "processed_derivative"},
      {"version", "\"other:1\"", ""},
      {"version", "\"PUBLISHED\"", "\"CATALOG\""},
      {"version", "\"release:1\"", "null"}},
     "PROCESSED_LINEAGE_INCOMPLETE"},
    {"a correction of nothing",
     &springs,
     {{"version", "published_version", "corrected_version"},
      {"version", "\"PUBLISHED\"", "\"TRIPLET\""},
      {"version", "\"release:1\"", "null"}},
     "CORRECTED_LINEAGE_INCOMPLETE"},
    {"its own predecessor",
     &springs,
     {{"version", "\"previous_version_ref\": null", "\"previous_version_ref\": \"{{id}}\""}},
     "VERSION_SELF_REFERENCE"},
    {"its own input",
     &springs,
     {{"version", "\"other:1\"", "\"{{id}}\""}},
     "VERSION_SELF_REFERENCE"},
    {"a release before its time",
     &springs,
     {{"version", "published_version", "provider_release"},
      {"version", "\"PUBLISHED\"", "\"CATALOG\""}},
     "UNRELEASED_STAGE_WITH_RELEASE_REF"},
    {"cataloged without evidence",
     &springs,
     {{"version", "published_version", "provider_release"},
      {"version", "\"PUBLISHED\"", "\"CATALOG\""},
      {"version", "\"release:1\"", "null"},
      {"version", "\"e:1\"", ""}},
     "CATALOG_SUPPORT_INCOMPLETE"},
    {"published without release",
     &springs,
     {{"version", "\"release:1\"", "null"}},
     "PUBLISHED_RELEASE_REQUIRED"},
    {"published without run",
     &springs,
     {{"version", "\"r:1\"", ""}},
     "PUBLISHED_SUPPORT_INCOMPLETE"},
    {"published though restricted",
     &springs,
     {{"version", "PUBLIC_SAFE", "RESTRICTED"}},
     "PUBLISHED_SENSITIVITY_NOT_SAFE"},
    {"published as something else",
     &springs,
     {{"version", "published_version", "provider_release"}},
     "PUBLISHED_KIND_STAGE_MISMATCH"},
    {"authority of its own",
     &springs,
     {{"version", "\"authority_created\": false", "\"authority_created\": true"}},
     "GOVERNANCE_BOUNDARY_VIOLATION"},
};
enum { N_ROWS = sizeof rows / sizeof rows[0], CHECKS_PER_ROW = 3 };

static void check_row(const struct row *r)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct err_list listed = {0};
    struct dataset_place p = place_of(&a);
    struct dataset *d = NULL;
    struct dataset_list l;
    place_start();
    p.dirfd = place_fd;
    fixture_write(r->of, r->edits);
    int rc = dataset_find(&p, r->of->slug, r->of->id, &d, &faults);
    is_str(codes_of(&a, &faults), r->codes, r->name);
    if (strcmp(codes_of(&a, &faults), r->codes) != 0) {
        print_faults(&faults);
    }
    ok(r->codes[0] == '\0' ? rc == 1 : rc == -1 && d == NULL, "nothing is found");
    dataset_list(&p, &l, &listed);
    ok(l.n == 0 && listed.n >= faults.n, "nothing is listed");
    err_list_release(&faults);
    err_list_release(&listed);
    arena_release(&a);
}

/* Good ones that are written otherwise. */
static const struct row taken[] = {
    {"a STAC path from the item's own folder", &wells, {{"item", "\"href\": \"data/", UP5}}, NULL},
    {"with dots and doubled slashes",
     &wells,
     {{"item", "\"href\": \"data/", "\"href\": \"./../.././/../../../"}},
     NULL},
    {"up to the project and down again",
     &wells,
     {{"item", "\"href\": \"data/", "\"href\": \"../../../../../../../registry/data/"}},
     NULL},
    {"no time, but a window",
     &wells,
     {{"item", "\"2026-01-01T00:00:00Z\"",
       "null, \"start_datetime\": \"2026-01-01T00:00:00Z\", \"end_datetime\": "
       "\"2026-01-01T00:00:00.5+00:00\""}},
     NULL},
    {"an interval with an open beginning",
     &wells,
     {{"collection", "\"2026-01-01T00:00:00Z\", null", "null, \"2026-01-01T00:00:00Z\""}},
     NULL},
    {"two intervals",
     &wells,
     {{"collection", "[[\"2026-01-01T00:00:00Z\", null]]",
       "[[\"2026-01-01T00:00:00Z\", null], [null, \"2026-01-01T00:00:00Z\"]]"}},
     NULL},
    {"spdx:checksum",
     &wells,
     {{"dcat", "\"kfm:artifact_digest\": \"{{sha:features}}\"", SPDX("spdx:", "{{hex:features}}")}},
     NULL},
    {"checksum without a prefix",
     &wells,
     {{"dcat", "\"kfm:artifact_digest\": \"{{sha:features}}\"", SPDX("", "{{hex:features}}")}},
     NULL},
    {"with full names",
     &wells,
     {{"dcat", "\"kfm:artifact_digest\": \"{{sha:features}}\"",
       SPDX("http://spdx.org/rdf/terms#", "{{hex:features}}")}},
     NULL},
    {"several, of which one counts",
     &wells,
     {{"dcat", "\"kfm:artifact_digest\": \"{{sha:features}}\"",
       "\"spdx:checksum\": [{\"spdx:algorithm\": \"spdx:checksumAlgorithm_md5\", "
       "\"spdx:checksumValue\": \"00\"}, {\"spdx:algorithm\": {\"@id\": "
       "\"spdx:checksumAlgorithm_sha256\"}, \"spdx:checksumValue\": {\"@value\": "
       "\"{{hex:features}}\", \"@type\": \"xsd:hexBinary\"}}]"}},
     NULL},
    {"beside another that agrees",
     &wells,
     {{"dcat", "\"kfm:artifact_digest\"",
       SPDX("spdx:", "{{hex:features}}") ", \"kfm:artifact_digest\""}},
     NULL},
};
enum { N_TAKEN = sizeof taken / sizeof taken[0] };

static void check_taken(const struct row *r)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct dataset_place p = place_of(&a);
    struct dataset *d = NULL;
    place_start();
    p.dirfd = place_fd;
    fixture_write(r->of, r->edits);
    int rc = dataset_find(&p, r->of->slug, r->of->id, &d, &faults);
    is_str(rc == 0 ? d->artifacts.v[0].path : codes_of(&a, &faults),
           "registry/data/processed/wells/" WELLS_ID "/artifacts/features.geojson", r->name);
    print_faults(&faults);
    err_list_release(&faults);
    arena_release(&a);
}

/* --- more than one, and files that are none -------------------------------------------------------- */

#define WELLS_CATALOG "registry/data/catalog/wells/" WELLS_ID
#define WELLS_DATA "registry/data/processed/wells/" WELLS_ID
#define WELLS_FEATURES WELLS_DATA "/artifacts/features.geojson"

static void copy_file(const char *from, const char *to)
{
    struct arena a = {0};
    struct err e;
    struct bytes text;
    if (file_read(&a, place_fd, from, 1 << 24, &text, NULL, &e) != 0) {
        printf("Bail out! cannot read %s\n", from);
        exit(1);
    }
    place_write(to, text.p, text.n);
    arena_release(&a);
}

static void move(const char *from, const char *to)
{
    place_folders(to);
    if (renameat(place_fd, from, place_fd, to) != 0) {
        printf("Bail out! cannot move %s\n", from);
        exit(1);
    }
}

static void put_link(const char *to, const char *at)
{
    (void)unlinkat(place_fd, at, 0);
    if (symlinkat(to, place_fd, at) != 0) {
        abort();
    }
}

static void link_artifact(void)
{
    move(WELLS_FEATURES, WELLS_DATA "/artifacts/other.geojson");
    put_link("other.geojson", WELLS_FEATURES);
}

static void link_artifact_folder(void)
{
    move(WELLS_DATA "/artifacts", WELLS_DATA "/elsewhere");
    put_link("elsewhere", WELLS_DATA "/artifacts");
}

static void link_version_folder(void)
{
    move(WELLS_CATALOG, "elsewhere");
    put_link("../../../../elsewhere", WELLS_CATALOG);
}

static void link_data_folder(void)
{
    move(WELLS_DATA, "elsewhere");
    put_link("../../../../elsewhere", WELLS_DATA);
}

static void link_manifest(void)
{
    move(WELLS_CATALOG "/promotion_manifest.v1.json", "elsewhere.json");
    put_link("../../../../../elsewhere.json", WELLS_CATALOG "/promotion_manifest.v1.json");
}

static void link_catalog(void)
{
    move(WELLS_CATALOG "/dcat.jsonld", WELLS_CATALOG "/elsewhere.jsonld");
    put_link("elsewhere.jsonld", WELLS_CATALOG "/dcat.jsonld");
}

static void link_checksums(void)
{
    move(WELLS_DATA "/checksums.v1.json", WELLS_DATA "/elsewhere.json");
    put_link("elsewhere.json", WELLS_DATA "/checksums.v1.json");
}

static void link_root(void)
{
    move("registry/data", "elsewhere");
    put_link("../elsewhere", "registry/data");
}

static void fifo_artifact(void)
{
    (void)unlinkat(place_fd, WELLS_FEATURES, 0);
    if (mkfifoat(place_fd, WELLS_FEATURES, 0644) != 0) {
        abort();
    }
}

static void fifo_manifest(void)
{
    (void)unlinkat(place_fd, WELLS_CATALOG "/promotion_manifest.v1.json", 0);
    if (mkfifoat(place_fd, WELLS_CATALOG "/promotion_manifest.v1.json", 0644) != 0) {
        abort();
    }
}

static void fifo_runtime(void)
{
    (void)unlinkat(place_fd, WELLS_DATA "/runtime_metadata.v1.json", 0);
    if (mkfifoat(place_fd, WELLS_DATA "/runtime_metadata.v1.json", 0644) != 0) {
        abort();
    }
}

static void other_folder(void)
{
    move(WELLS_CATALOG, "registry/data/catalog/wells/2026-02.other");
}

static void second_manifest(void)
{
    copy_file(WELLS_CATALOG "/promotion_manifest.v1.json",
              "data/catalog/wells/" WELLS_ID "/promotion_manifest.v1.json");
}

static void other_dataset(void)
{
    place_write("data/catalog/lakes/" WELLS_ID "/promotion_manifest.v1.json",
                "{\"kfm_promotion_manifest_version\":\"v1\",\"dataset_slug\":\"lakes\","
                "\"dataset_version_id\":\"" WELLS_ID "\"}",
                strlen("{\"kfm_promotion_manifest_version\":\"v1\",\"dataset_slug\":\"lakes\","
                       "\"dataset_version_id\":\"" WELLS_ID "\"}"));
}

static void large_catalog(void)
{
    static char blanks[(1 << 20) + 1];
    memset(blanks, ' ', sizeof blanks);
    place_write(WELLS_CATALOG "/dcat.jsonld", blanks, sizeof blanks);
}

static void deep_catalog(void)
{
    static char open[65];
    memset(open, '[', sizeof open);
    place_write(WELLS_DATA "/runtime_metadata.v1.json", open, sizeof open);
}

static void other_spec(void)
{
    static const char text[] = "{\"object_type\":\"DatasetVersion\",\"id\":\"" WELLS_ID "\","
                               "\"dataset_id\":\"wells\",\"spec_hash\":\"" ONES "\"}";
    place_write(WELLS_DATA "/dataset_version.json", text, sizeof text - 1);
}

static const struct {
    const char *name;
    void (*change)(void);
    bool any_slug;
    const char *codes;
} changes[] = {
    {"an artifact that is a symlink", link_artifact, false, "CATALOG_SYMLINK"},
    {"artifacts behind a symlink", link_artifact_folder, false, "CATALOG_SYMLINK"},
    {"a version that is a symlink", link_version_folder, false, "CATALOG_SYMLINK"},
    {"its data behind a symlink", link_data_folder, false, "CATALOG_SYMLINK"},
    {"a manifest that is a symlink", link_manifest, false, "CATALOG_SYMLINK"},
    {"a catalog that is a symlink", link_catalog, false, "CATALOG_SYMLINK"},
    {"checksums that are a symlink", link_checksums, false, "CATALOG_SYMLINK"},
    {"a data root that is a symlink", link_root, false, "CATALOG_SYMLINK"},
    {"an artifact that is a FIFO", fifo_artifact, false, "CATALOG_NOT_REGULAR"},
    {"a manifest that is a FIFO", fifo_manifest, false, "CATALOG_NOT_REGULAR"},
    {"runtime metadata that are a FIFO", fifo_runtime, false, "CATALOG_NOT_REGULAR"},
    {"a folder of another name", other_folder, false, "CATALOG_FOLDER_MISMATCH"},
    {"two manifests of one version", second_manifest, false, "CATALOG_ID_TWICE"},
    {"two datasets with one id", other_dataset, true, "CATALOG_ID_AMBIGUOUS"},
    {"a catalog of more than a mebibyte", large_catalog, false, "CATALOG_TOO_LARGE"},
    {"a catalog of 65 levels", deep_catalog, false, "CATALOG_MALFORMED"},
    {"another hash of the specification", other_spec, false, "CATALOG_SPEC_HASH_MISMATCH"},
};
enum { N_CHANGES = sizeof changes / sizeof changes[0], CHECKS_PER_CHANGE = 2 };

static void check_change(size_t i)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct dataset_place p = place_of(&a);
    struct dataset *d = NULL;
    place_start();
    p.dirfd = place_fd;
    fixture_write(&wells, NULL);
    changes[i].change();
    int rc = dataset_find(&p, changes[i].any_slug ? NULL : "wells", WELLS_ID, &d, &faults);
    const char *codes = codes_of(&a, &faults);
    bool good = strstr(codes, changes[i].codes) != NULL && strstr(codes, "without") == NULL;
    ok(good, changes[i].name);
    if (!good) {
        print_faults(&faults);
    }
    ok(rc == -1 && d == NULL, "nothing is found");
    err_list_release(&faults);
    arena_release(&a);
}

/* Two items that use one key for two files of one name. */
enum { NAMES_CHECKS = 5 };
static void test_names(void)
{
    static const char second[] =
        "{\"type\": \"Feature\", \"stac_version\": \"1.0.0\", \"id\": \"two\", \"bbox\": null,\n"
        " \"kfm:dataset_version_id\": \"" SPRINGS_ID "\",\n"
        " \"assets\": {\"table\": {\"href\": \"%s\", \"checksum:sha256\": \"%s\"}}}\n";
    static const char content[] = "name,lon,lat\n";
    struct arena a = {0};
    struct err_list faults = {0};
    struct dataset_place p = place_of(&a);
    struct dataset *d = NULL;
    char digest[DIGEST_TEXT];
    struct digest of = digest_of(bytes_str(content));
    (void)digest_text(&of, digest);
    static const char *const paths[] = {"data/processed/air/springs.csv",
                                        "data/processed/air/rivers.csv"};
    for (size_t i = 0; i < 2; i++) {
        place_start();
        p.dirfd = place_fd;
        fixture_write(&springs, NULL);
        place_write(paths[i], content, strlen(content));
        struct buf item = {0};
        buf_printf(&item, "%s", arena_printf(&a, second, paths[i], digest));
        place_write("data/catalog/stac/items/two.json", item.p, item.n);
        buf_clear(&item);
        buf_printf(&item,
                   "{\"kfm:dataset_version_id\": \"" SPRINGS_ID "\", \"@type\": \"dcat:Dataset\",\n"
                   " \"dcat:distribution\": {\"kfm:digest\": \"%s\"}}",
                   digest);
        place_write("data/catalog/two.jsonld", item.p, item.n);
        buf_clear(&item);
        buf_printf(&item,
                   "{\"kfm:dataset_version_id\": \"" SPRINGS_ID "\", \"@type\": \"prov:Bundle\",\n"
                   " \"entities\": [{\"kfm:digest\": \"%s\"}]}",
                   digest);
        place_write("data/catalog/two-prov.jsonld", item.p, item.n);
        buf_release(&item);
        int rc = dataset_find(&p, NULL, SPRINGS_ID, &d, &faults);
        if (i == 0) {
            is_str(codes_of(&a, &faults), "CATALOG_NAME_TWICE", "two files of one name");
            ok(rc == -1, "are refused");
        } else {
            ok(rc == 0, "two files under one key are named by themselves");
            print_faults(&faults);
            is_str(d == NULL ? NULL : d->artifacts.v[0].name, "rivers", "in order of name");
            is_str(d == NULL ? NULL : d->artifacts.v[1].name, "springs", "each by its file");
        }
        err_list_release(&faults);
    }
    arena_release(&a);
}

/* --- looking for versions ---------------------------------------------------------------------------- */

enum { FIND_CHECKS = 14 };
static void test_find(void)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct dataset_place p = place_of(&a);
    struct dataset *d = NULL;
    place_start();
    p.dirfd = place_fd;
    is_int(dataset_find(&p, NULL, "x", &d, &faults), 1, "no data roots, no version");
    fixture_write(&wells, NULL);
    fixture_write(&lakes, NULL);
    fixture_write(&basins, NULL);
    fixture_write(&springs_sha, NULL);
    is_int(dataset_find(&p, NULL, WELLS_ID, &d, &faults), 0, "any dataset");
    is_str(d->slug, "wells", "has its slug");
    is_int(dataset_find(&p, "lakes", WELLS_ID, &d, &faults), 1, "not this dataset's version");
    is_int(dataset_find(&p, NULL, "2026-02.1a2b3c4", &d, &faults), 1, "no part of an id");
    is_int(dataset_find(&p, NULL, "", &d, &faults), 1, "nor an empty one");
    is_int(dataset_find(&p, NULL, "../..", &d, &faults), 1, "nor a path");
    is_int(dataset_find(&p, "kfm:dataset:water:basins", BASINS_ID, &d, &faults), 0,
           "by the dataset's id");
    is_int(dataset_find(&p, NULL, SPRINGS_SHA, &d, &faults), 0, "the family of digests");
    is_int(faults.n, 0, "without a fault");
    place_write("data/catalog/broken.jsonld", "{\"dcat:", 7);
    is_int(dataset_find(&p, NULL, WELLS_ID, &d, &faults), 0,
           "another version's broken file does not matter");
    place_write("data/catalog/broken.jsonld", "{\"" WELLS_ID, strlen("{\"" WELLS_ID));
    is_int(dataset_find(&p, NULL, WELLS_ID, &d, &faults), -1,
           "but one that names the version does");
    is_str(codes_of(&a, &faults), "CATALOG_MALFORMED", "with its code");
    is_str(faults.v[0].where.path, "data/catalog/broken.jsonld", "and its place");
    err_list_release(&faults);
    arena_release(&a);
}

enum { LIST_CHECKS = 12, MANY = 300 };
static void test_list(void)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct dataset_place p = place_of(&a);
    struct dataset_list l;
    static const struct edit broken[] = {{"manifest", "\"PASS\"", "\"fail\""}, {NULL, NULL, NULL}};
    place_start();
    p.dirfd = place_fd;
    fixture_write(&wells, NULL);
    fixture_write(&lakes, broken);
    fixture_write(&basins, NULL);
    fixture_write(&springs_sha, NULL);
    place_write("data/specs/wells.v1.json", "{]", 2);
    place_write("data/raw/x.json", "{\"dcat:", 7);
    place_write("data/.hidden/x.json", "{\"dcat:", 7);
    dataset_list(&p, &l, &faults);
    is_int(l.n, 3, "what is not broken");
    is_str(l.v[0]->slug, "basins", "sorted");
    is_str(l.v[1]->slug, "springs", "by slug");
    is_str(l.v[2]->slug, "wells", "to the end");
    is_str(codes_of(&a, &faults), "CATALOG_QA_FAILED", "and why the fourth is left out");
    err_list_release(&faults);
    place_write("data/other/x.json", "{\"dcat:", 7);
    put_link("../../elsewhere", "data/catalog/latest");
    put_link("../elsewhere", "data/other/latest");
    dataset_list(&p, &l, &faults);
    is_str(codes_of(&a, &faults), "CATALOG_MALFORMED CATALOG_SYMLINK CATALOG_QA_FAILED",
           "what looks like a catalog, and symlinks among catalogs");
    is_int(faults.n, 3, "once each");
    err_list_release(&faults);
    place_start();
    p.dirfd = place_fd;
    struct fixture many = wells;
    for (int i = 0; i < MANY; i++) {
        many.id = arena_printf(&a, "2026-02.%08x", (unsigned)(MANY - i));
        fixture_write(&many, NULL);
    }
    dataset_list(&p, &l, &faults);
    is_int(l.n, MANY, "many versions of one dataset");
    is_int(faults.n, 0, "without a fault");
    is_str(l.v[0]->id, "2026-02.00000001", "the first");
    is_str(l.v[MANY - 1]->id, "2026-02.0000012c", "the last");
    struct dataset_place nested = p;
    static const char *const roots[] = {"registry/data", "registry/data/catalog", "registry"};
    nested.root = roots;
    nested.n_roots = 2;
    dataset_list(&nested, &l, &faults);
    is_int(l.n, MANY, "a root within another shows nothing twice");
    err_list_release(&faults);
    arena_release(&a);
}

/* --- artifacts -------------------------------------------------------------------------------------- */

static bool count_calls(void *ctx, int64_t done, int64_t size)
{
    int *calls = ctx;
    (*calls)++;
    return done > size;
}

static bool stop(void *ctx, int64_t done, int64_t size)
{
    (void)ctx, (void)done, (void)size;
    return true;
}

enum { VERIFY_CHECKS = 17 };
static void test_verify(void)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct dataset_place p = place_of(&a);
    int calls = 0;
    place_start();
    p.dirfd = place_fd;
    fixture_write(&wells, NULL);
    const struct dataset *d = find(&a, &wells, &faults);
    is_int(dataset_verify(&p, d, "features", count_calls, &calls, &faults), 0, "one artifact");
    ok(calls > 0, "progress is told");
    is_int(dataset_verify(&p, d, "other", NULL, NULL, &faults), -1, "none of that name");
    ok(faults.n == 1 && faults.v[0].code == ERR_CONFIG, "is a mistake of who asks");
    err_list_release(&faults);
    is_int(dataset_verify(&p, d, NULL, stop, NULL, &faults), -1, "interrupted");
    ok(faults.n == 1 && faults.v[0].code == ERR_INTERRUPTED, "with that code");
    err_list_release(&faults);

    char text[] = FEATURES;
    text[100] ^= 1;
    place_write(WELLS_FEATURES, text, strlen(text));
    is_int(dataset_verify(&p, d, NULL, NULL, NULL, &faults), -1, "a byte changed");
    is_str(codes_of(&a, &faults), "CATALOG_ARTIFACT_ALTERED", "is seen");
    is_str(faults.v[0].where.path, WELLS_FEATURES, "with its place");
    err_list_release(&faults);
    place_write(WELLS_FEATURES, FEATURES "\n", strlen(FEATURES) + 1);
    is_int(dataset_verify(&p, d, NULL, NULL, NULL, &faults), -1, "a byte more");
    is_str(codes_of(&a, &faults), "CATALOG_ARTIFACT_SIZE", "is another size");
    err_list_release(&faults);
    (void)unlinkat(place_fd, WELLS_FEATURES, 0);
    is_int(dataset_verify(&p, d, NULL, NULL, NULL, &faults), -1, "no file");
    is_str(codes_of(&a, &faults), "CATALOG_FILE_MISSING", "is missing");
    err_list_release(&faults);
    put_link("nowhere", WELLS_FEATURES);
    is_int(dataset_verify(&p, d, NULL, NULL, NULL, &faults), -1, "a symlink");
    is_str(codes_of(&a, &faults), "CATALOG_UNREADABLE", "is not followed");
    err_list_release(&faults);
    struct dataset none = *d;
    none.artifacts.n = 0;
    is_int(dataset_verify(&p, &none, NULL, NULL, NULL, &faults), 0, "nothing to check is no fault");
    err_list_release(&faults);
    arena_release(&a);
}

/* --- places --------------------------------------------------------------------------------------- */

/* Where a fault is: at what says it, not where the version was found. */
static const struct {
    const struct fixture *of;
    struct edit edits[EDITS_MAX];
    const char *place;
} places[] = {
    {&wells,
     {{"item", "{{sha:features}}", "sha256:" ONES}},
     WELLS_CATALOG "/stac/items/wells-1.json:7:25"},
    {&wells,
     {{"manifest", "{{sha:dcat}}", "sha256:" ONES}},
     WELLS_CATALOG "/promotion_manifest.v1.json:9:3"},
    {&wells,
     {{"manifest", "[{\"path\": \"data/", "[{\"path\": \"/data/"}},
     WELLS_CATALOG "/promotion_manifest.v1.json:6:25"},
    {&wells,
     {{"dcat", "\"kfm:policy_label\": \"public\"", "\"kfm:policy_label\": \"internal\""}},
     WELLS_CATALOG "/dcat.jsonld:7:22"},
    {&wells,
     {{"runtime", "\"features\": 1", "\"features\": 1.5"}},
     WELLS_DATA "/runtime_metadata.v1.json:2:73"},
    {&wells, {{"checksums", "{{hex:features}}", ONES}}, WELLS_DATA "/checksums.v1.json:1:12"},
    {&wells, {{"checksums", NULL, NULL}}, WELLS_CATALOG "/promotion_manifest.v1.json:1:1"},
    {&wells, {{"prov", "}]}", "}]"}}, WELLS_CATALOG "/prov/bundle.jsonld:11:1"},
    {&lakes,
     {{"checksums", "{{hex:features}}", ONES}},
     "registry/data/processed/water/lakes/2026-03.99999999/checksums/sha256sums.txt:2:1"},
    {&lakes,
     {{"checksums", "artifacts/", "/artifacts/"}},
     "registry/data/processed/water/lakes/2026-03.99999999/checksums/sha256sums.txt:2:67"},
    {&basins,
     {{"record", "source-statement-reviewed", "unknown"}},
     "data/registry/datasets/water/basins.json:8:17"},
    {&springs,
     {{"version", "[\"a\", \"b\"]", "[\"b\", \"a\"]"}},
     "data/registry/dataset_versions/springs.json:14:54"},
};
enum { N_PLACES = sizeof places / sizeof places[0] };

static void test_places(void)
{
    for (size_t i = 0; i < N_PLACES; i++) {
        struct arena a = {0};
        struct err_list faults = {0};
        struct dataset *d = NULL;
        place_start();
        struct dataset_place p = place_of(&a);
        fixture_write(places[i].of, places[i].edits);
        int rc = dataset_find(&p, NULL, places[i].of->id, &d, &faults);
        const struct place *at = rc < 0 && faults.n > 0 ? &faults.v[0].where : NULL;
        is_str(at == NULL ? NULL : arena_printf(&a, "%s:%d:%d", at->path, at->line, at->col),
               places[i].place, places[i].place);
        err_list_release(&faults);
        arena_release(&a);
    }
}

/* --- privacy, and the documentation ------------------------------------------------------------------ */

enum { QUIET_CHECKS = 2 };
static void test_quiet(void)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct dataset_place p = place_of(&a);
    struct dataset *d = NULL;
    static const struct edit edits[] = {
        {"runtime", "38.25", "38.05"},
        {"runtime", "\"feature_count\": 1",
         "\"feature_count\": 77, \"counts\": {\"features\": 78}"},
        {"item", "\"geometry\": null", "\"bbox\": [-98.5, 38.25, -98.5, 38.25]"},
        {NULL, NULL, NULL}};
    bool is_quiet = true;
    place_start();
    p.dirfd = place_fd;
    fixture_write(&lakes, edits);
    int rc = dataset_find(&p, NULL, lakes.id, &d, &faults);
    for (size_t i = 0; i < faults.n; i++) {
        is_quiet = is_quiet && strstr(faults.v[i].msg, "38.") == NULL &&
                   strstr(faults.v[i].msg, "98.5") == NULL && strstr(faults.v[i].msg, "7") == NULL;
    }
    is_str(codes_of(&a, &faults), "CATALOG_COUNT_MISMATCH CATALOG_BBOX_MISMATCH", "what disagrees");
    ok(rc == -1 && is_quiet, "no message holds a coordinate or a count");
    err_list_release(&faults);
    arena_release(&a);
}

static void test_codes(void)
{
    struct arena a = {0};
    struct err e = {0};
    struct bytes text = {0};
    int fd = open("docs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || file_read(&a, fd, "catalogs.md", 1 << 20, &text, NULL, &e) != 0) {
        printf("Bail out! no docs/catalogs.md: run from the project's directory\n");
        exit(1);
    }
    (void)close(fd);
    for (size_t i = 0; i < CODE_COUNT; i++) {
        const struct catalog_rule *r = &catalog_rules[i];
        const char *line = arena_printf(&a, "| `%s` | %d | %s | %s |", r->code,
                                        err_status(r->error), r->text, r->hint);
        ok(seen[i], arena_printf(&a, "%s was caused", r->code));
        bool has_line = memmem(text.p, text.n, line, strlen(line)) != NULL;
        ok(has_line, arena_printf(&a, "%s is documented", r->code));
        if (!has_line) {
            printf("# %s\n", line);
        }
    }
    arena_release(&a);
}

int main(void)
{
    tap_plan(WELLS_CHECKS + LAKES_CHECKS + BASINS_CHECKS + 2 * SPRINGS_CHECKS + ID_CHECKS +
             N_ROWS * CHECKS_PER_ROW + N_TAKEN + N_CHANGES * CHECKS_PER_CHANGE + NAMES_CHECKS +
             FIND_CHECKS + LIST_CHECKS + VERIFY_CHECKS + N_PLACES + QUIET_CHECKS + 2 * CODE_COUNT);
    test_promoted();
    test_other_layout();
    test_record();
    test_cataloged(&springs);
    test_cataloged(&springs_sha);
    test_id();
    for (size_t i = 0; i < N_ROWS; i++) {
        check_row(&rows[i]);
    }
    for (size_t i = 0; i < N_TAKEN; i++) {
        check_taken(&taken[i]);
    }
    for (size_t i = 0; i < N_CHANGES; i++) {
        check_change(i);
    }
    test_names();
    test_find();
    test_list();
    test_verify();
    test_places();
    test_quiet();
    test_codes();
    place_remove();
    return tap_done();
}
