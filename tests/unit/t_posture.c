/* layer: store */
/* What of two definitions of one object reduces what is enforced, by facets as a database gives them; and what does not. */
#include "store/posture.h"
#include "tap.h"

static struct arena arena;

#define TRUE_TEXT "sha256:b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b"
#define OTHER "sha256:aaaa41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b0"
#define CLOSED "attributes|function language sql security definer cost 100\nacl|-=X/ann"

/* clang-format off */
static const struct {
    const char *name;
    enum object_kind kind;
    const char *was, *now; /* "facet|value\n..."; NULL: it is not there */
    const char *found;     /* "rule: text; ..." */
} cases[] = {
    {"everyone may read", OBJ_TABLE, "owner|ann", "owner|ann\nacl|+=r/ann", "grant-to-public: everyone has a privilege; "},
    {"... one more privilege", OBJ_TABLE, "acl|+=r/ann", "acl|+=rw/ann", "grant-to-public: everyone has a privilege; "},
    {"... one less", OBJ_TABLE, "acl|+=rw/ann", "acl|+=r/ann", ""},
    {"... as before, behind others", OBJ_TABLE, "acl|+=r/ann", "acl|+bob=r/ann, +=r/ann", ""},
    {"... of something new", OBJ_TABLE, NULL, "acl|+=r/ann", "grant-to-public: everyone has a privilege; "},
    {"a role gets it", OBJ_TABLE, "owner|ann", "acl|+bob=rw/ann", ""},
    {"a role whose name has all that divides", OBJ_TABLE, "owner|ann", "acl|+\"a=b/c,+=r\"=r/ann", ""},
    {"a grantor whose name has all that divides", OBJ_TABLE, "owner|ann", "acl|+bob=r/\"x,+=r/y\"", ""},
    {"what was taken is given back", OBJ_FUNCTION, "acl|-=X/ann", "owner|ann", "grant-to-public: everyone has a privilege; "},
    {"what is everyone's is taken", OBJ_FUNCTION, "owner|ann", "acl|-=X/ann", ""},
    {"of a column", OBJ_TABLE, "column n|integer", "column n|integer acl +=r/ann options n_distinct=5", "grant-to-public: everyone has a privilege; "},
    {"... whose type is called so", OBJ_TABLE, "column n|\"x acl +=r/\"", "column n|\"x acl +=r/\" not null", ""},
    {"... behind it", OBJ_TABLE, "column n|\"x acl y\"", "column n|\"x acl y\" acl +=w/ann", "grant-to-public: everyone has a privilege; "},
    {"of a sequence that a column owns", OBJ_TABLE, "sequence app.s|owned by id bigint owner ann", "sequence app.s|owned by id bigint owner ann acl +=U/ann", "grant-to-public: everyone has a privilege; "},
    {"by default", OBJ_DEFAULT_PRIVILEGES, NULL, "tables|+=r/ann", "grant-to-public: everyone has a privilege; "},
    {"of a column that came with the server", OBJ_TABLE, NULL, "acl of column rolname|+=r/ann", "grant-to-public: everyone has a privilege; "},
    {"it may be handed on", OBJ_TABLE, "acl|+bob=r/ann", "acl|+bob=r*w/ann", "grant-option: bob may hand on privileges; "},
    {"... as before", OBJ_TABLE, "acl|+bob=r*/ann", "acl|+bob=r*w/ann", ""},
    {"... another one", OBJ_TABLE, "acl|+bob=r*/ann", "acl|+bob=r*w*/ann", "grant-option: bob may hand on privileges; "},
    {"... by another", OBJ_TABLE, "acl|+bob=r*/ann", "acl|+cy=r*/ann", "grant-option: cy may hand on privileges; "},
    {"row security is switched off", OBJ_TABLE, "row_security|on", "owner|ann", "row-security-off: row security is off; "},
    {"... where it binds the owner", OBJ_TABLE, "row_security|forced", "row_security|forced but off", "row-security-off: row security is off; "},
    {"... and does so no more", OBJ_TABLE, "row_security|forced", "owner|ann", "row-security-off: row security is off; "},
    {"it binds the owner no more", OBJ_TABLE, "row_security|forced", "row_security|on", "row-security-off: row security no longer binds the owner; "},
    {"... where it is off", OBJ_TABLE, "row_security|forced but off", "owner|ann", "row-security-off: row security no longer binds the owner; "},
    {"it is switched on", OBJ_TABLE, "owner|ann", "row_security|on", ""},
    {"... again", OBJ_TABLE, "row_security|forced but off", "row_security|forced", ""},
    {"a policy is gone", OBJ_TABLE, "policy p|permissive all to public using " OTHER, "owner|ann", "policy-dropped: policy p is gone; "},
    {"... with its table", OBJ_TABLE, "policy p|permissive all to public using " OTHER "\nrow_security|on", NULL, ""},
    {"a policy lets everything through", OBJ_TABLE, "owner|ann", "policy p|permissive all to public using " TRUE_TEXT, "policy-open: policy p lets everything through; "},
    {"... what is written", OBJ_TABLE, "policy p|permissive all to public using " OTHER, "policy p|permissive all to public using " OTHER " check " TRUE_TEXT, "policy-open: policy p lets everything through; "},
    {"... as before, to others", OBJ_TABLE, "policy p|permissive all to bob using " TRUE_TEXT, "policy p|permissive all to public using " TRUE_TEXT, "policy-changed: policy p binds others or otherwise; "},
    {"a policy restricts no more", OBJ_TABLE, "policy p|restrictive all to public using " OTHER, "policy p|permissive all to public using " OTHER, "policy-open: policy p restricts no more; "},
    {"a policy is new", OBJ_TABLE, "owner|ann", "policy p|permissive all to public using " OTHER, ""},
    {"a role becomes strong", OBJ_ROLE, "attributes|nosuperuser nobypassrls nologin", "attributes|superuser bypassrls nologin", "privileged-role: it has superuser; privileged-role: it has bypassrls; "},
    {"... is so from the start", OBJ_ROLE, NULL, "attributes|nosuperuser createrole login", "privileged-role: it has createrole; login-role: it may log in; "},
    {"... may log in as before", OBJ_ROLE, "attributes|login", "attributes|login inherit", ""},
    {"... may hand on a membership", OBJ_ROLE, "member of app|plain by ann", "member of app|admin by ann", "grant-option: it may hand on being member of app; "},
    {"... is a member", OBJ_ROLE, NULL, "member of app|plain by ann", ""},
    {"... may hand on no more", OBJ_ROLE, "member of app|admin by ann", "owner|none", ""},
    {"what cannot be read says nothing", OBJ_ROLE, "attributes|login", "attributes|" FACET_HIDDEN, ""},
    {"everyone may call what runs as its owner", OBJ_FUNCTION, NULL, "attributes|function language sql security definer cost 100", "security-definer-public: everyone may call it, and it runs as its owner; "},
    {"... who may not", OBJ_FUNCTION, NULL, CLOSED, ""},
    {"... may now", OBJ_FUNCTION, CLOSED, "attributes|function language sql security definer cost 100", "grant-to-public: everyone has a privilege; security-definer-public: everyone may call it, and it runs as its owner; "},
    {"... could before", OBJ_FUNCTION, "attributes|function security definer cost 1", "attributes|function security definer cost 2", ""},
    {"a function that runs as whoever calls it", OBJ_FUNCTION, NULL, "attributes|function language sql cost 100", ""},
    {"a view reads as its owner", OBJ_VIEW, "options|security_invoker=true", "owner|ann", "view-over-policies: it reads as its owner; "},
    {"... says so", OBJ_VIEW, "options|security_barrier=true, security_invoker=on", "options|security_invoker=false", "view-over-policies: it reads as its owner; "},
    {"... in other words not", OBJ_VIEW, "options|security_invoker=yes", "options|security_invoker=1", ""},
    {"a server elsewhere", OBJ_FOREIGN_SERVER, NULL, "wrapper|files", "foreign-server: it connects the database with another; "},
    {"... as it was", OBJ_FOREIGN_SERVER, "wrapper|files", "wrapper|files\noptions|host=x", ""},
    {"who somebody is there", OBJ_USER_MAPPING, NULL, "options|user=x", "foreign-server: it connects the database with another; "},
    {"what leads there", OBJ_FOREIGN_DATA_WRAPPER, NULL, "handler|none", "foreign-server: it connects the database with another; "},
};
/* clang-format on */
enum { N = sizeof cases / sizeof *cases };

