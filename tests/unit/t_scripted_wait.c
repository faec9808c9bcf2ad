/* layer: site scripted */
/* Waiting for a server: which answers are waited behind and which end it, how often it is tried, and what is said. */
#include "scripted_site.h"
#include "site/wait.h"

static struct setting t;
static char left[4096];

static int wait_for(int64_t ms, struct err *e)
{
    struct waited w;
    struct heard *h = &t.heard;
    int rc = site_wait(&t.s, ms, &w, e);
    (void)snprintf(left, sizeof left, "%d in %lld ms, %d%s%s; %.3500s", w.tries, (long long)w.ms,
                   w.version / 10000, w.has_ledger ? " ledger" : "",
                   t.s.pg != NULL ? " connected" : "", h->text);
    return rc;
}

static int once(struct err *e)
{
    return wait_for(0, e);
}

static int ten(struct err *e)
{
    return wait_for(10000, e);
}

static int stopped(struct err *e)
{
    t.keeper.is_signalled = true;
    return wait_for(10000, e);
}

static int as_replica(struct err *e)
{
    t.keeper.in_recovery = true;
    return wait_for(100, e);
}

static int of_another(struct err *e)
{
    t.keeper.environment = "prod";
    return ten(e);
}

#define CONNECT "connect -> ok\n"
#define STARTING "connect -> fatal 57P03\n"
#define REFUSED "connect -> words Connection refused\n"
#define NOT_YET(why) "note: dev: not yet: " why "|"
#define REFUSES NOT_YET("connection refused by db.example:5432")
#define IN_A_MOMENT NOT_YET("the server at db.example:5432 is starting up or shutting down")

/* clang-format off */
static const struct scenario scenarios[] = {
    {"it answers at once", CONNECT IDENTIFY, ten, 0, ERR_NONE, "1 in 0 ms, 15 ledger; "},
    {"nobody listens, then somebody does", REFUSED REFUSED CONNECT IDENTIFY, ten, 0, ERR_NONE, "3 in 150 ms, 15 ledger; " REFUSES},
    {"each reason is told once", REFUSED REFUSED STARTING STARTING CONNECT IDENTIFY, ten, 0, ERR_NONE, "5 in 750 ms, 15 ledger; " REFUSES IN_A_MOMENT},
    {"it goes away while it is asked", CONNECT "@ledger_identify_full -> cut\n" CONNECT IDENTIFY, ten, 0, ERR_NONE, "2 in 50 ms, 15 ledger; " NOT_YET("the connection to db.example:5432 was lost: connection_failure (08006)")},
    {"no places are left, for a while", "connect -> fatal 53300\n" CONNECT IDENTIFY, ten, 0, ERR_NONE, "2 in 50 ms, 15 ledger; " NOT_YET("too many connections at db.example:5432")},
    {"a host name that is not known yet", "connect -> words could not translate host name\n" CONNECT IDENTIFY, ten, 0, ERR_NONE, "2 in 50 ms, 15 ledger; " NOT_YET("host name not found: db.example:5432")},
    {"one that is asked once", REFUSED, once, -1, ERR_PREFLIGHT, "connection refused by db.example:5432; start the server"},
    {"a wrong password", "connect -> fatal 28P01\n", ten, -1, ERR_PREFLIGHT, "authentication failed"},
    {"no such database", "connect -> fatal 3D000\n", ten, -1, ERR_PREFLIGHT, "does not exist"},
    {"no password", "connect -> words fe_sendauth: no password supplied\n", ten, -1, ERR_PREFLIGHT, "a password is wanted"},
    {"no encryption", "connect -> words server does not support SSL\n", ten, -1, ERR_PREFLIGHT, "not offered"},
    {"another's certificate", "connect -> words server certificate for x does not match host name y\n", ten, -1, ERR_PREFLIGHT, "another host's name"},
    {"no trust in the certificate", "connect -> words certificate verify failed\n", ten, -1, ERR_PREFLIGHT, "no trust"},
    {"a broken handshake", "connect -> words SSL error: nonsense\n", ten, -1, ERR_PREFLIGHT, "no encrypted connection"},
    {"nobody comes", REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED REFUSED, ten, -1, ERR_PREFLIGHT,
     "dev did not answer within 10.0 s: connection refused by db.example:5432; start the server, or check host and port"},
    {"it is told to stop", REFUSED, stopped, -1, ERR_INTERRUPTED, "interrupted while waiting for dev"},
    {"a replica that stays one", CONNECT IDENTIFY CONNECT IDENTIFY CONNECT IDENTIFY, as_replica, -1, ERR_PREFLIGHT, "dev did not answer within 0.1 s: environment \"dev\" is a replica (in recovery); connect to the primary"},
    {"another environment's database", CONNECT IDENTIFY, of_another, -1, ERR_PREFLIGHT, "this database is environment \"prod\", not \"dev\""},
};
/* clang-format on */

static void play(size_t i)
{
    setting_act(&t, &scenarios[i], LEDGER_UUID, 2, left, sizeof left);
}

int main(void)
{
    return setting_each(sizeof scenarios / sizeof *scenarios, play);
}
