/* layer: ledger */
#include "tap.h"

#include <stdlib.h>

#include "ledger/ledger.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define HEAD "{\"bundle_digest\":\"sha256:" HEX "\",\"checksum\":null,\"environment\":\"dev\","
#define TIME "\"finished_at\":\"2026-03-02T10:11:12.131415Z\",\"instance\":\"i\","
#define TAIL                                                                                       \
    "\"previous\":\"sha256:" HEX "\",\"receipt\":\"sha256:" HEX                                    \
    "\",\"result\":\"success\",\"run_id\":\"r\",\"sequence\":7,\"subject\":\"S\"}"
#define GOOD HEAD TIME "\"kind\":\"apply\",\"outputs\":{\"post\":\"sha256:" HEX "\"}," TAIL

static struct arena arena;

static struct digest digest_with(unsigned char c)
{
    struct digest d;
    memset(d.b, c, sizeof d.b);
    return d;
}

static struct entry full_entry(void)
{
    return (struct entry){.sequence = 9007199254740991,
                          .kind = ENTRY_APPLY,
                          .subject = "PG-MIG-2026-02-28-01",
                          .result = "interrupted",
                          .run_id = "4b1d",
                          .finished_at = "2026-03-02T10:11:12.131415Z",
                          .environment = "dev",
                          .instance = "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
                          .checksum = digest_with(1),
                          .bundle_digest = digest_with(2),
                          .receipt = digest_with(3),
                          .previous = digest_with(0xFF),
                          .pre = digest_with(4),
                          .post = digest_with(5),
                          .diff = digest_with(6),
                          .invariants = digest_with(7)};
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
    return a->sequence == b->sequence && a->kind == b->kind &&
           strcmp(a->subject, b->subject) == 0 && strcmp(a->result, b->result) == 0 &&
           strcmp(a->run_id, b->run_id) == 0 && strcmp(a->finished_at, b->finished_at) == 0 &&
           strcmp(a->environment, b->environment) == 0 && strcmp(a->instance, b->instance) == 0 &&
           digest_eq(&a->checksum, &b->checksum) &&
           digest_eq(&a->bundle_digest, &b->bundle_digest) && digest_eq(&a->receipt, &b->receipt) &&
           digest_eq(&a->previous, &b->previous) && digest_eq(&a->pre, &b->pre) &&
           digest_eq(&a->post, &b->post) && digest_eq(&a->diff, &b->diff) &&
           digest_eq(&a->invariants, &b->invariants);
}

static bool round_trip(const struct entry *en)
{
    struct buf text = {0};
    struct entry back;
    entry_write(&text, en);
    bool good = entry_read(&arena, buf_bytes(&text), &back, NULL) == 0 && same_entry(en, &back) &&
                bytes_eq(back.text, buf_bytes(&text));
    buf_release(&text);
    return good;
}

static void test_round_trips(void)
{
    struct entry en = full_entry();
    ok(round_trip(&en), "a full entry comes back");
    for (unsigned absent = 0; absent < 64; absent++) {
        struct digest *optional[] = {&en.pre,        &en.post,     &en.diff,
                                     &en.invariants, &en.checksum, &en.bundle_digest};
        en = full_entry();
        for (unsigned i = 0; i < 6; i++) {
            *optional[i] = (absent >> i & 1) != 0 ? (struct digest){{0}} : *optional[i];
        }
        if (!round_trip(&en)) {
            break;
        }
        if (absent == 63) {
            ok(true, "so it does without any of its optional digests");
        }
    }
    en = full_entry();
    en.subject = "a\"b\\c\b\t\n\f\r\x01\x1F/\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
    ok(round_trip(&en), "escapes and UTF-8 in a subject");
    en.subject = "";
    en.sequence = 1;
    ok(round_trip(&en), "an empty subject, the first sequence");
}

static void test_text(void)
{
    struct entry en = {.sequence = 7,
                       .kind = ENTRY_APPLY,
                       .subject = "S",
                       .result = "success",
                       .run_id = "r",
                       .finished_at = "2026-03-02T10:11:12.131415Z",
                       .environment = "dev",
                       .instance = "i"};
    struct buf text = {0};
    for (size_t i = 0; i < 32; i++) {
        en.bundle_digest.b[i] =
            (unsigned char[]){0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}[i % 8];
    }
    en.post = en.previous = en.receipt = en.bundle_digest;
    entry_write(&text, &en);
    is_str(buf_str(&text), GOOD, "the canonical text");
    buf_release(&text);
}

