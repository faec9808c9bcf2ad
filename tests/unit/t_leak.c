/* layer: model */
/* Which tokens and keys are found, where, and what merely looks like one. No token stands in this file: each is
 * put together at run time from a prefix in pieces and characters by lot. */
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "model/leak.h"

static struct arena arena;

static const char lower_hex[] = "0123456789abcdef";
static const char alnum[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char upper[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char base32[] = "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char digits[] = "0123456789";

/* Pieces are joined, and a number by that many characters of the alphabet before it. */
struct sample {
    const char *rule;
    const char *head[2];
    const char *alphabet;
    int n;
    const char *middle[2]; /* NULL: there is none */
    int n_more;
};

static const struct sample samples[] = {
    {"age-key", {"AGE-SECRET", "-KEY-1"}, upper, 58, {0}, 0},
    {"alibaba-key", {"LT", "AI"}, alnum, 20, {0}, 0},
    {"anthropic-key", {"sk-", "ant-"}, alnum, 95, {0}, 0},
    {"atlassian-token", {"ATA", "TT3"}, alnum, 186, {0}, 0},
    {"aws-access-key", {"AK", "IA"}, base32, 16, {0}, 0},
    {"aws-access-key", {"AS", "IA"}, base32, 16, {0}, 0},
    {"aws-access-key", {"AB", "IA"}, base32, 16, {0}, 0},
    {"aws-access-key", {"AC", "CA"}, base32, 16, {0}, 0},
    {"aws-access-key", {"A3", "TX"}, base32, 16, {0}, 0},
    {"aws-bedrock-key", {"AB", "SK"}, alnum, 109, {0}, 0},
    {"azure-storage-key", {"Account", "Key="}, alnum, 86, {"=", "="}, 0},
    {"azure-sas", {"SharedAccess", "Signature="}, alnum, 60, {0}, 0},
    {"azure-client-secret", {"aB", "c8"}, alnum, 0, {"Q", "~"}, 34},
    {"databricks-token", {"da", "pi"}, lower_hex, 32, {0}, 0},
    {"digitalocean-token", {"dop", "_v1_"}, lower_hex, 64, {0}, 0},
    {"digitalocean-token", {"doo", "_v1_"}, lower_hex, 64, {0}, 0},
    {"digitalocean-token", {"dor", "_v1_"}, lower_hex, 64, {0}, 0},
    {"docker-token", {"dckr", "_pat_"}, alnum, 27, {0}, 0},
    {"docker-token", {"dckr", "_oat_"}, alnum, 32, {0}, 0},
    {"doppler-token", {"dp", ".pt."}, alnum, 43, {0}, 0},
    {"dynatrace-token", {"dt0", "c01."}, alnum, 24, {".", ""}, 64},
    {"fly-token", {"fo", "1_"}, alnum, 43, {0}, 0},
    {"github-token", {"gh", "p_"}, alnum, 36, {0}, 0},
    {"github-token", {"gh", "o_"}, alnum, 36, {0}, 0},
    {"github-token", {"gh", "u_"}, alnum, 36, {0}, 0},
    {"github-token", {"gh", "s_"}, alnum, 36, {0}, 0},
    {"github-token", {"gh", "r_"}, alnum, 36, {0}, 0},
    {"github-token", {"github", "_pat_"}, alnum, 22, {"_", ""}, 59},
    {"gitlab-token", {"gl", "pat-"}, alnum, 20, {0}, 0},
    {"gitlab-token", {"gl", "dt-"}, alnum, 20, {0}, 0},
    {"gitlab-token", {"gl", "rt-"}, alnum, 20, {0}, 0},
    {"gitlab-token", {"gl", "ptt-"}, lower_hex, 40, {0}, 0},
    {"gitlab-token", {"gl", "cbt-"}, alnum, 22, {0}, 0},
    {"gitlab-token", {"gl", "oas-"}, alnum, 64, {0}, 0},
    {"google-api-key", {"AI", "za"}, alnum, 35, {0}, 0},
    {"google-oauth", {"GOC", "SPX-"}, alnum, 28, {0}, 0},
    {"google-oauth", {"ya", "29."}, alnum, 60, {0}, 0},
    {"grafana-token", {"gl", "sa_"}, alnum, 32, {"_", ""}, 8},
    {"grafana-token", {"gl", "c_"}, alnum, 60, {0}, 0},
    {"huggingface-token", {"h", "f_"}, alnum, 34, {0}, 0},
    {"linear-key", {"lin", "_api_"}, alnum, 40, {0}, 0},
    {"mailgun-key", {"ke", "y-"}, lower_hex, 32, {0}, 0},
    {"newrelic-key", {"NR", "AK-"}, upper, 27, {0}, 0},
    {"notion-token", {"nt", "n_"}, alnum, 46, {0}, 0},
    {"npm-token", {"np", "m_"}, alnum, 36, {0}, 0},
    {"openai-key", {"sk-", "proj-"}, alnum, 60, {0}, 0},
    {"openai-key", {"sk-", "svcacct-"}, alnum, 60, {0}, 0},
    {"openai-key", {"s", "k-"}, alnum, 48, {0}, 0},
    {"planetscale-token", {"pscale", "_tkn_"}, alnum, 43, {0}, 0},
    {"planetscale-token", {"pscale", "_pw_"}, alnum, 43, {0}, 0},
    {"postman-key", {"PM", "AK-"}, lower_hex, 24, {"-", ""}, 34},
    {"pulumi-token", {"pu", "l-"}, lower_hex, 40, {0}, 0},
    {"pypi-token", {"pypi-", "AgEIcHlwaS5vcmc"}, alnum, 70, {0}, 0},
    {"rubygems-key", {"ruby", "gems_"}, lower_hex, 48, {0}, 0},
    {"sendgrid-key", {"S", "G."}, alnum, 22, {".", ""}, 43},
    {"shopify-token", {"shp", "at_"}, lower_hex, 32, {0}, 0},
    {"shopify-token", {"shp", "ss_"}, lower_hex, 32, {0}, 0},
    {"shopify-token", {"shp", "ca_"}, lower_hex, 32, {0}, 0},
    {"shopify-token", {"shp", "pa_"}, lower_hex, 32, {0}, 0},
    {"slack-token", {"xo", "xb-"}, digits, 12, {"-", ""}, 24},
    {"slack-token", {"xo", "xa-"}, alnum, 24, {0}, 0},
    {"slack-token", {"xo", "xp-"}, alnum, 24, {0}, 0},
    {"slack-token", {"xo", "xr-"}, alnum, 24, {0}, 0},
    {"slack-token", {"xo", "xs-"}, alnum, 24, {0}, 0},
    {"slack-token", {"xa", "pp-"}, alnum, 24, {0}, 0},
    {"slack-webhook", {"hooks.slack", ".com/services/"}, upper, 20, {"/", ""}, 24},
    {"square-token", {"sq0", "atp-"}, alnum, 22, {0}, 0},
    {"square-token", {"sq0", "csp-"}, alnum, 43, {0}, 0},
    {"stripe-key", {"sk_", "live_"}, alnum, 24, {0}, 0},
    {"stripe-key", {"rk_", "live_"}, alnum, 24, {0}, 0},
    {"stripe-key", {"wh", "sec_"}, alnum, 32, {0}, 0},
    {"supabase-token", {"sb", "p_"}, lower_hex, 40, {0}, 0},
    {"telegram-token", {"", ""}, digits, 10, {":A", "A"}, 33},
    {"terraform-token", {"", ""}, alnum, 14, {".atlas", "v1."}, 67},
    {"twilio-key", {"S", "K"}, lower_hex, 32, {0}, 0},
    {"vault-token", {"hv", "s."}, alnum, 90, {0}, 0},
    {"vault-token", {"hv", "b."}, alnum, 90, {0}, 0},
    {"vault-token", {"hv", "r."}, alnum, 24, {0}, 0},
    {"private-key", {"-----BEG", "IN PRIVATE"}, alnum, 0, {" KE", "Y-----"}, 0},
    {"private-key", {"-----BEG", "IN RSA PRIVATE"}, alnum, 0, {" KE", "Y-----"}, 0},
    {"private-key", {"-----BEG", "IN EC PRIVATE"}, alnum, 0, {" KE", "Y-----"}, 0},
    {"private-key", {"-----BEG", "IN OPENSSH PRIVATE"}, alnum, 0, {" KE", "Y-----"}, 0},
    {"private-key", {"-----BEG", "IN ENCRYPTED PRIVATE"}, alnum, 0, {" KE", "Y-----"}, 0},
    {"private-key", {"-----BEG", "IN PGP PRIVATE"}, alnum, 0, {" KE", "Y BLOCK-----"}, 0},
    {"private-key", {"PuTTY-User", "-Key-File-3: ssh-ed25519"}, alnum, 0, {0}, 0},
    {"jwt", {"ey", "J"}, alnum, 33, {".ey", "J"}, 80},
    {"password-verifier", {"'", "md5"}, lower_hex, 32, {"'", ""}, 0},
    {"bearer", {"Bear", "er "}, alnum, 40, {0}, 0},
    {"bearer", {"Authorization: Bas", "ic "}, alnum, 40, {0}, 0},
    {"named-secret", {"api_", "key: "}, alnum, 32, {0}, 0},
    {"named-secret", {"\"client_", "secret\": \""}, alnum, 32, {"\"", ""}, 0},
    {"named-secret", {"AWS_SECRET_ACCESS", "_KEY="}, alnum, 40, {0}, 0},
    {"named-secret", {"auth_", "token => '"}, alnum, 24, {"'", ""}, 0},
    {"named-secret", {"'app.to", "ken', '"}, alnum, 24, {"'", ""}, 0},
    {"named-secret", {"pass", "wd = '"}, alnum, 20, {"'", ""}, 0},
    {"named-secret", {"db_cre", "dential='"}, alnum, 20, {"'", ""}, 0},
};
enum { N_SAMPLES = sizeof samples / sizeof samples[0] };

static uint64_t seed = 88172645463325252u;

static char lot(const char *alphabet)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return alphabet[seed % strlen(alphabet)];
}

static void add_lots(struct buf *b, const char *alphabet, int n)
{
    for (int i = 0; i < n; i++) {
        buf_putc(b, lot(alphabet));
    }
}

static const char *token_of(const struct sample *s)
{
    struct buf b = {0};
    buf_puts(&b, s->head[0]);
    buf_puts(&b, s->head[1]);
    add_lots(&b, s->alphabet, s->n);
    if (s->middle[0] != NULL) {
        buf_puts(&b, s->middle[0]);
        buf_puts(&b, s->middle[1]);
    }
    add_lots(&b, s->alphabet, s->n_more);
    const char *text = arena_strdup(&arena, buf_str(&b));
    buf_release(&b);
    return text;
}

/* Where files may hold one; %s is the token. */
static const struct {
    const char *path, *before, *after;
} places[] = {
    {"forward.sql", "INSERT INTO t VALUES (", ");"},
    {"forward.sql", "-- ", "\nSELECT 1;"},
    {"notes.md", "see\n\n    ", "\n"},
    {"notes.md", "It is `", "`."},
    {"migration.yml", "intent: ", "\n"},
    {"migrations.v1.json", "{\"a\": [", "]}"},
    {"x.txt", "", ""},
};
enum { N_PLACES = sizeof places / sizeof places[0] };

static const char *found_in(const char *path, const char *text)
{
    size_t at = 0;
    const struct leak *l = leak_file(bytes_str(text), path, &at);
    return l == NULL ? "nothing" : l->rule;
}

static void test_found(void)
{
    for (size_t i = 0; i < N_SAMPLES; i++) {
        for (size_t k = 0; k < N_PLACES; k++) {
            const char *token = token_of(&samples[i]);
            const char *text =
                arena_printf(&arena, "%s%s%s", places[k].before, token, places[k].after);
            is_str(found_in(places[k].path, text), samples[i].rule, places[k].before);
        }
    }
}

/* The table's own examples. */
static const struct example {
    const char *rule;
    unsigned where;
    const char *found, *passed;
} examples[] = {
#define EVERYWHERE (LEAK_FILE | LEAK_NAME | LEAK_SAID | LEAK_RECORD)
#define RECORDS (LEAK_NAME | LEAK_SAID | LEAK_RECORD)
#define SHAPE(rule, what, where, is, found, passed) {rule, where, found, passed},
#include "model/leak.def"
#define TEXT(rule, what, where, find, found, passed) {rule, where, found, passed},
#include "model/leak.def"
};
enum { N_EXAMPLES = sizeof examples / sizeof examples[0] };

static const enum leak_where wheres[] = {LEAK_FILE, LEAK_NAME, LEAK_SAID, LEAK_RECORD};
enum { N_WHERES = sizeof wheres / sizeof wheres[0] };

static const char *rule_in(enum leak_where where, const char *text)
{
    size_t at = 0;
    const struct leak *l =
        where == LEAK_FILE ? leak_file(bytes_str(text), "x.sql", &at) : leak_in(where, text);
    return l == NULL ? "nothing" : l->rule;
}

/* Found where the table says so, within a text and alone, and nowhere else. */
static void test_examples(void)
{
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        const struct example *x = &examples[i];
        for (size_t k = 0; k < N_WHERES; k++) {
            bool counts = (x->where & (unsigned)wheres[k]) != 0;
            const char *name = arena_printf(&arena, "%s, %d", x->rule, (int)wheres[k]);
            is_str(rule_in(wheres[k], x->found), counts ? x->rule : "nothing", name);
            is_str(rule_in(wheres[k], arena_printf(&arena, "see (%s), and", x->found)),
                   counts ? x->rule : "nothing", name);
            is_str(rule_in(wheres[k], x->passed), "nothing", x->passed);
        }
    }
}

