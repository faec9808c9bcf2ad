/* layer: approval */
/* run: needs=ssh-keygen */
/* Who may sign, and what a statement and a signature are: what is read, what is refused, and when a key counts. ssh-keygen itself is asked
 * by tests/live/test_approvals.py; here it signs and verifies once. */
#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "approval/armor.h"
#include "approval/keygen.h"
#include "approval/statement.h"
#include "base/clock.h"
#include "base/file.h"

#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAIB8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8f"
#define LINE "ssh-ed25519 " KEY

static struct arena arena;

/* clang-format off */
static const struct {
    const char *name, *text;
    int n;            /* signers */
    const char *says; /* of the first: "PERSON|ROLE ROLE|FROM|UNTIL|ours"; or what is wrong */
} rows[] = {
    {"nobody", "", 0, ""},
    {"words of people", "# who\n\n  \t\n", 0, ""},
    {"one without roles", "ann@x " LINE "\n", 1, "ann@x|||"},
    {"no line end", "ann@x " LINE, 1, "ann@x|||"},
    {"line ends of another system", "ann@x " LINE "\r\n", 1, "ann@x|||"},
    {"roles", "ann@x,kfm-a,kfm-b " LINE " a comment\n", 1, "ann@x|kfm-a kfm-b||"},
    {"ours by its namespace", "ann@x namespaces=\"git,kfmig\" " LINE "\n", 1, "ann@x|||"},
    {"for other things", "ann@x namespaces=\"git\" " LINE "\n", 1, "ann@x|||not ours"},
    {"a day", "ann@x valid-after=\"20260102Z\" " LINE "\n", 1, "ann@x||2026-01-02T00:00:00.000000Z|"},
    {"a minute", "ann@x valid-before=\"202601020304Z\" " LINE "\n", 1, "ann@x|||2026-01-02T03:04:00.000000Z"},
    {"a second, and more options", "ann@x valid-after=\"20260102030405Z\",namespaces=\"kfmig\" " LINE "\n", 1, "ann@x||2026-01-02T03:04:05.000000Z|"},
    {"local time", "ann@x valid-before=\"20260102\" " LINE "\n", 0, "valid-before is \"20260102\", which ssh-keygen takes by the local time of whoever runs it, or not at all"},
    {"no time", "ann@x valid-before=\"soonZ\" " LINE "\n", 0, "valid-before is \"soonZ\", which ssh-keygen takes by the local time of whoever runs it, or not at all"},
    {"no day", "ann@x valid-before=\"20260230Z\" " LINE "\n", 0, "valid-before is \"20260230Z\", which ssh-keygen takes by the local time of whoever runs it, or not at all"},
    {"an authority", "ann@x cert-authority " LINE "\n", 0, "the option \"cert-authority\" is not taken: authorities that sign keys, and what only some ssh-keygens know, make a line mean different things"},
    {"an unknown option", "ann@x touch=\"yes\" " LINE "\n", 0, "the option \"touch\" is not taken: authorities that sign keys, and what only some ssh-keygens know, make a line mean different things"},
    {"an option without value", "ann@x verify-required " LINE "\n", 0, "what stands between the principals and the key is no option"},
    {"a quote that does not end", "ann@x namespaces=\"kfmig " LINE "\n", 0, "what stands between the principals and the key is no option"},
    {"a pattern", "*@x " LINE "\n", 0, "principals are names, each once, without patterns or quotes"},
    {"a negation", "ann@x,!kfm-a " LINE "\n", 0, "principals are names, each once, without patterns or quotes"},
    {"a role twice", "ann@x,kfm-a,kfm-a " LINE "\n", 0, "principals are names, each once, without patterns or quotes"},
    {"an empty role", "ann@x,,kfm-a " LINE "\n", 0, "principals are names, each once, without patterns or quotes"},
    {"quoted", "\"ann@x\" " LINE "\n", 0, "principals are names, each once, without patterns or quotes"},
    {"no key", "ann@x\n", 0, "the line names no key"},
    {"no key behind its type", "ann@x ssh-ed25519\n", 0, "there is no public key of a type that signs"},
    {"another type than in the key", "ann@x ssh-rsa " KEY "\n", 0, "there is no public key of a type that signs"},
    {"an old type", "ann@x ssh-dss " KEY "\n", 0, "what stands between the principals and the key is no option"},
    {"a key that is cut", "ann@x ssh-ed25519 AAAA\n", 0, "there is no public key of a type that signs"},
    {"another spelling of base64", "ann@x ssh-ed25519 " KEY "=\n", 0, "there is no public key of a type that signs"},
    {"a key twice", "ann@x " LINE "\nbob@x,kfm-a " LINE "\n", 1, "the key SHA256:XeCiJ3AhvpFYMnXfm5sKB/w8ki5hvZaM04WVHPm0ZQo stands in line 1 already: which of the two counts nobody could tell"},
    {"no text", "ann@x \x01\n", 0, "it holds what is no text: control character"},
};
/* clang-format on */
enum { N = sizeof rows / sizeof *rows };

