/* Projections: from files to plain data, and what they and the migrations say about each other. */
#include "load/projections.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "doc/yaml.h"
#include "load/checker.h"
#include "load/declaration.h"
#include "load/text.h"
#include "load/tiling.h"

enum {
    GENERATIONS = 2,
    KEEP_S = 7 * 24 * 60 * 60,
    SNAPSHOT_WAIT_S = 60,
    LONGEST_NAME = 63 - 9 /* "__g" and six digits, or "__aside" */
};

struct projections_work {
    struct project *p;
    struct projection *out;
    const struct doc *doc;
};

static const char *text_at(const struct doc *d, const char *key, const char *otherwise)
{
    return doc_str(d, key, otherwise);
}

/* The schema has looked at its form. */
static int64_t seconds_of(const struct doc *d, const char *key, int64_t otherwise)
{
    const char *text = doc_str(d, key, NULL);
    char *unit = NULL;
    if (text == NULL) {
        return otherwise;
    }
    int64_t n = strtoll(text, &unit, 10);
    return n * (strcmp(unit, "d") == 0     ? 86400
                : strcmp(unit, "h") == 0   ? 3600
                : strcmp(unit, "min") == 0 ? 60
                                           : 1);
}

/* null is a word of YAML, and no text. */
static enum empty_rule empty_rule_of(const struct doc *d)
{
    const struct doc *rule = doc_get(d, "empty");
    if (rule == NULL) {
        return EMPTY_REFUSE;
    }
    return rule->type == DOC_NULL              ? EMPTY_NULL
           : strcmp(rule->text.p, "keep") == 0 ? EMPTY_KEEP
                                               : EMPTY_REFUSE;
}

static bool is_floating(const char *version)
{
    static const char *const words[] = {"latest", "current", "newest", "head", "stable", "*"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(words[i], version) == 0) {
            return true;
        }
    }
    return false;
}

static const char *constant_text(const struct projections_work *w, const struct doc *d)
{
    if (d->type == DOC_NULL) {
        return NULL;
    }
    if (d->type == DOC_BOOL) {
        return d->flag ? "true" : "false";
    }
    return d->type == DOC_INT ? arena_printf(w->p->a, "%lld", (long long)d->number) : d->text.p;
}

static void read_mapping(const struct projections_work *w, const struct doc *key,
                         const struct doc *value, struct mapping *out)
{
    *out = (struct mapping){.column = key->text.p, .line = key->line, .col = key->col};
    const struct doc *constant = doc_get(value, "const");
    const struct doc *point = doc_get(value, "point");
    if (constant != NULL) {
        out->kind = SOURCE_CONST;
        out->text = constant_text(w, constant);
    } else if (point != NULL) {
        out->kind = SOURCE_POINT;
        out->x = point->item[0]->text.p;
        out->y = point->item[1]->text.p;
    } else if (strcmp(value->text.p, "$dataset_version_id") == 0) {
        out->kind = SOURCE_VERSION;
    } else if (strcmp(value->text.p, "$evidence_ref") == 0) {
        out->kind = SOURCE_EVIDENCE;
    } else {
        out->kind = SOURCE_PATH;
        out->text = value->text.p;
        if (out->text[0] == '$') {
            doc_fault(&w->p->faults, value,
                      "write $dataset_version_id, $evidence_ref, or a path in the record",
                      "\"%s\" is no variable", out->text);
        }
    }
}

static void read_unique(const struct projections_work *w, const struct doc *list,
                        struct projection_source *s)
{
    s->unique.v = ARENA_ARRAY(w->p->a, const char *, doc_len(list) + 1);
    for (size_t i = 0; i < doc_len(list); i++) {
        const char *name = list->item[i]->text.p;
        size_t k = 0;
        while (k < s->n_columns && strcmp(s->column[k].column, name) != 0) {
            k++;
        }
        if (k == s->n_columns) {
            doc_fault(&w->p->faults, list->item[i], "name a column that this source fills",
                      "column \"%s\" is not mapped", name);
        }
        s->unique.v[s->unique.n++] = name;
    }
}

static void read_source(const struct projections_work *w, const struct doc *d,
                        struct projection_source *out)
{
    const struct doc *version = doc_get(d, "version");
    const struct doc *columns = doc_get(d, "columns");
    *out = (struct projection_source){.dataset = text_at(d, "dataset", ""),
                                      .version = version->text.p,
                                      .asset = text_at(d, "asset", ""),
                                      .into = text_at(d, "into", ""),
                                      .evidence_ref = text_at(d, "evidence_ref", NULL),
                                      .any_ring_order =
                                          strcmp(text_at(d, "ring_order", "rfc7946"), "any") == 0,
                                      .empty = empty_rule_of(d),
                                      .n_columns = columns->n,
                                      .line = version->line,
                                      .col = version->col};
    if (is_floating(out->version)) {
        doc_fault(&w->p->faults, version,
                  "pin a dataset_version_id: `kfmig dataset list` shows them",
                  "version \"%s\" names no version: what it means changes", out->version);
    }
    out->column = ARENA_ARRAY(w->p->a, struct mapping, columns->n + 1);
    for (size_t i = 0; i < columns->n; i++) {
        read_mapping(w, columns->key[i], columns->item[i], &out->column[i]);
    }
    read_unique(w, doc_get(d, "unique"), out);
}

