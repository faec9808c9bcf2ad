/* layer: run scripted */
/* A migration of a store that does not hold the ledger, whole: two steps, an invariant, what is seen of it, the gates and the entry. The
 * store misbehaves in each way, the entry's COMMIT too; what is said begins with what stands, and the ledger holds no more than that. */
#include "run/in_store.h"
#include "said.h"
#include "scripted_entries.h"

enum { THINGS = 2 };

/* --- the store: things a and b, each of which stands or not */

enum mood {
    WILLING,
    FULL_AT_ONCE,
    FULL_LATER,
    FULL_WITH_A_PLACE,
    FULL_WITH_A_PLACE_BEHIND,
    FULL_WITH_A_HINT,
    HALF_LATER,
    FULL_AND_STRANGE,
    STRANGE_LATER,
    CLOSED_LATER,
    REFUSING_COMMIT,
    FINDS_ROWS,
    FINDS_TWICE,
    UNASKABLE,
    CLOSED_TO_INVARIANTS,
    CLOSED_TO_EYES,
    BLIND,
    SEES_OUTSIDE,
    SEES_SECRETS,
    SEES_SECRETS_LATER /* its second step fails, too */
};

static struct toy {
    bool stands[THINGS], is_partly[THINGS], is_foreign[THINGS];
    int n_ran[THINGS], n_begun, n_ended;
    enum mood mood;
} place;

static int at_of(const struct store_step *step)
{
    return step->object[strlen("table toy.")] - 'a';
}

static struct digest digest_of_thing(const char *text)
{
    return digest_of(bytes_str(text));
}

static int toy_stands(struct store *s, const struct store_step *step, struct digest *out,
                      struct err *e)
{
    (void)s;
    (void)e;
    *out = place.stands[at_of(step)] ? digest_of_thing("it") : (struct digest){{0}};
    return 0;
}

static int toy_verify(struct store *s, const struct store_step *step, const struct digest *before,
                      enum standing *out, struct digest *proof, struct err *e)
{
    int at = at_of(step);
    (void)s;
    (void)e;
    (void)before;
    *proof = digest_of_thing(place.is_foreign[at] ? "other" : "it");
    *out = place.is_foreign[at]  ? STANDS_FOREIGN
           : place.is_partly[at] ? STANDS_PARTLY
           : place.stands[at]    ? STANDS_THERE
                                 : STANDS_ABSENT;
    return 0;
}

static bool is_looking(void)
{
    return place.stands[0] && place.stands[1];
}

static int toy_begin(struct store *s, struct arena *a, const struct deadlines *d,
                     struct store_change **out, struct err *e)
{
    static struct store_change c;
    bool later = place.stands[0] && !place.stands[1];
    if ((place.mood == CLOSED_LATER && later) ||
        (place.mood == CLOSED_TO_INVARIANTS && is_looking()) ||
        (place.mood == CLOSED_TO_EYES && is_looking() && place.n_begun > THINGS)) {
        return err_set(e, ERR_PREFLIGHT, "the store is away");
    }
    if (d->lock_ms != 5000 || d->statement_ms != 7000 || d->idle_ms != 60000) {
        return err_set(e, ERR_INTERNAL, "not the deadlines that are declared");
    }
    place.n_begun++;
    c = (struct store_change){s, a};
    *out = &c;
    return 0;
}

static int toy_ask(const struct store_flight *f, struct err *e)
{
    f->rows[f->from] = place.mood == FINDS_ROWS || place.mood == FINDS_TWICE ? 2 : 0;
    return place.mood == UNASKABLE ? err_set(e, ERR_APPLY, "there is no such thing") : 0;
}

