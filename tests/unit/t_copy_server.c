/* layer: store */
/* run: needs=postgres limit=300 */
/* COPY against a real server: every kind of column arrives in binary and in text as it was written, what the server refuses, deadlines, cancelling,
 * lost connections; statements built at run time. */
#include <math.h>

#include "base/clock.h"
#include "store/postgis/load.h"
#include "store_server.h"

enum { PLANNED = 272, LONG_ENOUGH_MS = 20000, MIB = 1024 * 1024 };

#define COUNT(v) ((int)(sizeof(v) / sizeof *(v)))

static struct source no_source;

/* arrives: the text form of what the table then holds; NULL: the same as given. */
static const struct {
    const char *type;
    enum value_kind kind;
    bool is_csv;
    const char *given, *arrives;
} values[] = {
    {"bool", VALUE_BOOL, false, "true", NULL},
    {"bool", VALUE_TEXT, true, "No", "false"},
    {"int2", VALUE_NUMBER, false, "-32768", NULL},
    {"int2", VALUE_NUMBER, false, "3.2767e4", "32767"},
    {"int4", VALUE_NUMBER, false, "-2147483648", NULL},
    {"int4", VALUE_TEXT, true, "0042", "42"},
    {"int8", VALUE_NUMBER, false, "9223372036854775807", NULL},
    {"int8", VALUE_NUMBER, false, "-9223372036854775808", NULL},
    {"float8", VALUE_NUMBER, false, "0.1", NULL},
    {"float8", VALUE_NUMBER, false, "-0", NULL},
    {"float8", VALUE_NUMBER, false, "1.7976931348623157e308", "1.7976931348623157e+308"},
    {"float8", VALUE_NUMBER, false, "4.9406564584124654e-324", "5e-324"},
    {"float8", VALUE_TEXT, true, "+.5e1", "5"},
    {"float4", VALUE_NUMBER, false, "3.4028234e38", "3.4028235e+38"},
    {"float4", VALUE_NUMBER, false, "0.1", NULL},
    {"float4", VALUE_NUMBER, false, "1e-45", NULL},
    {"numeric", VALUE_NUMBER, false, "0", NULL},
    {"numeric", VALUE_NUMBER, false, "-0.00", "0.00"},
    {"numeric", VALUE_NUMBER, false, "12345678901234567890.123456789012345678901234567890", NULL},
    {"numeric", VALUE_NUMBER, false, "-0.00010", NULL},
    {"numeric", VALUE_NUMBER, false, "1.50e1", "15.0"},
    {"numeric", VALUE_NUMBER, false, "15e-4", "0.0015"},
    {"numeric", VALUE_NUMBER, false, "1e20", "100000000000000000000"},
    {"numeric", VALUE_TEXT, true, "+.5", "0.5"},
    {"numeric", VALUE_TEXT, true, "00100.", "100"},
    {"numeric(5,2)", VALUE_NUMBER, false, "-999.99", NULL},
    {"numeric(5,2)", VALUE_NUMBER, false, "1.5", "1.50"},
    {"numeric(5,2)", VALUE_NUMBER, false, "1.5000", "1.50"},
    {"numeric(5)", VALUE_NUMBER, false, "12345", NULL},
    {"text", VALUE_TEXT, false, "tab\tbackslash\\ newline\nreturn\r \b\f\v end", NULL},
    {"text", VALUE_TEXT, true, "", NULL},
    {"text", VALUE_TEXT, true, "\\N", NULL},
    {"text", VALUE_TEXT, true, "\\.", NULL},
    {"text", VALUE_TEXT, false, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\x01", NULL},
    {"text", VALUE_NUMBER, false, "1.50", NULL},
    {"text", VALUE_JSON, false, "[1, \"a\\n\"]", NULL},
    {"varchar(3)", VALUE_TEXT, false, "\xc3\xa9\xe2\x82\xac.", NULL},
    {"char(4)", VALUE_TEXT, false, "ab", NULL},
    {"uuid", VALUE_TEXT, false, "00112233-4455-6677-8899-AABBccddeeff",
     "00112233-4455-6677-8899-aabbccddeeff"},
    {"date", VALUE_TEXT, false, "2000-02-29", NULL},
    {"date", VALUE_TEXT, false, "0001-01-01", NULL},
    {"date", VALUE_TEXT, false, "9999-12-31", NULL},
    {"date", VALUE_TEXT, false, "infinity", NULL},
    {"date", VALUE_TEXT, false, "-Infinity", "-infinity"},
    {"timestamp", VALUE_TEXT, false, "1969-12-31T23:59:59.999999", "1969-12-31 23:59:59.999999"},
    {"timestamp", VALUE_TEXT, false, "0001-01-01t00:00", "0001-01-01 00:00:00"},
    {"timestamp", VALUE_TEXT, false, "infinity", NULL},
    {"timestamp(0)", VALUE_TEXT, false, "2026-03-01T12:30:59.000", "2026-03-01 12:30:59"},
    {"timestamptz", VALUE_TEXT, false, "2026-03-01T12:30:59.25-05:30", "2026-03-01 18:00:59.25+00"},
    {"timestamptz", VALUE_TEXT, false, "2026-03-01T12:30z", "2026-03-01 12:30:00+00"},
    {"timestamptz", VALUE_TEXT, false, "2026-03-01 12:30:00-00:00", "2026-03-01 12:30:00+00"},
    {"timestamptz", VALUE_TEXT, false, "0001-01-01T00:00:00-0130", "0001-01-01 01:30:00+00"},
    {"timestamptz", VALUE_TEXT, false, "9999-12-31T23:59:59.9-15", "10000-01-01 14:59:59.9+00"},
    {"timestamptz(3)", VALUE_TEXT, false, "2026-03-01T12:30:59.123000Z",
     "2026-03-01 12:30:59.123+00"},
    {"timestamptz", VALUE_TEXT, false, "-infinity", NULL},
    {"time", VALUE_TEXT, false, "23:59:59.999999", NULL},
    {"time", VALUE_TEXT, false, "24:00:00", NULL},
    {"time", VALUE_TEXT, false, "00:00:00.0000010000", "00:00:00.000001"},
    {"time(2)", VALUE_TEXT, false, "12:30:00.25", NULL},
    {"json", VALUE_JSON, false, "{\"a\": 1.50,\t\"b\":[\"\\u0000\\\\\"]}", NULL},
    {"json", VALUE_TEXT, false, "a\"\\\n", "\"a\\\"\\\\\\u000a\""},
    {"json", VALUE_TEXT, true, "[1]", NULL},
    {"jsonb", VALUE_JSON, false, "{\"b\": 1.50, \"a\": \"\\t\\ud83d\\ude00\"}",
     "{\"a\": \"\\t\xf0\x9f\x98\x80\", \"b\": 1.50}"},
    {"jsonb", VALUE_TEXT, false, "t\b\x01", "\"t\\b\\u0001\""},
    {"jsonb", VALUE_NUMBER, false, "1e3", "1000"},
    {"jsonb", VALUE_BOOL, false, "false", NULL},
    {"jsonb", VALUE_TEXT, true, "null", NULL},
    {"bytea", VALUE_TEXT, false, "\\x00fF5c0a", "\\x00ff5c0a"},
    {"bytea", VALUE_TEXT, true, "\\x", NULL},
};

/* As the server's own reading of the same text: what kfmig must not know better. */
static const struct {
    const char *type, *digits;
    int zeros;
    const char *tail;
} long_numbers[] = {
    {"numeric", "1", 131071, ""},
    {"numeric", "0.", 16382, "1"},
    {"numeric", "9", 131071, ".25"},
    {"float8", "1", 308, ""},
    {"float8", "0.", 300, "123456789012345678901234567890"},
};

/* Types that are loaded as text. */
static const struct {
    const char *type;
    enum value_kind kind;
    const char *given, *arrives;
} others[] = {
    {"int[]", VALUE_TEXT, "{1,NULL,3}", NULL},
    {"text[]", VALUE_TEXT, "{\"a\\\\b\",\"c d\"}", "{\"a\\\\b\",\"c d\"}"},
    {"interval", VALUE_TEXT, "P1DT2H", NULL},
    {"timetz", VALUE_TEXT, "12:00:00+02", NULL},
    {"app_mood", VALUE_TEXT, "ok", NULL},
    {"app_small", VALUE_NUMBER, "9", NULL},
    {"int4range", VALUE_TEXT, "[1,5)", NULL},
    {"inet", VALUE_TEXT, "192.0.2.1", "192.0.2.1/32"},
    {"bit(3)", VALUE_TEXT, "101", NULL},
    {"name", VALUE_BOOL, "true", NULL},
};

static struct value value_of(enum value_kind kind, const char *text)
{
    return (struct value){.kind = kind, .text = bytes_str(text)};
}

/* What the one row of the table holds, "NULL", or the number of rows if there is not one. */
static const char *held(struct pg *s)
{
    struct pg_rows *r = NULL;
    must(pg_run(s, "SELECT c::text FROM t", NULL, 0, &r, &e), "read the table");
    const char *text = pg_rows_n(r) != 1  ? arena_printf(&arena, "%zu rows", pg_rows_n(r))
                       : pg_null(r, 0, 0) ? "NULL"
                                          : arena_strdup(&arena, pg_text(r, 0, 0));
    pg_rows_free(r);
    return text;
}

static const char *arrival(struct pg *s, const struct column *c, struct value v, bool is_csv,
                           bool is_binary)
{
    struct column_value from = {.wanted = 0};
    struct copy_writer w = {.column = c, .from = &from, .n = 1};
    struct record record = {&v, 1, 0};
    int64_t rows = 0;
    w.is_csv = is_csv;
    w.is_binary = is_binary;
    copy_begin(&w);
    int rc = copy_row(&w, &no_source, &record, &e);
    copy_end(&w);
    run(s, "TRUNCATE t");
    if (rc == 0) {
        rc = pg_copy_start(
            s, is_binary ? "COPY t (c) FROM STDIN (FORMAT binary)" : "COPY t (c) FROM STDIN", &e);
        rc = rc != 0 ? rc : pg_copy_put(s, buf_bytes(&w.out), NULL, &e);
        rc = rc != 0 ? rc : pg_copy_finish(s, NULL, &rows, &e);
    }
    copy_release(&w);
    if (rc != 0) {
        server_explain(&e);
        return "refused";
    }
    return rows == 1 ? held(s) : "not one row";
}

static const struct column *new_table(struct pg *s, const char *type)
{
    struct column *c = NULL;
    size_t n = 0;
    run(s, "DROP TABLE IF EXISTS t");
    run(s, arena_printf(&arena, "CREATE TABLE t (c %s)", type));
    must(load_columns(s, &arena, "public", "t", &c, &n, NULL, &e), "columns");
    return c;
}

static void test_values(struct pg *s)
{
    for (int i = 0; i < COUNT(values); i++) {
        const struct column *c = new_table(s, values[i].type);
        const char *want = values[i].arrives != NULL ? values[i].arrives : values[i].given;
        struct value v = value_of(values[i].kind, values[i].given);
        const char *name = arena_printf(&arena, "%s %d", values[i].type, i);
        if (strcmp(values[i].type, "char(4)") == 0) {
            want = "ab"; /* the cast to text drops the blanks */
        }
        is_str(arrival(s, c, v, values[i].is_csv, true), want, name);
        is_str(arrival(s, c, v, values[i].is_csv, false), want, "as text");
    }
    for (int i = 0; i < COUNT(others); i++) {
        const struct column *c = new_table(s, others[i].type);
        const char *want = others[i].arrives != NULL ? others[i].arrives : others[i].given;
        struct value v = value_of(others[i].kind, others[i].given);
        is_int(c->kind, COLUMN_OTHER, others[i].type);
        is_str(arrival(s, c, v, false, false), want, "as text");
    }
    is_str(arrival(s, new_table(s, "date"), (struct value){.kind = VALUE_NULL}, false, true),
           "NULL", "NULL");
    is_str(arrival(s, new_table(s, "date"), (struct value){.kind = VALUE_NULL}, false, false),
           "NULL", "NULL as text");
}

static void test_long_numbers(struct pg *s)
{
    for (int i = 0; i < COUNT(long_numbers); i++) {
        const char *type = long_numbers[i].type;
        struct buf b = {0};
        struct pg_rows *r = NULL;
        buf_puts(&b, long_numbers[i].digits);
        for (int k = 0; k < long_numbers[i].zeros; k++) {
            buf_putc(&b, '0');
        }
        buf_puts(&b, long_numbers[i].tail);
        const char *params[] = {buf_str(&b)};
        must(pg_run(s, arena_printf(&arena, "SELECT $1::%s::text", type), params, 1, &r, &e),
             "the server's own reading");
        const struct column *c = new_table(s, type);
        struct value v = value_of(VALUE_NUMBER, buf_str(&b));
        ok(strcmp(arrival(s, c, v, false, true), pg_text(r, 0, 0)) == 0, "a long number");
        ok(strcmp(arrival(s, c, v, false, false), pg_text(r, 0, 0)) == 0, "as text");
        pg_rows_free(r);
        buf_release(&b);
    }
}

/* 65,536 doubles with all kinds of exponents: bits that arrive are the bits that were sent. */
static void test_many_doubles(struct pg *s)
{
    const struct column *c = new_table(s, "float8");
    struct column_value from = {.wanted = 0};
    struct copy_writer w = {.column = c, .from = &from, .n = 1, .is_binary = true};
    uint64_t seed = tap_seed();
    int64_t rows = 0;
    struct pg_rows *r = NULL;
    double sum = 0;
    copy_begin(&w);
    for (int i = 0; i < 65536; i++) {
        char text[64];
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        double x = ldexp((double)(seed >> 11), (int)(seed & 0x3FF) - 564);
        sum += x;
        (void)snprintf(text, sizeof text, "%.17g", x);
        struct value v = value_of(VALUE_NUMBER, text);
        must(copy_row(&w, &no_source, &(struct record){&v, i + 1, 0}, &e), "a row");
    }
    copy_end(&w);
    must(pg_copy_start(s, "COPY t (c) FROM STDIN (FORMAT binary)", &e), "COPY");
    is_int(pg_copy_put(s, buf_bytes(&w.out), NULL, &e), 0, "many rows at once");
    is_int(pg_copy_finish(s, NULL, &rows, &e), 0, "taken");
    is_int(rows, 65536, "all of them");
    copy_release(&w);
    must(pg_run(s, "SELECT sum(c ORDER BY ctid) FROM t", NULL, 0, &r, &e), "sum");
    ok(strtod(pg_text(r, 0, 0), NULL) == sum, "to the last bit");
    pg_rows_free(r);
}

static const struct {
    const char *sql, *data, *sqlstate, *object;
} refusals[] = {
    {"COPY f (i) FROM STDIN", "1\ncanary\n", "22P02", ""},
    {"COPY f (i) FROM STDIN", "1\tcanary\n", "22P04", ""},
    {"COPY f (i) FROM STDIN", "1\n1\n", "23505", "table public.f, constraint f_pkey"},
    {"COPY f (i) FROM STDIN", "\\N\n", "23502", "table public.f, column i"},
    {"COPY f (i) FROM STDIN", "-1\n", "23514", "table public.f, constraint f_i_check"},
    {"COPY f (i) FROM STDIN", "4242\n", "P0001", ""},
    {"COPY f (i) FROM STDIN (FORMAT binary)", "canary canary canary", "22P04", ""},
    {"COPY f (i) FROM STDIN", "1\xff\n", "22021", ""},
};

static const struct {
    const char *sql, *sqlstate;
} no_starts[] = {
    {"COPY missing FROM STDIN", "42P01"},
    {"COPY f (nope) FROM STDIN", "42703"},
    {"COPY f FROM STDIN; SELECT 1", "42601"},
    {"COPY FROM", "42601"},
};

static bool says(const char *word)
{
    return strstr(e.msg, word) != NULL || strstr(e.detail, word) != NULL ||
           strstr(e.hint, word) != NULL || strstr(e.object, word) != NULL;
}

static void test_refusals(struct pg *s)
{
    int64_t rows = 0;
    for (int i = 0; i < COUNT(no_starts); i++) {
        e = (struct err){0};
        is_int(pg_copy_start(s, no_starts[i].sql, &e), -1, no_starts[i].sql);
        is_str(e.sqlstate, no_starts[i].sqlstate, "is refused at once");
        is_int(e.code, ERR_APPLY, "as an error of the server");
    }
    for (int i = 0; i < COUNT(refusals); i++) {
        e = (struct err){0};
        int rc = pg_copy_start(s, refusals[i].sql, &e);
        rc = rc != 0 ? -2 : pg_copy_put(s, bytes_str(refusals[i].data), NULL, &e);
        rc = rc != 0 ? rc : pg_copy_finish(s, NULL, &rows, &e);
        ok(rc == -1 && e.code == ERR_APPLY && !says("canary") && !says("4242") && !says("COPY f"),
           "rows are refused without a word of them");
        is_str(e.sqlstate, refusals[i].sqlstate, "the reason");
        is_str(e.object, refusals[i].object, "and where");
        is_int(pg_tx(s), PG_TX_IDLE, "the session goes on");
    }
    is_str(e.msg, "the server refused the rows: character_not_in_repertoire (22021)",
           "what a refusal reads like");
}

static int64_t count_rows(struct pg *s, const char *table)
{
    struct pg_rows *r = NULL;
    must(pg_run(s, arena_printf(&arena, "SELECT count(*) FROM %s", pg_ident(&arena, table)), NULL,
                0, &r, &e),
         "count");
    int64_t n = pg_int(r, 0, 0);
    pg_rows_free(r);
    return n;
}

static void test_abort(struct pg *s)
{
    int64_t rows = 0;
    must(pg_copy_start(s, "COPY f (i) FROM STDIN", &e), "COPY");
    must(pg_copy_put(s, bytes_str("10\n"), NULL, &e), "a row");
    is_int(pg_copy_abort(s, &e), 0, "rows can be taken back");
    is_int(count_rows(s, "f"), 0, "none is there");
    is_int(pg_copy_abort(s, &e), 0, "without a COPY there is nothing to take back");
    must(pg_command(s, "BEGIN", NULL, NULL, &e), "BEGIN");
    must(pg_copy_start(s, "COPY f (i) FROM STDIN", &e), "COPY");
    is_int(pg_copy_abort(s, NULL), 0, "in a transaction");
    is_int(pg_tx(s), PG_TX_FAILED, "which then has failed");
    must(pg_command(s, "ROLLBACK", NULL, NULL, &e), "ROLLBACK");
    must(pg_copy_start(s, "COPY f (i) FROM STDIN", &e), "COPY");
    is_int(pg_copy_finish(s, NULL, &rows, &e), 0, "no row at all");
    is_int(rows, 0, "is taken for what it is");
    must(pg_copy_start(s, "COPY f (i) FROM STDIN", &e), "COPY");
    must(pg_copy_put(s, bytes_str("1\n2"), NULL, &e), "half a row");
    must(pg_copy_put(s, bytes_str("0\n3\n"), NULL, &e), "and the other half");
    is_int(pg_copy_finish(s, NULL, &rows, &e), 0, "pieces need not be rows");
    is_int(rows, 3, "three of them");
    is_int(count_rows(s, "f"), 3, "are there");
    run(s, "TRUNCATE f");
}

static struct bytes filler(const char *line)
{
    static struct buf b;
    buf_clear(&b);
    while (b.n < MIB) {
        buf_puts(&b, line);
    }
    return buf_bytes(&b);
}

/* A refusal is learnt while rows are still coming; notices on the way are none. */
static void test_early(struct pg *s)
{
    struct bytes more = filler("1\n");
    int64_t until = clock_ms() + LONG_ENOUGH_MS;
    int rc = pg_copy_start(s, "COPY w (i) FROM STDIN", &e);
    rc = rc != 0 ? -2 : pg_copy_put(s, bytes_str("canary\n"), NULL, &e);
    while (rc == 0 && clock_ms() < until) {
        rc = pg_copy_put(s, bytes_of(more.p, 4096), NULL, &e);
    }
    ok(rc == -1 && strcmp(e.sqlstate, "22P02") == 0, "a refusal is learnt before the end");
    ok(e.code == ERR_APPLY && !says("canary"), "without the value");
    is_int(pg_copy_abort(s, &e), 0, "the COPY has ended");
    is_int(pg_tx(s), PG_TX_IDLE, "the session goes on");
    run(s, "SET client_min_messages = notice");
    until = clock_ms() + 1200;
    int64_t rows = 0;
    rc = pg_copy_start(s, "COPY noisy (i) FROM STDIN", &e);
    for (int64_t n = 0; rc == 0 && clock_ms() < until; n++) {
        rc = pg_copy_put(s, bytes_str("1\n"), NULL, &e);
    }
    rc = rc != 0 ? rc : pg_copy_finish(s, NULL, &rows, &e);
    ok(rc == 0 && rows > 1, "notices are no refusal");
}

/* More than any buffer holds. */
static void test_large(struct pg *s)
{
    struct bytes mib = filler("123456789012345\n");
    int64_t rows = 0;
    int rc = pg_copy_start(s, "COPY w (i) FROM STDIN", &e);
    for (int i = 0; i < 8 && rc == 0; i++) {
        rc = pg_copy_put(s, mib, NULL, &e);
    }
    rc = rc != 0 ? rc : pg_copy_finish(s, NULL, &rows, &e);
    is_int(rc, 0, "8 MiB");
    is_int(rows, 8 * MIB / 16, "arrive");
    is_int(count_rows(s, "w"), 8 * MIB / 16, "and are there");
    run(s, "TRUNCATE w");
}

static bool stop_second(void *ctx)
{
    int *calls = ctx;
    return ++*calls >= 2;
}

static void test_stops(struct pg *s)
{
    struct bytes mib = filler("1\n");
    int calls = 0;
    int64_t rows = 0;
    const struct pg_wait stopping = {0, stop_second, &calls};
    const struct pg_wait soon = {.timeout_ms = 300};
    int rc = pg_copy_start(s, "COPY slow (i) FROM STDIN", &e);
    for (int i = 0; i < 64 && rc == 0; i++) {
        rc = pg_copy_put(s, mib, &stopping, &e);
    }
    ok(rc == -1 && e.code == ERR_INTERRUPTED,
       "a put is interrupted while the server does not take it");
    is_int(calls, 2, "as soon as it is asked to");
    is_int(count_rows(s, "slow"), 0, "nothing is there");
    calls = 0;
    rc = pg_copy_start(s, "COPY w (i) FROM STDIN", &e);
    int64_t until = clock_ms() + LONG_ENOUGH_MS;
    while (rc == 0 && clock_ms() < until) {
        rc = pg_copy_put(s, bytes_of(mib.p, 2), &stopping, &e);
    }
    ok(rc == -1 && e.code == ERR_INTERRUPTED, "so are puts that never wait");
    is_int(count_rows(s, "w"), 0, "nothing is there");
    calls = 0;
    rc = pg_copy_start(s, "COPY slow (i) FROM STDIN", &e);
    rc = rc != 0 ? -2 : pg_copy_put(s, bytes_str("1\n"), NULL, &e);
    rc = rc != 0 ? -2 : pg_copy_finish(s, &stopping, &rows, &e);
    ok(rc == -1 && e.code == ERR_INTERRUPTED, "so is the end");
    rc = pg_copy_start(s, "COPY slow (i) FROM STDIN", &e);
    rc = rc != 0 ? -2 : pg_copy_put(s, bytes_str("1\n"), NULL, &e);
    rc = rc != 0 ? -2 : pg_copy_finish(s, &soon, &rows, &e);
    ok(rc == -1 && e.code == ERR_PREFLIGHT && strstr(e.msg, "within 300 ms") != NULL,
       "a deadline ends it too");
    is_int(pg_tx(s), PG_TX_IDLE, "the session goes on");
    run(s, "SET statement_timeout = 200");
    rc = pg_copy_start(s, "COPY slow (i) FROM STDIN", &e);
    rc = rc != 0 ? -2 : pg_copy_put(s, bytes_str("1\n"), NULL, &e);
    rc = rc != 0 ? rc : pg_copy_finish(s, NULL, &rows, &e);
    ok(rc == -1 && strcmp(e.sqlstate, "57014") == 0 && e.code == ERR_APPLY,
       "so does the server's own limit");
    run(s, "RESET statement_timeout");
}

static void kill_session(struct pg *by, struct pg *s)
{
    const char *pid[] = {arena_printf(&arena, "%d", pg_backend_pid(s))};
    must(pg_run(by, "SELECT pg_terminate_backend($1::int, 20000)", pid, 1, NULL, &e), "terminate");
}

static void test_lost(struct pg *admin)
{
    struct bytes mib = filler("1\n");
    struct pg *s = session("");
    must(pg_copy_start(s, "COPY w (i) FROM STDIN", &e), "COPY");
    kill_session(admin, s);
    int rc = 0;
    for (int i = 0; i < 64 && rc == 0; i++) {
        rc = pg_copy_put(s, mib, NULL, &e);
    }
    ok(rc == -1 && e.code == ERR_PREFLIGHT, "a lost connection ends a put");
    is_str(e.sqlstate, "57P01", "with the server's reason");
    ok(!pg_is_alive(s), "and the session");
    is_int(pg_copy_abort(s, &e), 0, "there is nothing left to take back");
    is_int(pg_copy_start(s, "COPY w (i) FROM STDIN", &e), -1, "nor to begin");
    pg_close(s);
    s = session("");
    int64_t rows = 0;
    must(pg_copy_start(s, "COPY w (i) FROM STDIN", &e), "COPY");
    must(pg_copy_put(s, bytes_str("1\n"), NULL, &e), "a row");
    kill_session(admin, s);
    is_int(pg_copy_finish(s, NULL, &rows, &e), -1, "a lost connection ends the end");
    ok(e.code == ERR_PREFLIGHT && e.sqlstate[0] != '\0', "for a reason");
    pg_close(s);
    s = session("");
    must(pg_copy_start(s, "COPY w (i) FROM STDIN", &e), "COPY");
    kill_session(admin, s);
    is_int(pg_copy_abort(s, &e), -1, "and taking back");
    pg_close(s);
    s = session("");
    must(pg_copy_start(s, "COPY w (i) FROM STDIN", &e), "COPY");
    pg_close(s); /* in the middle */
}

static void test_run(struct pg *s)
{
    struct pg_rows *r = NULL;
    const char *params[] = {"a'b\\c", NULL};
    const char *odd = "A \"b\" é";
    is_int(pg_run(s, "SELECT $1::text, $2::text IS NULL", params, 2, &r, &e), 0, "a statement");
    is_str(pg_text(r, 0, 0), params[0], "takes parameters");
    ok(pg_bool(r, 0, 1), "also NULL");
    pg_rows_free(r);
    const char *quoted = pg_ident(&arena, odd);
    is_str(quoted, "\"A \"\"b\"\" é\"", "a quoted name");
    is_int(pg_run(s, arena_printf(&arena, "CREATE TABLE %s (%s int)", quoted, quoted), NULL, 0,
                  NULL, &e),
           0, "names a table");
    is_int(count_rows(s, odd), 0, "which is there");
    is_int(pg_run(s,
                  arena_printf(&arena, "COMMENT ON TABLE %s IS %s", quoted,
                               pg_literal(&arena, "it's \\ \"x\"\n")),
                  NULL, 0, NULL, &e),
           0, "a quoted constant");
    run(s, "SET standard_conforming_strings = off");
    is_int(pg_run(s,
                  arena_printf(&arena, "SELECT %s, %s", pg_literal(&arena, "\\'"),
                               pg_literal(&arena, "'")),
                  NULL, 0, &r, &e),
           0, "whatever the session thinks of backslashes");
    ok(strcmp(pg_text(r, 0, 0), "\\'") == 0 && strcmp(pg_text(r, 0, 1), "'") == 0, "is itself");
    pg_rows_free(r);
    run(s, "RESET standard_conforming_strings");
    r = (struct pg_rows *)&e;
    is_int(pg_run(s, "SELECT 1; SELECT 2", NULL, 0, &r, &e), -1, "two statements are refused");
    ok(r == NULL && e.code == ERR_APPLY && strcmp(e.sqlstate, "42601") == 0, "with a reason");
    is_int(pg_run(s, "INSERT INTO f VALUES (5), (5)", NULL, 0, NULL, &e), -1, "a refusal");
    is_str(e.msg, "the server refused kfmig's statement: unique_violation (23505)", "reads so");
    is_int(pg_run(s, "INSERT INTO f VALUES (5), (6)", NULL, 0, &r, &e), 0, "an INSERT");
    is_int(pg_rows_affected(r), 2, "says how many");
    pg_rows_free(r);
    is_int(pg_run(s, "", NULL, 0, NULL, &e), -1, "nothing is no statement");
    is_int(pg_tx(s), PG_TX_IDLE, "the session goes on");
}

static const char *const fixture[] = {
    "CREATE TYPE app_mood AS ENUM ('sad', 'ok')",
    "CREATE DOMAIN app_small AS int CHECK (value < 10)",
    "CREATE TABLE f (i int PRIMARY KEY CHECK (i > 0))",
    "CREATE TABLE w (i bigint)",
    "CREATE TABLE slow (i int)",
    "CREATE TABLE noisy (i int)",
    "CREATE FUNCTION f_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN IF new.i = 4242 THEN RAISE ''canary %'', new.i; END IF; RETURN new; END'",
    "CREATE TRIGGER refuse BEFORE INSERT ON f FOR EACH ROW EXECUTE FUNCTION f_refuse()",
    "CREATE FUNCTION f_sleep() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN PERFORM pg_sleep(60); RETURN new; END'",
    "CREATE TRIGGER sleep BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION f_sleep()",
    "CREATE FUNCTION f_noise() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN RAISE NOTICE ''canary''; RETURN new; END'",
    "CREATE TRIGGER noise BEFORE INSERT ON noisy FOR EACH ROW EXECUTE FUNCTION f_noise()",
};

int main(int argc, char **argv)
{
    int status = 0;
    if (server_watch(argc, argv, &status)) {
        return status;
    }
    tap_plan(PLANNED);
    server = server_begin(server_dir, &where);
    if (server == NULL) {
        return 1;
    }
    struct pg *s = session("");
    struct pg *admin = session(ADMIN);
    run_all(s, fixture, COUNT(fixture));
    test_values(s);
    test_long_numbers(s);
    test_many_doubles(s);
    test_refusals(s);
    test_abort(s);
    test_run(s);
    test_early(s);
    test_large(s);
    test_stops(s);
    test_lost(admin);
    pg_close(admin);
    pg_close(s);
    ok(server_down(), "the server goes away");
    arena_release(&arena);
    return tap_done();
}
