/* layer: site scripted */
/* Two environments beside each other, as their ledgers say: what was applied where, in which order, and which objects differ, by whom. */
#include "model/comparison.h"
#include "scripted_site.h"
#include "site/against.h"

static struct setting t;
static struct keeper theirs; /* of the second session */

static const char *rows_of[2]; /* what the sums of both are answered with */

/* The first session is dev's, the second live's. */
static const char *both_hear(void *ctx, int session, const char *text, int n_params,
                             const char *const *params, const char *answer)
{
    if (strcmp(text, "@ledger_read_objects") == 0 && strcmp(answer, "ask") == 0) {
        return rows_of[session - 1];
    }
    return keeper_hears(session == 1 ? ctx : &theirs, session, text, n_params, params, answer);
}

/* One thing that was applied: its name and what of it. */
struct done {
    const char *subject, *content;
};
enum { MOST = 5 };

static void keep(struct kept *k, const char *uuid, const char *env, const struct done *v)
{
    kept_make(k, uuid, 2);
    for (int i = 0; i < MOST && v[i].subject != NULL; i++) {
        struct buf text = {0};
        struct entry en = {.sequence = k->n + 1,
                           .kind = v[i].subject[0] == 'p' ? ENTRY_PUBLISH : ENTRY_APPLY,
                           .subject = v[i].subject,
                           .result = v[i].content != NULL ? "success" : "failed",
                           .run_id = "run",
                           .finished_at = MOMENT,
                           .environment = env,
                           .instance = k->uuid,
                           .receipt = digest_of(bytes_str(v[i].subject)),
                           .checksum =
                               digest_of(bytes_str(v[i].content != NULL ? v[i].content : "")),
                           .bundle_digest = digest_of(bytes_str(v[i].subject)),
                           .post = digest_of(bytes_str(v[i].subject))};
        kept_root(k, k->n, &en.previous);
        entry_write(&text, &en);
        (void)snprintf(k->text[k->n++], KEPT_TEXT, "%s", buf_str(&text));
        buf_release(&text);
    }
}

/* A row of a ledger's sum: "table app.t=3:owner%ann,column a%text", of entry 3. */
static void put_row(struct buf *out, const char *row, bool is_first)
{
    char hex[DIGEST_TEXT];
    struct buf definition = {0};
    size_t n = strcspn(row, "=");
    for (const char *p = row + n + 3; *p != '\0'; p++) {
        buf_puts(&definition, *p == '%' ? "\t" : *p == ',' ? "\n" : (char[]){*p, '\0'});
    }
    buf_puts(&definition, "\n");
    struct digest d = digest_of(buf_bytes(&definition));
    buf_printf(out, "%s %.*s | %c | %s | %s", is_first ? "" : " ;", (int)n, row, row[n + 1],
               digest_text(&d, hex) + 7, buf_str(&definition));
    buf_release(&definition);
}

static const char *answer_of(const char *const *rows)
{
    struct buf out = {0};
    buf_puts(&out, "rows");
    int n = 0;
    while (n < MOST && rows[n] != NULL) {
        n++;
    }
    for (int i = n; i-- > 0;) { /* the server gives the last first */
        put_row(&out, rows[i], i == n - 1);
    }
    const char *text = arena_strdup(t.s.a, buf_str(&out));
    buf_release(&out);
    return text;
}

static const char *say(const struct env_comparison *c)
{
    struct buf b = {0};
    buf_printf(&b, "%zu+%zu same", c->n_same_subjects, c->n_same_objects);
    for (size_t i = 0; i < c->n_subjects; i++) {
        const struct compared_subject *x = &c->subjects[i];
        buf_printf(&b, "; %s%s %s%s", x->is_migration ? "" : "projection ", x->subject,
                   x->here != NULL ? "here" : "", x->there != NULL ? "there" : "");
    }
    if (c->before != NULL) {
        buf_printf(&b, "; %s before %s", c->before, c->after);
    }
    for (size_t i = 0; i < c->n_objects; i++) {
        const struct compared_object *o = &c->objects[i];
        buf_printf(&b, "; %s%s%s%s%s", o->text, o->is_here ? " here" : "",
                   o->is_there ? " there" : "", o->by_owner ? " by owner" : "",
                   o->by_version ? " by version" : "");
        buf_printf(&b, "%s%s%s%s", o->writer_here[0] != '\0' ? " of " : "", o->writer_here,
                   o->writer_there[0] != '\0' ? " and " : "", o->writer_there);
        for (size_t k = 0; k < o->n; k++) {
            buf_printf(&b, " (%s: %s > %s)", o->v[k].facet, o->v[k].was != NULL ? o->v[k].was : "-",
                       o->v[k].now != NULL ? o->v[k].now : "-");
        }
    }
    const char *text = arena_strdup(t.s.a, buf_str(&b));
    buf_release(&b);
    return text;
}