static bool fills_version(const struct projection_source *s)
{
    for (size_t i = 0; i < s->n_columns; i++) {
        if (s->column[i].kind == SOURCE_VERSION) {
            return true;
        }
    }
    return false;
}

/* Rows of one table must be told apart by their version, or nothing about one of them could be proven. */
static void check_sources(const struct projections_work *w)
{
    const struct doc *list = doc_get(w->doc, "sources");
    for (size_t i = 0; i < w->out->n_sources; i++) {
        const struct projection_source *s = &w->out->source[i];
        for (size_t k = 0; k < w->out->n_sources; k++) {
            const struct projection_source *t = &w->out->source[k];
            if (k == i || strcmp(s->into, t->into) != 0) {
                continue;
            }
            if (k < i && strcmp(s->dataset, t->dataset) == 0 &&
                strcmp(s->version, t->version) == 0) {
                doc_fault(&w->p->faults, list->item[i], "remove one of them",
                          "dataset version %s/%s goes into table \"%s\" twice", s->dataset,
                          s->version, s->into);
            } else if (!fills_version(s)) {
                doc_fault(
                    &w->p->faults, doc_get(list->item[i], "columns"),
                    "map a column to $dataset_version_id",
                    "table \"%s\" gets several sources: each must say which version its rows are "
                    "of",
                    s->into);
                break;
            }
        }
    }
}

static void add_invariant(const struct projections_work *w, const char *name, const struct doc *at)
{
    struct artifacts *files = &w->out->invariants;
    const char *path = arena_printf(w->p->a, "%s/%s/%s", PROJECTIONS_PATH, w->out->name, name);
    struct text_file file;
    int rc = text_read(w->p->a, w->p->dirfd, path, LIMIT_SCRIPT, at, &file, &w->p->faults);
    if (rc == 1) {
        doc_fault(&w->p->faults, at, "add the file, or correct its name", "there is no file \"%s\"",
                  path);
    }
    if (rc == 0) {
        ARENA_GROW(w->p->a, files->v, files->n, files->cap);
        files->v[files->n++] = (struct artifact){path, digest_of(file.bytes), file.bytes};
    }
}

/* folder ends with a slash: every .sql file there, by name. */
static void add_all(const struct projections_work *w, const char *folder, const struct doc *at)
{
    struct file_names names = {0};
    struct err e = {0};
    const char *path = arena_printf(w->p->a, "%s/%s/%s", PROJECTIONS_PATH, w->out->name, folder);
    if (file_list(w->p->a, w->p->dirfd, path, &names, &e) < 0) {
        err_list_add(&w->p->faults, &e);
    }
    size_t n_found = 0;
    for (size_t i = 0; i < names.n; i++) {
        size_t n = strlen(names.v[i].name);
        if (names.v[i].type == DT_REG && n > 4 && strcmp(names.v[i].name + n - 4, ".sql") == 0) {
            add_invariant(w, arena_printf(w->p->a, "%s%s", folder, names.v[i].name), at);
            n_found++;
        }
    }
    if (n_found == 0) {
        doc_fault(&w->p->faults, at, "add the files, or remove the entry", "%s holds no .sql file",
                  path);
    }
}

static void read_invariants(const struct projections_work *w, const struct doc *list)
{
    for (size_t i = 0; i < doc_len(list); i++) {
        const char *name = list->item[i]->text.p;
        const char *why = declaration_name_fault(name);
        size_t n = strlen(name);
        bool is_pattern = n >= 5 && strcmp(name + n - 5, "*.sql") == 0;
        if (why != NULL || (strchr(name, '*') != NULL && !is_pattern)) {
            doc_fault(&w->p->faults, list->item[i],
                      "name a file by its path from registry/projections/NAME/, or FOLDER/*.sql",
                      "the file name \"%s\" %s", name,
                      why != NULL ? why : "has a * that is not the whole name");
        } else if (is_pattern) {
            add_all(w, arena_strndup(w->p->a, name, n - 5), list->item[i]);
        } else {
            add_invariant(w, name, list->item[i]);
        }
    }
}

