/* layer: report */
/* What reads the same is told once in plan, and the counts of its first line are all there is. */
#include <stdlib.h>

#include "report_cases.h"

#define MANY 12

/* A statement as a letter: I INSERT into s.t, J into s.u, C CREATE TABLE, D DROP TABLE s.t, F DO, ? not
 * analysed, ( ) BEGIN and COMMIT; a digit: that many lines are skipped before the next. */
static void give_statements(struct world_of_tests *w, const char *letters)
{
    static struct table_lock locks[] = {{{OBJ_TABLE, "s", "t", NULL}, 3},
                                        {{OBJ_TABLE, "s", "u", NULL}, 3},
                                        {{OBJ_TABLE, "s", "t", NULL}, 8},
                                        {{OBJ_TABLE, "s", "t", NULL}, 1}};
    struct statement *v = ARENA_ARRAY(&w->a, struct statement, strlen(letters) + 1);
    size_t n = 0;
    int line = 1;
    for (const char *c = letters; *c != '\0'; c++) {
        if (*c >= '0' && *c <= '9') {
            line += *c - '0';
            continue;
        }
        struct statement s = {.tag = "", .line = line++, .col = 1, .analysed = *c != '?'};
        s.kind = *c == '(' ? STATEMENT_BEGIN : *c == ')' ? STATEMENT_COMMIT : STATEMENT_PLAIN;
        s.tag = *c == 'I' || *c == 'J' ? "INSERT"
                : *c == 'C'            ? "CREATE TABLE"
                : *c == 'D'            ? "DROP TABLE"
                : *c == 'A'            ? "ALTER TABLE"
                : *c == 'L'            ? "SELECT"
                : *c == 'F'            ? "DO"
                                       : "";
        s.opaque = *c == 'F';
        s.destructive = *c == 'D';
        static struct rewriting maybe = {.maybe = true};
        s.rewriting = *c == 'A' ? &maybe : NULL;
        s.locks = *c == 'I'                ? &locks[0]
                  : *c == 'J'              ? &locks[1]
                  : *c == 'D' || *c == 'A' ? &locks[2]
                  : *c == 'L'              ? &locks[3]
                                           : NULL;
        s.n_locks = s.locks != NULL;
        v[n++] = s;
    }
    w->script.forms = v;
    w->script.n = n;
}

#define I_ "INSERT  locks table s.t RowExclusive\n"
#define J_ "INSERT  locks table s.u RowExclusive\n"

static const struct {
    const char *name, *letters;
    bool verbose;
    const char *want;
} scripts[] = {
    {"none", "", false, ""},
    {"one", "I", false, "1 " I_},
    {"two stay two", "II", false, "1 " I_ "2 " I_},
    {"three are one line", "III", false, "1-3 3 times " I_},
    {"with empty lines between", "I4I4I", false, "1-11 3 times " I_},
    {"another table ends a run", "IIIJJJ", false, "1-3 3 times " I_ "4-6 3 times " J_},
    {"nothing is hidden in between", "IJIJI", false, "1 " I_ "2 " J_ "3 " I_ "4 " J_ "5 " I_},
    {"two at the end stay two", "IIIJJ", false, "1-3 3 times " I_ "4 " J_ "5 " J_},
    {"what locks nothing", "CCCC", false, "1-4 4 times CREATE TABLE\n"},
    {"what destroys says so", "DDD", false,
     "1-3 3 times DROP TABLE, destructive  locks table s.t AccessExclusive\n"},
    {"code that is not known", "FFF", false,
     "1-3 3 times DO, holds code that is observed when it runs\n"},
    {"what was not read", "???", false, "1-3 3 times not analysed\n"},
    {"BEGIN and COMMIT around", "(III)", false, "2-4 3 times " I_},
    {"and between", "II)(I", false, "1 " I_ "2 " I_ "5 " I_},
    {"--verbose tells each", "III", true, "1 " I_ "2 " I_ "3 " I_},
};

