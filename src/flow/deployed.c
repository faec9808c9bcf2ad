/* A deployment is recorded. */
#include "flow/deployed.h"

#include <string.h>

enum { TAG_MOST = 100 };

/* As registry/schemas/migration_declaration.v1 has it. */
static bool is_tag(const char *tag)
{
    static const char more[] = "._+/:@-";
    size_t n = strlen(tag);
    for (size_t i = 0; i < n; i++) {
        char c = tag[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_plain && (i == 0 || strchr(more, c) == NULL)) {
            return false;
        }
    }
    return n > 0 && n <= TAG_MOST;
}

/* The entry that has it; NULL: none. */
static const struct entry *entry_of(const struct site *s, const char *tag)
{
    for (size_t i = s->entries.n; i > 0; i--) {
        const struct entry *en = &s->entries.v[i - 1];
        if (en->kind == ENTRY_DEPLOY && strcmp(en->subject, tag) == 0 &&
            strcmp(en->result, "success") == 0) {
            return en;
        }
    }
    return NULL;
}

static size_t count_waiting(const struct site *s, const char *tag)
{
    size_t n = 0;
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        const char *waits = s->project->bundle[i].deploy;
        n += waits != NULL && strcmp(waits, tag) == 0;
    }
    return n;
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    const char *tag = ctx;
    struct site *s = w->site;
    struct outcome o = {0};
    const struct entry *before = entry_of(s, tag);
    size_t n = count_waiting(s, tag);
    if (before != NULL) {
        tell_note(&s->ear, "%s: \"%s\" is recorded already: ledger entry %lld, %s", s->env->name,
                  tag, (long long)before->sequence, before->finished_at);
        return 0;
    }
    if (run_record_deploy(&w->run, tag, &o, e) != 0) {
        return -1;
    }
    const struct result_row row = {
        .action = RESULT_DEPLOY, .target = tag, .n = n, .key = digest_of(bytes_str(tag))};
    writing_end(w, row, NULL, &o);
    tell_note(&s->ear,
              "%s: \"%s\" is deployed; %zu target%s here wait%s for it; ledger entry %lld, run %s",
              s->env->name, tag, n, n == 1 ? "" : "s", n == 1 ? "s" : "", (long long)o.sequence,
              o.run_id);
    return 0;
}

int deployed(struct site *s, const char *tag, const struct writing_order *o, struct result *r,
             struct err *e)
{
    struct writing_order order = *o;
    if (!is_tag(tag)) {
        err_set(e, ERR_CONFIG, "\"%s\" is no tag of a deployment", tag);
        return err_hint(
            e,
            "begin with a letter or digit; then letters, digits, '.', '_', '+', '/', ':', "
            "'@' and '-', at most %d in all",
            TAG_MOST);
    }
    if (!s->id.has_ledger) {
        return site_no_ledger(s->env, "nothing was recorded", e);
    }
    order.done = "recorded";
    order.is_confirmed =
        true; /* it is what a person or CI says, and changes nothing but the ledger */
    order.is_unheld = true;
    order.work = work;
    order.ctx = (void *)(uintptr_t)tag;
    return writing(s, &order, r, e);
}
