/* layer: model */
/* Are there enough signatures, and of whom? Roles and persons, waivers, what does not count; who has to sign what. */
#include "tap.h"

#include "model/approval.h"
#include "model/decl.h"

static struct arena arena;
static struct digest over, other;

/* Signatures as "PERSON:ROLE,ROLE", behind it "/WAIVER", "@ENVIRONMENT", "!" (it does not count), "~" (other content), by blanks. */
static struct approval *made(const char *text, size_t *n)
{
    struct approval *v = ARENA_ARRAY(&arena, struct approval, 16);
    char *rest = arena_strdup(&arena, text);
    for (char *word = strsep(&rest, " "); word != NULL && word[0] != '\0';
         word = strsep(&rest, " ")) {
        struct approval *x = &v[(*n)++];
        *x = (struct approval){
            .path = "a.json", .subject = "M-1", .digest = over, .kind = APPROVES_BUNDLE};
        x->person = strsep(&word, ":");
        char *marks = word + strcspn(word, "/@!~");
        char kind = *marks;
        if (kind != '\0') {
            *marks++ = '\0';
        }
        for (char *role = strsep(&word, ","); role != NULL && role[0] != '\0';
             role = strsep(&word, ",")) {
            names_add(&arena, &x->roles, role);
        }
        x->why_not = kind == '!' ? "its key is revoked" : NULL;
        x->digest = kind == '~' ? other : over;
        if (kind == '/' || kind == '@') {
            names_add(&arena, kind == '/' ? &x->waives : &x->environments, marks);
        }
    }
    return v;
}

static const struct {
    const char *name, *signatures, *roles;
    int n;
    const char *waives, *runner;
    const char *persons, *lacks; /* NULL: nothing is lacking */
} rows[] = {
    {"nobody", "", "p", 1, NULL, NULL, "", "0 of 1 signature, missing: p"},
    {"one of one", "ann:p", "p", 1, NULL, NULL, "ann (p)", NULL},
    {"any role where none is asked for", "ann:p", "", 1, NULL, NULL, "ann (p)", NULL},
    {"who has no role is nobody", "ann:", "", 1, NULL, NULL, "", "0 of 1 signature"},
    {"another role", "ann:q", "p", 1, NULL, NULL, "", "0 of 1 signature, missing: p"},
    {"two roles, two persons", "bob:q ann:p", "p q", 1, NULL, NULL, "ann (p), bob (q)", NULL},
    {"who has both stands for one", "cy:p,q", "p q", 1, NULL, NULL, "cy (p, q)",
     "1 of 2 signatures, missing: q; signed by cy (p, q)"},
    {"and for the one that is left", "cy:p,q ann:p", "p q", 1, NULL, NULL, "ann (p), cy (p, q)",
     NULL},
    {"whichever came first", "ann:p cy:p,q", "q p", 1, NULL, NULL, "ann (p), cy (p, q)", NULL},
    {"three in a ring", "a:p,q b:q,r c:r,p", "p q r", 1, NULL, NULL, "a (p, q), b (q, r), c (r, p)",
     NULL},
    {"two for three", "a:p,q b:q,r", "p q r", 1, NULL, NULL, "a (p, q), b (q, r)",
     "2 of 3 signatures, missing: r; signed by a (p, q), b (q, r)"},
    {"signed twice is signed once", "ann:p ann:p", "p", 2, NULL, NULL, "ann (p)",
     "1 of 2 signatures; signed by ann (p)"},
    {"more than there are roles", "ann:p bob:p", "p", 2, NULL, NULL, "ann (p), bob (p)", NULL},
    {"more, but of no role that is asked for", "ann:p eve:x", "p", 2, NULL, NULL, "ann (p)",
     "1 of 2 signatures; signed by ann (p)"},
    {"one that does not count", "ann:p!", "p", 1, NULL, NULL, "",
     "0 of 1 signature, missing: p; a.json does not count: its key is revoked"},
    {"over other content", "ann:p~", "p", 1, NULL, NULL, "",
     "0 of 1 signature, missing: p; a.json is over other content"},
    {"for this environment", "ann:p@prod", "p", 1, NULL, NULL, "ann (p)", NULL},
    {"for another", "ann:p@dev", "p", 1, NULL, NULL, "", "0 of 1 signature, missing: p"},
    {"a waiver that is named", "ann:p/limits", "p", 1, "limits", NULL, "ann (p)", NULL},
    {"one that is not", "ann:p", "p", 1, "limits", NULL, "",
     "0 of 1 signature, missing: p; a.json names no waiver of limits"},
    {"one that another names", "ann:p bob:q/limits", "p q", 1, "limits", NULL, "bob (q)",
     "1 of 2 signatures, missing: p; signed by bob (q); a.json names no waiver of limits"},
    {"who runs it", "ann:p", "p", 1, NULL, "ann", "",
     "0 of 1 signature, missing: p; a.json does not count: ann runs it"},
    {"who runs it beside others", "ann:p bob:p", "p", 1, NULL, "ann", "bob (p)", NULL},
    {"nothing is asked for", "", "", 0, NULL, NULL, "", NULL},
};
enum { N = sizeof rows / sizeof *rows };

