/* layer: site scripted */
/* What stands beside a plan: who runs something now, and about how many rows stand in the tables that pending statements lock. Nothing of it
 * stops a plan. */
#include "scripted_site.h"

static struct setting t;

#define WHO "connect -> ok\n" IDENTIFY ENTRIES LOOKED "@postgis_lineage -> rows\n"
#define HOLDER "@ledger_lock_holder -> rows\n"
#define RUNNING HOLDER
#define RUNS "@ledger_read_runs"
#define ROWS "@postgis_sizes_about -> "
#define REWRITES "@postgis_rewrites_about -> "

/* clang-format off */
static const struct {
    const char *name, *forward, *lines;
    const char *rows; /* tables and what is known of them */
    unsigned not_asked;
} scenarios[] = {
    {"a table that two statements lock is asked about once", "ALTER TABLE app.item ADD b int;\nALTER TABLE app.item ADD c int;\n", RUNNING ROWS "rows 1 | 1000000 | 81920\n", "app.item 1000000", 0},
    {"of an empty one nothing is said", "ALTER TABLE app.item ADD b int;\n", RUNNING ROWS "rows 1 | 0 | 0\n", "", 0},
    {"one that nobody knows", "ALTER TABLE app.item ADD b int;\n", RUNNING ROWS "rows\n", "", 0},
    {"the question fails", "ALTER TABLE app.item ADD b int;\n", RUNNING ROWS "error 57014\n", "", 0},
    {"who runs something is not told", "ALTER TABLE app.item ADD b int;\n", "@ledger_lock_holder -> error 57014\n" ROWS "rows 1 | 7 | 8192\n", "app.item 7", 0},
    {"nothing is locked", "SELECT 1;\n", RUNNING, "", 0},
    {"without receipts", "ALTER TABLE app.item ADD b int;\n", HOLDER ROWS "rows 1 | 7 | 8192\n", "app.item 7", AROUND_RUNS},
    {"without rows", "ALTER TABLE app.item ADD b int;\n", RUNNING, "", AROUND_ROWS},
    {"a new type is asked about once", "ALTER TABLE app.item ALTER a TYPE bigint;\nALTER TABLE app.item ADD d serial;\n", RUNNING ROWS "rows 1 | 7 | 8192\n" REWRITES "rows 1 | 2 ; 2 | 0\n", "app.item 7 rewrites 3 1", 0},
    {"... and one of them is not there", "ALTER TABLE app.item ALTER a TYPE bigint;\nALTER TABLE app.item ADD d serial;\n", RUNNING ROWS "rows 1 | 7 | 8192\n" REWRITES "rows 2 | 2\n", "app.item 7 rewrites 2 3", 0},
    {"... and that question fails", "ALTER TABLE app.item ALTER a TYPE bigint;\n", RUNNING ROWS "rows 1 | 7 | 8192\n" REWRITES "error 57014\n", "app.item 7 rewrites 2", 0},
    {"... and both", "ALTER TABLE app.item ALTER a TYPE bigint;\n", RUNNING ROWS "error 57014\n" REWRITES "rows 1 | 1\n", " rewrites 2", 0},
    {"without either", "ALTER TABLE app.item ADD b int;\n", HOLDER, "", AROUND_RUNS | AROUND_ROWS},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

/* What is known of each statement: 1 never, 2 maybe, 3 surely. */
static void add_rewrites(char *seen, size_t n)
{
    const struct step *step = &t.s.plan.v[0];
    const struct script *script = step->bundle->forward;
    size_t at = strlen(seen);
    bool first = true;
    for (size_t k = 0; script != NULL && k < script->n; k++) {
        if (script->forms[k].rewriting == NULL) {
            continue;
        }
        bool worth = script->forms[k].rewriting->surely ||
                     script->forms[k].rewriting->v[0].column[0] != '\0';
        if (worth) {
            at += (size_t)snprintf(seen + at, n - at, "%s %d", first ? " rewrites" : "",
                                   (int)world_rewrites(&t.s.world, &script->forms[k]));
            first = false;
        }
    }
}

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
    site_ask_around(&t.s, (AROUND_RUNS | AROUND_ROWS) & ~scenarios[i].not_asked, -1);
    const struct table_size *size = table_gets(&t.s.world.sizes, "table app.item");
    if (size != NULL) {
        (void)snprintf(seen, sizeof seen, "app.item %lld", (long long)size->rows);
    }
    add_rewrites(seen, sizeof seen);
    bool good = rc == 0 && strcmp(seen, scenarios[i].rows) == 0;
    if (!good) {
        printf("# rc %d, \"%s\": %s\n", rc, seen, e.msg);
    }
    setting_close(&t);
    free(lines);
    ok(pq_played() && good, scenarios[i].name);
}

