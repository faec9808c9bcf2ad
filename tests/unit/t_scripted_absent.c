/* layer: site scripted */
/* Applied migrations that the project lacks: what a pending one resembles, by receipts and texts of the ledger, and what the plan says then.
 * And how much of two scripts is the same. */
#include "scripted_site.h"
#include "site/absent.h"

static struct setting t;
static char receipt[1024], blob[256];

#define FORWARD "CREATE TABLE app.t ();\n"

/* M-0 was applied with this forward file; nothing here is called so any more. name NULL: its receipt names no file. */
static void applied(const char *id, const char *name, const char *text)
{
    char digest[DIGEST_TEXT];
    struct digest d = digest_of(bytes_str(text));
    (void)snprintf(receipt, sizeof receipt,
                   "{\"claim\":{\"inputs\":[{\"digest\":\"%s\",\"uri\":\"%s\"}]}}",
                   digest_text(&d, digest), name != NULL ? name : "forward.sql");
    (void)snprintf(blob, sizeof blob, "rows ");
    hex_encode((const uint8_t *)text, strlen(text), blob + strlen(blob));
    kept_add(&t.keeper.is, ENTRY_APPLY, id, receipt);
}

static void renamed(void)
{
    applied("M-0", "migrations/postgis/M-0/forward.sql", FORWARD);
}

static void twice(void)
{
    applied("M-00", "migrations/postgis/M-0/forward.sql", FORWARD);
    renamed();
}

static void rewritten(void)
{
    applied("M-0", "migrations/postgis/M-0/forward.sql", "SELECT something_else();\n");
}

static void with_another_file(void)
{
    applied("M-0", "migrations/postgis/M-0/other.sql", FORWARD);
}

static void without_a_folder(void)
{
    applied("M-0", NULL, FORWARD);
}

static void with_a_digest_of_none(void)
{
    (void)snprintf(
        receipt, sizeof receipt,
        "{\"claim\":{\"inputs\":[{\"digest\":\"sha256:xx\",\"uri\":\"a/forward.sql\"}]}}");
    kept_add(&t.keeper.is, ENTRY_APPLY, "M-0", receipt);
}

static void changed(void)
{
    applied("M-1", "migrations/postgis/M-1/forward.sql", FORWARD);
}

static const char *hear(void *ctx, int session, const char *text, int n, const char *const *params,
                        const char *answer)
{
    static char row[sizeof receipt + 32];
    if (strcmp(answer, "receipt") == 0) {
        const char *run_id = params[1]; /* of the entry whose receipt it is */
        (void)snprintf(row, sizeof row, "rows %s | %s | %s", run_id + strlen("run-"), run_id,
                       receipt);
        return row;
    }
    return strcmp(answer, "blob") == 0 ? blob : keeper_hears(ctx, session, text, n, params, answer);
}

#define WHO "connect -> ok\n" IDENTIFY ENTRIES LOOKED
#define RECEIPT "@ledger_read_receipts -> receipt\n"

