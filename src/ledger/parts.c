/* What the files of src/ledger share. */
#include "ledger/parts.h"

#include "base/clock.h"

int ledger_begin(struct pg *s, struct err *e)
{
    char tag[64];
    return pg_command(s, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", tag, NULL, e);
}

void ledger_pause(void)
{
    uint8_t jitter = 0;
    random_bytes(&jitter, sizeof jitter);
    clock_sleep_ms(75 + jitter % 51);
}

int ledger_row_digest(const struct pg_rows *r, size_t row, int col, struct digest *out,
                      struct err *e)
{
    struct bytes text = pg_bytes(r, row, col);
    if (text.n != 2 * sizeof out->b || hex_decode(text.p, sizeof out->b, out->b) != 0) {
        return err_set(e, ERR_INTEGRITY, "a digest in the ledger has not 32 bytes");
    }
    return 0;
}

const char *ledger_number(struct arena *a, int64_t v)
{
    return arena_printf(a, "%lld", (long long)v);
}

const char *ledger_digest(struct arena *a, const struct digest *d)
{
    return pg_bytea(a, bytes_of((const char *)d->b, sizeof d->b));
}
