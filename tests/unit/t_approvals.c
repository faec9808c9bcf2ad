/* layer: site */
/* run: needs=ssh-keygen */
/* Approvals as they stand in a project: which are found beside bundles and in registry/approvals, which count, why one does not, and what is
 * told of those that nobody can place. ssh-keygen signs and verifies. */
#include "signing_project.h"
#include "site/approvals.h"
#include "tap.h"

#define FOLDER "registry/approvals"
#define BUNDLE_FOLDER "migrations/postgis/M-1/approvals"

static struct digest over, other;
static struct signing_heard heard;
static struct projection_input projection;

struct view {
    struct loaded l;
    struct site s;
    struct ear ear;
    struct arena a;
};

static void view_open(struct view *v, const char *env, const char *key)
{
    project_load(&v->l, false);
    heard = (struct signing_heard){.n = 0};
    v->a = (struct arena){0};
    v->ear = (struct ear){&heard, signing_hear, signing_stops};
    const struct site_options o = {.verb = "plan", .self = "/bin/false", .key = key};
    site_init(&v->s, &v->a, &v->l.p, NULL, &v->ear, load_env(&v->l.p, env), &o);
    v->s.world.reachable = true;
    v->s.input = (struct plan_input){.env = v->s.env, .world = &v->s.world, .past = &v->s.past};
}

static void view_close(struct view *v)
{
    site_close(&v->s);
    project_unload(&v->l);
    arena_release(&v->a);
}

/* "KIND PERSON", with "!WHY" behind it where it does not count; in the order of the persons. */
static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static const char *found(const struct site *s)
{
    const struct approvals *all = &s->approvals;
    const char **v = ARENA_ARRAY(&signing_arena, const char *, all->n + 1);
    const char *text = "";
    for (size_t i = 0; i < all->n; i++) {
        const struct approval *x = &all->v[i];
        v[i] = arena_printf(&signing_arena, "%s %s%s%s", approval_kind_text(x->kind), x->person,
                            x->why_not != NULL ? "!" : "", x->why_not != NULL ? x->why_not : "");
    }
    qsort(v, all->n, sizeof *v, by_text);
    for (size_t i = 0; i < all->n; i++) {
        text = arena_printf(&signing_arena, "%s%s%s", text, i > 0 ? "; " : "", v[i]);
    }
    return text;
}

static void write_project(const char *more)
{
    project_start();
    project_put("registry/environments.v1.yml",
                arena_printf(&signing_arena,
                             "environments:\n  prod: {protected: true, approval: signature, "
                             "evidence: none, %sstores: {postgis: {dsn_ref: T}}}\n",
                             more));
    project_bundle("M-1", "");
    signing_allow("ann@x,p bob@x,g");
}

/* --- over a plan: one that ann signed, and what is done to it --- */

static const char *path_of_one;

static void nothing(void)
{
}

static void no_signature(void)
{
    (void)unlinkat(project_fd, arena_printf(&signing_arena, "%s.sig", path_of_one), 0);
}

static void signature_of_other(void)
{
    const char *path = signing_sign(
        "ann", (struct approval){.kind = APPROVES_PLAN, .subject = "", .digest = other}, "spare");
    (void)renameat(project_fd, arena_printf(&signing_arena, "%s.sig", path), project_fd,
                   arena_printf(&signing_arena, "%s.sig", path_of_one));
}

static void not_a_statement(void)
{
    project_put(path_of_one, "{\"format\": \"kfmig.approval.v1\"}\n");
}

static void too_large(void)
{
    int fd = openat(project_fd, path_of_one, O_WRONLY | O_CLOEXEC);
    (void)!ftruncate(fd, STATEMENT_LIMIT + 1);
    (void)close(fd);
}

static void a_link(void)
{
    (void)renameat(project_fd, path_of_one, project_fd, "registry/one.json");
    (void)symlinkat("../one.json", project_fd, path_of_one);
}

