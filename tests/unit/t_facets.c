/* layer: store */
/* Definitions compared facet by facet, what the server's version explains, and lists that say the same in another order. */
#include "store/facets.h"
#include "store/postgis/facet_list.h"
#include "store/postgis/facet_text.h"
#include "tap.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct arena arena;

/* --- what differs ------------------------------------------------------------------------------------ */

static const char *normal_of(struct arena *a, const char *sent)
{
    (void)a;
    return strcmp(sent, "none") == 0 ? NULL : sent;
}

/* now: facets of the object; differs: "facet was now|..." */
static const struct {
    const char *name, *was;
    struct facet now[3];
    size_t n;
    const char *differs;
} compared[] = {
    {"nothing", "", {{"", "", NULL}}, 0, ""},
    {"the same", "acl\tx\nowner\to\n", {{"acl", "x", NULL}, {"owner", "o", NULL}}, 2, ""},
    {"another value", "owner\to\n", {{"owner", "p", NULL}}, 1, "owner o p|"},
    {"one more", "owner\to\n", {{"acl", "x", NULL}, {"owner", "o", NULL}}, 2, "acl - x|"},
    {"one less", "acl\tx\nowner\to\n", {{"owner", "o", NULL}}, 1, "acl x -|"},
    {"all gone", "acl\tx\nowner\to\n", {{"", "", NULL}}, 0, "acl x -|owner o -|"},
    {"other words, one normal form",
     "definition\t" A "\n~definition\tN\n",
     {{"definition", B, "N"}},
     1,
     ""},
    {"other words, other forms",
     "definition\t" A "\n~definition\tN\n",
     {{"definition", B, "M"}},
     1,
     "definition " A " " B "|"},
    {"other words, no form was kept",
     "definition\t" A "\n",
     {{"definition", B, "N"}},
     1,
     "definition " A " " B "|"},
    {"other words, no form now",
     "definition\t" A "\n~definition\tN\n",
     {{"definition", B, "none"}},
     1,
     "definition " A " " B "|"},
    {"the form of another facet",
     "definition\t" A "\n~other\tN\n",
     {{"definition", B, "N"}},
     1,
     "definition " A " " B "|"},
    {"the same words, another form",
     "definition\t" A "\n~definition\tN\n",
     {{"definition", A, "M"}},
     1,
     ""},
    {"who wrote it is no facet", "owner\to\n~written\t12\n", {{"owner", "o", NULL}}, 1, ""},
    {"not readable now", "options\ta=" A "\n", {{"options", FACET_HIDDEN, NULL}}, 1, ""},
    {"not readable then", "options\t" FACET_HIDDEN "\n", {{"options", "a=" A, NULL}}, 1, ""},
    {"a partition's foreign key, which the server named",
     "constraint c1\tFOREIGN KEY (a) REFERENCES p_1 (a) inherited\nconstraint c2\tFOREIGN KEY (a) "
     "REFERENCES p_2 (a) inherited\n",
     {{"constraint c2", "FOREIGN KEY (a) REFERENCES p_1 (a) inherited", NULL},
      {"constraint c_1", "FOREIGN KEY (a) REFERENCES p_2 (a) inherited", NULL}},
     2,
     ""},
    {"a partition's foreign key, one of two gone",
     "constraint c1\tFOREIGN KEY (a) REFERENCES p (a) inherited\nconstraint c2\tFOREIGN KEY (a) "
     "REFERENCES p (a) inherited\n",
     {{"constraint c3", "FOREIGN KEY (a) REFERENCES p (a) inherited", NULL}},
     1,
     "constraint c2 FOREIGN KEY (a) REFERENCES p (a) inherited -|"},
    {"a partition's foreign key, another action",
     "constraint c1\tFOREIGN KEY (a) REFERENCES p (a) inherited\n",
     {{"constraint c1", "FOREIGN KEY (a) REFERENCES p (a) on delete cascade inherited", NULL}},
     1,
     "constraint c1 FOREIGN KEY (a) REFERENCES p (a) inherited FOREIGN KEY (a) REFERENCES p (a) on "
     "delete cascade inherited|"},
    {"a foreign key of its own under another name",
     "constraint c1\tFOREIGN KEY (a) REFERENCES p (a)\n",
     {{"constraint c2", "FOREIGN KEY (a) REFERENCES p (a)", NULL}},
     1,
     "constraint c1 FOREIGN KEY (a) REFERENCES p (a) -|constraint c2 - FOREIGN KEY (a) REFERENCES "
     "p (a)|"},
    {"not readable then, none now", "options\t" FACET_HIDDEN "\n", {{"", "", NULL}}, 0, ""},
};
enum { N_COMPARED = sizeof compared / sizeof *compared };

