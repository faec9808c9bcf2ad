/* Object names and their text form. */
#include "model/object.h"
#include "tap.h"

struct text_case {
    struct object object;
    const char *want;
};

static const struct text_case texts[] = {
    {{OBJ_TABLE, "kfm_ref", "county"}, "table kfm_ref.county"},
    {{OBJ_TABLE, "", "county"}, "table county"},
    {{OBJ_SCHEMA, "", "kfm_ref"}, "schema kfm_ref"},
    {{OBJ_ROLE, "", "kfm_reader"}, "role kfm_reader"},
    {{OBJ_MATVIEW, "Kfm", "a b"}, "materialized_view \"Kfm\".\"a b\""},
    {{OBJ_TABLE, "s", "say \"hi\""}, "table s.\"say \"\"hi\"\"\""},
    {{OBJ_TABLE, "s", "1st"}, "table s.\"1st\""},
    {{OBJ_TABLE, "s", "a.b"}, "table s.\"a.b\""},
    {{OBJ_TABLE, "s", "a$1"}, "table s.a$1"},
    {{OBJ_TABLE, "s", "\xc3\xb6"}, "table s.\"\xc3\xb6\""},
    {{OBJ_FUNCTION, "s", "area_km2(geometry)"}, "function s.area_km2(geometry)"},
    {{OBJ_FUNCTION, "s", "Area(public.geometry, double precision)"},
     "function s.\"Area\"(public.geometry, double precision)"},
    {{OBJ_FUNCTION, "", "f"}, "function f"},
    {{OBJ_TABLE, "s", "f(x)"}, "table s.\"f(x)\""},
    {{OBJ_OPERATOR, "s", "&&"}, "operator s.&&"},
    {{OBJ_CAST, "", "integer AS s.grade"}, "cast integer AS s.grade"},
    {{OBJ_LARGE_OBJECT, "", "12"}, "large_object 12"},
    {{OBJ_PROGRAM, "", ""}, "program"},
    {{OBJ_DEFAULT_PRIVILEGES, "s", ""}, "default_privileges s"},
};

int main(void)
{
    struct arena a = {0};
    size_t n = sizeof texts / sizeof texts[0];
    enum object_kind k = OBJ_TABLE;
    tap_plan((int)n + OBJ_COUNT + 14);
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
    struct object o = {OBJ_TABLE, "s", "t"}, same = {OBJ_TABLE, "s", "t"};
    ok(object_eq(&o, &same), "equal names are equal");
    ok(!object_eq(&o, &(struct object){OBJ_VIEW, "s", "t"}), "kind counts");
    ok(!object_eq(&o, &(struct object){OBJ_TABLE, "r", "t"}), "schema counts");
    ok(!object_eq(&o, &(struct object){OBJ_TABLE, "s", "u"}), "name counts");
    ok(!object_eq(&o, &(struct object){OBJ_TABLE, "", "t"}), "no schema is not any schema");
    ok(!object_eq(&o, &(struct object){OBJ_TABLE, "s", "T"}), "case counts");
    ok(object_eq(&o, &o), "an object is itself");
    arena_release(&a);
    return tap_done();
}
