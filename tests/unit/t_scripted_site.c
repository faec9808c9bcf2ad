/* layer: site scripted */
/* One environment, line by line: who answers and what is refused, whether it is the ledger that was seen before, what stands there, what
 * upstreams say. */
#include "evidence/archive.h"
#include "scripted_site.h"

static struct setting t;
static struct keeper upstream; /* behind the second session of a scenario of "live" */

/* --- what is so before a scenario */

static void replica(void)
{
    t.keeper.in_recovery = true;
}

static void pooled(void)
{
    t.keeper.is_pooled = true;
}

static void other_name(void)
{
    t.keeper.environment = "prod";
}

static void newer_format(void)
{
    t.keeper.format = "3";
}

static void unset(void)
{
    (void)unsetenv("T_DEV");
}

static void empty(void)
{
    (void)setenv("T_DEV", "", 1);
}

static void no_file(void)
{
    (void)unlinkat(project_fd, "registry/dsn", 0);
}

static void empty_file(void)
{
    project_put("registry/dsn", "\nsecond line\n");
}

static void file_by_absolute_path(void)
{
    static char path[64];
    (void)snprintf(path, sizeof path, "%s/registry/dsn", project_path);
    t.l.p.env[0].dsn_ref = path;
}

static void no_environments(void)
{
    t.l.p.env[0].implicit = true;
    (void)setenv("DATABASE_URL", "postgresql://tester@url.example/kfm", 1);
}

static void remember(const char *uuid, int n)
{
    struct kept was;
    kept_make(&was, uuid, n);
    setting_remember(&t, &was);
}

static void seen_the_same(void)
{
    remember(LEDGER_UUID, 3);
}

static void seen_shorter(void)
{
    remember(LEDGER_UUID, 2);
}

static void seen_longer(void)
{
    remember(LEDGER_UUID, 5);
}

static void seen_other(void)
{
    remember(OTHER_UUID, 3);
}

static void seen_forked(void)
{
    struct kept was;
    kept_make(&was, LEDGER_UUID, 2);
    kept_add(&was, ENTRY_APPLY, "S-9", NULL);
    setting_remember(&t, &was);
}

static void seen_forked_before(void)
{
    struct kept was;
    kept_make(&was, LEDGER_UUID, 1);
    kept_add(&was, ENTRY_APPLY, "S-9", NULL);
    setting_remember(&t, &was);
}

static void seen_nonsense(void)
{
    cache_put(t.l.cache, "checkpoint", bytes_str("dev"), bytes_str("uuid 3 sha256:xx"));
}

static void audited(void)
{
    t.s.o.audits = true;
}

/* Takes the place of a lost one, and seeks none that was seen. */
static void takes_place(void)
{
    static const struct checkpoint lost = {.instance = OTHER_UUID, .sequence = 9};
    seen_other();
    t.s.o.cites = &lost;
}

/* A ledger begun in place of another one, of which it knew so many entries, with such a root. */
static char contact[512];

static void begun_for(int n, const char *root)
{
    (void)snprintf(contact, sizeof contact,
                   "{\"claim\":{\"recovery\":{\"cites\":{\"instance\":\"" OTHER_UUID
                   "\",\"root\":%s,\"sequence\":%d}}}}",
                   root, n);
    t.keeper.is.n = 0;
    kept_add(&t.keeper.is, ENTRY_CONTACT, "database", contact);
    seen_other();
}

static void begun_knowing_all(void)
{
    begun_for(3, "null");
}

static void begun_knowing_the_same(void)
{
    static char root[DIGEST_TEXT + 2];
    struct kept was;
    struct digest d;
    char text[DIGEST_TEXT];
    kept_make(&was, OTHER_UUID, 3);
    kept_root(&was, 3, &d);
    (void)snprintf(root, sizeof root, "\"%s\"", digest_text(&d, text));
    begun_for(3, root);
}

static void begun_knowing_more(void)
{
    begun_for(4, "null");
}

static void begun_knowing_less(void)
{
    begun_for(2, "null");
}

/* What it takes the place of is not what was seen. */
static void begun_for_a_third(void)
{
    struct kept was;
    begun_for(4, "null");
    kept_make(&was, "7f0c8b1e-0000-4000-8000-000000000003", 3);
    setting_remember(&t, &was);
}

static void begun_knowing_another(void)
{
    char text[DIGEST_TEXT];
    static char root[DIGEST_TEXT + 2];
    struct digest d = digest_of(bytes_str("another"));
    (void)snprintf(root, sizeof root, "\"%s\"", digest_text(&d, text));
    begun_for(3, root);
}

