/* kfmig dataset: list, show, verify. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "data/dataset_doc.h"

enum { REDRAW_MS = 100, LINE_MAX_BYTES = 100 };

/* One call. found: what the verb is about, each with what is known of its artifacts. */
struct dataset_call {
    struct invocation s;
    const struct request *req;
    struct dataset_place place;
    struct dataset_list found;
    struct err_list faults;
    bool is_verified; /* verify: failed holds the artifacts that are not as they should be */
    struct table failed;
    const char *at; /* artifact whose digest is being computed */
    int64_t drawn_ms;
    int status;
};

/* --- finding -------------------------------------------------------------------------------------- */

/* The data roots, beneath the project. */
static void find_roots(struct dataset_call *c)
{
    const struct project *p = &c->s.project;
    c->place = (struct dataset_place){
        .a = c->s.a, .dirfd = p->dirfd, .root = p->roots.v, .n_roots = p->roots.n};
}

static void keep(struct dataset_call *c, struct dataset *d)
{
    ARENA_GROW(c->s.a, c->found.v, c->found.n, c->found.cap);
    c->found.v[c->found.n++] = d;
}

/* ID, DATASET@ID or dcat://DATASET@ID. An id may hold an "@" itself. */
static int find_one(struct dataset_call *c, const char *ref, struct err *e)
{
    static const char scheme[] = "dcat://";
    struct dataset *d = NULL;
    int rc = dataset_find(&c->place, NULL, ref, &d, &c->faults);
    bool has_scheme = strncmp(ref, scheme, strlen(scheme)) == 0;
    const char *rest = has_scheme ? ref + strlen(scheme) : ref;
    const char *at = strchr(rest, '@');
    if (rc == 1 && at != NULL) {
        const char *slug = arena_strndup(c->s.a, rest, (size_t)(at - rest));
        rc = dataset_find(&c->place, slug, at + 1, &d, &c->faults);
    }
    if (rc == 1) {
        err_set(e, ERR_PREFLIGHT, "no dataset version \"%s\"", ref);
        return err_hint(e, "`kfmig dataset list` shows those there are");
    }
    if (rc == 0) {
        keep(c, d);
    }
    return 0;
}

/* --- as JSON -------------------------------------------------------------------------------------- */

static int print_json(const struct dataset_call *c)
{
    struct arena *a = c->s.a;
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *rows = doc_put(a, d, "datasets", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < c->found.n; i++) {
        (void)doc_push(a, rows, dataset_doc(a, c->found.v[i], c->is_verified ? &c->failed : NULL));
    }
    return output_json(c->req, d);
}

/* --- as text -------------------------------------------------------------------------------------- */

static void put_list(const struct dataset_call *c, struct buf *out)
{
    dataset_put_list(out, c->s.a, &c->found);
}

static void put_all(const struct dataset_call *c, struct buf *out)
{
    for (size_t i = 0; i < c->found.n; i++) {
        dataset_put(out, c->s.a, c->found.v[i]);
    }
}

static void put_verified(const struct dataset_call *c, struct buf *out)
{
    for (size_t i = 0; i < c->found.n; i++) {
        dataset_put_verified(out, &c->place, c->found.v[i], &c->failed);
    }
}

static int print_text(const struct dataset_call *c,
                      void (*put)(const struct dataset_call *c, struct buf *out))
{
    struct buf out = {0};
    put(c, &out);
    int status = output_result(c->req, &out);
    buf_release(&out);
    return status;
}

/* --- verifying ------------------------------------------------------------------------------------ */

static bool is_live(const struct dataset_call *c)
{
    return isatty(STDERR_FILENO) == 1 && !c->req->quiet && c->req->format != FORMAT_JSON;
}

static void clear_line(const struct dataset_call *c)
{
    if (is_live(c)) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
    }
}

static bool on_bytes(void *ctx, int64_t done, int64_t size)
{
    struct dataset_call *c = ctx;
    int64_t now = clock_ms();
    if (is_live(c) && now - c->drawn_ms >= REDRAW_MS) {
        struct buf line = {0};
        text_safe(&line, bytes_str(c->at));
        (void)fprintf(stderr, "\r\033[K%3lld %%  %.*s",
                      size > 0 ? (long long)((double)done / (double)size * 100) : 100,
                      (int)text_cut(buf_bytes(&line), LINE_MAX_BYTES), buf_str(&line));
        (void)fflush(stderr);
        buf_release(&line);
        c->drawn_ms = now;
    }
    return signals_seen() != 0;
}

static void verify_all(struct dataset_call *c)
{
    c->is_verified = true;
    c->failed.a = c->s.a;
    for (size_t i = 0; i < c->found.n; i++) {
        const struct dataset *d = c->found.v[i];
        for (size_t k = 0; k < d->artifacts.n; k++) {
            const struct dataset_file *f = &d->artifacts.v[k];
            c->at = f->path;
            if (signals_seen() == 0 &&
                dataset_verify(&c->place, d, f->name, on_bytes, c, &c->faults) != 0) {
                (void)table_puts(&c->failed, f->path, c);
            }
        }
    }
    clear_line(c);
}

