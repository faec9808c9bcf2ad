/* layer: store/postgis scripted */
/* Statements that run alone: where each kind stands, by what stands there and what stood there before; on what it may begin; what it is
 * gone on with. A row for each. */
#include "store/postgis/lone.h"
#include "tap.h"

enum before {
    NOTHING,
    SAME,
    WHOLE,
    OTHER
}; /* the digest then: none, as now, as now but whole, of something else */
enum { NONE, FITS = 1, IS_WHOLE = 2, IS_BUILDING = 4, HAS_SCRAPS = 8, OTHER_SHAPE = 16, IF = 32 };

static const struct lone lones[LONE_KINDS] = {
    [LONE_CREATE_INDEX] = {.kind = LONE_CREATE_INDEX,
                           .schema = "app",
                           .name = "i",
                           .table_schema = "app",
                           .table = "t",
                           .shape = "btree (a)"},
    [LONE_DROP_INDEX] = {.kind = LONE_DROP_INDEX,
                         .schema = "app",
                         .name = "i",
                         .table_schema = "",
                         .table = "",
                         .shape = ""},
    [LONE_REINDEX_INDEX] = {.kind = LONE_REINDEX_INDEX,
                            .schema = "app",
                            .name = "i",
                            .table_schema = "",
                            .table = "",
                            .shape = ""},
    [LONE_DETACH_PARTITION] = {.kind = LONE_DETACH_PARTITION,
                               .schema = "app",
                               .name = "p",
                               .table_schema = "app",
                               .table = "t",
                               .shape = ""},
    [LONE_ALTER_SYSTEM] = {.kind = LONE_ALTER_SYSTEM,
                           .schema = "",
                           .name = "work_mem",
                           .shape = "btree (a)"},
};

static struct lone_state state_of(unsigned oid, unsigned flags)
{
    static const char *scraps[] = {"\"app\".\"i_ccnew\"", "\"app\".\"i_ccold\""};
    struct lone_state x = {.table = {OBJ_TABLE, "app", "t", NULL},
                           .part = {OBJ_TABLE, "app", "p", NULL},
                           .table_oid = 5,
                           .oid = oid,
                           .fits = (flags & FITS) != 0,
                           .is_whole = (flags & IS_WHOLE) != 0,
                           .is_building = (flags & IS_BUILDING) != 0,
                           .shape = (flags & OTHER_SHAPE) != 0 ? "hash (b)" : "btree (a)"};
    if ((flags & HAS_SCRAPS) != 0) {
        x.scraps = (struct names){scraps, 2, 2};
    }
    return x;
}

