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
    bool goes; /* it names no role and has nothing that a gate speaks of: it may be let go */
} scenarios[] = {
    {"none is named", T, "", ERR_NONE, "", true},
    {"it is there", T "GRANT SELECT ON app.t TO ann;\n", ASKED("1 | t | f"), ERR_NONE, "", false},
    {"it is not there", T "GRANT SELECT ON app.t TO ann;\n", ASKED("1 | f | f"), ERR_NONE, "role_missing ann at 2:1: GRANT names \"ann\", and there is no such role", false},
    {"it is there, and ours", T "ALTER TABLE app.t OWNER TO ann;\n", ASKED("1 | t | t"), ERR_NONE, "", false},
    {"it is there, and not ours", T "ALTER TABLE app.t OWNER TO ann;\n", ASKED("1 | t | f"), ERR_NONE, "role_missing ann at 2:1: ALTER TABLE needs to act as \"ann\", and is no member of it", false},
    {"one of two", T "GRANT SELECT ON app.t TO ann, bob;\n", ASKED("1 | t | f ; 2 | f | f"), ERR_NONE, "role_missing bob at 2:1: GRANT names \"bob\", and there is no such role", false},
    {"each is told once", T "GRANT SELECT ON app.t TO ann;\nGRANT INSERT ON app.t TO ann, ann;\n", ASKED("1 | f | f"), ERR_NONE, "role_missing ann at 2:1: GRANT names \"ann\", and there is no such role", false},
    {"the script makes it", "CREATE ROLE ann;\n" T "GRANT SELECT ON app.t TO ann;\n", "", ERR_NONE, "scope_exceeded", false},
    {"code runs that may make it", T "DO $$ BEGIN END $$;\nGRANT SELECT ON app.t TO ann;\n", "", ERR_NONE, "", false},
    {"the server's own names", T "GRANT SELECT ON app.t TO PUBLIC;\nALTER TABLE app.t OWNER TO CURRENT_USER;\n", "", ERR_NONE, "", true},
    {"in a function that is only made", "CREATE FUNCTION app.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN GRANT SELECT ON app.t TO ann; END $$;\n", "", ERR_NONE, "", true},
    {"the answer is cut", T "GRANT SELECT ON app.t TO ann;\n", "@postgis_roles_named({*) -> cut\n", ERR_PREFLIGHT, "was lost", false},
};
/* clang-format on */

static bool is_gone;

static void describe(char *out, size_t size)
{
    const struct step *s = &t.s.plan.v[0];
    is_gone = s->bundle->decl == NULL && s->bundle->forward == NULL && s->bundle->let_go != 0 &&
              s->class == s->bundle->let_go;
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
    is_gone = false;
    setting_project("");
    project_put("migrations/postgis/M-1/forward.sql", scenarios[i].sql);
    setting_open(&t, "dev", LEDGER_UUID, 3);
    setting_play(&t, arena_printf(t.s.a, WHO "%s", scenarios[i].lines));
    setting_planned(&t, describe, scenarios[i].code, scenarios[i].words, scenarios[i].name);
    ok(is_gone == (setting_lets_go && scenarios[i].goes), "it stays, or is let go");
}

int main(void)
{
    enum { N = sizeof scenarios / sizeof *scenarios };
    tap_plan(4 * N);
    for (size_t i = 0; i < 2 * N; i++) {
        setting_lets_go = i >= N;
        play(i % N);
    }
    project_remove();
    return tap_done();
}
