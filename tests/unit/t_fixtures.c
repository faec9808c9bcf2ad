/* layer: load */
/* The files of registry/fixtures: valid ones pass the schema and every check that needs one file only, and the schema also as any other
 * reader of YAML hands them over; plain ones pass here, where 1.0 is text if text is wanted; invalid ones fail with exactly the faults that
 * they name: in comments "# expect: LINE:COL MESSAGE", or, where a file can hold none, in NAME.expect. */
#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "load/checker.h"
#include "load/declaration.h"
#include "load/environments.h"
#include "load/registry.h"
#include "load/schemas.h"
#include "load/text.h"

enum { VALID_MIN = 20, INVALID_MIN = 60, CHECKS_PER_SCHEMA = 2 };

static int dirfd_of(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        printf("Bail out! no %s: run from the project's directory\n", path);
        exit(1);
    }
    return fd;
}

/* --- what a file's name says it is ------------------------------------------------------------------ */

static void check_declaration(struct arena *a, struct bytes text, const char *name,
                              struct err_list *faults)
{
    struct declaration d;
    declaration_read(a, text, name, &d, faults);
}

static void check_environments(struct arena *a, struct bytes text, const char *name,
                               struct err_list *faults)
{
    struct environments found;
    environments_read(a, text, name, &found, faults);
}

static void check_registry(struct arena *a, struct bytes text, const char *name,
                           struct err_list *faults)
{
    struct doc *d = registry_parse(a, text, name, faults);
    ok((d == NULL) == (faults->n > 0), "a registry is read, or has faults");
}

static void check_by(struct arena *a, struct bytes text, const char *name, const char *schema,
                     struct err_list *faults)
{
    struct err e = {0};
    struct doc *d = yaml_read(a, text, name, &e);
    if (d == NULL) {
        err_list_add(faults, &e);
    } else {
        (void)schema_check(a, checker_schema(schema), d, faults);
    }
}

static void check_projection(struct arena *a, struct bytes text, const char *name,
                             struct err_list *faults)
{
    check_by(a, text, name, "projection.v1", faults);
}

static void check_tiles(struct arena *a, struct bytes text, const char *name,
                        struct err_list *faults)
{
    check_by(a, text, name, "tiles.v1", faults);
}

/* "run_receipt--success.json" is checked by the schema run_receipt.v1 alone, "baseline.v2--sets.json" by
 * baseline.v2. */
static void check_document(struct arena *a, struct bytes text, const char *name,
                           struct err_list *faults)
{
    struct err e = {0};
    size_t n = (size_t)(strstr(name, "--") - name);
    const char *version = memchr(name, '.', n) == NULL ? ".v1" : "";
    const struct schema *s = checker_schema(arena_printf(a, "%.*s%s", (int)n, name, version));
    struct doc *d = json_read(a, text, name, &e);
    if (d == NULL) {
        err_list_add(faults, &e);
    } else {
        (void)schema_check(a, s, d, faults);
    }
}

/* schema: of files that people write in YAML. */
static const struct {
    const char *prefix;
    void (*check)(struct arena *a, struct bytes text, const char *name, struct err_list *faults);
    const char *schema;
} kinds[] = {
    {"declaration--", check_declaration, "migration_declaration.v1"},
    {"environments--", check_environments, "environments.v1"},
    {"projection--", check_projection, "projection.v1"},
    {"registry--", check_registry, NULL},
    {"tiles--", check_tiles, "tiles.v1"},
    {"", check_document, NULL},
};

static size_t kind_of(const char *name)
{
    size_t kind = 0;
    while (strncmp(name, kinds[kind].prefix, strlen(kinds[kind].prefix)) != 0) {
        kind++;
    }
    return kind;
}

static void find_faults(struct arena *a, int dirfd, const char *name, struct text_file *file,
                        struct err_list *faults)
{
    if (text_read(a, dirfd, name, LIMIT_JSON, NULL, file, faults) == 0 && file->is_text) {
        size_t n = faults->n;
        kinds[kind_of(name)].check(a, file->bytes, name, faults);
        text_drop_echoes(file, faults, n);
    }
    err_list_sort(faults);
}

/* --- expectations --------------------------------------------------------------------------------- */

struct texts {
    const char **v;
    size_t n, cap;
};