/* Each token of the table, made of its prefix: of its least length it is found; shorter, longer than its most, within
 * a longer word it is none. */
static void test_tokens(void)
{
    static const struct {
        const char *rule, *prefix, *alphabet;
        size_t min, max;
    } tokens[] = {
#define UPPER upper
#define ALNUM alnum
#define WORD alnum
#define WORD_EQ alnum
#define BASE32 base32
#define BASE64 alnum
#define HEX lower_hex
#define DOTTED alnum
#define PATH alnum
#define TOKEN(rule, what, prefix, class, min, max) {rule, prefix, class, min, max},
#include "model/leak.def"
    };
    int wrong = 0;
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct buf b = {0};
        buf_puts(&b, tokens[i].prefix);
        add_lots(&b, tokens[i].alphabet, (int)tokens[i].min);
        const char *token = arena_strdup(&arena, buf_str(&b));
        buf_putc(&b, lot(tokens[i].alphabet));
        const char *longer = arena_strdup(&arena, buf_str(&b));
        buf_release(&b);
        const char *shorter = arena_strndup(&arena, token, strlen(token) - 1);
        const char *within = arena_printf(&arena, "x%s", token);
        bool is_right =
            strcmp(rule_in(LEAK_RECORD, token), tokens[i].rule) == 0 &&
            strcmp(rule_in(LEAK_RECORD, shorter), "nothing") == 0 &&
            strcmp(rule_in(LEAK_NAME, within), "nothing") == 0 &&
            (tokens[i].max != tokens[i].min || strcmp(rule_in(LEAK_FILE, longer), "nothing") == 0);
        if (!is_right) {
            printf("# %s %s: %s, %s, %s, %s\n", tokens[i].rule, tokens[i].prefix,
                   rule_in(LEAK_RECORD, token), rule_in(LEAK_RECORD, shorter),
                   rule_in(LEAK_NAME, within), rule_in(LEAK_FILE, longer));
            wrong++;
        }
    }
    is_int(wrong, 0, "tokens, by their prefixes and lengths");
}

