/* layer: sql */
/* Which queries may give another answer although what they read is the same. */
#include "sql/script.h"
#include "sql/steady.h"
#include "tap.h"

static const struct {
    const char *text, *what; /* "": nothing */
} rows[] = {
    {"SELECT id, ST_Transform(geom, 3857) FROM t ORDER BY lower(name)", ""},
    {"SELECT random() FROM t", "random()"},
    {"SELECT pg_catalog.gen_random_uuid() FROM t", "gen_random_uuid()"},
    {"SELECT a FROM t WHERE at < now()", "now()"},
    {"SELECT a FROM (SELECT clock_timestamp() AS a) x", "clock_timestamp()"},
    {"WITH x AS (SELECT nextval('s') AS a) SELECT a FROM x", "nextval()"},
    {"SELECT current_setting('app.user') FROM t", "current_setting()"},
    {"SELECT age(at) FROM t", "age()"},
    {"SELECT CURRENT_DATE - at FROM t", "CURRENT_DATE, USER or the like"},
    {"SELECT a FROM t WHERE owner = CURRENT_USER", "CURRENT_DATE, USER or the like"},
    {"SELECT a FROM t TABLESAMPLE SYSTEM (10)", "TABLESAMPLE"},
    {"SELECT a FROM t FOR UPDATE", "FOR UPDATE"},
    {"SELECT 'now()' AS a, \"random()\" FROM t -- random()", ""},
    {"SELECT FROM WHERE", ""},
    {"", ""},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

int main(void)
{
    tap_plan(N_ROWS);
    for (size_t i = 0; i < N_ROWS; i++) {
        struct arena a = {0};
        const char *found = query_unsteady(&a, bytes_str(rows[i].text));
        is_str(found != NULL ? found : "", rows[i].what, rows[i].text);
        arena_release(&a);
    }
    script_shutdown();
    return tap_done();
}
