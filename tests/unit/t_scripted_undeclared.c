/* layer: site scripted */
/* Projections that the ledger knows and the project does not declare, line by line: whose schema is known from where, which migrations count
 * to them, what is hidden of the catalogs, what every step says then. */
#include "scripted_site.h"

static struct setting t;
static char receipt[256];

#define WHO "connect -> ok\n" IDENTIFY ENTRIES
#define FOUND "@ledger_generation_found -> rows t\n"
#define LIST(rows) FOUND "@ledger_generation_list -> rows " rows "\n"
#define D "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define PART(id) "{\"digest\":\"sha256:" D "\",\"id\":\"" id "\",\"part\":\"migration\"}"
#define ROW(projection, number, state, facts)                                                      \
    projection " | " number " | " state " | " D " | NULL | " facts " | " MOMENT
#define NEW(schema, parts) "{\"parts\":[" parts "],\"schema\":\"" schema "\"}"
#define OLD(parts) "{\"parts\":[" parts "]}"
#define LIVE(facts) ROW("wells", "2", "live", facts)
#define TWICE(rows) LOOK OBJECTS("") "COMMIT -> COMMIT\n" LIST(rows) LIST(rows)
#define RECEIPT "@ledger_read_receipts -> receipt\n"
#define SCHEMAS(a, b)                                                                              \
    "~ @postgis_catalog_schemas* -> rows 2615 | 1 | schema |  | " a " | owner | kfm ; "            \
    "2615 | 2 | schema |  | " b " | owner | kfm\n"

static void published(void)
{
    (void)snprintf(receipt, sizeof receipt, "{\"claim\":{\"projection\":{\"schema\":\"app\"}}}");
    kept_add(&t.keeper.is, ENTRY_PUBLISH, "wells", receipt);
}

static void applied(void)
{
    kept_add(&t.keeper.is, ENTRY_APPLY, "M-0", NULL);
}

static const char *hear(void *ctx, int session, const char *text, int n, const char *const *params,
                        const char *answer)
{
    static char row[sizeof receipt + 32];
    if (strcmp(answer, "receipt") == 0) {
        (void)snprintf(row, sizeof row, "rows 4 | run-4 | %s", receipt);
        return row;
    }
    return keeper_hears(ctx, session, text, n, params, answer);
}

/* clang-format off */
static const struct {
    const char *name;
    bool has_generations;
    void (*with)(void);
    const char *lines;
    enum err_code code;
    const char *words; /* of each step: its name, and the decisive reason; then how many objects are looked at */
} scenarios[] = {
    {"no projection ever: nothing is asked", false, NULL, LOOKED, ERR_NONE, "M-1 never_built; objects 0"},
    {"one was, and is dropped", true, NULL, TWICE(""), ERR_NONE, "M-1 never_built; objects 0"},
    {"its schema is written in the ledger", true, published, TWICE(LIVE(NEW("app", PART("M-0")))), ERR_NONE, "M-1 not_declared, M-0 applied_not_here, wells applied_not_here; objects 0"},
    {"the member that it lacks has an entry of its own", true, applied, TWICE(LIVE(NEW("app", PART("M-0")))) "@ledger_read_receipts -> rows\n", ERR_NONE, "M-1 not_declared, M-0 applied_not_here, wells applied_not_here; objects 0"},
    {"another schema: the migration is nobody's", true, NULL, TWICE(LIVE(NEW("other", ""))), ERR_NONE, "M-1 never_built, wells applied_not_here; objects 0"},
    {"an older kfmig: what a member that is here says", true, NULL, TWICE(LIVE(OLD(PART("M-1")))), ERR_NONE, "M-1 not_declared, wells applied_not_here; objects 0"},
    {"an older kfmig: no member is here, what the receipt says", true, published, LOOKED LIST(LIVE(OLD(PART("M-0")))) RECEIPT LIST(LIVE(OLD(PART("M-0")))) RECEIPT, ERR_NONE, "M-1 not_declared, M-0 applied_not_here, wells applied_not_here; objects 0"},
    {"an older kfmig: the receipt is gone", true, published, LOOKED LIST(LIVE(OLD(PART("M-0")))) "@ledger_read_receipts -> rows\n" LIST(LIVE(OLD(PART("M-0")))) "@ledger_read_receipts -> rows\n", ERR_NONE, "M-1 never_built, M-0 applied_not_here, wells applied_not_here; objects 0"},
    {"an older kfmig: the receipt is cut", true, published, LOOKED LIST(LIVE(OLD(PART("M-0")))) "@ledger_read_receipts -> cut\n", ERR_PREFLIGHT, "was lost"},
    {"an older kfmig, and never published", true, NULL, TWICE(ROW("wells", "1", "loading", OLD(""))), ERR_NONE, "M-1 never_built, wells begun_not_here; objects 0"},
    {"begun, with a member", true, NULL, TWICE(ROW("wells", "1", "loading", OLD(PART("M-1")))), ERR_NONE, "M-1 not_declared, wells begun_not_here; objects 0"},
    {"the live one's schema counts", true, NULL, TWICE(ROW("wells", "1", "kept", NEW("was", "")) " ; " LIVE(NEW("app", ""))), ERR_NONE, "M-1 not_declared, wells applied_not_here; objects 0"},
    {"of two of them", true, NULL, TWICE(ROW("springs", "1", "live", NEW("other", "")) " ; " LIVE(NEW("app", ""))), ERR_NONE, "M-1 not_declared, springs applied_not_here, wells applied_not_here; objects 0"},
    {"what is kept is hidden", true, NULL, SCHEMAS("app", "app__g1") TWICE(ROW("wells", "1", "kept", NEW("app", "")) " ; " LIVE(NEW("app", ""))), ERR_NONE, "M-1 not_declared, wells applied_not_here; objects 1"},
    {"what is kept is not known", true, NULL, SCHEMAS("app", "app__g1") TWICE(ROW("wells", "1", "kept", OLD(""))), ERR_NONE, "M-1 never_built, wells begun_not_here; objects 2"},
    {"the generations are not told", true, NULL, LOOKED FOUND "@ledger_generation_list -> cut\n", ERR_PREFLIGHT, "was lost"},
    {"the generations are not told the second time", true, NULL, LOOKED LIST("") FOUND "@ledger_generation_list -> cut\n", ERR_PREFLIGHT, "was lost"},
};
/* clang-format on */

static void describe(char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < t.s.plan.n_steps; i++) {
        const struct step *s = &t.s.plan.v[i];
        n += (size_t)snprintf(out + n, size - n, "%s%s %s", i > 0 ? ", " : "", step_name(s),
                              reason_text(s->reasons[0].code));
    }
    (void)snprintf(out + n, size - n, "; objects %zu", t.s.catalog.n);
}

static void play(size_t i)
{
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    t.keeper.has_generations = scenarios[i].has_generations;
    if (scenarios[i].with != NULL) {
        scenarios[i].with();
    }
    setting_play(&t, arena_printf(t.s.a, WHO "%s", scenarios[i].lines));
    pq_model(hear, &t.keeper);
    setting_planned(&t, describe, scenarios[i].code, scenarios[i].words, scenarios[i].name);
}

int main(void)
{
    return setting_each(sizeof scenarios / sizeof *scenarios, play);
}
