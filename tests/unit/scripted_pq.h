/* A scripted libpq: what src/pg calls of libpq, answered by lines of text instead of a server.
 * A test says "layer: pg scripted" (or another layer) and is linked with this in place of -lpq. poll(), nanosleep() and the monotonic
 * clock are scripted too: a deadline of a minute passes at once, and exactly.
 *
 *     pq_script("connect               -> ok\n"
 *               "@pin                  -> rows\n"
 *               "BEGIN                 -> BEGIN\n"
 *               "INSERT INTO t*        -> error 23505 table=t constraint=t_pkey\n"
 *               "ROLLBACK              -> ROLLBACK\n");
 *     ...
 *     ok(pq_played(), "a unique violation is rolled back");
 *
 * A line is what the server is expected to be asked, and its answer. Lines are used in order, each once; blank ones and those that begin
 * with # are skipped. Before them may stand: "3x " (so often), "~ " (as often as asked, whenever the next line does not fit: what the
 * scenario is not about), "2: " (only on the second connection).
 *
 * Asked:  connect             a connection
 *         TEXT                a statement; * stands for any text
 *         @NAME               a query of one of the sql/ folders
 *         @NAME(1, *, x)      the same with those parameters
 *         prepare NAME        the Parse of a query, where that is to fail; else it succeeds without a line
 *         sync                the Sync of a pipeline, where the server is to refuse to commit at it
 *         copy end, copy fail the end of rows sent
 * Answer: ok [pid=7] [version=150018]   connected
 *         words TEXT          not connected, and libpq says TEXT
 *         INSERT 0 1          done, with this tag (it begins with a capital letter)
 *         rows a | b ; c | d  rows; NULL, $1 (the first parameter) and nothing are values; "rows" alone: none
 *         empty               an empty query
 *         error 40P01 [severity=..] [schema=..] [table=..] [column=..] [type=..] [constraint=..] [position=..] [file=..] [message=to the end], or
 *                             context=to the end
 *         fatal 57P01         an error that ends the session
 *         cut                 the connection ends without an answer
 *         silence             nothing, until it is cancelled: then error 57014
 *         deaf                nothing, also when it is cancelled
 *         notices             notices without end, until it is cancelled
 *         copy, copyout       COPY may send, or sends, rows; "copy stall=3": the socket takes nothing for 3 turns,
 *                             "copy refuse": an answer is there before the rows have ended
 *         bad, nothing        a result that means nothing; none
 *         unsent              libpq takes it not at all
 *       before it: wait=500   so many milliseconds later; eintr  a signal comes while it is waited for
 *       behind it: [idle] [intrans] [inerror]  the state of the transaction, where the tag does not tell;
 *                  then cut, then fatal 57P01   the session ends after this answer
 *
 * With PQ_TRACE=1 in the environment what is asked is printed, as lines for a script. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_PQ_H
#define KFMIG_TESTS_UNIT_SCRIPTED_PQ_H

#include <stdbool.h>
#include <stdint.h>

/* Begin a scenario; lines must live until pq_played(). A line that cannot be read ends the program. */
void pq_script(const char *lines);

/* Was everything asked, in order, and nothing else, and is every connection closed? What differs is printed as remarks of the test. */
bool pq_played(void);

/* Sweeps, where each question is to go wrong once: the n-th line that is taken (from 1, in this scenario) is answered so instead; at most
 * PQ_FAULTS of them. What connects is refused. How many lines were taken, and what was asked and answered, a line each: "COMMIT -> cut". */
enum { PQ_FAULTS = 2 };
void pq_fail(int n, const char *answer);
int pq_asked(void);
const char *pq_log(void);

/* Everything that was asked in this scenario, whole, but for catalogs and the keeping of sessions: a line each, its parameters on lines of
 * their own behind four blanks. For said.h. */
const char *pq_said(void);
/* What is drawn by chance (getrandom: ids, pauses) is the same in each run of the test; from here on as from its beginning. */
void pq_draw_again(void);
/* Add a line of the test's own to it: what it heard meanwhile, what came of it. */
__attribute__((format(printf, 1, 2))) void pq_note(const char *fmt, ...);

/* A model of the server's side, until the next pq_script(): it hears whatever is asked, in whatever session,
 * with the script's answer (or that of pq_fail()), and returns what is answered: that same text, or one of its
 * own, which is copied. So an answer can depend on what was done before, and the test knows what the server
 * holds. "connect" has one parameter, the database. The end of a session is told as "close". */
typedef const char *pq_serve(void *ctx, int session, const char *text, int n_params,
                             const char *const *params, const char *answer);
void pq_model(pq_serve *serve, void *ctx);

/* Let so many milliseconds pass on the monotonic clock, and read it: 0 at pq_script(). */
void pq_pass(int64_t ms);
int64_t pq_now(void);

/* How often a cancel was asked for, and what rows the last COPY received, in this scenario. */
int pq_cancels(void);
const char *pq_copied(void);

#endif
