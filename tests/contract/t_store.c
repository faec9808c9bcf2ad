/* layer: run faults */
/* run: needs=postgres */
/* The contract of stores: the same cases against every row of the table, and against the toy store.
 * What a row may do differently it says by its capabilities; a store without transactions is also
 * killed at every step of its journal. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "../unit/ledger_server.h"
#include "../unit/standing_text.h"
#include "run/journaled.h"
#include "store/store.h"

extern const struct store_ops store_toy;

enum {
    COMMON = 39,
    OF_GENERATIONS = 8,
    OF_CRASH = 8,
    OF_FOREIGN = 7,
    STEPS = 3,
    DEADLINE_MS = 60000
};

static char folder[] = "/tmp/kfmig-contract-XXXXXX";

/* --- the rows, and what each is asked --- */

#define STEP(what, on, how)                                                                        \
    {                                                                                              \
        .verb = what, .object = on, .text = { how, sizeof how - 1 }                                \
    }

/* How an empty place of a store is had, and what makes, changes and drops two things there that
 * look() calls "table shop.a" and "table shop.b" (a state has no schema: "state a"); broken: its second
 * step fails. in_generation: makes a thing "a" in the hidden generation of shop, 1 or 2. crashes: what is
 * left where it is killed; torn: where somebody else can come between. */
struct crash;
struct specimen {
    const char *store;
    unsigned can; /* as its row says, or would */
    void (*fresh)(struct secret *address);
    struct store_step make[STEPS], change[2], broken[STEPS], in_generation[2];
    const struct crash *crashes;
    size_t n_crashes;
    const char *torn;
};

static void fresh_database(struct secret *address)
{
    struct pg *s = session("");
    run(s, "DROP SCHEMA IF EXISTS shop, shop__g1, shop__g2 CASCADE");
    pg_close(s);
    secret_set(address, where.opaque);
}

static void fresh_folder(struct secret *address)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s/toy && mkdir %s/toy", folder, folder);
    must(system(command) == 0 ? 0 : -1, command);
    secret_set(address, arena_printf(&arena, "%s/toy", folder));
}

/* A probe says the digest of a file of data/, or that there is none; bin/put writes its words there. */
static void fresh_programs(struct secret *address)
{
    static const char probe[] =
        "[ -f \"data/${0##*/}\" ] || exec echo absent; sha256sum <\"data/${0##*/}\" | cut -c1-64";
    char command[1024];
    fresh_folder(address);
    (void)snprintf(
        command, sizeof command,
        "cd %s/toy && mkdir data bin && for p in a b c d none; do printf '#!/bin/sh\\n%%s\\n' "
        "'%s' >$p; done && printf '#!/bin/sh\\necho $2 >data/$1\\n' >bin/put && chmod 755 "
        "bin/put a b c d none",
        folder, probe);
    must(system(command) == 0 ? 0 : -1, command);
}

/* The first step writes three lines, each a batch; the second one. standing: of the step that was
 * under way; ran and so on: of the next run. */
struct crash {
    const char *fault;
    enum standing standing;
    size_t n_ran, n_adopted, n_stood;
};
static const struct crash in_batches[] = {
    {"tx.recorded:kill:1", STANDS_ABSENT, 2, 0, 0},
    {"journal.intended:kill:1", STANDS_ABSENT, 2, 0, 0},
    {"journal.batch:kill:1", STANDS_PARTLY, 2, 0, 0},
    {"tx.recorded:kill:3", STANDS_PARTLY, 2, 0, 0},
    {"journal.ran:kill:1", STANDS_THERE, 1, 1, 0},
    {"journal.proven:kill:1", STANDS_THERE, 1, 1, 0},
    {"tx.recorded:kill:5", STANDS_THERE, 1, 1, 0},
    {"journal.done:kill:1", STANDS_THERE, 1, 0, 1},
    {"journal.intended:kill:2", STANDS_ABSENT, 1, 0, 1},
    {"journal.ran:kill:2", STANDS_THERE, 0, 1, 1},
    {"journal.done:kill:2", STANDS_THERE, 0, 0, 2},
};
/* Programs, which say what is expected of them. */
static const struct crash at_once[] = {
    {"tx.recorded:kill:1", STANDS_ABSENT, 2, 0, 0},
    {"journal.intended:kill:1", STANDS_ABSENT, 2, 0, 0},
    {"journal.ran:kill:1", STANDS_THERE, 1, 1, 0},
    {"journal.proven:kill:1", STANDS_THERE, 1, 1, 0},
    {"tx.recorded:kill:2", STANDS_THERE, 1, 1, 0},
    {"journal.done:kill:1", STANDS_THERE, 1, 0, 1},
    {"journal.intended:kill:2", STANDS_ABSENT, 1, 0, 1},
    {"journal.ran:kill:2", STANDS_THERE, 0, 1, 1},
    {"tx.recorded:kill:4", STANDS_THERE, 0, 1, 1},
    {"journal.done:kill:2", STANDS_THERE, 0, 0, 2},
};
#define N_OF(v) (sizeof(v) / sizeof *(v))

