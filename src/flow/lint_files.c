/* Text-local changes of a linter's findings, put into files. */
#include "flow/lint_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { FILE_MOST = 1 << 30 };

static bool is_mended(const struct lint_found *f)
{
    return f->edit.text != NULL && f->finding.waived_by[0] == '\0';
}

static int by_offset(const void *x, const void *y)
{
    const struct lint_edit *a = x;
    const struct lint_edit *b = y;
    return (a->at > b->at) - (a->at < b->at);
}

static int fail_changed(const char *path, struct err *e)
{
    return err_at(e, ERR_PREFLIGHT, path, 0, 0, "it changed while kfmig read it");
}

/* n findings of one file, in r from first on. */
static int mend_file(const struct project *p, const struct lint_found *v, size_t n, size_t *made,
                     struct err *e)
{
    struct arena a = {0};
    struct bytes text = {NULL, 0};
    struct buf out = {0};
    size_t n_edit = 0;
    size_t at = 0;
    const char *path = v[0].finding.path;
    struct lint_edit *edit = ARENA_ARRAY(&a, struct lint_edit, n);
    for (size_t i = 0; i < n; i++) {
        if (is_mended(&v[i])) {
            edit[n_edit++] = v[i].edit;
        }
    }
    int rc = n_edit > 0 ? file_read(&a, p->dirfd, path, FILE_MOST, &text, NULL, e) : 0;
    rc = rc > 0 ? fail_changed(path, e) : rc;
    qsort(edit, n_edit, sizeof *edit, by_offset);
    for (size_t i = 0; i < n_edit && rc == 0; i++) {
        if (edit[i].at < at || edit[i].end > text.n) {
            rc = fail_changed(path, e);
            break;
        }
        buf_add(&out, text.p + at, edit[i].at - at);
        buf_puts(&out, edit[i].text);
        at = edit[i].end;
    }
    if (n_edit > 0 && rc == 0) {
        buf_add(&out, text.p + at, text.n - at);
        rc = file_write(p->dirfd, path, buf_bytes(&out), 0644, e);
        *made += rc == 0 ? n_edit : 0;
    }
    buf_release(&out);
    arena_release(&a);
    return rc;
}

static void leave_out(struct lint_result *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        const enum severity s = r->v[i].finding.severity;
        if (!is_mended(&r->v[i])) {
            r->v[n++] = r->v[i];
            continue;
        }
        r->n_error -= s == SEVERITY_ERROR;
        r->n_warning -= s == SEVERITY_WARNING;
        r->n_note -= s == SEVERITY_NOTE;
    }
    r->n = n;
}

int lint_files_mend(const struct project *p, struct lint_result *r, size_t *n, struct err *e)
{
    for (size_t i = 0; i < r->n;) {
        size_t k = i + 1;
        while (k < r->n && strcmp(r->v[k].finding.path, r->v[i].finding.path) == 0) {
            k++;
        }
        if (mend_file(p, &r->v[i], k - i, n, e) != 0) {
            return -1;
        }
        i = k;
    }
    leave_out(r);
    return 0;
}
