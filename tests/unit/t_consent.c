/* layer: flow */
/* run: needs=ssh-keygen */
/* What stands beside a plan: whose signatures let it run, what is waived with it, who shows that he runs it; and what is said where something
 * is missing. ssh-keygen signs and verifies. */
#include "flow/consent.h"
#include "signing_project.h"
#include "site/approvals.h"
#include "tap.h"

#define ENVIRONMENTS "registry/environments.v1.yml"

static struct digest plan, other;

/* --- what is so beforehand */

static void key_is_gone(void)
{
    (void)renameat(AT_FDCWD, signing_key("op"), AT_FDCWD, signing_key("gone"));
}

static void public_part_is_gone(void)
{
    const char *path = arena_printf(&signing_arena, "%s.pub", signing_key("op"));
    (void)renameat(AT_FDCWD, path, AT_FDCWD, signing_key("gone"));
}

/* The key is eve's; what lies beside it says that it is op's. */
static void public_part_is_claimed(void)
{
    const char *path = arena_printf(&signing_arena, "%s.pub", signing_key("eve"));
    (void)renameat(AT_FDCWD, path, AT_FDCWD, signing_key("gone"));
    (void)symlinkat(arena_printf(&signing_arena, "%s.pub", signing_key("op")), AT_FDCWD, path);
}

static void public_part_is_none(void)
{
    const char *path = arena_printf(&signing_arena, "%s.pub", signing_key("op"));
    (void)renameat(AT_FDCWD, path, AT_FDCWD, signing_key("gone"));
    (void)symlinkat("/dev/null", AT_FDCWD, path);
}

static void no_keygen(void)
{
    signing_look_in("/nowhere");
}

static void faulty_list(void)
{
    project_put("registry/allowed_signers", "*@x ssh-ed25519 AAAA\n");
}

static void no_list(void)
{
    (void)unlinkat(project_fd, "registry/allowed_signers", 0);
}

/* As it was: keys stand where they stood. */
static void put_back(void)
{
    static const char *const names[] = {"op", "op.pub", "eve.pub"};
    signing_look_in(NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat st;
        const char *path = signing_key(names[i]);
        if (lstat(path, &st) != 0 || S_ISLNK(st.st_mode)) {
            (void)renameat(AT_FDCWD, signing_key("gone"), AT_FDCWD, path);
        }
    }
}

#define SIGNED "protected: true, approval: signature"
#define WANTS(what) SIGNED ", approvals: {" what "}"
#define ALL "ann@x,p bob@x,g cy@x,p,g op@x,o"

/* signatures: words "WHO/WAIVER,..." (of the plan), "@WHO/..." (of another), as made before. waives: of the order, by blanks.
 * persons: "KIND PERSON, ..." of what goes into receipts, where rc is 0; else a part of what is said. */
