/* layer: flow scripted */
/* A deployment is recorded: what is a tag, what waits for it, and that it is recorded once, on a whole server
 * (scripted_cluster.h). */
#include "flow/deployed.h"
#include "scripted_verbs.h"

static struct run_of t;
static struct cluster empty, built, recorded;
static const char *tag;

static int records(struct run_of *v)
{
    return plan_first(v) != 0 ? -1 : deployed(&v->s, tag, &(struct writing_order){0}, &v->r, &v->e);
}

/* --- projects: nobody waits, one does, two do (and one for another deployment) */

static void one_waits(void)
{
    verbs_migration("M-3", "app", "INSERT INTO app.t VALUES (3);\n");
    verbs_declare("M-3", "app", "requires_deploy: v1.2\n");
}

static void two_wait(void)
{
    one_waits();
    verbs_migration("M-4", "app", "INSERT INTO app.t VALUES (4);\n");
    verbs_declare("M-4", "app", "requires_deploy: v1.2\n");
    verbs_migration("M-5", "app", "INSERT INTO app.t VALUES (5);\n");
    verbs_declare("M-5", "app", "requires_deploy: v1.3\n");
}

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define NO_TAG                                                                                     \
    " is no tag of a deployment; begin with a letter or digit; then letters, digits, '.', '_', "   \
    "'+', '/', ':', '@' and '-', at most 100 in all"
#define LAST(tag) "; last: deploy " tag " success"

/* clang-format off */
static const struct {
    const char *name, *tag;
    void (*before)(void);
    const struct cluster *from;
    const char *lines;
    int rc;
    enum err_code worst;
    const char *words; /* of the error, its hint, what is heard, the result, and what the ledger ends with */
} cases[] = {
    {"nobody waits for it", "v1.2", NULL, &built, "", 0, ERR_NONE, "note: dev: \"v1.2\" is deployed; 0 targets here wait for it; ledger entry 6, run ... , deploy v1.2 of 0" LAST("v1.2")},
    {"one waits for it", "v1.2", one_waits, &built, "", 0, ERR_NONE, "note: dev: \"v1.2\" is deployed; 1 target here waits for it; ledger entry 6, run ... , deploy v1.2 of 1" LAST("v1.2")},
    {"two wait for it", "v1.2", two_wait, &built, "", 0, ERR_NONE, "note: dev: \"v1.2\" is deployed; 2 targets here wait for it; ... , deploy v1.2 of 2" LAST("v1.2")},
    {"it is recorded already", "v1.2", one_waits, &recorded, "", 0, ERR_NONE, "note: dev: \"v1.2\" is recorded already: ledger entry 6, " MOMENT "|" LAST("v1.2")},
    {"another one is", "v1.3", two_wait, &recorded, "", 0, ERR_NONE, "note: dev: \"v1.3\" is deployed; 1 target here waits for it; ledger entry 7, " " ... , deploy v1.3 of 1" LAST("v1.3")},
    {"a migration of that name is no deployment", "M-1", NULL, &built, "", 0, ERR_NONE, "note: dev: \"M-1\" is deployed; ... , deploy M-1 of 0" LAST("M-1")},
    {"all that a tag may hold", "aZ09._+/:@-", NULL, &built, "", 0, ERR_NONE, LAST("aZ09._+/:@-")},
    {"a tag of one letter", "Z", NULL, &built, "", 0, ERR_NONE, LAST("Z")},
    {"a tag as long as may be", HUNDRED, NULL, &built, "", 0, ERR_NONE, LAST(HUNDRED)},

    {"a tag that is longer", HUNDRED "0", NULL, &built, "", -1, ERR_CONFIG, "\"" HUNDRED "0\"" NO_TAG},
    {"no tag", "", NULL, &built, "", -1, ERR_CONFIG, "\"\"" NO_TAG},
    {"a tag that begins with an option's sign", "-1", NULL, &built, "", -1, ERR_CONFIG, "\"-1\"" NO_TAG},
    {"a tag that begins with a dot", ".1", NULL, &built, "", -1, ERR_CONFIG, NO_TAG},
    {"a tag with a blank", "v 1", NULL, &built, "", -1, ERR_CONFIG, NO_TAG},
    {"a tag with a brace", "v{", NULL, &built, "", -1, ERR_CONFIG, NO_TAG},
    {"a tag with a bracket", "v[", NULL, &built, "", -1, ERR_CONFIG, NO_TAG},
    {"a tag that ends outside of ASCII", "v\xc3\xa9", NULL, &built, "", -1, ERR_CONFIG, NO_TAG},
    {"there is no ledger", "v1.2", NULL, &empty, "", -1, ERR_PREFLIGHT, "environment \"dev\" has no ledger yet: nothing was recorded; `kfmig build dev` makes it; `kfmig adopt dev`, too, and runs nothing"},
    {"the ledger does not take it", "v1.2", NULL, &built, "~ @ledger_record_entry -> error 42501\n", -1, ERR_APPLY, "the ledger cannot be written; ... ; last: publish wells success"},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

/* What the result and the ledger end with. */
static const char *left(void)
{
    static char text[512];
    const struct kept *k = &t.cluster.base[0].keeper.is;
    struct entry last = {.subject = "", .result = ""};
    struct err e = {0};
    size_t n = t.r.n > 0
                   ? (size_t)snprintf(text, sizeof text, " of %lld", (long long)t.r.v[t.r.n - 1].n)
                   : 0;
    if (k->n > 0 && entry_read(&t.a, bytes_str(k->text[k->n - 1]), &last, &e) == 0) {
        (void)snprintf(text + n, sizeof text - n, "; last: %s %s %s", entry_kind_text(last.kind),
                       last.subject, last.result);
    }
    return text;
}

static void play(size_t i)
{
    static char text[32768];
    tag = cases[i].tag;
    verbs_project();
    cluster_copy(&t.cluster, cases[i].from);
    if (cases[i].before != NULL) {
        cases[i].before();
    }
    project_load(&t.l, true);
    run_of_play(&t, records, cases[i].lines, 0, NULL, 0, NULL);
    (void)snprintf(text, sizeof text, "%s%s", run_of_text(&t, ""), left());
    bool good = t.rc == cases[i].rc && (t.rc == 0 ? t.r.worst : t.e.code) == cases[i].worst &&
                has_in_order(text, cases[i].words) && t.n_holders == 0;
    if (!good) {
        printf("# rc %d, worst %d, code %d: %s\n", t.rc, (int)t.r.worst, (int)t.e.code, text);
    }
    project_unload(&t.l);
    ok(pq_played() && good, cases[i].name);
}

static void make(struct cluster *out, const struct cluster *from, act *does)
{
    tag = "v1.2";
    verbs_project();
    project_load(&t.l, false);
    cluster_copy(&t.cluster, from);
    run_of_play(&t, does, "", 0, NULL, 0, NULL);
    ok(t.rc == 0 && t.r.worst == ERR_NONE && pq_played(), "what the cases begin with");
    run_of_leave(&t, out);
    project_unload(&t.l);
}

int main(void)
{
    tap_plan(N + 2);
    (void)cluster_add(&empty, "kfm");
    (void)cluster_add(&empty, "postgres");
    make(&built, &empty, builds);
    make(&recorded, &built, records);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    cluster_release(&t.cluster);
    cluster_release(&built);
    cluster_release(&recorded);
    arena_release(&t.a);
    project_remove();
    return tap_done();
}
