/* layer: evidence */
/* run: needs=ssh-keygen */
/* Who signed, by what a ledger kept of it: a receipt that is right about each signature, and each way in which it is not, told by the rule
 * "approval" and its words. ssh-keygen signs and verifies. */
#include "approval/keygen.h"
#include "approval/statement.h"
#include "evidence/verify_signed.h"
#include "evidence_ledger.h"
#include "signing.h"
#include "tap.h"

#define FINISHED "2026-01-02T04:00:00.000000Z"
#define EXPIRES "2026-01-02T05:04:05.000000Z"

/* A run of one migration that two persons signed for. first: what its receipt says of the first. */
struct scene {
    struct memory m;
    struct arena a;
    struct entry en;
    struct doc *receipt, *claim, *all, *list, *first;
    const char *who_lists; /* who may sign, as the ledger kept it */
};
static struct digest over;

static const char *said_of(struct scene *s, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return arena_strdup(&s->a, digest_text(d, text));
}

static const char *kept(struct scene *s, struct bytes text)
{
    return memory_text(&s->m, arena_strndup(&s->a, text.p, text.n));
}

static const char *environments; /* of what is signed; NULL: all */

/* WHO signs in that second, for two hours, and the receipt says so. */
static struct doc *add_at(struct scene *s, const char *who, enum approval_kind kind, const char *at)
{
    struct err e = {0};
    struct err_list faults = {0};
    struct signers l = {0};
    struct buf text = {0};
    const struct signer *signer = NULL;
    struct approval x = {
        .path = "", .kind = kind, .subject = "M-1", .digest = over, .signed_at = at};
    x.expires_at = EXPIRES;
    if (environments != NULL) {
        names_add(&s->a, &x.environments, environments);
    }
    names_add(&s->a, &x.waives, "limits");
    statement_write(&text, &x);
    x = (struct approval){.path = ""};
    x.statement = bytes_of(arena_dup(&s->a, buf_str(&text), text.n), text.n);
    buf_release(&text);
    signers_read(&s->a, bytes_str(signing_lines("ann@x,p,q bob@x,g")), "", &l, &faults);
    if (keygen_sign(&s->a, signing_key(who), x.statement, NULL, &x.signature, &e) != 0) {
        printf("Bail out! %s\n", e.msg);
        abort();
    }
    statement_judge(&s->a, &l, 1767323045000000, 0, &x, &signer);
    struct doc *d = doc_push(&s->a, s->list, doc_new(&s->a, DOC_MAP));
    doc_put(&s->a, d, "kind", doc_text(&s->a, approval_kind_text(kind)));
    doc_put(&s->a, d, "digest", doc_text(&s->a, said_of(s, &over)));
    doc_put(&s->a, d, "person", doc_text(&s->a, x.person));
    doc_put(&s->a, d, "roles", names_doc(&s->a, &x.roles));
    doc_put(&s->a, d, "key", doc_text(&s->a, x.key));
    doc_put(&s->a, d, "waives", names_doc(&s->a, &x.waives));
    doc_put(&s->a, d, "signed_at", doc_text(&s->a, x.signed_at));
    doc_put(&s->a, d, "statement", doc_text(&s->a, kept(s, x.statement)));
    doc_put(&s->a, d, "signature", doc_text(&s->a, kept(s, x.signature)));
    return d;
}

static struct doc *add(struct scene *s, const char *who, enum approval_kind kind)
{
    return add_at(s, who, kind, "2026-01-02T03:04:05.000000Z");
}