/* A sink that has the receipt of entry n. previous: the root before it as it says. */
static void sink_of(int n, const struct digest *previous)
{
    char path[256];
    char text[256];
    char root[DIGEST_TEXT];
    t.l.p.sink = "archive";
    (void)snprintf(path, sizeof path, "archive/dev/" LEDGER_UUID "/%08d-run-%d.json", n, n);
    (void)snprintf(text, sizeof text, "{\"ledger\":{\"previous\":\"%s\"}}",
                   digest_text(previous, root));
    project_put(path, text);
}

static void sink_the_same(void)
{
    struct digest d;
    kept_root(&t.keeper.is, 2, &d);
    sink_of(3, &d);
}

static void sink_ahead(void)
{
    struct digest d = digest_of(bytes_str("x"));
    sink_of(7, &d);
}

static void sink_forked(void)
{
    struct digest d = digest_of(bytes_str("x"));
    sink_of(3, &d);
}

/* The witness of a full look at this ledger when it had n entries. */
static void looked_at(int n)
{
    struct site s = t.s;
    s.id = (struct identity){.has_ledger = true,
                             .size = n,
                             .timeline = 1,
                             .format = 2,
                             .version = 150018,
                             .next_id = 700,
                             .is_quiet = true,
                             .is_flushed = true,
                             .role = "kfm",
                             .database = "kfm"};
    memcpy(s.id.uuid, LEDGER_UUID, sizeof s.id.uuid);
    (void)snprintf(s.id.lsn, sizeof s.id.lsn, "0/16B3");
    (void)snprintf(s.id.system_id, sizeof s.id.system_id, "99");
    kept_root(&t.keeper.is, n, &s.id.root);
    site_witness(&s);
}

static void witnessed(void)
{
    looked_at(3);
}

static void witnessed_before(void)
{
    looked_at(2);
}

static void witnessed_elsewhere(void)
{
    looked_at(3);
    t.keeper.next_id = 701;
}

static void witnessed_on_another(void)
{
    looked_at(3);
    t.keeper.system = "98";
}

static void witnessed_on_another_timeline(void)
{
    looked_at(3);
    t.keeper.timeline = 2;
}

/* As files do that are set back: the same ids, given out again. */
static void witnessed_further_on(void)
{
    looked_at(3);
    t.keeper.lsn = "0/16B2";
}

static void not_on_disk(void)
{
    t.keeper.is_unflushed = true;
}

static void others_at_work(void)
{
    t.keeper.is_busy = true;
}

static void without_position(void)
{
    looked_at(3);
    t.keeper.lsn = "NULL";
}

static void no_postgis(void)
{
    t.l.p.env[0].store[STORE_POSTGIS] = false;
}

static void throwaway(void)
{
    t.s.o.dbname = "kfmig_drill_0a1b2c3d";
    t.s.cache = NULL;
}

static void upstream_replica(void)
{
    upstream.in_recovery = true;
}

static void upstream_seen_longer(void)
{
    struct kept was;
    kept_make(&was, OTHER_UUID, 5);
    setting_remember_of(&t, "dev", &was);
}

/* --- what is done */

static int linked(struct err *e)
{
    return site_link(&t.s, e);
}

/* The connection is lost, and everything is asked again. */
static int refresh(struct err *e)
{
    return site_link(&t.s, e) != 0 ? -2 : site_refresh(&t.s, e);
}

static int plan(struct err *e)
{
    return site_plan(&t.s, false, e);
}

static int plan_wanting_server(struct err *e)
{
    return site_plan(&t.s, true, e);
}

static int replan_fully(struct err *e)
{
    return site_plan(&t.s, true, e) != 0 ? -2 : site_replan(&t.s, true, e);
}

/* Between two plans something is written somewhere in the cluster. */
static int plan_around_writes(struct err *e)
{
    if (site_plan(&t.s, true, e) != 0) {
        return -2;
    }
    site_leave(&t.s);
    t.keeper.lsn = "0/16B5";
    t.keeper.next_id = 701;
    return site_plan(&t.s, true, e);
}

/* As before, and then nothing. */
static int plan_after_that(struct err *e)
{
    if (plan_around_writes(e) != 0) {
        return -2;
    }
    site_leave(&t.s);
    return site_plan(&t.s, true, e);
}

static int plan_as_another(struct err *e)
{
    if (site_plan(&t.s, true, e) != 0) {
        return -2;
    }
    site_leave(&t.s);
    t.keeper.lsn = "0/16B5";
    t.keeper.next_id = 701;
    t.keeper.system = "98";
    return site_plan(&t.s, true, e);
}

static int plan_twice(struct err *e)
{
    if (site_plan(&t.s, true, e) != 0) {
        return -2;
    }
    site_leave(&t.s);
    return site_plan(&t.s, true, e);
}

static int look(struct err *e)
{
    return site_link(&t.s, e) != 0 ? -2 : site_look(&t.s, e);
}