static int toy_run(struct store_change *c, const struct program *p, const struct store_flight *f,
                   struct store_stop *stop, struct err *e)
{
    const struct store_step *step = &p->v[f->from];
    (void)c;
    if (strcmp(step->verb, "FIND") == 0) {
        return toy_ask(f, e);
    }
    int at = at_of(step);
    enum mood mood = at == 1 || place.mood == FULL_AT_ONCE ? place.mood : WILLING;
    place.n_ran[at]++;
    place.is_partly[at] = mood == HALF_LATER;
    place.is_foreign[at] = mood == STRANGE_LATER || mood == FULL_AND_STRANGE;
    if (mood == FULL_WITH_A_PLACE || mood == FULL_WITH_A_PLACE_BEHIND) {
        stop->position = mood == FULL_WITH_A_PLACE ? 4 : 400;
    }
    if (mood == FULL_WITH_A_HINT) {
        (void)err_set(e, ERR_APPLY, "the store is full");
        return err_hint(e, "make room in it");
    }
    if (mood == FULL_AND_STRANGE || mood == FULL_AT_ONCE || mood == FULL_LATER ||
        mood == HALF_LATER || mood == SEES_SECRETS_LATER || mood == FULL_WITH_A_PLACE ||
        mood == FULL_WITH_A_PLACE_BEHIND) {
        return err_set(e, ERR_APPLY, "the store is full");
    }
    place.stands[at] = mood != STRANGE_LATER && mood != REFUSING_COMMIT;
    return 0;
}

static enum ending toy_commit(struct store_change *c, struct err *e)
{
    (void)c;
    place.n_ended++;
    if (place.mood == REFUSING_COMMIT && place.n_ended == 2) {
        (void)err_set(e, ERR_APPLY, "the store takes nothing any more");
        return TX_UNDONE;
    }
    return TX_ENDED;
}

static void toy_abandon(struct store_change *c)
{
    (void)c;
    place.n_ended++;
}

/* What stands there, as things that were created. */
static int toy_observe(struct store_change *c, const struct catalog *base, struct observation *out,
                       struct err *e)
{
    static const char *const names[] = {"a", "b", "ghp_0123456789abcdefghijABCDEFGHIJ012345"};
    struct catalog now = {.a = c->a, .by_text = {.a = c->a}, .by_oid = {.a = c->a}};
    struct facet *facet = ARENA_NEW(c->a, struct facet);
    (void)base;
    if (place.mood == BLIND) {
        return err_set(e, ERR_PREFLIGHT, "the store does not show itself");
    }
    *facet = (struct facet){.name = "content", .value = "it"};
    *out = (struct observation){.changes = ARENA_ARRAY(c->a, struct change, 3),
                                .server_time = "2026-01-02T03:04:05.000006Z"};
    bool sees_secrets = place.mood == SEES_SECRETS || place.mood == SEES_SECRETS_LATER;
    for (int i = 0; i < (sees_secrets ? 3 : THINGS); i++) {
        if (i == THINGS || place.stands[i]) {
            const char *schema = place.mood == SEES_OUTSIDE ? "other" : "toy";
            struct object o = {OBJ_TABLE, schema, names[i], "toy"};
            struct catalog_object *made = catalog_add(&now, o, facet, 1);
            out->changes[out->n_changes++] = (struct change){NULL, made};
            touches_add(c->a, &out->touches,
                        (struct touch){.object = o, .effect = EFFECT_CREATE, .statement = -1});
            out->n_tables_touched++;
        }
    }
    catalog_seal(&now);
    return 0;
}

static const struct store_ops toy = {
    .name = "toy",
    .begin = toy_begin,
    .run = toy_run,
    .observe = toy_observe,
    .commit = toy_commit,
    .abandon = toy_abandon,
    .stands = toy_stands,
    .verify = toy_verify,
};

/* --- the ledger: what becomes of the COMMIT of the migration's own entry */

static const char *end_of_entry; /* "": nothing special; else what that COMMIT is answered */
static bool is_away;             /* nobody listens any more */
static bool is_leaked;           /* "ghp_" was written, as text or as bytes */

