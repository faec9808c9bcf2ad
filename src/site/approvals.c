/* Finding approvals, and verifying those that matter. */
#include "site/approvals.h"

#include <dirent.h>
#include <string.h>

#include "approval/keygen.h"
#include "approval/statement.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"

enum { APPROVALS_MOST = 1000 }; /* in one folder */

static void read_signers(struct site *s)
{
    struct err_list faults = {0};
    if (s->signers != NULL) {
        return;
    }
    struct signers *l = ARENA_NEW(s->a, struct signers);
    signers_load(s->a, s->project->dirfd, l, &faults);
    if (faults.n > 0) { /* nobody is who he seems, until it can be read */
        tell_faults(&s->ear, &faults);
        l->n = 0;
    }
    err_list_release(&faults);
    s->verified = (struct table){.a = s->a};
    s->signers = l;
}

/* --- one of them -------------------------------------------------------------------------------------- */

static int read_files(struct site *s, const char *folder, const char *name, struct approval *x,
                      struct err *e)
{
    x->path = arena_printf(s->a, "%s/%s", folder, name);
    if (file_read(s->a, s->project->dirfd, x->path, STATEMENT_LIMIT, &x->statement, NULL, e) != 0) {
        return -1;
    }
    struct err ignored = {0};
    const char *sig = arena_printf(s->a, "%s" SIGNATURE_ENDING, x->path);
    if (file_read(s->a, s->project->dirfd, sig, STATEMENT_LIMIT, &x->signature, NULL, &ignored) !=
        0) {
        x->signature = bytes_of(NULL, 0);
    }
    return 0;
}

/* Asked once for each pair of files; they may have changed since. */
static int verify(struct site *s, struct approval *x, const struct signer *signer, struct err *e)
{
    char one[DIGEST_TEXT];
    char two[DIGEST_TEXT];
    const char *key = arena_printf(s->a, "%s %s", digest_text(&x->statement_digest, one),
                                   digest_text(&x->signature_digest, two));
    const char *why = table_gets(&s->verified, key);
    if (why == NULL) {
        if (keygen_verify(s->a, signer, x->statement, x->signature, &s->ear, &why, e) != 0) {
            return -1;
        }
        why = why != NULL ? why : "";
        (void)table_puts(&s->verified, key, (void *)(uintptr_t)why);
    }
    x->why_not = why[0] != '\0' ? why : NULL;
    return 0;
}

/* The server's clock, which nothing here moves (KFMIG_NOW does the machine's): whoever runs it does not say
 * when. Where no server answers nothing is run. */
int approvals_moment(struct site *s, struct err *e)
{
    struct approvals *all = &s->approvals;
    char text[CLOCK_TEXT];
    if (all->at != NULL && all->at[0] != '\0') {
        return 0;
    }
    if (s->pg == NULL) {
        all->at_us = clock_unix_us();
        all->at = arena_strdup(s->a, clock_text(all->at_us, text));
        return 0;
    }
    if (ledger_clock(s->pg, s->a, &all->at, e) != 0) {
        return -1;
    }
    return clock_read(all->at, &all->at_us) == 0
               ? 0
               : err_set(e, ERR_PREFLIGHT,
                         "the server's clock cannot be read: whether approvals count nobody knows");
}

/* Is it over what is wanted now? Nothing else has to be verified. */
struct approval_wish {
    enum approval_kind kind;
    const char *subject; /* NULL: any */
    const struct digest *digests;
    size_t n;
};

static bool is_wished(const struct approval *x, const struct approval_wish *w)
{
    bool is_over = false;
    for (size_t i = 0; i < w->n; i++) {
        is_over = is_over || digest_eq(&x->digest, &w->digests[i]);
    }
    return is_over && x->kind == w->kind &&
           (w->subject == NULL || strcmp(w->subject, x->subject) == 0);
}

/* What it is over nobody can tell, so that no reason of a step does; once. */
static void warn(struct site *s, const struct approval *x)
{
    if (table_gets(&s->verified, x->path) == NULL) {
        tell_warning(&s->ear, "%s does not count: %s", x->path, x->why_not);
        (void)table_puts(&s->verified, x->path, (void *)(uintptr_t)x->path);
    }
}

static int add(struct site *s, const char *folder, const char *name, const struct approval_wish *w,
               struct err *e)
{
    struct approval x = {.path = NULL};
    struct err why = {0};
    const struct signer *signer = NULL;
    if (read_files(s, folder, name, &x, &why) != 0) {
        tell_fault(&s->ear, &why);
        return 0;
    }
    if (approvals_moment(s, e) != 0) {
        return -1;
    }
    statement_judge(s->a, s->signers, s->approvals.at_us, approval_rule_of(s->env)->max_age_ms, &x,
                    &signer);
    if (!digest_is_zero(&x.digest) && x.kind != w->kind &&
        (w->kind != APPROVES_PLAN || x.kind != APPROVES_RUN)) {
        return 0; /* somebody else looks at it; of a run nobody does: it is told beside plans */
    }
    if (x.why_not == NULL && is_wished(&x, w)) {
        if (verify(s, &x, signer, e) != 0) {
            return -1;
        }
    } else if (x.why_not == NULL) {
        x.why_not = x.kind == APPROVES_RUN ? "it says who runs a plan, and approves none"
                                           : "it is over other content";
    } else if (digest_is_zero(&x.digest)) {
        warn(s, &x);
        return 0;
    }
    ARENA_GROW(s->a, s->approvals.v, s->approvals.n, s->approvals.cap);
    s->approvals.v[s->approvals.n++] = x;
    return 0;
}