/* "put STATE WORD"; the digests are those of "1\n" and so on. */
#define PUT(state, word)                                                                           \
    STEP("apply", "other:state " state,                                                            \
         "{\"run\":\"./bin/put " state " " word "\",\"state\":\"" state "\",\"store\":\"other\"}")
#define PUT_ONE(state, expect)                                                                     \
    STEP("apply", "other:state " state,                                                            \
         "{\"expect\":\"sha256:" expect "\",\"run\":\"./bin/put " state " 1\",\"state\":\"" state  \
         "\",\"store\":\"other\"}")
#define ONE "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"

static const struct specimen specimens[] = {
    {"postgis",
     STORE_TRANSACTS | STORE_HOLDS_LEDGER | STORE_SWITCHES | STORE_COPIES_ROWS |
         STORE_ROLLS_BACK_DDL,
     fresh_database,
     {STEP("CREATE SCHEMA", "schema shop", "CREATE SCHEMA shop"),
      STEP("CREATE TABLE", "table shop.a", "CREATE TABLE shop.a (x int)"),
      STEP("CREATE TABLE", "table shop.b", "CREATE TABLE shop.b (x int)")},
     {STEP("ALTER TABLE", "table shop.a", "ALTER TABLE shop.a ADD COLUMN y int"),
      STEP("DROP TABLE", "table shop.b", "DROP TABLE shop.b")},
     {STEP("CREATE TABLE", "table shop.c", "CREATE TABLE shop.c ()"),
      STEP("CREATE TABLE", "table nowhere.c", "CREATE TABLE nowhere.c ()"),
      STEP("CREATE TABLE", "table shop.d", "CREATE TABLE shop.d ()")},
     {STEP("CREATE TABLE", "table shop__g1.a", "CREATE TABLE shop__g1.a (x int)"),
      STEP("CREATE TABLE", "table shop__g2.a", "CREATE TABLE shop__g2.a (x bigint)")},
     NULL,
     0,
     NULL},
    {"other",
     STORE_RUNS_PROGRAMS,
     fresh_programs,
     {PUT_ONE("a", ONE), PUT_ONE("b", ONE), PUT("b", "2")},
     {PUT("a", "3"), STEP("apply", "other:state b",
                          "{\"run\":\"rm data/b\",\"state\":\"b\",\"store\":\"other\"}")},
     {PUT("c", "4"),
      STEP("apply", "other:state none",
           "{\"run\":\"rm data/none\",\"state\":\"none\",\"store\":\"other\"}"),
      PUT("d", "5")},
     {{0}},
     at_once,
     N_OF(at_once),
     "journal.intended:kill:1"},
    {"toy",
     STORE_SWITCHES,
     fresh_folder,
     {STEP("put", "shop/a", "put shop/a\none\ntwo\nthree\n"),
      STEP("put", "shop/b", "put shop/b\nfour\n"), STEP("put", "shop/b", "put shop/b\nfive\n")},
     {STEP("put", "shop/a", "put shop/a\nsix\n"), STEP("drop", "shop/b", "drop shop/b")},
     {STEP("put", "shop/c", "put shop/c\nseven\n"), STEP("drop", "shop/none", "drop shop/none"),
      STEP("put", "shop/d", "put shop/d\neight\n")},
     {STEP("put", "shop__g1/a", "put shop__g1/a\nfirst\n"),
      STEP("put", "shop__g2/a", "put shop__g2/a\nsecond\n")},
     in_batches,
     N_OF(in_batches),
     "journal.batch:kill:2"},
};
enum { N_SPECIMENS = sizeof specimens / sizeof *specimens };

