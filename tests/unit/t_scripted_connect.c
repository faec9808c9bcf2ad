/* layer: site scripted */
/* Who answers, where t_scripted_site.c has no scenario of it: what the server says of its own accord, references that cannot be read, the
 * embedded server's options, and the facts that entries are. */
#include "scripted_site.h"

static struct setting t;
static char left[2048];

static int linked(struct err *e)
{
    return site_link(&t.s, e);
}

static void hear_said(void *ctx, const struct tell *heard)
{
    (void)ctx;
    if (heard->kind == TELL_SAID) {
        (void)snprintf(left, sizeof left, "said %s %s %s", heard->severity, heard->sqlstate,
                       heard->what);
    }
}

/* Notices without end, for a second. */
static int noticed(struct err *e)
{
    const struct pg_wait wait = {.timeout_ms = 1000};
    t.s.ear = (struct ear){.hear = hear_said};
    if (site_connect(&t.s, e) != 0) {
        return -2;
    }
    int rc = pg_statement(t.s.pg, bytes_str("SELECT 1"), &wait, NULL, NULL, e);
    *e = (struct err){0};
    return rc == -1 ? 0 : -3;
}

static int from_folder(struct err *e)
{
    (void)mkdirat(project_fd, "registry/folder", 0700);
    t.l.p.env[0].dsn_ref = "registry/folder";
    return site_link(&t.s, e);
}

static int no_environments(struct err *e)
{
    t.l.p.env[0].implicit = true;
    (void)unsetenv("DATABASE_URL");
    return site_connect(&t.s, e);
}

static int embedded_options(struct err *e)
{
    static const char *v[] = {"postgis"};
    (void)e;
    t.l.p.env[0].extensions = (struct names){v, 1, 1};
    (void)setenv("KFMIG_EMBEDDED_IDLE_MS", "250", 1);
    struct embedded_options o = site_embedded(&t.s);
    (void)unsetenv("KFMIG_EMBEDDED_IDLE_MS");
    struct embedded_options usual = site_embedded(&t.s);
    (void)snprintf(left, sizeof left, "%s, %s, %lld then %lld ms, by %s", strrchr(o.dir, '/') + 1,
                   o.extensions[0], (long long)o.idle_ms, (long long)usual.idle_ms, o.self);
    return 0;
}

/* A lease cannot be taken where a file stands in the place of the folder. */
static int embedded_refused(struct err *e)
{
    project_put("state", "no folder");
    t.l.p.env[0].embedded = true;
    return site_link(&t.s, e);
}

static int facts(struct err *e)
{
    kept_add(&t.keeper.is, ENTRY_APPLY, "M-1", NULL);
    kept_add(&t.keeper.is, ENTRY_RENAME, "M-1 M-2", NULL);
    kept_add(&t.keeper.is, ENTRY_RENAME, "nonsense", NULL);
    int rc = site_link(&t.s, e);
    const struct history *old = past_get(&t.s.past, "M-1");
    const struct history *now = past_get(&t.s.past, "M-2");
    (void)snprintf(left, sizeof left, "M-1 %s, M-2 %s",
                   old != NULL && old->applied != NULL ? "applied" : "unknown",
                   now != NULL && now->applied != NULL ? "applied" : "unknown");
    return rc;
}

#define CONNECT "connect -> ok\n"
#define WHO CONNECT "@ledger_identify_full -> ask\n@ledger_read_entries -> ask\n"

/* clang-format off */
static const struct scenario scenarios[] = {
    {"what the server says of its own accord is told", CONNECT "SELECT 1 -> notices\n", noticed, 0, ERR_NONE, "said NOTICE 00000 "},
    {"a reference that leads to a folder", "", from_folder, -1, ERR_CONFIG, "registry/folder"},
    {"no environments and no DATABASE_URL: libpq's own variables", CONNECT, no_environments, 0, ERR_NONE, ""},
    {"the embedded server's options", "", embedded_options, 0, ERR_NONE, "embedded, postgis, 250 then 0 ms, by /bin/false"},
    {"the embedded server has no place", "", embedded_refused, -1, ERR_PREFLIGHT, "state"},
    {"a migration that was renamed is applied by its new name", WHO, facts, 0, ERR_NONE, "M-1 unknown, M-2 applied"},
    {"a database that is not there", "connect -> fatal 3D000\n", linked, -1, ERR_PREFLIGHT, "`kfmig rebuild dev --all --new-database` makes it again"},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static void play(size_t i)
{
    setting_act(&t, &scenarios[i], LEDGER_UUID, 3, left, sizeof left);
}

int main(void)
{
    return setting_each(N, play);
}