static const char *differences(const char *was, const struct catalog_object *now)
{
    struct differences d;
    struct buf b = {0};
    facets_compare(&arena, was, now, &d);
    for (size_t i = 0; i < d.n; i++) {
        buf_printf(&b, "%s %s %s|", d.v[i].name, d.v[i].was != NULL ? d.v[i].was : "-",
                   d.v[i].now != NULL ? d.v[i].now : "-");
    }
    const char *text = arena_strdup(&arena, buf_str(&b));
    buf_release(&b);
    return text;
}

static void test_compare(void)
{
    for (int i = 0; i < N_COMPARED; i++) {
        struct catalog_object o = {.facets =
                                       arena_dup(&arena, compared[i].now, sizeof compared[i].now),
                                   .n_facets = compared[i].n,
                                   .normal = normal_of};
        is_str(differences(compared[i].was, &o), compared[i].differs, compared[i].name);
    }
    is_str(differences("owner\to\n", NULL), "owner o -|", "an object that is gone");
    struct facet one = {"definition", B, "N"};
    struct catalog_object old = {.facets = &one, .n_facets = 1};
    is_str(differences("definition\t" A "\n~definition\tN\n", &old), "definition " A " " B "|",
           "format 1 has no forms");
}

/* --- versions ----------------------------------------------------------------------------------------- */

static const struct {
    const char *facet, *was, *now;
    bool by_version;
} versions[] = {
    {"column a", "text default " A, "text default " B, true},
    {"column a", "text default " A, "integer default " B, false},
    {"column a", "text", "text not null", false},
    {"column a", "text default " A, NULL, false},
    {"column_order", "a, b", "b, a", false},
    {"constraint c", "CHECK " A, "CHECK " B, true},
    {"constraint c", "CHECK " A, "CHECK " B " not valid", false},
    {"constraint c", NULL, "NOT NULL (a)", true},
    {"constraint c", "NOT NULL (a)", "NOT NULL (b)", false},
    {"constraint c", NULL, "CHECK " A, false},
    {"constraint c", "FOREIGN KEY (a) REFERENCES b.c (d)", "FOREIGN KEY (a) REFERENCES b.e (d)",
     false},
    {"index i", "btree (a int4_ops) " A, "btree (a int4_ops) " B, true},
    {"index i", "btree (a int4_ops) " A, "btree (b int4_ops) " B, false},
    {"definition", A, B, true},
    {"body", A, B, false},
    {"comment", A, B, false},
    {"owner", "a", "b", false},
    {"policy p", "permissive all to public using " A, "permissive all to public using " B, true},
    {"policy p", "permissive all to public using " A, "permissive all to reader using " B, false},
    {"trigger t", "CREATE TRIGGER t BEFORE", "CREATE TRIGGER t AFTER", true},
    {"trigger t", A, B " disabled", false},
    {"trigger t", NULL, "CREATE TRIGGER t AFTER INSERT ON p disabled inherited", true},
    {"trigger t", NULL, "CREATE TRIGGER t AFTER INSERT ON p", false},
    {"constraint d_not_null", NULL, "NOT NULL", true},
    {"definition", "LATIN1 to UTF8 f(integer)", "LATIN1 to UTF8 f(integer,boolean)", true},
    {"definition", "LATIN1 to UTF8 f(integer)", "LATIN1 to UTF8 g(integer)", false},
    {"definition", "LATIN1 to UTF8 a.f(integer)", "LATIN1 to UTF8 a.f(bigint)", false},
    {"member of g", "plain by none", "plain inherit true set true by o", true},
    {"member of g", NULL, "plain by none", false},
    {"acl", "+r=arwdDxt/o", "+r=arwdDxtm/o", true},
    {"acl", "+r=r/o", "+r=rm*/o, -o=m/o", true},
    {"acl", NULL, "-o=m/o", true},
    {"acl", "+\"m=m\"=r/o", "+\"m=m\"=r/o, +p=m/o", true},
    {"acl", "+r=r/o", "+r=rw/o", false},
    {"acl", NULL, "+m=r/o", false},
    {"for o on tables", "+r=r/o", "+r=rm/o", true},
    {"version", "1.7", "1.8", true},
};
enum { N_VERSIONS = sizeof versions / sizeof *versions };