static const char *hear(void *ctx, int session, const char *text, int n, const char *const *params,
                        const char *answer)
{
    bool at_its_entry =
        ledger.n_open > ledger.n && strcmp(ledger.v[ledger.n_open - 1].kind, "apply") == 0;
    for (int i = 0; i < n; i++) {
        is_leaked = is_leaked || (params[i] != NULL && (strstr(params[i], "ghp_") != NULL ||
                                                        strstr(params[i], "6768705f") != NULL));
    }
    if (strcmp(text, "COMMIT") == 0 && at_its_entry && end_of_entry[0] != '\0') {
        answer = end_of_entry;
        end_of_entry = "";
    }
    if (strcmp(text, "connect") == 0 && is_away && ledger.n > 0) {
        return "words Connection refused";
    }
    if (strcmp(text, "@ledger_find_run") == 0) {
        return ledger_count("apply", "success") > 0 ? "rows t" : "rows f";
    }
    return ledger_hears(ctx, session, text, n, params, answer);
}

/* --- the migration */

static struct scene t;

static struct statement statement_of(const char *text, const char *tag, size_t offset, int line)
{
    return (struct statement){.kind = STATEMENT_PLAIN,
                              .text = bytes_str(text),
                              .offset = offset,
                              .line = line,
                              .col = 1,
                              .tag = tag,
                              .why = "",
                              .hint = "",
                              .analysed = true};
}

static void declare(void)
{
    static struct statement steps[THINGS], query;
    static struct touch touches[THINGS];
    static struct script invariant;
    static struct artifact file, rollback;
    static const char *allowed[] = {"toy"};
    static const char *const names[] = {"a", "b"};
    scene_declare(&t, "put a\nput b\n");
    steps[0] = statement_of("put a", "PUT", 0, 1);
    steps[1] = statement_of("put b", "PUT", 6, 2);
    for (int i = 0; i < THINGS; i++) {
        touches[i] =
            (struct touch){.object = {OBJ_TABLE, "toy", names[i], NULL}, .effect = EFFECT_CREATE};
        steps[i].touches = (struct touches){&touches[i], 1, 1};
    }
    t.script.forms = steps;
    t.script.n = THINGS;
    query = statement_of("find bad", "FIND", 0, 3);
    invariant = (struct script){.path = "migrations/postgis/M-1/invariants/none_bad.json",
                                .bytes = query.text,
                                .forms = &query,
                                .n = 1};
    file = (struct artifact){.path = invariant.path, .bytes = invariant.bytes};
    rollback = (struct artifact){.path = "rollback.json", .bytes = bytes_str("drop b\n")};
    t.decl.invariants = (struct artifacts){&file, 1, 1};
    t.bundle.invariants = &invariant;
    t.decl.rollback = (struct artifacts){&rollback, 1, 1};
    t.decl.scope.has_schemas = true;
    t.decl.scope.allowed_schemas = (struct names){allowed, 1, 1};
    t.decl.statement_timeout_ms = 7000;
}

static void without_rollback(void)
{
    t.decl.rollback.n = 0;
}

/* Two gates fail: one thing is touched, and none may be. */
static void with_limit(void)
{
    t.decl.limits.max_table_count_touched = 0;
}

static enum err_code interrupts(void *ctx)
{
    (void)ctx;
    return ERR_INTERRUPTED;
}

static enum err_code terminates(void *ctx)
{
    (void)ctx;
    return place.stands[0] ? ERR_TERMINATED : ERR_NONE;
}

static enum err_code interrupts_once(void *ctx)
{
    static int n;
    (void)ctx;
    return ++n == 1 ? ERR_INTERRUPTED : ERR_NONE;
}

static void interrupted(void)
{
    t.ear.stops = interrupts;
}

static void interrupted_once(void)
{
    t.ear.stops = interrupts_once;
}

static void terminated(void)
{
    t.ear.stops = terminates;
}

static void unheard(void)
{
    t.run.ear = NULL;
}

static void lost(void)
{
    end_of_entry = "cut";
}

static void lost_and_kept(void)
{
    end_of_entry = "cut";
    ledger.kept = true;
}