static const char *told(const struct signers *l, const struct err_list *faults)
{
    if (faults->n > 0 || l->n == 0) {
        return faults->n > 0 ? arena_strdup(&arena, faults->v[0].msg) : "";
    }
    const struct signer *x = &l->v[0];
    const char *roles = "";
    for (size_t i = 0; i < x->roles.n; i++) {
        roles = arena_printf(&arena, "%s%s%s", roles, i > 0 ? " " : "", x->roles.v[i]);
    }
    return arena_printf(&arena, "%s|%s|%s|%s%s", x->person, roles, x->from, x->until,
                        x->is_ours ? "" : "not ours");
}

static void test_signers(void)
{
    for (size_t i = 0; i < N; i++) {
        struct signers l = {0};
        struct err_list faults = {0};
        signers_read(&arena, bytes_str(rows[i].text), "signers", &l, &faults);
        is_int((int)l.n, rows[i].n, rows[i].name);
        const char *says = told(&l, &faults);
        /* which fingerprint, and which word for a byte, is not what these rows are about */
        const char *cut = strstr(rows[i].says, "SHA256:") != NULL   ? "the key SHA256:"
                          : strstr(rows[i].says, "no text") != NULL ? "it holds what is no text"
                                                                    : NULL;
        ok(cut != NULL ? strncmp(says, cut, strlen(cut)) == 0 : strcmp(says, rows[i].says) == 0,
           says);
        err_list_release(&faults);
    }
}

static void test_worth(void)
{
    static const struct {
        const char *options, *revoked;
        int64_t signed_at, now;
        const char *why; /* a part; NULL: it counts */
    } v[] = {
        {"", "", 10, 20, NULL},
        {"valid-after=\"19700101000015Z\" ", "", 10, 20,
         "counts from 1970-01-01T00:00:15.000000Z on"},
        {"valid-after=\"19700101000010Z\" ", "", 10, 20, NULL},
        {"valid-before=\"19700101000015Z\" ", "", 10, 20, "expired at 1970-01-01T00:00:15.000000Z"},
        {"valid-before=\"19700101000010Z\" ", "", 10, 10, "expired at"},
        {"valid-before=\"19700101000021Z\" ", "", 10, 20, NULL},
        {"namespaces=\"git\" ", "", 10, 20, "may not sign in the namespace kfmig"},
        {"", LINE "\n", 10, 20, "is revoked"},
        {"", "# none\n", 10, 20, NULL},
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct signers l = {0};
        struct err_list faults = {0};
        signers_read(&arena,
                     bytes_str(arena_printf(&arena, "ann@x,kfm-a %s" LINE "\n", v[i].options)),
                     "signers", &l, &faults);
        signers_read_revoked(&arena, bytes_str(v[i].revoked), "revoked", &l, &faults);
        const char *why = l.n == 1 ? signer_fault(&arena, &l, &l.v[0], v[i].signed_at * 1000000,
                                                  v[i].now * 1000000)
                                   : "?";
        ok(faults.n == 0 &&
               (v[i].why == NULL ? why == NULL : why != NULL && strstr(why, v[i].why) != NULL),
           why != NULL ? why : "it counts");
        ok(signers_have_role(&l, "kfm-a") && !signers_have_role(&l, "ann@x"),
           "a person is no role");
        err_list_release(&faults);
    }
    struct signers l = {0};
    struct err_list faults = {0};
    signers_read_revoked(
        &arena, bytes_str("SHA256:0123456789012345678901234567890123456789012\nSHA256:short\n"),
        "revoked", &l, &faults);
    ok(l.revoked.n == 1 && faults.n == 1, "fingerprints are revoked, too; what is none is a fault");
    err_list_release(&faults);
}

