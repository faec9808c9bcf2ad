/* layer: site scripted */
/* Exported receipts remember a ledger, too: one that went back or forked is refused by what they say, an idle run reads none of them, and
 * that nothing remembers a ledger is told once. */
#include "scripted_site.h"

static struct setting t;

enum { UNSEEN = -1, IN_BUNDLE, IN_FOLDER, POINTER };

/* One exported file. at: the entry that it says it is of; 0: there is no file. is_right: the root before it, or the receipt, is the ledger's.
 * text: what stands in it instead. */
struct file {
    int kind, at;
    bool is_right;
    const char *env, *uuid, *text;
};

/* seen: entries of this ledger as the last run saw it; UNSEEN. is_applied: M-1, by entry 4 of 4; else there are 3 entries. */
struct variant {
    const char *name;
    int seen;
    bool is_applied, plans;
    struct file file[2];
    enum err_code code;
    const char *words; /* of the error and its hint, or what was told */
};

#define FOLDER "migrations/postgis/M-1/receipts/"
#define FIRST                                                                                      \
    "note: dev: ledger " LEDGER_UUID " is trusted on first use: nothing here remembers it; it "    \
    "has 3 entries, root sha256:a11638f9244c774f63601f2513d3eb79e9a2b95f6a58080069347f8afaa85a30|"
#define BACK(n, file)                                                                              \
    "the ledger of \"dev\" has 3 entries, an exported receipt is of entry " n ": " FOLDER file     \
    "; was the database restored from a backup? what happened since stands in exported receipts; " \
    "remove these to accept it as it is"
#define FORKED(n, file)                                                                            \
    "the ledger of \"dev\" is not the one that the receipt of entry " n                            \
    " was exported from: " FOLDER file "; history was rewritten, or the file was; compare with "   \
    "`kfmig receipt verify dev`"
#define SHA "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define RECEIPT "run_receipt.json"
#define REF "receipt_ref.json"
#define LOOKS                                                                                      \
    "~ @postgis_look_begin -> BEGIN\n~ @ledger_read_objects* -> rows\n~ @postgis_look_waits* -> "  \
    "rows 30s\n~ COMMIT -> COMMIT\n"
#define AGAIN "~ @ledger_identify_full -> ask\n~ @ledger_read_entries -> ask\n"
#define RIGHT(k, n)                                                                                \
    {                                                                                              \
        .kind = (k), .at = (n), .is_right = true                                                   \
    }
#define WRONG(k, n)                                                                                \
    {                                                                                              \
        .kind = (k), .at = (n)                                                                     \
    }