static const struct store_ops *row_of(const struct specimen *p)
{
    const struct store_ops *row = store_ops(store_parse(p->store));
    return row != NULL ? row : &store_toy;
}

static bool can(const struct specimen *p, enum store_can what)
{
    return (p->can & (unsigned)what) != 0;
}

/* One case of one row. */
struct bench {
    const struct specimen *place;
    const struct store_ops *ops;
    struct secret address;
    struct store *s;
    struct store_change *c;
    struct store_stop stop;
};

static bool bench_open(struct bench *b)
{
    static const struct names no_roots;
    static int dir = -1;
    static struct store_project project;
    dir = dir < 0 ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : dir;
    project =
        (struct store_project){.dirfd = dir, .root = folder, .env = "dev", .roots = &no_roots};
    const struct store_place at = {.address = &b->address, .who = "contract", .project = &project};
    e = (struct err){0};
    must(b->ops->open(&b->s, &at, &e), "open");
    return b->s != NULL;
}

static struct bench bench_begin(const struct specimen *p)
{
    struct bench b = {.place = p, .ops = row_of(p)};
    p->fresh(&b.address);
    (void)bench_open(&b);
    return b;
}

static void bench_end(struct bench *b)
{
    b->ops->close(b->s);
    secret_wipe(&b->address);
}

static void change_begin(struct bench *b)
{
    must(b->ops->begin(b->s, &arena, &(struct deadlines){.statement_ms = DEADLINE_MS}, &b->c, &e),
         "begin");
}

static int change_run(struct bench *b, const struct store_step *steps, size_t n)
{
    const struct program p = {steps, n};
    e = (struct err){0};
    return b->ops->run(b->c, &p, &(struct store_flight){.to = n}, &b->stop, &e);
}

/* A whole change. */
static void change_made(struct bench *b, const struct store_step *steps, size_t n)
{
    change_begin(b);
    must(change_run(b, steps, n), "run");
    must(b->ops->commit(b->c, &e) == TX_ENDED ? 0 : -1, "commit");
}

static struct catalog looked(struct bench *b)
{
    struct catalog c;
    must(b->ops->look(b->s, &arena, &c, &e), "look");
    return c;
}

/* What bears that name, in whichever store it is; of a state that is what stands behind the last '.'. */
static bool bears(const char *text, const char *name)
{
    size_t n = 0;
    static const char state[] = "state ";
    const char *own = text + (object_store(text, &n) != NULL ? n + 1 : 0);
    bool is_state = strncmp(own, state, sizeof state - 1) == 0;
    return is_state ? strcmp(own + sizeof state - 1, strrchr(name, '.') + 1) == 0
                    : strcmp(own, name) == 0;
}

static const struct catalog_object *found(const struct catalog *c, const char *text)
{
    for (size_t i = 0; i < c->n; i++) {
        if (bears(c->v[i]->text, text)) {
            return table_gets(&c->by_text, c->v[i]->text);
        }
    }
    return NULL;
}

/* Does all that was looked at say which store it stands in, if that does not hold the ledger? */
static bool is_named(const struct specimen *p, const struct catalog *c)
{
    const char *store = can(p, STORE_HOLDS_LEDGER) ? NULL : p->store;
    for (size_t i = 0; i < c->n; i++) {
        const char *named = c->v[i]->object.store;
        if (store == NULL ? named != NULL : named == NULL || strcmp(named, store) != 0) {
            return false;
        }
    }
    return true;
}

static bool same(const struct catalog *a, const struct catalog *b)
{
    bool good = a->n == b->n;
    for (size_t i = 0; good && i < a->n; i++) {
        good = catalog_same(a->v[i], b->v[i]);
    }
    return good;
}

