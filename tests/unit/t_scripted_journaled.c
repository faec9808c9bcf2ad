/* layer: run scripted */
/* run: limit=120 */
/* A program of three steps through the journal, on a store that only remembers: every question to the ledger
 * goes wrong once, in each way, and the store misbehaves in each way. A step is said to stand only where it
 * does, nothing stands without an intent, and the next run, which knows what the ledger holds and no more,
 * brings every step there with one success each. */
#include "run/journaled.h"
#include "said.h"
#include "scripted_entries.h"

enum { STEPS = 3, PARTS = 2, FIRST = 3 /* behind connecting */ };

/* --- the store: how many parts of each step stand */

enum mood {
    WILLING,
    FULL,
    FULL_AFTER_A_PART,
    ANSWER_LOST,
    IDLE,
    HALF,
    STRANGE,
    UNASKED,
    BLIND,
    STUCK
};

struct toy {
    int made[STEPS]; /* PARTS + 1: somebody else's */
    int n_ran[STEPS];
    int n_parts;    /* made, by whatever run */
    enum mood mood; /* at step 1 */
};
static struct toy store;

static int at_of(const struct store_step *step)
{
    return step->object[0] - 'a';
}

static struct digest digest_of_parts(int n)
{
    char text[16];
    struct digest none = {{0}};
    (void)snprintf(text, sizeof text, "parts %d", n);
    return n == 0 ? none : digest_of(bytes_str(text));
}

static bool is_in(const struct store_step *step, enum mood mood)
{
    return at_of(step) == 1 && store.mood == mood;
}

static int toy_stands(struct store *s, const struct store_step *step, struct digest *out,
                      struct err *e)
{
    (void)s; /* there is only the one */
    *out = digest_of_parts(store.made[at_of(step)]);
    return is_in(step, UNASKED) ? err_set(e, ERR_PREFLIGHT, "the store is away") : 0;
}

static int toy_run(struct store_change *c, const struct program *p, const struct store_flight *f,
                   struct store_stop *stop, struct err *e)
{
    (void)c;
    (void)stop;
    const struct store_step *step = &p->v[f->from];
    int *made = &store.made[at_of(step)];
    int from = f->cursor.p == NULL ? 0 : f->cursor.p[0] - '0';
    store.n_ran[at_of(step)]++;
    if (is_in(step, FULL)) {
        return err_set(e, ERR_APPLY, "the store is full");
    }
    for (int i = from; i < PARTS && !is_in(step, IDLE); i++) {
        *made = i + 1;
        store.n_parts++;
        if (i + 1 < PARTS && f->progress(f->ctx, bytes_str("1"), e) != 0) {
            return -1;
        }
        if (is_in(step, HALF)) {
            return 0;
        }
        if (is_in(step, FULL_AFTER_A_PART) || is_in(step, STUCK)) {
            return err_set(e, ERR_APPLY, "the store is full after a part");
        }
    }
    *made = is_in(step, STRANGE) ? PARTS + 1 : *made;
    return is_in(step, ANSWER_LOST) ? err_set(e, ERR_APPLY, "the answer was lost") : 0;
}

static int toy_verify(struct store *s, const struct store_step *step, const struct digest *before,
                      enum standing *out, struct digest *proof, struct err *e)
{
    int made = store.made[at_of(step)];
    (void)s;
    (void)before;
    *proof = digest_of_parts(made);
    *out = made == 0       ? STANDS_ABSENT
           : made == PARTS ? STANDS_THERE
           : made < PARTS  ? STANDS_PARTLY
                           : STANDS_FOREIGN;
    return is_in(step, BLIND) ? err_set(e, ERR_PREFLIGHT, "the store does not tell") : 0;
}

static int toy_clean(struct store *s, const struct store_step *step, const struct digest *before,
                     struct err *e)
{
    (void)s;
    (void)before;
    if (is_in(step, STUCK)) {
        return err_set(e, ERR_APPLY, "what is there cannot be taken away");
    }
    store.made[at_of(step)] = 0;
    return 0;
}

static int toy_begin(struct store *s, struct arena *a, const struct deadlines *d,
                     struct store_change **out, struct err *e)
{
    static struct store_change c;
    (void)d;
    (void)e;
    c = (struct store_change){s, a};
    *out = &c;
    return 0;
}

static enum ending toy_commit(struct store_change *c, struct err *e)
{
    (void)c;
    (void)e;
    return TX_ENDED;
}

static void toy_abandon(struct store_change *c)
{
    (void)c;
}

#define TOY                                                                                        \
    .name = "toy", .begin = toy_begin, .run = toy_run, .commit = toy_commit,                       \
    .abandon = toy_abandon, .stands = toy_stands, .verify = toy_verify
