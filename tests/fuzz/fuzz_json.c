/* layer: doc */
/* Any bytes as JSON: refused with a place, or a document whose canonical and pretty forms are the same document. */
#include "fuzz.h"

#include <stdlib.h>

#include "doc/canon.h"
#include "doc/json.h"

static void check_form(struct arena *a, const struct doc *d,
                       void (*write)(struct buf *, const struct doc *))
{
    struct err e = {0};
    struct buf text = {0};
    write(&text, d);
    const struct doc *again = json_read(a, buf_bytes(&text), "written", &e);
    if (again == NULL) {
        abort();
    }
    struct digest before = canon_digest(d);
    struct digest after = canon_digest(again);
    if (!digest_eq(&before, &after)) {
        abort();
    }
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err e = {0};
    const struct doc *d = json_read(&a, bytes_of((const char *)data, size), "input.json", &e);
    if (d == NULL) {
        if (e.code != ERR_CONFIG || e.msg[0] == '\0' || e.where.line < 1 || e.where.col < 1) {
            abort();
        }
    } else if (canon_check(d, &e) == 0) {
        check_form(&a, d, canon_write);
        check_form(&a, d, canon_pretty);
    }
    arena_release(&a);
    return 0;
}