/* --- the cases --- */

static void case_row(const struct specimen *p)
{
    const struct store_ops *ops = row_of(p);
    const struct store_row *row = store_row(store_parse(p->store));
    bool transacts = can(p, STORE_TRANSACTS);
    is_str(ops->name, p->store, "the row bears its name");
    ok(row == NULL || row->can == p->can, "and says what it can");
    ok(ops->open && ops->close && ops->probe && ops->look, "a place is opened, probed, looked at");
    ok(ops->begin && ops->run && ops->observe && ops->commit && ops->abandon, "a change is made");
    ok(transacts || (ops->stands && ops->verify), "without transactions: the journal is answered");
    ok(can(p, STORE_HOLDS_LEDGER) == (ops->ledger != NULL), "the ledger's session");
    ok(!can(p, STORE_HOLDS_LEDGER) || transacts, "a ledger needs transactions");
    ok(can(p, STORE_SWITCHES) == (ops->generations != NULL), "generations are switched");
    ok(!can(p, STORE_ROLLS_BACK_DDL) || transacts, "what is rolled back transacts");
}

static void case_probe(const struct specimen *p)
{
    struct bench b = bench_begin(p);
    struct store_facts one;
    struct store_facts two;
    struct store_facts moved;
    must(b.ops->probe(b.s, &arena, &one, &e), "probe");
    ok(one.version[0] != '\0', "it tells its version");
    ok(one.is_writable, "it may be written");
    b.ops->close(b.s);
    (void)bench_open(&b);
    must(b.ops->probe(b.s, &arena, &two, &e), "probe again");
    is_str(two.identity, one.identity, "the same place in another session");
    is_str(two.witness, one.witness, "the witness stays while nothing moves");
    change_made(&b, p->make, STEPS);
    must(b.ops->probe(b.s, &arena, &moved, &e), "probe after a change");
    ok(one.witness == NULL || strcmp(one.witness, moved.witness) != 0, "and moves with a change");
    bench_end(&b);
}

static void case_look(const struct specimen *p)
{
    struct bench b = bench_begin(p);
    struct catalog empty = looked(&b);
    ok(found(&empty, "table shop.a") == NULL, "an empty place");
    change_made(&b, p->make, STEPS);
    struct catalog now = looked(&b);
    const struct catalog_object *a = found(&now, "table shop.a");
    ok(a != NULL && found(&now, "table shop.b") != NULL, "what was made is there, by name");
    ok(a != NULL && a->n_facets > 0 && !digest_is_zero(&a->fingerprint), "with a definition");
    bool sorted = true;
    for (size_t i = 1; i < now.n; i++) {
        sorted = sorted && strcmp(now.v[i - 1]->text, now.v[i]->text) < 0;
    }
    ok(sorted, "in order of text");
    ok(is_named(p, &now), "each says which store it stands in, if the ledger does not");
    struct catalog again = looked(&b);
    ok(same(&now, &again), "two looks see the same");
    bench_end(&b);
}

static const struct change *change_of(const struct observation *o, const char *text)
{
    for (size_t i = 0; i < o->n_changes; i++) {
        const struct change *c = &o->changes[i];
        if (bears((c->before != NULL ? c->before : c->after)->text, text)) {
            return c;
        }
    }
    return NULL;
}

static void case_change(const struct specimen *p)
{
    struct bench b = bench_begin(p);
    struct observation seen;
    change_made(&b, p->make, STEPS);
    struct catalog base = looked(&b);
    change_begin(&b);
    is_int(change_run(&b, p->change, 2), 0, "two steps");
    must(b.ops->observe(b.c, &base, &seen, &e), "observe");
    const struct change *altered = change_of(&seen, "table shop.a");
    const struct change *dropped = change_of(&seen, "table shop.b");
    ok(altered != NULL && altered->before != NULL && altered->after != NULL, "one is changed");
    ok(dropped != NULL && dropped->before != NULL && dropped->after == NULL, "one is gone");
    is_int(seen.n_changes, 2, "nothing else is told");
    is_int(seen.n_tables_touched, 2, "two things touched");
    is_str(seen.unreconciled, NULL, "all of it is accounted for");
    ok(seen.server_time != NULL && strlen(seen.server_time) > 19, "with the time of the store");
    is_int(b.ops->commit(b.c, &e), TX_ENDED, "it takes effect");
    catalog_advance(&base, &seen);
    struct catalog now = looked(&b);
    ok(same(&base, &now), "carried forward, the base is what stands there");
    bench_end(&b);
}