/* --- verbs ---------------------------------------------------------------------------------------- */

static int print(const struct dataset_call *c,
                 void (*put)(const struct dataset_call *c, struct buf *out))
{
    return c->req->format == FORMAT_JSON ? print_json(c) : print_text(c, put);
}

static int too_many(const char *verb, const char *takes_what, struct err *e)
{
    err_set(e, ERR_CONFIG, "`kfmig dataset %s` takes %s", verb, takes_what);
    return err_hint(e, "`kfmig help dataset` explains it");
}

static int list(struct dataset_call *c, struct err *e)
{
    if (c->req->n_args > 1) {
        return too_many("list", "no arguments", e);
    }
    dataset_list(&c->place, &c->found, &c->faults);
    if (c->found.n == 0 && c->faults.n == 0 && c->req->format != FORMAT_JSON) {
        output_note(c->req, "no dataset versions beneath the data roots");
    }
    c->status = print(c, put_list);
    return 0;
}

static int show(struct dataset_call *c, struct err *e)
{
    if (c->req->n_args != 2) {
        return too_many("show", "one dataset version: ID or DATASET@ID", e);
    }
    if (find_one(c, c->req->args[1], e) != 0) {
        return -1;
    }
    c->status = c->found.n > 0 ? print(c, put_all) : 0;
    return 0;
}

static int verify(struct dataset_call *c, struct err *e)
{
    if (c->req->n_args > 2) {
        return too_many("verify", "one dataset version at most: ID or DATASET@ID", e);
    }
    if (c->req->n_args < 2) {
        dataset_list(&c->place, &c->found, &c->faults);
    } else if (find_one(c, c->req->args[1], e) != 0) {
        return -1;
    }
    verify_all(c);
    /* Interrupted, nothing can be said of what was not read. */
    if (signals_seen() == 0 && (c->found.n > 0 || c->faults.n == 0)) {
        c->status = print(c, put_verified);
    }
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct dataset_call *c, struct err *e);
} verbs[] = {{"list", list}, {"show", show}, {"verify", verify}};

static int call_verb(struct dataset_call *c, struct err *e)
{
    const char *name = c->req->n_args > 0 ? c->req->args[0] : "list";
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, name) != 0) {
            continue;
        }
        if (invocation_open(&c->s, c->req, false, e) != 0) {
            return -1;
        }
        find_roots(c);
        return verbs[i].run(c, e);
    }
    c->s.project.dirfd = -1;
    err_set(e, ERR_CONFIG, "dataset knows no \"%s\"", name);
    return err_hint(e, "kfmig dataset list, show or verify");
}

/* The faults say more than the status of what was printed. */
static void end(struct dataset_call *c)
{
    enum err_code worst = ERR_NONE;
    for (size_t i = 0; i < c->faults.n; i++) {
        worst = err_worse(worst, c->faults.v[i].code);
    }
    if (c->faults.n > 0) {
        output_faults(c->req, &c->faults);
    }
    c->status = signals_seen() != 0 ? 128 + signals_seen()
                : worst != ERR_NONE ? err_status(worst)
                                    : c->status;
}

static int run(const struct request *req)
{
    struct dataset_call c = {.req = req};
    struct err e = {0};
    signals_catch();
    if (call_verb(&c, &e) != 0) {
        c.status = output_error(req, c.s.project.dirfd, &e);
    }
    end(&c);
    err_list_release(&c.faults);
    if (c.s.a != NULL) {
        invocation_close(&c.s);
    }
    return c.status;
}

static const char *const takes[] = {NULL};
static const struct example examples[] = {
    {"kfmig dataset list", "every version beneath the data roots"},
    {"kfmig dataset show kansas_counties@2026-02.1a2b3c4d",
     "what its catalogs say; all files that they name"},
    {"kfmig dataset verify", "read every artifact of every version"},
    {NULL, NULL},
};

const struct command command_dataset = {
    .name = "dataset",
    .synopsis = "list | show [DATASET@]ID | verify [[DATASET@]ID]",
    .summary = "List, show and verify dataset versions and their catalogs.",
    .description =
        "Projections are rebuilt from dataset versions. What a version consists of, and whether it "
        "may be used, is taken from the catalogs beneath the data roots: promotion manifests, "
        "registry records, or DatasetVersion objects with STAC, DCAT and PROV.\n\n"
        "list prints one line per version that may be used. show prints all that is known of one; "
        "the extent of restricted data is withheld.\n\n"
        "verify reads every artifact and compares its size and SHA-256 with the catalog.\n\n"
        "What is wrong with a version is said with a code, file and line, and the version then "
        "counts "
        "as not there: exit 1 for what is missing, disagrees or is not known, 5 for what is "
        "malformed, 1 for both. docs/catalogs.md lists every code.",
    .options = takes,
    .examples = examples,
    .run = run,
};