static void read_validate(const struct projections_work *w, const struct doc *d)
{
    struct projection *p = w->out;
    const struct doc *extents = doc_get(d, "extents");
    const char *tolerance = doc_str(extents, "tolerance", "1e-7");
    p->counts_from_catalog = strcmp(text_at(d, "counts", "catalog"), "catalog") == 0;
    p->extents_from_catalog = extents != NULL;
    p->tolerance = strtod(tolerance, NULL);
    if (!isfinite(p->tolerance)) {
        doc_fault(&w->p->faults, doc_get(extents, "tolerance"), "write a number of degrees: 1e-7",
                  "the tolerance is no finite number");
    }
    read_invariants(w, doc_get(d, "invariants"));
}

static bool is_reserved(const char *schema)
{
    return strcmp(schema, "kfmig") == 0 || strcmp(schema, "public") == 0 ||
           strcmp(schema, "information_schema") == 0 || strncmp(schema, "pg_", 3) == 0;
}

static void check_schema(const struct projections_work *w)
{
    const struct doc *d = doc_get(w->doc, "schema");
    const char *schema = w->out->schema;
    if (is_reserved(schema)) {
        doc_fault(&w->p->faults, d, "give the projection a schema of its own",
                  "schema \"%s\" cannot belong to a projection: other things stand there", schema);
    }
    if (names_have(&w->p->domains.schemas, schema)) {
        doc_fault(&w->p->faults, d, "take it out of policy.protected, or use another schema",
                  "schema \"%s\" is protected: nothing there may change", schema);
    }
    if (strlen(schema) > LONGEST_NAME) {
        doc_fault(&w->p->faults, d, "shorten it",
                  "schema \"%s\" is too long to be renamed to %s__g999999", schema, schema);
    }
}

static void check_environments(const struct projections_work *w)
{
    const struct doc *list = doc_get(w->doc, "environments");
    for (size_t i = 0; i < doc_len(list); i++) {
        if (load_env(w->p, list->item[i]->text.p) == NULL) {
            doc_fault(&w->p->faults, list->item[i],
                      "declare it in registry/environments.v1.yml, or remove it",
                      "environment \"%s\" is not declared", list->item[i]->text.p);
        }
    }
}

/* What projections of every store say. */
static void read_common(const struct projections_work *w)
{
    struct projection *p = w->out;
    const struct doc *d = w->doc;
    const struct doc *retain = doc_get(d, "retain");
    const struct doc *list = doc_get(d, "environments");
    p->store = store_parse(text_at(d, "store", "")); /* the schemas admit no other */
    p->has_environments = list != NULL;
    p->environments = declaration_names(w->p->a, list);
    p->keep_generations = doc_num(retain, "generations", GENERATIONS);
    p->keep_seconds = seconds_of(retain, "for", KEEP_S);
    check_environments(w);
}

static void read_projection(const struct projections_work *w)
{
    struct projection *p = w->out;
    const struct doc *d = w->doc;
    const struct doc *sources = doc_get(d, "sources");
    p->schema = text_at(d, "schema", "");
    p->policy = strcmp(text_at(d, "policy", "prefer-rebuild"), "in-place") == 0
                    ? PROJECTION_IN_PLACE
                    : PROJECTION_PREFER_REBUILD;
    p->grants =
        strcmp(text_at(d, "grants", "declared"), "carry") == 0 ? GRANTS_CARRY : GRANTS_DECLARED;
    p->fallback =
        strcmp(text_at(d, "fallback", "refuse"), "atomic") == 0 ? FALLBACK_ATOMIC : FALLBACK_REFUSE;
    p->snapshot_wait_ms = 1000 * seconds_of(d, "snapshot_wait", SNAPSHOT_WAIT_S);
    p->n_sources = sources->n;
    p->source = ARENA_ARRAY(w->p->a, struct projection_source, sources->n + 1);
    for (size_t i = 0; i < sources->n; i++) {
        read_source(w, sources->item[i], &p->source[i]);
    }
    check_schema(w);
    read_common(w);
    check_sources(w);
    read_validate(w, doc_get(d, "validate"));
}

static void read_tiling(const struct projections_work *w)
{
    read_common(w);
    tiling_read(w->p, w->doc, w->out);
}

/* Those of tiles have a schema of their own. */
static bool is_tiling(const struct doc *d)
{
    const struct doc *store = d != NULL && d->type == DOC_MAP ? doc_get(d, "store") : NULL;
    return store != NULL && store->type == DOC_TEXT &&
           strcmp(store->text.p, store_text(STORE_TILES)) == 0;
}