/* Every line of text that begins with prefix, without it. */
static void read_expected(struct arena *a, struct bytes text, const char *prefix, struct texts *out)
{
    size_t n_prefix = strlen(prefix);
    for (size_t at = 0; at < text.n;) {
        const char *line = text.p + at;
        const char *end = memchr(line, '\n', text.n - at);
        size_t n = end == NULL ? text.n - at : (size_t)(end - line);
        if (n > n_prefix && memcmp(line, prefix, n_prefix) == 0) {
            ARENA_GROW(a, out->v, out->n, out->cap);
            out->v[out->n++] = arena_strndup(a, line + n_prefix, n - n_prefix);
        }
        at += n + 1;
    }
}

static void join(struct buf *out, const struct texts *l)
{
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(out, "%s%s", i > 0 ? "\n" : "", l->v[i]);
    }
}

static bool is_written_by_people(const char *name)
{
    return kind_of(name) + 1 < sizeof kinds / sizeof *kinds;
}

static void check_invalid(int dirfd, const char *name)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct text_file file;
    struct err e = {0};
    struct bytes beside;
    struct texts want = {0};
    struct texts got = {0};
    struct buf wanted = {0};
    struct buf found = {0};
    bool hints = true;
    find_faults(&a, dirfd, name, &file, &faults);
    for (size_t i = 0; i < faults.n; i++) {
        const struct err *f = &faults.v[i];
        ARENA_GROW(&a, got.v, got.n, got.cap);
        got.v[got.n++] = arena_printf(&a, "%d:%d %s", f->where.line, f->where.col, f->msg);
        hints =
            hints && (f->hint[0] != '\0' || !is_written_by_people(name)) && f->code == ERR_CONFIG;
    }
    read_expected(&a, file.bytes, "# expect: ", &want);
    if (file_read(&a, dirfd, arena_printf(&a, "%s.expect", name), LIMIT_NOTES, &beside, NULL, &e) ==
        0) {
        read_expected(&a, beside, "", &want);
    }
    join(&wanted, &want);
    join(&found, &got);
    ok(want.n > 0, name);
    is_str(buf_str(&found), buf_str(&wanted), name);
    ok(hints, "each of its faults is ERR_CONFIG, and says what to do");
    buf_release(&wanted);
    buf_release(&found);
    err_list_release(&faults);
    arena_release(&a);
}

static void check_valid(int dirfd, const char *name)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct text_file file;
    find_faults(&a, dirfd, name, &file, &faults);
    ok(faults.n == 0, name);
    for (size_t i = 0; i < faults.n; i++) {
        const struct err *f = &faults.v[i];
        printf("#   %d:%d %s (%s)\n", f->where.line, f->where.col, f->msg, f->hint);
    }
    err_list_release(&faults);
    arena_release(&a);
}

/* --- other readers of YAML -------------------------------------------------------------------------- */

/* Plain scalars become what the core schema of YAML 1.2 makes of them, and the booleans of YAML 1.1. Documents have no fractions: a whole
 * number stands for each. */
static void type_plain(struct doc *d)
{
    static const char *const patterns[] = {
        "^(~|null|Null|NULL|)$",
        "^(true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$",
        ("^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+"
         ")?)$"),
    };
    static const enum doc_type types[] = {DOC_NULL, DOC_BOOL, DOC_INT};
    for (size_t i = 0; i < 3 && d->type == DOC_TEXT && d->plain; i++) {
        regex_t r;
        if (regcomp(&r, patterns[i], REG_EXTENDED | REG_NOSUB) != 0) {
            abort();
        }
        if (regexec(&r, d->text.p, 0, NULL, 0) == 0) {
            d->type = types[i];
            d->number = strtoll(d->text.p, NULL, 0);
        }
        regfree(&r);
    }
    d->plain = false;
    for (size_t i = 0; i < d->n; i++) {
        type_plain(d->item[i]);
    }
}

/* How many faults another reader would see. */
static size_t faults_elsewhere(int dirfd, const char *name)
{
    struct arena a = {0};
    struct err_list faults = {0};
    struct bytes text;
    struct err e = {0};
    const char *schema = kinds[kind_of(name)].schema;
    size_t n = 0;
    struct doc *d = file_read(&a, dirfd, name, LIMIT_YAML, &text, NULL, &e) == 0
                        ? yaml_read(&a, text, name, &e)
                        : NULL;
    if (d != NULL) {
        type_plain(d);
        n = schema_check(&a, checker_schema(schema), d, &faults);
    }
    for (size_t i = 0; i < faults.n; i++) {
        printf("#   elsewhere: %s\n", faults.v[i].msg);
    }
    err_list_release(&faults);
    arena_release(&a);
    return d == NULL ? SIZE_MAX : n;
}

