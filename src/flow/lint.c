/* A project's migrations, linted. */
#include "flow/lint.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "doc/canon.h"
#include "flow/lint_files.h"
#include "pg/child.h"
#include "plan/order.h"
#include "site/linted.h"

struct linting {
    struct project *p;
    const struct lint_wish *w;
    struct lint *l;
    bool *is_asked;         /* of p->bundle */
    struct table changed;   /* paths; with w->since */
    struct table baseline;  /* marks */
    const struct doc *kept; /* the baseline's findings; NULL: there is none */
    struct table unjudged;  /* paths that were read for what they make */
};

/* --- which ------------------------------------------------------------------------------------------ */

static bool is_executed(const struct bundle *b)
{
    enum env_kind ignored;
    return load_executed_in(b->status, &ignored);
}

/* The one whose id is name, else the only one whose id ends in it. */
static int ask_for(const struct linting *x, const char *name, struct err *e)
{
    const struct bundle *found = table_gets(&x->p->by_id, name);
    bool is_whole = found != NULL;
    for (size_t i = 0; i < x->p->n_bundle && !is_whole; i++) {
        const struct bundle *b = &x->p->bundle[i];
        if (!text_ends(b->id, name)) {
            continue;
        }
        if (found != NULL) {
            err_set(e, ERR_CONFIG, "\"%s\" is %s and %s", name, found->id, b->id);
            return err_hint(e, "write more of the id");
        }
        found = b;
    }
    if (found == NULL) {
        err_set(e, ERR_CONFIG, "there is no migration \"%s\"", name);
        return err_hint(e, "`kfmig graph` shows what there is");
    }
    x->is_asked[found - x->p->bundle] = true;
    return 0;
}

static int choose(const struct linting *x, struct err *e)
{
    for (size_t i = 0; i < x->w->n_ids; i++) {
        if (ask_for(x, x->w->ids[i], e) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < x->p->n_bundle && x->w->n_ids == 0; i++) {
        x->is_asked[i] = x->w->all || !is_executed(&x->p->bundle[i]);
    }
    return 0;
}

/* --- what changed since a commit -------------------------------------------------------------------- */

enum { GIT_MS = 30000, GIT_TEXT = LINT_BASELINE_MOST };

static int run_git(const struct linting *x, const char *const *argv, int fd, struct err *e)
{
    const struct child c = {.argv = argv, .out = fd};
    int status = 0;
    if (child_run(&c, NULL, GIT_MS, &status, e) != 0) {
        return -1;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        err_set(e, ERR_PREFLIGHT, "git does not say what changed since \"%s\"", x->w->since);
        return err_hint(e,
                        "name a commit that this clone has, in a project that git keeps: "
                        "`git diff --merge-base %s` says why",
                        x->w->since);
    }
    return 0;
}

static int read_changed(struct linting *x, int fd, struct err *e)
{
    off_t n = lseek(fd, 0, SEEK_END);
    if (n < 0 || n > GIT_TEXT) {
        return err_set(e, ERR_PREFLIGHT, "git names more files than can be read");
    }
    char *text = arena_alloc(x->p->a, (size_t)n + 1);
    if (pread(fd, text, (size_t)n, 0) != n) {
        return err_set(e, ERR_PREFLIGHT, "what git wrote cannot be read");
    }
    x->changed.a = x->p->a;
    for (char *p = text; *p != '\0';) {
        size_t len = strcspn(p, "\n");
        bool last = p[len] == '\0';
        p[len] = '\0';
        (void)table_puts(&x->changed, p, p);
        p += len + !last;
    }
    return 0;
}

/* Names, a line each, beneath the project: changed since the two histories parted, and not known to git. */
static int ask_git(struct linting *x, struct err *e)
{
    const char *root = x->p->root;
    const char *const diff[] = {"git",
                                "-C",
                                root,
                                "-c",
                                "core.quotePath=false",
                                "--no-pager",
                                "diff",
                                "--relative",
                                "--name-only",
                                "--no-renames",
                                "--no-ext-diff",
                                "--merge-base",
                                "--end-of-options",
                                x->w->since,
                                "--",
                                ".",
                                NULL};
    const char *const others[] = {"git",
                                  "-C",
                                  root,
                                  "-c",
                                  "core.quotePath=false",
                                  "ls-files",
                                  "--others",
                                  "--exclude-standard",
                                  "--",
                                  ".",
                                  NULL};
    int fd = memfd_create("kfmig-git", MFD_CLOEXEC);
    if (fd < 0) {
        return err_set(e, ERR_PREFLIGHT, "no memory for what git says");
    }
    int rc = run_git(x, diff, fd, e);
    rc = rc == 0 ? run_git(x, others, fd, e) : rc;
    rc = rc == 0 ? read_changed(x, fd, e) : rc;
    (void)close(fd);
    return rc;
}

/* Any file of it. */
static bool has_changed(const struct linting *x, const struct bundle *b, const struct artifact *f)
{
    const char *own = b->file != NULL ? b->file : arena_printf(x->p->a, "%s/migration.yml", b->dir);
    return x->w->since == NULL || table_gets(&x->changed, f->path) != NULL ||
           table_gets(&x->changed, own) != NULL;
}

/* --- the baseline ----------------------------------------------------------------------------------- */

static void keep_found(const struct linting *x, const struct lint_found *f, struct doc *list)
{
    struct arena *a = x->p->a;
    struct doc *one = doc_push(a, list, doc_new(a, DOC_MAP));
    doc_put(a, one, "rule", doc_text(a, f->finding.rule));
    doc_put(a, one, "path", doc_safe(a, f->finding.path));
    doc_put(a, one, "mark", doc_digest(a, &f->mark));
}

/* From the at-th on, those before path (NULL: all) of files that were not judged this time: what is known of
 * them stays. Where the next one stands. */
static size_t keep_unjudged(const struct linting *x, size_t at, const char *path, struct doc *list)
{
    for (; at < doc_len(x->kept); at++) {
        struct doc *one = x->kept->item[at];
        const char *own = doc_str(one, "path", "");
        if (path != NULL && strcmp(own, path) >= 0) {
            break;
        }
        if (table_gets(&x->unjudged, own) != NULL) {
            (void)doc_push(x->p->a, list, one);
        }
    }
    return at;
}

static int write_baseline(struct linting *x, struct linted *out, struct err *e)
{
    struct arena *a = x->p->a;
    struct buf text = {0};
    size_t at = 0;
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "format", doc_text(a, "lint_baseline.v1"));
    struct doc *list = doc_put(a, d, "findings", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < out->result.n; i++) {
        const struct lint_found *f = &out->result.v[i];
        if (f->finding.waived_by[0] != '\0' && !linted_is_known(&x->baseline, &f->mark)) {
            continue; /* a comment says it */
        }
        at = keep_unjudged(x, at, f->finding.path, list);
        keep_found(x, f, list);
    }
    (void)keep_unjudged(x, at, NULL, list);
    out->n_kept = doc_len(list);
    canon_pretty(&text, d);
    int rc = file_write(x->p->dirfd, LINT_BASELINE, buf_bytes(&text), 0644, e);
    buf_release(&text);
    return rc;
}

