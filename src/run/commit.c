/* The end of a transaction that holds an entry: told by the server, or else by the ledger. */
#include "run/commit.h"

#include "base/fault.h"

/* Never guess. A backend drops its locks only when its transaction has ended, and reconnect() has
 * waited for the run's lock and the work lock: so an entry that is not there now will never be.
 * What another run wrote in between is noticed by the next entry, whose place is taken. */
static enum ending ask(struct run *r, const struct commit *c, struct err *e)
{
    struct err why = {0};
    enum ending end = TX_UNKNOWN;
    tell(r->ear, &(struct tell){.kind = TELL_RESOLVING, .target = c->subject});
    if (r->reconnect(r->reconnect_ctx, &why) == 0) {
        end = c->settle != NULL ? c->settle(c->ctx, *r->pg, &why)
                                : ledger_settle(*r->pg, c->run_id, &why);
    }
    if (end == TX_UNKNOWN) {
        (void)err_set(e, ERR_DOUBT,
                      "%s: the connection was lost while COMMIT was under way and the outcome is "
                      "not known yet",
                      c->subject);
        (void)err_hint(e, "run the same command again: kfmig will ask the ledger first (%s)",
                       why.msg);
    }
    return end;
}

static void explain(const struct commit *c, bool was_lost, struct err *e)
{
    if (was_lost) {
        (void)err_set(e, ERR_APPLY,
                      "%s: the connection was lost before COMMIT took effect; nothing was %s",
                      c->subject, c->done);
        (void)err_hint(e, "run the same command again");
        return;
    }
    bool stopped = e->code == ERR_INTERRUPTED || e->code == ERR_TERMINATED;
    (void)err_wrap(e, stopped ? e->code : ERR_APPLY,
                   "%s: the server refused COMMIT, everything was rolled back: %s", c->subject,
                   e->condition[0] != '\0' ? e->condition : "transaction aborted");
}

enum ending run_commit(struct run *r, const struct commit *c, struct err *e)
{
    struct err f = {0};
    enum ending end = tx_commit(*r->pg, c->wait, &f);
    bool was_lost = end != TX_ENDED && !pg_is_alive(*r->pg);
    if (end == TX_UNKNOWN || (end == TX_ENDED && FAULT(TX_COMMITTED))) {
        end = ask(r, c, &f);
        was_lost = true;
    }
    if (end == TX_UNDONE) {
        *r->merkle = *c->before;
        explain(c, was_lost, &f);
    }
    if (end != TX_ENDED && e != NULL) {
        *e = f;
    }
    return end;
}
