/* A drill's receipt: what a rebuild in a throwaway database showed about the live one. */
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