static void other_name(void)
{
    (void)renameat(project_fd, path_of_one, project_fd, FOLDER "/one.txt");
    project_put(FOLDER "/.json", "x");
    project_put(FOLDER "/README.md", "Signed statements.\n");
}

static void folder_is_a_file(void)
{
    (void)renameat(project_fd, FOLDER, project_fd, "registry/spare");
    project_put(FOLDER, "x");
}

static void folder_is_a_link(void)
{
    (void)renameat(project_fd, FOLDER, project_fd, "registry/spare");
    (void)symlinkat("spare", project_fd, FOLDER);
}

static void list_is_gone(void)
{
    (void)unlinkat(project_fd, SIGNERS_PATH, 0);
}

static void list_is_faulty(void)
{
    project_put(SIGNERS_PATH, arena_printf(&signing_arena, "%s*@x %s\n", signing_lines("ann@x,p"),
                                           signing_public("bob")));
}

static void revoked_is_gone(void)
{
    (void)unlinkat(project_fd, REVOKED_PATH, 0);
}

static void revoked(void)
{
    project_put(REVOKED_PATH, arena_printf(&signing_arena, "%s\n", signing_public("ann")));
}

static void later(void)
{
    (void)setenv("KFMIG_NOW", "1769915045", 1); /* 30 days */
}

static void a_second_later_than_30_days(void)
{
    (void)setenv("KFMIG_NOW", "1769915046", 1);
}

static void earlier(void)
{
    (void)setenv("KFMIG_NOW", "1767322000", 1);
}

static void a_clock_apart(void)
{
    (void)setenv("KFMIG_NOW", "1767322745", 1);
}

static void run_of_it(void)
{
    (void)signing_sign(
        "bob", (struct approval){.kind = APPROVES_RUN, .subject = "build", .digest = over}, FOLDER);
}

static void others(void)
{
    (void)signing_sign("bob",
                       (struct approval){.kind = APPROVES_BUNDLE, .subject = "M-1", .digest = over},
                       FOLDER);
    (void)signing_sign(
        "bob", (struct approval){.kind = APPROVES_PLAN, .subject = "", .digest = other}, FOLDER);
}

static void no_keygen(void)
{
    signing_look_in("/nowhere");
}

static const struct {
    const char *name, *env;
    void (*spoil)(void);
    int rc;
    const char *found, *heard; /* the whole; a part */
} rows[] = {
    {"one", "", nothing, 0, "plan ann@x", ""},
    {"without its signature", "", no_signature, 0, "plan !its signature is not there (.json.sig)",
     ""},
    {"with another's signature", "", signature_of_other, 0,
     "plan ann@x!it is no signature of ann@x over this text", ""},
    {"what is no statement is told", "", not_a_statement, 0, "",
     "warning: registry/approvals/plan- ... json does not count: it is no statement of the form "
     "kfmig.approval.v1|"},
    {"a file that is too large is told", "", too_large, 0, "", "fault: "},
    {"a link is passed over", "", a_link, 0, "", ""},
    {"other names are", "", other_name, 0, "", ""},
    {"a folder that is a file is told", "", folder_is_a_file, 0, "", "fault: "},
    {"a folder that is a link is told", "", folder_is_a_link, 0, "", "fault: "},
    {"without a list nothing is read", "", list_is_gone, 0, "", ""},
    {"with one fault in the list nobody is known", "", list_is_faulty, 0,
     "!is nobody's in registry/allowed_signers", "faults: principals are names"},
    {"nor without the list of revoked keys", "", revoked_is_gone, 0,
     "!is nobody's in registry/allowed_signers", "faults: the list of revoked keys is not there"},
    {"a revoked key", "", revoked, 0, "!the key SHA256: ... of ann@x is revoked", ""},
    {"as old as it may be", "approvals: {max_age: 30d}, ", later, 0, "plan ann@x", ""},
    {"older", "approvals: {max_age: 30d}, ", a_second_later_than_30_days, 0,
     "plan ann@x!it was signed at 2026-01-02T03:04:05.000000Z, longer ago than max_age", ""},
    {"of any age, where nothing is said", "", a_second_later_than_30_days, 0, "plan ann@x", ""},
    {"before it was signed", "", earlier, 0,
     "plan ann@x!it says that it was signed at 2026-01-02T03:04:05.000000Z, which is yet to come",
     ""},
    {"by a clock that is five minutes apart", "", a_clock_apart, 0, "plan ann@x", ""},
    {"a run of it lets nothing in", "", run_of_it, 0,
     "plan ann@x; run bob@x!it says who runs a plan, and approves none", ""},
    {"over other content, and of another kind", "", others, 0,
     "plan ann@x; plan bob@x!it is over other content", ""},
    {"without ssh-keygen", "", no_keygen, -1, "!cannot start \"ssh-keygen\"", ""},
};
enum { N = sizeof rows / sizeof *rows };