/* The lines of PG-02's statements, without indent and the name of the file. */
static const char *statement_lines(struct arena *a, const char *text)
{
    struct buf out = {0};
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t n = strcspn(line, "\n"), blanks = strspn(line, " ");
        if (strncmp(line + blanks, "forward.sql:", 12) == 0) {
            const char *place = line + blanks + 12;
            size_t n_place = strcspn(place, " ");
            buf_add(&out, place, n_place);
            buf_putc(&out, ' ');
            place += n_place;
            place += strspn(place, " ");
            buf_add(&out, place, (size_t)(line + n - place));
            buf_putc(&out, '\n');
        }
    }
    const char *lines = arena_strdup(a, buf_str(&out));
    buf_release(&out);
    return lines;
}

static void test_statements(void)
{
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct world_of_tests w;
        struct buf out = {0};
        setup(&w, 2);
        give_statements(&w, scripts[i].letters);
        report_plan(&out, scripts[i].verbose ? &verbose : &plain, &w.plan);
        is_str(statement_lines(&w.a, buf_str(&out)), scripts[i].want, scripts[i].name);
        buf_release(&out);
        arena_release(&w.a);
    }
}

/* Steps as letters: c current, a to apply, X blocked by its files, n not for this environment, i inside a
 * generation; b blocked by the step before it, B by the first one. */
struct many {
    struct world_of_tests w;
    struct bundle bundle[MANY];
    struct reason reason[MANY];
    struct step step[MANY];
};

static struct fact fact = {.sequence = 5,
                           .subject = "M",
                           .recorded_as = "M",
                           .is_migration = true,
                           .result = "success",
                           .run_id = "R",
                           .finished_at = "T"};
static const struct history applied = {.applied = &fact, .last = &fact};

static void give_steps(struct many *m, const char *letters)
{
    setup(&m->w, 1);
    size_t n = strlen(letters);
    for (size_t i = 0; i < n; i++) {
        char c = letters[i];
        const char *id = arena_printf(&m->w.a, "M-%02zu", i + 1);
        bool waits = c == 'b' || c == 'B';
        int on = c == 'b' ? (int)i - 1 : 0;
        enum reason_code code = waits      ? REASON_UPSTREAM_BLOCKED
                                : c == 'X' ? REASON_CHECKSUM_MISMATCH
                                : c == 'a' ? REASON_NEVER_BUILT
                                : c == 'n' ? REASON_NOT_IN_ENVIRONMENT
                                : c == 'i' ? REASON_IN_GENERATION
                                           : REASON_CURRENT;
        m->bundle[i] = (struct bundle){.id = id,
                                       .store = STORE_POSTGIS,
                                       .dir = "m",
                                       .folder = "migrations/postgis",
                                       .checksum = digest_byte(1)};
        m->reason[i] =
            reason(code, waits ? arena_printf(&m->w.a, "dev/M-%02d@apply", on + 1) : "", "");
        m->reason[i].step = waits ? on : -1;
        m->step[i] = (struct step){.bundle = &m->bundle[i],
                                   .state = reason_state(code),
                                   .action = c == 'a' ? ACTION_APPLY : ACTION_NONE,
                                   .reasons = &m->reason[i],
                                   .n_reasons = 1,
                                   .order_only = true,
                                   .history = c == 'X' ? &applied : NULL,
                                   .selected = true};
    }
    m->w.plan.v = m->step;
    m->w.plan.n_steps = m->w.plan.n_migrations = n;
    count(&m->w.plan);
}

#define OWN "its content changed after it was applied"
#define WAITS "depends on a target that is blocked"
#define OF(id) " (dev/" id "@apply)\n"
#define HEAD "  action   migration  class  statements  heaviest, or why\n"
#define B_(id, why) "  blocked  " id "       -      -           " why "\n"
#define A_(id) "  apply    " id "       -      0           locks nothing that is there\n"
#define MANY_(from, to, n, on)                                                                     \
    "  blocked  " from " to " to ": " n " wait for " on " (--verbose lists them)\n"
#define IS_OWN(id) "  blocked  " id "  " OWN "\n"
#define IS_WAITING(id, on) "  blocked  " id "  " WAITS OF(on)
#define IS_NEW(id) "  apply    " id "  never built in this environment\n"