static const struct store_ops cleaning = {TOY, .clean = toy_clean};
static const struct store_ops going_on = {TOY};

/* --- a run */

static const struct store_step steps[STEPS] = {
    {.verb = "put", .object = "a", .text = {"put a", 5}},
    {.verb = "put", .object = "b", .text = {"put b", 5}},
    {.verb = "put", .object = "c", .text = {"put c", 5}},
};

struct going {
    int rc, asked;
    struct journaled_count n;
    struct store_stop stop;
    struct err e;
    bool played;
};

/* Another program would know no more: all comes from the ledger. */
static struct going go(const struct store_ops *ops, int n, const char *answer)
{
    static struct scene t;
    struct going g = {.rc = -1};
    struct store place = {.ops = ops};
    struct entries past = {0};
    char run_id[37];
    scene_open_failing(&t, JOURNALING, n, answer, 0, NULL);
    pq_model(ledger_hears, NULL);
    random_uuid(run_id);
    if (ledger_found(&t, &past, &g.e) == 0) {
        const struct journal_run run = {
            .pg = &t.pg, .id = &t.id, .merkle = &t.merkle, .epoch = 7, .run_id = run_id};
        const struct journaled w = {.journal = journal_open(&t.a, &run, &past),
                                    .store = &place,
                                    .a = &t.a,
                                    .subject = "M-1"};
        g.rc = run_journaled(&w, &(struct program){steps, STEPS}, &g.n, &g.stop, &g.e);
    }
    g.asked = pq_asked();
    pq_note("= %d, code %d, %zu run: %s | %s", g.rc, (int)g.e.code, g.n.n_ran, g.e.msg, g.e.hint);
    scene_close(&t);
    g.played = pq_played();
    return g;
}

static void begin(enum mood mood)
{
    ledger_forget();
    ledger.kept = false;
    store = (struct toy){.mood = mood};
}

static int standing(void)
{
    int n = 0;
    for (int i = 0; i < STEPS; i++) {
        n += store.made[i] == PARTS ? 1 : 0;
    }
    return n;
}

/* Why what was said is not what stands; NULL: it is. */
static const char *lie(const struct going *g)
{
    int done = ledger_count("done", "success");
    int begun = 0;
    for (int i = 0; i < STEPS; i++) {
        begun += store.made[i] > 0 ? 1 : 0;
    }
    if (!g->played) {
        return "something else was asked";
    }
    if (begun > ledger_count("intent", "success")) {
        return "something stands without an intent";
    }
    if (done > standing()) {
        return "a step is recorded as done and does not stand";
    }
    if (g->rc == 0) {
        return done == STEPS && g->n.n_ran + g->n.n_adopted + g->n.n_stood == STEPS
                   ? NULL
                   : "it was said to be through";
    }
    if (g->e.code == ERR_NONE || g->e.msg[0] == '\0') {
        return "it failed without a word";
    }
    if (g->n.n_ran + g->n.n_adopted + g->n.n_stood != g->stop.step || (int)g->stop.step > done) {
        return "a step that does not stand was counted";
    }
    return begun > (int)g->stop.step + 1 ? "a step behind was begun" : NULL;
}

/* What stood before the second run is left alone, and in the end all stands, once. */
static const char *second(const struct store_ops *ops, int *n_stood)
{
    int done = ledger_count("done", "success");
    store.mood = WILLING;
    struct going g = go(ops, 0, NULL);
    *n_stood = (int)g.n.n_stood;
    const char *why = lie(&g);
    if (why == NULL && (g.rc != 0 || standing() != STEPS)) {
        printf("# %s\n", g.e.msg);
        why = "the next run did not bring it there";
    }
    if (why == NULL && ((int)g.n.n_stood != done || ledger_count("done", "success") != STEPS)) {
        why = "a step that was done was done again";
    }
    if (why == NULL && ledger_count("intent", "success") !=
                           ledger_count("done", "success") + ledger_count("done", "failed")) {
        why = "an intent stayed open";
    }
    return why;
}

static void sweep(const struct store_ops *ops, const char *answer, bool kept, const char *name)
{
    int n_lies = 0;
    int n_left = 0;
    begin(WILLING);
    int last = go(ops, 0, NULL).asked;
    for (int n = FIRST; n <= last; n++) {
        int stood = 0;
        begin(WILLING);
        ledger.kept = kept;
        struct going g = go(ops, n, answer);
        const char *why = lie(&g);
        why = why == NULL ? second(ops, &stood) : why;
        n_left += stood > 0 && stood < STEPS ? 1 : 0;
        if (why != NULL) {
            printf("# question %d %s: %s: %s\n", n, answer, why, g.e.msg);
            n_lies++;
        }
    }
    ok(n_lies == 0 && last > 40 && n_left > 0, name);
}

