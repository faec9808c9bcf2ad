/* layer: site scripted */
/* Repeatable definitions of a site, line by line: what changed since they were built, when the ledger is asked for it and whose changes
 * count; and the values that texts are filled with, those that they have and those that they had. */
#include "model/definition.h"
#include "model/variables.h"
#include "scripted_site.h"

static struct setting t;

#define HOME "migrations/postgis/repeatable/"
#define ONE "1111111111111111111111111111111111111111111111111111111111111111"
#define CHANGES(after, upto) "@ledger_read_changes(" after ", " upto ") -> "
#define CUT "was lost"

/* v stands on app.w and top on v; trig puts a trigger on app.w. */
static void put_definitions(void)
{
    project_put(HOME "v.sql", "CREATE OR REPLACE VIEW app.v AS SELECT 1 FROM app.w;\n");
    project_put(HOME "top.sql", "CREATE OR REPLACE VIEW app.top AS SELECT 1 FROM app.v;\n");
    project_put(HOME "trig.sql",
                "CREATE OR REPLACE FUNCTION app.g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RETURN NEW; END $$;\n"
                "DROP TRIGGER IF EXISTS g ON app.w;\nCREATE TRIGGER g BEFORE INSERT ON app.w "
                "FOR EACH ROW EXECUTE FUNCTION app.g();\n");
}

/* With the checksum that it has now, if it is here. */
static void record_as(enum entry_kind kind, const char *subject, const char *result,
                      const char *receipt)
{
    const struct bundle *b = table_gets(&t.l.p.by_id, subject);
    kept_put(&t.keeper.is,
             (struct entry){.kind = kind,
                            .subject = subject,
                            .result = result,
                            .checksum = b != NULL ? b->checksum : (struct digest){{0}},
                            .receipt = digest_of(bytes_str(receipt))});
}

static void record(enum entry_kind kind, const char *subject)
{
    record_as(kind, subject, "success", subject);
}

static void built(void)
{
    record(ENTRY_DEFINE, "v");
}

static void built_and_migrated(void)
{
    built();
    record(ENTRY_APPLY, "M-1");
}

static void built_and_failed(void)
{
    built();
    record_as(ENTRY_APPLY, "M-1", "failed", "M-1");
}

static void built_and_backed_up(void)
{
    built();
    record(ENTRY_BACKUP, "database");
}

static void upon_is_older(void)
{
    record(ENTRY_DEFINE, "top");
    built();
}

static void upon_is_newer(void)
{
    built();
    record(ENTRY_DEFINE, "top");
    record(ENTRY_DEFINE, "trig");
}

static void pruned(void)
{
    built();
    record(ENTRY_PRUNE, "old");
}

/* Entry 4 is of a definition that is gone, 5 of one with a trigger on app.w, 6 of one whose id is now a migration's, 7 a migration. */
static void everything(void)
{
    pruned();
    record(ENTRY_DEFINE, "trig");
    record(ENTRY_DEFINE, "M-1");
    record(ENTRY_APPLY, "M-1");
}

/* clang-format off */
static const struct {
    const char *name;
    void (*with)(void);
    const char *lines;
    enum err_code code;
    const char *words; /* the decisive reason of each definition, then what was written and by what */
} changes[] = {
    {"no definition was built: nothing is asked", NULL, "", ERR_NONE, "trig never_built, v never_built, top never_built;"},
    {"nothing is behind the oldest of them", built, "", ERR_NONE, "trig never_built, v current, top never_built;"},
    {"a migration behind it changed what it stands on", built_and_migrated, CHANGES("3", "4") "rows table app.w | 4 | " ONE "\n", ERR_NONE,
     "trig never_built, v need_changed, top never_built; relation app.w by M-1 in 4"},
    {"a migration behind it changed something else", built_and_migrated, CHANGES("3", "4") "rows table app.u | 4 | NULL\n", ERR_NONE,
     "trig never_built, v current, top never_built; relation app.u by M-1 in 4"},
    {"a migration that failed changed nothing", built_and_failed, "", ERR_NONE, "trig never_built, v current, top never_built;"},
    {"a backup changes no object", built_and_backed_up, "", ERR_NONE, "trig never_built, v current, top never_built;"},
    {"what one stands on was made anew behind it", upon_is_older, CHANGES("3", "4") "rows view app.v | 4 | " ONE "\n", ERR_NONE,
     "trig never_built, v current, top need_changed; relation app.v by v in 4"},
    {"what stands on one, and what stands beside it, changed nothing below it", upon_is_newer, "", ERR_NONE, "trig current, v current, top current;"},
    {"a definition that is gone wakes nobody", pruned, "", ERR_NONE, "trig never_built, v current, top never_built;"},
    {"of what definitions changed only what they make counts", everything,
     CHANGES("3", "7") "rows table app.w | 4 | " ONE " ; table app.w | 5 | " ONE " ; function app.g() | 5 | " ONE " ; table app.w | 6 | " ONE " ; nonsense | 7 | " ONE
     " ; table app.w | 9 | " ONE " ; table app.w | 0 | " ONE "\n", ERR_NONE,
     "trig current, v current, top never_built; function app.g by trig in 5"},
    {"the newest change of an object is what is told", everything, CHANGES("3", "7") "rows function app.g() | 5 | " ONE " ; function app.g() | 7 | " ONE "\n", ERR_NONE,
     "trig need_changed, v current, top never_built; function app.g by M-1 in 7"},
    {"the changes are cut", built_and_migrated, CHANGES("3", "4") "cut\n", ERR_PREFLIGHT, CUT},
};
/* clang-format on */