static const struct {
    const char *name, *letters;
    bool verbose;
    const char *summary, *table, *want;
} plans[] = {
    {"nothing", "", false, "dev: no migrations", "", ""},
    {"current only", "cc", false, "dev: 2 current", "", ""},
    {"one alone needs no table", "Xc", false, "dev: 1 blocked, 1 current", "", IS_OWN("M-01")},
    {"all kinds add up", "aXcnii", false,
     "dev: 1 to apply, 2 waiting, 1 blocked, 1 current, 1 not applicable",
     HEAD A_("M-01") B_("M-02", OWN), IS_NEW("M-01") IS_OWN("M-02")},
    {"two that wait", "Xbb", false, "dev: 3 blocked",
     HEAD B_("M-01", OWN) B_("M-02", WAITS) B_("M-03", WAITS),
     IS_OWN("M-01") IS_WAITING("M-02", "M-01") IS_WAITING("M-03", "M-02")},
    {"three that wait, each for the one before", "Xbbb", false, "dev: 4 blocked",
     HEAD B_("M-01", OWN) MANY_("M-02", "M-04", "3", "M-01"), IS_OWN("M-01")},
    {"all for the same", "XBBBBB", false, "dev: 6 blocked",
     HEAD B_("M-01", OWN) MANY_("M-02", "M-06", "5", "M-01"), IS_OWN("M-01")},
    {"what is current does not part them", "XbcBBb", false, "dev: 5 blocked, 1 current",
     HEAD B_("M-01", OWN) MANY_("M-02", "M-06", "4", "M-01"), IS_OWN("M-01")},
    {"what is applied does", "XBBaBB", false, "dev: 1 to apply, 5 blocked",
     HEAD B_("M-01", OWN) B_("M-02", WAITS) B_("M-03", WAITS) A_("M-04") B_("M-05", WAITS)
         B_("M-06", WAITS),
     IS_OWN("M-01") IS_WAITING("M-02", "M-01") IS_WAITING("M-03", "M-01") IS_NEW("M-04")
         IS_WAITING("M-05", "M-01") IS_WAITING("M-06", "M-01")},
    {"two that are blocked have their own", "XbbbXbbbb", false, "dev: 9 blocked",
     HEAD B_("M-01", OWN) MANY_("M-02", "M-04", "3", "M-01") B_("M-05", OWN)
         MANY_("M-06", "M-09", "4", "M-05"),
     IS_OWN("M-01") IS_OWN("M-05")},
    {"--verbose lists them", "Xbbb", true, "dev: 4 blocked",
     HEAD B_("M-01", OWN) B_("M-02", WAITS) B_("M-03", WAITS) B_("M-04", WAITS),
     IS_OWN("M-01") IS_WAITING("M-02", "M-01") IS_WAITING("M-03", "M-02")
         IS_WAITING("M-04", "M-03")},
};

static void test_waiting(void)
{
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        struct many m;
        struct buf out = {0};
        give_steps(&m, plans[i].letters);
        report_plan(&out, plans[i].verbose ? &verbose : &plain, &m.w.plan);
        const char *over = plans[i].table[0] != '\0' ? "\n" : "",
                   *gap = plans[i].want[0] != '\0' ? "\n" : "",
                   *head = arena_printf(&m.w.a, "%s\n%s%s%s%s%splan ", plans[i].summary, over,
                                        plans[i].table, gap, plans[i].want, gap);
        is_str(arena_printf(&m.w.a, "%.*s", (int)strlen(head), buf_str(&out)), head, plans[i].name);
        buf_release(&out);
        arena_release(&m.w.a);
    }
}

/* What weighs most of the statements of PG-02: letters as above, and A ALTER TABLE s.t that may write it
 * anew, L a look at s.t. */
static const struct {
    const char *letters;
    int64_t t, u; /* rows there; 0: not known */
    const char *want;
} weights[] = {
    {"C", 5, 5, "locks nothing that is there"},
    {"F", 0, 0, "holds code that is observed when it runs"},
    {"?", 0, 0, "holds code that is observed when it runs"},
    {"CI", 0, 0, "locks table s.t RowExclusive"},
    {"IJ", 10, 20000, "locks table s.u, 20 k rows, RowExclusive"},
    {"JI", 10, 20000, "locks table s.u, 20 k rows, RowExclusive"},
    {"IJ", 0, 0, "locks table s.t RowExclusive"},
    {"JJD", 10, 20000, "locks table s.t, 10 rows, AccessExclusive"},
    {"DA", 10, 20000, "may rewrite table s.t, 10 rows, AccessExclusive"},
    {"AD", 10, 20000, "may rewrite table s.t, 10 rows, AccessExclusive"},
    {"IF", 10, 0, "locks table s.t, 10 rows, RowExclusive; holds code"},
    {"FI", 10, 0, "locks table s.t, 10 rows, RowExclusive; holds code"},
    {"(L)", 10, 0, "locks nothing that is there"},
};

