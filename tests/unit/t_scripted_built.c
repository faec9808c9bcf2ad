/* layer: flow scripted */
/* Definitions out of the ledger: which entry built one, a bundle made of it, what a migration that is taken
 * back rebuilds them as, and those dropped whose files are gone; on a whole server (scripted_cluster.h). */
#include "flow/built.h"
#include "flow/undo.h"
#include "model/definition.h"
#include "model/operations.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, first, second, failed, circle, ruled;
static char own[8192];
static int64_t sequence;
static const char *name;
static struct operations operations;
static bool is_renamed, changes;
static bool freezes; /* the beginning of the first one does */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t n = strlen(own);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(own + n, sizeof own - n, format, args);
    va_end(args);
}

static void note_names(const char *what, const struct names *l)
{
    for (size_t i = 0; i < l->n; i++) {
        note("%s%s%s", i == 0 ? what : "", i == 0 ? " " : ", ", l->v[i]);
    }
    note("%s", l->n > 0 ? "; " : "");
}

static void note_bundle(const struct bundle *b)
{
    const struct artifact *f = &b->decl->forward.v[0];
    note("%s of %s: %.*s", b->id, f->path, (int)f->bytes.n, f->bytes.p);
    note("parsed %.*s; ", (int)b->forward->forms[0].text.n, b->forward->forms[0].text.p);
    note_names("makes", &b->definition->makes);
    note_names("needs", &b->definition->needs);
    note_names("variables", &b->variables);
    note("%s", b->decl->scope.is_open ? "open" : "");
    note_names("schemas", &b->decl->scope.allowed_schemas);
    note_names("tables", &b->decl->scope.allowed_tables);
    note("tables at most %lld, faults %zu\n", (long long)b->decl->limits.max_table_count_touched,
         b->n_faults);
}

#define HOME "migrations/postgis/repeatable/"
#define V_FIRST "CREATE OR REPLACE VIEW app.v AS SELECT 1 AS x FROM app.t;\n"
#define V_SECOND "CREATE OR REPLACE VIEW app.v AS SELECT 2 AS x FROM app.u;\n"
#define V_UPON_W "CREATE OR REPLACE VIEW app.v AS SELECT x FROM app.w;\n"
#define HEADER                                                                                     \
    "-- [KFM_MIGRATION]\n-- scope: {allowed_schemas: [app], allowed_tables: [app.w]}\n"            \
    "-- limits: {max_table_count_touched: 3}\n-- [/KFM_MIGRATION]\n"
#define W HEADER "CREATE OR REPLACE VIEW app.w AS SELECT x FROM app.v;\n"
#define Z "-- kfmig:variables WHO\nCREATE OR REPLACE VIEW z AS SELECT '${WHO}' AS who;\n"

/* --- what is done */

/* v was called w when it was applied. */
static void rename_it(struct site *s)
{
    static struct fact last;
    struct history *h = table_gets(&s->past.by_id, "v");
    last = *h->applied;
    last.recorded_as = "w";
    h->applied = is_renamed ? &last : h->applied;
}

static int finds(struct run_of *v)
{
    if (plan_first(v) != 0) {
        return -1;
    }
    rename_it(&v->s);
    const struct entry *en = built_find(&v->s, name, sequence);
    note("entry %lld", en != NULL ? (long long)en->sequence : 0);
    return 0;
}

/* As it was built by the entry before sequence. */
static int reads(struct run_of *v)
{
    struct bundle *b = table_gets(&v->l.p.by_id, name);
    if (plan_first(v) != 0 || load_decl(&v->l.p, b, &v->e) != 0) {
        return -1;
    }
    struct bundle was = *b;
    const struct entry *en = built_find(&v->s, name, sequence);
    if (built_read(&v->s, en, &was, &v->e) != 0) {
        return -1;
    }
    note_bundle(&was);
    return 0;
}

/* Out of the entry of another one, which has no text of it. */
static int misreads(struct run_of *v)
{
    struct bundle *b = table_gets(&v->l.p.by_id, name);
    if (plan_first(v) != 0 || load_decl(&v->l.p, b, &v->e) != 0) {
        return -1;
    }
    struct bundle was = *b;
    return built_read(&v->s, &v->s.entries.v[2], &was, &v->e);
}

