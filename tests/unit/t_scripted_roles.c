/* layer: site scripted */
/* Roles that pending scripts name: which are asked for, and what the plan says of those that are not there or not ours. */
#include "scripted_site.h"

static struct setting t;

#define WHO "connect -> ok\n" IDENTIFY ENTRIES LOOKED
#define ASKED(rows) "@postgis_roles_named({*) -> rows " rows "\n"
#define T "CREATE TABLE app.t ();\n"

/* clang-format off */
static const struct {
    const char *name, *sql, *lines;
    int rc;
    const char *words; /* the reasons of M-1, but that it was never built; or the error */
} scenarios[] = {
    {"none is named", T, "", 0, ""},
    {"it is there", T "GRANT SELECT ON app.t TO ann;\n", ASKED("1 | t | f"), 0, ""},
    {"it is not there", T "GRANT SELECT ON app.t TO ann;\n", ASKED("1 | f | f"), 0, "role_missing ann at 2:1: GRANT names \"ann\", and there is no such role"},
    {"it is there, and ours", T "ALTER TABLE app.t OWNER TO ann;\n", ASKED("1 | t | t"), 0, ""},
    {"it is there, and not ours", T "ALTER TABLE app.t OWNER TO ann;\n", ASKED("1 | t | f"), 0, "role_missing ann at 2:1: ALTER TABLE needs to act as \"ann\", and is no member of it"},
    {"one of two", T "GRANT SELECT ON app.t TO ann, bob;\n", ASKED("1 | t | f ; 2 | f | f"), 0, "role_missing bob at 2:1: GRANT names \"bob\", and there is no such role"},
    {"each is told once", T "GRANT SELECT ON app.t TO ann;\nGRANT INSERT ON app.t TO ann, ann;\n", ASKED("1 | f | f"), 0, "role_missing ann at 2:1: GRANT names \"ann\", and there is no such role"},
    {"the script makes it", "CREATE ROLE ann;\n" T "GRANT SELECT ON app.t TO ann;\n", "", 0, "scope_exceeded"},
    {"code runs that may make it", T "DO $$ BEGIN END $$;\nGRANT SELECT ON app.t TO ann;\n", "", 0, ""},
    {"the server's own names", T "GRANT SELECT ON app.t TO PUBLIC;\nALTER TABLE app.t OWNER TO CURRENT_USER;\n", "", 0, ""},
    {"in a function that is only made", "CREATE FUNCTION app.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN GRANT SELECT ON app.t TO ann; END $$;\n", "", 0, ""},
    {"the answer is cut", T "GRANT SELECT ON app.t TO ann;\n", "@postgis_roles_named({*) -> cut\n", -1, "was lost"},
};
/* clang-format on */

static void describe(char *out, size_t size)
{
    const struct step *s = &t.s.plan.v[0];
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < s->n_reasons && n < size; i++) {
        const struct reason *r = &s->reasons[i];
        if (r->code == REASON_ROLE_MISSING) {
            n += (size_t)snprintf(out + n, size - n, "%s%s %s at %d:%d: %s", n > 0 ? ", " : "",
                                  reason_text(r->code), r->was, r->line, r->col, r->detail);
        } else if (r->code != REASON_NEVER_BUILT) {
            n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? ", " : "",
                                  reason_text(r->code));
        }
    }
}

static void play(size_t i)
{
    struct err e = {0};
    char left[1024];
    setting_project("");
    project_put("migrations/postgis/M-1/forward.sql", scenarios[i].sql);
    setting_open(&t, "dev", LEDGER_UUID, 3);
    setting_play(&t, arena_printf(t.s.a, WHO "%s", scenarios[i].lines));
    int rc = site_plan(&t.s, true, &e);
    if (rc == 0) {
        describe(left, sizeof left);
    } else {
        (void)snprintf(left, sizeof left, "%s", e.msg);
    }
    bool good = rc == scenarios[i].rc && (rc == 0 ? strcmp(left, scenarios[i].words) == 0
                                                  : strstr(left, scenarios[i].words) != NULL);
    if (!good) {
        printf("# rc %d: %s\n", rc, left);
    }
    setting_close(&t);
    ok(pq_played() && good, scenarios[i].name);
}

int main(void)
{
    return setting_each(sizeof scenarios / sizeof *scenarios, play);
}