/* Shapes at their edges: what is one by a character, and what is none. The 53 characters of a hash, the 60 of a token and
 * the like are by lot: %N stands for that many. */
static const struct {
    const char *text;
    enum leak_where where;
    const char *want;
} edges[] = {
    {"a8Xk2mQ9Zr7tLw.atlas"
     "v1.%60",
     LEAK_FILE, "terraform-token"},
    {"a8Xk2mQ9Zr7tLw.atlas"
     "v1.%59",
     LEAK_FILE, "nothing"},
    {"a8Xk2mQ9Zr7tL.atlas"
     "v1.%60",
     LEAK_FILE, "nothing"},
    {"$2"
     "b$12$%53",
     LEAK_FILE, "password-hash"},
    {"$2"
     "b$12$%49",
     LEAK_FILE, "nothing"},
    {"2"
     "b$12$%53",
     LEAK_FILE, "nothing"},
    {"$6"
     "$%16$%86",
     LEAK_RECORD, "password-hash"},
    {"$6"
     "$%16$%20",
     LEAK_RECORD, "nothing"},
    {"$argon2"
     "id$v=19$m=65536,t=3,p=4$%22$%43",
     LEAK_NAME, "password-hash"},
    {"pbkdf2_"
     "sha256$260000$%22$%44",
     LEAK_NAME, "password-hash"},
    {"pbkdf2_"
     "sha256$260000$%8",
     LEAK_NAME, "nothing"},
    {"api_"
     "key='k8Xq2mZ9Lw4Rt7Yv'",
     LEAK_FILE, "named-secret"},
    {"api_"
     "key='k8Xq2mZ9Lw4Rt7Yv plus words'",
     LEAK_FILE, "nothing"},
    {"api_"
     "key='k8Xq2mZ9'",
     LEAK_FILE, "nothing"},
    {"api_"
     "key = k8Xq2mZ9Lw4Rt7Yv",
     LEAK_FILE, "nothing"},
    {"api_"
     "key=k8Xq2mZ9Lw4Rt7Yv!",
     LEAK_FILE, "nothing"},
    {"api_"
     "key_name='k8Xq2mZ9Lw4Rt7Yv'",
     LEAK_FILE, "nothing"},
    {"pgp_sym_en"
     "crypt(f(a, b), 'hunter2hunter2')",
     LEAK_FILE, "cipher-key"},
    {"pgp_sym_en"
     "crypt(f(a, 'hunter2hunter2'), k)",
     LEAK_FILE, "nothing"},
    {"pgp_sym_de"
     "crypt(v, $1)",
     LEAK_FILE, "nothing"},
    {"pgp_sym_en"
     "crypt(v); SELECT a, 'hunter2hunter2'",
     LEAK_FILE, "nothing"},
    {"'a8Xk2mQ9Zr7tLw4Yv6Np3Bc5Df1Gh0JxSe/Ui+K='", LEAK_FILE, "random-value"},
    {"'a8Xk2mQ9Zr7tLw4Yv6Np3Bc5Df1Gh0JxSe/Ui+'", LEAK_FILE, "nothing"},
    {"\"a8Xk2mQ9Zr7tLw4Yv6Np3Bc5Df1Gh0JxSe/Ui+K=\"", LEAK_FILE, "nothing"},
    {"point z ( -98.5 39.828 4)", LEAK_RECORD, "place-wkt"},
    {"MULTIPOLYGON(((-98.579 39.8, -98 39)))", LEAK_RECORD, "place-wkt"},
    {"POINT(-98.57 39.82)", LEAK_RECORD, "nothing"},
    {"POINT EMPTY, POINT(x y)", LEAK_RECORD, "nothing"},
    {"{\\\"coordinates\\\":[[[-98.5,39.828]]]}", LEAK_RECORD, "place-geojson"},
    {"\"coordinates\": \"none\"", LEAK_RECORD, "nothing"},
    {"00000000013ff00000000000003ff0000000000000", LEAK_RECORD, "place-ewkb"},
    {"01080000013ff00000000000003ff0000000000000", LEAK_RECORD, "nothing"},
    {"02010000003ff00000000000003ff0000000000000", LEAK_RECORD, "nothing"},
    {"39\xc2\xb0"
     "61'",
     LEAK_SAID, "nothing"},
    {"190\xc2\xb0"
     "10'",
     LEAK_SAID, "nothing"},
    {"39\xc2\xb0 49\xe2\x80\xb2", LEAK_SAID, "place-degrees"},
    {"39.828; 181.579", LEAK_SAID, "nothing"},
    {"-39.828 98.579", LEAK_SAID, "place-pair"},
    {"v1.39.828, 98.579", LEAK_SAID, "nothing"},
    {"39.828, 98.579.1", LEAK_SAID, "nothing"},
    {"60XAA123456", LEAK_SAID, "place-mgrs"},
    {"61XAA123456", LEAK_SAID, "nothing"},
    {"60YAA123456", LEAK_SAID, "nothing"},
    {"60XAA1234", LEAK_SAID, "nothing"},
    {"60XAA1234567", LEAK_SAID, "nothing"},
    {"86C6RCHC+8", LEAK_SAID, "nothing"},
    {"site_geohash: 9yum8", LEAK_SAID, "nothing"},
    {"site_geohash: 9yum8j", LEAK_SAID, "place-geohash"},
    {"8d268cda2c17fff", LEAK_SAID, "nothing"},
    {"8a268cda2c17ff0", LEAK_SAID, "nothing"},
    {"ada@kansas", LEAK_SAID, "nothing"},
    {"ada@kansas.1", LEAK_SAID, "nothing"},
    {"https://ada@kansas.example/", LEAK_SAID, "nothing"},
    {"+1 785 555 01", LEAK_SAID, "nothing"},
    {"+0 785 555 0142", LEAK_SAID, "nothing"},
    {"+1 (785) 555-0142.", LEAK_SAID, "person-phone"},
    {"666-12-3456, 912-12-3456, 512-00-3456, 512-12-0000, 1512-12-3456, 512-12-34567", LEAK_SAID,
     "nothing"},
    {"3782-822463-10005", LEAK_SAID, "person-card"},
    {"5105105105105100", LEAK_SAID, "person-card"},
    {"2223003122003222", LEAK_SAID, "person-card"},
    {"6011111111111117", LEAK_SAID, "person-card"},
    {"1111111111111117, 411111111111111, 0.4111111111111111", LEAK_SAID, "nothing"},
    {"C:\\Users\\ada\\project", LEAK_RECORD, "home-path"},
    {"see /Users"
     "/ada/x",
     LEAK_RECORD, "home-path"},
    {"/home"
     "/ada, x/home"
     "/ada/y",
     LEAK_RECORD, "nothing"},
};
enum { N_EDGES = sizeof edges / sizeof edges[0] };

