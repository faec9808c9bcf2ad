/* layer: site scripted */
/* A plan that cannot be made: a file that changed meanwhile, and families of tables that nobody tells. */
#include "scripted_site.h"

static struct setting t;

static void change_file(void)
{
    project_put("migrations/postgis/M-1/forward.sql", "CREATE TABLE app.other ();\n");
}

static void change_absent(void)
{
    kept_add(&t.keeper.is, ENTRY_APPLY, "M-1", NULL);
    change_file();
}

#define WHO "connect -> ok\n" IDENTIFY ENTRIES

/* clang-format off */
static const struct {
    const char *name;
    void (*with)(void);
    const char *lines;
    enum err_code code;
    const char *words;
} scenarios[] = {
    {"a file changed since the project was read", change_file, WHO LOOKED, ERR_PREFLIGHT, "changed while kfmig ran"},
    {"a file of what is not as it was applied changed, too", change_absent, WHO LOOKED, ERR_PREFLIGHT, "changed while kfmig ran"},
    {"which tables count to which is not told", NULL, WHO LOOKED "@postgis_lineage -> cut\n", ERR_PREFLIGHT, "was lost"},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static void play(size_t i)
{
    struct err e = {0};
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    if (scenarios[i].with != NULL) {
        scenarios[i].with();
    }
    setting_play(&t, scenarios[i].lines);
    int rc = site_plan(&t.s, true, &e);
    bool good =
        rc == -1 && e.code == scenarios[i].code && strstr(e.msg, scenarios[i].words) != NULL;
    if (!good) {
        printf("# rc %d, code %d: %s\n", rc, (int)e.code, e.msg);
    }
    setting_close(&t);
    ok(pq_played() && good, scenarios[i].name);
}

int main(void)
{
    return setting_each(N, play);
}
