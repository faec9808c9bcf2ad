/* Why a target is in its state, for people: a block per link, each ending with what to do next. */
#include <string.h>

#include "report/advice.h"
#include "report/quote.h"
#include "report/why.h"
#include "report/words.h"

enum { CHAIN_SHOWN = 5, CHAIN_HEAD = 2, CHAIN_TAIL = 2 };

void why_put_pair(struct buf *out, const char *label, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        buf_printf(out, "  %-9s ", label);
        words_safe(out, text);
        buf_putc(out, '\n');
    }
}

static void put_digest(struct buf *out, const char *label, const struct digest *d)
{
    char text[DIGEST_TEXT];
    why_put_pair(out, label, digest_is_zero(d) ? "" : digest_text(d, text));
}

static void put_excerpt(struct buf *out, const char *sign, const char *text)
{
    while (text != NULL && text[0] != '\0') {
        size_t n = strcspn(text, "\n");
        struct bytes line = bytes_of(text, n);
        buf_printf(out, "    %s ", sign);
        if (quote_allowed(line)) {
            text_safe(out, line);
        } else {
            buf_puts(out, "(not shown: it may hold a secret)");
        }
        buf_putc(out, '\n');
        text += n + (text[n] == '\n');
    }
}

static void put_change(struct buf *out, const struct file_change *c)
{
    buf_puts(out, "  ");
    words_safe(out, c->path);
    if (c->was[0] == '\0') {
        buf_puts(out, " was not there when it was applied\n");
    } else if (c->now[0] == '\0') {
        buf_puts(out, " is gone\n");
    } else if (c->first_line == 0) {
        buf_puts(out, " differs; the ledger does not hold its old text\n");
    } else if (c->first_line == c->last_line) {
        buf_printf(out, " differs in line %d\n", c->first_line);
    } else {
        buf_printf(out, " differs in lines %d-%d\n", c->first_line, c->last_line);
    }
    why_put_pair(out, "  was", c->was);
    why_put_pair(out, "  now", c->now);
    put_excerpt(out, "-", c->old_excerpt);
    put_excerpt(out, "+", c->new_excerpt);
}

static void put_artifacts(struct buf *out, const struct artifacts *l)
{
    for (size_t i = 0; i < l->n; i++) {
        char text[DIGEST_TEXT];
        buf_puts(out, "    ");
        words_safe(out, l->v[i].path);
        buf_printf(out, "  %s\n", digest_text(&l->v[i].digest, text));
    }
}

static void put_built_from(struct buf *out, const struct plan *p, const struct step *s)
{
    const struct decl *d = s->bundle->decl;
    if (d != NULL) {
        buf_puts(out, "  built from\n");
        put_artifacts(out, &d->forward);
        put_artifacts(out, &d->rollback);
        put_artifacts(out, &d->invariants);
    }
    for (size_t i = 0; i < s->n_upstream; i++) {
        why_put_pair(out, s->order_only ? "after" : "needs", p->v[s->upstream[i]].bundle->id);
    }
}

/* What who made the run says of it. */
static void put_said(struct buf *out, const struct fact_run *run)
{
    if (run != NULL) {
        why_put_pair(out, "intent", run->intent);
        why_put_pair(out, "pr", run->pr);
    }
}

/* A target that is current: since when, by which run, with which output, from which files. */
static void put_current(struct buf *out, const struct plan *p, const struct step *s,
                        enum stage stage, const struct reason *r)
{
    const struct fact *f = s->history != NULL ? s->history->applied : NULL;
    if (stage == STAGE_DECLARATION) {
        why_put_pair(out, "bundle", r->now);
        put_digest(out, "checksum", &s->bundle->checksum);
        return;
    }
    if (f == NULL) { /* its content runs inside the generations of a projection */
        why_put_pair(out, "checksum", r->now);
        put_built_from(out, p, s);
        return;
    }
    struct digest output = words_output(s, stage);
    why_put_pair(out, "since", f->finished_at);
    why_put_pair(out, "run", f->run_id);
    put_said(out, f->run);
    put_digest(out, "checksum", &f->checksum);
    if (stage != STAGE_APPLY) {
        put_digest(out, stage_text(stage), &output);
    }
    put_built_from(out, p, s);
}

