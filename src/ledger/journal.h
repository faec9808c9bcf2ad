/* The journal: intent and done, as entries of the ledger, around each effect that no transaction covers.
 * Owns: what stands in those entries, which intents are open, and the protocol that makes an effect
 * happen exactly once. What an effect is, and how to tell where it stands, is told by callbacks.
 *
 * The protocol, and why a crash leads to knowledge and never to a guess:
 * 1. An entry of kind "intent" is committed before the effect begins: so no effect of ours stands
 *    anywhere without an intent.
 * 2. The effect runs; entries of kind "batch" say how far (a cursor), each in the transaction of
 *    its batch where there is one.
 * 3. The proof is read back from the store, never taken from what the store answered.
 * 4. An entry of kind "done" closes the intent: "success" with the proof, or "failed" when nothing
 *    of the effect stands.
 * An intent without a done is open. Whoever finds one holds the run's lock, so that nobody works on
 * it any more, and asks the store: absent (run it), there (adopt it), partly (go on from the cursor,
 * or clean and run), foreign (hold it: an entry of kind "resolve" says what a person knows of it). No second
 * intent is written while one is open,
 * and none for a step that is done: nothing is ever begun twice.
 *
 * In these entries subject is the subject's own; checksum is the step's key; pre is what stood
 * there before the intent (absent: nothing did), post the proof; bundle_digest is the digest of the
 * payload, in a batch that of the cursor. A cursor stands among the input texts, because it may be
 * made of row values, which no receipt holds; so may the payload, where its text is given. A done may keep a
 * text, too, what the step changed: bundle_digest is then that one's.
 *
 * A resolve closes a step as a done does: post, what stands there and counts as its proof; zero: it did not
 * happen, and is to be begun again. It says so of a step that is done, too, where what was begun is not what
 * the subject is now.
 *
 * Where effect and entry are one transaction (journal_record()) there is a done without an intent: the effect
 * stands exactly if that does. */
#ifndef KFMIG_LEDGER_JOURNAL_H
#define KFMIG_LEDGER_JOURNAL_H

#include "ledger/ledger.h"
#include "model/program.h"
#include "model/segment.h"
#include "model/standing.h"

/* The batches of a backfill that is done: how many, rows that they wrote, digest as of ledger/backfill.h. */
struct journal_batches {
    int64_t n, rows;
    struct digest digest;
};

/* One effect. All of it but text and batches makes its key. Texts are policy-safe: they stand in receipts. */
struct journal_step {
    const char *subject; /* of its entries: a migration's id */
    const char *store;   /* the store's name: "postgis" */
    const char *verb;    /* what: "index", "put" */
    const char *object;  /* on what: object_text(), or as the store names its things */
    int64_t at;          /* place among the steps of the subject, from 1 */
    struct digest payload;
    struct bytes
        text; /* of payload, kept as an input text; p NULL: not kept (too large, or data) */
    const struct journal_batches *batches; /* of a backfill's done; NULL */
};
struct digest journal_key(const struct journal_step *step);
/* Step at (from 0) of a program, as the journal calls it; borrows everything. */
struct journal_step journal_step_of(const char *subject, const char *store, const struct program *p,
                                    size_t at);
/* A program that takes back what stood before: of n objects, sorted by name, as they are to be again. Its
 * steps in a, the last one of each object leaves that. */
void journal_leaves(struct arena *a, struct program *p, const struct object_row *before, size_t n);
/* The same for a segment of a migration. */
struct journal_step journal_step_of_segment(const char *subject, const char *store,
                                            const struct segments *l, size_t at);

/* What the ledger says about one key. */
struct journal_row {
    struct digest key;
    const char *subject, *run_id; /* of its last intent */
    int64_t intent;               /* its last intent's sequence */
    bool is_open;                 /* that intent has no done */
    bool is_done;         /* the effect stands, proven, and no fact of the subject is newer */
    struct digest before; /* what stood there before the last intent; zero: nothing */
    struct digest proof;  /* zero unless is_done */
    struct digest cursor; /* of the open intent's last batch; zero: none */
    struct digest kept; /* of the text that its done kept, or of its payload; zero unless is_done */
    int64_t done;       /* sequence of its done; 0 unless is_done */
};

/* A run's journal. pg: the session that holds the lock; it may be replaced by reconnecting. about:
 * members that its receipts have besides (actor, tool, target); environment and the rest are put in
 * here. All borrowed for the journal's life; what the journal writes advances *merkle. */
struct journal_run {
    struct pg **pg;
    const struct identity *id;
    struct merkle *merkle;
    int64_t epoch;
    const char *run_id;
    const struct doc *about;
};
struct journal;
/* What the entries say; no I/O. The journal lives in a. run NULL: only to look. */
struct journal *journal_open(struct arena *a, const struct journal_run *run,
                             const struct entries *past);
/* Is there a session to write to? There is none where it was lost and nobody answered again. */
bool journal_is_reachable(const struct journal *j);
/* NULL: never intended. Changes as the journal writes. */
const struct journal_row *journal_find(const struct journal *j, const struct digest *key);
/* The open intents, oldest first: all that a crash may have left half done. *v in a. Their receipts
 * (ledger_receipts()) name the thing in claim.journal: {"at","how","key","object","store","verb"}. */