static void test_versions(void)
{
    for (int i = 0; i < N_VERSIONS; i++) {
        const struct difference d = {versions[i].facet, versions[i].was, versions[i].now};
        ok(facets_by_version(&d) == versions[i].by_version,
           arena_printf(&arena, "%s: %s, then %s", d.name, d.was != NULL ? d.was : "nothing",
                        d.now != NULL ? d.now : "nothing"));
    }
}

/* --- lists -------------------------------------------------------------------------------------------- */

static const struct {
    const char *acl, *by_default, *says;
} privileges[] = {
    {"{o=arwdDxt/o}", "{o=arwdDxt/o}", ""},
    {"{o=arwdDxt/o,r=r/o}", "{o=arwdDxt/o}", "+r=r/o"},
    {"{b=r/o,o=arwdDxt/o,a=w/o}", "{o=arwdDxt/o}", "+a=w/o, +b=r/o"},
    {"{o=arwd/o}", "{o=arwdDxt/o}", "-o=Dxt/o"},
    {"{=X/o,o=X/o}", "{o=X/o,=X/o}", ""},
    {"{o=X/o}", "{=X/o,o=X/o}", "-=X/o"},
    {"{}", "{=X/o,o=X/o}", "-=X/o, -o=X/o"},
    {"{o=r*/o}", "{o=r/o}", "+o=r*/o, -o=r/o"},
    {"{o=r/o,r=r/o,r=r/p}", "{o=r/o}", "+r=r/o, +r=r/p"},
    {"{\"\\\"a=b/\\\"=r/o\"}", "{}", "+\"a=b/\"=r/o"},
    {NULL, "{o=r/o}", "-o=r/o"},
};
enum { N_PRIVILEGES = sizeof privileges / sizeof *privileges };

static const struct {
    const char *options;
    enum list_values how;
    const char *says;
} options[] = {
    {"{b=2,a=1}", LIST_CLEAR, "a=1, b=2"},
    {"{\"a=1, b=2\"}", LIST_CLEAR, "a=1\\, b=2"},
    {"{\"a=\\\\\\\\\"}", LIST_CLEAR, "a=\\\\\\\\"},
    {"{password=secret,user=u}", LIST_SECRET,
     "password=set, user=sha256:0bfe935e70c321c7ca3afc75ce0d0ca2f98b5422e008bb31c00c6d7f1f1c0ad6"},
    {"{SSLKEY=x}", LIST_SECRET, "SSLKEY=set"},
    {"{password_encryption=md5}", LIST_DIGEST, "password_encryption=sha256:"},
    {"{}", LIST_CLEAR, ""},
};
enum { N_OPTIONS = sizeof options / sizeof *options };