static void lost_with_the_server(void)
{
    end_of_entry = "cut";
    is_away = true;
}

static void refused(void)
{
    end_of_entry = "error 53100";
}

static void run_once(void)
{
    struct store store = {.ops = &toy};
    struct entries past = {0};
    struct err e = {0};
    struct catalog base = {.a = &t.a, .by_text = {.a = &t.a}, .by_oid = {.a = &t.a}};
    if (ledger_found(&t, &past, &e) != 0) {
        printf("# %s\n", e.msg);
    }
    run_in_store(&t.run, &(struct in_store){&store, &base, &past}, &t.step, &t.o);
}

/* --- taken back: the same steps, the other way */

static const struct back_case {
    const char *name;
    bool knew; /* was it as it is then before it was applied? */
    enum mood mood;
    enum run_result result;
    enum err_code code;
    const char *words, *receipt;
} backs[] = {
    {"taken back to what was before", true, WILLING, RUN_SUCCESS, ERR_NONE, "", "success"},
    {"taken back to something else", false, WILLING, RUN_FAILED, ERR_ROLLBACK,
     "M-1 was not taken back: stands: 2 of 2 steps; gate \"restored\" failed: ", "failed"},
    {"its second step back fails", true, FULL_LATER, RUN_FAILED, ERR_ROLLBACK,
     "M-1 was not taken back: stands: 1 of 2 steps; step 2 (PUT table toy.b): the store is full",
     "failed"},
    {"the store does not show itself behind it", true, BLIND, RUN_FAILED, ERR_ROLLBACK,
     "M-1 was not taken back: stands: 2 of 2 steps; it could not be looked at", "failed"},
};
enum { N_BACKS = sizeof backs / sizeof *backs };

static void take_back_once(const struct back_case *x)
{
    struct store store = {.ops = &toy};
    struct entries past = {0};
    struct err e = {0};
    struct catalog base = {.a = &t.a, .by_text = {.a = &t.a}, .by_oid = {.a = &t.a}};
    const struct digest it = digest_of(bytes_str("content\tit\n"));
    const struct object_row before[] = {{.object = "toy:table toy.a", .fingerprint = it},
                                        {.object = "toy:table toy.b", .fingerprint = it}};
    t.decl.rollback = t.decl.forward;
    const struct taking_back back = {
        .bundle = &t.bundle, .scripts = &t.script, .before = before, .n_before = x->knew ? 2 : 0};
    if (ledger_found(&t, &past, &e) != 0) {
        printf("# %s\n", e.msg);
    }
    run_rollback_in_store(&t.run, &(struct in_store){&store, &base, &past}, &back, &t.o);
}

/* --- the scenarios. ran: steps that were run, in both; receipt: entries of kind "apply" with that result */

#define STEP_2 "M-1: stands: 1 of 2 steps; step 2 (PUT table toy.b): "
#define ALL "M-1: stands: 2 of 2 steps; "
#define GO_ON "mend it and build again: no step that stands is begun again"
#define UNDOES "; what undoes it: rollback.json"
#define FORWARD "migrations/postgis/M-1/forward.sql"