/* --- the store misbehaves at its second step */

static const struct {
    const char *name;
    enum mood mood;
    const struct store_ops *ops;
    enum err_code code;
    const char *words;
    int ran, stands, failed; /* counted as run; standing; intents closed as failed */
} moods[] = {
    {"nothing goes wrong", WILLING, &cleaning, ERR_NONE, "", 3, 3, 0},
    {"it is full", FULL, &cleaning, ERR_APPLY, "the store is full", 1, 1, 1},
    {"it is full after a part, which is taken away", FULL_AFTER_A_PART, &cleaning, ERR_APPLY,
     "the store is full after a part", 1, 1, 1},
    {"it is full after a part, which stays", FULL_AFTER_A_PART, &going_on, ERR_APPLY,
     "the store is full after a part", 1, 1, 0},
    {"its answer is lost, and all of it stands", ANSWER_LOST, &cleaning, ERR_NONE, "", 3, 3, 0},
    {"it does nothing", IDLE, &cleaning, ERR_APPLY,
     "M-1: put b reported success, but its effect is not there", 1, 1, 0},
    {"it does a part", HALF, &cleaning, ERR_APPLY,
     "M-1: put b reported success, but its effect is there only in part", 1, 1, 0},
    {"it does something else", STRANGE, &cleaning, ERR_DOUBT, "M-1: put b was begun", 1, 1, 0},
    {"it cannot be asked what stands there", UNASKED, &cleaning, ERR_PREFLIGHT, "the store is away",
     1, 1, 0},
    {"it does not tell what stands there", BLIND, &cleaning, ERR_PREFLIGHT,
     "the store does not tell", 1, 2, 0},
    {"a part cannot be taken away", STUCK, &cleaning, ERR_APPLY, "the store is full after a part",
     1, 1, 0},
};
enum { N_MOODS = sizeof moods / sizeof *moods };

static void play(size_t i)
{
    pq_draw_again();
    int stood = 0;
    begin(moods[i].mood);
    struct going g = go(moods[i].ops, 0, NULL);
    const char *why = lie(&g);
    bool good = why == NULL && (g.rc == 0) == (moods[i].code == ERR_NONE) &&
                g.e.code == (g.rc == 0 ? g.e.code : moods[i].code) &&
                strstr(g.e.msg, moods[i].words) != NULL && (int)g.n.n_ran == moods[i].ran &&
                standing() == moods[i].stands &&
                ledger_count("done", "failed") == moods[i].failed &&
                (g.rc == 0 || (g.stop.step == 1 && store.n_ran[2] == 0));
    if (!good) {
        printf("# %s: rc %d, code %d, ran %zu, stands %d, failed %d, step %zu: %s\n",
               why != NULL ? why : "", g.rc, (int)g.e.code, g.n.n_ran, standing(),
               ledger_count("done", "failed"), g.stop.step, g.e.msg);
    }
    ok(good, moods[i].name);
    ok(said_as(moods[i].name, pq_said()), "and every word of it to the server");
    if (moods[i].mood != STRANGE) {
        why = second(moods[i].ops, &stood);
        bool once = moods[i].ops == &cleaning || store.n_parts == STEPS * PARTS;
        is_str(why != NULL ? why
               : once      ? ""
                           : "a part was made twice",
               "", "the next run goes on from there");
    } else {
        g = go(moods[i].ops, 0, NULL);
        ok(g.rc != 0 && g.e.code == ERR_DOUBT &&
               strstr(g.e.hint, "put back what stood there") != NULL && store.n_ran[1] == 1,
           "the next run leaves it alone, too");
    }
}

int main(void)
{
    tap_plan(3 * N_MOODS + 8);
    said_open("journaled");
    for (size_t i = 0; i < N_MOODS; i++) {
        play(i);
    }
    sweep(&cleaning, "error 57014", false, "cleaning: each question refused");
    sweep(&cleaning, "cut", false, "cleaning: each question cut");
    sweep(&cleaning, "cut", true, "cleaning: each question cut, and a COMMIT takes effect");
    sweep(&cleaning, "fatal 57P01", false, "cleaning: each question ends the session");
    sweep(&going_on, "error 57014", false, "going on: each question refused");
    sweep(&going_on, "cut", false, "going on: each question cut");
    sweep(&going_on, "cut", true, "going on: each question cut, and a COMMIT takes effect");
    sweep(&going_on, "fatal 57P01", true, "going on: each question ends the session");
    ledger_forget();
    said_close();
    return tap_done();
}
