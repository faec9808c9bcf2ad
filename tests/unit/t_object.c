/* Object names and their text form. */
#include <string.h>

#include "model/object.h"
#include "tap.h"

struct text_case {
    struct object object;
    const char *want;
};

static const struct text_case texts[] = {
    {{OBJ_TABLE, "kfm_ref", "county", NULL}, "table kfm_ref.county"},
    {{OBJ_TABLE, "", "county", NULL}, "table county"},
    {{OBJ_SCHEMA, "", "kfm_ref", NULL}, "schema kfm_ref"},
    {{OBJ_ROLE, "", "kfm_reader", NULL}, "role kfm_reader"},
    {{OBJ_MATVIEW, "Kfm", "a b", NULL}, "materialized_view \"Kfm\".\"a b\""},
    {{OBJ_TABLE, "s", "say \"hi\"", NULL}, "table s.\"say \"\"hi\"\"\""},
    {{OBJ_TABLE, "s", "1st", NULL}, "table s.\"1st\""},
    {{OBJ_TABLE, "s", "a.b", NULL}, "table s.\"a.b\""},
    {{OBJ_TABLE, "s", "a$1", NULL}, "table s.a$1"},
    {{OBJ_TABLE, "s", "\xc3\xb6", NULL}, "table s.\"\xc3\xb6\""},
    {{OBJ_FUNCTION, "s", "area_km2(geometry)", NULL}, "function s.area_km2(geometry)"},
    {{OBJ_FUNCTION, "s", "Area(public.geometry, double precision)", NULL},
     "function s.\"Area\"(public.geometry, double precision)"},
    {{OBJ_FUNCTION, "", "f", NULL}, "function f"},
    {{OBJ_TABLE, "s", "f(x)", NULL}, "table s.\"f(x)\""},
    {{OBJ_OPERATOR, "s", "&&", NULL}, "operator s.&&"},
    {{OBJ_CAST, "", "integer AS s.grade", NULL}, "cast integer AS s.grade"},
    {{OBJ_LARGE_OBJECT, "", "12", NULL}, "large_object 12"},
    {{OBJ_PROGRAM, "", "", NULL}, "program"},
    {{OBJ_DEFAULT_PRIVILEGES, "s", "", NULL}, "default_privileges s"},
    {{OBJ_TABLE, "notes", "hello", "toy"}, "toy:table notes.hello"},
    {{OBJ_ROLE, "", "a b", "search"}, "search:role \"a b\""},
};

int main(void)
{
    struct arena a = {0};
    size_t n = sizeof texts / sizeof texts[0];
    enum object_kind k = OBJ_TABLE;
    tap_plan((int)n + OBJ_COUNT + 18);
    for (size_t i = 0; i < n; i++) {
        is_str(object_text(&a, &texts[i].object), texts[i].want, texts[i].want);
    }
    for (unsigned i = 0; i < OBJ_COUNT; i++) {
        const char *text = object_kind_text((enum object_kind)i);
        ok(object_kind_parse(text, &k) == 0 && k == (enum object_kind)i, text);
    }
    k = OBJ_TABLE;
    ok(object_kind_parse("tables", &k) == -1 && k == OBJ_TABLE, "an unknown kind is refused");
    is_str(object_kind_text(OBJ_COUNT), "unknown", "a kind that does not exist");
    ok(object_kind_global(OBJ_COUNT),
       "what does not exist is global, so never allowed by a schema");
    ok(!object_kind_global(OBJ_TABLE), "a table is not global");
    ok(!object_kind_global(OBJ_EXTENSION), "an extension is not global");
    ok(object_kind_global(OBJ_ROLE), "a role is global");
    ok(object_kind_global(OBJ_UNKNOWN), "the unknown is global");
    struct object o = {OBJ_TABLE, "s", "t", NULL}, same = {OBJ_TABLE, "s", "t", NULL};
    ok(object_eq(&o, &same), "equal names are equal");
    ok(!object_eq(&o, &(struct object){OBJ_VIEW, "s", "t", NULL}), "kind counts");
    ok(!object_eq(&o, &(struct object){OBJ_TABLE, "r", "t", NULL}), "schema counts");
    ok(!object_eq(&o, &(struct object){OBJ_TABLE, "s", "u", NULL}), "name counts");
    ok(!object_eq(&o, &(struct object){OBJ_TABLE, "", "t", NULL}), "no schema is not any schema");
    ok(!object_eq(&o, &(struct object){OBJ_TABLE, "s", "T", NULL}), "case counts");
    ok(!object_eq(&o, &(struct object){OBJ_TABLE, "s", "t", "toy"}), "the store counts");
    ok(object_eq(&o, &o), "an object is itself");
    size_t n_store = 0;
    struct object back;
    const char *named = object_store("toy:table notes.\"a:b c\"", &n_store);
    ok(named != NULL && n_store == 3 && strncmp(named, "toy", 3) == 0, "a text names its store");
    ok(object_store("table \"a:b\".c", &n_store) == NULL, "a name with a colon names none");
    ok(object_parse(&a, "toy:table notes.\"a:b c\"", &back) == 0 &&
           object_eq(&back, &(struct object){OBJ_TABLE, "notes", "a:b c", "toy"}),
       "and is read back with it");
    arena_release(&a);
    return tap_done();
}