/* As it was built last, its file is gone. */
static int recalls(struct run_of *v)
{
    if (plan_first(v) != 0) {
        return -1;
    }
    const struct history *h = past_get(&v->s.past, name);
    struct bundle was = {.id = name, .store = store_of_ledger(), .n_faults = 7};
    if (built_gone(&v->s, h->applied, &was, &v->e) != 0) {
        return -1;
    }
    note_bundle(&was);
    return 0;
}

static void freezing_hear(void *ctx, const struct tell *what)
{
    run_of_hear(ctx, what);
    operations.n_freezes += freezes && what->kind == TELL_BEGIN && operations.n_freezes == 0;
}

static int prunes(struct run_of *v)
{
    v->s.o.prunes = true;
    v->s.ear.hear = freezing_hear;
    return builds(v);
}

static int prunes_one(struct run_of *v)
{
    const char *const targets[] = {"w"};
    const struct converge_options o = {
        .order = {.is_confirmed = true, .targets = targets, .n_targets = 1}};
    v->s.o.prunes = true;
    return plan_first(v) != 0 || plan_restrict(&v->s.plan, targets, 1, &v->e) != 0
               ? -1
               : converge(&v->s, &o, &v->r, &v->e);
}

/* What is rebuilt where M-3 is taken back that the entry `sequence` applied. */
static int rebuilds_back(struct run_of *v)
{
    if (plan_first(v) != 0) {
        return -1;
    }
    if (changes) {
        struct bundle *b = table_gets(&v->l.p.by_id, "v");
        b->decl = NULL; /* as where the cache knew it, so that no file was read */
        project_put(HOME "v.sql", V_FIRST);
    }
    struct taking_back back = {.bundle = table_gets(&v->l.p.by_id, "M-3"), .sequence = sequence};
    if (undo_rebuilding(&v->s, &back, &v->e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < back.rebuilding.n; i++) {
        note_bundle(back.rebuilding.v[i]);
    }
    return 0;
}

/* --- projects */

static void environment(const char *variables)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "environments:\n"
                   "  dev: {evidence: none, %sstores: {postgis: {dsn_ref: T_DEV}}}\n"
                   "default_environment: dev\n",
                   variables);
    project_put("registry/environments.v1.yml", text);
}

static void with_who(const char *who)
{
    char text[128];
    (void)snprintf(text, sizeof text, "variables: {WHO: \"%s\"}, ", who);
    environment(text);
}

static void defines_first(void)
{
    with_who("ada");
    project_put(HOME "v.sql", V_FIRST);
    project_put(HOME "w.sql", W);
    project_put(HOME "z.sql", Z);
}

static void defines_second(void)
{
    defines_first();
    project_put(HOME "v.sql", V_SECOND);
}

static void defines_what_fails(void)
{
    defines_first();
    project_put(HOME "v.sql", "CREATE OR REPLACE VIEW app.v AS SELECT 3 AS x FROM app.u;\n");
}

/* The file of w is gone; what it made is not. */
static void v_stands_upon_w(void)
{
    with_who("ada");
    project_put(HOME "v.sql", V_UPON_W);
    project_put(HOME "z.sql", Z);
}

static void nothing_is_left(void)
{
    with_who("bob");
}

static void no_value_is_left(void)
{
    environment("");
}

/* What is read with this value has no end. */
static void a_quote_is_left(void)
{
    with_who("it's");
}

static void nothing_but_z(void)
{
    with_who("bob");
    project_put(HOME "z.sql", Z);
}

static void only_v_is_left(void)
{
    with_who("ada");
    project_put(HOME "v.sql", V_SECOND);
}

static void rebuilding(const char *names)
{
    char line[128];
    defines_second();
    verbs_migration("M-3", "app", "INSERT INTO app.t VALUES (3);\n");
    (void)snprintf(line, sizeof line, "rebuilds: [%s]\n", names);
    verbs_declare("M-3", "app", line);
}

static void rebuilds_v(void)
{
    rebuilding("v");
}

static void rebuilds_nothing(void)
{
    rebuilding("");
}

#define RULE "CREATE OR REPLACE RULE r AS ON DELETE TO app.t DO INSTEAD NOTHING;\n"

static void defines_rule(void)
{
    project_put(HOME "v.sql", RULE);
}