static void scene_begin(struct scene *s, enum approval_kind kind)
{
    *s = (struct scene){.who_lists = "ann@x,p,q bob@x,g"};
    memory_begin(&s->m, &s->a);
    s->en = (struct entry){
        .sequence = 7, .finished_at = FINISHED, .result = "success", .environment = "prod"};
    s->receipt = doc_new(&s->a, DOC_MAP);
    s->claim = doc_put(&s->a, s->receipt, "claim", doc_new(&s->a, DOC_MAP));
    if (kind == APPROVES_PROJECTION) {
        struct doc *of = doc_put(&s->a, s->claim, "projection", doc_new(&s->a, DOC_MAP));
        doc_put(&s->a, of, "digest", doc_text(&s->a, said_of(s, &over)));
    } else {
        doc_put(&s->a, s->claim, "bundle_digest", doc_text(&s->a, said_of(s, &over)));
    }
    s->all = doc_put(&s->a, s->claim, "approvals", doc_new(&s->a, DOC_MAP));
    s->list = doc_new(&s->a, DOC_LIST);
    s->first = add(s, "ann", kind);
    (void)add(s, "bob", kind);
    doc_put(&s->a, s->all, "signed", s->list);
}

/* --- what is wrong --- */

static void say(struct scene *s, const char *key, const char *text)
{
    doc_put(&s->a, s->first, key, doc_text(&s->a, text));
}

static void nothing(struct scene *s)
{
    (void)s;
}

static void other_person(struct scene *s)
{
    say(s, "person", "bob@x");
}

static void other_key(struct scene *s)
{
    say(s, "key", doc_str(s->list->item[1], "key", ""));
}

static void other_kind(struct scene *s)
{
    say(s, "kind", "plan");
}

static void other_moment(struct scene *s)
{
    say(s, "signed_at", FINISHED);
}

static void other_digest(struct scene *s)
{
    struct digest d = digest_of(bytes_str("that"));
    say(s, "digest", said_of(s, &d));
}

static void other_claim(struct scene *s)
{
    struct digest d = digest_of(bytes_str("that"));
    doc_put(&s->a, s->claim, "bundle_digest", doc_text(&s->a, said_of(s, &d)));
}

static void put_names(struct scene *s, const char *key, const char *one, const char *two)
{
    struct names l = {0};
    names_add(&s->a, &l, one);
    if (two != NULL) {
        names_add(&s->a, &l, two);
    }
    doc_put(&s->a, s->first, key, names_doc(&s->a, &l));
}

static void role_more(struct scene *s)
{
    put_names(s, "roles", "p", "g");
}

static void role_fewer(struct scene *s)
{
    put_names(s, "roles", "p", NULL);
}

static void role_is_number(struct scene *s)
{
    struct doc *list = doc_new(&s->a, DOC_LIST);
    doc_push(&s->a, list, doc_text(&s->a, "p"));
    doc_push(&s->a, list, doc_int(&s->a, 1));
    doc_put(&s->a, s->first, "roles", list);
}

static void waives_more(struct scene *s)
{
    put_names(s, "waives", "limits", "protected");
}

static void signature_of_another(struct scene *s)
{
    say(s, "signature", doc_str(s->list->item[1], "signature", ""));
}

/* Of what she signed a second later. */
static void signature_of_another_text(struct scene *s)
{
    struct doc *later = add_at(s, "ann", APPROVES_BUNDLE, "2026-01-02T03:04:06.000000Z");
    s->list->n--;
    say(s, "signature", doc_str(later, "signature", ""));
}

static void statement_is_none(struct scene *s)
{
    say(s, "statement", memory_text(&s->m, "{}\n"));
}

static void statement_is_gone(struct scene *s)
{
    struct digest d = digest_of(bytes_str("gone"));
    say(s, "statement", said_of(s, &d));
}

static void signature_has_no_digest(struct scene *s)
{
    say(s, "signature", "none");
}

static void ledger_is_unreadable(struct scene *s)
{
    (void)!digest_parse(doc_str(s->first, "statement", ""), &s->m.unreadable);
}

static void ended_before(struct scene *s)
{
    s->en.finished_at = "2026-01-01T00:00:00.000000Z";
}

static void ended_late(struct scene *s)
{
    s->en.finished_at = "2026-01-03T00:00:00.000000Z";
}

