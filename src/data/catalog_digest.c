/* How catalogs write digests, sizes, media types and coordinate reference systems. */
#include <string.h>
#include <strings.h>

#include "data/catalog.h"
#include "data/decimal.h"

enum { HEX_DIGITS = 64, SRID_MAX = 998999 };
#define MULTIHASH_SHA256 "1220" /* code 0x12, 0x20 bytes (the multihash table) */
#define CONTENT_SCHEME "kfm://artifact/"

int catalog_digest(const char *text, struct digest *out)
{
    size_t n = strlen(text);
    if (strncmp(text, "sha256:", 7) == 0) {
        return digest_parse(text, out);
    }
    if (n == HEX_DIGITS + strlen(MULTIHASH_SHA256) && strncmp(text, MULTIHASH_SHA256, 4) == 0) {
        text += 4;
    }
    return hex_decode(text, sizeof out->b, out->b);
}

bool catalog_content_address(const struct doc *at, struct digest *out)
{
    const char *text = catalog_text(at);
    size_t n = strlen(CONTENT_SCHEME);
    return text != NULL && strncmp(text, CONTENT_SCHEME, n) == 0 &&
           digest_parse(text + n, out) == 0;
}

/* The first that is there counts; the others have to agree with it. */
static const char *const digest_keys[] = {
    "file:checksum",
    "checksum:multihash",
    "checksum:sha256",
    "kfm:digest",
    "kfm:artifact_digest",
    "artifact_digest",
    "digest",
    "sha256",
    "checksum",
    "spdx:checksum", /* an object: spdx_value() */
};
static const char *const size_keys[] = {"file:size", "byte_count", "dcat:byteSize", "byteSize",
                                        "size"};
static const char *const media_keys[] = {"dcat:mediaType", "mediaType", "media_type"};
enum {
    N_DIGEST_KEYS = sizeof digest_keys / sizeof digest_keys[0],
    N_SIZE_KEYS = sizeof size_keys / sizeof size_keys[0],
    N_MEDIA_KEYS = sizeof media_keys / sizeof media_keys[0]
};

static bool is_said(const struct doc *d)
{
    return d != NULL && d->type != DOC_NULL;
}

/* The value of an spdx:checksum (DCAT 3, section 6.8.13) that is a SHA-256; NULL: there is none. */
static const struct doc *spdx_value(const struct doc *map)
{
    const struct doc *sums = ld_get(map, "spdx:checksum");
    size_t n = sums == NULL ? 0 : sums->type == DOC_LIST ? sums->n : 1;
    for (size_t i = 0; i < n; i++) {
        const struct doc *sum = sums->type == DOC_LIST ? sums->item[i] : sums;
        const char *algorithm = catalog_text(ld_value(ld_get(sum, "spdx:algorithm")));
        const char *name = algorithm != NULL ? strstr(algorithm, "checksumAlgorithm_") : NULL;
        if (name != NULL && strcmp(name, "checksumAlgorithm_sha256") == 0) {
            return ld_get(sum, "spdx:checksumValue");
        }
    }
    return NULL;
}

static const struct doc *digest_member(const struct doc *map, size_t i)
{
    const struct doc *at = i < N_DIGEST_KEYS - 1 ? doc_get(map, digest_keys[i]) : spdx_value(map);
    const struct doc *inner = at != NULL && at->type == DOC_LIST && at->n > 0 ? at->item[0] : at;
    return ld_get(inner, "spdx:checksumValue") == NULL ? at
                                                       : NULL; /* "checksum" without its prefix */
}

bool claim_has_digest(const struct doc *map)
{
    for (size_t i = 0; i < N_DIGEST_KEYS; i++) {
        if (is_said(digest_member(map, i))) {
            return true;
        }
    }
    return false;
}

bool claim_find_digest(const struct doc *map, struct digest *out)
{
    bool is_found = false;
    for (size_t i = 0; i < N_DIGEST_KEYS && !is_found; i++) {
        const char *text = catalog_text(ld_value(digest_member(map, i)));
        is_found = text != NULL && catalog_digest(text, out) == 0;
    }
    return is_found;
}

static int read_digest(struct dataset_catalog *c, const struct doc *at, struct digest *out)
{
    const char *text = catalog_text(ld_value(at));
    if (text == NULL || catalog_digest(text, out) != 0) {
        CATALOG_FAULT(c, CODE_DIGEST_MALFORMED, at,
                      "64 lower-case hexadecimal digits are expected");
        return -1;
    }
    if (digest_is_zero(out)) {
        CATALOG_FAULT(c, CODE_PLACEHOLDER, at, "it stands for no file");
        return -1;
    }
    return 0;
}

static int read_digests(struct dataset_catalog *c, const struct doc *map, struct claim *out)
{
    for (size_t i = 0; i < N_DIGEST_KEYS; i++) {
        struct digest found;
        const struct doc *at = digest_member(map, i);
        if (!is_said(at)) {
            continue;
        }
        if (read_digest(c, at, &found) != 0) {
            return -1;
        }
        if (out->has_digest && !digest_eq(&found, &out->digest)) {
            CATALOG_FAULT(c, CODE_DIGEST_MISMATCH, at,
                          "\"%s\" and another member of the same object", digest_keys[i]);
            return -1;
        }
        out->has_digest = true;
        out->digest = found;
    }
    return 0;
}