#define BOTH "connect -> ok\n" IDENTIFY ENTRIES "connect -> ok\n" IDENTIFY ENTRIES
#define SUMS "2: @ledger_read_objects(0) -> ask\n1: @ledger_read_objects(0) -> ask\n"
#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"

/* clang-format off */
static const struct {
    const char *name;
    struct done here[MOST], there[MOST];
    const char *rows_here[MOST], *rows_there[MOST];
    const char *words;
} scenarios[] = {
    {"nothing in either", {{NULL, NULL}}, {{NULL, NULL}}, {NULL}, {NULL}, "0+0 same"},
    {"the same", {{"A", "a"}}, {{"A", "a"}}, {"table app.t=3:owner%ann"}, {"table app.t=3:owner%ann"}, "1+1 same"},
    {"one is ahead", {{"A", "a"}, {"B", "b"}}, {{"A", "a"}}, {"table app.t=4:owner%ann"}, {NULL}, "1+0 same; B here; table app.t here of B (owner: ann > -)"},
    {"the other is ahead", {{"A", "a"}}, {{"A", "a"}, {"B", "b"}}, {NULL}, {"table app.t=4:owner%ann"}, "1+0 same; B there; table app.t there and B (owner: - > ann)"},
    {"another content", {{"A", "a"}}, {{"A", "x"}}, {"table app.t=3:column a%text,owner%ann"}, {"table app.t=3:column a%integer,owner%ann"}, "0+0 same; A herethere; table app.t here there of A and A (column a: text > integer)"},
    {"a failure is no history", {{"A", NULL}}, {{"A", NULL}}, {NULL}, {NULL}, "0+0 same"},
    {"failed here", {{"A", NULL}}, {{"A", "a"}}, {NULL}, {NULL}, "0+0 same; A there"},
    {"a projection", {{"p", "1"}}, {{"p", "2"}}, {NULL}, {NULL}, "0+0 same; projection p herethere"},
    {"in another order", {{"A", "a"}, {"B", "b"}, {"C", "c"}}, {{"B", "b"}, {"A", "a"}, {"C", "c"}}, {NULL}, {NULL}, "3+0 same; A before B"},
    {"in another order, with one between", {{"A", "a"}, {"X", "x"}, {"B", "b"}}, {{"B", "b"}, {"A", "a"}}, {NULL}, {NULL}, "2+0 same; X here; A before B"},
    {"in the same order", {{"A", "a"}, {"B", "b"}}, {{"Y", "y"}, {"A", "a"}, {"B", "b"}}, {NULL}, {NULL}, "2+0 same; Y there"},
    {"another owner", {{NULL, NULL}}, {{NULL, NULL}}, {"table app.t=2:acl%+bob=r/ann,owner%ann"}, {"table app.t=2:acl%+bob=r/carl,owner%carl"}, "0+0 same; table app.t here there by owner (acl: +bob=r/ann > +bob=r/carl) (owner: ann > carl)"},
    {"another owner, and more", {{NULL, NULL}}, {{NULL, NULL}}, {"table app.t=2:column a%text,owner%ann"}, {"table app.t=2:column a%date,owner%carl"}, "0+0 same; table app.t here there (column a: text > date) (owner: ann > carl)"},
    {"an owner whose name is a part of another", {{NULL, NULL}}, {{NULL, NULL}}, {"table app.t=2:acl%+carla=r/ann,owner%ann"}, {"table app.t=2:acl%+anna=r/carl,owner%carl"}, "0+0 same; table app.t here there (acl: +carla=r/ann > +anna=r/carl) (owner: ann > carl)"},
    {"other words on the same version", {{NULL, NULL}}, {{NULL, NULL}}, {"view app.v=2:definition%" D1}, {"view app.v=2:definition%" D2}, "0+0 same; view app.v here there (definition: " D1 " > " D2 ")"},
    {"another version may read it so", {{NULL, NULL}}, {{NULL, NULL}}, {"view app.v=2:definition%" D1}, {"view app.v=2:definition%" D2}, "0+0 same; view app.v here there by version (definition: " D1 " > " D2 ")"},
    {"another version does not explain it", {{NULL, NULL}}, {{NULL, NULL}}, {"view app.v=2:definition%" D1}, {"view app.v=2:definition%" D2 ",options%x"}, "0+0 same; view app.v here there (definition: " D1 " > " D2 ") (options: - > x)"},
    {"objects on both sides", {{NULL, NULL}}, {{NULL, NULL}}, {"table app.a=2:owner%ann", "table app.c=2:owner%ann"}, {"table app.b=2:owner%ann", "table app.c=2:owner%ann"}, "0+1 same; table app.a here (owner: ann > -); table app.b there (owner: - > ann)"},
    {"other words of the same meaning", {{NULL, NULL}}, {{NULL, NULL}}, {"view app.v=2:definition%" D1 ",~definition%N"}, {"view app.v=2:definition%" D2 ",~definition%N"}, "0+1 same"},
};
/* clang-format on */
enum { N = sizeof scenarios / sizeof *scenarios };