static const struct {
    const char *name, *env;
    void (*before)(void);
    const char *signatures, *key, *waives;
    bool is_unplanned;
    int rc;
    enum err_code code;
    const char *words;
} rows[] = {
    {"who asks nobody", "approval: review", NULL, "", NULL, "", false, 0, ERR_NONE, ""},
    {"a key that nobody asked for", "approval: review", NULL, "", "op", "", false, 0, ERR_NONE, ""},
    {"a waiver where nothing is protected", "approval: none", NULL, "", NULL, "force", false, 0,
     ERR_NONE, ""},
    {"a plan that wants none", SIGNED, NULL, "", NULL, "", false, 0, ERR_NONE, ""},
    {"a plan that nobody signed", WANTS("plan: [g]"), NULL, "", NULL, "", false, -1, ERR_PREFLIGHT,
     "environment \"prod\" wants signatures over the plan: 0 of 1 signature, missing: g; nothing "
     "was "
     "built ... `kfmig approve prod --plan=sha256:"},
    {"a plan that is signed", WANTS("plan: [g]"), NULL, "bob", NULL, "", false, 0, ERR_NONE,
     "plan bob@x"},
    {"another plan that is", WANTS("plan: [g]"), NULL, "@bob", NULL, "", false, -1, ERR_PREFLIGHT,
     "over the plan: 0 of 1 signature, missing: g; nothing"},
    {"signed by another role", WANTS("plan: [g]"), NULL, "ann", NULL, "", false, -1, ERR_PREFLIGHT,
     "0 of 1 signature, missing: g; nothing"},
    {"signed by who runs it", WANTS("plan: [g]"), NULL, "bob", "bob", "", false, -1, ERR_PREFLIGHT,
     "does not count: bob@x runs it; nothing"},
    {"where the list cannot be read", WANTS("plan: [g]"), faulty_list, "bob", NULL, "", false, -1,
     ERR_PREFLIGHT, "is nobody's in registry/allowed_signers"},
    {"where there is no list", WANTS("plan: [g]"), no_list, "bob", NULL, "", false, -1,
     ERR_PREFLIGHT, "0 of 1 signature, missing: g; nothing"},
    {"where there is no ssh-keygen", WANTS("plan: [g]"), no_keygen, "bob", NULL, "", false, -1,
     ERR_PREFLIGHT, "cannot start \"ssh-keygen\" ... OpenSSH's client"},

    {"taken back, signed by nobody", SIGNED, NULL, "", NULL, "", true, -1, ERR_PREFLIGHT,
     "wants signatures over what is taken back: 0 of 1 signature; nothing"},
    {"taken back, signed by anybody", SIGNED, NULL, "op", NULL, "", true, 0, ERR_NONE, "plan op@x"},
    {"taken back, where the plan wants a role", WANTS("plan: [g]"), NULL, "ann", NULL, "", true, -1,
     ERR_PREFLIGHT, "over what is taken back: 0 of 1 signature, missing: g; nothing"},

    {"a waiver that nobody signed", SIGNED, NULL, "", NULL, "force", false, -1, ERR_PREFLIGHT,
     "wants signatures over the plan that name --force: 0 of 1 signature; nothing ... "
     " --waive=force` signs it"},
    {"a waiver that nobody named", SIGNED, NULL, "ann", NULL, "force", false, -1, ERR_PREFLIGHT,
     "names no waiver of force; nothing was built"},
    {"a waiver that is named", SIGNED, NULL, "ann/force", NULL, "force", false, 0, ERR_NONE,
     "plan ann@x"},
    {"a waiver where only the host reviews", "protected: true, approval: review", NULL, "", NULL,
     "force", false, -1, ERR_PREFLIGHT, "that name --force: 0 of 1 signature; nothing"},
    {"and one that is named there", "protected: true, approval: review", NULL, "ann/force", NULL,
     "force", false, 0, ERR_NONE, "plan ann@x"},
    {"one of two waivers", SIGNED, NULL, "ann/force", NULL, "force skip-backup", false, -1,
     ERR_PREFLIGHT, "that name --skip-backup: 0 of 1 signature; "},
    {"both, each by another", SIGNED, NULL, "ann/force bob/skip-backup", NULL, "force skip-backup",
     false, 0, ERR_NONE, "plan ann@x, plan bob@x"},
    {"one signature for all is told once", WANTS("plan: [g]"), NULL, "bob/force,skip-backup", NULL,
     "force skip-backup", false, 0, ERR_NONE, "plan bob@x"},
    {"as many as for a migration", WANTS("reviewers: 2, roles: [p]"), NULL, "ann/force", NULL,
     "force", false, -1, ERR_PREFLIGHT, "1 of 2 signatures; signed by ann@x (p); nothing"},

    {"who runs it shows no key", WANTS("runners: [o, q]"), NULL, "", NULL, "", false, -1,
     ERR_PREFLIGHT,
     "whoever this is may not run environment \"prod\": no key shows who it is; nothing was built; "
     "--key=FILE, or KFMIG_KEY: the key of a person with one of the roles o, q"},
    {"who runs it may not", WANTS("runners: [o]"), NULL, "", "ann", "", false, -1, ERR_PREFLIGHT,
     "ann@x may not run environment \"prod\": none of that person's roles may; nothing was built"},
    {"who runs it may", WANTS("runners: [q, o]"), NULL, "", "op", "", false, 0, ERR_NONE,
     "run op@x"},
    {"anybody may, and says who", SIGNED, NULL, "", "ann", "", false, 0, ERR_NONE, "run ann@x"},
    {"beside who signed the plan", WANTS("plan: [g], runners: [o]"), NULL, "bob", "op", "", false,
     0, ERR_NONE, "plan bob@x, run op@x"},
    {"a run that was signed before", WANTS("plan: [g], runners: [o]"), NULL, "!bob", "op", "",
     false, -1, ERR_PREFLIGHT, "over the plan: 0 of 1 signature, missing: g; nothing"},
    {"a key that is not there", WANTS("runners: [o]"), key_is_gone, "", "op", "", false, -1,
     ERR_CONFIG, "there is no key \""},
    {"a key that is nobody's", WANTS("runners: [o]"), NULL, "", "eve", "", false, -1, ERR_CONFIG,
     "the signature would not count: its key SHA256: ... is nobody's"},
    {"its public part is not there", WANTS("runners: [o]"), public_part_is_gone, "", "op", "",
     false, -1, ERR_PREFLIGHT,
     "op@x may not run environment \"prod\": the key is not the one whose public part was read"},
    {"its public part is none", WANTS("runners: [o]"), public_part_is_none, "", "op", "", false, -1,
     ERR_PREFLIGHT, "op@x may not run environment \"prod\": the key is not the one"},
    {"its public part is another's", WANTS("runners: [o]"), public_part_is_claimed, "", "eve", "",
     false, -1, ERR_CONFIG,
     "sign"}, /* newer ssh-keygens see that themselves; by older ones it is nobody's */
    {"its public part is given, and the key lies beside it", WANTS("runners: [o]"), NULL, "",
     "op.pub", "", false, 0, ERR_NONE, "run op@x"},
    {"its public part is given, and nobody has the key", WANTS("runners: [o]"), key_is_gone, "",
     "op.pub", "", false, -1, ERR_CONFIG,
     "ssh-keygen did not sign with \" ... an agent has to hold"},
};
enum { N = sizeof rows / sizeof *rows };