/* clang-format off */
static const struct {
    enum lone_kind kind;
    unsigned oid, flags;
    enum before before;
    enum standing standing;
    const char *name;
} standings[] = {
    {LONE_CREATE_INDEX, 0, NONE, NOTHING, STANDS_ABSENT, "no such index"},
    {LONE_CREATE_INDEX, 7, FITS | IS_WHOLE, NOTHING, STANDS_THERE, "a valid one of that shape"},
    {LONE_CREATE_INDEX, 7, FITS, NOTHING, STANDS_PARTLY, "an invalid one of that shape"},
    {LONE_CREATE_INDEX, 7, FITS | IS_BUILDING, NOTHING, STANDS_FOREIGN, "somebody builds it"},
    {LONE_CREATE_INDEX, 7, FITS | IS_WHOLE | OTHER_SHAPE, NOTHING, STANDS_FOREIGN, "a valid one of another shape"},
    {LONE_CREATE_INDEX, 7, FITS | OTHER_SHAPE, NOTHING, STANDS_FOREIGN, "an invalid one of another shape"},
    {LONE_CREATE_INDEX, 7, IS_WHOLE, NOTHING, STANDS_FOREIGN, "something else of that name"},
    {LONE_CREATE_INDEX, 7, FITS | IS_WHOLE, SAME, STANDS_THERE, "the one that IF NOT EXISTS found"},
    {LONE_CREATE_INDEX, 7, FITS | IS_WHOLE, OTHER, STANDS_FOREIGN, "another one than IF NOT EXISTS found"},
    {LONE_CREATE_INDEX, 0, NONE, OTHER, STANDS_ABSENT, "the one that IF NOT EXISTS found is gone"},
    {LONE_DROP_INDEX, 0, NONE, OTHER, STANDS_THERE, "gone"},
    {LONE_DROP_INDEX, 0, NONE, NOTHING, STANDS_THERE, "none, with IF EXISTS"},
    {LONE_DROP_INDEX, 7, FITS | IS_WHOLE, SAME, STANDS_ABSENT, "it stands as before"},
    {LONE_DROP_INDEX, 7, FITS, WHOLE, STANDS_PARTLY, "it is valid no longer"},
    {LONE_DROP_INDEX, 7, FITS, SAME, STANDS_ABSENT, "it was invalid before"},
    {LONE_DROP_INDEX, 7, FITS | IS_WHOLE, OTHER, STANDS_FOREIGN, "another one of that name"},
    {LONE_DROP_INDEX, 7, FITS | IS_WHOLE, NOTHING, STANDS_FOREIGN, "one where IF EXISTS found none"},
    {LONE_REINDEX_INDEX, 7, FITS | IS_WHOLE, SAME, STANDS_ABSENT, "the index of before"},
    {LONE_REINDEX_INDEX, 8, FITS | IS_WHOLE, OTHER, STANDS_THERE, "another one has the name"},
    {LONE_REINDEX_INDEX, 7, FITS | IS_WHOLE | HAS_SCRAPS, SAME, STANDS_PARTLY, "a new one beside it"},
    {LONE_REINDEX_INDEX, 8, FITS | IS_WHOLE | HAS_SCRAPS, OTHER, STANDS_PARTLY, "the old one beside it"},
    {LONE_REINDEX_INDEX, 7, FITS | IS_WHOLE | HAS_SCRAPS | IS_BUILDING, SAME, STANDS_ABSENT, "somebody else renews it"},
    {LONE_REINDEX_INDEX, 8, FITS, OTHER, STANDS_FOREIGN, "another one, and invalid"},
    {LONE_REINDEX_INDEX, 0, NONE, OTHER, STANDS_FOREIGN, "it is gone"},
    {LONE_DETACH_PARTITION, 7, FITS | IS_WHOLE, SAME, STANDS_ABSENT, "attached"},
    {LONE_DETACH_PARTITION, 7, FITS, WHOLE, STANDS_PARTLY, "its detachment is pending"},
    {LONE_DETACH_PARTITION, 0, NONE, OTHER, STANDS_THERE, "detached"},
    {LONE_DETACH_PARTITION, 9, FITS | IS_WHOLE, OTHER, STANDS_FOREIGN, "another one of that name"},
    {LONE_ALTER_SYSTEM, 1, FITS | IS_WHOLE, NOTHING, STANDS_THERE, "the value that is wanted"},
    {LONE_ALTER_SYSTEM, 1, FITS | IS_WHOLE, SAME, STANDS_THERE, "it was wanted before, too"},
    {LONE_ALTER_SYSTEM, 0, NONE, NOTHING, STANDS_ABSENT, "no value, as before"},
    {LONE_ALTER_SYSTEM, 1, FITS | IS_WHOLE | OTHER_SHAPE, SAME, STANDS_ABSENT, "the value of before"},
    {LONE_ALTER_SYSTEM, 1, FITS | IS_WHOLE | OTHER_SHAPE, NOTHING, STANDS_FOREIGN, "a value that nobody here wanted"},
    {LONE_ALTER_SYSTEM, 0, NONE, OTHER, STANDS_FOREIGN, "a value that somebody took away"},
};