static void open_both(const struct done *here, const struct done *there)
{
    setting_project("");
    setting_open(&t, "dev", LEDGER_UUID, 2);
    keep(&t.keeper.is, LEDGER_UUID, "dev", here);
    keeper_begin(&theirs, "live");
    keep(&theirs.is, OTHER_UUID, "live", there);
}

static void play(size_t i)
{
    struct err e = {0};
    struct env_comparison c;
    open_both(scenarios[i].here, scenarios[i].there);
    rows_of[0] = answer_of(scenarios[i].rows_here);
    rows_of[1] = answer_of(scenarios[i].rows_there);
    bool is_newer =
        strncmp(scenarios[i].name, "another version", 15) == 0; /* of the other's server */
    setting_play(&t, is_newer ? "connect -> ok\n" IDENTIFY ENTRIES
                                "connect -> ok version=170001\n" IDENTIFY ENTRIES SUMS
                              : BOTH SUMS);
    pq_model(both_hear, &t.keeper);
    int rc = site_against(&t.s, load_env(&t.l.p, "live"), &c, &e);
    is_str(rc == 0 ? say(&c) : e.msg, scenarios[i].words, scenarios[i].name);
    setting_close(&t);
    ok(pq_played(), scenarios[i].name);
}

/* What it is refused with. their: entries of the other ledger, 0: it has none. */
static void refused(const char *name, int ours, int their, const char *format, const char *script,
                    const char *words)
{
    static const struct done nothing[MOST] = {{NULL, NULL}};
    struct err e = {0};
    struct env_comparison c;
    open_both(nothing, nothing);
    kept_make(&t.keeper.is, LEDGER_UUID, ours);
    kept_make(&theirs.is, OTHER_UUID, their);
    theirs.format = format;
    setting_play(&t, script);
    pq_model(both_hear, &t.keeper);
    int rc = site_against(&t.s, load_env(&t.l.p, "live"), &c, &e);
    char got[2048];
    (void)snprintf(got, sizeof got, "%s; %s", e.msg, e.hint);
    setting_close(&t);
    ok(rc == -1 && strstr(got, words) != NULL && pq_played(), name);
    if (strstr(got, words) == NULL) {
        printf("# %s\n", got);
    }
}

int main(void)
{
    tap_plan(2 * N + 7);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    refused("nothing is known here", 1, 2, "2", BOTH, "environment \"dev\" has no ledger yet");
    refused("nothing is known there", 2, 1, "2", BOTH, "environment \"live\" has no ledger yet");
    refused("other formats", 2, 2, "1", BOTH, "are of formats 2 and 1; the next build of live");
    refused("this one does not answer", 2, 2, "2", "connect -> words Connection refused\n",
            "refused");
    refused("the other does not answer", 2, 2, "2",
            "connect -> ok\n" IDENTIFY ENTRIES "connect -> words Connection refused\n",
            "environment \"live\" could not be asked");
    refused("its objects are refused", 2, 2, "2", BOTH "2: @ledger_read_objects -> error 42501\n",
            "insufficient_privilege");
    refused("these objects are refused", 2, 2, "2",
            BOTH "2: @ledger_read_objects -> rows\n1: @ledger_read_objects -> error 42501\n",
            "insufficient_privilege");
    project_remove();
    return tap_done();
}
