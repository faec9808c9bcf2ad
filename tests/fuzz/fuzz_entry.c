/* layer: ledger */
/* Any bytes as a ledger entry: refused, or an entry that is written with the same bytes: no two texts stand for one entry. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err e = {0};
    struct entry en;
    struct bytes text = bytes_of((const char *)data, size);
    if (entry_read(&a, text, &en, &e) != 0) {
        if (e.code != ERR_INTEGRITY || e.msg[0] == '\0') {
            abort();
        }
        arena_release(&a);
        return 0;
    }
    struct buf again = {0};
    entry_write(&again, &en);
    if (!bytes_eq(buf_bytes(&again), text)) {
        abort();
    }
    buf_release(&again);
    arena_release(&a);
    return 0;
}