static void describe_changes(char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < t.s.plan.n_steps; i++) {
        const struct step *s = &t.s.plan.v[i];
        if (s->bundle != NULL && bundle_is_repeatable(s->bundle) && !s->bundle->is_absent) {
            n += (size_t)snprintf(out + n, size - n, "%s%s %s", n > 0 ? ", " : "", s->bundle->id,
                                  reason_text(s->reasons[0].code));
        }
    }
    n += (size_t)snprintf(out + n, size - n, ";");
    for (size_t i = 0; i < t.s.world.written.n; i++) {
        const struct rewritten *x = t.s.world.written.rows[i].value;
        n += (size_t)snprintf(out + n, size - n, " %s by %s in %lld",
                              t.s.world.written.rows[i].key.p, x->by, (long long)x->sequence);
    }
}

static void play_changes(size_t i)
{
    setting_project("");
    put_definitions();
    setting_open(&t, "dev", LEDGER_UUID, 2);
    if (changes[i].with != NULL) {
        changes[i].with();
    }
    setting_play(
        &t, arena_printf(t.s.a, "connect -> ok\n" IDENTIFY ENTRIES LOOKED "%s", changes[i].lines));
    setting_planned(&t, describe_changes, changes[i].code, changes[i].words, changes[i].name);
}

/* --- values ------------------------------------------------------------------------------------------- */

#define FILLED "-- kfmig:variables T\nCREATE OR REPLACE VIEW app.v AS SELECT 1 FROM app.${T};\n"
#define RECEIPT "@ledger_read_receipts -> receipt\n"

static char receipt[256];

/* v was built, and its receipt says so of its variables. */
static void built_with(const char *claim)
{
    (void)snprintf(receipt, sizeof receipt, "{\"claim\":{%s}}", claim);
    record_as(ENTRY_DEFINE, "v", "success", receipt);
}

static void built_with_value_of(const char *value)
{
    char text[DIGEST_TEXT];
    char claim[128];
    struct digest d = digest_of(bytes_str(value));
    (void)snprintf(claim, sizeof claim, "\"variables\":{\"T\":\"%s\"}", digest_text(&d, text));
    built_with(claim);
}

static void with_wells(void)
{
    built_with_value_of("wells");
}

static void with_springs(void)
{
    built_with_value_of("springs");
}

static void without_variables(void)
{
    built_with("");
}

static void with_another_receipt(void)
{
    with_wells();
    (void)snprintf(receipt, sizeof receipt, "{\"claim\":{}}");
}

static void failed_only(void)
{
    record_as(ENTRY_DEFINE, "v", "failed", "v");
}

static void changed_file(void)
{
    project_put(HOME "v.sql", "-- kfmig:variables T\nCREATE OR REPLACE VIEW app.v AS SELECT 2;\n");
}

static const char *hear(void *ctx, int session, const char *text, int n, const char *const *params,
                        const char *answer)
{
    static char row[sizeof receipt + 32];
    if (strcmp(answer, "receipt") == 0) {
        (void)snprintf(row, sizeof row, "rows 3 | run-3 | %s", receipt);
        return row;
    }
    return keeper_hears(ctx, session, text, n, params, answer);
}