static void test_refused(void)
{
    static const struct {
        const char *what, *text;
    } cases[] = {
        {"nothing", ""},
        {"an empty object", "{}"},
        {"a line's end after it", GOOD "\n"},
        {"a blank inside", HEAD " " TIME "\"kind\":\"apply\",\"outputs\":{}," TAIL},
        {"a key missing", HEAD "\"instance\":\"i\",\"kind\":\"apply\",\"outputs\":{}," TAIL},
        {"a key twice", HEAD TIME TIME "\"kind\":\"apply\",\"outputs\":{}," TAIL},
        {"an unknown kind", HEAD TIME "\"kind\":\"other\",\"outputs\":{}," TAIL},
        {"the beginning of a kind", HEAD TIME "\"kind\":\"app\",\"outputs\":{}," TAIL},
        {"more than a kind", HEAD TIME "\"kind\":\"applyx\",\"outputs\":{}," TAIL},
        {"an unknown output",
         HEAD TIME "\"kind\":\"apply\",\"outputs\":{\"x\":\"sha256:" HEX "\"}," TAIL},
        {"outputs in another order",
         HEAD TIME "\"kind\":\"apply\",\"outputs\":{\"pre\":\"sha256:" HEX
                   "\",\"diff\":\"sha256:" HEX "\"}," TAIL},
        {"a comma before the first output",
         HEAD TIME "\"kind\":\"apply\",\"outputs\":{,\"diff\":\"sha256:" HEX "\"}," TAIL},
        {"an output of zeros",
         HEAD TIME "\"kind\":\"apply\",\"outputs\":{\"diff\":\"sha256:" ZERO "\"}," TAIL},
        {"an output that is null",
         HEAD TIME "\"kind\":\"apply\",\"outputs\":{\"diff\":null}," TAIL},
        {"a checksum of zeros",
         "{\"bundle_digest\":null,\"checksum\":\"sha256:" ZERO "\",\"environment\":\"dev\"," TIME
         "\"kind\":\"apply\",\"outputs\":{}," TAIL},
        {"upper case in a digest",
         HEAD TIME "\"kind\":\"apply\",\"outputs\":{},\"previous\":\"sha256:"
                   "ABCDEF6789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"receipt\":"
                   "\"sha256:" HEX
                   "\",\"result\":\"success\",\"run_id\":\"r\",\"sequence\":7,\"subject\":\"S\"}"},
        {"no digit in a digest's last place",
         HEAD TIME "\"kind\":\"apply\",\"outputs\":{},\"previous\":\"sha256:"
                   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg\",\"receipt\":"
                   "\"sha256:" HEX
                   "\",\"result\":\"success\",\"run_id\":\"r\",\"sequence\":7,\"subject\":\"S\"}"},
        {"a digit in a kind", HEAD TIME "\"kind\":\"appl1\",\"outputs\":{}," TAIL},
        {"a colon in a number",
         HEAD TIME "\"kind\":\"apply\",\"outputs\":{},\"previous\":\"sha256:" HEX
                   "\",\"receipt\":\"sha256:" HEX
                   "\",\"result\":\"success\",\"run_id\":\"r\",\"sequence\":7:,\"subject\":\"S\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct entry en;
        struct err e = {0};
        int rc = entry_read(&arena, bytes_str(cases[i].text), &en, &e);
        ok(rc == -1 && e.code == ERR_INTEGRITY && e.hint[0] != '\0', cases[i].what);
    }
}

/* Every kind that the format has is written and read; a word of a newer one is refused as that. */
static bool is_known(enum entry_kind k)
{
    return entry_kind_read(bytes_str(entry_kind_text(k))) == k;
}

static void test_kinds(void)
{
    for (int k = 0; k < ENTRY_KINDS; k++) {
        enum entry_kind kind = (enum entry_kind)k;
        struct entry en = full_entry();
        struct entry back;
        struct err e = {0};
        struct buf text = {0};
        en.kind = kind;
        entry_write(&text, &en);
        int rc = entry_read(&arena, buf_bytes(&text), &back, &e);
        const char *said = arena_printf(
            &arena, "the ledger holds an entry of kind \"%s\", which this kfmig does not know",
            entry_kind_text(kind));
        ok(is_known(kind) ? rc == 0 && back.kind == kind
                          : rc == -1 && e.code == ERR_INTEGRITY && strcmp(e.msg, said) == 0,
           entry_kind_text(kind));
        buf_release(&text);
    }
    struct buf known = {0};
    for (int k = 0; k < ENTRY_KINDS; k++) {
        if (is_known((enum entry_kind)k)) {
            buf_printf(&known, "%s ", entry_kind_text((enum entry_kind)k));
        }
    }
    is_str(buf_str(&known),
           "contact adopt apply define prune rollback intent batch done publish drop drill resolve "
           "rename backup deploy confirm ",
           "the kinds of format 1");
    buf_release(&known);
}

/* Which kinds make or undo facts, and whose subject is the last writer. */
static void test_kind_meanings(void)
{
    static const struct {
        enum entry_kind kind;
        enum entry_fact fact;
        enum entry_objects objects;
    } rows[] = {
        {ENTRY_CONTACT, FACT_NONE, OBJECTS_FOUND},  {ENTRY_ADOPT, FACT_NONE, OBJECTS_FOUND},
        {ENTRY_APPLY, FACT_MADE, OBJECTS_WRITTEN},  {ENTRY_PUBLISH, FACT_MADE, OBJECTS_WRITTEN},
        {ENTRY_DRILL, FACT_NONE, OBJECTS_NONE},     {ENTRY_ROLLBACK, FACT_UNDONE, OBJECTS_WRITTEN},
        {ENTRY_WAIVER, FACT_NONE, OBJECTS_NONE},    {ENTRY_DONE, FACT_NONE, OBJECTS_NONE},
        {ENTRY_RENAME, FACT_RENAMED, OBJECTS_NONE}, {ENTRY_DROP, FACT_DROPPED, OBJECTS_WRITTEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ok(entry_kind_fact(rows[i].kind) == rows[i].fact &&
               entry_kind_objects(rows[i].kind) == rows[i].objects,
           entry_kind_text(rows[i].kind));
    }
}

/* What may stand in place of S and 7 at the end. */
static void test_values(void)
{
    static const struct {
        const char *what, *number, *subject;
        size_t n_subject;
        bool good;
    } cases[] = {
        {"a plain one", "7", "S", 1, true},
        {"2^53-1", "9007199254740991", "S", 1, true},
        {"2^53", "9007199254740992", "S", 1, false},
        {"a number of twenty digits", "10000000000000000000", "S", 1, false},
        {"zero", "0", "S", 1, false},
        {"a leading zero", "07", "S", 1, false},
        {"a negative number", "-7", "S", 1, false},
        {"a fraction", "7.0", "S", 1, false},
        {"no number", "", "S", 1, false},
        {"an escaped newline", "7", "a\\nb", 4, true},
        {"an escaped control character", "7", "\\u001f", 6, true},
        {"escaped in upper case", "7", "\\u001F", 6, false},
        {"escaped the long way", "7", "\\u000a", 6, false},
        {"an escaped letter", "7", "\\u0041", 6, false},
        {"an escaped NUL", "7", "\\u0000", 6, false},
        {"an escape that ends too early", "7", "\\u00", 4, false},
        {"an escaped slash", "7", "\\/", 2, false},
        {"a raw newline", "7", "a\nb", 3, false},
        {"a raw NUL", "7", "a\0b", 3, false},
        {"U+007F", "7", "\x7F", 1, false},
        {"UTF-8", "7", "\xC3\xA4", 2, true},
        {"a surrogate", "7", "\xED\xA0\x80", 3, false},
        {"half a character", "7", "\xC3", 1, false},
        {"a quote", "7", "\"", 1, false},
        {"a backslash at the end", "7", "\\", 1, false},
    };
    size_t fixed = strlen(GOOD) - strlen("7,\"subject\":\"S\"}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};
        struct entry en;
        buf_add(&b, GOOD, fixed);
        buf_printf(&b, "%s,\"subject\":\"", cases[i].number);
        buf_add(&b, cases[i].subject, cases[i].n_subject);
        buf_puts(&b, "\"}");
        is_int(entry_read(&arena, buf_bytes(&b), &en, NULL), cases[i].good ? 0 : -1, cases[i].what);
        buf_release(&b);
    }
}

/* The reader takes no text but the one that the writer would make of what it read. */
static void test_every_byte(void)
{
    static const char others[] = "0fFgz\"\\,:{}[]nu x\x01\x7F\xC3\xA4";
    struct entry en = full_entry();
    struct buf text = {0};
    unsigned long accepted = 0;
    bool faithful = true;
    bool whole = true;
    en.subject = "a\\b\x02\xC3\xA4";
    entry_write(&text, &en);
    for (size_t i = 0; i < text.n; i++) {
        char *copy = malloc(i + 1); /* no byte more than the text has, for the sanitizer */
        memcpy(copy, text.p, i);
        whole = whole && entry_read(&arena, bytes_of(copy, i), &en, NULL) == -1;
        free(copy);
        for (size_t k = 0; k < sizeof others; k++) {
            struct buf again = {0};
            char was = text.p[i];
            text.p[i] = others[k];
            if (entry_read(&arena, buf_bytes(&text), &en, NULL) == 0) {
                accepted++;
                entry_write(&again, &en);
                faithful = faithful && bytes_eq(buf_bytes(&again), buf_bytes(&text));
            }
            text.p[i] = was;
            buf_release(&again);
        }
    }
    ok(whole, "no beginning of an entry is one");
    ok(faithful, "what is read after a changed byte is written as it was read");
    ok(accepted > 1000, "and many such changes make another valid entry");
    buf_release(&text);
}

int main(void)
{
    tap_plan(4 + 1 + 19 + ENTRY_KINDS + 1 + 10 + 25 + 3);
    test_round_trips();
    test_text();
    test_refused();
    test_kinds();
    test_kind_meanings();
    test_values();
    test_every_byte();
    arena_release(&arena);
    return tap_done();
}