/* clang-format off */
static const struct variant variants[] = {
    /* first use */
    {"nothing remembers it", UNSEEN, false, true, {{.at = 0}}, ERR_NONE, FIRST},
    {"who makes no plan keeps nothing, and says nothing", UNSEEN, false, false, {{.at = 0}}, ERR_NONE, ""},
    {"the cache remembers it", 3, false, true, {{.at = 0}}, ERR_NONE, ""},
    {"the cache remembers its beginning", 2, false, true, {{.at = 0}}, ERR_NONE, ""},
    {"a receipt remembers it", UNSEEN, false, true, {RIGHT(IN_BUNDLE, 3)}, ERR_NONE, ""},
    {"one in the environment's folder", UNSEEN, false, true, {RIGHT(IN_FOLDER, 3)}, ERR_NONE, ""},
    {"a pointer", UNSEEN, false, true, {RIGHT(POINTER, 3)}, ERR_NONE, ""},
    {"a receipt of what is applied", UNSEEN, true, true, {RIGHT(IN_BUNDLE, 4)}, ERR_NONE, ""},
    {"one of its first entry", UNSEEN, false, true, {RIGHT(IN_BUNDLE, 1)}, ERR_NONE, ""},
    {"a receipt of another ledger", UNSEEN, false, true, {{.kind = IN_BUNDLE, .at = 9, .uuid = OTHER_UUID}}, ERR_NONE, FIRST},
    {"a pointer to another ledger", UNSEEN, false, true, {{.kind = POINTER, .at = 9, .uuid = OTHER_UUID}}, ERR_NONE, FIRST},
    {"a receipt of another environment", UNSEEN, false, true, {{.kind = IN_BUNDLE, .at = 9, .env = "live"}}, ERR_NONE, FIRST},
    {"a receipt of no entry", UNSEEN, false, true, {WRONG(IN_BUNDLE, -1)}, ERR_NONE, FIRST},
    {"a pointer to no entry", UNSEEN, false, true, {WRONG(POINTER, -1)}, ERR_NONE, FIRST},
    {"a receipt of no ledger", UNSEEN, false, true, {{.kind = IN_BUNDLE, .at = 9, .uuid = "7f0c"}}, ERR_NONE, FIRST},
    {"a pointer to no ledger", UNSEEN, false, true, {{.kind = POINTER, .at = 9, .uuid = "7f0c"}}, ERR_NONE, FIRST},
    {"a pointer elsewhere", UNSEEN, false, true, {{.kind = POINTER, .at = 1, .text = "{\"environment\":\"dev\",\"uri\":\"file:x\"}"}}, ERR_NONE, FIRST},
    {"a receipt of entry 0", UNSEEN, false, true, {{.kind = IN_BUNDLE, .at = 1, .text = "{\"environment\":\"dev\",\"ledger\":{\"instance\":\"" LEDGER_UUID "\",\"sequence\":0}}"}}, ERR_NONE, FIRST},
    {"a receipt that does not say of which entry", UNSEEN, false, true, {{.kind = IN_BUNDLE, .at = 1, .text = "{\"environment\":\"dev\",\"ledger\":{\"instance\":\"" LEDGER_UUID "\"}}"}}, ERR_NONE, FIRST},
    {"a receipt that does not say of which environment", UNSEEN, false, true, {{.kind = IN_BUNDLE, .at = 1, .text = "{\"ledger\":{\"instance\":\"" LEDGER_UUID "\",\"sequence\":9}}"}}, ERR_NONE, FIRST},
    {"a receipt that does not say what was before", UNSEEN, false, false, {{.kind = IN_BUNDLE, .at = 1, .text = "{\"environment\":\"dev\",\"ledger\":{\"instance\":\"" LEDGER_UUID "\",\"sequence\":2}}"}}, ERR_INTEGRITY, FORKED("2", RECEIPT)},
    {"a pointer that is cut off", UNSEEN, false, true, {{.kind = POINTER, .at = 1, .text = "{\"environment\":\"dev\",\"uri\":\"kfmig:ledger:" LEDGER_UUID ":\",\"sha256\":\"" SHA "\"}"}}, ERR_NONE, FIRST},
    {"a pointer with another sign before its entry", UNSEEN, false, true, {{.kind = POINTER, .at = 1, .text = "{\"environment\":\"dev\",\"uri\":\"kfmig:ledger:" LEDGER_UUID ";9\",\"sha256\":\"" SHA "\"}"}}, ERR_NONE, FIRST},
    {"a pointer without a digest", UNSEEN, false, true, {{.kind = POINTER, .at = 1, .text = "{\"environment\":\"dev\",\"uri\":\"kfmig:ledger:" LEDGER_UUID ":9\"}"}}, ERR_NONE, FIRST},
    {"a file that is none", UNSEEN, false, true, {{.kind = IN_BUNDLE, .at = 1, .text = "none"}}, ERR_NONE, "warning: " FOLDER RECEIPT " is no receipt: left aside|" FIRST},

    /* a ledger that went back */
    {"back: by a receipt", UNSEEN, false, false, {WRONG(IN_BUNDLE, 5)}, ERR_INTEGRITY, BACK("5", RECEIPT)},
    {"back: by one in the environment's folder", UNSEEN, false, false, {WRONG(IN_FOLDER, 4)}, ERR_INTEGRITY, BACK("4", "dev/" RECEIPT)},
    {"back: by a pointer", UNSEEN, false, false, {WRONG(POINTER, 4)}, ERR_INTEGRITY, BACK("4", REF)},
    {"back: by far", UNSEEN, false, false, {WRONG(POINTER, 10)}, ERR_INTEGRITY, BACK("10", REF)},
    {"back: by the newest of them", UNSEEN, false, false, {WRONG(IN_BUNDLE, 5), WRONG(POINTER, 7)}, ERR_INTEGRITY, BACK("7", REF)},
    {"back: whatever comes behind it", UNSEEN, false, false, {WRONG(IN_BUNDLE, 7), WRONG(POINTER, 5)}, ERR_INTEGRITY, BACK("7", RECEIPT)},
    {"back: that comes before a fork", UNSEEN, false, false, {WRONG(IN_BUNDLE, 2), WRONG(POINTER, 5)}, ERR_INTEGRITY, BACK("5", REF)},
    {"back: of what is applied", UNSEEN, true, false, {WRONG(IN_BUNDLE, 5)}, ERR_INTEGRITY, "has 4 entries, an exported receipt is of entry 5: "},
    {"back: to beyond what the last run saw", 2, false, false, {WRONG(IN_BUNDLE, 5)}, ERR_INTEGRITY, BACK("5", RECEIPT)},
    {"back: to what the last run saw", 3, false, true, {WRONG(IN_BUNDLE, 5)}, ERR_INTEGRITY, BACK("5", RECEIPT)},
    {"back: to what the last run saw, by a pointer", 3, false, true, {WRONG(POINTER, 5)}, ERR_INTEGRITY, BACK("5", REF)},

    /* one that forked */
    {"forked: by a receipt", UNSEEN, false, false, {WRONG(IN_BUNDLE, 3)}, ERR_INTEGRITY, FORKED("3", RECEIPT)},
    {"forked: by a pointer", UNSEEN, false, false, {WRONG(POINTER, 3)}, ERR_INTEGRITY, FORKED("3", REF)},
    {"forked: by the first of them", UNSEEN, false, false, {WRONG(IN_BUNDLE, 2), WRONG(POINTER, 3)}, ERR_INTEGRITY, FORKED("2", RECEIPT)},
    {"forked: and the other one is right", UNSEEN, false, false, {RIGHT(IN_BUNDLE, 2), WRONG(POINTER, 3)}, ERR_INTEGRITY, FORKED("3", REF)},
    {"forked: since the last run", 2, false, false, {WRONG(POINTER, 3)}, ERR_INTEGRITY, FORKED("3", REF)},
    {"forked: what is rolled back tells it", 3, false, true, {WRONG(POINTER, 3)}, ERR_INTEGRITY, FORKED("3", REF)},

    /* what an idle build does not read */
    {"idle: receipts of what is applied", 4, true, true, {WRONG(IN_BUNDLE, 5), {.kind = POINTER, .at = 1, .text = "none"}}, ERR_NONE, ""},
    {"idle: nor does who makes no plan", 3, false, false, {WRONG(IN_BUNDLE, 5)}, ERR_NONE, ""},
};
/* clang-format on */