static void case_abandon(const struct specimen *p)
{
    struct bench b = bench_begin(p);
    bool transacts = can(p, STORE_TRANSACTS);
    struct catalog before = looked(&b);
    change_begin(&b);
    is_int(change_run(&b, p->make, STEPS), 0, "steps that are not kept");
    b.ops->abandon(b.c);
    struct catalog now = looked(&b);
    is_int(same(&before, &now), transacts, "abandoned: nothing stands, if it transacts");
    change_begin(&b);
    ok(change_run(&b, p->make, STEPS) == 0, "a change after an abandoned one");
    b.ops->close(b.s);
    (void)bench_open(&b);
    now = looked(&b);
    is_int(same(&before, &now), transacts, "closed under way: the same");
    bench_end(&b);
}

static void case_broken(const struct specimen *p)
{
    struct bench b = bench_begin(p);
    bool transacts = can(p, STORE_TRANSACTS);
    change_made(&b, p->make, STEPS);
    change_begin(&b);
    is_int(change_run(&b, p->broken, STEPS), -1, "the second step fails");
    is_int(b.stop.step, 1, "which is told");
    ok(e.code != ERR_NONE && e.msg[0] != '\0', e.msg);
    b.ops->abandon(b.c);
    struct catalog now = looked(&b);
    ok(found(&now, "table shop.d") == NULL, "the step behind it did not run");
    is_int(found(&now, "table shop.c") == NULL, transacts,
           "the one before it goes, if it transacts");
    bench_end(&b);
}

static void case_ledger(const struct specimen *p)
{
    struct bench b = bench_begin(p);
    change_begin(&b);
    struct pg *s = b.ops->ledger == NULL ? NULL : b.ops->ledger(b.c);
    ok(b.ops->ledger == NULL || (s != NULL && pg_tx(s) == PG_TX_OPEN),
       "the ledger is written in the change's transaction");
    b.ops->abandon(b.c);
    bench_end(&b);
}

/* --- generations --- */

static void make_generation(struct bench *b, int64_t live, int64_t number)
{
    const char *facts = NULL;
    const char *live_facts = NULL;
    const struct generation_ops *g = b->ops->generations;
    change_begin(b);
    must(g->make(b->c, "shop", number, &facts, &e), "make a generation");
    must(change_run(b, &b->place->in_generation[number - 1], 1), "fill it");
    must(b->ops->commit(b->c, &e) == TX_ENDED ? 0 : -1, "commit");
    struct catalog now = looked(b);
    const char *text = arena_printf(&arena, "table shop__g%lld.a", (long long)number);
    ok(found(&now, text) != NULL, "a hidden generation is filled");
    change_begin(b);
    must(g->publish(b->c, "shop", live, number, facts, &live_facts, &e), "publish");
    must(b->ops->commit(b->c, &e) == TX_ENDED ? 0 : -1, "commit");
}

static int retire(struct bench *b, int64_t number)
{
    change_begin(b);
    e = (struct err){0};
    int rc = b->ops->generations->retire(b->c, "shop", number, &e);
    if (rc != 0) {
        b->ops->abandon(b->c);
        return -1;
    }
    return b->ops->commit(b->c, &e) == TX_ENDED ? 0 : -1;
}

