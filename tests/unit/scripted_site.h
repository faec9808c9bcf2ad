/* One environment of a project in a temporary directory, on a scripted server that keeps a ledger: what is recorded there is there once it
 * is committed, and "-> ask" answers from it. For tests of src/site and src/flow. */
#ifndef KFMIG_TESTS_UNIT_SCRIPTED_SITE_H
#define KFMIG_TESTS_UNIT_SCRIPTED_SITE_H

#include "base/tell.h"
#include "ledger/ledger.h"
#include "project.h"
#include "scripted_pq.h"
#include "site/projected.h"
#include "tap.h"

#define LEDGER_UUID "7f0c8b1e-0000-4000-8000-000000000001"
#define OTHER_UUID "7f0c8b1e-0000-4000-8000-000000000002"
#define MOMENT "2026-01-02T03:04:05.000006Z"

/* A table as catalog_relations.sql has it that has an owner and nothing else to say. */
#define RELATION_ROW(oid, schema, name, owner)                                                     \
    oid " | r | " schema " | " name " | " owner " | 1 | NULL | NULL | p | NULL | NULL | f | f | d" \
        " | NULL | NULL | NULL | NULL | NULL"

/* What no scenario is about: hygiene, pins, catalogs that hold nothing. Behind everything else. */
#define USUAL                                                                                      \
    "~ @pg_pin_query -> rows 1\n"                                                                  \
    "~ @pg_pin* -> SET\n"                                                                          \
    "~ @ledger_durable_flushed -> rows t\n"                                                        \
    "~ @ledger_durable_level -> RESET\n"                                                           \
    "~ @ledger_durable_barrier -> ask\n"                                                           \
    "~ @run_clock -> rows " MOMENT "\n"                                                            \
    "~ @postgis_pin_* -> SAVEPOINT\n"                                                              \
    "~ @postgis_observe_powers -> rows f | f | NULL | NULL | NULL\n"                               \
    "~ @postgis_observe_powers_since_15 -> rows f\n"                                               \
    "~ @ledger_read_witness -> rows 0:0\n"                                                         \
    "~ @postgis_witness* -> rows 1:1 | 0/16B3 | 700\n"                                             \
    "~ @postgis_* -> rows\n"
#define IDENTIFY "@ledger_identify_full -> ask\n"
#define NO_LEDGER "@ledger_identify_full -> ask\n@ledger_identify_server -> ask\n"
#define ENTRIES "@ledger_read_entries -> ask\n"
#define LOOK "@postgis_look_begin -> BEGIN\n@postgis_look_waits(30000ms) -> rows 30s\n"
#define OBJECTS(rows) "@ledger_read_objects(0) -> rows" rows "\n"
#define LOOKED LOOK OBJECTS("") "COMMIT -> COMMIT\n"
#define LOOKED_NO_LEDGER LOOK "COMMIT -> COMMIT\n"

enum { KEPT_ENTRIES = 14, KEPT_TEXT = 2048 };

/* The ledger: its entries' texts. uuid "": there is none. */
struct kept {
    char uuid[37];
    int n;
    char text[KEPT_ENTRIES][KEPT_TEXT];
};

/* What the server says of itself, and its ledger as committed and in the open transaction. */
struct keeper {
    struct kept is, open;
    const struct kept *soon; /* what another run makes of it behind the first look; NULL: nothing */
    const char *environment, *format, *system, *lsn;
    bool in_recovery, read_only, superuser, is_pooled, is_signalled, has_generations;
    long next_id, timeline; /* 0: 700, 1 */
    bool is_busy, is_unflushed;
    bool counts; /* next_id goes on with what this session writes, and nobody else does */
    char told[KEPT_ENTRIES * KEPT_TEXT];
};

static inline void keeper_begin(struct keeper *v, const char *env)
{
    memset(v, 0, sizeof *v);
    v->environment = env;
    v->format = "2";
    v->system = "99";
    v->lsn = "0/16B3";
}

static inline void kept_root(const struct kept *k, int n, struct digest *out)
{
    struct merkle m = {0};
    for (int i = 0; i < n; i++) {
        struct digest leaf = merkle_leaf(bytes_str(k->text[i]));
        merkle_add(&m, &leaf);
    }
    *out = merkle_root(&m);
}