/* clang-format off */
static const struct {
    const char *name, *text, *variables; /* of v, of the environment */
    void (*with)(void);
    const char *lines;
    enum err_code code;
    const char *words; /* v's decisive reason, what it stands on, what is wrong with its text */
} values[] = {
    {"what a text stands on is read with its values", FILLED, "{T: wells}", NULL, "", ERR_NONE, "never_built, needs relation app.wells"},
    {"a text without a value is as it was read", FILLED, NULL, NULL, "", ERR_NONE, "script_fault, needs relation app.t, ${T} has no value in environment \"dev\""},
    {"a text that is at fault before it is filled stays so", "-- kfmig:variables T\nCREATE OR REPLACE VIEW app.v AS SELECT '${B}' FROM app.${T};\n", "{T: wells}", NULL, "", ERR_NONE,
     "script_fault, needs relation app.t, ${B} is not declared"},
    {"a value that makes no SQL of it", "-- kfmig:variables T\nCREATE OR REPLACE FUNCTION app.f() RETURNS int LANGUAGE sql AS $a${T}$ SELECT g FROM app.t $at$;\n", "{T: wells}", NULL, "", ERR_NONE,
     "script_fault, needs relation app.t, unterminated dollar-quoted string"},
    {"no SQL at all", "-- kfmig:variables T\nCREATE OR REPLACE VIEW app.v AS SELECT 1 FROM app.${T};\n", "{T: '1 2'}", NULL, "", ERR_NONE, "never_built, needs"},
    {"its file changed while it ran", FILLED, "{T: wells}", changed_file, "", ERR_PREFLIGHT, "changed while"},
    {"the value that it was built with", FILLED, "{T: wells}", with_wells, RECEIPT, ERR_NONE, "current, needs relation app.wells"},
    {"another value", FILLED, "{T: wells}", with_springs, RECEIPT, ERR_NONE, "value_changed, needs relation app.wells"},
    {"it was built before it had variables", FILLED, "{T: wells}", without_variables, RECEIPT, ERR_NONE, "current, needs relation app.wells"},
    {"its receipt was altered", FILLED, "{T: wells}", with_another_receipt, RECEIPT, ERR_NONE, "current, needs relation app.wells"},
    {"it only failed", FILLED, "{T: wells}", failed_only, "", ERR_NONE, "never_built, needs relation app.wells"},
    {"its receipt is cut", FILLED, "{T: wells}", with_wells, "@ledger_read_receipts -> cut\n", ERR_PREFLIGHT, CUT},
};
/* clang-format on */

static void describe_value(char *out, size_t size)
{
    const struct bundle *b = table_gets(&t.l.p.by_id, "v");
    size_t n = 0;
    for (size_t i = 0; i < t.s.plan.n_steps; i++) {
        const struct step *s = &t.s.plan.v[i];
        if (s->bundle == b) {
            n = (size_t)snprintf(out, size, "%s, needs", reason_text(s->reasons[0].code));
        }
    }
    for (size_t i = 0; i < b->definition->needs.n; i++) {
        n += (size_t)snprintf(out + n, size - n, " %s", b->definition->needs.v[i]);
    }
    for (size_t i = 0; i < b->n_faults; i++) {
        n += (size_t)snprintf(out + n, size - n, ", %s", b->faults[i].msg);
    }
}

static void play_values(size_t i)
{
    char environments[512];
    setting_project("");
    project_put(HOME "v.sql", values[i].text);
    (void)snprintf(
        environments, sizeof environments,
        "environments:\n  dev: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}}%s%s}\n"
        "default_environment: dev\n",
        values[i].variables != NULL ? ", variables: " : "",
        values[i].variables != NULL ? values[i].variables : "");
    project_put("registry/environments.v1.yml", environments);
    setting_open(&t, "dev", LEDGER_UUID, 2);
    if (values[i].with != NULL) {
        values[i].with();
    }
    setting_play(
        &t, arena_printf(t.s.a, "connect -> ok\n" IDENTIFY ENTRIES LOOKED "%s", values[i].lines));
    pq_model(hear, &t.keeper);
    setting_planned(&t, describe_value, values[i].code, values[i].words, values[i].name);
}

enum { N_CHANGES = sizeof changes / sizeof *changes, N_VALUES = sizeof values / sizeof *values };

static void play(size_t i)
{
    if (i < N_CHANGES) {
        play_changes(i);
    } else {
        play_values(i - N_CHANGES);
    }
}

int main(void)
{
    return setting_each(N_CHANGES + N_VALUES, play);
}
