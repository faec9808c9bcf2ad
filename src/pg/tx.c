/* The ends of a transaction. */
#include "pg/tx.h"

#include <string.h>

#include "pg/session.h"

static const char not_committed[] =
    "the server rolled the transaction back instead of committing it";

/* What holds whatever happens here: TX_ENDED only on the server's word; TX_UNDONE only where no COMMIT has
 * left this process, or where the server answered it with anything else on a session that still stands. The
 * rest is TX_UNKNOWN: a backend may be at work for as long as it likes after its client has given up, and
 * only its locks tell when it has ended. */
enum ending tx_commit(struct pg *s, const struct pg_wait *w, struct err *e)
{
    char tag[64] = "";
    bool sent = false;
    int rc = pg_command_within(s, "COMMIT", w, tag, &sent, e);
    if (rc == 0 && strcmp(tag, "COMMIT") == 0) {
        return TX_ENDED;
    }
    if (sent && !pg_is_alive(s)) {
        return TX_UNKNOWN;
    }
    if (rc == 0) {
        (void)err_set(e, ERR_APPLY, not_committed);
    }
    return TX_UNDONE;
}

void tx_roll_back(struct pg *s)
{
    struct err ignored = {0};
    char tag[64];
    enum pg_tx tx = s == NULL ? PG_TX_UNKNOWN : pg_tx(s);
    if (tx == PG_TX_OPEN || tx == PG_TX_FAILED) {
        (void)!pg_command(s, "ROLLBACK", tag, NULL, &ignored);
    }
}