static bool is_statement(const struct file_name *f)
{
    size_t n = strlen(f->name);
    size_t end = sizeof STATEMENT_ENDING - 1;
    return f->type == DT_REG && n > end && strcmp(f->name + n - end, STATEMENT_ENDING) == 0;
}

static int add_folder(struct site *s, const char *folder, const struct approval_wish *w,
                      struct err *e)
{
    struct file_names files = {0};
    struct err why = {0};
    if (file_list(s->a, s->project->dirfd, folder, &files, &why) != 0) {
        if (why.code != ERR_NONE) {
            tell_fault(&s->ear, &why);
        }
        return 0;
    }
    for (size_t i = 0; i < files.n && i < APPROVALS_MOST; i++) {
        if (is_statement(&files.v[i]) && add(s, folder, files.v[i].name, w, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- all of them ---------------------------------------------------------------------------------------- */

static int add_bundles(struct site *s, struct err *e)
{
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        const struct bundle *b = &s->project->bundle[i];
        const struct approval_wish w = {APPROVES_BUNDLE, b->id, &b->bundle_digest, 1};
        if (!b->is_illegible && plan_needs_scripts(&s->input, b) &&
            add_folder(s, arena_printf(s->a, "%s/approvals", b->dir), &w, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int add_projections(struct site *s, struct err *e)
{
    size_t n = s->input.n_projections;
    struct digest *wanted = ARENA_ARRAY(s->a, struct digest, n + 1);
    for (size_t i = 0; i < n; i++) {
        wanted[i] = s->input.projections[i].digest;
    }
    const struct approval_wish w = {APPROVES_PROJECTION, NULL, wanted, n};
    return n > 0 ? add_folder(s, APPROVALS_FOLDER, &w, e) : 0;
}

/* Whom the key that was given belongs to, by its public part: what he signed before does not count, and
 * he shows by a signature that he has the key before anything is run. NULL: nobody who is known. */
static const char *runner_of(struct site *s)
{
    struct bytes text;
    struct bytes key;
    struct err ignored = {0};
    const char *path = s->o.key;
    if (path == NULL) {
        return NULL;
    }
    path = text_ends(path, ".pub") ? path : arena_printf(s->a, "%s.pub", path);
    if (file_read_given(s->a, path, STATEMENT_LIMIT, &text, &ignored) != 0) {
        return NULL;
    }
    char *rest = arena_strndup(s->a, text.p, strcspn(text.p, "\r\n"));
    (void)strsep(&rest, " ");
    const char *encoded = rest != NULL ? strsep(&rest, " ") : "";
    const struct signer *x =
        base64_read(s->a, bytes_str(encoded), &key) == 0 ? signers_find(s->signers, key) : NULL;
    return x != NULL ? x->person : NULL;
}

int approvals_look(struct site *s, struct err *e)
{
    read_signers(s);
    s->approvals = (struct approvals){.signers = s->signers->text,
                                      .signers_digest = s->signers->digest,
                                      .runner = runner_of(s),
                                      .at = ""};
    s->world.approvals = &s->approvals;
    if (!s->signers->is_there) {
        return 0;
    }
    return add_bundles(s, e) != 0 || add_projections(s, e) != 0 ? -1 : 0;
}

int approvals_look_at(struct site *s, const struct digest *digest, struct err *e)
{
    const struct approval_wish w = {APPROVES_PLAN, NULL, digest, 1};
    read_signers(s);
    return s->signers->is_there ? add_folder(s, APPROVALS_FOLDER, &w, e) : 0;
}

int approvals_last(struct site *s, const struct approval *const *v, size_t n, const char **why,
                   struct err *e)
{
    *why = NULL;
    if (n > 0 && approvals_moment(s, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n && *why == NULL; i++) {
        const struct signer *signer = NULL;
        struct approval again = *v[i];
        statement_judge(s->a, s->signers, s->approvals.at_us, approval_rule_of(s->env)->max_age_ms,
                        &again, &signer);
        *why = again.why_not == NULL
                   ? NULL
                   : arena_printf(s->a, "the signature of %s (%s) counts no more: %s", v[i]->person,
                                  approval_kind_text(v[i]->kind), again.why_not);
    }
    return 0;
}