static void test_weights(void)
{
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        struct world_of_tests w;
        struct buf out = {0};
        struct table_size t = {weights[i].t, 0}, u = {weights[i].u, 0};
        setup(&w, 4);
        w.world.sizes = (struct table){.a = &w.a};
        if (t.rows > 0) {
            (void)table_puts(&w.world.sizes, "table s.t", &t);
        }
        if (u.rows > 0) {
            (void)table_puts(&w.world.sizes, "table s.u", &u);
        }
        give_statements(&w, weights[i].letters);
        report_plan(&out, &plain, &w.plan);
        size_t n = 0;
        for (const char *c = weights[i].letters; *c != '\0'; c++) {
            n += *c != '(' && *c != ')';
        }
        const char *row = arena_printf(&w.a, "  apply    PG-02      A      %zu           %s\n", n,
                                       weights[i].want);
        ok(strstr(buf_str(&out), row) != NULL,
           arena_printf(&w.a, "%s: %s", weights[i].letters, weights[i].want));
        buf_clear(&out);
        report_plan_markdown(&out, &w.plan);
        row = arena_printf(&w.a,
                           "| apply | PG-02 | A | %zu | %s | never built in this environment |\n",
                           n, weights[i].want);
        ok(strstr(buf_str(&out), row) != NULL, "... in Markdown");
        buf_release(&out);
        arena_release(&w.a);
    }
}

static struct finding *found(struct world_of_tests *w, struct findings *l, const char *rule,
                             enum severity severity)
{
    struct finding *f = finding_fail(&w->a, l, rule, "it is so");
    f->severity = severity;
    f->path = "migrations/postgis/PG-02/forward.sql";
    f->line = 3;
    f->col = 1;
    f->subject = "s.t";
    f->hint = "write it otherwise";
    return f;
}

/* Text, a column a line, and Markdown of what the linter says. */
static void lint_is_told(struct world_of_tests *w, const char *text, const char *row,
                         const char *name)
{
    struct buf out = {0};
    report_plan(&out, &plain, &w->plan);
    bool good = strstr(buf_str(&out), text) != NULL;
    buf_clear(&out);
    report_plan_markdown(&out, &w->plan);
    good = good && strstr(buf_str(&out), row) != NULL;
    ok(good, name);
    buf_release(&out);
}

static void test_lint(void)
{
    struct world_of_tests w;
    struct findings l = {0};
    struct table_size size = {20000, 0};
    setup(&w, 2);
    give_statements(&w, "I");
    w.world.linted = (struct table){.a = &w.a};
    (void)table_puts(&w.world.linted, "PG-02", &l);
    (void)found(&w, &l, "index-blocks-writes", SEVERITY_WARNING);
    lint_is_told(
        &w, "warning: index-blocks-writes: it is so\n",
        "| warning | migrations/postgis/PG-02/forward.sql:3:1 | index-blocks-writes | it is so | "
        "write it otherwise |",
        "what the linter says, where nobody knows how large the table is");
    w.world.sizes = (struct table){.a = &w.a};
    (void)table_puts(&w.world.sizes, "table s.t", &size);
    lint_is_told(&w, "warning: index-blocks-writes: it is so (20 k rows)\n",
                 "| it is so (20 k rows) |", "... and where it is");
    size = (struct table_size){100, 9 << 20};
    lint_is_told(&w, "it is so (100 rows, 9.0 MiB)\n", "| it is so (100 rows, 9.0 MiB) |",
                 "few rows that are large");
    size.bytes = 8192;
    (void)found(&w, &l, "grant-to-public", SEVERITY_WARNING);
    found(&w, &l, "drop-table", SEVERITY_ERROR)->waived_by = "empty";
    lint_is_told(&w, "warning: grant-to-public: it is so\n",
                 "|---|---|---|---|---|\n| warning | migrations/postgis/PG-02/forward.sql:3:1 | "
                 "grant-to-public |",
                 "of a small table it is a note, and what its size does not decide is not");
    struct buf out = {0};
    report_plan(&out, &verbose, &w.plan);
    ok(strstr(buf_str(&out), "note: index-blocks-writes: it is so (100 rows)") != NULL &&
           strstr(buf_str(&out), "error: drop-table: it is so; let through: empty") != NULL,
       "notes and what is let through, where all is asked for");
    buf_clear(&out);
    report_json(&out, report_plan_doc(&w.a, &w.plan));
    ok(strstr(buf_str(&out),
              "{\"instead\":\"write it otherwise\",\"message\":\"it is so (100 rows)\","
              "\"rule\":\"index-blocks-writes\",\"severity\":\"note\",\"subject\":\"s.t\","
              "\"waived_by\":null,") != NULL,
       "... and as JSON");
    buf_release(&out);
    arena_release(&w.a);
}

