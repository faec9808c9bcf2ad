/* layer: attest */
/* Attestations of a ledger in memory: what is delivered, what is owed, what may not sign, and that not one bit of what was signed may be
 * another. */
#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

#include "attest/deliver.h"
#include "attest/envelope.h"
#include "attest/folder.h"
#include "attest/signer.h"
#include "attest/statement.h"
#include "attest/verify.h"
#include "doc/json.h"
#include "evidence/sink.h"
#include "evidence_files.h"
#include "evidence_ledger.h"
#include "signing_key.h"

static struct arena arena;
static struct schema *keys_schema;

#define HOME "sink/dev/" UUID "/"

struct scene {
    struct memory m;
    struct env env;
    struct archive r;
    struct err e;
};

/* The schema itself is tried where its fixtures are; here everything of the right shape is let through. */
static const struct schema *schema_of(const char *name)
{
    (void)name;
    return keys_schema;
}

static const char *row_of(int byte, const char *members)
{
    struct ed25519_key *k = signing_key(&arena, byte);
    struct ed25519_public p = ed25519_public_of(k);
    struct digest id = ed25519_id(&p);
    struct buf text = {0};
    char name[DIGEST_TEXT];
    ed25519_public_write(&text, &p);
    const char *row =
        arena_printf(&arena, "{\"key\":\"%s\",\"public_key\":\"%s\",\"environment\":\"dev\",%s}",
                     digest_text(&id, name), buf_str(&text), members);
    buf_release(&text);
    ed25519_close(k);
    return row;
}

static void put_keys(const char *rows)
{
    files_put(KEYS_PATH,
              arena_printf(&arena, "{\"format\":\"kfmig.keys.v1\",\"keys\":[%s]}", rows));
}

static void put_key(int byte)
{
    files_put("secret/key.pem", signing_pem(&arena, byte));
    if (fchmodat(files_fd, "secret/key.pem", 0600, 0) != 0) {
        printf("# chmod failed\n");
    }
}

static void scene_begin(struct scene *s)
{
    files_clear();
    *s = (struct scene){.env = {.name = "dev", .attest_key = "secret/key.pem"}};
    memory_begin(&s->m, &arena);
    (void)memory_migration(&s->m, "M-1", "SELECT 1;");
    (void)memory_migration(&s->m, "M-2", "SELECT 2;");
    (void)memory_migration(&s->m, "M-3", "SELECT 3;");
    s->r = (struct archive){.ledger = memory_source(&s->m),
                            .env = &s->env,
                            .id = &s->m.id,
                            .entries = &s->m.entries,
                            .dirfd = files_fd,
                            .sink = "sink",
                            .schema = schema_of};
    put_key(1);
    put_keys(row_of(1, "\"from\":1"));
}

static int deliver(struct scene *s)
{
    s->e = (struct err){0};
    return sink_deliver(&s->r, &s->e) != 0 ? -1 : attest_deliver(&s->r, &s->e);
}

static bool is_there(const char *name)
{
    return faccessat(files_fd, name, F_OK, 0) == 0;
}

static struct bytes text_of(const char *name)
{
    struct bytes out = {NULL, 0};
    struct err e = {0};
    if (file_read(&arena, files_fd, name, 1 << 20, &out, NULL, &e) != 0) {
        printf("# cannot read %s\n", name);
    }
    return out;
}

static void take(const char *name)
{
    (void)unlinkat(files_fd, name, 0);
}

/* What verification finds of the files alone; NULL: it could not be done. */
static const char *found(struct scene *s, struct verified *v)
{
    struct archive r = s->r;
    r.entries = NULL;
    if (attest_verify_files(&r, &arena, v, &s->e) != 0) {
        return NULL;
    }
    return v->findings.n > 0 ? v->findings.v[0].text : "";
}

/* --- delivery ----------------------------------------------------------------------------------------- */