enum { N = sizeof variants / sizeof *variants };

static void put(const struct file *f)
{
    static const char *const names[] = {RECEIPT, ("dev/" RECEIPT), REF};
    struct digest d = digest_of(bytes_str("another"));
    char root[DIGEST_TEXT];
    char text[512];
    char path[128];
    const char *env = f->env != NULL ? f->env : "dev";
    const char *uuid = f->uuid != NULL ? f->uuid : LEDGER_UUID;
    if (f->is_right && f->kind == POINTER) {
        d = digest_of(bytes_str(f->at == 3 ? "S-1" : "database"));
    } else if (f->is_right) {
        kept_root(&t.keeper.is, f->at - 1, &d);
    }
    (void)snprintf(text, sizeof text,
                   f->kind == POINTER
                       ? "{\"environment\":\"%s\",\"uri\":\"kfmig:ledger:%s:%d\",\"sha256\":\"%s\"}"
                       : "{\"environment\":\"%s\",\"ledger\":{\"instance\":\"%s\",\"sequence\":%d,"
                         "\"previous\":\"%s\"}}",
                   env, uuid, f->at, digest_text(&d, root));
    (void)snprintf(path, sizeof path, FOLDER "%s", names[f->kind]);
    project_put(path, f->text != NULL ? f->text : text);
}

static void play(const struct variant *v)
{
    static struct kept was;
    struct err e = {0};
    static char left[sizeof t.heard.text];
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    if (v->is_applied) {
        kept_add(&t.keeper.is, ENTRY_APPLY, "M-1", NULL);
    }
    if (v->seen != UNSEEN) {
        was = t.keeper.is;
        was.n = v->seen;
        setting_remember(&t, &was);
    }
    for (size_t i = 0; i < 2 && v->file[i].at != 0; i++) {
        put(&v->file[i]);
    }
    setting_play(&t, v->code == ERR_NONE ? "connect -> ok\n" IDENTIFY ENTRIES LOOKS
                                         : "connect -> ok\n" IDENTIFY ENTRIES AGAIN LOOKS);
    int rc = v->plans ? site_plan(&t.s, true, &e) : site_link(&t.s, &e);
    (void)snprintf(left, sizeof left, "%.7000s%s%s", rc == 0 ? t.heard.text : e.msg,
                   rc == 0 ? "" : "; ", rc == 0 ? "" : e.hint);
    bool good = setting_left(left, rc, &e, v->code == ERR_NONE ? 0 : -1, v->code, v->words);
    struct checkpoint seen;
    bool keeps = site_remembered(&t.s, &seen, NULL) && seen.sequence == t.s.id.size;
    good = good && (keeps || !v->plans || rc != 0); /* a ledger that is refused is not remembered */
    good = good && (rc == 0 || v->seen == t.s.id.size || !keeps);
    setting_close(&t);
    ok(pq_played() && good, v->name);
}

