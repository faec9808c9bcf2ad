/* Receipts that tell of no change in the database: what a rebuild in a throwaway one showed about
 * the live one, that a migration has another id, that a person has confirmed something, that a deployment is
 * done, that a backup was made. */
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

static int record(struct run *r, struct receipt_input *in, enum entry_kind kind, struct outcome *o,
                  struct err *e)
{
    char now[CLOCK_TEXT];
    static const struct evidence_set none = {0};
    int64_t start = clock_ms();
    *o = (struct outcome){0};
    random_uuid(o->run_id);
    in->outcome = o;
    in->evidence = &none;
    in->notes = "";
    in->started_at = arena_strdup(r->a, clock_text(clock_unix_us(), now));
    int rc = record_alone(r, in, kind, NULL, 0, o, e);
    o->elapsed_ms = clock_ms() - start;
    return rc;
}

int run_record_rename(struct run *r, const struct renaming *x, struct outcome *o, struct err *e)
{
    struct receipt_input in = {.kind = "rename", .renaming = x};
    return record(r, &in, ENTRY_RENAME, o, e);
}

int run_record_confirm(struct run *r, const struct confirmation *x, struct outcome *o,
                       struct err *e)
{
    struct receipt_input in = {.kind = "confirm", .confirmation = x};
    return record(r, &in, ENTRY_CONFIRM, o, e);
}

int run_record_deploy(struct run *r, const char *tag, struct outcome *o, struct err *e)
{
    struct receipt_input in = {.kind = "deploy", .deployed = tag};
    return record(r, &in, ENTRY_DEPLOY, o, e);
}

int run_record_backup(struct run *r, const struct backup_record *x, struct outcome *o,
                      struct err *e)
{
    struct receipt_input in = {.kind = "backup", .backup = x};
    return record(r, &in, ENTRY_BACKUP, o, e);
}