/* '!': a part, as fingerprints are others each time. */
static bool is_found(const char *text, const char *words)
{
    return words[0] == '!' ? has_in_order(text, words + 1) : strcmp(text, words) == 0;
}

static void test_row(size_t i)
{
    struct view v;
    struct err e = {0};
    write_project(rows[i].env);
    path_of_one = signing_sign(
        "ann", (struct approval){.kind = APPROVES_PLAN, .subject = "", .digest = over}, FOLDER);
    rows[i].spoil();
    view_open(&v, "prod", NULL);
    int rc = approvals_look_at(&v.s, &over, &e);
    const char *text = rc == 0 ? found(&v.s) : e.msg;
    bool good = rc == rows[i].rc && is_found(text, rows[i].found) &&
                (rows[i].heard[0] == '\0' ? heard.n == 0 : has_in_order(heard.text, rows[i].heard));
    if (!ok(good, rows[i].name)) {
        printf("# rc %d: %s | %s\n", rc, text, heard.text);
    }
    view_close(&v);
    signing_look_in(NULL);
    (void)setenv("KFMIG_NOW", SIGNING_NOW, 1);
}

/* Asked once for each pair of files, and told once. */
static void test_again(void)
{
    struct view v;
    struct err e = {0};
    write_project("");
    path_of_one = signing_sign(
        "ann", (struct approval){.kind = APPROVES_PLAN, .subject = "", .digest = over}, FOLDER);
    project_put(FOLDER "/zzz.json", "no statement\n");
    view_open(&v, "prod", NULL);
    is_int(approvals_look_at(&v.s, &over, &e), 0, "looked at once");
    size_t n = heard.n;
    ok(n > 0, "what is none was told");
    v.s.approvals.n = 0;
    signing_look_in("/nowhere");
    is_int(approvals_look_at(&v.s, &over, &e), 0, "again, and nothing is run for it");
    signing_look_in(NULL);
    is_str(found(&v.s), "plan ann@x", "the same is found");
    is_int(heard.n, n, "and nothing is told again");
    view_close(&v);
}

/* --- of what is pending, and of projections --- */