/* Another run ends between our look at the ledger and at what remembers it. From entries are there, then upto. */
static const struct meanwhile {
    const char *name;
    int from, upto, seen;
    bool plans;
    struct file file;
    enum err_code code;
    const char *words;
} meanwhile[] = {
    {"the cache remembers what came meanwhile", 3, 5, 5, false, {.at = 0}, ERR_NONE, ""},
    {"and more than came",
     3,
     4,
     5,
     false,
     {.at = 0},
     ERR_INTEGRITY,
     "the ledger of \"dev\" has 4 entries, the last run saw 5"},
    {"a ledger that came meanwhile was not made anew", 0, 3, 3, false, {.at = 0}, ERR_NONE, ""},
    {"a receipt of what came meanwhile", 3, 5, 2, false, RIGHT(IN_BUNDLE, 5), ERR_NONE, ""},
    {"and one of another entry there", 3, 5, 2, false, WRONG(IN_BUNDLE, 5), ERR_INTEGRITY,
     FORKED("5", RECEIPT)},
    {"a receipt of what this run is to do, too", 3, 5, 3, true, RIGHT(IN_BUNDLE, 5), ERR_NONE, ""},
};
enum { N_MEANWHILE = sizeof meanwhile / sizeof *meanwhile };

static void play_meanwhile(const struct meanwhile *m)
{
    static struct kept soon;
    static struct kept was;
    struct err e = {0};
    static char left[sizeof t.heard.text];
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, m->upto);
    soon = t.keeper.is;
    was = t.keeper.is;
    was.n = m->seen;
    if (m->seen > m->upto) {
        kept_add(&was, ENTRY_PUBLISH, "lost", NULL);
        was.n = m->seen;
    }
    setting_remember(&t, &was);
    if (m->file.at != 0) {
        put(&m->file);
    }
    t.keeper.is.n = m->from;
    if (m->from == 0) {
        t.keeper.is.uuid[0] = '\0';
    }
    t.keeper.soon = &soon;
    setting_play(&t, m->from == 0 ? "connect -> ok\n" NO_LEDGER IDENTIFY
                                    "~ @ledger_read_entries -> ask\n" LOOKS
                                  : "connect -> ok\n" IDENTIFY ENTRIES IDENTIFY
                                    "~ @ledger_read_entries -> ask\n" LOOKS);
    int rc = m->plans ? site_plan(&t.s, true, &e) : site_link(&t.s, &e);
    (void)snprintf(left, sizeof left, "%.7000s%s%s", rc == 0 ? t.heard.text : e.msg,
                   rc == 0 ? "" : "; ", rc == 0 ? "" : e.hint);
    bool good = setting_left(left, rc, &e, m->code == ERR_NONE ? 0 : -1, m->code, m->words);
    setting_close(&t);
    ok(pq_played() && good, m->name);
}

/* The note is given once: the second run has the cache of the first. Without a cache there is nothing to keep. */
static void once(bool has_cache)
{
    struct err e = {0};
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    t.s.cache = has_cache ? t.s.cache : NULL;
    setting_play(&t, "connect -> ok\n" IDENTIFY ENTRIES "connect -> ok\n" IDENTIFY
                     "~ @ledger_read_entries -> ask\n" LOOKS);
    bool good = site_plan(&t.s, true, &e) == 0;
    site_leave(&t.s);
    good = site_plan(&t.s, true, &e) == 0 && good;
    is_str(t.heard.text, has_cache ? FIRST : "", has_cache ? "told once" : "no cache, no word");
    setting_close(&t);
    ok(pq_played() && good, "two runs");
}

/* What the cache has of an environment, and is no memory of a ledger. */
static void nonsense(void)
{
    static const char *const texts[] = {
        "",
        LEDGER_UUID,
        LEDGER_UUID " 3",
        LEDGER_UUID " 3 ",
        LEDGER_UUID " 3 " SHA "0",
        LEDGER_UUID "0 3 " SHA,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct checkpoint seen = {.sequence = 7};
        struct err e = {0};
        setting_project("");
        setting_open(&t, "dev", LEDGER_UUID, 3);
        cache_put(t.s.cache, "checkpoint", bytes_str("dev"), bytes_str(texts[i]));
        bool good = !site_remembered(&t.s, &seen, NULL) && seen.sequence == 0;
        setting_play(&t, "connect -> ok\n" IDENTIFY ENTRIES LOOKS);
        good = site_plan(&t.s, true, &e) == 0 && strcmp(t.heard.text, FIRST) == 0 && good;
        setting_close(&t);
        ok(pq_played() && good, texts[i]);
    }
}