/* --- what receipts tell of runs ------------------------------------------------------------------- */

#define SAID(seq, actor)                                                                           \
    seq " | " actor " | " MOMENT                                                                   \
        " | 12 | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL | because | NULL"

/* clang-format off */
/* Two migrations that are applied, as entries 4 and 5; M-2 stands behind M-1. */
static const struct {
    const char *name;
    int step;
    const char *remembered; /* of entry 4, in the cache; NULL: nothing */
    const char *asked;      /* what is asked for, and the answer */
    const char *actors;     /* what is known of the two afterwards */
} runs[] = {
    {"runs of all that is selected", -1, NULL, RUNS "({\"4\",\"5\"}) -> rows " SAID("4", "ann") " ; " SAID("5", "bob") "\n", "ann bob"},
    {"runs of one chain only", 0, NULL, RUNS "({\"4\"}) -> rows " SAID("4", "ann") "\n", "ann -"},
    {"one that is remembered is not asked for", -1, "=eve\0=" MOMENT "\0=7\0-\0-\0-\0-\0-\0-\0-\0-\0-\0-\0-\0", RUNS "({\"5\"}) -> rows " SAID("5", "bob") "\n", "eve bob"},
    {"with nothing left to ask nothing is sent", 0, "=eve\0=" MOMENT "\0=7\0-\0-\0-\0-\0-\0-\0-\0-\0-\0-\0-\0", "", "eve -"},
    {"what an older kfmig remembers is asked for again", 0, "=eve\0=" MOMENT "\0=7\0-\0", RUNS "({\"4\"}) -> rows " SAID("4", "ann") "\n", "ann -"},
    {"a receipt that is not there is left out", -1, NULL, RUNS "({\"4\",\"5\"}) -> rows " SAID("5", "bob") "\n", "- bob"},
    {"one that nobody asked for too", 0, NULL, RUNS "({\"4\"}) -> rows " SAID("5", "bob") "\n", "- -"},
    {"the question fails", -1, NULL, RUNS "({\"4\",\"5\"}) -> error 57014\n", "- -"},
};
/* clang-format on */
enum { N_RUNS = sizeof runs / sizeof *runs, REMEMBERED = 80 };

static const char *actor_of(const char *id)
{
    const struct history *h = past_get(&t.s.past, id);
    return h == NULL || h->last == NULL || h->last->run == NULL ? "-" : h->last->run->actor;
}

/* Without its last NUL, which C adds, a text with some within. */
static size_t length_of(const char *text)
{
    size_t n = 0;
    while (n < REMEMBERED && (text[n] != '\0' || text[n + 1] == '-' || text[n + 1] == '=')) {
        n++;
    }
    return n + 1;
}

static void play_runs(size_t i)
{
    struct err e = {0};
    char seen[80];
    char *lines = NULL;
    setting_project("");
    project_bundle("M-2", "");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    kept_add(&t.keeper.is, ENTRY_APPLY, "M-1", NULL);
    kept_add(&t.keeper.is, ENTRY_APPLY, "M-2", NULL);
    if (runs[i].remembered != NULL) {
        struct digest receipt = digest_of(bytes_str("M-1"));
        cache_put(t.l.cache, "run", bytes_of((const char *)receipt.b, sizeof receipt.b),
                  bytes_of(runs[i].remembered, length_of(runs[i].remembered)));
    }
    (void)asprintf(&lines, "%s%s%s", "connect -> ok\n" IDENTIFY ENTRIES LOOKED, HOLDER,
                   runs[i].asked);
    setting_play(&t, lines);
    int rc = site_plan(&t.s, true, &e);
    site_ask_around(&t.s, AROUND_RUNS, runs[i].step);
    (void)snprintf(seen, sizeof seen, "%s %s", actor_of("M-1"), actor_of("M-2"));
    bool good = rc == 0 && strcmp(seen, runs[i].actors) == 0;
    if (!good) {
        printf("# rc %d, \"%s\": %s\n", rc, seen, e.msg);
    }
    setting_close(&t);
    free(lines);
    ok(pq_played() && good, runs[i].name);
}

static void play_any(size_t i)
{
    if (i < N) {
        play(i);
    } else {
        play_runs(i - N);
    }
}

int main(void)
{
    return setting_each(N + N_RUNS, play_any);
}
