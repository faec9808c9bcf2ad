/* What the linter says of migrations, for who has a project or a plan. */
#include "site/linted.h"

#include <string.h>

#include "base/file.h"
#include "doc/json.h"
#include "load/checker.h"
#include "model/finding.h"
#include "model/leak.h"
#include "script/language.h"

/* --- what a project brings along -------------------------------------------------------------------- */

int linted_baseline(const struct project *p, struct table *out, const struct doc **kept,
                    struct err *e)
{
    struct bytes text = {NULL, 0};
    struct err_list faults = {0};
    struct arena *a = p->a;
    *out = (struct table){.a = a};
    int rc = file_read(a, p->dirfd, LINT_BASELINE, LINT_BASELINE_MOST, &text, NULL, e);
    if (rc > 0) {
        return 0;
    }
    struct doc *d = rc == 0 ? json_read(a, text, LINT_BASELINE, e) : NULL;
    if (d == NULL) {
        return -1;
    }
    if (schema_check(a, checker_schema("lint_baseline.v1"), d, &faults) > 0) {
        *e = faults.v[0];
        err_list_release(&faults);
        return -1;
    }
    const struct doc *list = doc_get(d, "findings");
    if (kept != NULL) {
        *kept = list;
    }
    for (size_t i = 0; i < doc_len(list); i++) {
        (void)table_puts(out, doc_str(list->item[i], "mark", ""), out);
    }
    return 0;
}

bool linted_is_known(void *baseline, const struct digest *mark)
{
    char text[DIGEST_TEXT];
    return table_gets(baseline, digest_text(mark, text)) != NULL;
}

/* Secrets are let through by the same comment. */
static const char *const *other_rules(struct arena *a)
{
    size_t n = 0;
    while (leak_rule(n) != NULL) {
        n++;
    }
    const char **list = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        list[i] = leak_rule(i)->rule;
    }
    return list;
}

struct lint_options linted_options(struct arena *a, int server)
{
    return (struct lint_options){server, other_rules(a)};
}

int linted_read(struct lint *l, const struct bundle *b, const struct artifact *f,
                enum lint_part part, bool is_executed, struct err *e)
{
    const struct language *language = language_of(f->path);
    struct lint_file file = {.path = f->path,
                             .subject = b->id,
                             .text = f->bytes,
                             .part = part,
                             .class = decl_class(b->decl),
                             .is_rebuilt = b->projection != NULL,
                             .is_fixed = is_executed};
    return language != NULL && language->is_linted && f->bytes.p != NULL ? lint_read(l, &file, e)
                                                                         : 0;
}

/* --- of a plan -------------------------------------------------------------------------------------- */

struct plan_linting {
    struct site *s;
    struct lint *l;
    struct arena work; /* what is read, and all that the linter knows */
};

/* Does b stand here already, with this content or another? */
static bool is_applied(const struct site *s, const struct bundle *b)
{
    const struct history *h = past_get(&s->past, b->id);
    return h != NULL && h->applied != NULL;
}

static void read_files(struct plan_linting *x, const struct bundle *b, enum lint_part part)
{
    struct err ignored = {0};
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        const struct artifact *f = &b->decl->forward.v[i];
        (void)(linted_read(x->l, b, f, part, part == LINT_PAST, &ignored) == 0);
    }
}

/* One whose declaration is not there, or was let go, is read for this alone. */
static void read_bundle(struct plan_linting *x, const struct bundle *b, enum lint_part part)
{
    struct err ignored = {0};
    struct bundle own = *b;
    own.decl = b->decl;
    if (b->decl != NULL || load_decl_into(x->s->project, &own, &x->work, &ignored) == 0) {
        read_files(x, &own, part);
    }
}

static bool is_to_run(const struct site *s, const struct bundle *b)
{
    return !b->is_illegible && plan_needs_scripts(&s->input, b);
}

static bool any_to_run(const struct site *s, const struct plan_order *order)
{
    for (size_t i = 0; i < order->n; i++) {
        if (is_to_run(s, order->v[i].bundle)) {
            return true;
        }
    }
    return false;
}

static void read_all(struct plan_linting *x, const struct plan_order *order)
{
    const struct site *s = x->s;
    for (size_t i = 0; i < order->n; i++) {
        const struct bundle *b = order->v[i].bundle;
        if (is_to_run(s, b)) {
            read_bundle(x, b, LINT_ASKED);
        } else if (!b->is_absent && !b->is_illegible && is_applied(s, b)) {
            read_bundle(x, b, LINT_PAST);
        }
    }
}

/* In s->a, as the rest of what is known of the world. */
static void keep(struct site *s, const struct lint_found *f, struct table *into)
{
    const struct finding *from = &f->finding;
    struct findings *l = table_gets(into, f->migration);
    if (l == NULL) {
        l = ARENA_NEW(s->a, struct findings);
        (void)table_puts(into, arena_strdup(s->a, f->migration), l);
    }
    struct finding *to = finding_fail(s->a, l, from->rule, "%s", from->text);
    to->severity = from->severity;
    to->path = arena_strdup(s->a, from->path);
    to->line = from->line;
    to->col = from->col;
    to->subject = arena_strdup(s->a, from->subject);
    to->hint = from->hint;
    to->waived_by = arena_strdup(s->a, from->waived_by);
}

int site_lint(struct site *s, const struct plan_order *order, struct err *e)
{
    struct plan_linting x = {.s = s};
    struct table baseline;
    struct lint_result found = {0};
    if (s->linted_at == s->past.position + 1 || !any_to_run(s, order)) {
        return 0;
    }
    if (linted_baseline(s->project, &baseline, NULL, e) != 0) {
        return -1;
    }
    const struct lint_options options = linted_options(&x.work, s->id.version / 10000);
    x.l = lint_begin(&x.work, &options);
    read_all(&x, order);
    lint_end(x.l, linted_is_known, &baseline, &found);
    s->world.linted = (struct table){.a = s->a};
    s->world.reduced = (struct table){.a = s->a};
    for (size_t i = 0; i < found.n; i++) {
        keep(s, &found.v[i], &s->world.linted);
        if (lint_is(found.v[i].rule, LINT_POSTURE)) {
            keep(s, &found.v[i], &s->world.reduced);
        }
    }
    s->linted_at = s->past.position + 1;
    arena_release(&x.work);
    return 0;
}