/* --- the schemas themselves ----------------------------------------------------------------------- */

static void check_schemas(void)
{
    int dirfd = dirfd_of("registry/schemas");
    for (size_t i = 0; i < n_schema_texts; i++) {
        const struct schema_text *s = &schema_texts[i];
        struct arena a = {0};
        struct err e = {0};
        struct bytes text;
        int rc = file_read(&a, dirfd, arena_printf(&a, "%s.schema.json", s->name), LIMIT_JSON,
                           &text, NULL, &e);
        ok(rc == 0 && bytes_eq(text, bytes_of(s->text, s->n)),
           "the file is the one that was built in");
        struct doc *d = json_read(&a, bytes_of(s->text, s->n), s->name, &e);
        bool good = d != NULL && schema_compile(&a, d, &e) != NULL;
        ok(good, s->name);
        if (!good) {
            printf("#   %d:%d %s\n", e.where.line, e.where.col, e.msg);
        }
        arena_release(&a);
    }
    (void)close(dirfd);
}

static bool is_registry(const char *name)
{
    return strncmp(name, "registry--", strlen("registry--")) == 0;
}

static bool is_fixture(const struct file_name *f)
{
    const char *dot = strrchr(f->name, '.');
    return f->type == DT_REG && dot != NULL && strcmp(dot, ".expect") != 0 &&
           strstr(f->name, "--") != NULL;
}

static size_t list_fixtures(struct arena *a, int dirfd, struct file_names *out, size_t *n_registry)
{
    struct err e = {0};
    size_t n = 0;
    if (file_list(a, dirfd, "", out, &e) != 0) {
        abort();
    }
    for (size_t i = 0; i < out->n; i++) {
        if (is_fixture(&out->v[i])) {
            *n_registry += is_registry(out->v[i].name);
            out->v[n++] = out->v[i];
        }
    }
    out->n = n;
    return n;
}

int main(void)
{
    struct arena a = {0};
    struct file_names valid;
    struct file_names invalid;
    struct file_names plain;
    size_t n_registry = 0;
    int valid_fd = dirfd_of("registry/fixtures/valid");
    int invalid_fd = dirfd_of("registry/fixtures/invalid");
    int plain_fd = dirfd_of("registry/fixtures/plain");
    size_t n_valid = list_fixtures(&a, valid_fd, &valid, &n_registry);
    size_t n_invalid = list_fixtures(&a, invalid_fd, &invalid, &n_registry);
    size_t n_plain = list_fixtures(&a, plain_fd, &plain, &n_registry);
    size_t n_yaml = 0;
    for (size_t i = 0; i < n_valid; i++) {
        n_yaml += kinds[kind_of(valid.v[i].name)].schema != NULL;
    }
    tap_plan((int)(n_valid + n_yaml + 2 * n_plain + 3 * n_invalid + n_registry +
                   CHECKS_PER_SCHEMA * n_schema_texts + 2));
    ok(n_valid >= VALID_MIN, "there are enough valid fixtures");
    ok(n_invalid >= INVALID_MIN, "there are enough invalid fixtures");
    check_schemas();
    for (size_t i = 0; i < n_valid; i++) {
        check_valid(valid_fd, valid.v[i].name);
        if (kinds[kind_of(valid.v[i].name)].schema != NULL) {
            is_int((long long)faults_elsewhere(valid_fd, valid.v[i].name), 0, valid.v[i].name);
        }
    }
    for (size_t i = 0; i < n_plain; i++) {
        check_valid(plain_fd, plain.v[i].name);
        ok(faults_elsewhere(plain_fd, plain.v[i].name) > 0, "which other readers refuse");
    }
    for (size_t i = 0; i < n_invalid; i++) {
        check_invalid(invalid_fd, invalid.v[i].name);
    }
    (void)close(valid_fd);
    (void)close(invalid_fd);
    (void)close(plain_fd);
    arena_release(&a);
    return tap_done();
}
