/* Touches: names of effects, growing lists. */
#include "model/touch.h"
#include "tap.h"

int main(void)
{
    struct arena a = {0};
    struct touches t = {0};
    tap_plan(12);
    is_str(effect_text(EFFECT_READ), "read", "read");
    is_str(effect_text(EFFECT_REFERENCE), "reference", "reference");
    is_str(effect_text(EFFECT_WRITE), "write", "write");
    is_str(effect_text(EFFECT_TRUNCATE), "truncate", "truncate");
    is_str(effect_text(EFFECT_CREATE), "create", "create");
    is_str(effect_text(EFFECT_ALTER), "alter", "alter");
    is_str(effect_text(EFFECT_DROP), "drop", "drop");
    is_str(effect_text(EFFECT_COUNT), "unknown", "an effect that does not exist");
    for (int i = 0; i < 1000; i++) {
        touches_add(&a, &t, (struct touch){.object = {OBJ_TABLE, "s", "t", NULL}, .statement = i});
    }
    is_int(t.n, 1000, "all are kept");
    is_int(t.v[0].statement, 0, "the first stays first");
    is_int(t.v[999].statement, 999, "the last comes last");
    is_str(t.v[500].object.name, "t", "names are borrowed as given");
    arena_release(&a);
    return tap_done();
}