static void judged_at(struct scene *s, const char *at)
{
    doc_put(&s->a, s->all, "judged_at", doc_text(&s->a, at));
}

/* The run outlasts what let it in. */
static void judged_before_it_expired(struct scene *s)
{
    judged_at(s, "2026-01-02T05:04:04.999999Z");
    s->en.finished_at = "2026-01-09T00:00:00.000000Z";
}

static void judged_when_it_had_expired(struct scene *s)
{
    judged_at(s, EXPIRES);
    s->en.finished_at = "2026-01-09T00:00:00.000000Z";
}

static void judged_before_it_was_signed(struct scene *s)
{
    judged_at(s, "2026-01-02T02:59:04.999999Z");
}

static void judged_after_the_end(struct scene *s)
{
    judged_at(s, "2026-01-02T04:05:00.000001Z");
}

static void judged_just_after_the_end(struct scene *s)
{
    judged_at(s, "2026-01-02T04:05:00.000000Z");
}

static void judged_after_a_failed_run(struct scene *s)
{
    judged_after_the_end(s);
    s->en.result = "failed";
}

static void judged_never(struct scene *s)
{
    judged_at(s, "soon");
}

static void judged_by_no_text(struct scene *s)
{
    doc_put(&s->a, s->all, "judged_at", doc_int(&s->a, 1));
}

static void key_expired_later(struct scene *s)
{
    judged_at(s, "2026-01-02T03:04:30.000000Z");
    s->who_lists = "ann@x,p,q+valid-before=\"20260102030500Z\" bob@x,g";
}

static void other_environment(struct scene *s)
{
    s->en.environment = "staging";
}

static void nobodys(struct scene *s)
{
    s->who_lists = "bob@x,g";
}

static void key_expired(struct scene *s)
{
    s->who_lists = "ann@x,p,q+valid-before=\"20260102030500Z\" bob@x,g";
}

static void no_list(struct scene *s)
{
    s->who_lists = NULL;
}

static void no_keygen(struct scene *s)
{
    (void)s;
    signing_look_in("/nowhere");
}

static void nothing_signed(struct scene *s)
{
    s->list->n = 0;
}

#define BY_ANN "entry 7: the signature of ann@x "
#define NOT_AS_SAID "entry 7: the signature of ann@x is not what its receipt says of it"

