/* Dataset versions for tests of data/dataset.h: templates of whole catalogs, written into a temporary project with edits applied. */
#ifndef KFMIG_TESTS_UNIT_DATASET_CASES_H
#define KFMIG_TESTS_UNIT_DATASET_CASES_H

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/catalog_code.h"
#include "data/dataset.h"

static char place_path[] = "/tmp/kfmig-t-dataset-XXXXXX";
static int place_fd = -1;

static inline int place_remove_one(const char *path, const struct stat *st, int flag,
                                   struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline void place_remove(void)
{
    if (place_fd >= 0) {
        (void)close(place_fd);
        (void)nftw(place_path, place_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    place_fd = -1;
}

/* An empty project; the former is gone. */
static inline void place_start(void)
{
    bool is_first = place_fd < 0;
    place_remove();
    if (is_first ? mkdtemp(place_path) == NULL : mkdir(place_path, 0700) != 0) {
        abort();
    }
    place_fd = open(place_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static inline void place_folders(const char *path)
{
    char folder[512];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        (void)mkdirat(place_fd, folder, 0755);
    }
}

static inline void place_write(const char *path, const char *p, size_t n)
{
    place_folders(path);
    int fd = openat(place_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, p, n) != (ssize_t)n) {
        printf("Bail out! cannot write %s\n", path);
        exit(1);
    }
    (void)close(fd);
}

/* --- templates ---------------------------------------------------------------------------------- */

/* "{{sha:KEY}}", "{{hex:KEY}}" and "{{size:KEY}}" in text stand for the file of that key, which comes before; "{{id}}" for the version's id,
 * "{{enc}}", also in paths, for its id with "--" for every ":". */
struct template_file {
    const char *key, *path, *text;
};
struct fixture {
    const char *slug, *id;
    const struct template_file *file; /* ended by .key == NULL */
};
/* Replace from (all of the text: NULL) in the file of that key; to NULL: do not write the file. */
struct edit {
    const char *key, *from, *to;
};
enum { EDITS_MAX = 4, FILES_MAX = 16 };

struct written {
    const char *key;
    struct buf text;
};

static inline const struct written *written_of(const struct written *v, const char *key, size_t n)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        if (v[i].key != NULL && strlen(v[i].key) == n && memcmp(v[i].key, key, n) == 0) {
            return &v[i];
        }
    }
    printf("Bail out! no file %.*s\n", (int)n, key);
    exit(1);
}

static inline void put_encoded(struct buf *out, const char *id)
{
    for (const char *p = id; *p != '\0'; p++) {
        bool is_plain = isalnum((unsigned char)*p) || strchr("._-", *p) != NULL;
        buf_printf(out, is_plain ? "%c" : "--", *p);
    }
}

static inline void put_token(struct buf *out, const char *token, size_t n, const char *id,
                             const struct written *v)
{
    const char *colon = memchr(token, ':', n);
    if (colon == NULL) {
        if (strncmp(token, "enc", n) == 0) {
            put_encoded(out, id);
        } else {
            buf_puts(out, id);
        }
        return;
    }
    char text[DIGEST_TEXT];
    const struct written *w = written_of(v, colon + 1, n - (size_t)(colon + 1 - token));
    struct digest d = digest_of(buf_bytes(&w->text));
    if (token[1] == 'i') {
        buf_printf(out, "%zu", w->text.n);
    } else {
        buf_puts(out, digest_text(&d, text) + (token[0] == 'h' ? strlen("sha256:") : 0));
    }
}

static inline void expand(struct buf *out, const char *text, const char *id,
                          const struct written *v)
{
    for (const char *p = text; *p != '\0';) {
        const char *open = strstr(p, "{{");
        const char *close = open == NULL ? NULL : strstr(open, "}}");
        bool is_token = close != NULL && islower((unsigned char)open[2]);
        if (!is_token) {
            buf_puts(out, p);
            return;
        }
        buf_add(out, p, (size_t)(open - p));
        put_token(out, open + 2, (size_t)(close - open - 2), id, v);
        p = close + 2;
    }
}

/* The text after the edits of its key; false: it is not to be written. */
static inline bool apply_edits(struct buf *out, const struct template_file *f,
                               const struct edit *edits)
{
    buf_puts(out, f->text);
    for (size_t i = 0; i < EDITS_MAX && edits != NULL && edits[i].key != NULL; i++) {
        const struct edit *e = &edits[i];
        if (strcmp(e->key, f->key) != 0) {
            continue;
        }
        if (e->to == NULL) {
            return false;
        }
        char *old = strdup(buf_str(out));
        const char *at = e->from == NULL ? old : strstr(old, e->from);
        if (at == NULL) {
            printf("Bail out! \"%s\" is not in %s\n", e->from, f->key);
            abort();
        }
        size_t n = e->from == NULL ? strlen(old) : strlen(e->from);
        buf_clear(out);
        buf_add(out, old, (size_t)(at - old));
        buf_puts(out, e->to);
        buf_puts(out, at + n);
        free(old);
    }
    return true;
}

/* Write all files of a fixture into the project. */
static inline void fixture_write(const struct fixture *x, const struct edit *edits)
{
    struct written v[FILES_MAX] = {{NULL, {0}}};
    for (size_t i = 0; x->file[i].key != NULL; i++) {
        struct buf text = {0};
        struct buf path = {0};
        v[i].key = x->file[i].key;
        if (apply_edits(&text, &x->file[i], edits)) {
            expand(&v[i].text, buf_str(&text), x->id, v);
            expand(&path, x->file[i].path, x->id, v);
            place_write(buf_str(&path), buf_str(&v[i].text), v[i].text.n);
        }
        buf_release(&text);
        buf_release(&path);
    }
    for (size_t i = 0; i < FILES_MAX; i++) {
        buf_release(&v[i].text);
    }
}

/* --- a promoted version, both layouts -------------------------------------------------------------- */

#define WELLS_ID "2026-02.1a2b3c4d"
#define FEATURES                                                                                   \
    "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":"          \
    "{\"name\":\"one\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[-98.5,38.25]}}]}\n"
#define WELLS_PATH "data/processed/wells/{{enc}}/artifacts/features.geojson"
#define WELLS_DCAT                                                                                 \
    "{\"@context\": {\"dcat\": \"http://www.w3.org/ns/dcat#\"},\n"                                 \
    " \"@type\": \"dcat:Dataset\",\n"                                                              \
    " \"dct:title\": \"Wells\",\n"                                                                 \
    " \"dct:license\": {\"@id\": \"https://creativecommons.org/publicdomain/zero/1.0/\"},\n"       \
    " \"kfm:dataset_id\": \"wells\",\n"                                                            \
    " \"kfm:dataset_version_id\": \"{{id}}\",\n"                                                   \
    " \"kfm:policy_label\": \"public\",\n"                                                         \
    " \"dcat:distribution\": [{\n"                                                                 \
    "  \"dcat:downloadURL\": \"" WELLS_PATH "\",\n"                                                \
    "  \"dcat:mediaType\": \"application/geo+json\",\n"                                            \
    "  \"dcat:byteSize\": {{size:features}},\n"                                                    \
    "  \"kfm:artifact_digest\": \"{{sha:features}}\"}]}\n"
#define WELLS_COLLECTION                                                                           \
    "{\"type\": \"Collection\", \"stac_version\": \"1.0.0\", \"id\": \"wells\",\n"                 \
    " \"license\": \"CC0-1.0\", \"kfm:dataset_version_id\": \"{{id}}\",\n"                         \
    " \"kfm:policy_label\": \"public\",\n"                                                         \
    " \"extent\": {\"spatial\": {\"bbox\": [[-98.5, 38.25, -98.5, 38.25]]},\n"                     \
    "  \"temporal\": {\"interval\": [[\"2026-01-01T00:00:00Z\", null]]}},\n"                       \
    " \"links\": []}\n"
#define WELLS_ITEM                                                                                 \
    "{\"type\": \"Feature\", \"stac_version\": \"1.0.0\", \"id\": \"wells-1\",\n"                  \
    " \"bbox\": [-98.5, 38.25, -98.5, 38.25],\n"                                                   \
    " \"geometry\": {\"type\": \"Point\", \"coordinates\": [-98.5, 38.25]},\n"                     \
    " \"properties\": {\"datetime\": \"2026-01-01T00:00:00Z\",\n"                                  \
    "  \"kfm:dataset_version_id\": \"{{id}}\", \"proj:code\": \"OGC:CRS84\"},\n"                   \
    " \"links\": [],\n"                                                                            \
    " \"assets\": {\"features\": {\"href\": \"" WELLS_PATH "\",\n"                                 \
    "  \"type\": \"application/geo+json\", \"roles\": [\"data\"],\n"                               \
    "  \"file:size\": {{size:features}},\n"                                                        \
    "  \"file:checksum\": \"{{sha:features}}\"},\n"                                                \
    "  \"thumbnail\": {\"href\": \"https://example.org/t.png\", \"roles\": [\"thumbnail\"]}}}\n"
#define WELLS_PROV                                                                                 \
    "{\"kfm:dataset_version_id\": \"{{id}}\",\n"                                                   \
    " \"@graph\": [\n"                                                                             \
    "  {\"@id\": \"run:1\", \"@type\": \"prov:Activity\",\n"                                       \
    "   \"prov:used\": {\"@id\": \"source:1\"}},\n"                                                \
    "  {\"@id\": \"source:1\", \"@type\": \"prov:Entity\", \"checksum\": \"md5:00\",\n"            \
    "   \"prov:atLocation\": \"https://example.org/wells.csv\"},\n"                                \
    "  {\"@id\": \"entity:features\", \"@type\": [\"prov:Entity\"],\n"                             \
    "   \"prov:atLocation\": \"" WELLS_PATH "\",\n"                                                \
    "   \"kfm:digest\": \"{{sha:features}}\",\n"                                                   \
    "   \"prov:wasGeneratedBy\": {\"@id\": \"run:1\"}}]}\n"
#define WELLS_RUNTIME                                                                              \
    "{\"dataset_version_id\": \"{{id}}\", \"bbox\": [-98.5, 38.25, -98.5, 38.25],\n"               \
    " \"temporal_range\": {\"start\": null, \"end\": null}, \"counts\": {\"features\": 1}}\n"
#define WELLS_SPEC "sha256:1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d1a2b3c4d"
#define WELLS_HOME "data/catalog/wells/{{enc}}/"
#define WELLS_MANIFEST                                                                             \
    "{\"kfm_promotion_manifest_version\": \"v1\",\n"                                               \
    " \"dataset_slug\": \"wells\",\n"                                                              \
    " \"dataset_version_id\": \"{{id}}\",\n"                                                       \
    " \"spec_hash\": \"" WELLS_SPEC "\",\n"                                                        \
    " \"released_at\": \"2026-02-01T00:00:00Z\",\n"                                                \
    " \"artifacts\": [{\"path\": \"" WELLS_PATH "\",\n"                                            \
    "  \"digest\": \"{{sha:features}}\", \"media_type\": \"application/geo+json\"}],\n"            \
    " \"catalogs\": [\n"                                                                           \
    "  {\"path\": \"" WELLS_HOME "dcat.jsonld\", \"digest\": \"{{sha:dcat}}\"},\n"                 \
    "  {\"path\": \"" WELLS_HOME "stac/collection.json\", \"digest\": \"{{sha:collection}}\"},\n"  \
    "  {\"path\": \"" WELLS_HOME "stac/items/wells-1.json\", \"digest\": \"{{sha:item}}\"},\n"     \
    "  {\"path\": \"" WELLS_HOME "prov/bundle.jsonld\", \"digest\": \"{{sha:prov}}\"}],\n"         \
    " \"qa\": {\"status\": \"pass\", \"report_digest\": \"" WELLS_SPEC "\"},\n"                    \
    " \"policy\": {\"policy_label\": \"public\", \"decision_id\": \"decision:1\"},\n"              \
    " \"approvals\": []}\n"
#define WELLS_CATALOGS                                                                             \
    {"dcat", "registry/" WELLS_HOME "dcat.jsonld", WELLS_DCAT},                                    \
        {"collection", "registry/" WELLS_HOME "stac/collection.json", WELLS_COLLECTION},           \
        {"item", "registry/" WELLS_HOME "stac/items/wells-1.json", WELLS_ITEM},                    \
        {"prov", "registry/" WELLS_HOME "prov/bundle.jsonld", WELLS_PROV},                         \
        {"manifest", "registry/" WELLS_HOME "promotion_manifest.v1.json", WELLS_MANIFEST},         \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

static const struct template_file wells_files[] = {
    {"features", "registry/" WELLS_PATH, FEATURES},
    {"checksums", "registry/data/processed/wells/{{enc}}/checksums.v1.json",
     "{\"files\": [{\"path\": \"artifacts/features.geojson\", \"sha256\": "
     "\"{{hex:features}}\"}]}\n"},
    {"runtime", "registry/data/processed/wells/{{enc}}/runtime_metadata.v1.json", WELLS_RUNTIME},
    WELLS_CATALOGS,
};

/* The other layout: a domain above, checksums as sha256sum writes them; the manifest lies with the data. */
#define LAKES_HOME "registry/data/processed/water/lakes/{{enc}}/"
static const struct template_file lakes_files[] = {
    {"features", LAKES_HOME "artifacts/features.geojson", FEATURES},
    {"checksums", LAKES_HOME "checksums/sha256sums.txt",
     "# made by sha256sum\n{{hex:features}}  artifacts/features.geojson\n"},
    {"runtime", LAKES_HOME "derived/runtime_metadata.json",
     "{\"dataset_version_id\": \"{{id}}\", \"feature_count\": 1,\n"
     " \"bbox\": [-98.5, 38.25, 300, -98.5, 38.25, 300]}\n"},
    {"item", LAKES_HOME "stac/items/a.json",
     "{\"type\": \"Feature\", \"stac_version\": \"1.1.0\", \"id\": \"a\", \"geometry\": null,\n"
     " \"properties\": {\"license\": \"CC0-1.0\"}, \"links\": [],\n"
     " \"assets\": {\"lakes\": {\"href\": \"./artifacts/features.geojson\", \"proj:epsg\": 4326,\n"
     "  \"checksum:multihash\": \"1220{{hex:features}}\"}}}\n"},
    {"dcat", LAKES_HOME "dcat.jsonld",
     "{\"@graph\": [{\"@id\": \"d\", \"@type\": [\"Dataset\"], \"distribution\": {\"@id\": "
     "\"x\"}},\n"
     " {\"@id\": \"x\", \"@type\": \"Distribution\", \"kfm:digest\": \"{{hex:features}}\",\n"
     "  \"byteSize\": {\"@value\": \"{{size:features}}\"},\n"
     "  \"mediaType\": "
     "{\"@id\":\"https://www.iana.org/assignments/media-types/application/geo+json\"},\n"
     "  \"accessURL\": {\"@id\": \"artifacts/features.geojson\"}}]}\n"},
    {"prov", LAKES_HOME "prov/bundle.jsonld",
     "{\"entity\": {\"e\": {\"prov:location\": \"artifacts/features.geojson\",\n"
     "  \"kfm:digest\": \"{{sha:features}}\"}}, \"activity\": {\"a\": {}}}\n"},
    {"manifest", LAKES_HOME "promotion_manifest.v1.json",
     "{\"kfm_promotion_manifest_version\": \"v1\", \"dataset_slug\": \"lakes\",\n"
     " \"dataset_version_id\": \"{{id}}\",\n"
     " \"artifacts\": [{\"path\": \"processed/water/lakes/{{enc}}/artifacts/features.geojson\",\n"
     "  \"digest\": \"{{sha:features}}\", \"media_type\": \"Application/geo+json; x=y\"}],\n"
     " \"catalogs\": [{\"path\": \"dcat.jsonld\", \"digest\": \"{{sha:dcat}}\"},\n"
     "  {\"path\": \"stac/items/a.json\", \"digest\": \"{{sha:item}}\"},\n"
     "  {\"path\": \"prov/bundle.jsonld\", \"digest\": \"{{sha:prov}}\"}],\n"
     " \"qa\": {\"status\": \"PASS\"},\n"
     " \"policy\": {\"policy_label\": \"restricted_sensitive_location\", \"decision\": "
     "\"ALLOW\"}}\n"},
    {NULL, NULL, NULL},
};

/* --- a registry record ---------------------------------------------------------------------------- */

#define BASINS_ID "kfm:dataset-version:water:basins:2026-03-01"
static const struct template_file basins_files[] = {
    {"features", "data/processed/water/basins_2026-03-01.geojson.gz", FEATURES},
    {"record", "data/registry/datasets/water/basins.json",
     "{\"dataset_id\":\"kfm:dataset:water:basins\",\"dataset_version_id\":\"{{id}}\",\n"
     "\"payload\":{\"byte_count\":{{size:features}},\n"
     "\"coordinate_reference_system\":\"OGC:CRS84\",\"feature_count\":1,\n"
     "\"media_type\":\"application/geo+json\",\n"
     "\"path\":\"data/processed/water/basins_2026-03-01.geojson.gz\",\n"
     "\"sha256\":\"{{sha:features}}\"},\n"
     "\"record_status\":\"current\",\"release_status\":\"not-released\",\n"
     "\"rights_status\":\"source-statement-reviewed\",\n"
     "\"sensitivity_status\":\"public-administrative-boundary\",\n"
     "\"source\":{\"source_license_statement\":\"No restrictions.\"}}\n"},
    {NULL, NULL, NULL},
};

/* --- a DatasetVersion with loose catalog files ------------------------------------------------------- */

#define SPRINGS_ID "kfm:dataset-version:water:springs:2026-01"
#define SPRINGS_SHA                                                                                \
    "kfm:dataset-version:sha256:17fea9df0d29f71751805753becb38ac975666e5f9b0409ba18de38530808d89"
#define SPRINGS_PATH "data/processed/water/springs.csv"
static const struct template_file springs_files[] = {
    {"features", SPRINGS_PATH, "name,lon,lat\none,-98.5,38.25\n"},
    {"version", "data/registry/dataset_versions/springs.json",
     "{\"object_type\": \"DatasetVersion\", \"schema_version\": \"1.0.0\",\n"
     " \"id\": \"{{id}}\", \"identity_profile\": \"kfm-dataset-version-id-v1\",\n"
     " \"dataset_id\": \"kfm:dataset:water:springs\",\n"
     " \"version_label\": \"springs ü 2026-01\",\n"
     " \"representation_kind\": \"published_version\",\n"
     " \"source_ref\": \"source:springs-survey\", \"source_role_ref\": \"source-role:x\",\n"
     " \"content_digest\": "
     "\"sha256:84340afb4b1edd4c08f5fb0e80f7467ca7483a281e3d5c327ed2b5415cbab2c4\",\n"
     " \"spec_hash\": "
     "\"sha256:136e78e85287a9513c0aa7fa06f4addcec90998c1e2dcc3c67dc9c5cad453f57\",\n"
     " \"temporal\": {\"source_published_at\": \"2026-01-05T00:00:00Z\",\n"
     "  \"retrieved_at\": \"2026-01-06T00:00:00Z\", \"ingested_at\": \"2026-01-06T01:00:00Z\",\n"
     "  \"effective_window\": {\"start\": \"2025-01-01T00:00:00Z\",\n"
     "   \"end\": \"2025-12-31T00:00:00Z\"}},\n"
     " \"lifecycle_stage\": \"PUBLISHED\",\n"
     " \"rights\": {\"state\": \"ALLOWED\", \"obligations\": [\"a\", \"b\"]},\n"
     " \"sensitivity\": {\"state\": \"PUBLIC_SAFE\", \"transform_refs\": []},\n"
     " \"provenance\": {\"evidence_refs\": [\"e:1\"], \"validation_refs\": [\"v:1\"],\n"
     "  \"run_receipt_refs\": [\"r:1\"], \"input_version_refs\": [\"other:1\"]},\n"
     " \"lineage\": {\"previous_version_ref\": null, \"supersedes\": [], \"superseded_by\": null,\n"
     "  \"correction_refs\": [], \"rollback_target\": null},\n"
     " \"release_ref\": \"release:1\",\n"
     " \"governance\": {\"authority_created\": false}}\n"},
    {"item", "data/catalog/stac/items/springs/{{enc}}/one.json",
     "{\"type\": \"Feature\", \"stac_version\": \"1.0.0\", \"id\": \"one\",\n"
     " \"bbox\": [-98.5, 38.25, -98.5, 38.25],\n"
     " \"properties\": {\"datetime\": \"2026-01-01T00:00:00Z\", \"proj:code\": \"EPSG:4326\"},\n"
     " \"assets\": {\"table\": {\"href\": \"" SPRINGS_PATH "\", \"type\": \"text/csv\",\n"
     "  \"checksum:sha256\": \"{{hex:features}}\"},\n"
     "  \"preview\": {\"href\": \"one.png\", \"roles\": [\"overview\"]}}}\n"},
    {"dcat", "data/catalog/dcat/datasets/springs@{{enc}}.jsonld",
     "{\"@type\": \"http://www.w3.org/ns/dcat#Dataset\", \"kfm:dataset_version_id\": \"{{id}}\",\n"
     " \"kfm:dataset_id\": \"kfm:dataset:water:springs\", \"kfm:policy_label\": \"public\",\n"
     " \"dcterms:license\": \"CC0-1.0\",\n"
     " \"http://www.w3.org/ns/dcat#distribution\": [{\"dcat:mediaType\": \"text/csv\",\n"
     "  \"dcat:downloadURL\": \"kfm://artifact/{{sha:features}}\"}]}\n"},
    {"prov", "data/catalog/prov/bundles/springs@{{enc}}.jsonld",
     "{\"@graph\": [{\"@id\": \"kfm://artifact/{{sha:features}}\", \"@type\": \"prov:Entity\"},\n"
     " {\"@id\": \"run:1\", \"@type\": \"prov:Activity\"}]}\n"},
    {NULL, NULL, NULL},
};

static const struct fixture wells = {"wells", WELLS_ID, wells_files};
static const struct fixture lakes = {"lakes", "2026-03.99999999", lakes_files};
static const struct fixture basins = {"basins", BASINS_ID, basins_files};
static const struct fixture springs = {"springs", SPRINGS_ID, springs_files};
static const struct fixture springs_sha = {"springs", SPRINGS_SHA, springs_files};

#endif