static void put_head(struct buf *out, const struct style *st, const struct link_why *l,
                     const char *cause)
{
    words_paint(out, st, PAINT_BOLD, l->target, 0);
    if (cause[0] != '\0') {
        buf_puts(out, " <- ");
        words_safe(out, cause);
    }
    buf_putc(out, '\n');
}

static void put_next(struct buf *out, const struct style *st, const struct buf *text)
{
    if (text->n > 0) {
        buf_puts(out, "  ");
        words_paint(out, st, PAINT_GOOD, "next:", 0);
        buf_putc(out, ' ');
        buf_add(out, text->p, text->n);
        buf_putc(out, '\n');
    }
}

static void put_advice(struct buf *out, const struct plan *p, const struct link_why *l,
                       const struct file_change *changes, size_t n)
{
    advice_put(out, p, l->step, l->reason, changes, n);
}

/* What another environment's ledger says. */
static void put_fact(struct buf *out, const struct style *st, const struct plan *p,
                     const struct link_why *l)
{
    const struct fact *f = l->fact;
    struct arena a = {0};
    put_head(out, st, l,
             arena_printf(&a, "ledger entry %lld of %s", (long long)f->sequence, l->fact_env));
    why_put_pair(out, "result", f->result);
    why_put_pair(out, "finished", f->finished_at);
    why_put_pair(out, "run", f->run_id);
    put_digest(out, "checksum", &f->checksum);
    struct buf next = {0};
    if (strcmp(f->result, "success") != 0) {
        buf_puts(&next, "`kfmig receipt show ");
        words_safe(&next, l->fact_env);
        buf_printf(&next, " %lld` says what failed; mend it, then ", (long long)f->sequence);
    }
    put_advice(&next, p, l, NULL, 0);
    put_next(out, st, &next);
    buf_release(&next);
    arena_release(&a);
}

/* A run that failed is why most targets are not current. */
static void put_last_run(struct buf *out, const struct step *s)
{
    const struct fact *last = s->history != NULL ? s->history->last : NULL;
    if (last == NULL || last->run == NULL || last->run->code == NULL) {
        return;
    }
    struct arena a = {0};
    why_put_pair(out, "last run",
                 arena_printf(&a, "%s at %s, by %s, run %s", last->result, last->finished_at,
                              last->run->actor, last->run_id));
    put_said(out, last->run);
    words_failure(out, s->bundle, last, "            ");
    arena_release(&a);
}

/* Current says more than its reason does: since when, from what. */
static void put_facts(struct buf *out, const struct plan *p, const struct link_why *l,
                      enum stage stage)
{
    const struct reason *r = l->reason;
    if (r->code == REASON_CURRENT && l->step->kind == STEP_PROJECTION) {
        why_put_generation(out, l->step, r);
        return;
    }
    if (r->code == REASON_CURRENT) {
        put_current(out, p, l->step, stage, r);
        return;
    }
    struct arena a = {0};
    why_put_pair(out, "detail", r->detail);
    if (r->path != NULL && r->line > 0) {
        why_put_pair(out, "at", arena_printf(&a, "%s:%d:%d", r->path, r->line, r->col));
    } else if (l->step->kind == STEP_PROJECTION && r->path != NULL &&
               strcmp(r->path, r->cause) != 0) {
        why_put_pair(out, "at", r->path);
    }
    arena_release(&a);
    why_put_pair(out, "was", r->was);
    why_put_pair(out, "now", r->now);
    if (r == &l->step->reasons[0]) {
        put_last_run(out, l->step);
    }
}