/* words: the one finding; "": none is found. */
static const struct {
    const char *name;
    void (*spoil)(struct scene *s);
    enum approval_kind kind;
    int n_unproven;
    const char *words;
} rows[] = {
    {"two over a migration", nothing, APPROVES_BUNDLE, 0, ""},
    {"two over a projection", nothing, APPROVES_PROJECTION, 0, ""},
    {"two over a plan, which a receipt only names", nothing, APPROVES_PLAN, 0, ""},
    {"who runs it", nothing, APPROVES_RUN, 0, ""},
    {"none", nothing_signed, APPROVES_BUNDLE, 0, ""},
    {"another person is named", other_person, APPROVES_BUNDLE, 0,
     "entry 7: the signature of bob@x is not what its receipt says of it"},
    {"another key is", other_key, APPROVES_BUNDLE, 0, NOT_AS_SAID},
    {"another kind is", other_kind, APPROVES_BUNDLE, 0, NOT_AS_SAID},
    {"another moment is", other_moment, APPROVES_BUNDLE, 0, NOT_AS_SAID},
    {"another digest is", other_digest, APPROVES_BUNDLE, 0, NOT_AS_SAID},
    {"a plan's other digest is", other_digest, APPROVES_PLAN, 0, NOT_AS_SAID},
    {"something else was applied", other_claim, APPROVES_BUNDLE, 0,
     "is not what its receipt says of it"},
    {"a projection was signed for, and none was published", other_kind, APPROVES_PROJECTION, 0,
     NOT_AS_SAID},
    {"a role is said that was not there", role_more, APPROVES_BUNDLE, 0, NOT_AS_SAID},
    {"a role is not said", role_fewer, APPROVES_BUNDLE, 0, NOT_AS_SAID},
    {"a role is no text", role_is_number, APPROVES_BUNDLE, 0, NOT_AS_SAID},
    {"a waiver is said that was not signed", waives_more, APPROVES_BUNDLE, 0, NOT_AS_SAID},
    {"the signature of another", signature_of_another, APPROVES_BUNDLE, 0, NOT_AS_SAID},
    {"one of hers over another text", signature_of_another_text, APPROVES_BUNDLE, 0,
     BY_ANN "is none: it is no signature of ann@x over this text"},
    {"a statement of another form", statement_is_none, APPROVES_BUNDLE, 0,
     BY_ANN "does not count: it is no statement of the form kfmig.approval.v1"},
    {"a statement that is gone is told as such", statement_is_gone, APPROVES_BUNDLE, 0, ""},
    {"a signature that is not named", signature_has_no_digest, APPROVES_BUNDLE, 0, ""},
    {"a statement that cannot be read", ledger_is_unreadable, APPROVES_BUNDLE, 0, ""},
    {"signed after the run", ended_before, APPROVES_BUNDLE, 0,
     BY_ANN
     "does not count: it says that it was signed at 2026-01-02T03:04:05.000000Z, which is yet "
     "to come"},
    {"expired before it ended", ended_late, APPROVES_BUNDLE, 0,
     BY_ANN "does not count: it expired at 2026-01-02T05:04:05.000000Z"},
    {"judged before it expired, by a run that ended later", judged_before_it_expired,
     APPROVES_BUNDLE, 0, ""},
    {"judged when it had expired", judged_when_it_had_expired, APPROVES_BUNDLE, 0,
     BY_ANN "does not count: it expired at 2026-01-02T05:04:05.000000Z"},
    {"judged before it was signed", judged_before_it_was_signed, APPROVES_BUNDLE, 0,
     BY_ANN
     "does not count: it says that it was signed at 2026-01-02T03:04:05.000000Z, which is yet "
     "to come"},
    {"judged after the run had ended", judged_after_the_end, APPROVES_BUNDLE, 0,
     "entry 7: who signed was judged at 2026-01-02T04:05:00.000001Z, after it had ended"},
    {"by clocks that are five minutes apart", judged_just_after_the_end, APPROVES_BUNDLE, 0, ""},
    {"when a run failed another clock may say", judged_after_a_failed_run, APPROVES_BUNDLE, 0, ""},
    {"judged at no moment", judged_never, APPROVES_BUNDLE, 0,
     "entry 7: its receipt does not say when those who signed were judged"},
    {"judged at what is no text", judged_by_no_text, APPROVES_BUNDLE, 0,
     "entry 7: its receipt does not say when those who signed were judged"},
    {"by a key that expired later", key_expired_later, APPROVES_BUNDLE, 0, ""},
    {"for another environment", other_environment, APPROVES_BUNDLE, 0,
     BY_ANN "is not for environment \"staging\""},
    {"by nobody who might", nobodys, APPROVES_BUNDLE, 0, BY_ANN "does not count: its key SHA256:"},
    {"by a key that had expired", key_expired, APPROVES_BUNDLE, 0,
     BY_ANN "does not count: the key of ann@x expired at 2026-01-02T03:05:00.000000Z"},
    {"who might sign is not there, which is told as such", no_list, APPROVES_BUNDLE, 0, ""},
    {"without ssh-keygen nothing is proven", no_keygen, APPROVES_BUNDLE, 2, ""},
};
enum { N = sizeof rows / sizeof *rows };

static void note_text(void *ctx, const char *what, const struct digest *digest)
{
    struct buf *out = ctx;
    buf_printf(out, "%s%s", out->n > 0 ? ", " : "", digest_is_zero(digest) ? "?" : what);
}

