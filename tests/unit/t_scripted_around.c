/* layer: site scripted */
/* What stands beside a plan: who runs something now, and about how many rows stand in the tables that pending statements lock. Nothing of it
 * stops a plan. */
#include "scripted_site.h"

static struct setting t;

#define WHO "connect -> ok\n" IDENTIFY ENTRIES LOOKED "@postgis_lineage -> rows\n"
#define HOLDER "@ledger_lock_holder -> rows\n"
#define RUNNING HOLDER "@ledger_read_runs -> rows\n"
#define ROWS "@postgis_rows_about -> "

/* clang-format off */
static const struct {
    const char *name, *forward, *lines;
    const char *rows; /* tables and what is known of them */
    unsigned not_asked;
} scenarios[] = {
    {"a table that two statements lock is asked about once", "ALTER TABLE app.item ADD b int;\nALTER TABLE app.item ADD c int;\n", RUNNING ROWS "rows 1 | 1000000\n", "app.item 1000000", 0},
    {"of an empty one nothing is said", "ALTER TABLE app.item ADD b int;\n", RUNNING ROWS "rows 1 | 0\n", "", 0},
    {"one that nobody knows", "ALTER TABLE app.item ADD b int;\n", RUNNING ROWS "rows\n", "", 0},
    {"the question fails", "ALTER TABLE app.item ADD b int;\n", RUNNING ROWS "error 57014\n", "", 0},
    {"who runs something is not told", "ALTER TABLE app.item ADD b int;\n", "@ledger_lock_holder -> error 57014\n" ROWS "rows 1 | 7\n", "app.item 7", 0},
    {"nothing is locked", "SELECT 1;\n", RUNNING, "", 0},
    {"without receipts", "ALTER TABLE app.item ADD b int;\n", HOLDER ROWS "rows 1 | 7\n", "app.item 7", AROUND_RUNS},
    {"without rows", "ALTER TABLE app.item ADD b int;\n", RUNNING, "", AROUND_ROWS},
    {"without either", "ALTER TABLE app.item ADD b int;\n", HOLDER, "", AROUND_RUNS | AROUND_ROWS},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static void play(size_t i)
{
    struct err e = {0};
    char seen[200] = "";
    setting_project("");
    project_put("migrations/postgis/M-1/forward.sql", scenarios[i].forward);
    setting_open(&t, "dev", LEDGER_UUID, 3);
    char *lines = NULL;
    (void)asprintf(&lines, "%s%s", WHO, scenarios[i].lines);
    setting_play(&t, lines);
    int rc = site_plan(&t.s, true, &e);
    site_ask_around(&t.s, (AROUND_RUNS | AROUND_ROWS) & ~scenarios[i].not_asked);
    const int64_t *rows = table_gets(&t.s.world.rows, "table app.item");
    if (rows != NULL) {
        (void)snprintf(seen, sizeof seen, "app.item %lld", (long long)*rows);
    }
    bool good = rc == 0 && strcmp(seen, scenarios[i].rows) == 0;
    if (!good) {
        printf("# rc %d, \"%s\": %s\n", rc, seen, e.msg);
    }
    setting_close(&t);
    free(lines);
    ok(pq_played() && good, scenarios[i].name);
}

int main(void)
{
    return setting_each(N, play);
}
