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
    enum err_code code;
    const char *words; /* the reasons of M-1, but that it was never built; or the error */
} scenarios[] = {
    {"none is named", T, "", ERR_NONE, ""},
    {"it is there", T "GRANT SELECT ON app.t TO ann;\n", ASKED("1 | t | f"), ERR_NONE, ""},
    {"it is not there", T "GRANT SELECT ON app.t TO ann;\n", ASKED("1 | f | f"), ERR_NONE, "role_missing ann at 2:1: GRANT names \"ann\", and there is no such role"},
    {"it is there, and ours", T "ALTER TABLE app.t OWNER TO ann;\n", ASKED("1 | t | t"), ERR_NONE, ""},
    {"it is there, and not ours", T "ALTER TABLE app.t OWNER TO ann;\n", ASKED("1 | t | f"), ERR_NONE, "role_missing ann at 2:1: ALTER TABLE needs to act as \"ann\", and is no member of it"},
    {"one of two", T "GRANT SELECT ON app.t TO ann, bob;\n", ASKED("1 | t | f ; 2 | f | f"), ERR_NONE, "role_missing bob at 2:1: GRANT names \"bob\", and there is no such role"},
    {"each is told once", T "GRANT SELECT ON app.t TO ann;\nGRANT INSERT ON app.t TO ann, ann;\n", ASKED("1 | f | f"), ERR_NONE, "role_missing ann at 2:1: GRANT names \"ann\", and there is no such role"},
    {"the script makes it", "CREATE ROLE ann;\n" T "GRANT SELECT ON app.t TO ann;\n", "", ERR_NONE, "scope_exceeded"},
    {"code runs that may make it", T "DO $$ BEGIN END $$;\nGRANT SELECT ON app.t TO ann;\n", "", ERR_NONE, ""},
    {"the server's own names", T "GRANT SELECT ON app.t TO PUBLIC;\nALTER TABLE app.t OWNER TO CURRENT_USER;\n", "", ERR_NONE, ""},
    {"in a function that is only made", "CREATE FUNCTION app.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN GRANT SELECT ON app.t TO ann; END $$;\n", "", ERR_NONE, ""},
    {"the answer is cut", T "GRANT SELECT ON app.t TO ann;\n", "@postgis_roles_named({*) -> cut\n", ERR_PREFLIGHT, "was lost"},
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
    setting_project("");
    project_put("migrations/postgis/M-1/forward.sql", scenarios[i].sql);
    setting_open(&t, "dev", LEDGER_UUID, 3);
    setting_play(&t, arena_printf(t.s.a, WHO "%s", scenarios[i].lines));
    setting_planned(&t, describe, scenarios[i].code, scenarios[i].words, scenarios[i].name);
}

int main(void)
{
    return setting_each(sizeof scenarios / sizeof *scenarios, play);
}
