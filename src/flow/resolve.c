/* What no machine can know, settled by hand. */
#include "flow/resolve.h"

#include <string.h>

#include "run/resolve.h"
#include "site/halfway.h"

int resolve_as_read(const char *text, enum resolve_as *out, struct err *e)
{
    *out = text == NULL                   ? RESOLVE_UNSAID
           : strcmp(text, "applied") == 0 ? RESOLVE_APPLIED
                                          : RESOLVE_ABSENT;
    if (text == NULL || *out == RESOLVE_APPLIED || strcmp(text, "absent") == 0) {
        return 0;
    }
    err_set(e, ERR_CONFIG, "--as=%s says neither", text);
    return err_hint(e, "--as=applied: it counts as done; --as=absent: it did not happen");
}

/* "step 2 of 3 (CREATE INDEX index app.i)" */
static const char *step_words(struct arena *a, const struct begun *b)
{
    return arena_printf(a, "step %zu of %zu (%s %s)", b->at + 1, b->n, b->verb, b->object);
}

static int refuse_known(const struct site *s, const struct begun *b, struct err *e)
{
    static const char *const stands[STANDING_COUNT] = {[STANDS_ABSENT] = "stands not yet",
                                                       [STANDS_THERE] = "stands",
                                                       [STANDS_PARTLY] = "stands in part",
                                                       [STANDS_FOREIGN] = ""};
    const char *verb = b->undoes ? "rollback" : "build";
    err_set(e, ERR_PREFLIGHT, "%s in \"%s\" is not in doubt: %s", b->subject, s->env->name,
            b->at == b->n ? "all of its steps stand"
                          : arena_printf(s->a, "%s %s, which can be told", step_words(s->a, b),
                                         stands[b->standing]));
    return err_hint(e, "`kfmig %s %s%s%s` goes on with it", verb, s->env->name,
                    b->undoes ? " " : "", b->undoes ? b->subject : "");
}

int resolve_find(const struct site *s, const char *id, const struct begun **out, struct err *e)
{
    const struct begun *b = world_begun(&s->world, id);
    *out = b;
    if (!s->id.has_ledger) {
        return site_no_ledger(s->env, "nothing was begun there", e);
    }
    if (b == NULL) {
        err_set(e, ERR_PREFLIGHT, "nothing of %s was begun in \"%s\" and not finished", id,
                s->env->name);
        return err_hint(e, "`kfmig why %s/%s` says what it is", s->env->name, id);
    }
    return begun_in_doubt(b) ? 0 : refuse_known(s, b, e);
}

/* --- what is shown ------------------------------------------------------------------------------------ */

static void put_otherwise(struct buf *out, const struct begun *b)
{
    buf_printf(out,
               "  what was begun is not what it says now: its scripts were changed since\n"
               "  --as=absent: nothing of what was begun stands there any more; all of it begins "
               "anew\n"
               "  what it was begun with: `kfmig receipt show` of entry %lld\n",
               (long long)b->sequence);
}

static void put_step(struct buf *out, struct arena *a, const struct begun *b)
{
    buf_printf(out,
               "  %s was begun, and what stands there is neither what stood there before nor what "
               "it makes\n  seen: %s\n"
               "  --as=applied: what stands there is to count as done; %s goes on behind it\n"
               "  --as=absent: it did not happen; it begins anew, and what stands there stays "
               "somebody else's\n",
               step_words(a, b), b->seen != NULL ? b->seen : "nothing can be seen of it",
               b->undoes ? "the rollback" : "the build");
}

const char *resolve_words(const struct site *s, const struct begun *b)
{
    struct buf out = {0};
    buf_printf(&out, "%s in %s: %s by run %s (ledger entry %lld)\n", b->subject, s->env->name,
               b->undoes ? "a rollback of it was begun" : "it was begun", b->run_id,
               (long long)b->sequence);
    if (b->is_otherwise) {
        put_otherwise(&out, b);
    } else {
        put_step(&out, s->a, b);
    }
    const char *text = arena_strdup(s->a, buf_str(&out));
    buf_release(&out);
    return text;
}

/* --- settling it -------------------------------------------------------------------------------------- */

struct resolve_work {
    struct begun shown;
    enum resolve_as as;
};

/* Somebody looked at it: under the lock it must be that still. */
static int hold(const struct site *s, const struct begun *was, const struct begun **now,
                struct err *e)
{
    const struct begun *b = world_begun(&s->world, was->subject);
    *now = b;
    if (b != NULL && begun_in_doubt(b) && b->sequence == was->sequence && b->at == was->at &&
        b->is_otherwise == was->is_otherwise && b->undoes == was->undoes &&
        digest_eq(&b->key, &was->key) && digest_eq(&b->stands, &was->stands)) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "%s is not as it was shown any more; nothing was resolved",
            was->subject);
    return err_hint(e, "look at it again");
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    const struct resolve_work *x = ctx;
    struct site *s = w->site;
    struct outcome o = {0};
    const struct begun *b = NULL;
    struct bundle *bundle = table_gets(&s->project->by_id, x->shown.subject);
    if (hold(s, &x->shown, &b, e) != 0) {
        return -1;
    }
    struct resolving v = {.b = bundle,
                          .is_segmented = store_can(bundle->store, STORE_HOLDS_LEDGER),
                          .is_applied = x->as == RESOLVE_APPLIED,
                          .stands = b->stands,
                          .seen = b->seen != NULL ? b->seen : "its scripts were changed",
                          .past = &s->entries};
    if (!b->is_otherwise) {
        v.key = b->key;
    }
    if (b->undoes && (v.b = halfway_back(s, bundle, e)) == NULL) {
        return -1;
    }
    if (run_resolve(&w->run, &v, &o, e) != 0) {
        return -1;
    }
    const struct result_row row = {
        .action = RESULT_RESOLVE, .target = bundle->id, .n = 1, .key = v.key};
    writing_end(w, row, NULL, &o);
    tell_note(&s->ear, "%s: %s is resolved as %s; ledger entry %lld, run %s", s->env->name,
              bundle->id, v.is_applied ? "applied" : "absent", (long long)o.sequence, o.run_id);
    return 0;
}

int resolve(struct site *s, const struct begun *b, enum resolve_as as,
            const struct writing_order *o, struct result *r, struct err *e)
{
    struct writing_order order = *o;
    struct resolve_work x = {*b, as};
    if (b->is_otherwise && as == RESOLVE_APPLIED) {
        err_set(e, ERR_CONFIG,
                "what was begun of %s is not what it says now: it cannot count as done",
                b->subject);
        return err_hint(e,
                        "put back the scripts that it was begun with; or take away what stands of "
                        "it, and say --as=absent");
    }
    order.done = "resolved";
    order.hint = "look at what is shown above, then add --apply";
    order.is_unheld = true;
    order.work = work;
    order.ctx = &x;
    return writing(s, &order, r, e);
}