static void test_deliver(void)
{
    struct scene s;
    struct verified v;
    scene_begin(&s);
    is_int(deliver(&s), 0, "delivered");
    is_str(found(&s, &v), "", "holds");
    ok(v.n_attested == 3 && v.n_checkpoints == 1, "three entries in one checkpoint");
    struct bytes before = text_of(HOME "attestations/00000002.sigstore.json");
    take(HOME "attestations/00000002.sigstore.json");
    take(HOME "proofs/00000003.tlog-proof");
    is_int(deliver(&s), 0, "what was taken away is owed");
    struct bytes after = text_of(HOME "attestations/00000002.sigstore.json");
    ok(bytes_eq(before, after), "and is the same again");
    is_str(found(&s, &v), "", "holds again");
    (void)memory_migration(&s.m, "M-4", "SELECT 4;");
    is_int(deliver(&s), 0, "one more entry");
    is_str(found(&s, &v), "", "holds");
    ok(v.n_attested == 4 && v.n_checkpoints == 2, "in a second checkpoint");
    struct bytes growth = text_of(HOME "checkpoints/00000004.checkpoint");
    ok(growth.n > 6 && memcmp(growth.p, "old 3\n", 6) == 0, "which says what it grew out of");
    take("secret/key.pem");
    is_int(deliver(&s), 0, "with nothing owed no key is read");
    v = (struct verified){0};
    ok(attest_verify_ledger(&s.r, &arena, &v, &s.e) == 0 && v.n_found == 0 && v.n_checkpoints == 2,
       "held to the ledger, too");
}

static void test_nothing(void)
{
    struct scene s;
    struct verified v = {0};
    scene_begin(&s);
    s.env.attest_key = NULL;
    ok(deliver(&s) == 0 && !is_there(HOME "attestations") && signer_ready(&s.r, &s.e) == 0,
       "no attestations are declared");
    ok(attest_verify_ledger(&s.r, &arena, &v, &s.e) == 0 && v.n_found == 0,
       "and none are looked for");
    scene_begin(&s);
    s.r.sink = NULL;
    ok(attest_deliver(&s.r, &s.e) == 0 && signer_ready(&s.r, &s.e) == 0, "no sink");
    ok(attest_verify_files(&s.r, &arena, &v, &s.e) == -1 && s.e.code == ERR_CONFIG,
       "no files without a sink");
    scene_begin(&s);
    s.m.id.has_ledger = false;
    ok(attest_deliver(&s.r, &s.e) == 0, "no ledger");
    scene_begin(&s);
    is_str(found(&s, &v), "holds no checkpoint: nothing is attested", "an empty sink is no proof");
    scene_begin(&s);
    put_keys(row_of(1, "\"from\":4"));
    ok(deliver(&s) == 0 && !is_there(HOME "attestations"),
       "entries before the first key are owed nothing");
    (void)memory_migration(&s.m, "M-4", "SELECT 4;");
    is_int(deliver(&s), 0, "its first entry");
    is_str(found(&s, &v), "", "holds");
    ok(v.n_attested == 1 && v.n_checkpoints == 1, "and is attested alone");
}

/* --- what is not signed ------------------------------------------------------------------------------- */

static void grown_another(struct scene *s)
{
    (void)deliver(s);
    memory_begin(&s->m, &arena);
    (void)memory_migration(&s->m, "N-1", "SELECT 1;");
    (void)memory_migration(&s->m, "N-2", "SELECT 1;");
    (void)memory_migration(&s->m, "N-3", "SELECT 1;");
    (void)memory_migration(&s->m, "N-4", "SELECT 1;");
}

static void gone_back(struct scene *s)
{
    (void)deliver(s);
    memory_begin(&s->m, &arena);
    (void)memory_migration(&s->m, "M-1", "SELECT 1;");
    take(HOME "attestations/00000001.sigstore.json");
}

static void altered(struct scene *s)
{
    s->m.entries.v[1].leaf = merkle_leaf(bytes_str("x"));
}

static void out_of_order(struct scene *s)
{
    s->m.entries.v[1].sequence = 7;
}

static void cut_off(struct scene *s)
{
    s->m.entries.n = 2;
}

static void no_checkpoint(struct scene *s)
{
    (void)deliver(s);
    files_put(HOME "checkpoints/00000003.checkpoint", "old 0\n");
    (void)memory_migration(&s->m, "M-4", "SELECT 4;");
}