/* --- reading ---------------------------------------------------------------------------------------- */

static enum lint_part part_of(struct linting *x, const struct bundle *b, const struct artifact *f,
                              bool is_asked)
{
    if (is_asked && has_changed(x, b, f)) {
        return LINT_ASKED;
    }
    (void)table_puts(&x->unjudged, f->path, x);
    return is_executed(b) ? LINT_PAST : LINT_PLANNED;
}

static int read_bundle(struct linting *x, size_t i, struct err *e)
{
    struct bundle *b = &x->p->bundle[i];
    struct err ignored = {0};
    if (b->decl == NULL && load_decl(x->p, b, &ignored) != 0) {
        return 0;
    }
    for (size_t k = 0; k < b->decl->forward.n; k++) {
        const struct artifact *f = &b->decl->forward.v[k];
        enum lint_part part = part_of(x, b, f, x->is_asked[i]);
        if (linted_read(x->l, b, f, part, is_executed(b), e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_all(struct linting *x, struct err *e)
{
    struct plan_order order;
    struct arena *a = x->p->a;
    if (plan_order(a, site_bundles(a, x->p), x->p->n_bundle, &order, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < x->p->n_bundle; i++) {
        if (read_bundle(x, order.v[i].index, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool any_asked(const struct linting *x)
{
    for (size_t i = 0; i < x->p->n_bundle; i++) {
        if (x->is_asked[i]) {
            return true;
        }
    }
    return false;
}

int lint_project(struct project *p, const struct lint_wish *w, struct linted *out, struct err *e)
{
    const struct lint_options options = linted_options(p->a, w->server);
    struct linting x = {.p = p, .w = w, .l = lint_begin(p->a, &options)};
    *out = (struct linted){.n_fixed = 0};
    x.unjudged.a = p->a;
    x.is_asked = ARENA_ARRAY(p->a, bool, p->n_bundle + 1);
    if (choose(&x, e) != 0 || (w->since != NULL && ask_git(&x, e) != 0) ||
        linted_baseline(p, &x.baseline, &x.kept, e) != 0 ||
        ((any_asked(&x) || w->writes_baseline) && read_all(&x, e) != 0)) {
        return -1;
    }
    lint_end(x.l, linted_is_known, &x.baseline, &out->result);
    if (w->fixes && lint_files_mend(p, &out->result, &out->n_fixed, e) != 0) {
        return -1;
    }
    return w->writes_baseline ? write_baseline(&x, out, e) : 0;
}