static void test_edges(void)
{
    for (size_t i = 0; i < N_EDGES; i++) {
        struct buf b = {0};
        for (const char *p = edges[i].text; *p != '\0'; p++) {
            char *behind = NULL;
            long n = *p == '%' ? strtol(p + 1, &behind, 10) : 0;
            if (n > 0) {
                add_lots(&b, alnum, (int)n);
                p = behind - 1;
            } else {
                buf_putc(&b, *p);
            }
        }
        is_str(rule_in(edges[i].where, buf_str(&b)), edges[i].want, edges[i].text);
        buf_release(&b);
    }
}

static const char *const harmless[] = {
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "'\\x0101000020E6100000000000000000F03F000000000000F03F'",
    "0106000020E6100000010000000103000000010000000500000000000000000000000000000000000000",
    "a8098c1a-f86e-11da-bd1a-00112444be1e",
    "CREATE TABLE app.api_token (token text, secret bytea, access_key text);",
    "token text DEFAULT encode(gen_random_bytes(16), 'hex')",
    "WHERE token = $1 AND secret = crypt(s, secret)",
    "GRANT SELECT (token) ON t TO kfm_reader;",
    "api_key: ${API_KEY}",
    "api_key: $API_KEY_2026_PROD",
    "token: <your-token-goes-here-2026>",
    "token_type = 'access_token'",
    "secret: null",
    "the token is kept in KFM_TOKEN_2026",
    "task-force_sk-lines and risk-analysis-of-2026-02-28",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "hf_transfer, npm_config_registry, key-value, glc_, SG.1, xoxb-short",
    "Bearer token, Basic authentication is not enough for these services",
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "-----------------------------------------------------------------",
    "eyJhbGciOi.eyJ",
    "md5('d41d8cd98f00b204e9800998ecf8427e')",
    "SELECT md5(x), 'md5' || md5('password' || 'user')",
    "SKU0123456789, SK_LIVE, rk_live_, sk_test_",
    "PG-MIG-2026-02-28-01, dataset_version_id 2026-02.1a2b3c4d",
    ("postgresql: "
     "https://www.postgresql.org/docs/18/sql-createtable.html#SQL-CREATETABLE-COMPATIBILITY"),
    "geohash 9yum8j7d3w2x, plus code 86C6+XQ, MGRS 14SQJ1234567890",
    "credential = EXCLUDED.credential, password_token = NEW.password_token",
};
enum { N_HARMLESS = sizeof harmless / sizeof harmless[0] };

