/* layer: site scripted */
/* Databases that go, line by line: by a session beside, with who may not; who else is in one; an extension for a throwaway database; and
 * what is made on the embedded server, by its own administrator. */
#include "scripted_site.h"
#include "site/database.h"

static struct setting t;
static char left[4096];

static int drop(struct err *e)
{
    return site_resolve(&t.s, e) != 0 ? -2 : database_drop(&t.s, "kfm", e);
}

static int others(struct err *e)
{
    struct names who;
    int rc = site_connect(&t.s, e) != 0 ? -2 : database_others(&t.s, &who, e);
    for (size_t i = 0; rc == 0 && i < who.n; i++) {
        size_t n = strlen(left);
        (void)snprintf(left + n, sizeof left - n, "%s%s", i > 0 ? "; " : "", who.v[i]);
    }
    return rc;
}

static int extension(struct err *e)
{
    return site_connect(&t.s, e) != 0 ? -2 : drill_extension(&t.s, "postgis_raster", e);
}

static int make_unset(struct err *e)
{
    (void)unsetenv("T_DEV");
    return database_create(&t.s, "kfm", NULL, e);
}

/* Its connection is known already, so that no server is started. */
static void make_embedded(void)
{
    secret_set(&t.s.dsn, "postgresql://tester@db.example/kfm");
    t.l.p.env[0].embedded = true;
}

static int create_embedded(struct err *e)
{
    make_embedded();
    return database_create(&t.s, "kfm", NULL, e);
}

static int drill_embedded(struct err *e)
{
    char name[DRILL_NAME] = "";
    make_embedded();
    int rc = site_connect(&t.s, e) != 0 ? -2 : drill_create(&t.s, NULL, name, e);
    (void)snprintf(left, sizeof left, "%.12s", name);
    return rc;
}

#define CONNECT "connect -> ok\n"
#define REFUSED "connect -> words Connection refused\n"
#define MISSING "connect -> fatal 3D000\n"
#define DROP "DROP DATABASE IF EXISTS \"kfm\" WITH (FORCE) -> "

/* clang-format off */
static const struct scenario scenarios[] = {
    {"a database is dropped", CONNECT DROP "DROP DATABASE\n", drop, 0, ERR_NONE, ""},
    {"a database is dropped by way of the other maintenance database", MISSING CONNECT DROP "DROP DATABASE\n", drop, 0, ERR_NONE, ""},
    {"nobody listens", REFUSED REFUSED, drop, -1, ERR_PREFLIGHT, "connection refused by db.example:5432"},
    {"the role may not drop it", CONNECT DROP "error 42501\n", drop, -1, ERR_PREFLIGHT,
     "the role tester may not drop the database \"kfm\", or end who is in it; only its owner may, and only sessions of its own roles are ended"},
    {"it is in use", CONNECT DROP "error 55006\n", drop, -1, ERR_PREFLIGHT, "object_in_use (55006)"},
    {"cut while it is dropped", CONNECT DROP "cut\n", drop, -1, ERR_PREFLIGHT, "was lost"},

    {"nobody else is there", CONNECT "@site_database_others -> rows\n", others, 0, ERR_NONE, ""},
    {"two others are there", CONNECT "@site_database_others -> rows psql | 9 | ann ; kfmig build | 8 | bob\n", others, 0, ERR_NONE, "psql of ann (pid 9); kfmig build of bob (pid 8)"},
    {"nobody says who else is there", CONNECT "@site_database_others -> cut\n", others, -1, ERR_PREFLIGHT, "was lost"},

    {"an extension", CONNECT "CREATE EXTENSION IF NOT EXISTS \"postgis_raster\" -> CREATE EXTENSION\n", extension, 0, ERR_NONE, ""},
    {"an extension that the server does not have", CONNECT "CREATE EXTENSION* -> error 58P01\n", extension, -1, ERR_APPLY, "undefined_file (58P01)"},

    {"made where no connection is known", "", make_unset, -1, ERR_CONFIG, "takes its connection from T_DEV, which is not set"},
    {"made on the embedded server, which has ended", REFUSED, create_embedded, -1, ERR_PREFLIGHT, "onnection refused"},
    {"a throwaway one on the embedded server, which has ended", CONNECT "@site_drill_hold(*) -> rows t\n" REFUSED, drill_embedded, -1, ERR_PREFLIGHT, "onnection refused"},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static void play(size_t i)
{
    setting_act(&t, &scenarios[i], "", 0, left, sizeof left);
}

int main(void)
{
    return setting_each(N, play);
}