static void test_row(size_t i)
{
    struct scene s;
    struct verified v = {.n_found = 0};
    environments = rows[i].spoil == other_environment ? "prod" : NULL;
    scene_begin(&s, rows[i].kind);
    rows[i].spoil(&s);
    const char *list = s.who_lists != NULL ? signing_lines(s.who_lists) : NULL;
    struct digest none = digest_of(bytes_str("no list"));
    doc_put(&s.a, s.all, "signers",
            doc_text(&s.a, list != NULL ? memory_text(&s.m, list) : said_of(&s, &none)));
    const struct ledger_source l = memory_source(&s.m);
    verify_signed(&l, &v, &s.a, &s.en, s.receipt);
    signing_look_in(NULL);
    /* What is wrong for both of them is found for both; the first is ann's. */
    const char *said = v.findings.n > 0 ? v.findings.v[0].text : "";
    bool good = rows[i].words[0] == '\0' ? v.n_found == 0
                                         : v.n_found > 0 && strstr(said, rows[i].words) != NULL &&
                                               strcmp(v.findings.v[0].rule, "approval") == 0;
    if (!ok(good, rows[i].name)) {
        printf("# %zu found: %s\n", v.n_found, said);
    }
    is_int(v.n_unproven, rows[i].n_unproven, "what could not be proven");
    arena_release(&s.a);
}

/* A plan's signatures stand in the receipts of all its migrations. */
static void test_once(void)
{
    struct scene s;
    struct verified v = {.n_found = 0};
    scene_begin(&s, APPROVES_PLAN);
    doc_put(&s.a, s.all, "signers",
            doc_text(&s.a, memory_text(&s.m, signing_lines("ann@x,p,q bob@x,g"))));
    const struct ledger_source l = memory_source(&s.m);
    verify_signed(&l, &v, &s.a, &s.en, s.receipt);
    signing_look_in("/nowhere");
    verify_signed(&l, &v, &s.a, &s.en, s.receipt);
    is_int(v.n_unproven, 0, "ssh-keygen is asked once about each of them");
    s.who_lists = "bob@x,p,q";
    doc_put(&s.a, s.all, "signers", doc_text(&s.a, memory_text(&s.m, signing_lines("bob@x,g"))));
    verify_signed(&l, &v, &s.a, &s.en, s.receipt);
    is_int(v.n_found, 1, "by another list the one who is not in it counts no more");
    signing_look_in(NULL);
    arena_release(&s.a);
}

/* The texts that a receipt names are told to whoever looks whether they are there. */
static void test_texts(void)
{
    struct scene s;
    struct buf text = {0};
    scene_begin(&s, APPROVES_BUNDLE);
    signed_texts(s.receipt, note_text, &text);
    is_str(buf_str(&text), "a signed statement, a signature, a signed statement, a signature",
           "without a list of signers");
    buf_clear(&text);
    doc_put(&s.a, s.all, "signers", doc_text(&s.a, memory_text(&s.m, "x")));
    signature_has_no_digest(&s);
    signed_texts(s.receipt, note_text, &text);
    is_str(buf_str(&text),
           "the list of signers, a signed statement, a signed statement, a signature",
           "with one, and without a signature");
    buf_clear(&text);
    signed_texts(doc_new(&s.a, DOC_MAP), note_text, &text);
    is_str(buf_str(&text), "", "of a receipt that nobody signed for there are none");
    buf_release(&text);
    arena_release(&s.a);
}

int main(void)
{
    tap_plan(2 * N + 5);
    over = digest_of(bytes_str("this"));
    if (!signing_begin()) {
        printf("Bail out! no ssh-keygen\n");
        return 1;
    }
    for (size_t i = 0; i < N; i++) {
        test_row(i);
    }
    test_once();
    test_texts();
    signing_end();
    return tap_done();
}