static void write_project(const char *env)
{
    project_start();
    project_put(ENVIRONMENTS,
                arena_printf(&signing_arena,
                             "environments:\n  prod: {%s, evidence: none, stores: {postgis: "
                             "{dsn_ref: T}}}\n",
                             env));
    signing_allow(ALL);
}

/* '@': over another plan; '!': a run of this one. */
static void sign(const char *text)
{
    char *rest = arena_strdup(&signing_arena, text);
    for (char *word = strsep(&rest, " "); word != NULL && word[0] != '\0';
         word = strsep(&rest, " ")) {
        struct approval x = {.kind = word[0] == '!' ? APPROVES_RUN : APPROVES_PLAN,
                             .subject = "",
                             .digest = word[0] == '@' ? other : plan};
        word += strspn(word, "@!");
        const char *who = strsep(&word, "/");
        for (char *w = strsep(&word, ","); w != NULL; w = strsep(&word, ",")) {
            names_add(&signing_arena, &x.waives, w);
        }
        (void)signing_sign(who, x, "registry/approvals");
    }
}

static struct names waivers(const char *text)
{
    struct names out = {0};
    char *rest = arena_strdup(&signing_arena, text);
    for (char *word = strsep(&rest, " "); word != NULL && word[0] != '\0';
         word = strsep(&rest, " ")) {
        names_add(&signing_arena, &out, word);
    }
    return out;
}

static const char *signed_for(const struct run_actor *actor)
{
    const char *text = "";
    for (size_t i = 0; i < actor->n_signed_for; i++) {
        const struct approval *x = actor->signed_for[i];
        text = arena_printf(&signing_arena, "%s%s%s %s", text, i > 0 ? ", " : "",
                            approval_kind_text(x->kind), x->person);
    }
    return text;
}

/* Looked at as for a plan, then held to the order. */
static int hold(struct loaded *l, const char *key, const char *dbname,
                const struct writing_order *o, const char **said, struct err *e)
{
    static struct signing_heard heard;
    struct run_actor actor = {.id = "op"};
    struct site s;
    struct arena a = {0};
    heard = (struct signing_heard){.n = 0};
    struct ear ear = {&heard, signing_hear, signing_stops};
    const struct site_options so = {
        .verb = "build", .self = "/bin/false", .dbname = dbname, .key = key};
    site_init(&s, &a, &l->p, NULL, &ear, load_env(&l->p, "prod"), &so);
    s.plan = (struct plan){.env = s.env, .world = &s.world, .past = &s.past};
    s.world.why_not = "";
    int rc = approvals_look(&s, e) != 0 || consent_hold(&s, o, &actor, e) != 0 ? -1 : 0;
    *said = rc == 0 ? signed_for(&actor) : arena_printf(&signing_arena, "%s; %s", e->msg, e->hint);
    site_close(&s);
    arena_release(&a);
    return rc;
}

static void test_row(size_t i)
{
    struct loaded l;
    struct err e = {0};
    const char *said = "";
    const struct writing_order o = {.done = "built",
                                    .signs = &plan,
                                    .is_unplanned = rows[i].is_unplanned,
                                    .waives = waivers(rows[i].waives)};
    write_project(rows[i].env);
    project_load(&l, false);
    sign(rows[i].signatures);
    if (rows[i].before != NULL) {
        rows[i].before();
    }
    int rc = hold(&l, rows[i].key != NULL ? signing_key(rows[i].key) : NULL, NULL, &o, &said, &e);
    put_back();
    bool good = rc == rows[i].rc && e.code == rows[i].code &&
                (rc == 0 ? strcmp(said, rows[i].words) == 0 : has_in_order(said, rows[i].words));
    if (!ok(good, rows[i].name)) {
        printf("# rc %d, code %d: %s\n", rc, (int)e.code, said);
    }
    project_unload(&l);
}