static void case_generations(const struct specimen *p)
{
    struct bench b = bench_begin(p);
    make_generation(&b, 0, 1);
    struct catalog one = looked(&b);
    const struct catalog_object *first = found(&one, "table shop.a");
    ok(first != NULL, "published: readers find it under its name");
    make_generation(&b, 1, 2);
    struct catalog two = looked(&b);
    const struct catalog_object *second = found(&two, "table shop.a");
    ok(second != NULL && first != NULL && !digest_eq(&first->fingerprint, &second->fingerprint),
       "published again: they find the new one");
    ok(found(&two, "table shop__g1.a") != NULL, "the old one is kept");
    is_int(retire(&b, 1), 0, "and retired");
    struct catalog left = looked(&b);
    ok(found(&left, "table shop__g1.a") == NULL && found(&left, "table shop.a") != NULL,
       "then it is no more, and the live one stands");
    is_int(retire(&b, 2), -1, "the live one is not retired");
    bench_end(&b);
}

/* --- killed at every step of the journal --- */

struct run_of {
    struct runner r;
    struct journal_run run;
    struct entries past;
    char run_id[37];
    struct bench b;
    struct journaled w;
};

static void run_begin(struct run_of *x, const struct specimen *p, const char *subject)
{
    const struct lock_wait wait = {.timeout_ms = 20000};
    x->r.s = session("");
    random_uuid(x->run_id);
    must(ledger_lock(x->r.s, x->run_id, "contract", &wait, &x->r.epoch, &e), "lock");
    x->r.id = identify(x->r.s);
    must(ledger_entries(x->r.s, &x->r.id, NULL, &arena, &x->past, &x->r.m, &e), "entries");
    x->run = (struct journal_run){
        .pg = &x->r.s, .id = &x->r.id, .merkle = &x->r.m, .epoch = x->r.epoch, .run_id = x->run_id};
    x->b = (struct bench){.place = p, .ops = row_of(p)};
    secret_set(&x->b.address, arena_printf(&arena, "%s/toy", folder));
    (void)bench_open(&x->b);
    x->w = (struct journaled){.journal = journal_open(&arena, &x->run, &x->past),
                              .store = x->b.s,
                              .a = &arena,
                              .subject = subject};
}

static int run_steps(struct run_of *x, struct journaled_count *n)
{
    const struct program p = {x->b.place->make, 2};
    struct store_stop stop;
    e = (struct err){0};
    return run_journaled(&x->w, &p, n, &stop, &e);
}

static void run_end(struct run_of *x)
{
    bench_end(&x->b);
    pg_close(x->r.s);
}

/* A new program, because fault points are ordered once per process. */
static int run_as(char **argv)
{
    struct run_of x = {0};
    struct journaled_count n;
    (void)snprintf(folder, sizeof folder, "%s", argv[3]);
    secret_set(&where, argv[4]);
    run_begin(&x, &specimens[atoi(argv[5])], argv[2]);
    return run_steps(&x, &n) == 0 ? 0 : 1;
}

static int killed_at(const char *fault, const char *subject, int place)
{
    char number[12];
    int status = 0;
    (void)snprintf(number, sizeof number, "%d", place);
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)setenv("KFMIG_FAULT", fault, 1);
        (void)execl("/proc/self/exe", "t_store", "--run", subject, folder, where.opaque, number,
                    NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1000;
    }
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static const char *entries_of(struct run_of *x, const char *kind, const char *subject)
{
    return ask(x->r.s, arena_printf(&arena,
                                    "SELECT pg_catalog.count(*) FROM kfmig.entry WHERE kind = '%s' "
                                    "AND subject = '%s' AND result = 'success'",
                                    kind, subject));
}

/* Where the step stands that the killed run was at. */
static enum standing stood(struct run_of *x, const struct crash *c)
{
    enum standing s = STANDS_FOREIGN;
    struct digest proof;
    size_t at =
        c->fault[strlen(c->fault) - 1] == '2' && strncmp(c->fault, "journal", 7) == 0 ? 1 : 0;
    const struct digest nothing = {{0}};
    must(x->b.ops->verify(x->b.s, &x->b.place->make[at], &nothing, &s, &proof, &e), "verify");
    return s;
}