/* --- statements ---------------------------------------------------------------------------------------------- */

static struct approval statement(void)
{
    struct approval x = {.kind = APPROVES_BUNDLE,
                         .path = "a.json",
                         .subject = "M-1",
                         .signed_at = "1970-01-01T00:00:10.000000Z",
                         .expires_at = ""};
    x.digest = digest_of(bytes_str("content"));
    names_add(&arena, &x.environments, "prod");
    return x;
}

static const char *text_of(const struct approval *x)
{
    struct buf text = {0};
    statement_write(&text, x);
    const char *out = arena_strdup(&arena, buf_str(&text));
    buf_release(&text);
    return out;
}

static const char *replaced(const char *text, const char *what, const char *by)
{
    const char *at = strstr(text, what);
    return at == NULL
               ? "?"
               : arena_printf(&arena, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
}

static void test_statement(void)
{
    static const struct {
        const char *what, *by;
    } v[] = {
        {"\n", ""},
        {"\n", "\n\n"},
        {"kfmig.approval.v1", "kfmig.approval.v2"},
        {"\"bundle\"", "\"all\""},
        {":", ": "},
        {"sha256:", "md5:"},
        {"[\"prod\"]", "\"prod\""},
        {"[\"prod\"]", "[1]"},
        {"\"M-1\"", "\"M-1\",\"x\":1"},
        {"00:00:10", "00:00:99"},
        {"null", "\"soon\""},
        {"\"waives\":[]", "\"waives\":null"},
        {"{", "[{"},
    };
    struct approval x = statement();
    const char *text = text_of(&x);
    const char *why = NULL;
    struct approval y = {.path = "a.json", .statement = bytes_str(text)};
    is_int(statement_read(&arena, &y, &why), 0, "what is written is read");
    ok(digest_eq(&y.digest, &x.digest) && y.kind == x.kind && names_have(&y.environments, "prod") &&
           y.waives.n == 0,
       "and is the same");
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        y = (struct approval){.path = "a.json",
                              .statement = bytes_str(replaced(text, v[i].what, v[i].by))};
        ok(statement_read(&arena, &y, &why) != 0, v[i].by);
    }
}

/* --- a real signature ------------------------------------------------------------------------------------------- */

static int run(const char *command)
{
    return system(command); /* NOLINT(cert-env33-c): a test's own words */
}

struct signing {
    const char *key;
    struct signers l;
    struct approval x;
};

