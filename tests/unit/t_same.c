/* layer: sql */
/* Texts that mean the same, row by row of same.def, and texts that do not though they look like it. */
#include "sql/same.h"
#include "tap.h"

#define SAME_AS(rule, piece, x, y)                                                                 \
    {                                                                                              \
        rule, SAME_##piece, x, y, true                                                             \
    }
#define OTHER(rule, piece, x, y)                                                                   \
    {                                                                                              \
        rule, SAME_##piece, x, y, false                                                            \
    }

static const struct {
    const char *rule;
    enum same_piece piece;
    const char *x, *y;
    bool is_same;
} rows[] = {
    /* Parentheses: no row of the table, the tree has none. */
    SAME_AS("parentheses", EXPRESSION, "((n > 1))", "n > 1"),
    SAME_AS("parentheses", EXPRESSION, "((a + b) * c)", "(((a + b)) * (c))"),
    OTHER("parentheses", EXPRESSION, "(a + b) * c", "a + (b * c)"),
    SAME_AS("blanks", STATEMENT, " SELECT a\n   FROM t;", "SELECT a FROM t"),

    SAME_AS("flat_and_or", CONSTRAINT, "CHECK ((((n >= 1) AND (n <= 5)) AND (n <> 3)))",
            "CHECK (((n >= 1) AND (n <= 5) AND (n <> 3)))"),
    SAME_AS("flat_and_or", EXPRESSION, "(((a OR b) OR c) OR d)", "(a OR (b OR (c OR d)))"),
    SAME_AS("flat_and_or", EXPRESSION, "((a AND b) AND (c AND d))", "(a AND b AND c AND d)"),
    SAME_AS("flat_and_or", EXPRESSION, "NOT ((a AND b) AND c)", "NOT (a AND b AND c)"),
    OTHER("flat_and_or", EXPRESSION, "((a AND b) OR c)", "(a AND (b OR c))"),
    OTHER("flat_and_or", EXPRESSION, "(a AND b)", "(b AND a)"),
    OTHER("flat_and_or", EXPRESSION, "(a AND b)", "(a OR b)"),
    OTHER("flat_and_or", EXPRESSION, "NOT (NOT a)", "NOT a"),

    SAME_AS("cast_of_array", EXPRESSION,
            "(k)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])",
            "(k)::text = ANY (ARRAY[('x'::character varying)::text, ('y'::character "
            "varying)::text])"),
    SAME_AS("cast_of_array", EXPRESSION,
            "(k)::text = ANY ((ARRAY['x'::character varying, NULL::character varying])::text[])",
            "(k)::text = ANY (ARRAY[('x'::character varying)::text, (NULL::character "
            "varying)::text])"),
    SAME_AS("cast_of_array", EXPRESSION, "(ARRAY[ARRAY[a, b], ARRAY[c, d]])::text[]",
            "ARRAY[ARRAY[(a)::text, (b)::text], ARRAY[(c)::text, (d)::text]]"),
    SAME_AS("cast_of_array", STATEMENT,
            "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (((new.k)::text = ANY "
            "((ARRAY['x'::character varying])::text[]))) EXECUTE FUNCTION f()",
            "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (((new.k)::text = ANY "
            "(ARRAY[('x'::character varying)::text]))) EXECUTE FUNCTION f()"),
    SAME_AS("cast_of_array", INDEX,
            "btree (n) WHERE ((k)::text = ANY ((ARRAY['x'::character varying])::text[]))",
            "btree (n) WHERE ((k)::text = ANY (ARRAY[('x'::character varying)::text]))"),
    OTHER("cast_of_array", EXPRESSION, "(ARRAY['x'::character varying])::text[]",
          "ARRAY['x'::character varying]"),
    OTHER("cast_of_array", EXPRESSION, "(ARRAY[a])::character(2)[]", "ARRAY[(a)::character(3)]"),

    SAME_AS("names_in_sublink", EXPRESSION, "(k IN ( SELECT 'a'::text))",
            "(k IN ( SELECT 'a'::text AS text))"),
    SAME_AS("names_in_sublink", EXPRESSION, "(EXISTS ( SELECT 'a'::text UNION SELECT 'b'::text))",
            "(EXISTS ( SELECT 'a'::text AS text UNION SELECT 'b'::text AS text))"),
    SAME_AS("names_in_sublink", STATEMENT,
            "UPDATE s SET (w, x) = ( SELECT 'a'::text, 1) FROM p WHERE (p.id = s.id)",
            "UPDATE s SET (w, x) = ( SELECT 'a'::text AS text, 1) FROM p WHERE (p.id = s.id)"),
    OTHER("names_in_sublink", EXPRESSION, "(k IN ( SELECT 'a'::text))",
          "(k IN ( SELECT 'b'::text AS text))"),
    OTHER("names_in_sublink", STATEMENT, "SELECT q.a FROM ( SELECT 'a'::text AS a) q",
          "SELECT q.a FROM ( SELECT 'a'::text AS b) q"),
    OTHER("names_in_sublink", STATEMENT, "SELECT 'a'::text AS a", "SELECT 'a'::text AS b"),
    OTHER("names_in_sublink", EXPRESSION, "( SELECT q.a FROM ( SELECT 1 AS a, 2 AS b) q)",
          "( SELECT q.a FROM ( SELECT 1 AS b, 2 AS a) q)"),

    SAME_AS("cast_twice", EXPRESSION, "((a)::text)::text", "(a)::text"),
    SAME_AS("cast_twice", EXPRESSION, "((a)::numeric(5,2))::numeric(5,2)", "(a)::numeric(5,2)"),
    OTHER("cast_twice", EXPRESSION, "((a)::numeric(5,2))::numeric(5,1)", "(a)::numeric(5,1)"),
    OTHER("cast_twice", EXPRESSION, "((a)::character(3))::text", "(a)::text"),

    SAME_AS("cast_of_literal", EXPRESSION, "('a'::character varying)::text", "'a'::text"),
    SAME_AS("cast_of_literal", EXPRESSION, "(NULL::character varying)::text", "NULL::text"),
    OTHER("cast_of_literal", EXPRESSION, "('abc'::character varying(2))::text", "'abc'::text"),
    OTHER("cast_of_literal", EXPRESSION, "('a '::bpchar)::text", "'a '::text"),
    OTHER("cast_of_literal", EXPRESSION, "((a)::character varying)::text", "(a)::text"),

    SAME_AS("array_literal", EXPRESSION, "(k = ANY ('{p,q}'::text[]))",
            "(k = ANY (ARRAY['p'::text, 'q'::text]))"),
    OTHER("array_literal", EXPRESSION, "'{p,NULL}'::text[]", "ARRAY['p'::text, 'NULL'::text]"),
    OTHER("array_literal", EXPRESSION, "'{p, q}'::text[]", "ARRAY['p'::text, ' q'::text]"),
    OTHER("array_literal", EXPRESSION, "'{}'::text[]", "ARRAY[''::text]"),
    OTHER("array_literal", EXPRESSION, "'{{a},{b}}'::text[]", "ARRAY['{a}'::text, '{b}'::text]"),

    SAME_AS("number_literal", EXPRESSION, "(a = '{1,2}'::integer[])", "(a = ARRAY[1, 2])"),
    SAME_AS("number_literal", EXPRESSION, "(n = '1'::integer)", "(n = 1)"),
    OTHER("number_literal", EXPRESSION, "(n = '1'::bigint)", "(n = 1)"),
    OTHER("number_literal", EXPRESSION, "(n = 0)", "(n = NULL)"),
    OTHER("number_literal", EXPRESSION, "(n = '1'::integer)", "(n = 2)"),

    SAME_AS("pieces", BOUND, "FOR VALUES IN (('a'::character varying)::text)",
            "FOR VALUES IN ('a'::text)"),
    SAME_AS("pieces", PARTITIONING, "RANGE ((((a)::text)::text))", "RANGE (((a)::text))"),
    OTHER("pieces", INDEX, "btree (n) WHERE (a = 1)", "btree (n) WHERE (a = 2)"),
    OTHER("pieces", STATEMENT, "SELECT a FROM t", "SELECT a FROM u"),
    OTHER("pieces", STATEMENT, "SELECT a FROM t ORDER BY 1", "SELECT a FROM t ORDER BY 1 DESC"),
};
enum { N_ROWS = sizeof rows / sizeof *rows };