static void other_key(struct scene *s)
{
    (void)s;
    put_key(2);
}

static void no_keys(struct scene *s)
{
    (void)s;
    take(KEYS_PATH);
}

static void keys_no_json(struct scene *s)
{
    (void)s;
    files_put(KEYS_PATH, "{");
}

static void keys_of_another_form(struct scene *s)
{
    (void)s;
    files_put(KEYS_PATH, "[]");
}

static void keys_no_key(struct scene *s)
{
    (void)s;
    put_keys("{\"key\":\"sha256:0\",\"public_key\":\"x\",\"environment\":\"dev\"}");
}

static void revoked(struct scene *s)
{
    (void)s;
    put_keys(arena_printf(&arena, "%s,%s",
                          row_of(1, "\"from\":1,\"revoked\":{\"from\":2,\"reason\":\"x\"}"),
                          row_of(2, "\"from\":2")));
}

static void folder_in_its_place(struct scene *s)
{
    (void)s;
    files_put(HOME "attestations/00000002.sigstore.json/x", "");
    take(HOME "attestations/00000002.sigstore.json/x");
}

static void file_for_a_folder(struct scene *s)
{
    (void)s;
    files_put(HOME "proofs", "a file");
}

static const struct {
    const char *name;
    void (*make)(struct scene *);
    enum err_code code;
    const char *says;
} refusals[] = {
    {"a ledger with another history", grown_another, ERR_INTEGRITY,
     "no continuation of this checkpoint"},
    {"one that went back", gone_back, ERR_INTEGRITY, "no continuation of this checkpoint"},
    {"an altered entry", altered, ERR_INTEGRITY, "is not whole: nothing was signed"},
    {"entries out of order", out_of_order, ERR_INTEGRITY, "is not whole"},
    {"fewer entries than the head counts", cut_off, ERR_INTEGRITY, "is not whole"},
    {"a checkpoint that is none", no_checkpoint, ERR_INTEGRITY,
     "no checkpoint as kfmig writes one"},
    {"a key that nobody knows", other_key, ERR_CONFIG,
     "does not stand in registry/keys.v1.json for \"dev\""},
    {"no list of keys", no_keys, ERR_CONFIG, "registry/keys.v1.json is not there"},
    {"one that is no JSON", keys_no_json, ERR_CONFIG, ""},
    {"one of another form", keys_of_another_form, ERR_CONFIG, ""},
    {"one with a key that is none", keys_no_key, ERR_CONFIG, "is no Ed25519 public key"},
    {"a revoked key", revoked, ERR_CONFIG, "is revoked from entry 2 on"},
    {"a file in a folder's place", file_for_a_folder, ERR_PREFLIGHT, ""},
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

static void test_refusals(void)
{
    for (size_t i = 0; i < REFUSALS; i++) {
        struct scene s;
        scene_begin(&s);
        refusals[i].make(&s);
        int rc = deliver(&s);
        if (!ok(rc == -1 && s.e.code == refusals[i].code &&
                    strstr(s.e.msg, refusals[i].says) != NULL,
                refusals[i].name)) {
            printf("# %d %d %s\n", rc, (int)s.e.code, s.e.msg);
        }
        ok(!is_there(HOME "checkpoints/00000004.checkpoint"), "and nothing was signed");
    }
    struct scene s;
    scene_begin(&s);
    folder_in_its_place(&s);
    is_int(deliver(&s), 0, "a folder of an attestation's name counts as delivered");
}

/* --- the key ------------------------------------------------------------------------------------------ */

static void check_signer(const char *ref, const char *value, const char *says)
{
    struct err e = {0};
    struct ed25519_key *k = NULL;
    struct env env = {.name = "dev", .attest_key = ref};
    (void)(value != NULL ? setenv("KFM_TEST_KEY", value, 1) : unsetenv("KFM_TEST_KEY"));
    int rc = signer_open(&env, files_fd, &k, &e);
    if (!ok(says == NULL ? rc == 0 && k != NULL
                         : rc == -1 && e.code == ERR_CONFIG && strstr(e.msg, says) != NULL,
            says != NULL ? says : "a key")) {
        printf("# %d %s\n", rc, e.msg);
    }
    ed25519_close(k);
}

static void check_mode(mode_t mode, const char *says)
{
    if (fchmodat(files_fd, "secret/key.pem", mode, 0) != 0) {
        printf("# chmod failed\n");
    }
    check_signer("secret/key.pem", NULL, says);
}

static void test_signer(void)
{
    struct scene s;
    struct doc *row = NULL;
    scene_begin(&s);
    check_mode(0600, NULL);
    check_mode(0640, NULL);
    check_mode(0620, "may be written by its group");
    check_mode(0604, "may be read or written by everybody");
    check_mode(0602, "may be read or written by everybody");
    check_mode(0600, NULL);
    check_signer("KFM_TEST_KEY", NULL, "which is not set");
    check_signer("KFM_TEST_KEY", "", "which is not set");
    check_signer("KFM_TEST_KEY", "secret/key.pem", NULL);
    check_signer("KFM_TEST_KEY", signing_pem(&arena, 3), NULL);
    check_signer("KFM_TEST_KEY", "-----BEGIN nothing", "is no private key in PEM");
    check_signer("KFM_TEST_KEY", "nowhere", "the key KFM_TEST_KEY cannot be opened");
    check_signer("secret/none", NULL, "the key secret/none cannot be opened");
    files_put("secret/long.pem", arena_printf(&arena, "%020000d", 1));
    (void)fchmodat(files_fd, "secret/long.pem", 0600, 0);
    check_signer("secret/long.pem", NULL, "cannot be read as a key");
    (void)symlinkat("key.pem", files_fd, "secret/link.pem");
    check_signer("secret/link.pem", NULL, "cannot be opened");
    check_signer("secret/.", NULL, "is no regular file");
    is_int(signer_ready(&s.r, &s.e), 0, "a registered key may sign");
    put_keys(row_of(1, "\"from\":1,\"to\":3"));
    ok(signer_ready(&s.r, &s.e) == -1 && s.e.code == ERR_CONFIG &&
           strstr(s.e.msg, "signs entries 1 to 3: it may not sign ledger entry 4") != NULL,
       "one may not whose entries are over");
    put_keys(row_of(1, "\"from\":9"));
    ok(signer_ready(&s.r, &s.e) == -1 && strstr(s.e.msg, "signs entries from 9 on") != NULL,
       "nor one whose entries come later");
    put_keys(row_of(1, "\"from\":1,\"instance\":\"00000000-0000-4000-8000-000000000000\""));
    ok(signer_ready(&s.r, &s.e) == -1, "nor one of another ledger");
    s.m.id.uuid[0] = '\0';
    is_int(signer_ready(&s.r, &s.e), 0, "before the ledger is there it may be that one");
    put_keys(row_of(1, "\"from\":2,\"to\":1"));
    ok(signer_ready(&s.r, &s.e) == -1 &&
           strstr(s.e.msg, "signs from entry 2 to entry 1, which is none") != NULL,
       "a range without an entry");
    ok(signer_row(&s.env, files_fd, 5, &arena, &row, &s.e) == 0 && doc_num(row, "from", 0) == 5,
       "its row");
    put_keys(arena_printf(
        &arena, "{\"key\":\"sha256:%064d\",\"public_key\":\"%s\",\"environment\":\"dev\"}", 0,
        doc_str(row, "public_key", "")));
    ok(signer_ready(&s.r, &s.e) == -1 && strstr(s.e.msg, "is not the SHA-256 of") != NULL,
       "a name that is another key's");
    take("secret/key.pem");
    ok(signer_row(&s.env, files_fd, 5, &arena, &row, &s.e) == -1 && signer_ready(&s.r, &s.e) == -1,
       "without a key there is none");
    s.env.attest_key = NULL;
    ok(signer_row(&s.env, files_fd, 5, &arena, &row, &s.e) == -1 && s.e.code == ERR_CONFIG,
       "nor without a declaration");
}

/* --- bits --------------------------------------------------------------------------------------------- */

/* Without waiting for the disk. */
static void put_fast(const char *name, struct bytes text)
{
    int fd = openat(files_fd, name, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0 || write(fd, text.p, text.n) != (ssize_t)text.n) {
        printf("# cannot write %s\n", name);
    }
    (void)close(fd);
}

/* How many bits of that file may be another without anything being found. */
static size_t n_unfound(struct scene *s, const char *name)
{
    struct bytes good = text_of(name);
    size_t n = 0;
    for (size_t i = 0; i < good.n * 8; i++) {
        struct verified v = {0};
        struct arena a = {0};
        char *bad = arena_dup(&a, good.p, good.n);
        bad[i / 8] = (char)(bad[i / 8] ^ 1 << i % 8);
        put_fast(name, bytes_of(bad, good.n));
        const char *what = found(s, &v);
        if (what != NULL && what[0] == '\0') {
            printf("# %s: bit %zu\n", name, i);
            n++;
        }
        arena_release(&a);
    }
    put_fast(name, good);
    return n;
}

static void test_bits(void)
{
    struct scene s;
    struct verified v;
    scene_begin(&s);
    is_int(deliver(&s), 0, "delivered");
    is_int((int64_t)n_unfound(&s, HOME "checkpoints/00000003.checkpoint"), 0,
           "every bit of a checkpoint");
    is_int((int64_t)n_unfound(&s, HOME "proofs/00000002.tlog-proof"), 0, "every bit of a proof");
    is_str(found(&s, &v), "", "and as it was it holds");
}

/* The envelope alone, without files: every bit of its text. */
static void test_envelope(void)
{
    struct scene s;
    struct buf text = {0};
    struct buf payload = {0};
    struct envelope x;
    struct entry en;
    scene_begin(&s);
    struct ed25519_key *k = signing_key(&arena, 1);
    struct ed25519_public p = ed25519_public_of(k);
    attested_write(&payload, &s.m.entries.v[1]);
    envelope_write(&text, buf_bytes(&payload), k);
    ok(envelope_read(&arena, buf_bytes(&text), "f", &x, &s.e) == 0 && envelope_holds(&x, &p) &&
           bytes_eq(x.payload, buf_bytes(&payload)),
       "reads back");
    ok(attested_read(&arena, x.payload, "f", &en, &s.e) == 0 && en.sequence == 2 &&
           digest_eq(&en.leaf, &s.m.entries.v[1].leaf),
       "and says the entry");
    size_t n = 0;
    for (size_t i = 0; i < text.n * 8; i++) {
        struct arena a = {0};
        text.p[i / 8] = (char)(text.p[i / 8] ^ 1 << i % 8);
        n += envelope_read(&a, buf_bytes(&text), "f", &x, &s.e) == 0 && envelope_holds(&x, &p);
        text.p[i / 8] = (char)(text.p[i / 8] ^ 1 << i % 8);
        arena_release(&a);
    }
    is_int((int64_t)n, 0, "no bit of an envelope may be another");
    n = 0;
    for (size_t i = 0; i < payload.n * 8; i++) {
        struct arena a = {0};
        payload.p[i / 8] = (char)(payload.p[i / 8] ^ 1 << i % 8);
        struct digest leaf = {{0}};
        if (attested_read(&a, buf_bytes(&payload), "f", &en, &s.e) == 0) {
            leaf = en.leaf;
        }
        n += digest_eq(&leaf, &s.m.entries.v[1].leaf);
        payload.p[i / 8] = (char)(payload.p[i / 8] ^ 1 << i % 8);
        arena_release(&a);
    }
    is_int((int64_t)n, 0, "no bit of a statement leaves the entry that it is about");
    ok(envelope_read(&arena, bytes_str("{"), "f", &x, &s.e) == -1 && s.e.code == ERR_INTEGRITY,
       "what is no JSON");
    ok(envelope_read(&arena, bytes_str("{}"), "f", &x, &s.e) == -1 &&
           strstr(s.e.msg, "is no Sigstore bundle") != NULL,
       "what is no bundle");
#define BUNDLE "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"dsseEnvelope\":{"
    ok(envelope_read(&arena, bytes_str(BUNDLE "}}"), "f", &x, &s.e) == -1 &&
           strstr(s.e.msg, "has no payload type") != NULL,
       "no payload type");
    ok(envelope_read(&arena, bytes_str(BUNDLE "\"payloadType\":\"text/plain\"}}"), "f", &x, &s.e) ==
               -1 &&
           strstr(s.e.msg, "another type") != NULL,
       "another one");
#define TYPED BUNDLE "\"payloadType\":\"application/vnd.in-toto+json\","
    ok(envelope_read(&arena, bytes_str(TYPED "\"signatures\":[1,2]}}"), "f", &x, &s.e) == -1 &&
           strstr(s.e.msg, "has 2 signatures, and may have exactly one") != NULL,
       "two signatures");
    ok(envelope_read(&arena, bytes_str(TYPED "\"signatures\":[1]}}"), "f", &x, &s.e) == -1 &&
           strstr(s.e.msg, "not written as kfmig") != NULL,
       "one that is none");
    ok(attested_read(&arena, bytes_str("{}"), "f", &en, &s.e) == -1 &&
           strstr(s.e.msg, "no statement about a ledger entry") != NULL,
       "no statement");
    ok(attested_read(
           &arena, bytes_str("{\"predicate\":{},\"predicateType\":\"urn:kfmig:schema:entry.v1\"}"),
           "f", &en, &s.e) == -1,
       "one without an entry");
    buf_release(&text);
    buf_release(&payload);
    ed25519_close(k);
}

/* --- what was exchanged ------------------------------------------------------------------------------- */

static void copy(const char *from, const char *to)
{
    struct err e = {0};
    if (file_write(files_fd, to, text_of(from), 0644, &e) != 0) {
        printf("# %s\n", e.msg);
    }
}

/* Another run of the same project: its own key, list and ledger. */
static void sign_with(struct scene *s, int byte, const char *rows)
{
    put_key(byte);
    put_keys(row_of(byte, "\"from\":1"));
    (void)deliver(s);
    put_keys(rows);
}

static void attested_by_another(struct scene *s)
{
    take(HOME "attestations/00000002.sigstore.json");
    sign_with(s, 2, row_of(1, "\"from\":1"));
}

static void proven_by_another(struct scene *s)
{
    take(HOME "proofs/00000002.tlog-proof");
    sign_with(s, 2, row_of(1, "\"from\":1"));
}

static void key_revoked(struct scene *s)
{
    (void)s;
    put_keys(row_of(1, "\"from\":1,\"revoked\":{\"from\":2,\"reason\":\"lost\"}"));
}

static void other_attestation(struct scene *s)
{
    (void)s;
    copy(HOME "attestations/00000003.sigstore.json", HOME "attestations/00000002.sigstore.json");
}

static void other_proof(struct scene *s)
{
    (void)s;
    copy(HOME "proofs/00000003.tlog-proof", HOME "proofs/00000002.tlog-proof");
}

static void other_checkpoint(struct scene *s)
{
    (void)s;
    copy(HOME "checkpoints/00000003.checkpoint", HOME "checkpoints/00000005.checkpoint");
}

static void first_checkpoint_gone(struct scene *s)
{
    (void)memory_migration(&s->m, "M-4", "SELECT 4;");
    (void)deliver(s);
    take(HOME "checkpoints/00000003.checkpoint");
}

static void forked(struct scene *s)
{
    struct bytes first = text_of(HOME "checkpoints/00000003.checkpoint");
    take(HOME "checkpoints/00000003.checkpoint");
    memory_begin(&s->m, &arena);
    for (int i = 1; i <= 3; i++) {
        (void)memory_migration(&s->m, arena_printf(&arena, "N-%d", i), "SELECT 1;");
    }
    (void)deliver(s);
    (void)memory_migration(&s->m, "N-4", "SELECT 1;");
    (void)deliver(s);
    (void)!file_write(files_fd, HOME "checkpoints/00000003.checkpoint", first, 0644, &s->e);
}

static void receipt_altered(struct scene *s)
{
    files_put(arena_printf(&arena, HOME "00000002-%s.json", s->m.receipts.v[1].run_id), "{}");
}

static void receipt_gone(struct scene *s)
{
    take(arena_printf(&arena, HOME "00000002-%s.json", s->m.receipts.v[1].run_id));
}

static void receipt_unreadable(struct scene *s)
{
    receipt_gone(s);
    files_put(arena_printf(&arena, HOME "00000002-%s.json/x", s->m.receipts.v[1].run_id), "");
}

static void attestation_gone(struct scene *s)
{
    (void)s;
    take(HOME "attestations/00000002.sigstore.json");
}

static void of_another_ledger(struct scene *s)
{
    (void)s;
    (void)renameat(files_fd, "sink/dev/" UUID, files_fd,
                   "sink/dev/00000000-0000-4000-8000-000000000000");
}

static const struct {
    const char *name;
    void (*make)(struct scene *);
    const char *says;
} exchanges[] = {
    {"an attestation by a key that nobody knows", attested_by_another, "its key does not stand in"},
    {"a proof whose checkpoint such a key signed", proven_by_another,
     "no key of registry/keys.v1.json signed its checkpoint"},
    {"a revoked key", key_revoked, "its key is revoked from entry 2 on"},
    {"another entry's attestation", other_attestation, "is about entry 3 of ledger " UUID ", dev"},
    {"another entry's proof", other_proof,
     "does not prove that the ledger has the entry that was signed"},
    {"a checkpoint under another name", other_checkpoint, "is the checkpoint of 3 entries"},
    {"an earlier checkpoint that is gone", first_checkpoint_gone,
     "follows a checkpoint of 3 entries, the one before it has 0"},
    {"a checkpoint of another history", forked, "did not grow out of the checkpoint before it"},
    {"another receipt", receipt_altered, "is not the receipt that was signed"},
    {"no receipt", receipt_gone, "lacks the receipt of ledger entry 2"},
    {"a receipt that cannot be read", receipt_unreadable, "00000002"},
    {"no attestation", attestation_gone, "is not there"},
    {"the folder of another ledger", of_another_ledger,
     "is about another ledger: kfmig.ledger/dev/" UUID},
};
enum { EXCHANGES = sizeof exchanges / sizeof *exchanges };

static void test_exchanges(void)
{
    for (size_t i = 0; i < EXCHANGES; i++) {
        struct scene s;
        struct verified v;
        scene_begin(&s);
        int rc = deliver(&s);
        exchanges[i].make(&s);
        const char *what = found(&s, &v);
        if (!ok(rc == 0 && what != NULL && strstr(what, exchanges[i].says) != NULL,
                exchanges[i].name)) {
            printf("# %s\n", what != NULL ? what : s.e.msg);
        }
    }
}

static void check_ledger(const char *name, const char *says)
{
    struct scene s;
    struct verified v = {0};
    scene_begin(&s);
    int rc = deliver(&s);
    struct entries fewer = {.v = s.m.entries.v, .n = 2};
    if (strstr(says, "back") != NULL) {
        s.r.entries = &fewer;
    } else {
        s.m.entries.v[0].leaf = merkle_leaf(bytes_str("x"));
    }
    rc = rc == 0 ? attest_verify_ledger(&s.r, &arena, &v, &s.e) : rc;
    ok(rc == 0 && v.n_found == 1 && strstr(v.findings.v[0].text, says) != NULL, name);
}

/* --- a ledger read from its signed entries ------------------------------------------------------------ */

static void grown(struct scene *s)
{
    (void)deliver(s);
    (void)memory_migration(&s->m, "M-4", "SELECT 4;");
    (void)deliver(s);
}

static void unsigned_first(struct scene *s)
{
    put_keys(row_of(1, "\"from\":3"));
    (void)deliver(s);
}

static void unsigned_middle(struct scene *s)
{
    (void)deliver(s);
    put_keys(
        arena_printf(&arena, "%s,%s", row_of(1, "\"from\":1,\"to\":1"), row_of(1, "\"from\":3")));
    take(HOME "attestations/00000002.sigstore.json");
    take(HOME "proofs/00000002.tlog-proof");
}

static void unsigned_last(struct scene *s)
{
    (void)deliver(s);
    put_keys(arena_printf(&arena, "%s,%s", row_of(1, "\"from\":1,\"to\":2"),
                          row_of(1, "\"from\":3,\"to\":3,\"instance\":\"x\"")));
    take(HOME "attestations/00000003.sigstore.json");
    take(HOME "proofs/00000003.tlog-proof");
}

static void nothing_signed(struct scene *s)
{
    put_keys("");
    (void)deliver(s);
}

static void one_exchanged(struct scene *s)
{
    (void)deliver(s);
    attestation_gone(s);
}

static void no_list(struct scene *s)
{
    (void)deliver(s);
    take(KEYS_PATH);
}

static void no_sink(struct scene *s)
{
    s->r.sink = NULL;
}

static void beside_another(struct scene *s)
{
    (void)deliver(s);
    files_put("sink/dev/another/readme", "nothing is signed here\n");
}

/* first: of what is read; 0: nothing is, for that reason. */
static const struct {
    const char *name;
    void (*make)(struct scene *s);
    int64_t first;
    enum err_code code;
    const char *says;
} readings[] = {
    {"all of it", grown, 1, ERR_NONE, ""},
    {"beside a folder with nothing signed", beside_another, 1, ERR_NONE, ""},
    {"from the first key on", unsigned_first, 3, ERR_NONE, ""},
    {"one between that nobody signed", unsigned_middle, 0, ERR_INTEGRITY,
     "ledger entry 2 is not signed"},
    {"a checkpoint that no key may have signed", unsigned_last, 0, ERR_INTEGRITY, "its key"},
    {"nothing signed", nothing_signed, 0, ERR_PREFLIGHT, "sink/dev holds no signed receipts"},
    {"what does not hold", one_exchanged, 0, ERR_INTEGRITY, "is not there"},
    {"no list of keys", no_list, 0, ERR_CONFIG, KEYS_PATH " is not there"},
    {"no sink", no_sink, 0, ERR_CONFIG, "has no receipt sink"},
};
enum { READINGS = sizeof readings / sizeof *readings };

static void test_readings(void)
{
    for (size_t i = 0; i < READINGS; i++) {
        struct scene s;
        struct attested_ledger l;
        struct err e = {0};
        scene_begin(&s);
        readings[i].make(&s);
        s.r.entries = NULL;
        int rc = attest_read_ledger(&s.r, &arena, &l, &e);
        bool good = rc == 0 ? readings[i].first > 0 && l.first == readings[i].first &&
                                  l.size == (int64_t)s.m.entries.n && strcmp(l.instance, UUID) == 0
                            : readings[i].first == 0 && e.code == readings[i].code &&
                                  strstr(e.msg, readings[i].says) != NULL;
        for (size_t k = 0; rc == 0 && k < l.entries.n; k++) {
            const struct entry *was = &s.m.entries.v[l.first - 1 + (int64_t)k];
            good = good && digest_eq(&l.entries.v[k].leaf, &was->leaf) &&
                   strcmp(l.entries.v[k].subject, was->subject) == 0;
        }
        if (!ok(good, readings[i].name)) {
            printf("# %d: %s\n", rc, rc != 0 ? e.msg : l.path);
        }
    }
}

int main(void)
{
    static const char schema[] = "{\"type\":\"object\",\"required\":[\"keys\"]}";
    struct err e = {0};
    tap_plan(13 + 9 + REFUSALS * 2 + 1 + 26 + 4 + 12 + EXCHANGES + 2 + READINGS);
    keys_schema = schema_compile(&arena, json_read(&arena, bytes_str(schema), "s", &e), &e);
    if (!files_begin() || keys_schema == NULL) {
        return 1;
    }
    test_deliver();
    test_nothing();
    test_refusals();
    test_signer();
    test_bits();
    test_envelope();
    test_exchanges();
    check_ledger("a ledger that was rewritten", "history was rewritten");
    check_ledger("one that went back", "it went back");
    test_readings();
    files_end();
    arena_release(&arena);
    return tap_done();
}