/* A whole number of any spelling: 12, 12.0, "12". */
static int read_size(const struct doc *at, int64_t *out)
{
    struct decimal d;
    const char *why;
    if (at->type == DOC_INT) {
        *out = at->number;
        return at->number >= 0 ? 0 : -1;
    }
    return at->type == DOC_TEXT && decimal_parse(at->text, &d, &why) == 0 &&
                   decimal_int(&d, 0, INT64_MAX, out, &why) == 0
               ? 0
               : -1;
}

static int read_sizes(struct dataset_catalog *c, const struct doc *map, struct claim *out)
{
    for (size_t i = 0; i < N_SIZE_KEYS; i++) {
        int64_t found = -1;
        const struct doc *at = ld_value(doc_get(map, size_keys[i]));
        if (!is_said(at)) {
            continue;
        }
        if (read_size(at, &found) != 0) {
            CATALOG_FAULT(c, CODE_SHAPE, at, "\"%s\" has to be a number of bytes", size_keys[i]);
            return -1;
        }
        if (out->size >= 0 && found != out->size) {
            CATALOG_FAULT(c, CODE_SIZE_MISMATCH, at, "\"%s\" and another member of the same object",
                          size_keys[i]);
            return -1;
        }
        out->size = found;
    }
    return 0;
}

/* DCAT writes media types as IANA's addresses. */
static const char *media_type_of(const struct doc *map, enum catalog_kind kind)
{
    static const char registry[] = "www.iana.org/assignments/media-types/";
    const char *text = kind == KIND_STAC ? catalog_member(map, "type") : NULL;
    for (size_t i = 0; i < N_MEDIA_KEYS && text == NULL && kind != KIND_STAC; i++) {
        text = catalog_text(ld_value(doc_get(map, media_keys[i])));
    }
    const char *host = text == NULL ? NULL : strstr(text, registry);
    return host == NULL ? text : host + strlen(registry);
}

int claim_read(struct dataset_catalog *c, enum catalog_kind kind, const struct doc *map,
               struct claim *out)
{
    *out = (struct claim){
        .kind = kind, .place = map->path, .line = map->line, .col = map->col, .size = -1};
    if (read_digests(c, map, out) != 0 || read_sizes(c, map, out) != 0) {
        return -1;
    }
    out->media_type = media_type_of(map, kind);
    return fact_crs(c, map, &out->crs, &out->srid);
}

/* --- coordinate reference systems ------------------------------------------------------------------- */

/* What stands behind the authority, if text begins with start; a version may stand between
 * ("urn:ogc:def:crs:OGC:1.3:CRS84"). */
static const char *code_after(const char *text, const char *start, char separator)
{
    size_t n = strlen(start);
    if (strncasecmp(text, start, n) != 0) {
        return NULL;
    }
    const char *code = separator == '\0' ? NULL : strchr(text + n, separator);
    return separator == '\0' ? text + n : code == NULL ? NULL : code + 1;
}

static int number_of(const char *digits)
{
    int n = 0;
    for (const char *p = digits; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || (n = n * 10 + (*p - '0')) > SRID_MAX) {
            return 0;
        }
    }
    return digits[0] == '0' ? 0 : n;
}

/* SRID of a coordinate reference system's name; 0: unknown. */
static int catalog_srid(const char *crs)
{
    static const struct {
        const char *start;
        char separator;
        bool is_epsg;
    } forms[] = {
        {"OGC:", '\0', false},
        {"EPSG:", '\0', true},
        {"urn:ogc:def:crs:OGC:", ':', false},
        {"urn:ogc:def:crs:EPSG:", ':', true},
        {"http://www.opengis.net/def/crs/OGC/", '/', false},
        {"http://www.opengis.net/def/crs/EPSG/", '/', true},
        {"https://www.opengis.net/def/crs/OGC/", '/', false},
        {"https://www.opengis.net/def/crs/EPSG/", '/', true},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *code = code_after(crs, forms[i].start, forms[i].separator);
        if (code != NULL) {
            return forms[i].is_epsg ? number_of(code) : strcasecmp(code, "CRS84") == 0 ? 4326 : 0;
        }
    }
    return 0;
}

/* proj:epsg is a number; the others are names. null says that only other members describe the system. */
static int read_crs(struct dataset_catalog *c, const char *key, const struct doc *at,
                    const char **crs, int *srid)
{
    const char *text = at->type == DOC_INT ? arena_printf(c->a, "EPSG:%lld", (long long)at->number)
                                           : catalog_text(at);
    int found = text == NULL ? 0 : catalog_srid(text);
    if (found == 0) {
        CATALOG_FAULT(c, CODE_CRS_UNKNOWN, at, "\"%s\"", key);
        return -1;
    }
    if (*srid != 0 && *srid != found) {
        CATALOG_FAULT(c, CODE_CRS_MISMATCH, at, "\"%s\" and another member of the same object",
                      key);
        return -1;
    }
    if (*srid == 0) {
        *srid = found;
        *crs = text;
    }
    return 0;
}

int fact_crs(struct dataset_catalog *c, const struct doc *map, const char **crs, int *srid)
{
    static const char *const keys[] = {"proj:code", "proj:epsg", "coordinate_reference_system"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct doc *at = doc_get(map, keys[i]);
        if (is_said(at) && read_crs(c, keys[i], at, crs, srid) != 0) {
            return -1;
        }
    }
    return 0;
}