static void rebuilds_rule(void)
{
    defines_rule();
    verbs_migration("M-3", "app", "ALTER TABLE app.t ADD x int;\n");
    verbs_declare("M-3", "app", "rebuilds: [v]\n");
}

/* And the table is changed behind it. */
static void rebuilds_rule_too_early(void)
{
    rebuilds_rule();
    verbs_migration("M-4", "app", "ALTER TABLE app.t ADD y int;\n");
}

/* And its text is another now. */
static void rebuilds_another_rule(void)
{
    rebuilds_rule();
    project_put(HOME "v.sql", "-- new\n" RULE);
}

/* --- what is other */

static void another_name(void)
{
    is_renamed = true;
}

static void v_changes(void)
{
    changes = true;
}

static struct freeze winter[] = {
    {20261220, 20270103, "UTC", "year end", "2026-12-20 to 2027-01-03"}};

static void frozen_in_between(void)
{
    (void)setenv("KFMIG_NOW", "1798156800", 1); /* Friday 2026-12-25, 00:00 UTC */
    operations = (struct operations){.freezes = winter};
    t.l.p.env[0].operations = &operations;
    freezes = true;
}

/* --- the cases */

#define VIEWS "~ CREATE OR REPLACE VIEW* -> CREATE VIEW\n~ @run_remake_made -> rows\n"
#define RULES                                                                                      \
    "~ CREATE OR REPLACE RULE* -> CREATE RULE\n~ DROP RULE* -> DROP RULE\n~ ALTER TABLE app.t* "   \
    "-> ALTER TABLE\n"
#define REFUSED_ONCE "@ledger_record_receipt* -> ask\n~ @ledger_record_receipt* -> error 53100\n"
#define V_IS(text) "v of " HOME "v.sql: " text "parsed "