/* One more entry, as kfmig writes it: en says what it is of, the rest is as the ledger stands. */
static inline void kept_put(struct kept *k, struct entry en)
{
    struct buf text = {0};
    char run_id[16];
    en.sequence = k->n + 1;
    en.run_id = run_id;
    en.finished_at = MOMENT;
    en.environment = "dev";
    en.instance = k->uuid;
    (void)snprintf(run_id, sizeof run_id, "run-%d", k->n + 1);
    kept_root(k, k->n, &en.previous);
    entry_write(&text, &en);
    (void)snprintf(k->text[k->n++], KEPT_TEXT, "%s", buf_str(&text));
    buf_release(&text);
}

/* A success. receipt: what it names; NULL: nothing that is there. */
static inline void kept_add(struct kept *k, enum entry_kind kind, const char *subject,
                            const char *receipt)
{
    kept_put(k,
             (struct entry){.kind = kind,
                            .subject = subject,
                            .result = "success",
                            .receipt = digest_of(bytes_str(receipt != NULL ? receipt : subject))});
}

/* Contact, adoption, then what was published as S-1, S-2, ...: n entries. */
static inline void kept_make(struct kept *k, const char *uuid, int n)
{
    char subject[16];
    k->n = 0;
    (void)snprintf(k->uuid, sizeof k->uuid, "%s", uuid);
    for (int i = 0; i < n; i++) {
        (void)snprintf(subject, sizeof subject, i < 2 ? "database" : "S-%d", i - 1);
        kept_add(k, i == 0 ? ENTRY_CONTACT : i == 1 ? ENTRY_ADOPT : ENTRY_PUBLISH, subject, NULL);
    }
}

static inline const char *yes(bool b)
{
    return b ? "t" : "f";
}

/* text: the question; identify_server.sql has other columns at its end. */
static inline void keeper_says_who(struct keeper *v, int session, const char *text)
{
    struct digest root;
    char hex[DIGEST_TEXT];
    size_t n = 0;
    long next_id = v->next_id > 0 ? v->next_id : 700;
    if (v->is.uuid[0] == '\0') {
        n = (size_t)snprintf(v->told, sizeof v->told,
                             "rows NULL | NULL | NULL | NULL | NULL | NULL");
    } else {
        char uuid[sizeof v->is.uuid];
        memcpy(uuid, v->is.uuid, sizeof uuid);
        kept_root(&v->is, v->is.n, &root);
        n = (size_t)snprintf(v->told, sizeof v->told, "rows %s | %s | %s | %d | %s | 3", uuid,
                             v->environment, v->format, v->is.n, digest_text(&root, hex) + 7);
    }
    (void)snprintf(v->told + n, sizeof v->told - n,
                   " | %s | %s | %ld | %s | %s | %s | %d | kfm | kfm", v->system, v->lsn,
                   v->timeline > 0 ? v->timeline : 1, yes(v->in_recovery), yes(v->read_only),
                   yes(v->superuser), (v->is_pooled ? 7 : 100) + session);
    n = strlen(v->told);
    if (strcmp(text, "@ledger_identify_server") == 0 || v->is.uuid[0] == '\0') {
        const char *has = yes(v->is.uuid[0] != '\0');
        (void)snprintf(v->told + n, sizeof v->told - n, " | %s | %s | kfm | %ld | %s", has, has,
                       next_id, yes(!v->is_busy));
    } else {
        (void)snprintf(v->told + n, sizeof v->told - n, " | %s | %ld | %s | %s",
                       yes(v->has_generations), next_id, yes(!v->is_busy), yes(!v->is_unflushed));
    }
    if (v->soon != NULL) {
        v->is = *v->soon;
        v->soon = NULL;
    }
}

static inline void keeper_says_entries(struct keeper *v, const char *after, const char *upto)
{
    int from = (int)strtol(after, NULL, 10);
    int to = (int)strtol(upto, NULL, 10);
    size_t n = (size_t)snprintf(v->told, sizeof v->told, "rows");
    for (int i = from; i < to && i < v->is.n; i++) {
        n += (size_t)snprintf(v->told + n, sizeof v->told - n, "%s %s", i > from ? " ;" : "",
                              v->is.text[i]);
    }
}

static inline void keeper_does(struct keeper *v, const char *text, const char *const *params)
{
    if (strncmp(text, "BEGIN", 5) == 0 || strcmp(text, "@postgis_begin") == 0 ||
        strcmp(text, "@postgis_look_begin") == 0) {
        v->open = v->is;
    } else if (strcmp(text, "@ledger_create_row_instance") == 0) {
        (void)snprintf(v->open.uuid, sizeof v->open.uuid, "%s", params[0]);
    } else if (strcmp(text, "@ledger_record_entry") == 0) {
        (void)snprintf(v->open.text[v->open.n++], KEPT_TEXT, "%s", params[5]);
    } else if (strcmp(text, "COMMIT") == 0) {
        v->next_id += v->counts && v->open.n != v->is.n;
        v->is = v->open;
    }
}