static void test_lists(void)
{
    for (int i = 0; i < N_PRIVILEGES; i++) {
        struct buf b = {0};
        list_privileges(&arena, &b, privileges[i].acl, privileges[i].by_default);
        is_str(buf_str(&b), privileges[i].says,
               arena_printf(&arena, "%s, by default %s",
                            privileges[i].acl != NULL ? privileges[i].acl : "NULL",
                            privileges[i].by_default));
        buf_release(&b);
    }
    for (int i = 0; i < N_OPTIONS; i++) {
        struct buf b = {0};
        struct elements e = array_elements(&arena, options[i].options);
        list_options(&b, &e, options[i].how);
        bool good = strncmp(buf_str(&b), options[i].says, strlen(options[i].says)) == 0 &&
                    (options[i].says[0] != '\0' || b.n == 0);
        if (!ok(good, options[i].options)) {
            printf("#  got: %s\n", buf_str(&b));
        }
        buf_release(&b);
    }
}

/* --- marks -------------------------------------------------------------------------------------------- */

#define ABC                                                                                        \
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* FIPS 180-4 */

static const struct {
    const char *sent;
    const char *format1, *format2; /* NULL: the format has no such facet */
} marked[] = {
    {"plain", "plain", "plain"},
    {"a\tb\nc\\", "a\\tb\\nc\\\\", "a\\tb\\nc\\\\"},
    {"x \1dabc\2 y", "x " ABC " y", "x " ABC " y"},
    {"\1dabc\2\1eabc\2", ABC ABC, ABC ABC},
    {"\1"
     "1was",
     "was", NULL},
    {"\1"
     "2now",
     NULL, "now"},
    {"\1"
     "2",
     NULL, ""},
    {"t\1A{\" acl \",\"{o=r/o,r=r/o}\",\"{o=r/o}\"}\2 z", "t acl o=r/o, r=r/o z", "t acl +r=r/o z"},
    {"t\1A{\" acl \",\"{o=r/o}\",\"{o=r/o}\"}\2 z", "t acl o=r/o z", "t z"},
    {"\1A{\"\",\"{o=r/o}\",\"{o=r/o}\"}\2", "o=r/o", NULL},
    {"\1A{\"\",\"{}\",\"{}\"}\2", "none", NULL},
    {"\1o{\"\",\"{b=1,a=2}\"}\2", "a=2, b=1", "a=2, b=1"},
    {"a name with \1 in it", "a name with \1 in it", "a name with \1 in it"},
    {"a name \1dabc", "a name \1dabc", "a name \1dabc"},
};
enum { N_MARKED = sizeof marked / sizeof *marked };

static void test_marks(void)
{
    bool has_sql = true;
    for (int i = 0; i < N_MARKED; i++) {
        is_str(facet_value(&arena, 1, marked[i].sent, NULL), marked[i].format1, "format 1");
        is_str(facet_value(&arena, 2, marked[i].sent, NULL), marked[i].format2, "format 2");
    }
    const char *whole = facet_value(&arena, 2, "\1da\2\2b\2", &has_sql);
    struct digest d = digest_of(bytes_str("a\2b"));
    char text[DIGEST_TEXT];
    is_str(whole, digest_text(&d, text), "an end within a payload stands twice");
    ok(!has_sql, "a text is no SQL");
    (void)facet_value(&arena, 2, "\1en > 1\2", &has_sql);
    ok(has_sql, "an expression is");
    const char *x = facet_normal(&arena, "CHECK \1cCHECK (((a AND b) AND c))\2 no inherit");
    const char *y = facet_normal(&arena, "CHECK \1cCHECK ((a AND b AND c))\2 no inherit");
    ok(x != NULL && y != NULL && strcmp(x, y) == 0 && strncmp(x, "CHECK sha256:", 13) == 0,
       "two texts of one meaning have one normal form");
    ok(facet_normal(&arena, "\1enow()\2") == NULL, "a plain one has none");
    ok(facet_normal(&arena, "\1ea frobnicate AND\2") == NULL, "nor has what no parser knows");
}

int main(void)
{
    tap_plan(N_COMPARED + 2 + N_VERSIONS + N_PRIVILEGES + N_OPTIONS + 2 * N_MARKED + 6);
    test_compare();
    test_versions();
    test_lists();
    test_marks();
    arena_release(&arena);
    return tap_done();
}