/* clang-format off */
static const struct {
    const char *name;
    void (*project)(void);
    void (*then)(void); /* once it is loaded */
    const struct cluster *from;
    act *does;
    const char *what; /* definition */
    int sequence;
    const char *lines;
    int rc;
    enum err_code worst;
    const char *words; /* of the error, what is noted, heard, and the result; in this order; "$": the end */
} cases[] = {
    /* which entry */
    {"the last one", defines_second, NULL, &second, finds, "v", 99, "", 0, ERR_NONE, "\nentry 9\n"},
    {"the last one before another", defines_second, NULL, &second, finds, "v", 9, "", 0, ERR_NONE, "\nentry 5\n"},
    {"the first at all, if there is none before", defines_second, NULL, &second, finds, "v", 4, "", 0, ERR_NONE, "\nentry 5\n"},
    {"none that failed", defines_second, NULL, &failed, finds, "v", 99, "", 0, ERR_NONE, "\nentry 5\n"},
    {"none that is no definition", defines_second, NULL, &second, finds, "M-1", 99, "", 0, ERR_NONE, "\nentry 0\n"},
    {"of the name that it had", defines_second, another_name, &second, finds, "v", 99, "", 0, ERR_NONE, "\nentry 10\n"},

    /* as it was built */
    {"the text of the last one", defines_second, NULL, &second, reads, "v", 99, "", 0, ERR_NONE, "\n" V_IS(V_SECOND) " ... needs relation app.u; "},
    {"the text before that, with what either needs", defines_second, NULL, &second, reads, "v", 9, "", 0, ERR_NONE, "\n" V_IS(V_FIRST) " ... needs relation app.t, relation app.u; "},
    {"its scope and limits are those of now", defines_second, NULL, &second, reads, "w", 99, "", 0, ERR_NONE, "needs relation app.v; schemas app; tables app.w; tables at most 3, faults 0\n"},
    {"its variables have the values of now", nothing_but_z, NULL, &second, reads, "z", 99, "", 0, ERR_NONE, "z of " HOME "z.sql: " Z "parsed CREATE OR REPLACE VIEW z AS SELECT 'bob' AS who; makes relation z; variables WHO; "},
    {"an entry that is another's", defines_second, NULL, &second, misreads, "v", 99, "", -1, ERR_NONE, "the receipt of entry 3 names \"migrations/postgis/M-1/migration.yml\" as an input; "},
    {"the ledger does not give its receipt", defines_second, NULL, &second, reads, "v", 9, "@ledger_read_receipts* -> ask\n~ @ledger_read_receipts* -> error 42501\n", -1, ERR_NONE, "42501"},
    {"the ledger does not hold its text", defines_second, NULL, &second, reads, "v", 9, "~ @ledger_read_blob -> rows\n", -1, ERR_NONE, "the ledger does not hold the text of " HOME "v.sql"},

    /* its file is gone */
    {"all of it is the ledger's", nothing_is_left, NULL, &second, recalls, "v", 99, "", 0, ERR_NONE, "\n" V_IS(V_SECOND) " ... needs relation app.u; schemas app; tables app.v; tables at most 0, faults 0\n"},
    {"scope and limits are its receipt's", nothing_is_left, NULL, &second, recalls, "w", 99, "", 0, ERR_NONE, "\nw of " HOME "w.sql: " W "parsed CREATE OR REPLACE VIEW app.w AS SELECT x FROM app.v; makes relation app.w; needs relation app.v; schemas app; tables app.w; tables at most 3, faults 0\n"},
    {"its variables have the values of now", nothing_is_left, NULL, &second, recalls, "z", 99, "", 0, ERR_NONE, "\nz of " HOME "z.sql: " Z "parsed CREATE OR REPLACE VIEW z AS SELECT 'bob' AS who; makes relation z; variables WHO; schemas public; tables z; "},
    {"a variable has no value any more", no_value_is_left, NULL, &second, recalls, "z", 99, "", -1, ERR_NONE, "${WHO} has no value in environment \"dev\"; "},
    {"with the value of now it cannot be read", a_quote_is_left, NULL, &second, recalls, "z", 99, "", -1, ERR_NONE, "the text of z as it was built cannot be read: unterminated quoted string; "},
    {"the ledger does not hold the text", nothing_is_left, NULL, &second, recalls, "v", 99, "~ @ledger_read_blob -> rows\n", -1, ERR_NONE, "the ledger does not hold the text of " HOME "v.sql"},
    {"the ledger does not give its receipt twice", nothing_is_left, NULL, &second, recalls, "v", 99, "@ledger_read_receipts -> ask\n~ @ledger_read_receipts* -> error 42501\n", -1, ERR_NONE, "42501"},

    /* dropped */
    {"what stands upon another goes first", nothing_is_left, NULL, &second, prunes, "", 0, "", 0, ERR_NONE, "|begin: w|begin: v|begin: z|done: dropped|done: dropped|done: dropped|, prune w, prune v, prune z$"},
    {"what has a file stays", only_v_is_left, NULL, &second, prunes, "", 0, "", 0, ERR_NONE, "|begin: w|begin: z|done: dropped|done: dropped|, prune w, prune z$"},
    {"only what is asked for", nothing_is_left, NULL, &second, prunes_one, "", 0, "", 0, ERR_NONE, "|begin: w|done: dropped|, prune w$"},
    {"each stands upon the other: the first goes first", nothing_is_left, NULL, &circle, prunes, "", 0, "", 0, ERR_NONE, "|begin: z|begin: v|begin: w|done: dropped|done: dropped|done: dropped|, prune z, prune v, prune w$"},
    {"one cannot be read: none is dropped", no_value_is_left, NULL, &second, prunes, "", 0, "", 0, ERR_CONFIG, "|fault: ${WHO} has no value in environment \"dev\"|write `variables: {WHO: VALUE}` under dev in registry/environments.v1.yml|, prune z$"},
    {"one fails: the next is not begun", nothing_is_left, NULL, &second, prunes, "", 0, "~ @run_remake_made({\"w\"}) -> error 42501\n", 0, ERR_PREFLIGHT, "|begin: w|failed: the server refused kfmig's query \"run_remake_made\" ... |, prune w$"},
    {"frozen while the first one goes: the next is not begun", nothing_is_left, frozen_in_between, &second, prunes, "", 0, "", 0, ERR_PREFLIGHT, "|begin: w|warning: dev: changes are frozen from 2026-12-20 to 2027-01-03: year end; what is left was not begun|done: dropped|, prune w$"},

    /* made again with a migration */
    {"its own step is only an entry", rebuilds_rule, NULL, &ruled, builds, "", 0, RULES, 0, ERR_NONE, "begin: M-3 ... M-3: with it dropped and made again: v ... begin: v|done: |done: made again with M-3| ... apply M-3, apply v$"},
    {"the entry cannot be written", rebuilds_rule, NULL, &ruled, builds, "", 0, REFUSED_ONCE RULES, 0, ERR_APPLY, "begin: v|done: |failed: the server refused kfmig's query \"ledger_record_receipt\""},
    {"what is below it runs behind that: so does its step", rebuilds_rule_too_early, NULL, &ruled, builds, "", 0, RULES, 0, ERR_NONE, "begin: M-3 ... begin: M-4 ... begin: v|statement: CREATE RULE| ... apply M-3, apply M-4, apply v$"},
    {"its text is another: its step runs", rebuilds_another_rule, NULL, &ruled, builds, "", 0, RULES, 0, ERR_NONE, "begin: M-3 ... begin: v|statement: CREATE RULE| ... apply M-3, apply v$"},

    /* where a migration is taken back */
    {"they come back as they are", rebuilds_v, NULL, &second, rebuilds_back, "", 99, "", 0, ERR_NONE, "\n" V_IS(V_SECOND) " ... \nw of " HOME "w.sql: "},
    {"they come back as they were before it", rebuilds_v, NULL, &second, rebuilds_back, "", 9, "", 0, ERR_NONE, "\n" V_IS(V_FIRST) " ... \nw of " HOME "w.sql: "},
    {"it rebuilds nothing", rebuilds_nothing, NULL, &second, rebuilds_back, "", 99, "", 0, ERR_NONE, "; \nnote: "},
    {"a file changed since it was loaded", rebuilds_v, v_changes, &second, rebuilds_back, "", 99, "", -1, ERR_NONE, "the files of \"v\" changed while kfmig ran; "},
    {"the ledger does not hold what it was", rebuilds_v, NULL, &second, rebuilds_back, "", 9, "~ @ledger_read_blob -> rows\n", -1, ERR_NONE, "the ledger does not hold the text of " HOME "v.sql"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void play(size_t i)
{
    static char text[32772];
    static char script[4096];
    name = cases[i].what;
    sequence = cases[i].sequence;
    own[0] = '\0';
    freezes = is_renamed = changes = false;
    verbs_project();
    cases[i].project();
    cluster_copy(&t.cluster, cases[i].from);
    project_load(&t.l, true);
    if (cases[i].then != NULL) {
        cases[i].then();
    }
    (void)snprintf(script, sizeof script, "%s%s", cases[i].lines, VIEWS);
    run_of_play(&t, cases[i].does, script, 0, NULL, 0, NULL);
    (void)unsetenv("KFMIG_NOW");
    (void)snprintf(text, sizeof text, "%s$", run_of_text(&t, own));
    bool good = t.rc == cases[i].rc && t.r.worst == cases[i].worst &&
                has_in_order(text, cases[i].words) && t.n_holders == 0;
    if (!good) {
        printf("# rc %d, worst %d: %s\n", t.rc, (int)t.r.worst, text);
    }
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

static void make(struct cluster *out, const struct cluster *from, void (*project)(void),
                 const char *lines, enum err_code worst)
{
    verbs_project();
    project();
    project_load(&t.l, false);
    cluster_copy(&t.cluster, from);
    run_of_play(&t, builds, lines, 0, NULL, 0, NULL);
    if (!ok(t.rc == 0 && t.r.worst == worst && pq_played(), "what the cases begin with")) {
        printf("# %s\n", run_of_text(&t, ""));
    }
    run_of_leave(&t, out);
    project_unload(&t.l);
}

int main(void)
{
    tap_plan(N + 5);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    make(&first, &empty, defines_first, VIEWS, ERR_NONE);
    make(&second, &first, defines_second, VIEWS, ERR_NONE);
    make(&failed, &first, defines_what_fails,
         "~ CREATE OR REPLACE VIEW app.v* -> error 42501\n" VIEWS, ERR_APPLY);
    make(&ruled, &empty, defines_rule, RULES VIEWS, ERR_NONE);
    make(&circle, &first, v_stands_upon_w, VIEWS, ERR_NONE);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    cluster_release(&t.cluster);
    cluster_release(&first);
    cluster_release(&second);
    cluster_release(&failed);
    cluster_release(&circle);
    cluster_release(&ruled);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