static void test_pending(void)
{
    struct view v;
    struct err e = {0};
    write_project("");
    project_load(&v.l, false);
    const struct approval one = {
        .kind = APPROVES_BUNDLE, .subject = "M-1", .digest = v.l.p.bundle[0].bundle_digest};
    struct approval two = one;
    struct approval three = one;
    two.subject = "M-2";
    three.digest = over;
    project_unload(&v.l);
    (void)signing_sign("ann", one, BUNDLE_FOLDER);
    (void)signing_sign("bob", two, BUNDLE_FOLDER);
    (void)signing_sign("bob", three, BUNDLE_FOLDER);
    (void)signing_sign(
        "ann", (struct approval){.kind = APPROVES_PROJECTION, .subject = "wells", .digest = over},
        FOLDER);
    view_open(&v, "prod", signing_key("bob"));
    is_int(approvals_look(&v.s, &e), 0, "looked at");
    is_str(found(&v.s),
           "bundle ann@x; bundle bob@x!it is over other content; bundle bob@x!it is over other "
           "content",
           "those of the migration; of another one, and of another content, none counts");
    is_str(v.s.approvals.runner, "bob@x", "and who runs it");
    ok(v.s.world.approvals == &v.s.approvals &&
           bytes_eq(v.s.approvals.signers, bytes_str(signing_lines("ann@x,p bob@x,g"))),
       "with the list by which they were looked at");
    projection.digest = over;
    v.s.input.projections = &projection;
    v.s.input.n_projections = 1;
    is_int(approvals_look(&v.s, &e), 0, "with a projection");
    ok(has_in_order(found(&v.s), "bundle ann@x; ... ; projection ann@x"), found(&v.s));
    v.l.p.bundle[0].is_illegible = true;
    is_int(approvals_look(&v.s, &e), 0, "without what cannot be read");
    is_str(found(&v.s), "projection ann@x", "nothing of it is looked at");
    v.l.p.bundle[0].is_illegible = false;
    v.s.world.reachable = false;
    is_int(approvals_look(&v.s, &e), 0, "without what is not needed");
    is_str(found(&v.s), "projection ann@x", "nothing of that either");
    view_close(&v);
}

/* A pending migration cannot be verified: that is no answer. */
static void test_stopped(void)
{
    struct view v;
    struct err e = {0};
    write_project("");
    project_load(&v.l, false);
    const struct approval one = {
        .kind = APPROVES_BUNDLE, .subject = "M-1", .digest = v.l.p.bundle[0].bundle_digest};
    project_unload(&v.l);
    (void)signing_sign("ann", one, BUNDLE_FOLDER);
    view_open(&v, "prod", NULL);
    heard.stops = ERR_INTERRUPTED;
    int rc = approvals_look(&v.s, &e);
    ok(rc == -1 && e.code == ERR_INTERRUPTED, "somebody says stop");
    view_close(&v);
    e = (struct err){0};
    (void)unlinkat(project_fd, SIGNERS_PATH, 0);
    view_open(&v, "prod", NULL);
    is_int(approvals_look(&v.s, &e), 0, "where nobody may sign");
    ok(v.s.approvals.n == 0 && v.s.approvals.runner == NULL && v.s.approvals.signers.p == NULL,
       "nothing is read, and nobody known");
    view_close(&v);
}

/* Whose key it is, by its public part. */
static void test_runner(void)
{
    static const struct {
        const char *key, *public, *who;
    } v[] = {
        {"ann", NULL, "ann@x"},
        {"ann.pub", NULL, "ann@x"},
        {"eve", NULL, NULL},
        {"nobody", NULL, NULL},
        {"made", "", NULL},
        {"made", "ssh-ed25519", NULL},
        {"made", "ssh-ed25519 !", NULL},
        {"made", "ssh-ed25519 AAAA", NULL},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct view view;
        struct err e = {0};
        write_project("");
        const char *key = signing_key(v[i].key);
        if (v[i].public != NULL) {
            project_put("made.pub", v[i].public);
            key = arena_printf(&signing_arena, "%s/made", project_path);
        }
        view_open(&view, "prod", key);
        ok(approvals_look(&view.s, &e) == 0, "looked at");
        is_str(view.s.approvals.runner, v[i].who, v[i].public != NULL ? v[i].public : v[i].key);
        view_close(&view);
    }
}

int main(void)
{
    tap_plan(N + 5 + 10 + 3 + 16);
    over = digest_of(bytes_str("this"));
    other = digest_of(bytes_str("that"));
    if (!signing_begin()) {
        printf("Bail out! no ssh-keygen\n");
        return 1;
    }
    for (size_t i = 0; i < N; i++) {
        test_row(i);
    }
    test_again();
    test_pending();
    test_stopped();
    test_runner();
    project_remove();
    signing_end();
    return tap_done();
}
