/* layer: doc */
/* Any bytes as YAML: refused with a place, or a document whose canonical JSON reads back as the same document. */
#include "fuzz.h"

#include <stdlib.h>

#include "doc/canon.h"
#include "doc/json.h"
#include "doc/yaml.h"

static void check_refusal(const struct err *e)
{
    if (e->code != ERR_CONFIG || e->msg[0] == '\0') {
        abort();
    }
}

/* canon_check() may refuse a document for what JCS and `jq -cS` would write differently. */
static void check_round_trip(struct arena *a, const struct doc *d)
{
    struct err e = {0};
    struct buf text = {0};
    if (canon_check(d, &e) != 0) {
        check_refusal(&e);
        return;
    }
    canon_write(&text, d);
    const struct doc *again = json_read(a, buf_bytes(&text), "canonical", &e);
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
    const struct doc *d = yaml_read(&a, bytes_of((const char *)data, size), "input.yml", &e);
    if (d == NULL) {
        check_refusal(&e);
    } else {
        check_round_trip(&a, d);
    }
    arena_release(&a);
    return 0;
}
