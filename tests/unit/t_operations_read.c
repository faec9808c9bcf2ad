/* layer: load */
/* What an environment declares of windows, freezes, thresholds, probes, backups and policies: what is read of it, and each fault with its place. */
#include "tap.h"

#include "model/operations.h"
#include "project.h"

#define PATH "registry/environments.v1.yml"
#define HEAD "environments:\n  dev:\n    stores: {postgis: {dsn_ref: T_DEV}}\n"
/* What is declared stands in line 4. */
#define AT(col, text) PATH ":4:" col " environment \"dev\": " text "\n"
#define NO_FILE(col, name) PATH ":4:" col " there is no file " name "\n"

/* clang-format off */
static const struct {
    const char *name, *text, *faults;
} cases[] = {
    {"windows of all forms", "windows: [{from: \"02:00\", to: \"06:00\"}, {days: \"fri-mon,wed\", from: \"22:00\", to: \"04:00\", zone: UTC}]", ""},
    {"a day that is none", "windows: [{days: sat-sum, from: \"02:00\", to: \"06:00\"}]", AT("22", "\"sat-sum\" are no days")},
    {"a day too much", "windows: [{days: \"sat,\", from: \"02:00\", to: \"06:00\"}]", AT("22", "\"sat,\" are no days")},
    {"words behind a day", "windows: [{days: saturday, from: \"02:00\", to: \"06:00\"}]", AT("22", "\"saturday\" are no days")},
    {"a window without length", "windows: [{from: \"02:00\", to: \"02:00\"}]", AT("35", "the window begins and ends at 02:00")},
    {"a freeze of one day", "freeze: [{from: 2026-12-20, to: 2026-12-20}]", ""},
    {"the last of February of leap years", "freeze: [{from: 2028-02-29, to: 2400-02-29}]", ""},
    {"... and of others", "freeze: [{from: 2026-02-29, to: 2100-02-29}]", AT("21", "there is no day 2026-02-29") AT("37", "there is no day 2100-02-29")},
    {"a day, a month that is none", "freeze: [{from: 2026-04-31, to: 2026-13-01}]", AT("21", "there is no day 2026-04-31") AT("37", "there is no day 2026-13-01")},
    {"day and month nought", "freeze: [{from: 2026-00-10, to: 2026-01-00}]", AT("21", "there is no day 2026-00-10") AT("37", "there is no day 2026-01-00")},
    {"a freeze that ends first", "freeze: [{from: 2026-12-20, to: 2026-12-19}]", AT("37", "the freeze ends before it begins")},
    {"thresholds", "thresholds: {long_transaction: 5s, retained_wal: 2GB, dead_rows: 30%}", ""},
    {"a threshold that is too large", "thresholds: {retained_wal: 999999999TB}", AT("32", "\"999999999TB\" is no value of retained_wal")},
    {"a threshold that nobody knows", "thresholds: {luck: 5s}", PATH ":4:18 unknown key \"luck\" in \"environments.dev.thresholds\"\n"},
    {"probes that are not there", "probes: [{command: p.sh, at_most: 3}]", NO_FILE("14", "p.sh")},
    {"a probe elsewhere", "probes: [{command: ../p.sh, at_most: 3}]", AT("24", "\"../p.sh\" has \"..\" in it")},
    {"a probe without bounds", "probes: [{command: there.sh}]", AT("14", "nobody says which figures of there.sh are good")},
    {"bounds that are numbers", "probes: [{command: there.sh, at_most: 1e3, at_least: -0.5}]", ""},
    {"a bound that is too large", "probes: [{command: there.sh, at_most: 1e999}]", AT("43", "\"1e999\" is no number")},
    {"queries that are not there", "queries: [{sql: q.sql, expect: 3 rows}]\n    policy_probes: [{role: r, sql: p.sql, expect: denied}]", NO_FILE("15", "q.sql") PATH ":5:21 there is no file p.sql\n"},
    {"smoke that is not there", "smoke: [there.sh, s.sh]", PATH ":2:3 there is no file s.sh\n"},
    {"a backup", "backup: pg_dump", ""},
    {"a backup with figures", "backup: {jobs: 2, keep: 1}", ""},
    {"a backup's command", "backup: {command: there.sh, max_age: 3h}", ""},
    {"... that is not there", "backup: {command: b.sh}", NO_FILE("13", "b.sh")},
    {"an age of what pg_dump makes", "backup: {max_age: 3h}", AT("23", "max_age is for a command's backups")},
    {"figures for a command", "backup: {command: there.sh, jobs: 2}", AT("13", "jobs and keep are for pg_dump")},
    {"... and another", "backup: {command: there.sh, keep: 2}", AT("13", "jobs and keep are for pg_dump")},
    {"policies", "policy: [{id: a, forbid: [drop table, truncate], classes: [A, B], why: rows stay}, {id: b, warn: [write], rows_over: 10}, {id: c, require: [rollback, reference]}]", ""},
    {"a deed that is none", "policy: [{id: a, forbid: [drop table, read]}]", AT("43", "policy \"a\": \"read\" is nothing that can be forbidden or warned of")},
    {"... of a warning", "policy: [{id: a, warn: [luck]}]", AT("29", "policy \"a\": \"luck\" is nothing that can be forbidden or warned of")},
    {"a need that is none", "policy: [{id: a, require: [luck]}]", PATH ":4:32 \"environments.dev.policy[0].require[0]\": the text \"luck\" is not allowed\n"},
    {"a window that the environment has not", "policy: [{id: a, require: [window]}]", AT("32", "policy \"a\" requires a window, and the environment has none")},
    {"a window that it has", "policy: [{id: a, require: [window]}]\n    windows: [{from: \"02:00\", to: \"06:00\"}]", ""},
    {"a rule that does nothing", "policy: [{id: a, classes: [A]}]", AT("14", "policy \"a\" has none of forbid, require and warn")},
    {"a rule that does two things", "policy: [{id: a, forbid: [drop], warn: [write]}]", AT("14", "policy \"a\" has several of forbid, require and warn")},
    {"rows of what is required", "policy: [{id: a, require: [rollback], rows_over: 3}]", AT("14", "policy \"a\": rows_over is for what is forbidden or warned of")},
    {"an id twice", "policy: [{id: a, forbid: [drop]}, {id: a, warn: [write]}]", AT("39", "two policies have the id \"a\"")},
    {"a warning of what is forbidden", "policy: [{id: a, forbid: [drop]}, {id: b, warn: [drop table]}]", AT("39", "policy \"a\" forbids all that is warned of by \"b\"")},
    {"... in the other order", "policy: [{id: b, warn: [drop table]}, {id: a, forbid: [drop]}]", AT("43", "policy \"a\" forbids all that is warned of by \"b\"")},
    {"a need of what never runs", "policy: [{id: a, forbid: [any]}, {id: b, require: [rollback]}]", AT("38", "policy \"a\" forbids everything of which something is required by \"b\"")},
    {"for other classes both are meant", "policy: [{id: a, forbid: [drop], classes: [A]}, {id: b, warn: [drop], classes: [B]}]", ""},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static void begin(const char *text)
{
    char all[2000];
    project_start();
    project_put("there.sh", "");
    project_put("there.sql", "");
    (void)snprintf(all, sizeof all, HEAD "    %s\ndefault_environment: dev\n", text);
    project_put(PATH, all);
}

static void check(size_t i)
{
    struct loaded l;
    struct buf text = {0};
    bool hints = true;
    begin(cases[i].text);
    project_load(&l, false);
    project_words(&l.p.faults, &text);
    is_str(buf_str(&text), cases[i].faults, cases[i].name);
    for (size_t k = 0; k < l.p.faults.n; k++) {
        hints = hints &&
                (l.p.faults.v[k].hint[0] != '\0' || strstr(l.p.faults.v[k].msg, "no file") != NULL);
    }
    ok(hints, "and each says what to do");
    buf_release(&text);
    project_unload(&l);
}

/* "days from-to zone;" of each window, "from-to zone reason;" of each freeze. */
static const char *times(struct arena *a, const struct operations *o)
{
    const char *text = "";
    for (size_t i = 0; i < o->n_windows; i++) {
        const struct window *w = &o->windows[i];
        text =
            arena_printf(a, "%s%x %d-%d %s (%s);", text, w->days, w->from, w->to, w->zone, w->text);
    }
    for (size_t i = 0; i < o->n_freezes; i++) {
        const struct freeze *f = &o->freezes[i];
        text = arena_printf(a, "%s%d-%d %s %s (%s);", text, f->from, f->to, f->zone, f->reason,
                            f->text);
    }
    return text;
}

static void test_times(void)
{
    struct loaded l;
    begin("windows: [{from: \"02:05\", to: \"24:00\"}, {days: \"fri-sun,wed\", from: \"22:00\", "
          "to: \"04:10\", zone: UTC}]\n"
          "    freeze: [{from: 2026-12-20, to: 2027-01-03, reason: year end}]");
    project_load(&l, false);
    is_str(times(&l.a, l.p.env[0].operations),
           "7f 125-1440 UTC (daily 02:05 to 24:00 UTC);69 1320-250 UTC (fri-sun,wed 22:00 to 04:10 "
           "UTC);"
           "20261220-20270103 UTC year end (2026-12-20 to 2027-01-03);",
           "windows and freezes");
    project_unload(&l);
}

static void test_figures(void)
{
    struct loaded l;
    begin("thresholds: {long_transaction: 5s, dead_rows: 30%}\n"
          "    probes: [{command: there.sh, at_most: 0.5}, {command: there.sh, at_least: 3}]\n"
          "    policy_probes: [{role: r, sql: there.sql, expect: denied}]\n"
          "    queries: [{sql: there.sql, expect: 105 rows}]\n"
          "    smoke: [there.sh]\n    checklist: [on call]");
    project_load(&l, false);
    const struct operations *o = l.p.env[0].operations;
    ok(o->threshold[THRESHOLD_LONG_TRANSACTION] == 5000 && o->is_set[THRESHOLD_LONG_TRANSACTION] &&
           o->threshold[THRESHOLD_DEAD_ROWS] == 30,
       "thresholds as declared");
    ok(o->threshold[THRESHOLD_LOCK_WAIT] == 1000 && !o->is_set[THRESHOLD_LOCK_WAIT],
       "and as preset");
    ok(o->n_probes == 2 && o->probes[0].has_most && !o->probes[0].has_least &&
           o->probes[0].at_most > 0.49 && o->probes[0].at_most < 0.51 && !o->probes[1].has_most &&
           o->probes[1].has_least && o->probes[1].at_least > 2.9 && o->probes[1].at_least < 3.1,
       "bounds of probes, whole and not");
    ok(o->n_policies == 1 && o->policies[0].denied && strcmp(o->policies[0].role, "r") == 0,
       "what is denied");
    ok(o->n_queries == 1 && !o->queries[0].denied && o->queries[0].rows == 105 &&
           o->queries[0].role == NULL,
       "how many rows there are");
    ok(o->smoke.n == 1 && strcmp(o->smoke.v[0], "there.sh") == 0 && o->checklist.n == 1 &&
           strcmp(o->checklist.v[0], "on call") == 0,
       "commands, and what a person confirms");
    ok(!o->backup.is_wanted, "nothing is backed up unasked");
    project_unload(&l);
}

/* "command jobs keep age" */
static void backs_up(const char *declared, const char *want, const char *name)
{
    struct loaded l;
    begin(declared);
    project_load(&l, false);
    const struct backup_rule *b = &l.p.env[0].operations->backup;
    is_str(arena_printf(&l.a, "%d %s %d %d %lld", b->is_wanted,
                        b->command != NULL ? b->command : "pg_dump", b->jobs, b->keep,
                        (long long)b->max_age_ms),
           want, name);
    project_unload(&l);
}

/* "id effect:deeds needs classes rows why;" of each. */
static const char *rules(struct arena *a, const struct policy *p)
{
    const char *text = "";
    for (size_t i = 0; i < p->n; i++) {
        const struct policy_rule *r = &p->v[i];
        text = arena_printf(a, "%s%s %s:%zu %x \"%s\" %lld %s;", text, r->id,
                            policy_effect_text(r->effect), r->n_deeds, r->needs, r->classes,
                            (long long)r->rows_over, r->why);
    }
    return text;
}

static void test_policy(void)
{
    struct loaded l;
    begin("policy: [{id: a, forbid: [drop table, truncate], classes: [A, C], why: rows stay}, {id: "
          "b, warn: [write], "
          "rows_over: 10}, {id: c, require: [rollback, reference]}]");
    project_load(&l, false);
    const struct policy *p = &l.p.env[0].operations->policy;
    is_str(rules(&l.a, p),
           "a forbid:2 0 \"AC\" -1 rows stay;b warn:1 0 \"\" 10 ;c require:0 6 \"\" -1 ;",
           "what each rule says");
    ok(p->v[0].deeds[0].effect == EFFECT_DROP && p->v[0].deeds[0].kind == OBJ_TABLE &&
           p->v[0].deeds[1].effect == EFFECT_TRUNCATE && p->v[0].deeds[1].kind == OBJ_COUNT,
       "of deeds in their order");
    project_unload(&l);
    begin("kind: prod");
    project_load(&l, false);
    ok(l.p.env[0].operations == NULL && operations_of(&l.p.env[0])->policy.n == 0,
       "an environment that declares nothing of it");
    project_unload(&l);
}

int main(void)
{
    tap_plan(2 * N + 1 + 7 + 3 + 3);
    for (size_t i = 0; i < N; i++) {
        check(i);
    }
    test_times();
    test_figures();
    backs_up("backup: pg_dump", "1 pg_dump 4 3 86400000", "pg_dump, as preset");
    backs_up("backup: {jobs: 2, keep: 1}", "1 pg_dump 2 1 86400000", "... with figures");
    backs_up("backup: {command: there.sh, max_age: 3h}", "1 there.sh 4 3 10800000", "a command");
    test_policy();
    project_remove();
    return tap_done();
}
