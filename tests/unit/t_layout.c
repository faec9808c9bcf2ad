/* layer: model */
/* What names of files mean in each layout, and in which order their migrations run. */
#include "model/decl.h"
#include "model/layout.h"
#include "tap.h"

#include <string.h>

/* want: "layout id number", with "down" in front of what undoes; "": no layout calls a file so. */
static const struct {
    const char *name, *want;
} names[] = {
    {"20260225_1200__add_widgets_table.up.sql",
     "timestamped 20260225_1200__add_widgets_table 202602251200"},
    {"20260225_1200__add_widgets_table.down.sql",
     "down timestamped 20260225_1200__add_widgets_table 202602251200"},
    {"20260226_0930__backfill.sql", "timestamped 20260226_0930__backfill 202602260930"},
    {"V000123__slug.sql", "versioned V000123__slug 123"},
    {"V1__a.b.sql", "versioned V1__a.b 1"},
    {"U000123__slug.sql", "down versioned V000123__slug 123"},
    {"0000__bootstrap.sql", "numbered 0000__bootstrap 0"},
    {"0050__indexes.sql", "numbered 0050__indexes 50"},
    {"20260225__a.sql", "numbered 20260225__a 20260225"},
    {"down/0050__indexes.down.sql", "down numbered 0050__indexes 50"},
    {"027_add_user_preferences.up.sql", "paired 027_add_user_preferences 27"},
    {"027_add_user_preferences.down.sql", "down paired 027_add_user_preferences 27"},
    {"20060102150405_x.up.sql", "paired 20060102150405_x 20060102150405"},
    {"0001__a.up.sql", "paired 0001__a 1"},
    {"1_a b.up.sql", "paired 1_a b 1"},
    {"down/027_x.down.sql", ""},
    {"down/0050__indexes.sql", ""},
    {"0050__indexes.down.sql", "down paired 0050__indexes 50"},
    {"027_x.sql", ""},
    {"0001.sql", ""},
    {"V__x.sql", ""},
    {"V1_x.sql", ""},
    {"v1__x.sql", ""},
    {"0000__.sql", ""},
    {"20260225_12__a.sql", ""},
    {"20260225_120000__a.sql", ""},
    {"1234567890123456789__a.sql", ""},
    {"0001__a.SQL", ""},
    {"0001__a.sql.bak", ""},
    {"sub/0001__a.sql", ""},
    {"README.md", ""},
    {"", ""},
};

static void test_names(void)
{
    struct arena a = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct layout_name n;
        const char *got = "";
        if (layout_name_parse(&a, names[i].name, &n)) {
            got = arena_printf(&a, "%s%s %s %llu", n.is_down ? "down " : "",
                               layout_row(n.layout)->name, n.id, (unsigned long long)n.number);
        }
        is_str(got, names[i].want, names[i].name);
    }
    arena_release(&a);
}

static const char *const ways[][4] = {
    {"timestamped", "20260225_1200__a", "20260225_1200__a.up.sql", "20260225_1200__a.down.sql"},
    {"versioned", "V000123__a", "V000123__a.sql", "U000123__a.sql"},
    {"numbered", "0010__a", "0010__a.sql", "down/0010__a.down.sql"},
    {"paired", "027_a", "027_a.up.sql", "027_a.down.sql"},
};

/* Whoever writes a file by its id finds it again by its name. */
static void test_ways(void)
{
    struct arena a = {0};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct layout_name n;
        enum layout l = layout_parse(ways[i][0]);
        is_str(layout_up(&a, l, ways[i][1]), ways[i][2], ways[i][0]);
        is_str(layout_down(&a, l, ways[i][1]), ways[i][3], "and what undoes it");
        ok(layout_name_parse(&a, ways[i][3], &n) && n.is_down && n.layout == l &&
               strcmp(n.id, ways[i][1]) == 0 && strcmp(n.slug, "a") == 0,
           "is read as that");
    }
    for (int l = 0; l < LAYOUT_BUNDLE; l++) {
        struct layout_name n;
        ok(layout_name_parse(&a, layout_row((enum layout)l)->example, &n) && (int)n.layout == l,
           "an example is what it is an example of");
    }
    is_int(layout_parse("flat"), LAYOUT_COUNT, "no layout has another name");
    arena_release(&a);
}

static const struct {
    const char *name;
    bool is_near;
} near[] = {{"0001.sql", true},   {"027_x.sql", true},   {"V1_x.sql", true}, {"R__view.sql", true},
            {"U7.sql", true},     {"schema.sql", false}, {"Vx.sql", false},  {"7.txt", false},
            {"README.md", false}, {".sql", false}};

static void test_near(void)
{
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        is_int(layout_is_near(near[i].name), near[i].is_near, near[i].name);
    }
}

static void test_order(void)
{
    const struct bundle v[] = {{.id = "9_b", .file = "9_b.up.sql", .number = 9},
                               {.id = "010__a", .file = "010__a.sql", .number = 10},
                               {.id = "V11__a", .file = "V11__a.sql", .number = 11},
                               {.id = "V11__b", .file = "V11__b.sql", .number = 11},
                               {.id = "20260225_1200__a", .file = "f", .number = 202602251200},
                               {.id = "A-1"},
                               {.id = "PG-MIG-2026-02-28-01"}};
    bool good = true;
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        for (size_t k = 0; k < sizeof v / sizeof *v; k++) {
            int c = bundle_compare(&v[i], &v[k]);
            good = good && (i < k ? c < 0 : i > k ? c > 0 : c == 0);
        }
    }
    ok(good, "flat ones by number, whatever their layout, then bundles by id");
}

int main(void)
{
    tap_plan((int)(sizeof names / sizeof *names + 3 * (sizeof ways / sizeof *ways) + LAYOUT_BUNDLE +
                   1 + sizeof near / sizeof *near + 1));
    test_names();
    test_ways();
    test_near();
    test_order();
    return tap_done();
}