static const struct {
    enum lone_kind kind;
    unsigned table, oid, flags;
    const char *words; /* "": it may begin */
} beginnings[] = {
    {LONE_CREATE_INDEX, 5, 0, NONE, ""},
    {LONE_CREATE_INDEX, 0, 0, NONE, "there is no table t to make index app.i on"},
    {LONE_CREATE_INDEX, 5, 7, FITS | IS_WHOLE, "index app.i stands there already"},
    {LONE_CREATE_INDEX, 5, 7, FITS | IS_WHOLE | IF, ""},
    {LONE_CREATE_INDEX, 5, 7, FITS, "index app.i stands there invalid, and was not left by this migration"},
    {LONE_CREATE_INDEX, 5, 7, FITS | IF, "index app.i stands there invalid, and was not left by this migration"},
    {LONE_CREATE_INDEX, 5, 7, FITS | IS_WHOLE | OTHER_SHAPE | IF, "index app.i stands there already, as hash (b) and not as btree (a)"},
    {LONE_CREATE_INDEX, 5, 7, IS_WHOLE | IF, "index app.i stands there already, and is no index of that table"},
    {LONE_DROP_INDEX, 5, 7, FITS | IS_WHOLE, ""},
    {LONE_DROP_INDEX, 5, 7, FITS, ""},
    {LONE_DROP_INDEX, 0, 0, NONE, "there is no index app.i"},
    {LONE_DROP_INDEX, 0, 0, IF, ""},
    {LONE_DROP_INDEX, 0, 7, IF, "index app.i is no index"},
    {LONE_REINDEX_INDEX, 5, 7, FITS | IS_WHOLE, ""},
    {LONE_REINDEX_INDEX, 5, 7, FITS, ""},
    {LONE_REINDEX_INDEX, 5, 7, FITS | IS_WHOLE | HAS_SCRAPS, "index \"app\".\"i_ccnew\" stands there invalid, and was not left by this migration"},
    {LONE_DETACH_PARTITION, 5, 7, FITS | IS_WHOLE, ""},
    {LONE_DETACH_PARTITION, 5, 0, NONE, "table app.p is no part of t"},
};
/* Of what goes through tables: the marks of items a, b, c before this run sent it (NULL: an earlier run did), and now; "-": it is gone. */
static const struct {
    const char *began, *now;
    bool has_ended, has_scraps, is_building, is_as_before;
    enum standing standing;
    const char *name;
} surveys[] = {
    {NULL, "111", false, false, false, true, STANDS_ABSENT, "as before the intent"},
    {NULL, "112", false, false, false, false, STANDS_PARTLY, "an earlier run renewed all of it, or a part: again"},
    {NULL, "111", false, true, false, true, STANDS_PARTLY, "scraps of an earlier run"},
    {NULL, "111", false, true, true, true, STANDS_ABSENT, "somebody else is at it"},
    {"111", "222", true, false, false, false, STANDS_THERE, "each is another one"},
    {"111", "222", false, false, false, false, STANDS_THERE, "whatever was answered"},
    {"111", "221", true, false, false, false, STANDS_PARTLY, "one is not"},
    {"111", "111", true, false, false, false, STANDS_ABSENT, "none is, whatever was answered"},
    {"111", "2-2", true, false, false, false, STANDS_THERE, "one is gone since"},
    {"-1-", "121", true, false, false, false, STANDS_THERE, "others came since"},
    {"111", "222", true, true, false, false, STANDS_PARTLY, "scraps beside it"},
    {"---", "---", true, false, false, false, STANDS_THERE, "there was nothing to renew"},
    {"---", "---", false, false, false, false, STANDS_ABSENT, "nothing to renew, and it failed"},
};
/* clang-format on */
enum {
    N_SURVEYS = sizeof surveys / sizeof *surveys,
    N_STANDINGS = sizeof standings / sizeof *standings,
    N_BEGINNINGS = sizeof beginnings / sizeof *beginnings
};

static void stands(size_t i)
{
    struct lone_state x = state_of(standings[i].oid, standings[i].flags);
    struct lone_state whole = state_of(standings[i].oid, standings[i].flags | IS_WHOLE);
    struct lone_state other = state_of(99, FITS | IS_WHOLE);
    struct digest before = {{0}};
    before = standings[i].before == SAME    ? lone_digest(&x)
             : standings[i].before == WHOLE ? lone_digest(&whole)
             : standings[i].before == OTHER ? lone_digest(&other)
                                            : before;
    is_int(lone_standing(&lones[standings[i].kind], &x, &before), standings[i].standing,
           standings[i].name);
}

static struct lone_state surveyed(struct lone_item *v, const char *marks)
{
    static const char *const names[] = {"a", "b", "c"};
    static const char *const texts[] = {"1", "2"};
    static struct lone_table table = {5, {OBJ_TABLE, "app", "t", NULL}};
    struct lone_state x = {.shape = "", .items = v, .tables = &table, .n_tables = 1};
    for (size_t i = 0; i < 3; i++) {
        if (marks[i] != '-') {
            v[x.n_items++] = (struct lone_item){names[i], texts[marks[i] - '1']};
        }
    }
    return x;
}