/* What is no plan of a build: of a throwaway database nobody asks; a verb without signatures asks for who runs it. */
static void test_other_orders(void)
{
    struct loaded l;
    struct err e = {0};
    const char *said = "";
    struct writing_order o = {.done = "built", .signs = &plan};
    write_project(WANTS("plan: [g], runners: [o]"));
    project_load(&l, false);
    is_int(hold(&l, NULL, "kfmig_x", &o, &said, &e), 0, "a throwaway database is nobody's to sign");
    is_str(said, "", "nor does anybody");
    o.signs = NULL;
    is_int(hold(&l, signing_key("op"), NULL, &o, &said, &e), 0,
           "what is no build wants no plan signed");
    is_str(said, "run op@x", "but shows who runs it");
    is_int(hold(&l, NULL, NULL, &o, &said, &e), -1, "or is refused");
    ok(has_in_order(said, "no key shows who it is; nothing was built"), said);
    project_unload(&l);
}

/* Looked at, held to; then the lock is waited for, and looked at again so much later. */
static int hold_and_wait(struct loaded *l, const struct writing_order *o, const char *later,
                         const char **said, struct err *e)
{
    static struct signing_heard heard;
    struct run_actor actor = {.id = "op"};
    struct site s;
    struct arena a = {0};
    heard = (struct signing_heard){.n = 0};
    struct ear ear = {&heard, signing_hear, signing_stops};
    const struct site_options so = {
        .verb = "build", .self = "/bin/false", .key = signing_key("op")};
    site_init(&s, &a, &l->p, NULL, &ear, load_env(&l->p, "prod"), &so);
    s.plan = (struct plan){.env = s.env, .world = &s.world, .past = &s.past};
    s.world.why_not = "";
    int rc = approvals_look(&s, e) != 0 || consent_hold(&s, o, &actor, e) != 0 ? -1 : 0;
    (void)setenv("KFMIG_NOW", later, 1);
    if (rc == 0 && approvals_look(&s, e) == 0) {
        rc = consent_last(&s, &actor, o->done, e);
    }
    *said = rc == 0 ? arena_strdup(&signing_arena, s.approvals.at)
                    : arena_printf(&signing_arena, "%s; %s", e->msg, e->hint);
    (void)setenv("KFMIG_NOW", SIGNING_NOW, 1);
    site_close(&s);
    arena_release(&a);
    return rc;
}

static void test_waiting(void)
{
    static const struct {
        const char *name, *later;
        int rc;
        const char *words;
    } v[] = {
        {"what let it in still counts when the lock is there", "1767409444", 0,
         "2026-01-03T03:04:04.000000Z"},
        {"who showed a day ago that he runs it does so no more", "1767409445", -1,
         "environment \"prod\": the signature of op@x (run) counts no more: it expired at "
         "2026-01-03T03:04:05.000000Z; nothing was built; have it signed again"},
        {"of the plan: longer ago than may be", "1767409446", -1,
         "the signature of bob@x (plan) counts no more: it was signed at "
         "2026-01-02T03:04:05.000000Z, longer ago than max_age; nothing was built"},
        {"the server's clock is before it", "1767322744", -1,
         "bob@x (plan) counts no more: it says that it was signed at ... yet to come ... "
         "five minutes apart"},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct loaded l;
        struct err e = {0};
        const char *said = "";
        const struct writing_order o = {.done = "built", .signs = &plan};
        write_project(i == 2 ? WANTS("plan: [g], max_age: 1d") : WANTS("plan: [g]"));
        project_load(&l, false);
        sign("bob");
        int rc = hold_and_wait(&l, &o, v[i].later, &said, &e);
        if (!ok(rc == v[i].rc && has_in_order(said, v[i].words), v[i].name)) {
            printf("# rc %d: %s\n", rc, said);
        }
        project_unload(&l);
    }
}

int main(void)
{
    tap_plan(N + 10);
    plan = digest_of(bytes_str("this"));
    other = digest_of(bytes_str("that"));
    if (!signing_begin()) {
        printf("Bail out! no ssh-keygen\n");
        return 1;
    }
    for (size_t i = 0; i < N; i++) {
        test_row(i);
    }
    test_other_orders();
    test_waiting();
    project_remove();
    signing_end();
    return tap_done();
}