/* clang-format off */
static const struct {
    const char *name;
    enum mood mood;
    void (*with)(void);
    enum run_result result;
    enum err_code code;
    const char *words, *hint; /* what the failure begins with; its hint */
    int line, col;            /* of its place in forward.sql; 0: there is none */
    int stands;
    const char *receipt;      /* "": there is none */
    bool owed;
} scenarios[] = {
    {"applied", WILLING, NULL, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 2, "success", false},
    {"applied, and nobody hears of it", WILLING, unheard, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 2, "success", false},
    {"its first step fails", FULL_AT_ONCE, NULL, RUN_FAILED, ERR_APPLY, "M-1: nothing was changed; step 1 (PUT table toy.a): the store is full", GO_ON, 1, 1, 0, "failed", false},
    {"its second step fails", FULL_LATER, NULL, RUN_FAILED, ERR_APPLY, STEP_2 "the store is full", GO_ON, 2, 1, 1, "failed", false},
    {"its second step fails, and the store says where", FULL_WITH_A_PLACE, NULL, RUN_FAILED, ERR_APPLY, STEP_2 "the store is full", GO_ON, 2, 5, 1, "failed", false},
    {"a place behind the step's end is none", FULL_WITH_A_PLACE_BEHIND, NULL, RUN_FAILED, ERR_APPLY, STEP_2 "the store is full", GO_ON, 2, 1, 1, "failed", false},
    {"the store knows what to do", FULL_WITH_A_HINT, NULL, RUN_FAILED, ERR_APPLY, STEP_2 "the store is full", "make room in it", 2, 1, 1, "failed", false},
    {"its second step stands in part", HALF_LATER, NULL, RUN_FAILED, ERR_APPLY, "M-1: stands: 1 of 2 steps, and perhaps a part of step 2; step 2 (PUT table toy.b): the store is full", GO_ON, 2, 1, 1, "failed", false},
    {"something else stands there", STRANGE_LATER, NULL, RUN_FAILED, ERR_DOUBT, "M-1: stands: 1 of 2 steps, and perhaps a part of step 2; step 2 (PUT table toy.b): M-1: PUT table toy.b was begun", NULL, 2, 1, 1, "failed", false},
    {"its second step fails, and something else stands there", FULL_AND_STRANGE, NULL, RUN_FAILED, ERR_APPLY, "M-1: stands: 1 of 2 steps, and perhaps a part of step 2; step 2 (PUT table toy.b): the store is full", "nobody can tell how far it came: look, then `kfmig resolve dev/M-1 --as=applied` or `--as=absent`", 2, 1, 1, "failed", false},
    {"the store goes before its second step", CLOSED_LATER, NULL, RUN_FAILED, ERR_APPLY, STEP_2 "the store is away", GO_ON, 2, 1, 1, "failed", false},
    {"the store takes back its second step", REFUSING_COMMIT, NULL, RUN_FAILED, ERR_APPLY, STEP_2 "the store takes nothing any more", GO_ON, 2, 1, 1, "failed", false},
    {"interrupted before its first step", WILLING, interrupted, RUN_INTERRUPTED, ERR_INTERRUPTED, "M-1: nothing was changed; step 1 (PUT table toy.a): stopped before PUT table toy.a", GO_ON, 1, 1, 0, "interrupted", false},
    {"interrupted once, and asked no second time", WILLING, interrupted_once, RUN_INTERRUPTED, ERR_INTERRUPTED, "M-1: nothing was changed; step 1 (PUT table toy.a): stopped before PUT table toy.a", GO_ON, 1, 1, 0, "interrupted", false},
    {"terminated before its second step", WILLING, terminated, RUN_INTERRUPTED, ERR_TERMINATED, STEP_2 "stopped before PUT table toy.b", GO_ON, 2, 1, 1, "interrupted", false},

    {"the invariant finds rows", FINDS_ROWS, NULL, RUN_FAILED, ERR_APPLY, ALL "gate \"invariant invariants/none_bad.json\" failed: 2 rows returned, none allowed", "run the invariant's query to see the rows that are wrong" UNDOES, 0, 0, 2, "failed", false},
    {"the invariant finds rows, and nothing undoes it", FINDS_ROWS, without_rollback, RUN_FAILED, ERR_APPLY, ALL "gate \"invariant invariants/none_bad.json\" failed", "run the invariant's query to see the rows that are wrong", 0, 0, 2, "failed", false},
    {"two gates fail", FINDS_TWICE, with_limit, RUN_FAILED, ERR_APPLY, ALL "gate \"invariant invariants/none_bad.json\" failed: 2 rows returned, none allowed (and 1 more)", NULL, 0, 0, 2, "failed", false},
    {"the invariant cannot be asked", UNASKABLE, NULL, RUN_FAILED, ERR_APPLY, ALL "gate \"invariant invariants/none_bad.json\" failed: it could not be asked: there is no such thing", UNDOES, 0, 0, 2, "failed", false},
    {"the store goes before the invariant", CLOSED_TO_INVARIANTS, NULL, RUN_FAILED, ERR_APPLY, ALL "it could not be looked at: the store is away", "", 0, 0, 2, "failed", false},
    {"the store goes before it is looked at", CLOSED_TO_EYES, NULL, RUN_FAILED, ERR_APPLY, ALL "it could not be looked at: the store is away", "", 0, 0, 2, "failed", false},
    {"the store does not show itself", BLIND, NULL, RUN_FAILED, ERR_APPLY, ALL "it could not be looked at: the store does not show itself", "", 0, 0, 2, "failed", false},
    {"what was made is outside its scope", SEES_OUTSIDE, NULL, RUN_FAILED, ERR_APPLY, ALL "gate \"scope\" failed: create of toy:table other.a", NULL, 0, 0, 2, "failed", false},
    {"what was made bears a secret", SEES_SECRETS, NULL, RUN_FAILED, ERR_LEAK, ALL "gate \"secrets\" failed: a name or definition that this leaves in the database holds", "take the secret out of the migration; if it was ever shared, change it" UNDOES, 0, 0, 2, "failed", false},

    {"a step fails, and what stands bears a secret", SEES_SECRETS_LATER, NULL, RUN_FAILED, ERR_APPLY, STEP_2 "the store is full", GO_ON, 2, 1, 1, "failed", false},

    {"its entry's COMMIT is refused", WILLING, refused, RUN_FAILED, ERR_APPLY, ALL "it could not be recorded: M-1: the server refused COMMIT", NULL, 0, 0, 2, "failed", false},
    {"its entry's COMMIT is lost and took none", WILLING, lost, RUN_FAILED, ERR_APPLY, ALL "it could not be recorded: M-1: the connection was lost before COMMIT took effect; nothing was recorded", "run the same command again", 0, 0, 2, "failed", false},
    {"its entry's COMMIT is lost and took effect", WILLING, lost_and_kept, RUN_SUCCESS, ERR_NONE, "", "", 0, 0, 2, "success", false},
    {"its entry's COMMIT is lost, and the server", WILLING, lost_with_the_server, RUN_IN_DOUBT, ERR_DOUBT, ALL "it could not be recorded: M-1: the connection was lost while COMMIT was under way", NULL, 0, 0, 2, "", false},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

/* Those of which every word to the server is compared. */
static const char *const whole[] = {
    "applied",
    "its second step fails",
    "the invariant finds rows",
    "the store does not show itself",
    "what was made is outside its scope",
    "a step fails, and what stands bears a secret",
    "interrupted before its first step",
};
enum { N_WHOLE = sizeof whole / sizeof *whole };

static int standing(void)
{
    return (place.stands[0] ? 1 : 0) + (place.stands[1] ? 1 : 0);
}

static bool has_words(size_t i)
{
    const struct err *e = &t.o.failure;
    const char *words = scenarios[i].words;
    bool good = e->code == scenarios[i].code;
    good = good && (words == NULL || strncmp(e->msg, words, strlen(words)) == 0) &&
           (scenarios[i].hint == NULL || strcmp(e->hint, scenarios[i].hint) == 0 ||
            (scenarios[i].hint[0] == ';' && strstr(e->hint, scenarios[i].hint) != NULL));
    return good && (scenarios[i].line == 0 ||
                    (strcmp(e->where.path, FORWARD) == 0 && e->where.line == scenarios[i].line &&
                     e->where.col == scenarios[i].col));
}

/* One entry of its own, of that result; steps that stand have a "done" each. */
static bool is_recorded(size_t i)
{
    const char *wanted = scenarios[i].receipt;
    int n = ledger_count("apply", "success") + ledger_count("apply", "failed") +
            ledger_count("apply", "interrupted");
    bool good = n == (wanted[0] != '\0' ? 1 : 0) &&
                (n == 0 || ledger_count("apply", wanted) == 1) &&
                (t.o.owed.p != NULL) == scenarios[i].owed && t.o.sequence == (n > 0 ? ledger.n : 0);
    return good && ledger_count("done", "success") == standing();
}

static void play(size_t i)
{
    pq_draw_again();
    ledger_forget();
    ledger.kept = false;
    place = (struct toy){.mood = scenarios[i].mood};
    end_of_entry = "";
    is_away = is_leaked = false;
    scene_open(&t, "~ @ledger_lock_try -> rows t\n~ @ledger_lock_work_is_free -> rows t\n"
                   "~ @ledger_lock_lease -> rows 8\n~ @ledger_lock_held -> rows t\n"
                   "~ @ledger_find_run -> rows f\n" JOURNALING);
    pq_model(hear, NULL);
    declare();
    if (scenarios[i].with != NULL) {
        scenarios[i].with();
    }
    t.n_waits = 0;
    run_once();
    bool good = t.o.result == scenarios[i].result && has_words(i) && is_recorded(i) &&
                (scenarios[i].stands < 0 || standing() == scenarios[i].stands) &&
                place.n_begun == place.n_ended && !is_leaked;
    if (!good) {
        printf("# result %d, code %d, stands %d, done %d, applied %d, failed %d, interrupted %d, "
               "sequence %lld of %d, owed %d, begun %d, ended %d, leaked %d, at %s:%d:%d\n# %s\n# "
               "%s\n",
               (int)t.o.result, (int)t.o.failure.code, standing(), ledger_count("done", "success"),
               ledger_count("apply", "success"), ledger_count("apply", "failed"),
               ledger_count("apply", "interrupted"), (long long)t.o.sequence, ledger.n,
               t.o.owed.p != NULL, place.n_begun, place.n_ended, is_leaked, t.o.failure.where.path,
               t.o.failure.where.line, t.o.failure.where.col, t.o.failure.msg, t.o.failure.hint);
    }
    scene_note_outcome(&t.o);
    scene_close(&t);
    good = pq_played() && good;
    ok(good, scenarios[i].name);
    if (said_whole(whole, N_WHOLE, scenarios[i].name)) {
        ok(said_as(scenarios[i].name, pq_said()), "and every word of it to the server");
    }
}

static void play_back(const struct back_case *x)
{
    pq_draw_again();
    ledger_forget();
    ledger.kept = false;
    place = (struct toy){.mood = x->mood};
    end_of_entry = "";
    is_away = is_leaked = false;
    scene_open(&t, "~ @ledger_lock_try -> rows t\n~ @ledger_lock_work_is_free -> rows t\n"
                   "~ @ledger_lock_lease -> rows 8\n~ @ledger_lock_held -> rows t\n"
                   "~ @ledger_find_run -> rows f\n" JOURNALING);
    pq_model(hear, NULL);
    declare();
    take_back_once(x);
    bool good = t.o.result == x->result && t.o.failure.code == x->code &&
                strncmp(t.o.failure.msg, x->words, strlen(x->words)) == 0 &&
                ledger_count("rollback", x->receipt) == 1 && ledger_count("apply", "success") == 0;
    if (!good) {
        printf("# result %d, code %d, rolled back %d, failed %d\n# %s\n", (int)t.o.result,
               (int)t.o.failure.code, ledger_count("rollback", "success"),
               ledger_count("rollback", "failed"), t.o.failure.msg);
    }
    scene_note_outcome(&t.o);
    scene_close(&t);
    ok(pq_played() && good, x->name);
}

int main(void)
{
    tap_plan(N + N_WHOLE + N_BACKS);
    said_open("in_store");
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    for (size_t i = 0; i < N_BACKS; i++) {
        play_back(&backs[i]);
    }
    ledger_forget();
    said_close();
    return tap_done();
}
