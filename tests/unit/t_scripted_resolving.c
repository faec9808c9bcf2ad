/* layer: flow scripted */
/* What no machine can know, settled by hand: what is in doubt and what is not, what is shown of it, and what
 * either answer leaves in the ledger, on a whole server (scripted_cluster.h). */
#include "doc/canon.h"
#include "doc/json.h"
#include "flow/resolve.h"
#include "flow/rollback.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built, begun, settled, applied, going_back;
static char own[8192];
static enum resolve_as as;
static const char *id;
static struct writing_order order;
static void (*saw)(
    struct begun *b); /* what somebody saw, if it is not what is there; NULL: it is */

static int resolves(struct run_of *v)
{
    const struct begun *b = NULL;
    if (plan_first(v) != 0 || resolve_find(&v->s, id, &b, &v->e) != 0) {
        return -1;
    }
    struct begun shown = *b;
    if (saw != NULL) {
        saw(&shown);
    }
    (void)snprintf(own, sizeof own, "%s", resolve_words(&v->s, &shown));
    return resolve(&v->s, &shown, as, &order, &v->r, &v->e);
}

static int takes_back(struct run_of *v)
{
    const struct undo_wish wish = {.id = "M-3"};
    struct undoing u;
    return plan_first(v) != 0 || undo_plan(&v->s, &wish, NULL, &u, &v->e) != 0
               ? -1
               : rollback(&v->s, &wish, &u, false, &order_confirmed, &v->r, &v->e);
}

/* --- the project: a migration in two segments, of which the second is an index */

#define MADE "CREATE TABLE app.a (x int);\nCREATE INDEX CONCURRENTLY i ON app.a (x);\n"
#define TAKEN "DROP INDEX CONCURRENTLY app.i;\nDROP TABLE app.a;\n"

static void in_segments(void)
{
    verbs_migration("M-3", "app", MADE);
    project_put("migrations/postgis/M-3/rollback.sql", TAKEN);
}

static void of_another_text(void)
{
    in_segments();
    project_put("migrations/postgis/M-3/forward.sql",
                "CREATE TABLE app.b (x int);\nCREATE INDEX CONCURRENTLY i ON app.b (x);\n");
}

/* --- what is other */

static void say_absent(void)
{
    as = RESOLVE_ABSENT;
}

static void of_another(void)
{
    id = "M-1";
}

static void protects(void)
{
    t.l.p.env[0].is_protected = true;
    order.is_confirmed = false;
}

static void another_sequence(struct begun *b)
{
    b->sequence--;
}

static void another_step(struct begun *b)
{
    b->at--;
}

static void another_key(struct begun *b)
{
    b->key.b[0] ^= 1;
}

static void another_state(struct begun *b)
{
    b->stands.b[0] ^= 1;
}

static void another_way(struct begun *b)
{
    b->undoes = !b->undoes;
}

static void another_text(struct begun *b)
{
    b->is_otherwise = true;
}

static void nothing_begun(struct begun *b)
{
    b->subject = "M-1";
}

static void nothing_seen(struct begun *b)
{
    b->seen = NULL;
}

/* --- the cases */

#define JOURNAL                                                                                    \
    "~ @ledger_journal_begin -> BEGIN\n~ @ledger_journal_clock -> rows " MOMENT                    \
    "\n~ @postgis_lone_settings -> rows 0 | 0\n~ CREATE TABLE app.a* -> CREATE TABLE\n"            \
    "~ DROP TABLE app.a* -> DROP TABLE\n"
#define INDEX_ROW(row)                                                                             \
    "@postgis_lone_index -> rows 5 | app | a | " row " | NULL | NULL | NULL | NULL\n"
#define ABSENT "NULL | f | f |  | f"
#define WHOLE "7 | t | t | btree (x) | f"
#define HALF "7 | t | f | btree (x) | f"
#define OTHER "7 | t | t | hash (x) | f"
#define ANOTHER "7 | t | t | gist (x) | f"
#define NOT_ANSWERED "~ @postgis_lone_index -> error 42501\n"
#define LEFT_OPEN JOURNAL INDEX_ROW(ABSENT) NOT_ANSWERED "~ CREATE INDEX CONCURRENTLY* -> cut\n"
#define MADE_WELL                                                                                  \
    JOURNAL INDEX_ROW(ABSENT) "~ " INDEX_ROW(WHOLE) "~ CREATE INDEX CONCURRENTLY* -> CREATE "      \
                                                    "INDEX\n"