/* The barrier's row: the head as committed. */
static inline void keeper_says_head(struct keeper *v)
{
    struct digest root;
    char hex[DIGEST_TEXT];
    kept_root(&v->is, v->is.n, &root);
    (void)snprintf(v->told, sizeof v->told, "rows %d | %s | on | t | NULL", v->is.n,
                   digest_text(&root, hex) + 7);
}

/* pq_serve: ctx is a struct keeper. A COMMIT that is answered "cut" took none; "kept" is cut too, and took effect.
 * "signal ANSWER": with this answer comes a Ctrl-C. */
static inline const char *keeper_hears(void *ctx, int session, const char *text, int n_params,
                                       const char *const *params, const char *answer)
{
    struct keeper *v = ctx;
    (void)n_params;
    if (strncmp(answer, "signal ", 7) == 0) {
        v->is_signalled = true;
        answer += 7;
    }
    if (strcmp(text, "COMMIT") == 0 && strcmp(answer, "kept") == 0) {
        keeper_does(v, text, params);
        return "cut";
    }
    if (strcmp(text, "@ledger_lock_lease") == 0 && strncmp(answer, "rows ", 5) == 0) {
        v->next_id += v->counts;
    }
    if (strcmp(answer, "ask") != 0) {
        if (answer[0] >= 'A' && answer[0] <= 'Z') {
            keeper_does(v, text, params);
        }
        return answer;
    }
    if (strcmp(text, "@ledger_identify_full") == 0 && v->is.uuid[0] == '\0') {
        return "error 42P01";
    }
    if (strcmp(text, "@ledger_durable_barrier") == 0) {
        keeper_says_head(v);
    } else if (strncmp(text, "@ledger_identify", 16) == 0) {
        keeper_says_who(v, session, text);
    } else {
        keeper_says_entries(v, params[0], params[1]);
    }
    return v->told;
}

/* What was told to the ear, one behind another: "note: ...|fault: ...|". */
struct heard {
    char text[8192];
    size_t n;
    const struct keeper *keeper; /* whose signal stops what is done */
};

static inline void heard_add(struct heard *h, const char *kind, const char *text)
{
    h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%s: %s|", kind, text);
}

static inline void heard_hear(void *ctx, const struct tell *t)
{
    struct heard *h = ctx;
    if (t->kind == TELL_FAULT || t->kind == TELL_FAILED) {
        heard_add(h, tell_name(t->kind), t->fault->msg);
        h->n += (size_t)snprintf(h->text + h->n, sizeof h->text - h->n, "%s|", t->fault->hint);
    } else if (t->kind == TELL_FAULTS) {
        for (size_t i = 0; i < t->faults->n; i++) {
            heard_add(h, "fault", t->faults->v[i].msg);
        }
    } else if (t->kind != TELL_TICK) {
        heard_add(h, tell_name(t->kind), t->what != NULL ? t->what : t->target);
    }
}

static inline enum err_code heard_stops(void *ctx)
{
    struct heard *h = ctx;
    return h->keeper->is_signalled ? ERR_INTERRUPTED : ERR_NONE;
}

/* Everything that a scenario stands on. */
struct setting {
    struct loaded l;
    struct keeper keeper;
    struct heard heard;
    const char *usual; /* further lines before what is usual; NULL */
    struct ear ear;
    struct site s;
};

static inline void setting_project(const char *more)
{
    char text[1024];
    project_start();
    (void)snprintf(text, sizeof text,
                   "environments:\n"
                   "  dev: {evidence: none, stores: {postgis: {dsn_ref: T_DEV}}}\n"
                   "  live: {protected: true, evidence: none, requires: [dev], stores: {postgis: "
                   "{dsn_ref: T_LIVE}}}\n"
                   "  filed: {evidence: none, stores: {postgis: {dsn_ref: registry/dsn}}}\n"
                   "default_environment: dev\n%s",
                   more);
    project_put("registry/environments.v1.yml", text);
    project_put("registry/dsn", "postgresql://filed@file.example/kfm\nrest\n");
    project_bundle("M-1", "");
    (void)setenv("T_DEV", "postgresql://tester@db.example/kfm", 1);
    (void)setenv("T_LIVE", "postgresql://tester@live.example/kfm", 1);
}

/* Scripts of what is pending are let go once they were looked at, all of them (site/pending.h). */
static bool setting_lets_go;