/* Markdown folds what text does. */
static void test_markdown_runs(void)
{
    struct many m;
    struct world_of_tests w;
    struct buf out = {0};
    struct table_size size = {12000, 0};
    give_steps(&m, "XbbbXb");
    report_plan_markdown(&out, &m.w.plan);
    ok(strstr(buf_str(&out),
              "| blocked | M-01 | - | - |  | " OWN " |\n"
              "| blocked | M-02 to M-04 | - | - |  | 3 wait for M-01 |\n"
              "| blocked | M-05 | - | - |  | " OWN " |\n"
              "| blocked | M-06 | - | - |  | " WAITS " (dev/M-05@apply) |\n\nplan ") != NULL,
       "those that wait, in one row");
    arena_release(&m.w.a);
    buf_clear(&out);
    setup(&w, 2);
    w.world.sizes = (struct table){.a = &w.a};
    (void)table_puts(&w.world.sizes, "table s.t", &size);
    give_statements(&w, "(IIIDI)");
    report_plan_markdown(&out, &w.plan);
    ok(strstr(buf_str(&out), "\n<details><summary>5 statements</summary>\n\n| statement | does | "
                             "locks |\n|---|---|---|\n"
                             "| migrations/postgis/PG-02/forward.sql:2-4 | 3 times INSERT | locks "
                             "table s.t, 12 k rows, RowExclusive |\n"
                             "| migrations/postgis/PG-02/forward.sql:5 | DROP TABLE, destructive | "
                             "locks table s.t, 12 k rows, AccessExclusive |\n"
                             "| migrations/postgis/PG-02/forward.sql:6 | INSERT | locks table s.t, "
                             "12 k rows, RowExclusive |\n"
                             "\n</details>\n\nplan ") != NULL,
       "statements that read the same, with sizes");
    buf_release(&out);
    arena_release(&w.a);
}

/* The figures of the first line of plan and status are those of all selected steps. */
static void test_sums(void)
{
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        struct many m;
        struct buf out = {0};
        size_t sum = 0;
        give_steps(&m, plans[i].letters);
        report_status(&out, &plain, &m.w.plan);
        char *p = arena_strdup(&m.w.a, buf_str(&out));
        for (*strchr(p, '\n') = '\0'; *(p += strcspn(p, "0123456789")) != '\0';) {
            sum += strtoul(p, &p, 10);
        }
        is_int((long long)sum, (long long)strlen(plans[i].letters), plans[i].name);
        buf_release(&out);
        arena_release(&m.w.a);
    }
}

static const struct {
    int64_t n;
    const char *want;
} sizes[] = {
    {1, "1 row"},
    {2, "2 rows"},
    {9999, "9999 rows"},
    {10000, "10 k rows"},
    {10499, "10 k rows"},
    {10500, "11 k rows"},
    {999499, "999 k rows"},
    {999500, "1.0 M rows"},
    {1000000, "1.0 M rows"},
    {1049999, "1.0 M rows"},
    {1050000, "1.1 M rows"},
    {999499999, "999.5 M rows"},
    {999500000, "1.0 G rows"},
    {INT64_MAX / 4, "2305843009.2 G rows"},
};

