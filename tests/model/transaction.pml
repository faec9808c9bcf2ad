/* One step in one database transaction, as src/run/migration.c and src/ledger/ do it: docs/RELIABILITY.md maps each part to its source.
 *
 * Two builders want the same step. Any message may be the last one of its connection; a builder may die at any moment, and its backend works
 * on what it was sent before it finds out; the run's lock may get lost (a migration that unlocks all, a failover).
 *
 * holds:  safe                      exactly_once, recorded and reported
 * reach:  never_resolved            a lost COMMIT is found to have taken effect
 * reach:  never_absent              ... not to have taken effect
 * reach:  never_orphan              a builder that died before it could tell is found to have committed
 * broken: GUESS reported            a lost COMMIT is taken for a failure
 * broken: NO_LOCK reported          the ledger is asked without waiting for the backend that was lost
 * broken: NO_WORK_LOCK reported     ... waiting only for the run's lock, which may be free while that backend works on
 * broken: TWO_TRANSACTIONS exactly_once  the entry has a transaction of its own, behind that of the effect
 * broken: NO_FENCE exactly_once     neither lock, epoch nor head are looked at when the entry is written
 * broken: NO_LOOK exactly_once      the ledger is read before the lock is had, and not compared */

/* run: needs=spin */
#define RUNS 2
#define BACKENDS 4 /* run r has 2r, and after a lost connection 2r + 1 */
#define NONE 9
#define CUTS 2

mtype = { TRY_LOCK, WORK_IS_FREE, LEASE, READ, BEGIN, STATEMENT, RECORD, COMMIT, LOOK_UP, YES, NO, LOST };
mtype:told = { NOTHING, APPLIED, NOOP, FAILED, IN_DOUBT };

/* What is committed. head: entries; by: the run that wrote the step's successful one. */
byte effects = 0;
byte by = NONE;
byte head = 0;
byte epoch = 0;

/* Locks of the server: the run's (of a session), the work's (of transactions, shared), the row of the head (of a transaction). */
byte lock_by = NONE;
bool work[BACKENDS];
byte head_by = NONE;

bool cut[BACKENDS];
mtype:told told[RUNS];
byte head_read[RUNS]; /* what a run believes */
byte epoch_had[RUNS];
byte cuts = 0;
bool looked_up = false; /* by run 0 */

chan ask[BACKENDS] = [1] of { mtype };
chan answer[BACKENDS] = [1] of { mtype };

#define NOBODY_ELSE_WORKS(b) \
    (!(work[0] && b != 0) && !(work[1] && b != 1) && !(work[2] && b != 2) && !(work[3] && b != 3))

#ifdef NO_FENCE
#define IS_OURS true
#else
#define IS_OURS (lock_by == b && epoch == epoch_had[r] && head == head_read[r])
#endif

inline reply(x)
{
    if
    :: cut[b]
    :: else -> answer[b]!x
    fi;
    q = 0
}

proctype backend(byte b; byte r)
{
    mtype q;
    bool changed = false;
    bool recorded = false;
end:
    do
    :: atomic { ask[b]?q ->
        if
        :: q == TRY_LOCK -> atomic {
            if
            :: lock_by == NONE || lock_by == b -> lock_by = b; reply(YES)
            :: else -> reply(NO)
            fi }
        :: q == WORK_IS_FREE -> atomic {
            if
            :: NOBODY_ELSE_WORKS(b) -> reply(YES)
            :: else -> reply(NO)
            fi }
        :: q == LEASE -> atomic { epoch++; epoch_had[r] = epoch; reply(YES) }
        :: q == READ -> atomic {
            head_read[r] = head;
            if
            :: by != NONE -> reply(YES)
            :: else -> reply(NO)
            fi }
        :: q == BEGIN -> atomic { work[b] = true; reply(YES) }
        :: q == STATEMENT ->
            if
            :: atomic { changed = true; reply(YES) }
            :: atomic { changed = false; reply(NO) }
            fi
        :: q == RECORD -> atomic {
            (head_by == NONE || head_by == b);
            if
            :: IS_OURS -> head_by = b; recorded = true; reply(YES)
            :: else -> reply(NO)
            fi }
        :: q == COMMIT -> atomic {
            effects = effects + changed;
            if
            :: recorded -> by = r; head++
            :: else
            fi;
            changed = false; recorded = false; work[b] = false;
            head_by = (head_by == b -> NONE : head_by);
            reply(YES) }
        :: q == LOOK_UP -> atomic {
            if
            :: by == r -> reply(YES)
            :: else -> reply(NO)
            fi }
        fi }
    :: atomic { cut[b] -> break } /* what was sent last may never have come */
    od;
    /* Its transaction first, then its locks. */
    atomic {
        changed = false; recorded = false; work[b] = false;
        head_by = (head_by == b -> NONE : head_by);
        lock_by = (lock_by == b -> NONE : lock_by)
    }
}