static void put_reason(struct buf *out, const struct style *st, const struct plan *p,
                       const struct link_why *l, enum stage stage, bool has_fact,
                       const struct file_change *changes, size_t n_changes)
{
    const struct reason *r = l->reason;
    bool tells = r->code == REASON_CURRENT &&
                 (stage == STAGE_DECLARATION || l->step->kind == STEP_PROJECTION);
    put_head(out, st, l, r->cause);
    buf_printf(out, "  %s: ", reason_text(r->code));
    words_safe(out, tells ? r->detail : reason_sentence(r->code));
    buf_putc(out, '\n');
    put_facts(out, p, l, stage);
    bool changed = r->code == REASON_CHECKSUM_MISMATCH;
    for (size_t i = 0; changed && i < n_changes; i++) {
        put_change(out, &changes[i]);
    }
    struct buf next = {0};
    if (has_fact) {
        buf_puts(&next, "see ");
        words_safe(&next, r->cause);
    } else {
        put_advice(&next, p, l, changed ? changes : NULL, changed ? n_changes : 0);
    }
    put_next(out, st, &next);
    buf_release(&next);
}

/* All blocks; of a long chain the beginning and the end. stage: of the first. */
static void put_links(struct buf *out, const struct style *st, const struct plan *p,
                      const struct links_why *links, enum stage stage,
                      const struct file_change *changes, size_t n_changes)
{
    bool brief = links->n_steps > CHAIN_SHOWN && !st->verbose;
    bool skipped = false;
    for (size_t i = 0; i < links->n; i++) {
        const struct link_why *l = &links->v[i];
        if (brief && l->depth >= CHAIN_HEAD && l->depth < links->n_steps - CHAIN_TAIL) {
            if (!skipped) {
                buf_printf(
                    out,
                    "\n... %zu targets between, each waiting for the next (--verbose lists them)\n",
                    links->n_steps - CHAIN_HEAD - CHAIN_TAIL);
            }
            skipped = true;
            continue;
        }
        buf_putc(out, '\n');
        if (l->fact != NULL) {
            put_fact(out, st, p, l);
        } else {
            bool has_fact = i + 1 < links->n && links->v[i + 1].fact != NULL;
            put_reason(out, st, p, l, l->depth == 0 ? stage : STAGE_APPLY, has_fact, changes,
                       n_changes);
        }
    }
}

/* What is behind drift, or will be done on the way, whatever the target. */
static void put_versions(struct buf *out, const struct plan *p)
{
    struct buf said = {0};
    words_versions(&said, p);
    if (said.n > 0) {
        buf_printf(out, "\n%s", buf_str(&said));
    }
    buf_release(&said);
}

static void put_title(struct buf *out, const struct style *st, const char *target,
                      enum plan_state state)
{
    words_safe(out, target);
    buf_puts(out, " is ");
    words_state(out, st, state, 0);
    buf_putc(out, '\n');
}

void report_why(struct buf *out, const struct style *st, const struct plan *p, int step,
                enum stage stage, const struct file_change *changes, size_t n_changes)
{
    struct arena a = {0};
    struct links_why links;
    why_links(&a, p, step, stage, &links);
    put_title(out, st, plan_target_text(&a, p, &p->v[step], stage),
              plan_stage_state(&p->v[step], stage));
    put_links(out, st, p, &links, stage, changes, n_changes);
    put_versions(out, p);
    arena_release(&a);
}

/* Readers see something even where the next generation is wanted. */
static void put_live(struct buf *out, const struct step *x)
{
    if (x->live == NULL || x->state == STATE_CURRENT || x->state == STATE_NOT_APPLICABLE) {
        return;
    }
    buf_printf(out, "\nreaders see generation %lld", (long long)x->live->number);
    buf_puts(out, x->live->changed_at[0] != '\0' ? ", published at " : "");
    words_safe(out, x->live->changed_at);
    buf_putc(out, '\n');
    why_put_parts(out, x->live);
}

void report_why_projection(struct buf *out, const struct style *st, const struct plan *p,
                           int projection, int part, const struct file_change *changes,
                           size_t n_changes)
{
    struct arena a = {0};
    struct links_why links;
    const struct step *x = &p->projections[projection];
    why_links_projection(&a, p, projection, part, &links);
    put_title(out, st, plan_projection_text(&a, p, x, part), plan_part_state(x, part));
    put_links(out, st, p, &links, STAGE_APPLY, changes, n_changes);
    put_live(out, x);
    put_versions(out, p);
    arena_release(&a);
}