static void stands_surveyed(size_t i)
{
    static const char *scraps[] = {"\"app\".\"a_ccnew\""};
    struct lone_item was[3];
    struct lone_item is[3];
    const struct lone l = {.kind = LONE_REINDEX_SCHEMA, .schema = "", .name = "app", .shape = ""};
    struct lone_state began = surveyed(was, surveys[i].began != NULL ? surveys[i].began : "111");
    struct lone_state x = surveyed(is, surveys[i].now);
    struct digest before = lone_digest(surveys[i].is_as_before ? &x : &began);
    x.began = surveys[i].began != NULL ? &began : NULL;
    x.has_ended = surveys[i].has_ended;
    x.is_building = surveys[i].is_building;
    x.scraps = (struct names){scraps, surveys[i].has_scraps ? 1 : 0, 1};
    is_int(lone_standing(&l, &x, &before), surveys[i].standing, surveys[i].name);
}

static void begins(struct arena *a, size_t i)
{
    struct err e = {0};
    struct lone l = lones[beginnings[i].kind];
    struct lone_state x = state_of(beginnings[i].oid, beginnings[i].flags);
    l.is_conditional = (beginnings[i].flags & IF) != 0;
    x.table_oid = beginnings[i].table;
    int rc = lone_may_begin(a, &l, &x, &e);
    ok((rc == 0) == (beginnings[i].words[0] == '\0') && strcmp(e.msg, beginnings[i].words) == 0,
       beginnings[i].words[0] != '\0' ? beginnings[i].words : "it may begin");
}

int main(void)
{
    struct arena a = {0};
    tap_plan(N_STANDINGS + N_BEGINNINGS + N_SURVEYS + 10);
    for (size_t i = 0; i < N_STANDINGS; i++) {
        stands(i);
    }
    for (size_t i = 0; i < N_BEGINNINGS; i++) {
        begins(&a, i);
    }
    for (size_t i = 0; i < N_SURVEYS; i++) {
        stands_surveyed(i);
    }
    const struct lone unset = {.kind = LONE_ALTER_SYSTEM, .name = "x", .shape = "", .unsets = true};
    const struct digest nothing = {{0}};
    const struct lone vacuums = {
        .kind = LONE_VACUUM, .schema = "app", .name = "t", .shape = "", .mark = LONE_VACUUMS};
    const struct lone files = {
        .kind = LONE_VACUUM, .schema = "app", .name = "t", .shape = "", .mark = LONE_FILES};
    struct lone_state theirs = {.shape = "", .not_ours = "app.t"};
    struct err e = {0};
    struct lone_state zero = state_of(0, NONE);
    is_int(lone_standing(&unset, &zero, &nothing), STANDS_THERE,
           "a value that is not to be is not there");
    ok(lone_is_late(&vacuums) && !lone_is_late(&files),
       "the server counts a VACUUM a little later");
    ok(lone_may_begin(&a, &vacuums, &theirs, &e) != 0 &&
           strcmp(e.msg, "the role may not vacuum table app.t: the server would leave it out") == 0,
       "what it may not is told before");
    theirs.not_ours = NULL;
    is_int(lone_may_begin(&a, &vacuums, &theirs, &e), 0, "what it may it may");
    is_int(lone_may_begin(&a, &unset, &zero, &e), 0, "a setting may always be set");
    struct lone_state none = state_of(0, NONE);
    struct digest d = lone_digest(&none);
    ok(digest_is_zero(&d), "nothing has no digest");
    struct bytes own = bytes_str("its own");
    struct lone_state half = state_of(7, FITS);
    struct lone_state attached = state_of(7, FITS | IS_WHOLE);
    struct bytes text = lone_text(&a, &lones[LONE_DETACH_PARTITION], &half, own);
    ok(bytes_eq(text,
                bytes_str("ALTER TABLE \"app\".\"t\" DETACH PARTITION \"app\".\"p\" FINALIZE")),
       "a pending detachment is finished");
    ok(bytes_eq(lone_text(&a, &lones[LONE_DETACH_PARTITION], &attached, own), own), "else its own");
    ok(bytes_eq(lone_text(&a, &lones[LONE_DETACH_PARTITION], &none, own), own),
       "also once it is over");
    ok(bytes_eq(lone_text(&a, &lones[LONE_DROP_INDEX], &half, own), own),
       "an index is dropped again");
    arena_release(&a);
    return tap_done();
}