static void test_harmless(void)
{
    for (size_t i = 0; i < N_HARMLESS; i++) {
        is_str(found_in("forward.sql", harmless[i]), "nothing", harmless[i]);
        is_str(found_in("notes.md", harmless[i]), "nothing", "as prose");
    }
}

/* A token one character short, or with one too many where the issuer counts them, or in a longer word. */
static void test_near(void)
{
    const char *key = token_of(&samples[4]);
    is_str(found_in("x.sql", arena_strndup(&arena, key, strlen(key) - 1)), "nothing", "one short");
    is_str(found_in("x.sql", arena_printf(&arena, "%sB", key)), "nothing", "one too many");
    is_str(found_in("x.sql", arena_printf(&arena, "x%s", key)), "nothing", "within a word");
    is_str(found_in("x.sql", arena_printf(&arena, "x %s y", key)), "aws-access-key", "alone");
    is_str(found_in("x.sql", arena_printf(&arena, "unknown option --%s", key)), "aws-access-key",
           "behind dashes");
    is_str(found_in("x.sql", arena_printf(&arena, "a-%s", key)), "nothing", "behind a word's dash");
}

static void test_allowed(void)
{
    const char *token = token_of(&samples[22]);
    const struct {
        const char *fmt_before, *after, *want, *name;
    } rows[] = {
        {"SELECT '", "'; -- kfmig:allow github-token a sample of the docs", "nothing",
         "on the line"},
        {"-- kfmig:allow github-token a sample\nSELECT '", "';", "nothing", "on the line before"},
        {"# kfmig:allow github-token a sample\r\n", "", "nothing", "with DOS line ends"},
        {"<!-- kfmig:allow github-token a sample -->\n", "", "nothing", "in prose"},
        {"-- kfmig:allow github-token\nSELECT '", "';", "github-token", "without a reason"},
        {"-- kfmig:allow github-token -- \n'", "'", "github-token", "without words for a reason"},
        {"-- kfmig:allow aws-access-key a sample\n'", "'", "github-token", "another rule"},
        {"-- kfmig:allow github-token-2 a sample\n'", "'", "github-token", "a longer rule"},
        {"-- kfmig:allow github-token a sample\n\n'", "'", "github-token", "two lines before"},
        {"'", "'\n-- kfmig:allow github-token a sample", "github-token", "on the line behind"},
        {"-- kfmig:allow\n'", "'", "github-token", "nothing in particular"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        is_str(found_in("x.sql",
                        arena_printf(&arena, "%s%s%s", rows[i].fmt_before, token, rows[i].after)),
               rows[i].want, rows[i].name);
    }
    is_str(found_in("x.sql", arena_printf(&arena, "'%s' -- kfmig:allow github-token yes\n'%s'",
                                          token, token_of(&samples[23]))),
           "nothing", "the line behind, too");
    is_str(found_in("x.sql", arena_printf(&arena, "'%s' -- kfmig:allow github-token yes\n\n'%s'",
                                          token, token_of(&samples[23]))),
           "github-token", "and what comes later is found");
}

/* 128 KB of beginnings takes a moment. */
static void test_long(void)
{
    static const char *const parts[] = {
        "ey",  "AK",     "-----BEGIN ",      "token=",        "1",    "Bearer ", "a.",   "sk-",
        "A3T", "POINT(", "1.2345;a",         "coordinates:[", "a@b.", "01",      "$2a$", "123-45-",
        "1 ",  "4111 ",  "pgp_sym_encrypt(a"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct buf text = {0};
        size_t at = 0;
        while (text.n < 128u << 10) {
            buf_puts(&text, parts[i]);
        }
        ok(leak_file(buf_bytes(&text), "x.sql", &at) == NULL, parts[i]);
        ok(leak_in(LEAK_NAME, buf_str(&text)) == NULL, parts[i]);
        buf_release(&text);
    }
}

int main(void)
{
    tap_plan(N_EDGES + N_SAMPLES * N_PLACES + 3 * N_WHERES * N_EXAMPLES + 1 + 2 * N_HARMLESS + 6 +
             13 + 2 * 19);
    test_found();
    test_examples();
    test_tokens();
    test_edges();
    test_harmless();
    test_near();
    test_allowed();
    test_long();
    arena_release(&arena);
    return tap_done();
}
