/* Backfills. */
#include "model/backfill.h"

#include <string.h>

#include "model/object.h"

const char *backfill_bound_text(enum backfill_bound b)
{
    static const char *const text[] = {"start", "end", "given"};
    return text[b];
}

const char *backfill_object(struct arena *a, const struct backfill *b)
{
    const struct object o = {OBJ_TABLE, b->schema, b->table, NULL};
    const char *text = arena_printf(a, "%s by (", object_text(a, &o));
    for (size_t i = 0; i < b->key.n; i++) {
        text = arena_printf(a, "%s%s%s", text, i > 0 ? ", " : "", b->key.v[i]);
    }
    return arena_printf(a, "%s)", text);
}

/* "$3::uuid", "ROW($3::uuid,$4::text)". */
static void add_bound(struct buf *out, const struct names *types, size_t first)
{
    buf_puts(out, types->n > 1 ? "ROW(" : "");
    for (size_t i = 0; i < types->n; i++) {
        buf_printf(out, "%s$%zu::%s", i > 0 ? "," : "", first + i, types->v[i]);
    }
    buf_puts(out, types->n > 1 ? ")" : "");
}

struct bytes backfill_text(struct arena *a, struct bytes statement, const struct backfill_range *r,
                           const struct names *types, bool is_first)
{
    struct buf b = {0};
    for (size_t i = 0; i < statement.n; i++) {
        if (i == r->above && is_first) {
            buf_putc(&b, '=');
        }
        if (i == r->from) {
            add_bound(&b, types, 1);
            i += strlen(":from") - 1;
        } else if (i == r->to) {
            add_bound(&b, types, types->n + 1);
            i += strlen(":to") - 1;
        } else {
            buf_putc(&b, statement.p[i]);
        }
    }
    struct bytes text = bytes_of(arena_strndup(a, buf_str(&b), b.n), b.n);
    buf_release(&b);
    return text;
}
