/* Receipts that tell of no change in the database: what a rebuild in a throwaway one showed about
 * the live one, and that a migration has another id. */
#include "base/clock.h"
#include "run/record.h"

int run_record_drill(struct run *r, const struct drill_record *d, const char *started_at,
                     struct outcome *o, struct err *e)
{
    struct evidence_set none = {0};
    random_uuid(o->run_id);
    struct receipt_input in = {.kind = "drill",
                               .outcome = o,
                               .evidence = &none,
                               .notes = "",
                               .started_at = started_at,
                               .drill = d};
    return record_alone(r, &in, ENTRY_DRILL, NULL, 0, o, e);
}

int run_record_rename(struct run *r, const struct renaming *x, struct outcome *o, struct err *e)
{
    char now[CLOCK_TEXT];
    struct evidence_set none = {0};
    int64_t start = clock_ms();
    *o = (struct outcome){0};
    random_uuid(o->run_id);
    struct receipt_input in = {.kind = "rename",
                               .outcome = o,
                               .evidence = &none,
                               .notes = "",
                               .started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now)),
                               .renaming = x};
    int rc = record_alone(r, &in, ENTRY_RENAME, NULL, 0, o, e);
    o->elapsed_ms = clock_ms() - start;
    return rc;
}
