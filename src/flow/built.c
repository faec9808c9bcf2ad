/* Definitions out of the ledger. */
#include "flow/built.h"

#include <string.h>

#include "evidence/receipt.h"
#include "evidence/texts.h"
#include "model/definition.h"
#include "model/variables.h"
#include "script/language.h"

const struct entry *built_find(const struct site *s, const char *id, int64_t sequence)
{
    const struct history *h = past_get(&s->past, id);
    const struct entry *found = NULL;
    for (size_t i = 0; i < s->entries.n; i++) {
        const struct entry *en = &s->entries.v[i];
        bool is_its =
            en->kind == ENTRY_DEFINE && strcmp(en->result, "success") == 0 &&
            (strcmp(en->subject, id) == 0 || (h != NULL && h->applied != NULL &&
                                              strcmp(en->subject, h->applied->recorded_as) == 0));
        if (is_its && (found == NULL || en->sequence < sequence)) {
            found = en;
        }
    }
    return found;
}

static void join(struct arena *a, struct names *to, const struct names *from)
{
    for (size_t i = 0; i < from->n; i++) {
        names_add(a, to, from->v[i]);
    }
}

/* now: NULL: nothing but what the text says. */
static const struct definition *both_of(struct arena *a, const struct script *was,
                                        const struct definition *now)
{
    struct definition *out = ARENA_NEW(a, struct definition);
    definition_read(a, was, 1, out);
    if (now != NULL) {
        join(a, &out->makes, &now->makes);
        join(a, &out->needs, &now->needs);
    }
    return out;
}

/* Its one file, in s->a; path: from the folder of the project. */
static int read_text(struct site *s, const struct fact *f, const char *path, struct artifact *out,
                     struct err *e)
{
    const char *folder = NULL;
    struct artifacts files = {0};
    struct ledger_source l = ledger_source_of(s->pg);
    if (texts_read(&l, s->a, f, &files, &folder, e) != 0) {
        return -1;
    }
    if (files.n != 1 || folder == NULL) {
        return err_set(e, ERR_INTEGRITY, "entry %lld has no text of %s", (long long)f->sequence,
                       f->subject);
    }
    *out = files.v[0];
    out->path = path != NULL ? path : arena_printf(s->a, "%s/%s", folder, files.v[0].path);
    return 0;
}

static int take(struct site *s, const struct artifact *text, struct decl *d, struct bundle *b,
                struct err *e)
{
    struct script *script = ARENA_NEW(s->a, struct script);
    struct artifact *one = arena_dup(s->a, text, sizeof *text);
    struct bytes filled;
    struct err_list faults = {0};
    variables_fill(s->a, &b->variables, b->values, one->path, one->bytes, &filled, &faults);
    if (faults.n > 0) {
        *e = faults.v[0];
        err_list_release(&faults);
        return -1;
    }
    if (language_parse(s->a, one->path, filled, script, e) != 0) {
        return err_wrap(e, ERR_INTEGRITY, "the text of %s as it was built cannot be read: %s",
                        b->id, e->msg);
    }
    d->forward = (struct artifacts){one, 1, 1};
    b->definition = both_of(s->a, script, b->definition);
    b->decl = d;
    b->forward = script;
    b->n_faults = 0;
    return 0;
}

int built_read(struct site *s, const struct entry *en, struct bundle *b, struct err *e)
{
    struct artifact text;
    struct decl *d = arena_dup(s->a, b->decl, sizeof *d);
    const struct fact f = {.sequence = en->sequence,
                           .subject = b->id,
                           .recorded_as = en->subject,
                           .is_migration = true,
                           .is_definition = true,
                           .result = en->result,
                           .run_id = en->run_id,
                           .finished_at = "",
                           .checksum = en->checksum,
                           .receipt = en->receipt};
    if (read_text(s, &f, d->forward.v[0].path, &text, e) != 0) {
        return -1;
    }
    return take(s, &text, d, b, e);
}

/* What its receipt says it may touch; nothing said: what it made is its own. */
static struct scope scope_of(struct site *s, const struct doc *claim)
{
    struct scope x = receipt_read_scope(s->a, doc_get(claim, "scope"));
    x.is_open = x.allowed_schemas.n + x.allowed_tables.n == 0;
    return x;
}

int built_gone(struct site *s, const struct fact *f, struct bundle *b, struct err *e)
{
    struct artifact text;
    struct doc *receipt = NULL;
    struct decl *d = ARENA_NEW(s->a, struct decl);
    if (read_text(s, f, NULL, &text, e) != 0 || site_receipt(s, b->id, &receipt, e) != 0) {
        return -1;
    }
    const struct doc *claim = doc_get(receipt, "claim");
    *d = (struct decl){.id = b->id,
                       .type = store_text(b->store),
                       .intent = "",
                       .scope = scope_of(s, claim),
                       .change_class = "",
                       .approval_reference = "",
                       .runner = "native",
                       .lock_timeout_ms = 5000,
                       .idle_timeout_ms = 60000,
                       .lock_retries = 5,
                       .file = text,
                       .document = doc_get(claim, "declaration")};
    struct limits observed;
    receipt_read_limits(doc_get(claim, "limits"), &d->limits, &observed);
    b->file = text.path;
    b->values = s->env->variables;
    const struct doc *said = doc_get(d->document, "variables");
    for (size_t i = 0; i < doc_len(said) && said->type == DOC_LIST; i++) {
        names_add(s->a, &b->variables, said->item[i]->text.p);
    }
    return take(s, &text, d, b, e);
}