/* Sent, and then: an answer, or the connection is lost (what was sent may have come or not), or the builder dies. */
inline request(q)
{
    ask[b]!q;
    if
    :: answer[b]?got
    :: atomic { cuts < CUTS && empty(answer[b]) -> cut[b] = true; cuts++; got = LOST }
    :: atomic { empty(answer[b]) -> cut[b] = true; goto over }
    fi
}

inline say(x)
{
    atomic { told[r] = x; cut[b] = true };
    goto over
}

/* Poll, never wait within a statement; whoever waits may give up. */
inline poll(q, given_up)
{
    do
    :: request(q);
        if
        :: got == YES -> break
        :: got == NO -> skip
        :: got == LOST -> say(given_up)
        fi
    :: say(given_up)
    od
}

inline take_environment(given_up)
{
    poll(TRY_LOCK, given_up);
#ifndef NO_WORK_LOCK
    poll(WORK_IS_FREE, given_up);
#endif
    request(LEASE);
    if
    :: got == LOST -> say(given_up)
    :: else -> got = 0
    fi
}

proctype builder(byte r)
{
    byte b = 2 * r;
    mtype got;
    run backend(b, r);
#ifdef NO_LOOK
    request(READ); /* too early */
    if
    :: got == YES -> say(NOOP)
    :: got == LOST -> say(FAILED)
    :: else
    fi;
    take_environment(FAILED);
    head_read[r] = head;
#else
    take_environment(FAILED);
    request(READ);
    if
    :: got == YES -> say(NOOP)
    :: got == LOST -> say(FAILED)
    :: else
    fi;
#endif
    request(BEGIN);
    if
    :: got == LOST -> say(FAILED)
    :: else
    fi;
    request(STATEMENT);
    if
    :: got != YES -> say(FAILED)
    :: else
    fi;
#ifdef TWO_TRANSACTIONS
    request(COMMIT);
    if
    :: got == LOST -> say(IN_DOUBT)
    :: else
    fi;
    request(BEGIN);
#endif
    request(RECORD);
    if
    :: got != YES -> say(FAILED)
    :: else
    fi;
    request(COMMIT);
    if
    :: got == YES -> say(APPLIED)
    :: else
    fi;
    /* Lost while COMMIT was under way. */
#ifdef GUESS
    say(FAILED);
#endif
    b = 2 * r + 1;
    run backend(b, r);
#ifndef NO_LOCK
    take_environment(IN_DOUBT);
#endif
    request(LOOK_UP);
    looked_up = looked_up || r == 0;
    if
    :: got == YES -> say(APPLIED)
    :: got == NO -> say(FAILED)
    :: got == LOST -> say(IN_DOUBT)
    fi;
over:
    skip
}

proctype thief()
{
    if
    :: lock_by != NONE -> lock_by = NONE
    :: true
    fi
}

init
{
    atomic {
        told[0] = NOTHING; told[1] = NOTHING;
        run builder(0); run builder(1); run thief()
    }
}

#define TRUE_OF(r) \
    ((told[r] != APPLIED || by == r) && (told[r] != NOOP || effects == 1) && (told[r] != FAILED || by != r))

#define EXACTLY_ONCE (effects <= 1)
#define RECORDED ((effects > 0) == (by != NONE))
#define REPORTED (TRUE_OF(0) && TRUE_OF(1))

ltl safe { [] (EXACTLY_ONCE && RECORDED && REPORTED) }
ltl exactly_once { [] EXACTLY_ONCE }
ltl recorded { [] RECORDED }
ltl reported { [] REPORTED }
ltl never_resolved { [] !(looked_up && told[0] == APPLIED) }
ltl never_absent { [] !(looked_up && told[0] == FAILED) }
ltl never_orphan { [] !(by == 0 && told[0] == NOTHING && told[1] == NOOP) }