static bool make_key(struct signing *s)
{
    struct bytes public;
    struct err e = {0};
    struct err_list faults = {0};
    s->key = arena_printf(&arena, "%s/key", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    bool good =
        run(arena_printf(&arena, "ssh-keygen -q -t ed25519 -N '' -f %s </dev/null", s->key)) == 0 &&
        file_read_given(&arena, arena_printf(&arena, "%s.pub", s->key), 10000, &public, &e) == 0;
    if (good) {
        signers_read(&arena,
                     bytes_str(arena_printf(&arena, "ann@x,kfm-a %.*s", (int)public.n, public.p)),
                     "signers", &s->l, &faults);
    }
    err_list_release(&faults);
    return good && s->l.n == 1;
}

static const char *verdict(struct signing *s, struct bytes text, struct bytes signature,
                           int64_t now_s, int64_t max_age_ms)
{
    const struct signer *signer = NULL;
    const char *why = NULL;
    struct err e = {0};
    struct approval x = {.path = "a.json", .statement = text, .signature = signature};
    statement_judge(&arena, &s->l, now_s * 1000000, max_age_ms, &x, &signer);
    if (x.why_not == NULL && keygen_verify(&arena, signer, text, signature, NULL, &why, &e) != 0) {
        return arena_strdup(&arena, e.msg);
    }
    s->x = x;
    return x.why_not != NULL ? x.why_not : why != NULL ? why : "good";
}

static void test_signature(void)
{
    struct signing s = {.key = ""};
    struct err e = {0};
    struct bytes sig;
    struct approval x = statement();
    const char *text = text_of(&x);
    ok(make_key(&s), "a key");
    is_int(keygen_sign(&arena, s.key, bytes_str(text), NULL, &sig, &e), 0, "it signs");
    is_str(verdict(&s, bytes_str(text), sig, 20, 0), "good", "and what it signed is good");
    is_str(s.x.person, "ann@x", "by its person");
    ok(strncmp(statement_file(&arena, &s.x), "bundle-", 7) == 0,
       "its file is called by what it is");
    is_str(verdict(&s, bytes_str(replaced(text, "M-1", "M-2")), sig, 20, 0),
           "it is no signature of ann@x over this text", "not over another text");
    is_str(verdict(&s, bytes_str(text), sig, -1000, 0),
           "it says that it was signed at 1970-01-01T00:00:10.000000Z, which is yet to come",
           "nor before it was made");
    is_str(verdict(&s, bytes_str(text), sig, 20, 5000),
           "it was signed at 1970-01-01T00:00:10.000000Z, longer ago than max_age",
           "nor when it is old");
    x.expires_at = "1970-01-01T00:00:20.000000Z";
    text = text_of(&x);
    is_int(keygen_sign(&arena, s.key, bytes_str(text), NULL, &sig, &e), 0, "one that ends");
    is_str(verdict(&s, bytes_str(text), sig, 19, 0), "good", "counts until then");
    is_str(verdict(&s, bytes_str(text), sig, 20, 0), "it expired at 1970-01-01T00:00:20.000000Z",
           "and no longer");
    is_str(verdict(&s, bytes_str(text), bytes_of(NULL, 0), 19, 0),
           "its signature is not there (.json.sig)", "without a signature it is none");
    int n_taken = 0; /* no bit of a signature can be turned */
    for (size_t i = 0; i < sig.n; i += 7) {
        char *other = arena_dup(&arena, sig.p, sig.n);
        other[i] ^= 4;
        n_taken += strcmp(verdict(&s, bytes_str(text), bytes_of(other, sig.n), 19, 0), "good") == 0;
    }
    is_int(n_taken, 0, "no bit of it can be turned");
    s.l.n = 0;
    ok(strstr(verdict(&s, bytes_str(text), sig, 19, 0),
              "is nobody's in registry/allowed_signers") != NULL,
       "nobody's key");
    (void)chmod(s.key, 0640);
    ok(keygen_sign(&arena, s.key, bytes_str(text), NULL, &sig, &e) != 0 &&
           strstr(e.msg, "(mode 0640)") != NULL,
       "a key that others can read does not sign");
    e = (struct err){0};
    ok(keygen_sign(&arena, "/nowhere", bytes_str(text), NULL, &sig, &e) != 0 &&
           e.code == ERR_CONFIG,
       "nor one that is not there");
}

int main(void)
{
    tap_plan(2 * N + 9 * 2 + 1 + 2 + 13 + 16);
    test_signers();
    test_worth();
    test_statement();
    test_signature();
    arena_release(&arena);
    return tap_done();
}