static void test_sizes(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct world_of_tests w;
        struct buf out = {0};
        struct table_size n = {sizes[i].n, 0};
        setup(&w, 2);
        w.world.sizes = (struct table){.a = &w.a};
        (void)table_puts(&w.world.sizes, "table s.t", &n);
        give_statements(&w, "J4D");
        report_plan(&out, &plain, &w.plan);
        is_str(statement_lines(&w.a, buf_str(&out)),
               arena_printf(&w.a,
                            "1 " J_
                            "6 DROP TABLE, destructive  locks table s.t, %s, AccessExclusive\n",
                            sizes[i].want),
               sizes[i].want);
        buf_release(&out);
        arena_release(&w.a);
    }
}

static void test_rewrites(void)
{
    struct world_of_tests w;
    struct buf out = {0};
    struct table_size n = {1000000, 25 * (1 << 20)};
    struct table_lock locks[] = {{{OBJ_TABLE, "shop", "orders", NULL}, 8},
                                 {{OBJ_TABLE, "s", "u", NULL}, 6}};
    struct rewriting surely = {.surely = true};
    struct statement alter = {.tag = "ALTER TABLE",
                              .line = 1,
                              .col = 1,
                              .analysed = true,
                              .rewriting = &surely,
                              .locks = locks,
                              .n_locks = 2};
    setup(&w, 2);
    w.script.forms = &alter;
    w.script.n = 1;
    report_plan(&out, &plain, &w.plan);
    is_str(statement_lines(&w.a, buf_str(&out)),
           "1 ALTER TABLE  may rewrite table shop.orders AccessExclusive; locks table s.u "
           "ShareRowExclusive\n",
           "what is written anew");
    buf_clear(&out);
    w.world.sizes = (struct table){.a = &w.a};
    (void)table_puts(&w.world.sizes, "table shop.orders", &n);
    report_plan(&out, &plain, &w.plan);
    is_str(statement_lines(&w.a, buf_str(&out)),
           "1 ALTER TABLE  may rewrite table shop.orders, 1.0 M rows, 25.0 MiB, AccessExclusive; "
           "locks table s.u ShareRowExclusive\n",
           "... and how large it is");
    buf_clear(&out);
    report_json(&out, report_plan_doc(&w.a, &w.plan));
    ok(strstr(buf_str(&out), "\"rewrites\":\"maybe\"") != NULL, "... as JSON: maybe");
    ok(strstr(buf_str(&out), "{\"bytes\":26214400,\"level\":\"AccessExclusive\",\"object\":\"table "
                             "shop.orders\",\"rows\":1000000},{\"level\":\"ShareRowExclusive\","
                             "\"object\":\"table s.u\"}") != NULL,
       "as JSON");
    enum rewrite_verdict answer = REWRITE_SURELY;
    w.world.rewrites = (struct table){.a = &w.a};
    (void)table_put(&w.world.rewrites, rewriting_key(&alter), &answer);
    buf_clear(&out);
    report_plan(&out, &plain, &w.plan);
    is_str(statement_lines(&w.a, buf_str(&out)),
           "1 ALTER TABLE  rewrites table shop.orders, 1.0 M rows, 25.0 MiB, AccessExclusive; "
           "locks table "
           "s.u ShareRowExclusive\n",
           "what the database says is certain");
    buf_clear(&out);
    report_json(&out, report_plan_doc(&w.a, &w.plan));
    ok(strstr(buf_str(&out), "\"rewrites\":\"yes\"") != NULL, "... as JSON");
    answer = REWRITE_NEVER;
    buf_clear(&out);
    report_plan(&out, &plain, &w.plan);
    is_str(statement_lines(&w.a, buf_str(&out)),
           "1 ALTER TABLE  locks table shop.orders, 1.0 M rows, 25.0 MiB, AccessExclusive; locks "
           "table "
           "s.u ShareRowExclusive\n",
           "... or that it is not so");
    buf_clear(&out);
    report_json(&out, report_plan_doc(&w.a, &w.plan));
    ok(strstr(buf_str(&out), "\"rewrites\":\"no\"") != NULL, "... as JSON");
    buf_release(&out);
    arena_release(&w.a);
}

int main(void)
{
    tap_plan(sizeof scripts / sizeof scripts[0] + 2 * (sizeof plans / sizeof plans[0]) +
             2 * (sizeof weights / sizeof weights[0]) + sizeof sizes / sizeof sizes[0] + 16);
    test_statements();
    test_waiting();
    test_weights();
    test_lint();
    test_markdown_runs();
    test_sums();
    test_sizes();
    test_rewrites();
    return tap_done();
}