static struct catalog_object *made(enum object_kind kind, const char *text)
{
    struct catalog_object *o = ARENA_NEW(&arena, struct catalog_object);
    *o = (struct catalog_object){.object = {kind, "app", "x", NULL}};
    o->facets = ARENA_ARRAY(&arena, struct facet, 8);
    for (const char *at = text; at[0] != '\0';) {
        size_t n = strcspn(at, "\n");
        size_t name = strcspn(at, "|");
        o->facets[o->n_facets++] =
            (struct facet){.name = arena_strndup(&arena, at, name),
                           .value = arena_strndup(&arena, at + name + 1, n - name - 1)};
        at += n + (at[n] == '\n');
    }
    return o;
}

static const char *found(enum object_kind kind, const char *was, const char *now)
{
    struct change c = {was != NULL ? made(kind, was) : NULL, now != NULL ? made(kind, now) : NULL};
    struct reductions all = {0};
    const char *text = "";
    posture_reduced(&arena, &c, &all);
    for (size_t i = 0; i < all.n; i++) {
        text = arena_printf(&arena, "%s%s: %s; ", text, all.v[i].rule, all.v[i].text);
    }
    return text;
}

int main(void)
{
    tap_plan(N);
    for (size_t i = 0; i < N; i++) {
        is_str(found(cases[i].kind, cases[i].was, cases[i].now), cases[i].found, cases[i].name);
    }
    arena_release(&arena);
    return tap_done();
}
