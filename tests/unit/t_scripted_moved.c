/* layer: site scripted */
/* A ledger that stands in another database than at the last run: told until a run ends there. */
#include "scripted_site.h"

static struct setting t;

/* known: what the cache has, NULL: nothing. moved: what is told; first, settled: what the cache has after a look, and after a run. */
static const struct {
    const char *name, *known, *uuid, *system;
    long long oid;
    const char *moved, *first, *settled;
} cases[] = {
    {"never seen", NULL, LEDGER_UUID, "99", 5, NULL, LEDGER_UUID " 5 99", LEDGER_UUID " 5 99"},
    {"the same", LEDGER_UUID " 5 99", LEDGER_UUID, "99", 5, NULL, LEDGER_UUID " 5 99",
     LEDGER_UUID " 5 99"},
    {"another database", LEDGER_UUID " 5 99", LEDGER_UUID, "99", 6,
     "database oid 5 of the same server (here: 6)", LEDGER_UUID " 5 99", LEDGER_UUID " 6 99"},
    {"another database that was made earlier", LEDGER_UUID " 7 99", LEDGER_UUID, "99", 6,
     "database oid 7 of the same server (here: 6)", LEDGER_UUID " 7 99", LEDGER_UUID " 6 99"},
    {"another server", LEDGER_UUID " 5 99", LEDGER_UUID, "77", 5,
     "the server with system identifier 99 (here: 77)", LEDGER_UUID " 5 99", LEDGER_UUID " 5 77"},
    {"both", LEDGER_UUID " 5 99", LEDGER_UUID, "77", 6,
     "the server with system identifier 99 (here: 77)", LEDGER_UUID " 5 99", LEDGER_UUID " 6 77"},
    {"the server does not say", LEDGER_UUID " 5 99", LEDGER_UUID, "", 5, NULL, LEDGER_UUID " 5 99",
     LEDGER_UUID " 5 "},
    {"the server does not say, and another database", LEDGER_UUID " 5 99", LEDGER_UUID, "", 6,
     "database oid 5 of the same server (here: 6)", LEDGER_UUID " 5 99", LEDGER_UUID " 6 "},
    {"it was not said then", LEDGER_UUID " 5 ", LEDGER_UUID, "99", 5, NULL, LEDGER_UUID " 5 ",
     LEDGER_UUID " 5 99"},
    {"another ledger", OTHER_UUID " 5 99", LEDGER_UUID, "99", 6, NULL, LEDGER_UUID " 6 99",
     LEDGER_UUID " 6 99"},
    {"nonsense", "x", LEDGER_UUID, "99", 6, NULL, LEDGER_UUID " 6 99", LEDGER_UUID " 6 99"},
    {"no ledger", LEDGER_UUID " 5 99", "", "99", 6, NULL, LEDGER_UUID " 5 99", LEDGER_UUID " 5 99"},
    {"no number", LEDGER_UUID " 5 99", LEDGER_UUID, "99", 0, NULL, LEDGER_UUID " 5 99",
     LEDGER_UUID " 5 99"},
};
enum { N = sizeof cases / sizeof *cases };

static const char *known(void)
{
    struct bytes seen;
    return cache_get(t.s.cache, "place", bytes_str("dev"), t.s.a, &seen)
               ? arena_strndup(t.s.a, seen.p, seen.n)
               : NULL;
}

static void play(size_t i)
{
    setting_project("");
    setting_open(&t, "dev", cases[i].uuid, 3);
    if (cases[i].known != NULL) {
        cache_put(t.s.cache, "place", bytes_str("dev"), bytes_str(cases[i].known));
    }
    t.s.id =
        (struct identity){.has_ledger = cases[i].uuid[0] != '\0', .database_oid = cases[i].oid};
    (void)snprintf(t.s.id.uuid, sizeof t.s.id.uuid, "%s", cases[i].uuid);
    (void)snprintf(t.s.id.system_id, sizeof t.s.id.system_id, "%s", cases[i].system);
    is_str(site_moved(&t.s), cases[i].moved, cases[i].name);
    site_settle(&t.s, true);
    is_str(known(), cases[i].first, cases[i].name);
    site_settle(&t.s, false);
    is_str(known(), cases[i].settled, cases[i].name);
    setting_close(&t);
}

/* A throwaway database is no place to remember. */
static void throwaway(void)
{
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    t.s.o.dbname = "kfmig_drill_12345678";
    t.s.id = (struct identity){.has_ledger = true, .database_oid = 5};
    site_settle(&t.s, false);
    ok(known() == NULL && site_moved(&t.s) == NULL, "a throwaway database");
    setting_close(&t);
}

/* All verbs that ask a ledger tell it. */
static void told(void)
{
    struct err e = {0};
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    t.keeper.system = "99/6";
    cache_put(t.s.cache, "place", bytes_str("dev"), bytes_str(LEDGER_UUID " 5 99"));
    setting_play(&t, "connect -> ok\n" IDENTIFY ENTRIES);
    ok(site_link(&t.s, &e) == 0, "linked");
    is_int((long long)t.s.id.database_oid, 6, "the number is read");
    is_str(t.s.id.system_id, "99", "and the system's identifier");
    ok(strstr(t.heard.text, "warning: dev: the last run here found this ledger in database oid 5 "
                            "of the same server (here: 6)") != NULL,
       "told");
    setting_close(&t);
    ok(pq_played(), "asked once");
}

int main(void)
{
    tap_plan(3 * N + 6);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    throwaway();
    told();
    project_remove();
    return tap_done();
}