/* No two projections stand in one schema. */
static void check_alone(const struct projections_work *w)
{
    const struct project *p = w->p;
    const char *schema = text_at(w->doc, "schema", "");
    for (size_t i = 0; i + 1 < p->n_projection; i++) {
        if (schema[0] != '\0' && strcmp(p->projection[i].schema, schema) == 0) {
            doc_fault(&w->p->faults, doc_get(w->doc, "schema"),
                      "give each projection a schema of its own",
                      "schema \"%s\" belongs to projection \"%s\" already (%s)", schema,
                      p->projection[i].name, p->projection[i].file.path);
        }
    }
}

static void read_file(struct project *p, const char *path, const char *stem)
{
    struct text_file file;
    struct err e = {0};
    if (text_read(p->a, p->dirfd, path, LIMIT_YAML, NULL, &file, &p->faults) != 0 ||
        !file.is_text) {
        return;
    }
    size_t n_faults = p->faults.n;
    struct doc *d = yaml_read(p->a, file.bytes, path, &e);
    if (d == NULL) {
        err_list_add(&p->faults, &e);
    }
    const char *schema = is_tiling(d) ? "tiles.v1" : "projection.v1";
    bool is_sound = d != NULL && schema_check(p->a, checker_schema(schema), d, &p->faults) == 0;
    text_drop_echoes(&file, &p->faults, n_faults);
    if (!is_sound) {
        return;
    }
    const struct doc *name = doc_get(d, "projection");
    ARENA_GROW(p->a, p->projection, p->n_projection, p->cap_projection);
    struct projection *out = &p->projection[p->n_projection++];
    *out = (struct projection){.name = name->text.p, .line = name->line, .col = name->col};
    out->file = (struct artifact){path, digest_of(file.bytes), file.bytes};
    struct projections_work w = {p, out, d};
    if (strcmp(out->name, stem) != 0) {
        doc_fault(&w.p->faults, name, "rename the file, or correct the name",
                  "the projection is \"%s\", but its file is named \"%s.yml\"", out->name, stem);
    }
    check_alone(&w);
    if (is_tiling(d)) {
        read_tiling(&w);
    } else {
        read_projection(&w);
    }
}

/* --- the migrations ------------------------------------------------------------------------------- */

static void fault_at_bundle(struct project *p, const struct bundle *b, const char *hint,
                            const char *msg)
{
    err_list_addf(&p->faults, ERR_CONFIG, bundle_file(p->a, b), b->scope_line, 1, hint, "%s", msg);
}

static void place_bundle(struct project *p, struct bundle *b)
{
    for (size_t i = 0; i < p->n_projection; i++) {
        const struct projection *x = &p->projection[i];
        if (b->store != x->store || !names_have(&b->schemas, x->schema)) {
            continue;
        }
        if (b->schemas.n > 1) {
            fault_at_bundle(p, b, "split the migration: one for the schema, one for the rest",
                            arena_printf(p->a,
                                         "\"%s\" reaches beyond schema \"%s\", which belongs to "
                                         "projection \"%s\" (%s)",
                                         b->id, x->schema, x->name, x->file.path));
            return;
        }
        b->projection = x->name;
        if (b->has_extensions) {
            fault_at_bundle(
                p, b, "make the extension in a migration of its own",
                arena_printf(p->a,
                             "an extension may not live in schema \"%s\" of projection \"%s\"",
                             x->schema, x->name));
        }
    }
    if (b->after_load && b->projection == NULL) {
        fault_at_bundle(
            p, b, "put its projection's file back, or remove the key \"rebuild\"",
            arena_printf(p->a, "\"%s\" has \"rebuild: after-load\", but belongs to no projection",
                         b->id));
    }
}

void projections_read(struct project *p)
{
    struct file_names names = {0};
    struct err e = {0};
    if (file_list(p->a, p->dirfd, PROJECTIONS_PATH, &names, &e) < 0) {
        err_list_add(&p->faults, &e);
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        const char *path = arena_printf(p->a, "%s/%s", PROJECTIONS_PATH, names.v[i].name);
        const char *end = strrchr(names.v[i].name, '.');
        if (end == NULL || end == names.v[i].name) {
            continue;
        }
        const char *stem = arena_strndup(p->a, names.v[i].name, (size_t)(end - names.v[i].name));
        if (strcmp(end, ".yml") == 0) {
            read_file(p, path, stem);
        } else if (strcmp(end, ".yaml") == 0) {
            err_list_addf(&p->faults, ERR_CONFIG, path, 0, 0,
                          arena_printf(p->a, "name it %s.yml", stem),
                          "the file of a projection ends in .yml: nothing reads this one");
        }
    }
    for (size_t i = 0; i < p->n_projection; i++) {
        tiling_check_from(p, &p->projection[i]);
    }
    for (size_t i = 0; i < p->n_bundle; i++) {
        place_bundle(p, &p->bundle[i]);
    }
}