#define TAKEN_HALF                                                                                 \
    JOURNAL "~ @ledger_read_before -> rows\n~ @postgis_rows_now -> rows\n" INDEX_ROW(WHOLE)        \
        NOT_ANSWERED "~ DROP INDEX CONCURRENTLY* -> cut\n"
#define STEP "step 2 of 2 (CREATE INDEX index app.i)"
#define SHOWN "M-3 in dev: it was begun by run "
#define AS_IT_WAS "; 8 entries, apply M-3 failed"
#define MOVED                                                                                      \
    "M-3 is not as it was shown any more; nothing was resolved; look at it again ... " AS_IT_WAS

/* clang-format off */
static const struct {
    const char *name;
    void (*before)(void); /* declared before the project is loaded; NULL: in_segments() */
    void (*then)(void);
    void (*saw)(struct begun *b);
    const struct cluster *from;
    const char *lines;
    int rc;
    enum err_code worst;
    const char *words; /* of the error, what is shown, heard, and what the ledger ends with */
} cases[] = {
    /* settled */
    {"applied", NULL, NULL, NULL, &begun, "~ " INDEX_ROW(OTHER), 0, ERR_NONE, "; \n" SHOWN " ... (ledger entry 7)\n  " STEP " was begun, and what stands there is neither what stood there before nor what it makes\n  seen: index app.i stands there, valid, of another shape than it is to be\n  --as=applied: what stands there is to count as done; the build goes on behind it\n  --as=absent: it did not happen; it begins anew, and what stands there stays somebody else's\n ... note: dev: M-3 is resolved as applied; ledger entry 9, run ... |, resolve M-3; 9 entries, resolve M-3 success of CREATE INDEX index app.i: applied, index app.i stands there, valid, of another shape than it is to be"},
    {"absent", NULL, say_absent, NULL, &begun, "~ " INDEX_ROW(OTHER), 0, ERR_NONE, "note: dev: M-3 is resolved as absent; ledger entry 9, run ... |, resolve M-3; 9 entries, resolve M-3 success of CREATE INDEX index app.i: absent, index app.i stands there, valid, of another shape than it is to be"},
    {"nobody can see anything of it", NULL, NULL, nothing_seen, &begun, "~ " INDEX_ROW(OTHER), 0, ERR_NONE, "\n  seen: nothing can be seen of it\n ... , resolve M-3; 9 entries"},
    {"its scripts were changed since: all that was begun is absent", of_another_text, say_absent, NULL, &begun, "~ " INDEX_ROW(OTHER), 0, ERR_NONE, SHOWN " ... (ledger entry 7)\n  what was begun is not what it says now: its scripts were changed since\n  --as=absent: nothing of what was begun stands there any more; all of it begins anew\n  what it was begun with: `kfmig receipt show` of entry 7\n ... note: dev: M-3 is resolved as absent; ledger entry 10, run ... ; 10 entries, resolve M-3 success of transaction statement 1: absent, its scripts were changed"},
    {"a rollback is applied", NULL, NULL, NULL, &going_back, "~ " INDEX_ROW(OTHER), 0, ERR_NONE, "M-3 in dev: a rollback of it was begun by run ... \n  --as=applied: what stands there is to count as done; the rollback goes on behind it\n ... note: dev: M-3 is resolved as applied; ... resolve M-3 success of DROP INDEX index app.i: applied, "},
    {"a rollback is absent", NULL, say_absent, NULL, &going_back, "~ " INDEX_ROW(OTHER), 0, ERR_NONE, "note: dev: M-3 is resolved as absent; ... resolve M-3 success of DROP INDEX index app.i: absent, "},

    /* not in doubt */
    {"nothing of it was begun", NULL, of_another, NULL, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_NONE, "nothing of M-1 was begun in \"dev\" and not finished; `kfmig why dev/M-1` says what it is\n ... " AS_IT_WAS},
    {"it stands not yet", NULL, NULL, NULL, &begun, "~ " INDEX_ROW(ABSENT), -1, ERR_NONE, "M-3 in \"dev\" is not in doubt: " STEP " stands not yet, which can be told; `kfmig build dev` goes on with it\n ... " AS_IT_WAS},
    {"it stands", NULL, NULL, NULL, &begun, "~ " INDEX_ROW(WHOLE), -1, ERR_NONE, STEP " stands, which can be told; `kfmig build dev` goes on with it\n"},
    {"it stands in part", NULL, NULL, NULL, &begun, "~ " INDEX_ROW(HALF), -1, ERR_NONE, STEP " stands in part, which can be told; `kfmig build dev` goes on with it\n"},
    {"it is settled already", NULL, NULL, NULL, &settled, "~ " INDEX_ROW(OTHER), -1, ERR_NONE, "M-3 in \"dev\" is not in doubt: all of its steps stand; `kfmig build dev` goes on with it\n ... ; 9 entries"},
    {"a rollback stands as before", NULL, NULL, NULL, &going_back, "~ " INDEX_ROW(WHOLE), -1, ERR_NONE, "M-3 in \"dev\" is not in doubt: step 1 of 2 (DROP INDEX index app.i) stands not yet, which can be told; `kfmig rollback dev M-3` goes on with it\n"},

    /* not settled */
    {"its scripts were changed since: nothing counts as done", of_another_text, NULL, NULL, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_NONE, "what was begun of M-3 is not what it says now: it cannot count as done; put back the scripts that it was begun with; or take away what stands of it, and say --as=absent\n ... " AS_IT_WAS},
    {"in a protected environment", NULL, protects, NULL, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_PREFLIGHT, "environment \"dev\" is protected: nothing was resolved; look at what is shown above, then add --apply\n ... " AS_IT_WAS},
    {"another thing stands there under the lock", NULL, NULL, NULL, &begun, INDEX_ROW(OTHER) "~ " INDEX_ROW(ANOTHER), -1, ERR_PREFLIGHT, MOVED},
    {"it can be told under the lock", NULL, NULL, NULL, &begun, INDEX_ROW(OTHER) "~ " INDEX_ROW(WHOLE), -1, ERR_PREFLIGHT, MOVED},
    {"another entry was seen", NULL, NULL, another_sequence, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_PREFLIGHT, MOVED},
    {"another step was seen", NULL, NULL, another_step, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_PREFLIGHT, MOVED},
    {"another step's key was seen", NULL, NULL, another_key, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_PREFLIGHT, MOVED},
    {"another state was seen", NULL, NULL, another_state, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_PREFLIGHT, MOVED},
    {"a rollback was seen", NULL, NULL, another_way, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_PREFLIGHT, MOVED},
    {"other scripts were seen", NULL, say_absent, another_text, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_PREFLIGHT, MOVED},
    {"another migration was seen", NULL, NULL, nothing_begun, &begun, "~ " INDEX_ROW(OTHER), -1, ERR_PREFLIGHT, "M-1 is not as it was shown any more; nothing was resolved ... " AS_IT_WAS},
    {"the ledger does not give the receipt", NULL, NULL, NULL, &begun, "~ " INDEX_ROW(OTHER) "~ @ledger_read_receipts -> error 42501\n", -1, ERR_PREFLIGHT, "42501 ... " AS_IT_WAS},
    {"the ledger does not take it", NULL, NULL, NULL, &begun, "~ " INDEX_ROW(OTHER) "~ @ledger_record_entry -> cut\n", -1, ERR_PREFLIGHT, "was lost ... " AS_IT_WAS},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

/* The last entry, and what its receipt says of the step. */
static const char *left(void)
{
    static char text[4096];
    const struct base *b = &t.cluster.base[0];
    const struct kept *k = &b->keeper.is;
    struct entry last = {.subject = "", .result = ""};
    struct err e = {0};
    const char *receipt = b->is.n_receipts > 0 ? b->is.receipt[b->is.n_receipts - 1] : "{}";
    if (entry_read(&t.a, bytes_str(k->text[k->n - 1]), &last, &e) != 0) {
        return "; no entry";
    }
    size_t n = (size_t)snprintf(text, sizeof text, "; %d entries, %s %s %s", k->n,
                                entry_kind_text(last.kind), last.subject, last.result);
    const struct doc *claim = doc_get(json_read_own(&t.a, bytes_str(receipt), "", &e), "claim");
    if (last.kind == ENTRY_RESOLVE) {
        (void)snprintf(text + n, sizeof text - n, " of %s %s: %s, %s",
                       doc_str(doc_get(claim, "journal"), "verb", ""),
                       doc_str(doc_get(claim, "journal"), "object", ""),
                       doc_str(doc_get(claim, "journal"), "how", ""),
                       doc_str(doc_get(claim, "resolve"), "seen", ""));
    }
    return text;
}

static void play(size_t i)
{
    static char text[32768];
    static char script[4096];
    id = "M-3";
    as = RESOLVE_APPLIED;
    saw = cases[i].saw;
    order = order_confirmed;
    own[0] = '\0';
    verbs_project();
    cluster_copy(&t.cluster, cases[i].from);
    (cases[i].before != NULL ? cases[i].before : in_segments)();
    project_load(&t.l, true);
    if (cases[i].then != NULL) {
        cases[i].then();
    }
    (void)snprintf(script, sizeof script, "%s%s", JOURNAL, cases[i].lines);
    run_of_play(&t, resolves, script, 0, NULL, 0, NULL);
    (void)snprintf(text, sizeof text, "%s%s", run_of_text(&t, own), left());
    bool good = t.rc == cases[i].rc && t.r.worst == cases[i].worst &&
                has_in_order(text, cases[i].words) && t.n_holders == 0;
    if (!good) {
        printf("# rc %d, worst %d: %s\n", t.rc, (int)t.r.worst, text);
    }
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

/* --- what the cases begin with */

static void make(struct cluster *out, const struct cluster *from, act *does, const char *said)
{
    verbs_project();
    if (from != &empty) {
        in_segments();
    }
    project_load(&t.l, false);
    cluster_copy(&t.cluster, from);
    as = RESOLVE_APPLIED;
    id = "M-3";
    order = order_confirmed;
    run_of_play(&t, does, said, 0, NULL, 0, NULL);
    if (!ok(t.rc == 0 && pq_played(), "what the cases begin with")) {
        printf("# rc %d, worst %d: %s\n", t.rc, (int)t.r.worst, run_of_text(&t, ""));
    }
    run_of_leave(&t, out);
    project_unload(&t.l);
}

/* --- the word behind --as= */

static void read_as(const char *text, int rc, enum resolve_as wanted, const char *words)
{
    struct err e = {0};
    enum resolve_as got = RESOLVE_UNSAID;
    bool good = resolve_as_read(text, &got, &e) == rc && (rc != 0 || got == wanted) &&
                strcmp(e.msg, words) == 0;
    ok(good, text != NULL ? text : "nothing is said");
}

static void test_as(void)
{
    read_as(NULL, 0, RESOLVE_UNSAID, "");
    read_as("applied", 0, RESOLVE_APPLIED, "");
    read_as("absent", 0, RESOLVE_ABSENT, "");
    read_as("Applied", -1, RESOLVE_UNSAID, "--as=Applied says neither");
    read_as("", -1, RESOLVE_UNSAID, "--as= says neither");
}

/* --- the server goes while a step runs that no transaction covers */

static void test_gone(void)
{
    verbs_project();
    in_segments();
    project_load(&t.l, true);
    cluster_copy(&t.cluster, &built);
    t.cluster.dies = true;
    run_of_play(&t, builds, JOURNAL "~ " INDEX_ROW(ABSENT) "~ CREATE INDEX CONCURRENTLY* -> cut\n",
                0, NULL, 0, NULL);
    t.cluster.dies = false;
    const char *text = run_of_text(&t, left());
    bool good = t.rc == 0 && t.r.worst == ERR_APPLY &&
                has_in_order(text, "; 7 entries, intent M-3 success ... failed: M-3: stands: 1 of "
                                   "2 segments, and perhaps a part of segment 2; ");
    if (!ok(good && pq_played(), "the server is gone for good: what was begun stays open")) {
        printf("# rc %d, worst %d: %s\n", t.rc, (int)t.r.worst, text);
    }
    project_unload(&t.l);
}

int main(void)
{
    tap_plan(N + 11);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    make(&built, &empty, builds, "");
    make(&begun, &built, builds, LEFT_OPEN);
    make(&settled, &begun, resolves, JOURNAL "~ " INDEX_ROW(OTHER));
    make(&applied, &built, builds, MADE_WELL);
    make(&going_back, &applied, takes_back, TAKEN_HALF);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    test_as();
    test_gone();
    cluster_release(&t.cluster);
    cluster_release(&built);
    cluster_release(&begun);
    cluster_release(&settled);
    cluster_release(&applied);
    cluster_release(&going_back);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
