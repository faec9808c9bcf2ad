/* Definitions that go and come back where a migration is taken back. */
#include <string.h>

#include "evidence/texts.h"
#include "flow/undo.h"
#include "model/definition.h"
#include "script/language.h"

/* The last text of definition id that was built before sequence; where there is none, the last one at all. */
static const struct entry *find_built(const struct site *s, const char *id, int64_t sequence)
{
    const struct entry *found = NULL;
    for (size_t i = 0; i < s->entries.n; i++) {
        const struct entry *en = &s->entries.v[i];
        bool is_its = en->kind == ENTRY_DEFINE && strcmp(en->result, "success") == 0 &&
                      strcmp(en->subject, id) == 0;
        if (is_its && (en->sequence < sequence || found == NULL || found->sequence > sequence)) {
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

/* What stands there may be what either text makes. */
static const struct definition *both_of(struct arena *a, const struct script *was,
                                        const struct definition *now)
{
    struct definition *out = ARENA_NEW(a, struct definition);
    definition_read(a, was, 1, out);
    join(a, &out->makes, &now->makes);
    join(a, &out->needs, &now->needs);
    return out;
}

/* b as it was built by en, in s->a. */
static int read_built(struct site *s, const struct entry *en, struct bundle *b, struct err *e)
{
    const char *folder = NULL;
    struct artifacts files = {0};
    struct ledger_source l = ledger_source_of(s->pg);
    struct fact f = {.sequence = en->sequence,
                     .subject = b->id,
                     .recorded_as = en->subject,
                     .is_migration = true,
                     .is_definition = true,
                     .result = en->result,
                     .run_id = en->run_id,
                     .checksum = en->checksum,
                     .receipt = en->receipt};
    if (texts_read(&l, s->a, &f, &files, &folder, e) != 0) {
        return -1;
    }
    struct script *script = ARENA_NEW(s->a, struct script);
    struct decl *d = arena_dup(s->a, b->decl, sizeof *d);
    if (files.n != 1 || language_parse(s->a, d->forward.v[0].path, files.v[0].bytes, script, e) != 0) {
        return err_set(e, ERR_INTEGRITY, "the text of %s as it was built cannot be read", b->id);
    }
    struct artifact *one = arena_dup(s->a, &d->forward.v[0], sizeof *one);
    one->bytes = files.v[0].bytes;
    one->digest = files.v[0].digest;
    d->forward = (struct artifacts){one, 1, 1};
    b->definition = both_of(s->a, script, b->definition);
    b->decl = d;
    b->forward = script;
    b->n_faults = 0;
    return 0;
}

int undo_rebuilding(struct site *s, struct taking_back *t, struct err *e)
{
    rebuilding_named(s->a, &s->plan, &t->bundle->rebuilds, &t->rebuilding);
    for (size_t i = 0; i < t->rebuilding.n; i++) {
        struct bundle *b = table_gets(&s->project->by_id, t->rebuilding.v[i]->id);
        const struct entry *en = b != NULL ? find_built(s, b->id, t->sequence) : NULL;
        if (b == NULL || load_decl(s->project, b, e) != 0) {
            return -1;
        }
        struct bundle *was = arena_dup(s->a, b, sizeof *b);
        if (en != NULL && read_built(s, en, was, e) != 0) {
            return -1;
        }
        t->rebuilding.v[i] = was;
    }
    return 0;
}