/* clang-format off */
static const struct {
    const char *name;
    void (*with)(void);
    const char *lines;
    enum err_code code;
    const char *words; /* what each resembles, and how much in percent, of each migration of the plan */
} scenarios[] = {
    {"none is absent", NULL, "", ERR_NONE, "M-1 resembles nobody 0"},
    {"a pending one has the text of an absent one", renamed, RECEIPT "@ledger_read_blob -> blob\n", ERR_NONE, "M-1 resembles M-0 100, M-0 absent"},
    {"of two that are the same the newest counts", twice, RECEIPT RECEIPT "@ledger_read_blob -> blob\n@ledger_read_blob -> blob\n", ERR_NONE, "M-1 resembles M-0 100, M-00 absent, M-0 absent"},
    {"a pending one has another text", rewritten, RECEIPT "@ledger_read_blob -> blob\n", ERR_NONE, "M-1 resembles nobody 0, M-0 absent"},
    {"the absent one had another file", with_another_file, RECEIPT, ERR_NONE, "M-1 resembles nobody 0, M-0 absent"},
    {"the absent one's file stood in no folder", without_a_folder, RECEIPT, ERR_NONE, "M-1 resembles nobody 0, M-0 absent"},
    {"the digest of the absent one's file is none", with_a_digest_of_none, RECEIPT, ERR_NONE, "M-1 resembles nobody 0, M-0 absent"},
    {"the absent one's receipt is gone", renamed, "@ledger_read_receipts -> rows\n", ERR_NONE, "M-1 resembles nobody 0, M-0 absent"},
    {"the absent one's receipt is cut", renamed, "@ledger_read_receipts -> cut\n", ERR_PREFLIGHT, "was lost"},
    {"the absent one's text is cut", renamed, RECEIPT "@ledger_read_blob -> cut\n", ERR_PREFLIGHT, "was lost"},
    {"one that is here is not as it was applied", changed, "", ERR_NONE, "M-1 resembles nobody 0"},
};
static const struct {
    const char *name, *x, *y;
    int percent;
} texts[] = {
    {"the same", "SELECT 1 FROM app.t;\n", "SELECT 1 FROM app.t;\n", 100},
    {"other blanks are not the same bytes", "SELECT 1 FROM app.t;\n", "  SELECT 1 FROM app.t; \r\n", 99},
    {"half of it", "SELECT 1 FROM app.t;\nSELECT 2 FROM app.t;\n", "SELECT 1 FROM app.t;\nSELECT 3 FROM app.t;\n", 50},
    {"a line that stands there twice counts twice", "SELECT 1 FROM app.t;\nSELECT 1 FROM app.t;\n", "SELECT 1 FROM app.t;", 66},
    {"comments do not count", "-- a comment of one\nSELECT 1 FROM app.t;\n", "-- another comment\nSELECT 1 FROM app.t;\n", 99},
    {"short lines count where there are no others", "a;\nb;\n", "a;\nc;\n", 50},
    {"lines of one letter", "x\n", "x\ny\n", 66},
    {"blank lines do not count", " \t\n\nSELECT 1 FROM app.t;\n", "SELECT 1 FROM app.t;\n \r\n", 99},
    {"once here, twice there", "SELECT 1 FROM app.t;", "SELECT 1 FROM app.t;\nSELECT 1 FROM app.t;\n", 66},
    {"only comments", "-- a\n", "-- b\n", 0},
    {"nothing in common", "SELECT 1 FROM app.t;\n", "DROP TABLE app.t;\n", 0},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios, N_TEXTS = sizeof texts / sizeof *texts };

static void describe(char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < t.s.plan.n_migrations; i++) {
        const struct bundle *b = t.s.plan.v[i].bundle;
        n += (size_t)(b->is_absent
                          ? snprintf(out + n, size - n, "%s%s absent", i > 0 ? ", " : "", b->id)
                          : snprintf(out + n, size - n, "%s%s resembles %s %d", i > 0 ? ", " : "",
                                     b->id, b->resembles != NULL ? b->resembles : "nobody",
                                     b->likeness));
    }
}

static void play(size_t i)
{
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    if (scenarios[i].with != NULL) {
        scenarios[i].with();
    }
    setting_play(&t, arena_printf(t.s.a, WHO "%s", scenarios[i].lines));
    pq_model(hear, &t.keeper);
    setting_planned(&t, describe, scenarios[i].code, scenarios[i].words, scenarios[i].name);
}

int main(void)
{
    tap_plan(2 * N + N_TEXTS);
    for (size_t i = 0; i < 2 * N; i++) {
        setting_lets_go = i >= N;
        play(i % N);
    }
    for (size_t i = 0; i < N_TEXTS; i++) {
        is_int(absent_likeness(bytes_str(texts[i].x), bytes_str(texts[i].y)), texts[i].percent,
               texts[i].name);
    }
    project_remove();
    return tap_done();
}