static int one_more(struct err *e)
{
    struct pg *other = NULL;
    int rc = site_link(&t.s, e) != 0 ? -2 : site_open(&t.s, &other, e);
    pg_close(other);
    return rc;
}

/* --- the scenarios. words: of the error and its hint, or all that describe() says */

#define CONNECT "connect -> ok\n"
#define REFUSED "connect -> words Connection refused\n"
#define WHO CONNECT IDENTIFY ENTRIES
#define AGAIN "~ @ledger_read_entries -> ask\n" /* where the cache lacks them */
#define WHO_NO_LEDGER CONNECT NO_LEDGER
#define RECEIPT(of) "@ledger_read_receipts(0, run-1) -> rows" of "\n"
#define SCHEMA(name, owner)                                                                        \
    "~ @postgis_catalog_schemas* -> rows 2615 | 5000 | schema |  | " name " | owner | " owner "\n"
#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define GONE " table app.t | 3 | " DIGEST " | "
#define ANOTHER " schema app | 3 | " DIGEST " | "

/* clang-format off */
static const struct {
    const char *name, *env, *uuid;
    int n;
    void (*with)(void);
    const char *script;
    int (*act)(struct err *e);
    int rc;
    enum err_code code;
    const char *words;
} scenarios[] = {
    /* who answers */
    {"a ledger that was never seen is trusted", "dev", LEDGER_UUID, 3, NULL, WHO, linked, 0, ERR_NONE, "size 3 of 3 facts 1"},
    {"no ledger", "dev", "", 0, NULL, WHO_NO_LEDGER, linked, 0, ERR_NONE, "no ledger"},
    {"nobody listens", "dev", LEDGER_UUID, 3, NULL, REFUSED, linked, -1, ERR_PREFLIGHT, "connection refused by db.example:5432; start the server"},
    {"cut while it says who it is", "dev", LEDGER_UUID, 3, NULL, CONNECT "@ledger_identify_full -> cut\n", linked, -1, ERR_PREFLIGHT, "was lost"},
    {"cut while it gives its entries", "dev", LEDGER_UUID, 3, NULL, CONNECT IDENTIFY "@ledger_read_entries -> cut\n", linked, -1, ERR_PREFLIGHT, "was lost"},
    {"... which whoever audits sees for himself", "dev", LEDGER_UUID, 3, audited, CONNECT IDENTIFY "@ledger_read_entries -> rows\n", linked, 0, ERR_NONE, "size 3 of 0 facts 0 broken"},
    {"... who sees a good one as anybody does", "dev", LEDGER_UUID, 3, audited, WHO, linked, 0, ERR_NONE, "size 3 of 3 facts 1"},
    {"... and who cannot see one that is cut", "dev", LEDGER_UUID, 3, audited, CONNECT IDENTIFY "@ledger_read_entries -> cut\n", linked, -1, ERR_PREFLIGHT, "was lost"},
    {"its entries do not hash to its root", "dev", LEDGER_UUID, 3, NULL, CONNECT IDENTIFY "@ledger_read_entries -> rows\n", linked, -1, ERR_INTEGRITY, "its 3 entries do not hash to its root"},
    {"a replica", "dev", LEDGER_UUID, 3, replica, CONNECT IDENTIFY, linked, -1, ERR_PREFLIGHT, "environment \"dev\" is a replica (in recovery)"},
    {"a pooler, as another process answers", "dev", LEDGER_UUID, 3, pooled, CONNECT IDENTIFY, linked, -1, ERR_PREFLIGHT, "environment \"dev\" is reached through a connection pooler"},
    {"a pooler, as somebody's statement is there", "dev", LEDGER_UUID, 3, NULL, CONNECT "prepare pg_pin_query -> error 42P05\n", linked, -1, ERR_PREFLIGHT, "a connection pooler"},
    {"a server that is too old", "dev", LEDGER_UUID, 3, NULL, "connect -> ok version=120017\n" IDENTIFY, linked, -1, ERR_PREFLIGHT, "runs PostgreSQL 12; 13 or newer is needed"},
    {"a ledger of a later format", "dev", LEDGER_UUID, 3, newer_format, CONNECT IDENTIFY, linked, -1, ERR_PREFLIGHT, "format 3, this kfmig knows 1 to 2"},
    {"another environment's database", "dev", LEDGER_UUID, 3, other_name, CONNECT IDENTIFY, linked, -1, ERR_PREFLIGHT, "this database is environment \"prod\", not \"dev\"; check what T_DEV points to"},
    {"the same by a second look", "dev", LEDGER_UUID, 3, NULL, WHO IDENTIFY, refresh, 0, ERR_NONE, "size 3 of 3 facts 1"},
    {"the second look is cut", "dev", LEDGER_UUID, 3, NULL, WHO "@ledger_identify_full -> cut\n", refresh, -1, ERR_PREFLIGHT, "was lost"},
    {"one more session", "dev", LEDGER_UUID, 3, NULL, WHO CONNECT, one_more, 0, ERR_NONE, "size 3 of 3 facts 1"},
    {"one more session is refused", "dev", LEDGER_UUID, 3, NULL, WHO REFUSED, one_more, -1, ERR_PREFLIGHT, "connection refused by db.example:5432; start the server"},
    {"stopped while it connects", "dev", LEDGER_UUID, 3, NULL, "connect -> signal wait=500 ok\n", linked, -1, ERR_INTERRUPTED, "interrupted"},

    /* where the connection comes from */
    {"a variable that is not set", "dev", LEDGER_UUID, 3, unset, "", linked, -1, ERR_CONFIG, "environment \"dev\" takes its connection from T_DEV, which is not set; set it to a connection string"},
    {"a variable that is empty", "dev", LEDGER_UUID, 3, empty, "", linked, -1, ERR_CONFIG, "which is not set"},
    {"the first line of a file", "filed", "", 0, NULL, WHO_NO_LEDGER, linked, 0, ERR_NONE, "no ledger"},
    {"a file by its absolute path", "dev", "", 0, file_by_absolute_path, WHO_NO_LEDGER, linked, 0, ERR_NONE, "no ledger"},
    {"no environments: DATABASE_URL", "dev", "", 0, no_environments, WHO_NO_LEDGER, linked, 0, ERR_NONE, "no ledger"},
    {"a file that is not there", "filed", "", 0, no_file, "", linked, -1, ERR_CONFIG, "registry/dsn"},
    {"a file that begins with an empty line", "filed", "", 0, empty_file, "", linked, -1, ERR_CONFIG, "takes its connection from registry/dsn, which is not set"},

    /* is it the one that was seen before? */
    {"as the last run saw it", "dev", LEDGER_UUID, 3, seen_the_same, WHO, linked, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT},
    {"longer than the last run saw it", "dev", LEDGER_UUID, 3, seen_shorter, WHO, linked, 0, ERR_NONE, "size 3 of 3 facts 1 seen 2 at " MOMENT},
    {"shorter", "dev", LEDGER_UUID, 3, seen_longer, WHO IDENTIFY AGAIN, linked, -1, ERR_INTEGRITY, "the ledger of \"dev\" has 3 entries, the last run saw 5; was the database restored from a backup?"},
    {"forked at its end", "dev", LEDGER_UUID, 3, seen_forked, WHO, linked, -1, ERR_INTEGRITY, "is not a continuation of the one that the last run saw; history was rewritten"},
    {"forked before its end", "dev", LEDGER_UUID, 3, seen_forked_before, WHO, linked, -1, ERR_INTEGRITY, "is not a continuation"},
    {"what was remembered is nonsense", "dev", LEDGER_UUID, 3, seen_nonsense, WHO, linked, 0, ERR_NONE, "size 3 of 3 facts 1"},
    {"another ledger", "dev", LEDGER_UUID, 3, seen_other, WHO RECEIPT(" 1 | run-1 | database"), linked, -1, ERR_INTEGRITY, "the receipt of ledger entry 1 is no JSON"},
    {"another ledger, and its receipt is gone", "dev", LEDGER_UUID, 3, seen_other, WHO RECEIPT(""), linked, -1, ERR_INTEGRITY, "ledger entry 1 has no receipt"},
    {"another ledger, and its receipt is another", "dev", LEDGER_UUID, 3, seen_other, WHO RECEIPT(" 1 | run-1 | {}"), linked, -1, ERR_INTEGRITY, "is not the one that the entry names"},
    {"another ledger, and the question is cut", "dev", LEDGER_UUID, 3, seen_other, WHO "@ledger_read_receipts -> cut\n", linked, -1, ERR_PREFLIGHT, "was lost"},
    {"another ledger without an entry", "dev", LEDGER_UUID, 0, seen_other, CONNECT IDENTIFY, linked, -1, ERR_PREFLIGHT, "environment \"dev\" carries another ledger than the last run saw; if the database was replaced on purpose"},
    {"no ledger where one was seen: first contact again", "dev", "", 0, seen_other, WHO_NO_LEDGER NO_LEDGER, linked, 0, ERR_NONE, "no ledger seen 3 at " MOMENT},
    {"no ledger where one was seen, in a protected environment", "live", "", 0, seen_other, WHO_NO_LEDGER NO_LEDGER, linked, -1, ERR_PREFLIGHT, "environment \"live\" carries no ledger, less than the last run saw; if the database was lost, `kfmig rebuild live --all --new-database` makes it again and cites the lost ledger"},
    {"one that takes the place of what was seen asks for no trust", "dev", LEDGER_UUID, 3, takes_place, WHO, linked, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT},
    {"begun for one whose root is not known", "dev", LEDGER_UUID, 1, begun_knowing_all, WHO "@ledger_read_receipts(0, run-1) -> contact\n", linked, 0, ERR_NONE, "size 1 of 1 facts 0 seen 3 at " MOMENT},
    {"begun for one with the same root", "dev", LEDGER_UUID, 1, begun_knowing_the_same, WHO "@ledger_read_receipts(0, run-1) -> contact\n", linked, 0, ERR_NONE, "size 1 of 1 facts 0 seen 3 at " MOMENT},
    {"begun knowing more than the last run saw", "dev", LEDGER_UUID, 1, begun_knowing_more, WHO "@ledger_read_receipts(0, run-1) -> contact\n", linked, 0, ERR_NONE, "size 1 of 1 facts 0 seen 3 at " MOMENT},
    {"begun knowing less", "dev", LEDGER_UUID, 1, begun_knowing_less, WHO "@ledger_read_receipts(0, run-1) -> contact\n", linked, -1, ERR_PREFLIGHT,
     "takes the place of one that it knew up to entry 2; the last run here saw entry 3 of it; something that was done there was not known"},
    {"begun for another than was seen", "dev", LEDGER_UUID, 1, begun_for_a_third, WHO "@ledger_read_receipts(0, run-1) -> contact\n", linked, -1, ERR_PREFLIGHT, "environment \"dev\" carries another ledger than the last run saw"},
    {"begun knowing another root", "dev", LEDGER_UUID, 1, begun_knowing_another, WHO "@ledger_read_receipts(0, run-1) -> contact\n", linked, -1, ERR_PREFLIGHT, "saw entry 3 of it, with another root"},
    {"the sink has its newest receipt", "dev", LEDGER_UUID, 3, sink_the_same, WHO, linked, 0, ERR_NONE, "size 3 of 3 facts 1"},
    {"the sink is ahead", "dev", LEDGER_UUID, 3, sink_ahead, WHO IDENTIFY AGAIN, linked, -1, ERR_INTEGRITY, "has 3 entries, the sink has receipts up to 7"},
    {"the sink is of a fork", "dev", LEDGER_UUID, 3, sink_forked, WHO IDENTIFY AGAIN, linked, -1, ERR_INTEGRITY, "is not the one that receipt 3 in the sink was taken from"},

    /* what stands there */
    {"a look: nothing", "dev", LEDGER_UUID, 3, NULL, WHO LOOKED, look, 0, ERR_NONE, "size 3 of 3 facts 1 objects 0 of 0"},
    {"a look: no snapshot", "dev", LEDGER_UUID, 3, NULL, WHO "@postgis_look_begin -> error 53200\n", look, -1, ERR_PREFLIGHT, "out_of_memory"},
    {"a look: the catalogs are cut", "dev", LEDGER_UUID, 3, NULL, "~ @postgis_catalog_relations* -> cut\n" WHO LOOK, look, -1, ERR_PREFLIGHT, "was lost"},
    {"a look: the catalogs are refused, and the snapshot ended", "dev", LEDGER_UUID, 3, NULL, "~ @postgis_catalog_relations* -> error 42501\n" WHO LOOK "ROLLBACK -> ROLLBACK\n", look, -1, ERR_PREFLIGHT, "insufficient_privilege"},
    {"a look: the sum is refused", "dev", LEDGER_UUID, 3, NULL, WHO LOOK "@ledger_read_objects -> error 42501\nROLLBACK -> ROLLBACK\n", look, -1, ERR_PREFLIGHT, "insufficient_privilege"},
    {"a look: the sum is no sum", "dev", LEDGER_UUID, 3, NULL, WHO LOOK OBJECTS(" table app.t | 2 | xx | ") "ROLLBACK -> ROLLBACK\n", look, -1, ERR_INTEGRITY, "a digest in the ledger has not 32 bytes"},
    {"a look: the snapshot's end is cut", "dev", LEDGER_UUID, 3, NULL, WHO LOOK OBJECTS("") "COMMIT -> cut\n", look, -1, ERR_PREFLIGHT, "was lost"},
    {"a look without a ledger asks for no sum", "dev", "", 0, NULL, SCHEMA("app", "kfm") WHO_NO_LEDGER LOOKED_NO_LEDGER, look, 0, ERR_NONE, "no ledger objects 1 of 0"},

    /* the plan */
    {"a plan: nothing moved since the last full look, and nothing is looked at", "dev", LEDGER_UUID, 3, witnessed, WHO, plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT "; reached, stale 1 blocked 0"},
    {"a plan: another timeline", "dev", LEDGER_UUID, 3, witnessed_on_another_timeline, WHO LOOKED, plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: the server has gone back", "dev", LEDGER_UUID, 3, witnessed_further_on, WHO LOOKED, plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: what was seen is not on disk, and is no witness", "dev", LEDGER_UUID, 3, not_on_disk, "~ @ledger_durable_flushed -> rows f\n" WHO "@ledger_durable_flushed -> rows t\n" LOOKED CONNECT IDENTIFY LOOKED, plan_twice, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: what was seen is on disk soon after", "dev", LEDGER_UUID, 3, not_on_disk, WHO LOOKED CONNECT IDENTIFY "@postgis_witness -> rows 1:1 | 0/16B5 | 701\n", plan_twice, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT "; reached, stale 1 blocked 0"},
    {"a plan: somebody was at work, and may have ended since", "dev", LEDGER_UUID, 3, others_at_work, WHO LOOKED CONNECT IDENTIFY "@postgis_witness -> rows 1:1 | 0/16B5 | 701\n", plan_twice, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT "; reached, stale 1 blocked 0"},
    {"a plan: an entry came since", "dev", LEDGER_UUID, 3, witnessed_before, WHO LOOKED, plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: something was written since", "dev", LEDGER_UUID, 3, witnessed_elsewhere, WHO LOOKED, plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: another server's files", "dev", LEDGER_UUID, 3, witnessed_on_another, WHO LOOKED, plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: a server that does not say how far it has written", "dev", LEDGER_UUID, 3, without_position, WHO LOOKED, plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: looked at twice, as the first look was the witness", "dev", LEDGER_UUID, 3, NULL, WHO LOOKED CONNECT IDENTIFY, plan_twice, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: something was written, but not to the catalogs", "dev", LEDGER_UUID, 3, NULL, WHO LOOKED CONNECT IDENTIFY "@postgis_witness -> rows 1:1 | 0/16B5 | 701\n", plan_around_writes, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT "; reached, stale 1 blocked 0"},
    {"a plan: after that, nothing is asked", "dev", LEDGER_UUID, 3, NULL, WHO LOOKED CONNECT IDENTIFY "@postgis_witness -> rows 1:1 | 0/16B5 | 701\n" CONNECT IDENTIFY, plan_after_that, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT "; reached, stale 1 blocked 0"},
    {"a plan: the catalogs were written to", "dev", LEDGER_UUID, 3, NULL, WHO LOOKED CONNECT IDENTIFY "@postgis_witness -> rows 1:2 | 0/16B5 | 701\n" LOOKED, plan_around_writes, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: the newer catalogs were written to", "dev", LEDGER_UUID, 3, NULL, WHO LOOKED CONNECT IDENTIFY "@postgis_witness_since_15 -> rows 1:2\n" LOOKED, plan_around_writes, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: the catalogs of another server", "dev", LEDGER_UUID, 3, NULL, WHO LOOKED CONNECT IDENTIFY "@postgis_witness -> rows 1:1 | 0/16B5 | 701\n" LOOKED, plan_as_another, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: the catalogs' witness is refused", "dev", LEDGER_UUID, 3, NULL, WHO LOOKED CONNECT IDENTIFY "@postgis_witness -> error 42501\n~ ROLLBACK -> ROLLBACK\n" LOOKED, plan_around_writes, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: the catalogs' witness is cut", "dev", LEDGER_UUID, 3, NULL, WHO LOOKED CONNECT IDENTIFY "@postgis_witness -> cut\n", plan_around_writes, -1, ERR_PREFLIGHT, "was lost"},
    {"a plan: the full look is made all the same", "dev", LEDGER_UUID, 3, witnessed, WHO LOOKED, replan_fully, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 0; reached, stale 1 blocked 0"},
    {"a plan: the look fails", "dev", LEDGER_UUID, 3, NULL, WHO LOOK "@ledger_read_objects -> cut\n", plan, -1, ERR_PREFLIGHT, "was lost"},
    {"a plan: what stands there that nobody wrote", "dev", LEDGER_UUID, 3, NULL, SCHEMA("app", "kfm") WHO LOOKED, plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 1 of 0; reached, stale 1 blocked 0, schema app appeared"},
    {"a plan: what was written is gone", "dev", LEDGER_UUID, 3, NULL, WHO LOOK OBJECTS(GONE) "COMMIT -> COMMIT\n", plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 1; reached, stale 0 blocked 1, table app.t vanished behind S-1"},
    {"a plan: what was written is another", "dev", LEDGER_UUID, 3, NULL, SCHEMA("app", "kfm") WHO LOOK OBJECTS(ANOTHER) "COMMIT -> COMMIT\n", plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 1 of 1; reached, stale 1 blocked 0, schema app changed behind S-1"},
    {"a plan: a role that no migration wrote is no drift", "dev", LEDGER_UUID, 3, NULL, WHO LOOK OBJECTS(" role ann | 2 | " DIGEST " | ") "COMMIT -> COMMIT\n", plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 1; reached, stale 1 blocked 0"},
    {"a plan: a role that a migration wrote is", "dev", LEDGER_UUID, 3, NULL, WHO LOOK OBJECTS(" role ann | 3 | " DIGEST " | ") "COMMIT -> COMMIT\n", plan, 0, ERR_NONE, "size 3 of 3 facts 1 seen 3 at " MOMENT " objects 0 of 1; reached, stale 1 blocked 0, role ann vanished behind S-1"},
    {"a plan: a ledger with nothing but its contact", "dev", LEDGER_UUID, 1, NULL, SCHEMA("app", "kfm") WHO LOOKED, plan, 0, ERR_NONE, "size 1 of 1 facts 0 seen 1 at " MOMENT " objects 1 of 0; reached, stale 1 blocked 0, existing 1"},
    {"a plan: no ledger; what every database has does not count", "dev", "", 0, NULL, SCHEMA("public", "kfm") WHO_NO_LEDGER LOOKED_NO_LEDGER, plan, 0, ERR_NONE, "no ledger objects 1 of 0; reached, stale 1 blocked 0"},
    {"a plan: no ledger in a database that is in use", "dev", "", 0, NULL, SCHEMA("app", "kfm") WHO_NO_LEDGER LOOKED_NO_LEDGER, plan, 0, ERR_NONE, "no ledger objects 1 of 0; reached, stale 1 blocked 0, existing 1"},
    {"a plan without a server says why", "dev", LEDGER_UUID, 3, NULL, REFUSED, plan, 0, ERR_PREFLIGHT, "no ledger; connection refused by db.example:5432, stale 0 blocked 1"},
    {"a plan that wants a server", "dev", LEDGER_UUID, 3, NULL, REFUSED, plan_wanting_server, -1, ERR_PREFLIGHT, "onnection refused"},
    {"a plan: a database that is not there", "dev", LEDGER_UUID, 3, NULL, "connect -> fatal 3D000\n", plan_wanting_server, -1, ERR_PREFLIGHT, "does not exist at db.example:5432; check the connection string; if the database was lost, `kfmig rebuild dev --all --new-database` makes it again"},
    {"a plan: a replica that answers is not out of reach", "dev", LEDGER_UUID, 3, replica, CONNECT IDENTIFY, plan, -1, ERR_PREFLIGHT, "is a replica"},
    {"a plan: a variable that is not set is not out of reach", "dev", LEDGER_UUID, 3, unset, "", plan, -1, ERR_CONFIG, "which is not set"},
    {"a plan without this store asks nobody", "dev", LEDGER_UUID, 3, no_postgis, "", plan, 0, ERR_NONE, "no ledger; , stale 0 blocked 0"},
    {"a plan: a throwaway database leaves nothing in the cache", "dev", LEDGER_UUID, 3, throwaway, WHO LOOKED, plan, 0, ERR_NONE, "size 3 of 3 facts 1 objects 0 of 0; reached, stale 1 blocked 0"},

    /* upstreams, each in a session of its own */
    {"upstream: asked in its own ledger", "live", LEDGER_UUID, 2, NULL, WHO WHO LOOKED, plan, 0, ERR_NONE, "size 2 of 2 facts 0 seen 2 at " MOMENT " objects 0 of 0; reached, stale 0 blocked 1, upstream dev reached facts 2"},
    {"upstream: nobody listens", "live", LEDGER_UUID, 2, NULL, WHO REFUSED LOOKED, plan, 0, ERR_NONE, "size 2 of 2 facts 0 seen 2 at " MOMENT " objects 0 of 0; reached, stale 0 blocked 1, upstream dev connection refused by db.example:5432 facts 0"},
    {"upstream: a replica", "live", LEDGER_UUID, 2, upstream_replica, WHO CONNECT IDENTIFY LOOKED, plan, 0, ERR_NONE, "size 2 of 2 facts 0 seen 2 at " MOMENT " objects 0 of 0; reached, stale 0 blocked 1, upstream dev environment \"dev\" is a replica (in recovery) facts 0"},
    {"upstream: shorter than the last run saw", "live", LEDGER_UUID, 2, upstream_seen_longer, WHO WHO IDENTIFY AGAIN LOOKED, plan, 0, ERR_NONE, "size 2 of 2 facts 0 seen 2 at " MOMENT " objects 0 of 0; reached, stale 0 blocked 1, upstream dev the ledger of \"dev\" has 4 entries, the last run saw 5 facts 0"},
    {"upstream: its connection is not said", "live", LEDGER_UUID, 2, unset, WHO LOOKED, plan, 0, ERR_NONE, "size 2 of 2 facts 0 seen 2 at " MOMENT " objects 0 of 0; reached, stale 0 blocked 1, upstream dev environment \"dev\" takes its connection from T_DEV, which is not set facts 0"},
    {"upstream: cut while it gives its entries", "live", LEDGER_UUID, 2, NULL, WHO CONNECT IDENTIFY "2: @ledger_read_entries -> cut\n" LOOKED, plan, 0, ERR_NONE, "size 2 of 2 facts 0 seen 2 at " MOMENT " objects 0 of 0; reached, stale 0 blocked 1, upstream dev the connection to db.example:5432 was lost: connection_failure (08006) facts 0"},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

/* What a plan says of the world, behind n bytes of out. */
static void describe_world(char *out, size_t n, size_t size)
{
    const struct world *w = &t.s.world;
    n += (size_t)snprintf(out + n, size - n, "; %s%s, stale %zu blocked %zu",
                          w->reachable ? "reached" : "", w->why_not, t.s.plan.n_state[STATE_STALE],
                          t.s.plan.n_state[STATE_BLOCKED]);
    if (w->n_existing > 0) {
        n += (size_t)snprintf(out + n, size - n, ", existing %lld", (long long)w->n_existing);
    }
    for (size_t i = 0; i < w->n_drift; i++) {
        const struct drift *d = &w->drift[i];
        n += (size_t)snprintf(out + n, size - n, ", %s %s", d->text,
                              digest_is_zero(&d->was)   ? "appeared"
                              : digest_is_zero(&d->now) ? "vanished"
                                                        : "changed");
        n += (size_t)(d->last_writer[0] != '\0'
                          ? snprintf(out + n, size - n, " behind %s", d->last_writer)
                          : 0);
    }
    for (size_t i = 0; i < w->n_upstream; i++) {
        const struct upstream *u = &w->upstream[i];
        n += (size_t)snprintf(out + n, size - n, ", upstream %s %s facts %zu", u->env,
                              u->reachable ? "reached" : u->why_not, u->past->by_id.n);
    }
}

/* What a scenario left, as words. */
static const char *describe(char *out, size_t size)
{
    const struct site *s = &t.s;
    struct checkpoint seen;
    const char *at = "";
    size_t n = s->id.has_ledger
                   ? (size_t)snprintf(out, size, "size %lld of %zu facts %zu",
                                      (long long)s->id.size, s->entries.n, s->past.by_id.n)
                   : (size_t)snprintf(out, size, "no ledger");
    if (site_remembered(s, &seen, &at)) {
        n += (size_t)snprintf(out + n, size - n, " seen %lld at %s", (long long)seen.sequence, at);
    }
    if (s->is_broken) {
        n += (size_t)snprintf(out + n, size - n, " broken");
    }
    if (s->has_catalog) {
        n += (size_t)snprintf(out + n, size - n, " objects %zu of %zu", s->catalog.n, s->sum.n);
    }
    if (s->plan.env != NULL) {
        describe_world(out, n, size);
    }
    return out;
}

static bool is_as_wanted(size_t i, int rc, const struct err *e)
{
    char left[4096];
    if (rc == 0) {
        (void)describe(left, sizeof left);
    } else {
        (void)snprintf(left, sizeof left, "%s; %s", e->msg, e->hint);
    }
    return setting_left(left, rc, e, scenarios[i].rc, scenarios[i].code, scenarios[i].words);
}

/* "-> contact": the contact's receipt as it was hashed, which has words that a script would take for its own. */
static const char *with_contact(void *ctx, int session, const char *text, int n,
                                const char *const *params, const char *answer)
{
    static char row[sizeof contact + 32];
    if (strcmp(answer, "contact") != 0) {
        bool is_upstream = session == 2 && strcmp(t.keeper.environment, "live") == 0;
        return keeper_hears(is_upstream ? &upstream : ctx, session, text, n, params, answer);
    }
    (void)snprintf(row, sizeof row, "rows 1 | run-1 | %s", contact);
    return row;
}

static void play(size_t i)
{
    struct err e = {0};
    setting_project("");
    setting_open(&t, scenarios[i].env, scenarios[i].uuid, scenarios[i].n);
    keeper_begin(&upstream, "dev");
    kept_make(&upstream.is, OTHER_UUID, 4);
    if (scenarios[i].with != NULL) {
        scenarios[i].with();
    }
    setting_play(&t, scenarios[i].script);
    pq_model(with_contact, &t.keeper);
    int rc = scenarios[i].act(&e);
    bool good = is_as_wanted(i, rc, &e);
    setting_close(&t);
    ok(pq_played() && good, scenarios[i].name);
}

int main(void)
{
    return setting_each(N, play);
}