/* When the newest entry was made is remembered beside the checkpoint, and counts for that one only. */
static void when(void)
{
    static const struct {
        const char *kept, *at;
    } times[] = {
        {LEDGER_UUID " 3 " MOMENT, MOMENT},
        {LEDGER_UUID " 2 " MOMENT, ""},
        {OTHER_UUID " 3 " MOMENT, ""},
        {LEDGER_UUID " 3 ", ""},
        {LEDGER_UUID " 3", ""},
        {LEDGER_UUID " 30 " MOMENT, ""},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        static struct kept was;
        struct checkpoint seen;
        const char *at = "?";
        setting_project("");
        setting_open(&t, "dev", LEDGER_UUID, 3);
        kept_make(&was, LEDGER_UUID, 3);
        setting_remember(&t, &was);
        cache_put(t.s.cache, "checkpoint_at", bytes_str("dev"), bytes_str(times[i].kept));
        ok(site_remembered(&t.s, &seen, &at) && seen.sequence == 3, "the checkpoint");
        is_str(at, times[i].at, times[i].kept);
        setting_close(&t);
    }
}

/* What failed is not applied: what was exported of it is read, whatever the last run saw. */
static void failed(void)
{
    struct err e = {0};
    struct file ahead = WRONG(IN_BUNDLE, 9);
    struct kept *k = &t.keeper.is;
    struct buf text = {0};
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    struct entry en = {.sequence = 4,
                       .kind = ENTRY_APPLY,
                       .subject = "M-1",
                       .result = "failed",
                       .run_id = "run-4",
                       .finished_at = MOMENT,
                       .environment = "dev",
                       .instance = LEDGER_UUID};
    kept_root(k, 3, &en.previous);
    entry_write(&text, &en);
    (void)snprintf(k->text[k->n++], KEPT_TEXT, "%s", buf_str(&text));
    buf_release(&text);
    setting_remember(&t, k);
    put(&ahead);
    setting_play(&t, "connect -> ok\n" IDENTIFY ENTRIES IDENTIFY LOOKS);
    ok(site_plan(&t.s, true, &e) == -1 && e.code == ERR_INTEGRITY, "what failed is read");
    is_str(
        e.msg,
        "the ledger of \"dev\" has 4 entries, an exported receipt is of entry 9: " FOLDER RECEIPT,
        "and tells");
    setting_close(&t);
    ok(pq_played(), "asked once more how it is now");
}

/* A database that was made anew is told of, and which one was lost. */
static void made_anew(void)
{
    static struct kept was;
    struct err e = {0};
    setting_project("");
    setting_open(&t, "dev", "", 0);
    kept_make(&was, OTHER_UUID, 3);
    setting_remember(&t, &was);
    setting_play(&t, "connect -> ok\n" NO_LEDGER NO_LEDGER LOOKS);
    ok(site_plan(&t.s, true, &e) == 0, "a database without a ledger");
    is_str(t.heard.text,
           "warning: dev: the database has no ledger; the last run here saw ledger " OTHER_UUID
           ", entry 3: it was made anew, and this is first contact again|",
           "is told of");
    setting_close(&t);
    ok(pq_played(), "asked once more how it is now");
}

/* The sink remembers it, too. */
static void sunk(void)
{
    struct err e = {0};
    struct digest d;
    char root[DIGEST_TEXT];
    char text[256];
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 3);
    t.l.p.sink = "archive";
    kept_root(&t.keeper.is, 2, &d);
    (void)snprintf(text, sizeof text, "{\"ledger\":{\"previous\":\"%s\"}}", digest_text(&d, root));
    project_put("archive/dev/" LEDGER_UUID "/00000003-run-3.json", text);
    setting_play(&t, "connect -> ok\n" IDENTIFY ENTRIES LOOKS);
    ok(site_plan(&t.s, true, &e) == 0 && t.heard.n == 0, "the sink remembers it");
    setting_close(&t);
    ok(pq_played(), "asked once");
}

int main(void)
{
    tap_plan(N + N_MEANWHILE + 9 + 6 + 2 * 6 + 3);
    for (size_t i = 0; i < N; i++) {
        play(&variants[i]);
    }
    for (size_t i = 0; i < N_MEANWHILE; i++) {
        play_meanwhile(&meanwhile[i]);
    }
    once(true);
    once(false);
    nonsense();
    when();
    failed();
    made_anew();
    sunk();
    project_remove();
    return tap_done();
}
