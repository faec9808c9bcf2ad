/* One step that no transaction covers, through the journal: intent, effect, proof, done (DESIGN.md 3a; src/ledger/journal.c).
 *
 * Two builders want the same step: an object made in a store, by a worker that may go on after its builder died or lost it. It stands there
 * absent, partly, there, or as someone else's of the same name. Journal entries are transactions of their own, each safe by transaction.pml.
 *
 * holds:  safe                      exactly_once, reported and theirs_stays
 * reach:  never_adopted             what a lost worker completed is adopted, not made again
 * reach:  never_cleaned             what a lost worker left half done is cleaned, and made
 * reach:  never_held                someone else's object is left alone, and the step held
 * broken: BLIND exactly_once        an open intent is run again without a look at the store
 * broken: NO_WORK_LOCK exactly_once the next run does not wait for the worker of a builder that died
 * broken: DONE_FIRST reported       done is written before the effect was proven
 * broken: NO_INTENT theirs_stays    what stands there is taken for ours without an intent that says what stood there before */

/* run: needs=spin */
#define RUNS 2
#define NONE 9

mtype:object = { ABSENT, PARTLY, THERE, THEIRS };
mtype:told = { NOTHING, APPLIED, NOOP, FAILED, HELD, IN_DOUBT };

/* The store. made: how often our effect was completed. */
mtype:object object;
byte made = 0;
bool damaged = false; /* something of someone else's was removed or taken for ours */

/* The journal. intent says that the object was absent before. */
bool intent = false;
bool done = false;

/* The run's lock (until its builder ends or is lost), the work's (of the worker's session, until the worker has ended). */
byte lock_by = NONE;
byte workers = 0;
byte losses = 0;
bool answered[RUNS]; /* the worker has, and its builder can hear it */
bool lost[RUNS];
mtype:told told[RUNS];
bool adopted = false;
bool cleaned = false;

/* Makes the object, in two steps; may fail, or be ended, in between. */
proctype worker(byte r)
{
    if
    :: atomic { object == ABSENT || object == PARTLY -> object = PARTLY }
    :: object == THERE -> skip /* it adds to what is there: a batch, or a second run of an insert */
    :: object == THEIRS -> goto ended
    :: goto ended
    fi;
    if
    :: atomic { object != ABSENT && object != THEIRS -> object = THERE; made++ }
    :: else
    :: true
    fi;
ended:
    atomic { workers--; answered[r] = true }
}

inline say(x)
{
    atomic { told[r] = x; lock_by = (lock_by == r -> NONE : lock_by) };
    goto over
}

/* A builder may die at any moment, or lose its connection: its lock goes, its worker does not know. */
inline may_end()
{
    if
    :: true
    :: atomic { losses < 2 -> losses++; lost[r] = true; lock_by = (lock_by == r -> NONE : lock_by); goto over }
    fi
}

proctype builder(byte r)
{
    /* The run's lock, then for a moment the work's: no worker of a run that died still works. */
    if
    :: atomic { lock_by == NONE -> lock_by = r }
    :: say(FAILED)
    fi;
#ifndef NO_WORK_LOCK
    if
    :: workers == 0
    :: say(FAILED)
    fi;
#endif
    if
    :: done -> say(NOOP)
    :: else
    fi;
#ifndef NO_INTENT
    if
    :: !intent ->
        if
        :: object != ABSENT -> say(HELD)
        :: else -> intent = true
        fi;
        may_end()
    :: else
    fi;
#endif
#ifdef DONE_FIRST
    done = true;
#endif
#ifndef BLIND
    /* Proof: what is there now? An object that is not as our payload says is someone else's, whenever it came. */
    if
    :: object == THERE -> adopted = true; goto prove
#ifdef NO_INTENT
    :: object == PARTLY || object == THEIRS -> atomic { damaged = damaged || object == THEIRS; object = ABSENT }
#else
    :: object == THEIRS -> say(HELD)
    :: atomic { object == PARTLY -> object = ABSENT; cleaned = true }
#endif
    :: object == ABSENT
    fi;
    may_end();
#endif
    atomic { workers++; answered[r] = false; run worker(r) };
    may_end();
    answered[r];
prove:
    if
    :: object == THERE -> done = true
    :: object == THEIRS -> say(HELD)
    :: else -> say(FAILED)
    fi;
    may_end();
    say(APPLIED);
over:
    skip
}

/* Somebody else makes an object of that name, once, where there is none. */
proctype stranger()
{
    if
    :: atomic { object == ABSENT -> object = THEIRS }
    :: true
    fi
}

init
{
    atomic {
        object = ABSENT; told[0] = NOTHING; told[1] = NOTHING;
        run builder(0); run builder(1); run stranger()
    }
}

#define TRUE_OF(r) ((told[r] != APPLIED && told[r] != NOOP) || (done && object == THERE && made > 0))

#define EXACTLY_ONCE (made <= 1)
#define REPORTED (TRUE_OF(0) && TRUE_OF(1))
#define THEIRS_STAYS (!damaged)

ltl safe { [] (EXACTLY_ONCE && REPORTED && THEIRS_STAYS) }
ltl exactly_once { [] EXACTLY_ONCE }
ltl reported { [] REPORTED }
ltl theirs_stays { [] THEIRS_STAYS }
ltl never_adopted { [] !(adopted && told[1] == APPLIED) }
ltl never_cleaned { [] !(cleaned && told[1] == APPLIED) }
ltl never_held { [] !(object == THEIRS && told[1] == HELD) }
