/* Why a dataset version is current or blocked. */
#include "cli/why_dataset.h"

#include <string.h>

#include "cli/output.h"
#include "cli/signals.h"
#include "report/report.h"
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

static struct names users(struct invocation *s, const char *version)
{
    struct names out = {.v = ARENA_ARRAY(s->a, const char *, s->project.n_projection + 1)};
    for (size_t i = 0; i < s->project.n_projection; i++) {
        const struct projection *p = &s->project.projection[i];
        for (size_t k = 0; k < p->n_sources; k++) {
            if (strcmp(p->source[k].version, version) == 0) {
                out.v[out.n++] = p->name;
                break;
            }
        }
    }
    return out;
}

int explain_dataset(struct invocation *s, const struct request *req, const char *text,
                    struct buf *out, struct err *e)
{
    struct version v = {0};
    int rc = invocation_open(s, req, false, e);
    rc = rc != 0 ? rc : take_apart(s->a, text, &v, e);
    rc = rc != 0 ? rc : find(s, &v, e);
    if (rc == 0) {
        struct dataset_report r = {.name = v.name,
                                   .path = v.found != NULL ? v.found->path : "",
                                   .artifacts = v.artifacts,
                                   .faults = &v.faults,
                                   .users = users(s, v.id)};
        for (size_t i = 0; v.found != NULL && i < v.found->artifacts.n; i++) {
            const struct dataset_file *f = &v.found->artifacts.v[i];
            named_digests_add(s->a, &r.files, f->name, &f->digest);
        }
        if (req->format == FORMAT_JSON) {
            report_json(out, report_dataset_doc(s->a, &r));
        } else {
            report_dataset(out, &r);
        }
    }
    err_list_release(&v.faults);
    return rc;
}