size_t journal_unfinished(const struct journal *j, struct arena *a, const struct journal_row ***v);
/* What was begun of a subject and is no fact yet: its intents that are open or done since, oldest first. *v
 * in a. */
size_t journal_begun(const struct journal *j, struct arena *a, const char *subject,
                     const struct journal_row ***v);
/* The same of all subjects: whatever may stand half-way. *v in a. */
size_t journal_halfway(const struct journal *j, struct arena *a, const struct journal_row ***v);
/* The cursor of an open intent's last batch, in a; p NULL: there is none. -1 as ledger_blob();
 * ERR_INTEGRITY also where it is missing. */
int journal_cursor(const struct journal *j, const struct journal_row *row, struct arena *a,
                   struct bytes *out, struct err *e) MUST_CHECK;

/* The parts of the protocol, for who needs more than journal_effect(). Each commits an entry with
 * its receipt in a transaction of its own, durably; -1 as ledger_record(), and ERR_DOUBT if the
 * connection went while COMMIT was under way (the next run reads what is true). */
int journal_intend(struct journal *j, const struct journal_step *step, const struct digest *before,
                   struct err *e) MUST_CHECK;
/* How far the open intent has come. Where a transaction is open the entry becomes part of it: batch
 * and cursor come together or not at all, and whoever rolls back calls journal_rolled_back(), at
 * most one batch per transaction. */
int journal_progress(struct journal *j, const struct journal_step *step, struct bytes cursor,
                     struct err *e) MUST_CHECK;
/* Backfills keep their cursors in tables of their own (ledger/backfill.h): a batch of theirs is no entry. */
void journal_rolled_back(struct journal *j);
enum journal_end {
    JOURNAL_RAN,     /* the effect ran and stands */
    JOURNAL_ADOPTED, /* it stood there already, from an earlier run */
    JOURNAL_STOOD,   /* it was done before: nothing was asked of the store */
    JOURNAL_VOID     /* it failed, and nothing of it stands */
};
/* For tests too: "ran", "adopted", "stood", "void"; static text. */
const char *journal_end_text(enum journal_end end);
/* Closes the intent. proof: what stands there now, zero for JOURNAL_VOID. kept: a text to be kept with it, p
 * NULL: none. */
int journal_done(struct journal *j, const struct journal_step *step, enum journal_end how,
                 const struct digest *proof, struct bytes kept, struct err *e) MUST_CHECK;
/* What a person says of a step that no machine can know of. stands: the digest of what was seen there, zero:
 * nothing; seen: the same in words, names of objects only. kept: as of a done; p NULL where it did not
 * happen. */
struct journal_settling {
    bool is_applied;
    struct digest stands;
    const char *seen;
    struct bytes kept;
};
/* row, of this journal, is settled so, in a transaction of its own: an entry of kind "resolve", whose
 * *sequence is told. step: as its intent names it. What was begun stays a part of the ledger. */
int journal_resolve(struct journal *j, const struct journal_row *row,
                    const struct journal_step *step, const struct journal_settling *x,
                    int64_t *sequence, struct err *e) MUST_CHECK;
/* A step whose effect the open transaction is: its done becomes part of it, without an intent, guarded by g.
 * Both stand once it is committed; whoever rolls back calls journal_rolled_back(). */
int journal_record(struct journal *j, const struct journal_step *step, const struct digest *before,
                   const struct digest *proof, struct bytes kept, struct guard *g,
                   struct err *e) MUST_CHECK;
/* The text that a step's done has kept, in a; p NULL: it kept none. -1 as ledger_blob(). */
int journal_kept(const struct journal *j, const struct journal_row *row, struct arena *a,
                 struct bytes *out, struct err *e) MUST_CHECK;

/* How one kind of step is done and told apart. Each returns 0, or -1 with what is known in *e. None
 * may leave a transaction open on the journal's session. */
struct journal_effect {
    void *ctx;
    /* What stands there, before the intent; zero: nothing. Refuses (-1) what the step may not begin on. */
    int (*look)(void *ctx, const struct journal_step *step, struct digest *before, struct err *e);
    /* Make it. cursor: of the last batch, p NULL: from the start; may call journal_progress(). */
    int (*run)(void *ctx, const struct journal_step *step, struct bytes cursor, struct err *e);
    /* Where it stands; *proof: the digest of what stands there, if STANDS_THERE. Reads only. */
    int (*verify)(void *ctx, const struct journal_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *e);
    /* Take away what is ours of a part: absent afterwards. NULL: run() goes on from the cursor. */
    int (*clean)(void *ctx, const struct journal_step *step, const struct digest *before,
                 struct err *e);
    /* What the done is to keep, once the effect stands; *out lives until that is written. NULL: nothing. */
    int (*keep)(void *ctx, const struct journal_step *step, struct bytes *out, struct err *e);
};
/* Do the step, or find it done. *end where it returns 0. -1: what run() says if nothing of the
 * effect stands (the intent is closed as failed); ERR_DOUBT: what stands there is not what was left
 * there (hint: resolve); ERR_APPLY: run() was content but its effect is not there. But for the
 * first the intent stays open. */
int journal_effect(struct journal *j, const struct journal_step *step,
                   const struct journal_effect *effect, enum journal_end *end,
                   struct err *e) MUST_CHECK;

#endif