static void case_crash(const struct specimen *p, const struct crash *c)
{
    struct run_of x = {0};
    struct journaled_count n;
    p->fresh(&x.b.address);
    const char *subject = arena_printf(&arena, "%s %s", p->store, c->fault);
    is_int(killed_at(c->fault, subject, (int)(p - specimens)), SIGKILL, c->fault);
    run_begin(&x, p, subject);
    is_str(standing_text(stood(&x, c)), standing_text(c->standing), "what it left");
    is_int(run_steps(&x, &n), 0, e.msg);
    ok(n.n_ran == c->n_ran && n.n_adopted == c->n_adopted && n.n_stood == c->n_stood,
       "run, adopted, left alone as it should");
    struct catalog now = looked(&x.b);
    ok(found(&now, "table shop.a") != NULL && found(&now, "table shop.b") != NULL, "all stands");
    is_str(entries_of(&x, "intent", subject), "2", "one intent for each step");
    is_str(entries_of(&x, "done", subject), "2", "one done for each step");
    is_int(run_steps(&x, &n) == 0 ? n.n_stood : 99, 2, "once more: nothing is done");
    run_end(&x);
}

static void case_foreign(const struct specimen *p)
{
    struct run_of x = {0};
    struct journaled_count n;
    struct bench other = bench_begin(p);
    is_int(killed_at(p->torn, p->store, (int)(p - specimens)), SIGKILL, "killed in the middle");
    change_made(&other, p->change, 1);
    struct catalog theirs = looked(&other);
    run_begin(&x, p, p->store);
    is_int(run_steps(&x, &n), -1, "somebody else has changed it since");
    is_int(e.code, ERR_DOUBT, "which nobody can know to be right");
    struct catalog now = looked(&x.b);
    ok(same(&theirs, &now), "it is left as it stands");
    const struct journal_row **open = NULL;
    is_int(journal_begun(x.w.journal, &arena, p->store, &open), 1, "and held for a person");
    ok(n.n_ran + n.n_adopted == 0, "no step behind it is begun");
    ok(strstr(e.hint, "put back what stood there") != NULL, e.hint);
    run_end(&x);
    bench_end(&other);
}

static int count_cases(void)
{
    int n = 0;
    for (size_t i = 0; i < N_SPECIMENS; i++) {
        const struct specimen *p = &specimens[i];
        n += COMMON + (can(p, STORE_SWITCHES) ? OF_GENERATIONS : 0);
        n += can(p, STORE_TRANSACTS) ? 0 : (int)p->n_crashes * OF_CRASH + OF_FOREIGN;
    }
    return n;
}

static void contract(const struct specimen *p)
{
    printf("# %s\n", p->store);
    case_row(p);
    case_probe(p);
    case_look(p);
    case_change(p);
    case_abandon(p);
    case_broken(p);
    case_ledger(p);
    if (can(p, STORE_SWITCHES)) {
        case_generations(p);
    }
    if (!can(p, STORE_TRANSACTS)) {
        for (size_t i = 0; i < p->n_crashes; i++) {
            case_crash(p, &p->crashes[i]);
        }
        case_foreign(p);
    }
}

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    if (argc == 6 && strcmp(argv[1], "--run") == 0) {
        return run_as(argv);
    }
    tap_plan(count_cases() + 3);
    if (!server_up() || mkdtemp(folder) == NULL) {
        return 1;
    }
    struct pg *s = session("");
    must(ledger_create(s, "dev", &e), "create");
    pg_close(s);
    int n_rows = 0;
    int n_known = 0;
    for (int k = 0; k < STORE_COUNT; k++) {
        n_rows += store_ops((enum store_kind)k) != NULL ? 1 : 0;
        for (int i = 0; i < N_SPECIMENS; i++) {
            n_known += store_ops((enum store_kind)k) != NULL &&
                               strcmp(store_text((enum store_kind)k), specimens[i].store) == 0
                           ? 1
                           : 0;
        }
    }
    is_int(n_known, n_rows, "every row has a place here");
    ok(store_ops(store_parse("no such store")) == NULL, "a name without a row");
    ok(n_rows == N_SPECIMENS || store_parse(store_toy.name) == STORE_COUNT,
       n_rows == N_SPECIMENS ? "all rows of the table are known" : "the toy store is no row");
    for (int i = 0; i < N_SPECIMENS; i++) {
        contract(&specimens[i]);
    }
    (void)server_down();
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    (void)!system(command);
    arena_release(&arena);
    return tap_done();
}