/* The environment in the project as it is on disk, not connected; its server keeps a ledger of n entries, or none (uuid ""). */
static inline void setting_open(struct setting *p, const char *env, const char *uuid, int n)
{
    memset(p, 0, sizeof *p);
    keeper_begin(&p->keeper, env);
    project_load(&p->l, true);
    kept_make(&p->keeper.is, uuid, n);
    p->heard.keeper = &p->keeper;
    p->ear = (struct ear){&p->heard, heard_hear, heard_stops};
    site_init(&p->s, &p->l.a, &p->l.p, p->l.cache, &p->ear, load_env(&p->l.p, env),
              &(struct site_options){.verb = "build", .self = "/bin/false"});
    p->s.o.scripts_most = p->s.n_scripts_kept = setting_lets_go;
}

/* The scenario begins; its lines come before what is usual. */
static inline void setting_play(struct setting *p, const char *lines)
{
    static char script[32768];
    (void)snprintf(script, sizeof script, "%s%s%s", lines, p->usual != NULL ? p->usual : "", USUAL);
    pq_script(script);
    pq_model(keeper_hears, &p->keeper);
}

static inline void setting_close(struct setting *p)
{
    site_close(&p->s);
    project_unload(&p->l);
}

/* The cache as an earlier run left it that saw this ledger in env. */
static inline void setting_remember_of(struct setting *p, const char *env, const struct kept *was)
{
    static struct site s; /* too large for the stack, beside a struct kept */
    s = p->s;
    s.env = load_env(&p->l.p, env);
    struct entry last = {.finished_at = MOMENT};
    s.id = (struct identity){.has_ledger = true, .size = was->n};
    memcpy(s.id.uuid, was->uuid, sizeof s.id.uuid);
    kept_root(was, was->n, &s.id.root);
    s.entries = (struct entries){&last, 1, 1};
    site_remember(&s);
}

static inline void setting_remember(struct setting *p, const struct kept *was)
{
    setting_remember_of(p, p->s.env->name, was);
}

/* Is what a scenario ended with as wanted? left: what it left, as words; all of them are wanted where rc is 0,
 * else the words are a part of it. What differs is printed. */
static inline bool setting_left(const char *left, int rc, const struct err *e, int wanted,
                                enum err_code code, const char *words)
{
    bool good = rc == wanted && e->code == code &&
                (rc == 0 ? strcmp(left, words) == 0 : strstr(left, words) != NULL);
    if (!good) {
        printf("# rc %d, code %d: %s\n", rc, (int)e->code, left);
    }
    return good;
}

/* The plan of what was opened, as a test, which closes it: describe() leaves what it is about in out, or the
 * error's message is; setting_left(). */
static inline void setting_planned(struct setting *p, void (*describe)(char *out, size_t size),
                                   enum err_code code, const char *words, const char *name)
{
    struct err e = {0};
    char left[4096];
    int rc = site_plan(&p->s, true, &e);
    if (rc == 0) {
        describe(left, sizeof left);
    } else {
        (void)snprintf(left, sizeof left, "%s", e.msg);
    }
    bool good = setting_left(left, rc, &e, code == ERR_NONE ? 0 : -1, code, words);
    setting_close(p);
    ok(pq_played() && good, name);
}

/* What is done, and what it ends with (setting_left()); act() leaves its words in "left". */
struct scenario {
    const char *name, *script;
    int (*act)(struct err *e);
    int rc;
    enum err_code code;
    const char *words; /* of the error and its hint, or all that was left */
};

/* One scenario of dev, whose server keeps a ledger of n entries (uuid "": none), as a test. left: of size bytes. */
static inline void setting_act(struct setting *p, const struct scenario *x, const char *uuid, int n,
                               char *left, size_t size)
{
    struct err e = {0};
    left[0] = '\0';
    setting_project("");
    setting_open(p, "dev", uuid, n);
    setting_play(p, x->script);
    int rc = x->act(&e);
    if (rc != 0) {
        (void)snprintf(left, size, "%s; %s", e.msg, e.hint);
    }
    bool good = setting_left(left, rc, &e, x->rc, x->code, x->words);
    setting_close(p);
    ok(pq_played() && good, x->name);
}

/* A program of n scenarios, one test each: main()'s result. */
static inline int setting_each(int n, void (*play)(size_t i))
{
    tap_plan(n);
    for (size_t i = 0; i < (size_t)n; i++) {
        play(i);
    }
    project_remove();
    return tap_done();
}

#endif