/* What the table can say nothing of is not parsed; what stands in its rows is. */
static const struct {
    const char *text;
    bool is_plain;
} plain[] = {
    {"nextval('app.t_id_seq'::regclass)", true},
    {"now()", true},
    {"'x'::character varying", true},
    {"(n > 1)", true},
    {"((a > 1) AND (b > 1))", false},
    {"(a OR b)", false},
    {"ARRAY[1, 2]", false},
    {"('x'::character varying)::text", false},
    {"'{a}'::text[]", false},
    {"(k IN ( SELECT 'a'::text))", false},
    {"(k IN ( SELECT a FROM t))", true},
};
enum { N_PLAIN = sizeof plain / sizeof *plain };

static bool has_row(const char *rule)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (strcmp(rows[i].rule, rule) == 0 && rows[i].is_same) {
            return true;
        }
    }
    return false;
}

static void test_unknown(void)
{
    struct digest d = {{7}};
    char deep[20002];
    memset(deep, '(', 10000);
    deep[10000] = '1';
    memset(deep + 10001, ')', 10000);
    deep[20001] = '\0';
    ok(!same_form(SAME_EXPRESSION, "a frobnicate b c", &d) && d.b[0] == 7,
       "what the parser does not know has no form");
    ok(!same_form(SAME_EXPRESSION, "'unterminated", &d) && d.b[0] == 7, "nor has half a text");
    ok(!same_form(SAME_EXPRESSION, deep, &d) && d.b[0] == 7, "nor what would overflow the parser");
}

int main(void)
{
#define SAME(function, what) +1
    enum {
        N_RULES = 0
#include "sql/same.def"
    };
#undef SAME
    tap_plan(N_ROWS + N_PLAIN + N_RULES + 3);
    for (size_t i = 0; i < N_ROWS; i++) {
        struct digest x = {{0}};
        struct digest y = {{1}};
        char name[64];
        bool known =
            same_form(rows[i].piece, rows[i].x, &x) && same_form(rows[i].piece, rows[i].y, &y);
        (void)snprintf(name, sizeof name, "%s, row %zu", rows[i].rule, i);
        if (!ok(known && digest_eq(&x, &y) == rows[i].is_same, name)) {
            printf("#  %s\n#  %s\n", rows[i].x, rows[i].y);
        }
    }
    for (size_t i = 0; i < N_PLAIN; i++) {
        ok(same_is_plain(plain[i].text) == plain[i].is_plain, plain[i].text);
    }
#define SAME(function, what) ok(has_row(#function), #function " has a row here: " what);
#include "sql/same.def"
#undef SAME
    test_unknown();
    return tap_done();
}
