/* What stands already: a migration that acted before there was a ledger to say so, or has another text since;
 * a definition that was made again with a migration. */
#include "base/clock.h"
#include "run/record.h"

int run_record_found(struct run *r, const struct bundle *b, const struct fact *replaces,
                     const struct object_row *rows, size_t n, const char *notes, struct outcome *o,
                     struct err *e)
{
    char now[CLOCK_TEXT];
    struct evidence_set evidence = {0};
    bool is_definition = bundle_is_repeatable(b);
    struct receipt_input in = {.kind = is_definition ? "db_definition" : "db_migration",
                               .bundle = b,
                               .outcome = o,
                               .evidence = &evidence,
                               .replaces = replaces,
                               .started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now)),
                               .notes = notes};
    *o = (struct outcome){.observed = true}; /* nothing was done, and nothing seen */
    random_uuid(o->run_id);
    evidence_of(r->a, b, o, &evidence);
    evidence.pre = baseline_digest(r->sum);
    evidence.post = evidence.pre;
    return record_alone(r, &in, is_definition ? ENTRY_DEFINE : ENTRY_APPLY, rows, n, o, e);
}