static struct names words_of(const char *text)
{
    struct names out = {0};
    char *rest = arena_strdup(&arena, text);
    for (char *word = strsep(&rest, " "); word != NULL && word[0] != '\0';
         word = strsep(&rest, " ")) {
        names_add(&arena, &out, word);
    }
    return out;
}

static void test_judge(void)
{
    const struct env prod = {.name = "prod"};
    for (size_t i = 0; i < N; i++) {
        size_t n = 0;
        struct approval *v = made(rows[i].signatures, &n);
        const struct approvals all = {.v = v, .n = n, .runner = rows[i].runner};
        const struct approval_want want = {rows[i].n, words_of(rows[i].roles), rows[i].waives,
                                           "M-1"};
        struct approval_verdict out;
        approvals_judge(&arena, &all, &over, &prod, &want, &out);
        is_str(out.lacks, rows[i].lacks, rows[i].name);
        is_str(approval_persons(&arena, &out), rows[i].persons, "and who signed");
    }
}

/* Who signs that he runs it lets nothing in. */
static void test_kinds(void)
{
    const struct env prod = {.name = "prod"};
    size_t n = 0;
    struct approval *v = made("ann:p", &n);
    const struct approvals all = {.v = v, .n = n};
    struct approval_verdict out;
    for (int k = 0; k < APPROVAL_KINDS; k++) {
        v->kind = (enum approval_kind)k;
        approvals_over(&arena, &all, &over, &prod, &out);
        is_int((int)out.n, k != APPROVES_RUN, approval_kind_text(v->kind));
    }
    approvals_over(&arena, NULL, &over, &prod, &out);
    is_int((int)out.n, 0, "where nobody looked there are none");
}

static const char *roles_text(const struct approval_want *w)
{
    const char *text = arena_printf(&arena, "%lld", (long long)w->n);
    for (size_t i = 0; i < w->roles.n; i++) {
        text = arena_printf(&arena, "%s %s", text, w->roles.v[i]);
    }
    return text;
}

static void test_wants(void)
{
    struct approval_route route = {"critical", words_of("g")};
    const struct approval_rule rule = {.reviewers = 2,
                                       .roles = words_of("p"),
                                       .protected = words_of("g s"),
                                       .plan = words_of("o"),
                                       .routes = &route,
                                       .n_routes = 1};
    const struct env plain = {.name = "prod"};
    const struct env ruled = {.name = "prod", .approvals = &rule};
    const struct names reviewers = words_of("r p");
    struct approval_want w;
    approval_wants(&arena, &plain, NULL, NULL, false, &w);
    is_str(roles_text(&w), "1", "one person of any role");
    approval_wants(&arena, &plain, &reviewers, "critical", true, &w);
    is_str(roles_text(&w), "1 r p kfm-governance",
           "what it declares, and governance for what is protected");
    approval_wants(&arena, &ruled, &reviewers, "other", false, &w);
    is_str(roles_text(&w), "2 p r", "each role once");
    approval_wants(&arena, &ruled, &reviewers, "critical", true, &w);
    is_str(roles_text(&w), "2 p r g s", "by its label, and for what is protected");
    approval_wants_plan(&arena, &plain, NULL, &w);
    is_str(roles_text(&w), "0", "a plan wants nothing by itself");
    approval_wants_plan(&arena, &ruled, NULL, &w);
    is_str(roles_text(&w), "0 o", "but where that is declared");
    approval_wants_plan(&arena, &ruled, "force", &w);
    is_str(roles_text(&w), "2 o p", "a waiver wants them all");
    is_str(w.waives, "force", "by its name");
    ok(approval_is_waiver("limits") && !approval_is_waiver("all"), "names of waivers");
}

static void test_bundle(void)
{
    size_t n = 0;
    struct approval *v = made("ann:p bob:q", &n);
    const struct approvals all = {.v = v, .n = n};
    const struct env prod = {.name = "prod"};
    struct decl d = {.reviewers = words_of("p q"), .change_class = ""};
    const struct bundle b = {.id = "M-1", .bundle_digest = over, .decl = &d};
    struct approval_verdict out;
    approvals_of(&arena, &all, &prod, &b, false, NULL, &out);
    is_str(out.lacks, NULL, "as its declaration asks");
    approvals_of(&arena, &all, &prod, &b, true, NULL, &out);
    is_str(out.lacks, "2 of 3 signatures, missing: kfm-governance; signed by ann (p), bob (q)",
           "what is protected asks for more");
}

int main(void)
{
    tap_plan(2 * N + 5 + 9 + 2);
    over = digest_of(bytes_str("this"));
    other = digest_of(bytes_str("that"));
    test_judge();
    test_kinds();
    test_wants();
    test_bundle();
    arena_release(&arena);
    return tap_done();
}
