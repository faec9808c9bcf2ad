/* Why a dataset version is current or blocked. */
#include "cli/why_dataset.h"

#include <string.h>

#include "cli/output.h"
#include "cli/signals.h"
#include "report/report.h"
#include "report/words.h"
#include "site/projected.h"

static const char scheme[] = "dataset:";

/* One such target, taken apart. name: without the stage. */
struct version {
    const char *name, *slug, *id;
    bool artifacts;
    struct dataset *found; /* NULL: only faults */
    struct err_list faults;
};

bool is_dataset_target(const char *text)
{
    return strncmp(text, scheme, sizeof scheme - 1) == 0;
}

/* An id may hold an "@" of its own. */
static int take_apart(struct arena *a, const char *text, struct version *v, struct err *e)
{
    static const char *const stages[] = {"@catalog", "@artifacts"};
    char *name = arena_strdup(a, text);
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        size_t n = strlen(name);
        size_t m = strlen(stages[i]);
        if (n > m && strcmp(name + n - m, stages[i]) == 0) {
            name[n - m] = '\0';
            v->artifacts = i == 1;
            break;
        }
    }
    const char *slash = strchr(name, '/');
    if (slash == NULL || slash[1] == '\0') {
        err_set(e, ERR_CONFIG, "no target \"%s\"", text);
        return err_hint(e, "name a version: dataset:DATASET/ID; `kfmig dataset list` shows them");
    }
    v->name = name;
    v->slug =
        arena_strndup(a, name + sizeof scheme - 1, (size_t)(slash - name) - sizeof scheme + 1);
    v->id = slash + 1;
    return 0;
}

static bool stop(void *ctx, int64_t done, int64_t size)
{
    (void)ctx;
    (void)done;
    (void)size;
    return signals_seen() != 0;
}

static int find(struct invocation *s, struct version *v, struct err *e)
{
    struct dataset_place place = site_place(s->a, &s->project);
    int rc = dataset_find(&place, v->slug, v->id, &v->found, &v->faults);
    if (rc == 1) {
        err_set(e, ERR_CONFIG, "no dataset version %s of %s", v->id, v->slug);
        return err_hint(e, "`kfmig dataset list` shows those there are");
    }
    if (rc == 0 && v->artifacts) {
        (void)!dataset_verify(&place, v->found, NULL, stop, NULL, &v->faults); /* faults say it */
    }
    return signals_seen() == 0
               ? 0
               : err_set(e, ERR_INTERRUPTED, "interrupted while reading %s", v->name);
}

static struct doc *link_doc(struct arena *a, const struct version *v, const char *target,
                            const struct err *f)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, target));
    doc_put(a, d, "code",
            doc_text(a, reason_text(f != NULL ? REASON_CATALOG_FAULT : REASON_CURRENT)));
    doc_put(a, d, "cause", words_doc(a, f != NULL ? f->where.path : v->found->path));
    doc_put(a, d, "was", doc_new(a, DOC_NULL));
    doc_put(a, d, "now", doc_new(a, DOC_NULL));
    doc_put(a, d, "detail", words_doc(a, f != NULL ? f->msg : ""));
    doc_put(a, d, "where",
            f != NULL ? words_place(a, f->where.path, f->where.line, f->where.col)
                      : doc_new(a, DOC_NULL));
    return d;
}

static void put_json(struct arena *a, const struct version *v, const char *target, struct buf *out)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "target", words_doc(a, target));
    doc_put(a, d, "state",
            doc_text(a, plan_state_text(v->faults.n > 0 ? STATE_BLOCKED : STATE_CURRENT)));
    struct doc *chain = doc_put(a, d, "chain", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < v->faults.n; i++) {
        doc_push(a, chain, link_doc(a, v, target, &v->faults.v[i]));
    }
    if (v->faults.n == 0) {
        doc_push(a, chain, link_doc(a, v, target, NULL));
    }
    words_json(out, d);
}

static void put_fault(struct buf *out, const char *target, const struct err *f)
{
    words_safe(out, target);
    buf_puts(out, " <- ");
    words_safe(out, f->where.path);
    if (f->where.line > 0) {
        buf_printf(out, ":%d:%d", f->where.line, f->where.col);
    }
    buf_printf(out, "\n  %s: ", reason_text(REASON_CATALOG_FAULT));
    words_safe(out, f->msg);
    buf_puts(out, "\n  next: ");
    words_safe(out, f->hint[0] != '\0' ? f->hint : "restore the version as it was promoted");
    buf_putc(out, '\n');
}

static void put_users(struct invocation *s, const struct version *v, struct buf *out)
{
    for (size_t i = 0; i < s->project.n_projection; i++) {
        const struct projection *p = &s->project.projection[i];
        for (size_t k = 0; k < p->n_sources; k++) {
            if (strcmp(p->source[k].version, v->id) == 0) {
                buf_puts(out, "  used by   ");
                words_safe(out, p->name);
                buf_putc(out, '\n');
                break;
            }
        }
    }
}

static void put_current(struct invocation *s, const struct version *v, const char *target,
                        struct buf *out)
{
    const struct dataset_files *files = &v->found->artifacts;
    words_safe(out, target);
    buf_puts(out, " <- ");
    words_safe(out, v->found->path);
    buf_puts(out, v->artifacts ? "\n  current: every artifact is as the catalog says\n"
                               : "\n  current: complete, and its catalogs agree\n");
    for (size_t i = 0; i < files->n; i++) {
        char text[DIGEST_TEXT];
        buf_printf(out, "  artifact  %s  ", digest_text(&files->v[i].digest, text));
        words_safe(out, files->v[i].name);
        buf_putc(out, '\n');
    }
    put_users(s, v, out);
    buf_puts(out, "  next: ");
    if (v->artifacts) {
        buf_puts(out, "nothing to do\n");
    } else {
        buf_puts(out, "`kfmig why ");
        words_safe(out, v->name);
        buf_puts(out, "@artifacts` compares every byte\n");
    }
}

int explain_dataset(struct invocation *s, const struct request *req, const char *text,
                    struct buf *out, struct err *e)
{
    struct version v = {0};
    if (invocation_open(s, req, false, e) != 0 || take_apart(s->a, text, &v, e) != 0 ||
        find(s, &v, e) != 0) {
        err_list_release(&v.faults);
        return -1;
    }
    const char *target = arena_printf(s->a, "%s@%s", v.name, v.artifacts ? "artifacts" : "catalog");
    if (req->format == FORMAT_JSON) {
        put_json(s->a, &v, target, out);
    } else {
        buf_printf(out, "%s is %s\n", target,
                   plan_state_text(v.faults.n > 0 ? STATE_BLOCKED : STATE_CURRENT));
        for (size_t i = 0; i < v.faults.n; i++) {
            buf_putc(out, '\n');
            put_fault(out, target, &v.faults.v[i]);
        }
        if (v.faults.n == 0) {
            buf_putc(out, '\n');
            put_current(s, &v, target, out);
        }
    }
    err_list_release(&v.faults);
    return 0;
}
