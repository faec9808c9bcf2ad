/* Commits that wait for no disk, and the barrier (DESIGN.md 3, Durability; src/flow/durable.c, src/ledger/durable.c).
 *
 * A builder applies STEPS steps, each with its entry in one transaction (safe by transaction.pml), and tells of them. The server writes its log
 * to disk in order, when it likes, or because a commit that wrote something waits for it. It may crash at any moment, and what was not on disk
 * is gone: a suffix of whole transactions. A reader looks at the ledger meanwhile, and remembers how long it was.
 *
 * holds:  safe                      nothing told is ever lost, and no ledger is shorter than remembered
 * reach:  never_lost                a crash takes committed steps away
 * reach:  never_survived            a crash comes and what was told is still there
 * reach:  never_done                everything is applied and told
 * reach:  never_remembered          the reader remembers something that was committed without waiting
 * broken: TELL_AT_ONCE told_stays   a step is told when it was committed
 * broken: EMPTY_BARRIER told_stays  the barrier only takes an id: a commit that wrote nothing flushes nothing
 * broken: NO_COMPARE told_stays     behind a lost connection the barrier is taken again, and the ledger not compared
 * broken: COMPARE_FIRST told_stays  ... compared before the barrier, on another session
 * broken: READ_AT_ONCE seen_stays   the reader remembers what it read
 * broken: LSN_FIRST seen_stays      the reader takes the position before it reads */

/* run: needs=spin */
#define STEPS 3
#define CRASHES 2

byte committed = 0; /* positions of the log that everybody sees: steps, and behind them barriers, which count nothing */
byte flushed = 0;   /* of them on disk */
byte told = 0;
byte seen = 0;  /* what the reader remembers */
byte crashes = 0;
bool lost_some = false;
byte server = 0; /* how often it was started: a session belongs to one */

inline flush()
{
    flushed = committed
}

/* As ledger_barrier() on a session of this start: the answer is the length of the ledger; or the connection is lost. */
inline barrier(session, size, went)
{
    atomic {
        if
        :: session == server ->
#ifndef EMPTY_BARRIER
            flush();
#endif
            size = committed;
            if
            :: went = true
            :: went = false /* and the answer is lost */
            fi
        :: went = false /* lost on its way, or the server is another one */
        fi
    }
}

active proctype builder()
{
    byte session = server;
    byte mine = 0; /* steps that it committed, by its memory */
    byte size = 0;
    byte ignored = 0;
    bool went;
again:
    do
    :: mine < STEPS ->
        atomic {
            if
            :: session == server -> committed++; mine++
            :: else -> goto settle
            fi
        }
#ifdef TELL_AT_ONCE
        told = mine
#endif
    :: goto settle
    od;
settle:
    barrier(session, size, went);
    if
    :: went -> skip
    :: else ->
        session = server; /* connected again */
#ifdef COMPARE_FIRST
        size = committed;
        session = server;
        barrier(session, ignored, went);
#else
        barrier(session, size, went);
#endif
        if
        :: went -> skip
        :: else -> goto over /* in doubt */
        fi
    fi;
#ifdef NO_COMPARE
    told = mine;
#else
    told = (size < mine -> size : mine);
    if
    :: size < mine -> lost_some = true; goto over
    :: else
    fi;
#endif
    if
    :: mine < STEPS -> goto again
    :: else
    fi;
over:
    skip
}

active proctype reader()
{
    byte read = 0;
    byte lsn = 0;
    byte session = server;
    atomic {
#ifdef LSN_FIRST
        lsn = committed
    }
    atomic {
        read = committed
#else
        read = committed; lsn = committed
#endif
    }
#ifndef READ_AT_ONCE
    /* Polled: once the position is on disk; a server that went away answers no more. */
    do
    :: atomic { session == server && flushed >= lsn -> break }
    :: atomic { session != server -> goto over }
    od;
#endif
    if
    :: session == server -> seen = read
    :: else
    fi;
over:
    skip
}

/* The server writes by itself, and crashes. */
active proctype disk()
{
end:
    do
    :: atomic { flushed < committed -> flushed++ }
    :: atomic { crashes < CRASHES -> crashes++; server++; committed = flushed }
    :: crashes == CRASHES && flushed == committed -> break
    od
}

#define TOLD_STAYS (told <= committed)
#define SEEN_STAYS (seen <= committed)

ltl safe { [] (TOLD_STAYS && SEEN_STAYS) }
ltl told_stays { [] TOLD_STAYS }
ltl seen_stays { [] SEEN_STAYS }
ltl never_lost { [] !lost_some }
ltl never_survived { [] !(crashes > 0 && told > 0) }
ltl never_done { [] !(told == STEPS && flushed == STEPS) }
ltl never_remembered { [] !(seen > 0 && told == 0) }
