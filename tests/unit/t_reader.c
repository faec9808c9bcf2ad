/* layer: data
 * Readers: what they take, what they refuse and where; whole, and one byte at a time. */
#include "data/reader.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/ewkb.h"
#include "tap.h"

static int folder;
static char folder_path[] = "/tmp/kfmig-reader-XXXXXX";

static void put_file(const char *name, const char *text, size_t n)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, n) != (ssize_t)n || close(fd) != 0) {
        err_bug(__FILE__, __LINE__, "cannot write the test's file");
    }
}

/* Type, dimensions and first coordinates of EWKB, short enough for a table. */
static void show_geometry(struct buf *out, const struct value *v)
{
    const unsigned char *p = (const unsigned char *)v->text.p;
    buf_printf(out, "G%d/%zu:", v->type, v->text.n);
    for (int i = 4; i >= 1; i--) {
        buf_printf(out, "%02x", p[i]);
    }
}

static void show(struct buf *out, const struct record *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct value *v = &r->v[i];
        buf_puts(out, i > 0 ? "," : "");
        switch (v->kind) {
        case VALUE_ABSENT:
            buf_puts(out, "-");
            break;
        case VALUE_NULL:
            buf_puts(out, "null");
            break;
        case VALUE_GEOMETRY:
            show_geometry(out, v);
            break;
        case VALUE_TEXT:
        case VALUE_NUMBER:
        case VALUE_BOOL:
        case VALUE_JSON:
            buf_printf(out, "%c:", "??tnbj?"[v->kind]);
            buf_add(out, v->text.p, v->text.n);
            break;
        }
    }
    buf_puts(out, ";");
}

static struct err last;

/* All records, then the error's message, if there is one; the error is in last. */
static const char *read_all(enum data_format f, const char *text, size_t n, size_t chunk,
                            const struct wanted_value *w, size_t n_wanted,
                            const struct geometry_rules *rules, struct buf *out)
{
    struct source s;
    struct err e = {0};
    struct record r;
    int rc = -1;
    buf_clear(out);
    put_file("data", text, n);
    if (source_open(&s, folder, "data", &e) != 0) {
        buf_printf(out, "E %s", e.msg);
        return buf_str(out);
    }
    source_chunk(&s, chunk);
    struct reader *reader = reader_open(f, &s, w, n_wanted, rules);
    while ((rc = reader_next(reader, &r, &e)) > 0) {
        show(out, &r, n_wanted);
    }
    if (rc < 0) {
        buf_printf(out, "E %s", e.msg);
    }
    reader_close(reader);
    source_close(&s);
    last = e;
    return buf_str(out);
}

static const struct wanted_value wanted[] = {{.path = "properties.id"},
                                             {.path = "geometry", .as_geometry = true}};
static const struct geometry_rules plain = {.srid = 4326};

#define EMPTY(word)                                                                                \
    "the geometry is empty (" word " EMPTY): the source's `empty:` says if it is taken"
#define FC(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"
#define FEATURE(id, geometry)                                                                      \
    "{\"type\":\"Feature\",\"properties\":{\"id\":" id "},\"geometry\":" geometry "}"
#define POINT "{\"type\":\"Point\",\"coordinates\":[1,2]}"
#define RING "[[0,0],[4,0],[4,4],[0,0]]"
#define HOLE "[[1,0.5],[2,1.5],[2,0.5],[1,0.5]]"
#define GEOMETRY(type, coordinates) "{\"type\":\"" type "\",\"coordinates\":" coordinates "}"

static const struct {
    const char *name, *text, *want;
} geojson[] = {
    {"empty collection", FC(""), ""},
    {"a point", FC(FEATURE("\"a\"", POINT)), "t:a,G1/25:20000001;"},
    {"Z", FC(FEATURE("1", GEOMETRY("Point", "[1,2,3]"))), "n:1,G1/33:a0000001;"},
    {"ZM", FC(FEATURE("1", GEOMETRY("Point", "[1,2,3,4]"))), "n:1,G1/33:a0000001;"},
    {"a line", FC(FEATURE("null", GEOMETRY("LineString", "[[1,2],[3,4]]"))),
     "null,G2/45:20000002;"},
    {"a polygon", FC(FEATURE("true", GEOMETRY("Polygon", "[" RING "]"))), "b:true,G3/81:20000003;"},
    {"with a hole", FC(FEATURE("1", GEOMETRY("Polygon", "[" RING "," HOLE "]"))),
     "n:1,G3/149:20000003;"},
    {"points", FC(FEATURE("1", GEOMETRY("MultiPoint", "[[1,2],[3,4]]"))), "n:1,G4/55:20000004;"},
    {"lines", FC(FEATURE("1", GEOMETRY("MultiLineString", "[[[1,2],[3,4]],[[5,6],[7,8]]]"))),
     "n:1,G5/95:20000005;"},
    {"polygons", FC(FEATURE("1", GEOMETRY("MultiPolygon", "[[" RING "],[" RING "," HOLE "]]"))),
     "n:1,G6/235:20000006;"},
    {"a collection",
     FC(FEATURE("1", "{\"type\":\"GeometryCollection\",\"geometries\":[" POINT
                     "," GEOMETRY("LineString", "[[1,2],[3,4]]") "]}")),
     "n:1,G7/75:20000007;"},
    {"a collection in one",
     FC(FEATURE("1",
                "{\"geometries\":[{\"geometries\":[" POINT "],\"type\":\"GeometryCollection\"}],"
                "\"type\":\"GeometryCollection\"}")),
     "n:1,G7/43:20000007;"},
    {"no geometry", FC(FEATURE("1", "null")), "n:1,null;"},
    {"members in any order",
     "{\"bbox\":[1,2],\"features\":[{\"geometry\":{\"coordinates\":[1,2],\"bbox\":[0],\"type\":"
     "\"Point\"},"
     "\"id\":7,\"properties\":{\"x\":{\"id\":9},\"id\":\"b\"},\"type\":\"Feature\"}],\"name\":"
     "\"x\","
     "\"type\":\"FeatureCollection\"}\n",
     "t:b,G1/25:20000001;"},
    {"properties null", FC("{\"type\":\"Feature\",\"properties\":null,\"geometry\":null}"),
     "-,null;"},
    {"escapes", FC(FEATURE("\"a\\u00e9\\n\\\"\\\\\\/\\ud83d\\ude00\"", "null")),
     "t:aé\n\"\\/😀,null;"},
    {"an escaped name",
     FC("{\"type\":\"Feature\",\"propert\\u0069es\":{\"\\u0069d\":3},\"geometry\":null}"),
     "n:3,null;"},
    {"an object", FC(FEATURE("{ \"a\" : [ 1 , \"x,y\" ] }", "null")),
     "j:{\"a\":[1,\"x,y\"]},null;"},
    {"white space",
     " {\r\n\t\"type\" : \"FeatureCollection\" , \"features\" : [ \n" FEATURE(
         " 1 ", " null ") " , " FEATURE("2", "null") " ] } \n",
     "n:1,null;n:2,null;"},
    {"the old crs",
     "{\"type\":\"FeatureCollection\",\"crs\":{\"type\":\"name\",\"properties\":{\"name\":"
     "\"urn:ogc:def:crs:OGC:1.3:CRS84\"}},\"features\":[]}",
     ""},
    {"another crs",
     "{\"type\":\"FeatureCollection\",\"crs\":{\"type\":\"name\",\"properties\":{\"name\":"
     "\"EPSG:3857\"}},\"features\":[]}",
     "E byte 34, \"crs\": is another coordinate reference system than the catalog's"},
    {"nothing", "", "E byte 0: the file ends too early"},
    {"a byte order mark", "\xEF\xBB\xBF{}",
     "E byte 0: begins with a byte order mark: save it as plain UTF-8"},
    {"a lone feature", FEATURE("1", "null"), "E byte 17, \"type\": is no FeatureCollection"},
    {"no type", "{\"features\":[]}", "E byte 15: the collection has no \"type\""},
    {"no features", "{\"type\":\"FeatureCollection\"}",
     "E byte 28: the collection has no \"features\""},
    {"bytes behind", FC("") "x", "E byte 42: bytes follow the collection"},
    {"no feature", FC("{\"type\":\"Point\"}"), "E byte 55, record 1, \"type\": is no Feature"},
    {"no comma", FC(FEATURE("1", "null") FEATURE("2", "null")),
     "n:1,null;E byte 96, record 1: a comma or ] is missing between features"},
    {"a name twice",
     FC("{\"type\":\"Feature\",\"properties\":{\"id\":1,\"id\":2},\"geometry\":null}"),
     "E byte 83, record 1: a member stands twice in an object"},
    {"features twice", "{\"type\":\"FeatureCollection\",\"features\":[],\"features\":[]}",
     "E byte 52: a member stands twice in an object"},
    {"an open ring", FC(FEATURE("1", GEOMETRY("Polygon", "[[[0,0],[4,0],[4,4],[0,1]]]"))),
     "E byte 91, record 1: a ring is not closed"},
    {"a short ring", FC(FEATURE("1", GEOMETRY("Polygon", "[[[0,0],[4,0],[0,0]]]"))),
     "E byte 91, record 1: a ring has fewer than 4 positions"},
    {"clockwise", FC(FEATURE("1", GEOMETRY("Polygon", "[[[0,0],[4,4],[4,0],[0,0]]]"))),
     "E byte 91, record 1: an exterior ring is not counterclockwise (RFC 7946 section 3.1.6)"},
    {"a hole the wrong way",
     FC(FEATURE("1", GEOMETRY("Polygon", "[" RING ",[[1,0.5],[2,0.5],[2,1.5],[1,0.5]]]"))),
     "E byte 91, record 1: a hole is not clockwise (RFC 7946 section 3.1.6)"},
    {"no area", FC(FEATURE("1", GEOMETRY("Polygon", "[[[0,0],[1,1],[2,2],[0,0]]]"))),
     "E byte 91, record 1: a ring has no area"},
    {"empty coordinates", FC(FEATURE("1", GEOMETRY("Point", "[]"))),
     "E byte 91, record 1: " EMPTY("POINT")},
    {"an empty collection of geometries",
     FC(FEATURE("1", "{\"type\":\"GeometryCollection\",\"geometries\":[]}")),
     "E byte 91, record 1: " EMPTY("GEOMETRYCOLLECTION")},
    {"one number", FC(FEATURE("1", GEOMETRY("Point", "[1]"))),
     "E byte 124, record 1: a position has fewer than 2 numbers"},
    {"five numbers", FC(FEATURE("1", GEOMETRY("Point", "[1,2,3,4,5]"))), "n:1,G1/33:a0000001;"},
    {"three numbers and four", FC(FEATURE("1", GEOMETRY("LineString", "[[1,2,3],[3,4,5,6]]"))),
     "n:1,G2/61:a0000002;"},
    {"four numbers and two", FC(FEATURE("1", GEOMETRY("LineString", "[[1,2,3,4],[3,4]]"))),
     "E byte 142, record 1: positions of one geometry have different dimensions"},
    {"three numbers, then two", FC(FEATURE("1", GEOMETRY("LineString", "[[1,2,3],[3,4]]"))),
     "E byte 140, record 1: positions of one geometry have different dimensions"},
    {"Z in a collection in one",
     FC(FEATURE("1",
                "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":"
                "\"GeometryCollection\",\"geometries\":[" GEOMETRY("Point", "[1,2,3]") "]}]}")),
     "n:1,G7/51:a0000007;"},
    {"Z beside a collection without",
     FC(FEATURE("1", "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":"
                     "\"GeometryCollection\",\"geometries\":[" POINT
                     "]}," GEOMETRY("Point", "[1,2,3]") "]}")),
     "E byte 254, record 1: geometries of one collection have different dimensions"},
    {"mixed dimensions", FC(FEATURE("1", GEOMETRY("LineString", "[[1,2],[3,4,5]]"))),
     "E byte 140, record 1: positions of one geometry have different dimensions"},
    {"uneven", FC(FEATURE("1", GEOMETRY("LineString", "[[1,2],[[3,4]]]"))),
     "E byte 135, record 1: coordinates are nested unevenly"},
    {"another depth", FC(FEATURE("1", GEOMETRY("Point", "[[1,2]]"))),
     "E byte 91, record 1: the coordinates are not nested as the geometry's type wants"},
    {"no such type", FC(FEATURE("1", GEOMETRY("Circle", "[1,2]"))),
     "E byte 107, record 1: \"type\" names no geometry"},
    {"a geometry without type", FC(FEATURE("1", "{\"coordinates\":[1,2]}")),
     "E byte 91, record 1: the geometry has no \"type\""},
    {"a geometry of text", FC(FEATURE("1", "\"POINT(1 2)\"")),
     "E byte 91, record 1, \"geometry\": is no geometry"},
    {"out of range", FC(FEATURE("1", GEOMETRY("Point", "[181,2]"))),
     "E byte 91, record 1: a position is no longitude and latitude"},
    {"too large", FC(FEATURE("1", GEOMETRY("Point", "[1e999,2]"))),
     "E byte 122, record 1: is no number, or too large for one"},
    {"NaN", FC(FEATURE("1", GEOMETRY("Point", "[NaN,2]"))),
     "E byte 122, record 1: is no coordinate"},
    {"a number that begins with 0", FC(FEATURE("01", "null")),
     "E byte 77, record 1: is no number, or too large for one"},
    {"a plus", FC(FEATURE("+1", "null")),
     "E byte 77, record 1: is no number, or too large for one"},
    {"no fraction", FC(FEATURE("1.", "null")),
     "E byte 77, record 1: is no number, or too large for one"},
    {"a control character", FC(FEATURE("\"a\tb\"", "null")),
     "E byte 79, record 1: a control character stands in a string"},
    {"no UTF-8", FC(FEATURE("\"a\xff\"", "null")), "E byte 79, record 1: is no UTF-8"},
    {"a lone surrogate", FC(FEATURE("\"\\ud83d\"", "null")),
     "E byte 78, record 1: an escape in a string is wrong"},
    {"a NUL", FC(FEATURE("\"\\u0000\"", "null")),
     "E byte 78, record 1: an escape in a string is wrong"},
    {"a bidirectional control", FC(FEATURE("\"\\u202e\"", "null")),
     "E byte 77, record 1: bidirectional control character in a string"},
    {"a wrong word", FC(FEATURE("nul", "null")), "E byte 77, record 1: is no value of JSON"},
};

static const struct {
    const char *name, *text, *want;
} lines[] = {
    {"nothing", "", ""},
    {"two", "{\"properties\":{\"id\":1}}\n{\"properties\":{\"id\":2}}", "n:1,-;n:2,-;"},
    {"CR LF and empty lines", "\r\n{\"properties\":{\"id\":1}}\r\n\r\n{\"geometry\":" POINT "}\r\n",
     "n:1,-;-,G1/25:20000001;"},
    {"record separators", "\x1e{\"properties\":{\"id\":1}}\n\x1e{}\n", "n:1,-;-,-;"},
    {"two in a line", "{} {}", "-,-;E byte 3, record 1: a line holds more than one record"},
    {"no object", "[1]\n", "E byte 0: a record is no object"},
    {"cut", "{\"properties\":{\"id\":1}}\n{\"prop",
     "n:1,-;E byte 25, record 2: a string does not end"},
};

static const struct wanted_value columns[] = {
    {.path = "id"}, {.path = "name"}, {.point_x = "x", .point_y = "y"}};
static const struct {
    const char *name, *text, *want;
} csv[] = {
    {"nothing", "", "E byte 0: the file is empty: a header line is needed"},
    {"only a header", "id,name,x,y\n", ""},
    {"a record", "id,name,x,y\n1,a,2,3\n", "t:1,t:a,G1/25:20000001;"},
    {"no last line end", "id,name,x,y\r\n1,a,2,3", "t:1,t:a,G1/25:20000001;"},
    {"quotes", "id,name,x,y\n1,\"a \"\"b\"\", c\nd\",,\n", "t:1,t:a \"b\", c\nd,null;"},
    {"null and empty", "name,x,y,id\n,,,\n\"\",,,\"\"\n", "null,null,null;t:,t:,null;"},
    {"another order and a column that nobody wants", "y,z,x,name,id\n3,q,2,a,1\n",
     "t:1,t:a,G1/25:20000001;"},
    {"quoted at the end", "id,name,x,y\n1,a,2,\"3\"", "t:1,t:a,G1/25:20000001;"},
    {"too many fields", "id,name,x,y\n1,a,2,3,4\n",
     "E byte 22, record 1: the record has more fields than the header"},
    {"too few fields", "id,name,x,y\n1,a,2\n",
     "E byte 18, record 1: the record has fewer fields than the header"},
    {"a column twice", "id,id,x,y\n", "E byte 6, \"id\": stands in the header twice"},
    {"no such column", "id,x,y\n", "E byte 7, \"name\": the header has no such column"},
    {"a byte order mark", "\xEF\xBB\xBFid\n",
     "E byte 0: begins with a byte order mark, or no name in ASCII: save it as plain UTF-8"},
    {"an open quote", "id,name,x,y\n\"1", "E byte 14, record 1: a quoted field does not end"},
    {"text behind a quote", "id,name,x,y\n\"1\"2,a,2,3\n",
     "E byte 15, record 1: text follows a quoted field"},
    {"a quote inside", "id,name,x,y\n1\"2,a,2,3\n",
     "E byte 13, record 1: a quote stands inside a field that is not quoted"},
    {"no number", "id,name,x,y\n1,a,west,3\n", "E byte 16, record 1, \"x\": is no number"},
    {"half a point", "id,name,x,y\n1,a,2,\n", "E byte 18, record 1, \"x\": is no number"},
    {"no UTF-8", "id,name,x,y\n1,\xff,2,3\n", "E byte 14, record 1: byte that is not UTF-8"},
};

static const struct {
    const char *text;
    double want;
} numbers[] = {{"0", 0},
               {"-0", -0.0},
               {"1.5", 1.5},
               {"-97.35827", -97.35827},
               {"0.1", 0.1},
               {"38.123456789012345", 38.123456789012345},
               {"-102.04199999999997", -102.04199999999997},
               {"9007199254740993", 9007199254740993.0},
               {"1e22", 1e22},
               {"1e23", 1e23},
               {"5e-324", 5e-324},
               {"2.2250738585072011e-308", 2.2250738585072011e-308},
               {"1.7976931348623157e308", 1.7976931348623157e308},
               {"123456789012345678901234567890", 123456789012345678901234567890.0},
               {"0.000001", 0.000001},
               {"1E+2", 100},
               {"3.0000000000000004", 3.0000000000000004}};

const char *number_read(const char *p, double *out);

#define COUNT(v) (sizeof(v) / sizeof *(v))

static void check(enum data_format f, const char *name, const char *text, const char *want,
                  const struct wanted_value *w, size_t n)
{
    struct buf out = {0};
    is_str(read_all(f, text, strlen(text), SOURCE_CHUNK, w, n, &plain, &out), want, name);
    is_str(read_all(f, text, strlen(text), 1, w, n, &plain, &out), want, "the same byte by byte");
    buf_release(&out);
}

/* A good file cut anywhere is refused. */
static int check_truncation(void)
{
    static const char good[] = FC(FEATURE(
        "\"a\\n\"", GEOMETRY("MultiPolygon", "[[" RING "]]")) "," FEATURE("-1.5e3", "null"));
    struct buf out = {0};
    int n = 0;
    for (size_t i = 0; i < sizeof good - 1; i++) {
        const char *got =
            read_all(FORMAT_GEOJSON, good, i, SOURCE_CHUNK, wanted, COUNT(wanted), &plain, &out);
        n += strstr(got, "E ") == NULL ? 1 : 0;
    }
    buf_release(&out);
    return n;
}

static void check_numbers(void)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        double v = 99;
        const char *end = number_read(numbers[i].text, &v);
        ok(end != NULL && *end == '\0' && memcmp(&v, &numbers[i].want, sizeof v) == 0,
           numbers[i].text);
    }
    int n = 0;
    unsigned seed = (unsigned)(tap_seed() >> 32);
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double v;
        double want = ((double)rand_r(&seed) / RAND_MAX - 0.5) * 360;
        (void)snprintf(text, sizeof text, "%.*g", 12 + i % 8, want);
        want = strtod(text, NULL);
        n += number_read(text, &v) == NULL || v != want ? 1 : 0;
    }
    is_int(n, 0, "200,000 numbers as strtod() reads them");
}

/* What the text gives in one piece, if it gives the same byte by byte; else "". */
static const char *either_way(const char *text, struct buf *out)
{
    struct buf slow = {0};
    const char *want = read_all(FORMAT_NDJSON, text, strlen(text), 1, wanted, 1, &plain, &slow);
    const char *got =
        read_all(FORMAT_NDJSON, text, strlen(text), SOURCE_CHUNK, wanted, 1, &plain, out);
    bool same = strcmp(got, want) == 0;
    buf_release(&slow);
    return same ? got : "";
}

/* Strings are looked at eight bytes at a time: what is special may be any of them. */
static void check_strings(void)
{
    static const struct {
        const char *written, *want; /* NULL: refused */
    } special[] = {
        {"", ""},   {"\\n", "\n"},  {"\\\"", "\""}, {"\\\\", "\\"}, {"\xC3\xA9", "\xC3\xA9"},
        {"!", "!"}, {"\x1F", NULL}, {"\x80", NULL}, {"\n", NULL}};
    struct buf out = {0};
    int n_wrong = 0;
    for (size_t i = 0; i < COUNT(special) * 18 * 10; i++) {
        char text[128];
        char want[64];
        int before = (int)(i % 18);
        int after = (int)(i / 18 % 10);
        size_t k = i / 180;
        (void)snprintf(text, sizeof text, "{\"properties\":{\"id\":\"%.*s%s%.*s\"}}", before,
                       "0a1b2c3d4e5f6g7h8i", special[k].written, after, "~ #}]z/_,:");
        (void)snprintf(want, sizeof want, "t:%.*s%s%.*s;", before, "0a1b2c3d4e5f6g7h8i",
                       special[k].want != NULL ? special[k].want : "", after, "~ #}]z/_,:");
        const char *got = either_way(text, &out);
        n_wrong += special[k].want != NULL ? strcmp(got, want) != 0 : strncmp(got, "E ", 2) != 0;
    }
    is_int(n_wrong, 0, "strings with something special anywhere");
    buf_release(&out);
}

/* Short names are compared as they are, long ones by their hash. */
static void check_names(void)
{
    struct buf out = {0};
    int n_wrong = 0;
    for (int n = 0; n <= 20; n++) {
        char text[128];
        const char *name = "abcdefghijklmnopqrstuvwxyz";
        (void)snprintf(text, sizeof text, "{\"%.*s\":1,\"%.*s\":2}", n, name, n, name);
        n_wrong += strstr(either_way(text, &out), "a member stands twice") == NULL;
        (void)snprintf(text, sizeof text, "{\"%.*s\":1,\"%.*s\":2,\"%.*s\":3}", n, name, n + 1,
                       name, n + 1, name + 1);
        n_wrong += strcmp(either_way(text, &out), "-;") != 0;
    }
    is_int(n_wrong, 0, "names of any length");
    buf_release(&out);
}

static void check_rules(void)
{
    static const char polygon[] =
        FC(FEATURE("1", GEOMETRY("Polygon", "[[[0,0],[4,4],[4,0],[0,0]]]")));
    static const char point[] = FC(FEATURE("1", GEOMETRY("Point", "[500000,4e6,9]")));
    struct buf out = {0};
    struct geometry_rules any = {.srid = 4326, .any_ring_order = true, .promote = true};
    struct geometry_rules m = {.srid = 26914, .dims = 3, .is_m = true};
    struct geometry_rules flat = {.srid = 26914, .dims = 2};
    is_str(read_all(FORMAT_GEOJSON, polygon, sizeof polygon - 1, 7, wanted, 2, &any, &out),
           "n:1,G6/90:20000006;", "promoted");
    is_str(read_all(FORMAT_GEOJSON, point, sizeof point - 1, 7, wanted, 2, &m, &out),
           "n:1,G1/33:60000001;", "M");
    is_str(read_all(FORMAT_GEOJSON, point, sizeof point - 1, 7, wanted, 2, &flat, &out),
           "E byte 91, record 1: a position has more numbers than the column's dimensions",
           "two dimensions wanted");
    buf_release(&out);
}

/* The old member "crs", wherever it may stand. */
static void check_crs(void)
{
    static const struct {
        const char *crs;
        bool is_same;
    } systems[] = {
        {"null", true},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:OGC:1.3:CRS84\"}}", true},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:4326\"}}", true},
        {"{ \"type\" : \"name\", \"properties\" : { \"name\" : \"EPSG:4326\" } }", true},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::4326\"}}", true},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG:6.9:4326\"}}", true},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"http://www.opengis.net/def/crs/EPSG/0/"
         "4326\"}}",
         true},
        {"{\"type\":\"EPSG\",\"properties\":{\"code\":4326}}", true},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:4267\"}}", false},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:3857\"}}", false},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:43260\"}}", false},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:14326\"}}", false},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG:4326:\"}}", true},
        {"{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG:6.9:26914\"}}", false},
        {"{\"type\":\"EPSG\",\"properties\":{\"code\":26914}}", false},
        {"{\"type\":\"link\",\"properties\":{\"href\":\"http://example.com/4326\"}}", false},
        {"{}", false},
    };
#define CRS "\"crs\":%s"
    static const struct {
        const char *name, *text;
        enum data_format format;
        bool is_looked_at;
    } places[] = {
        {"before the features", "{\"type\":\"FeatureCollection\"," CRS ",\"features\":[]}",
         FORMAT_GEOJSON, true},
        {"behind the features", "{\"type\":\"FeatureCollection\",\"features\":[]," CRS "}",
         FORMAT_GEOJSON, true},
        {"in a feature", FC("{\"type\":\"Feature\"," CRS ",\"geometry\":" POINT "}"),
         FORMAT_GEOJSON, true},
        {"in a geometry", FC(FEATURE("1", "{\"type\":\"Point\"," CRS ",\"coordinates\":[1,2]}")),
         FORMAT_GEOJSON, true},
        {"in a geometry, at its end",
         FC(FEATURE("1", "{\"type\":\"Point\",\"coordinates\":[1,2]," CRS "}")), FORMAT_GEOJSON,
         true},
        {"in a collection's member",
         FC(FEATURE("1", "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\"," CRS
                         ",\"coordinates\":[1,2]}]}")),
         FORMAT_GEOJSON, true},
        {"in a line's geometry",
         "{\"geometry\":{\"type\":\"Point\"," CRS ",\"coordinates\":[1,2]}}", FORMAT_NDJSON, true},
        {"in a line's feature", "{\"type\":\"Feature\"," CRS ",\"geometry\":" POINT "}",
         FORMAT_NDJSON, true},
        {"among the properties", FC("{\"type\":\"Feature\",\"properties\":{" CRS "}}"),
         FORMAT_GEOJSON, false},
    };
    struct buf out = {0};
    int n_wrong = 0;
    for (size_t i = 0; i < COUNT(places) * COUNT(systems); i++) {
        char text[512];
        bool is_same = systems[i % COUNT(systems)].is_same;
        const char *form = places[i / COUNT(systems)].text;
        const char *at = strstr(form, "%s");
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - form), form,
                       systems[i % COUNT(systems)].crs, at + 2);
        const char *got = read_all(places[i / COUNT(systems)].format, text, strlen(text), 3, wanted,
                                   COUNT(wanted), &plain, &out);
        bool is_refused = strstr(got, "\"crs\": is another coordinate reference system than the "
                                      "catalog's") != NULL;
        bool is_right = is_refused ? !is_same && places[i / COUNT(systems)].is_looked_at
                                   : (is_same || !places[i / COUNT(systems)].is_looked_at) &&
                                         strstr(got, "E ") == NULL;
        n_wrong += is_right ? 0 : 1;
        if (!is_right) {
            printf("# %s: %s\n", text, got);
        }
    }
    is_int(n_wrong, 0, "a crs, 17 of them in 9 places");
    static const char attribute[] = "{\"crs\":\"EPSG:3857\",\"geometry\":" POINT "}";
    is_str(read_all(FORMAT_NDJSON, attribute, sizeof attribute - 1, 7, wanted, 2, &plain, &out),
           "-,G1/25:20000001;", "a line's own attribute of that name");
    static const char other[] = "{\"type\":\"FeatureCollection\",\"crs\":{},\"features\":[]}";
    is_str(read_all(FORMAT_GEOJSON, other, sizeof other - 1, 7, wanted, 1, &plain, &out), "",
           "where no geometry is wanted, nothing hangs on it");
    buf_release(&out);
}

/* Over the antimeridian, in either order of rings; what merely is wide has positions on its way. */
static void check_antimeridian(void)
{
    static const struct {
        const char *name, *type, *coordinates;
        const char *any, *rfc; /* the beginning of what is said; "": taken */
    } shapes[] = {
        {"counterclockwise on the globe", "Polygon",
         "[[[170,0],[-170,0],[-170,1],[170,1],[170,0]]]", "an edge", "an edge"},
        {"clockwise on the globe", "Polygon", "[[[170,0],[170,1],[-170,1],[-170,0],[170,0]]]",
         "an edge", "an edge"},
        {"nearly the world", "Polygon", "[[[-170,-9],[170,-9],[170,9],[-170,9],[-170,-9]]]",
         "an edge", "an edge"},
        {"of several", "MultiPolygon",
         "[[[[0,0],[4,0],[4,4],[0,0]]],[[[170,0],[-170,0],[-170,1],[170,1],[170,0]]]]", "an edge",
         "an edge"},
        {"a hole", "Polygon",
         "[[[-180,-9],[180,-9],[180,9],[-180,9],[-180,-9]],[[170,0],[170,1],[-170,1],[-170,0],[170,"
         "0]]]",
         "an edge", "an edge"},
        {"a line", "LineString", "[[170,0],[-170,0]]", "an edge", "an edge"},
        {"of several lines", "MultiLineString", "[[[0,0],[1,1]],[[170,0],[-170,0]]]", "an edge",
         "an edge"},
        {"cut", "MultiPolygon",
         "[[[[170,0],[180,0],[180,1],[170,1],[170,0]]],[[[-180,0],[-170,0],[-170,1],[-180,1],[-180,"
         "0]]]]",
         "", ""},
        {"the world", "Polygon", "[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]", "", ""},
        {"a band around it", "Polygon", "[[[-180,-56],[180,-56],[180,60],[-180,60],[-180,-56]]]",
         "", ""},
        {"the equator", "LineString", "[[-180,0],[180,0]]", "", ""},
        {"half of it", "LineString", "[[-90,0],[90,0]]", "", ""},
        {"half the world", "Polygon", "[[[-90,-9],[90,-9],[90,9],[-90,9],[-90,-9]]]", "", ""},
        {"nearly the world, with positions between", "Polygon",
         "[[[-170,-9],[0,-9],[170,-9],[170,9],[0,9],[-170,9],[-170,-9]]]", "", ""},
        {"only clockwise", "Polygon", "[[[0,0],[4,4],[4,0],[0,0]]]", "", "an exterior ring"},
    };
    struct geometry_rules any = {.srid = 4326, .any_ring_order = true};
    struct geometry_rules metres = {.srid = 26914};
    struct buf out = {0};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        char text[512];
        (void)snprintf(text, sizeof text, FC(FEATURE("1", GEOMETRY("%s", "%s"))), shapes[i].type,
                       shapes[i].coordinates);
        for (int k = 0; k < 2; k++) {
            const char *want = k == 0 ? shapes[i].any : shapes[i].rfc;
            const char *got = read_all(FORMAT_GEOJSON, text, strlen(text), 99, wanted, 2,
                                       k == 0 ? &any : &plain, &out);
            const char *said = strstr(got, "record 1: ");
            ok(*want == '\0' ? strstr(got, "E ") == NULL
                             : said != NULL && strncmp(said + 10, want, strlen(want)) == 0,
               shapes[i].name);
        }
    }
    static const char far[] = FC(FEATURE("1", GEOMETRY("LineString", "[[0,0],[200,0]]")));
    is_str(read_all(FORMAT_GEOJSON, far, sizeof far - 1, 99, wanted, 2, &metres, &out),
           "n:1,G2/45:20000002;", "metres know no antimeridian");
    buf_release(&out);
}

/* (E)WKB in CSV: what is refused, and why. */
#define LE_POINT "0101000000" ONE TWO
#define ONE "000000000000F03F"
#define TWO "0000000000000040"
static void check_wkb(void)
{
    static const struct geometry_rules any = {.srid = 4326};
    static const struct geometry_rules flat = {.srid = 4326, .dims = 2};
    static const struct geometry_rules with_z = {.srid = 4326, .dims = 3};
    static const struct geometry_rules with_m = {.srid = 4326, .dims = 3, .is_m = true};
    static const char dims[] =
        "E byte 2, record 1: the (E)WKB has other dimensions than the column";
    static const char part[] = "E byte 2, record 1: a part of the (E)WKB has other dimensions";
    static const char ends[] = "E byte 2, record 1: the (E)WKB ends too early";
    static const struct {
        const char *name, *hex, *want;
        const struct geometry_rules *rules;
    } wkb[] = {
        {"a point", LE_POINT, "G1/25:20000001;", &any},
        {"in lower case", "0101000000000000000000f03f0000000000000040", "G1/25:20000001;", &any},
        {"big-endian", "00000000013FF00000000000004000000000000000", "G1/25:20000001;", &any},
        {"its SRID", "0101000020E6100000" ONE TWO, "G1/25:20000001;", &any},
        {"another SRID", "01010000200F270000" ONE TWO,
         "E byte 2, record 1: the (E)WKB has another SRID than the asset", &any},
        {"bytes behind", LE_POINT "00", "E byte 2, record 1: bytes follow the (E)WKB", &any},
        {"a point behind", LE_POINT LE_POINT, "E byte 2, record 1: bytes follow the (E)WKB", &any},
        {"Z", "0101000080" ONE TWO ONE, "G1/33:a0000001;", &any},
        {"M", "0101000040" ONE TWO ONE, "G1/33:60000001;", &any},
        {"ZM", "01010000C0" ONE TWO ONE TWO, "G1/41:e0000001;", &any},
        {"Z as ISO has it", "01E9030000" ONE TWO ONE, "G1/33:a0000001;", &any},
        {"M as ISO has it", "01D1070000" ONE TWO ONE, "G1/33:60000001;", &any},
        {"ZM as ISO has it", "01B90B0000" ONE TWO ONE TWO, "G1/41:e0000001;", &any},
        {"Z where none is wanted", "0101000080" ONE TWO ONE, dims, &flat},
        {"M where none is wanted", "0101000040" ONE TWO ONE, dims, &flat},
        {"Z where M is wanted", "0101000080" ONE TWO ONE, dims, &with_m},
        {"M where Z is wanted", "0101000040" ONE TWO ONE, dims, &with_z},
        {"ZM where Z is wanted", "01010000C0" ONE TWO ONE TWO, dims, &with_z},
        {"none where Z is wanted", LE_POINT, dims, &with_z},
        {"Z where it is wanted", "0101000080" ONE TWO ONE, "G1/33:a0000001;", &with_z},
        {"M where it is wanted", "0101000040" ONE TWO ONE, "G1/33:60000001;", &with_m},
        {"points, one of them with Z", "010400000002000000" LE_POINT "0101000080" ONE TWO ONE, part,
         &any},
        {"points with Z, one without", "0104000080020000000101000080" ONE TWO ONE LE_POINT, part,
         &any},
        {"points with Z, one with M", "0104000080010000000101000040" ONE TWO ONE, part, &any},
        {"a collection with another's dimensions", "0107000000010000000101000080" ONE TWO ONE, part,
         &any},
        {"a collection with Z of one without", "010700008001000000" LE_POINT, part, &any},
        {"a collection with Z", "0107000080010000000101000080" ONE TWO ONE, "G7/42:a0000007;",
         &any},
        {"a part with another SRID",
         "0104000000010000000101000020"
         "0F270000" ONE TWO,
         "E byte 2, record 1: the (E)WKB has another SRID than the asset", &any},
        {"points of lines", "0104000000010000000102000000020000000000",
         "E byte 2, record 1: a part of the (E)WKB is of another type", &any},
        {"byte order 2", "0201000000" ONE TWO, "E byte 2, record 1: the bytes are no (E)WKB", &any},
        {"byte order 2 within", "0104000000010000000201000000" ONE TWO,
         "E byte 2, record 1: the bytes are no (E)WKB", &any},
        {"nothing but a byte", "01", ends, &any},
        {"half a number", "0101000000" ONE "00000000", ends, &any},
        {"more points than bytes", "0104000000FFFFFFFF" LE_POINT, ends, &any},
        {"more positions than bytes", "0102000000FFFFFFFF" ONE TWO, ends, &any},
        {"type 0", "0100000000" ONE TWO,
         "E byte 2, record 1: the (E)WKB has a type that is not known", &any},
        {"a curve", "0108000000" ONE TWO,
         "E byte 2, record 1: the (E)WKB has a type that is not known", &any},
        {"type 4001", "01A10F0000" ONE TWO,
         "E byte 2, record 1: the (E)WKB has a type that is not known", &any},
        {"NaN", "0101000000000000000000F87F" TWO, "E byte 2, record 1: a coordinate is not finite",
         &any},
        {"infinity", "0101000000000000000000F07F" TWO,
         "E byte 2, record 1: a coordinate is not finite", &any},
        {"no points", "010400000000000000", "E byte 2, record 1: " EMPTY("MULTIPOINT"), &any},
        {"an empty collection", "010700000000000000",
         "E byte 2, record 1: " EMPTY("GEOMETRYCOLLECTION"), &any},
        {"an odd digit", LE_POINT "0", "E byte 2, record 1: is no hexadecimal (E)WKB", &any},
        {"no digit", "0101000000" ONE "000000000000004G",
         "E byte 2, record 1: is no hexadecimal (E)WKB", &any},
    };
    static const struct wanted_value g[] = {{.path = "g", .as_geometry = true}};
    struct buf out = {0};
    for (size_t i = 0; i < COUNT(wkb); i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "g\n%s\n", wkb[i].hex);
        is_str(read_all(FORMAT_CSV, text, strlen(text), 5, g, 1, wkb[i].rules, &out), wkb[i].want,
               wkb[i].name);
    }
    buf_release(&out);
}

/* WKT and EWKT in CSV: what is taken, what is refused, and why. */
static void check_wkt(void)
{
    static const struct geometry_rules any = {.srid = 4326};
    static const struct geometry_rules flat = {.srid = 4326, .dims = 2};
    static const struct geometry_rules with_z = {.srid = 4326, .dims = 3};
    static const struct geometry_rules with_m = {.srid = 4326, .dims = 3, .is_m = true};
#define AT "E byte 2, record 1: "
    static const char bad[] = AT "is neither hexadecimal (E)WKB nor WKT";
    static const char dims[] =
        AT "the WKT has other dimensions than the column, or than what it is part of";
    static const char numbers_differ[] =
        AT "a position has other dimensions than the others, or than the column";
    static const struct {
        const char *wkt, *want;
        const struct geometry_rules *rules;
    } texts[] = {
        {"POINT(1 2)", "G1/25:20000001;", &any},
        {" point ( 1.0  2e0 ) ", "G1/25:20000001;", &any},
        {"SRID=4326;POINT(1 2)", "G1/25:20000001;", &any},
        {"SRID=9999;POINT(1 2)", AT "the WKT has another SRID than the asset", &any},
        {"SRID=4326POINT(1 2)", bad, &any},
        {"POINT Z (1 2 3)", "G1/33:a0000001;", &any},
        {"POINTZ(1 2 3)", "G1/33:a0000001;", &any},
        {"POINT(1 2 3)", "G1/33:a0000001;", &any},
        {"POINT M (1 2 3)", "G1/33:60000001;", &any},
        {"POINTM(1 2 3)", "G1/33:60000001;", &with_m},
        {"POINT ZM (1 2 3 4)", "G1/41:e0000001;", &any},
        {"POINT(1 2 3 4)", "G1/41:e0000001;", &any},
        {"POINT Z (1 2)", numbers_differ, &any},
        {"POINT(1 2 3)", numbers_differ, &flat},
        {"POINT(1 2)", numbers_differ, &with_z},
        {"POINT M (1 2 3)", dims, &with_z},
        {"POINT Z (1 2 3)", dims, &with_m},
        {"POINT(1 2 3)", dims, &with_m},
        {"LINESTRING(1 2,3 4)", "G2/45:20000002;", &any},
        {"LINESTRING(1 2,3 4 5)", numbers_differ, &any},
        {"LINESTRING(1 2)", AT "a line has fewer than 2 positions", &any},
        {"LINESTRING(170 0,-170 0)",
         AT "an edge is longer than 180 degrees: what crosses the antimeridian has to be cut there "
            "(RFC 7946 section 3.1.9), and what does not needs a position on its way",
         &any},
        {"POLYGON((0 0,4 0,4 4,0 0))", "G3/81:20000003;", &any},
        {"POLYGON((0 0,4 4,4 0,0 0))", "G3/81:20000003;", &any},
        {"POLYGON((0 0,4 0,4 4,0 0),(1 0.5,2 1.5,2 0.5,1 0.5))", "G3/149:20000003;", &any},
        {"POLYGON((0 0,4 0,4 4,0 1))", AT "a ring is not closed", &any},
        {"POLYGON(0 0,4 0,4 4,0 0)", bad, &any},
        {"MULTIPOINT((1 2),(3 4))", "G4/55:20000004;", &any},
        {"MULTIPOINT(1 2,3 4)", "G4/55:20000004;", &any},
        {"MULTILINESTRING((1 2,3 4),(5 6,7 8))", "G5/95:20000005;", &any},
        {"MULTIPOLYGON(((0 0,4 0,4 4,0 0)),((0 0,4 0,4 4,0 0),(1 0.5,2 1.5,2 0.5,1 0.5)))",
         "G6/235:20000006;", &any},
        {"GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(1 2,3 4))", "G7/75:20000007;", &any},
        {"GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT Z (1 2 3)))", "G7/51:a0000007;", &any},
        {"GEOMETRYCOLLECTION(POINT(1 2),POINT(1 2 3))", numbers_differ, &any},
        {"GEOMETRYCOLLECTION Z (POINT(1 2))", numbers_differ, &any},
        {"POINT(1)", AT "a position has fewer than 2 numbers", &any},
        {"POINT(1 2 3 4 5)", AT "a position has more than 4 numbers", &any},
        {"POINT(1 2,3 4)", AT "a point has more than one position", &any},
        {"POINT(1 x)", bad, &any},
        {"POINT(1 2", bad, &any},
        {"POINT 1 2", bad, &any},
        {"POINT(1 2))", AT "text follows the WKT", &any},
        {"POINT(181 2)", AT "a position is no longitude and latitude", &any},
        {"CIRCULARSTRING(0 0,1 1,2 0)", bad, &any},
        {"POINTS(1 2)", bad, &any},
        {"somewhere", bad, &any},
    };
    static const struct wanted_value g[] = {{.path = "g", .as_geometry = true}};
    struct buf out = {0};
    for (size_t i = 0; i < COUNT(texts); i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "g\n\"%s\"\n", texts[i].wkt);
        is_str(read_all(FORMAT_CSV, text, strlen(text), 5, g, 1, texts[i].rules, &out),
               texts[i].want, texts[i].wkt);
    }
    buf_release(&out);
}

/* Empty geometries as each format writes them; kept: what `empty: keep` gives, NULL: refused in any case, for why. */
#define PART "a part of the geometry is empty"
#define COLLECTION(members) "{\"type\":\"GeometryCollection\",\"geometries\":[" members "]}"
static const struct {
    const char *given, *kept, *why;
    int dims;
} empties[] = {
    {GEOMETRY("Point", "[]"), "G1/25:20000001;", EMPTY("POINT"), 0},
    {GEOMETRY("LineString", "[]"), "G2/13:20000002;", EMPTY("LINESTRING"), 0},
    {GEOMETRY("Polygon", "[]"), "G3/13:20000003;", EMPTY("POLYGON"), 0},
    {GEOMETRY("MultiPoint", "[]"), "G4/13:20000004;", EMPTY("MULTIPOINT"), 0},
    {GEOMETRY("MultiLineString", "[]"), "G5/13:20000005;", EMPTY("MULTILINESTRING"), 0},
    {GEOMETRY("MultiPolygon", "[ ]"), "G6/13:20000006;", EMPTY("MULTIPOLYGON"), 0},
    {"{\"coordinates\":[],\"type\":\"Polygon\"}", "G3/13:20000003;", EMPTY("POLYGON"), 0},
    {COLLECTION(""), "G7/13:20000007;", EMPTY("GEOMETRYCOLLECTION"), 0},
    {GEOMETRY("Point", "[]"), "G1/33:a0000001;", EMPTY("POINT"), 3},
    {GEOMETRY("Polygon", "[]"), "G3/13:e0000003;", EMPTY("POLYGON"), 4},
    {GEOMETRY("Polygon", "[[]]"), NULL, PART, 0},
    {GEOMETRY("MultiPolygon", "[[]]"), NULL, PART, 0},
    {GEOMETRY("MultiPolygon", "[[[]]]"), NULL, PART, 0},
    {GEOMETRY("MultiPoint", "[[1,2],[]]"), NULL, PART, 0},
    {GEOMETRY("MultiLineString", "[[[1,2],[3,4]],[]]"), NULL, PART, 0},
    {COLLECTION(GEOMETRY("Point", "[]")), NULL, PART, 0},
    {COLLECTION(POINT "," GEOMETRY("Polygon", "[]")), NULL, PART, 0},
    {COLLECTION(COLLECTION("")), NULL, PART, 0},
    {COLLECTION(POINT ","), NULL, "a member of \"geometries\" is no geometry", 0},
    {"POINT EMPTY", "G1/25:20000001;", EMPTY("POINT"), 0},
    {"point z empty", "G1/33:a0000001;", EMPTY("POINT"), 0},
    {"POINT M EMPTY", "G1/33:60000001;", EMPTY("POINT"), 0},
    {"POINT ZM EMPTY", "G1/41:e0000001;", EMPTY("POINT"), 0},
    {"POINT EMPTY", "G1/33:a0000001;", EMPTY("POINT"), 3},
    {"SRID=4326;LINESTRING EMPTY", "G2/13:20000002;", EMPTY("LINESTRING"), 0},
    {"POLYGON EMPTY", "G3/13:20000003;", EMPTY("POLYGON"), 0},
    {"MULTIPOINT EMPTY", "G4/13:20000004;", EMPTY("MULTIPOINT"), 0},
    {"MULTILINESTRING EMPTY", "G5/13:20000005;", EMPTY("MULTILINESTRING"), 0},
    {"MULTIPOLYGON EMPTY", "G6/13:20000006;", EMPTY("MULTIPOLYGON"), 0},
    {"GEOMETRYCOLLECTION EMPTY", "G7/13:20000007;", EMPTY("GEOMETRYCOLLECTION"), 0},
    {"POLYGON(EMPTY)", NULL, PART, 0},
    {"MULTIPOINT(1 2,EMPTY)", NULL, PART, 0},
    {"MULTIPOINT(EMPTY)", NULL, PART, 0},
    {"MULTILINESTRING(EMPTY,(1 2,3 4))", NULL, PART, 0},
    {"MULTIPOLYGON(EMPTY)", NULL, PART, 0},
    {"GEOMETRYCOLLECTION(POINT EMPTY)", NULL, PART, 0},
    {"GEOMETRYCOLLECTION(GEOMETRYCOLLECTION EMPTY)", NULL, PART, 0},
    {"POINT EMPTIES", NULL, "is neither hexadecimal (E)WKB nor WKT", 0},
    {"0101000000000000000000F87F000000000000F87F", "G1/25:20000001;", EMPTY("POINT"), 0},
    {"0101000080000000000000F87F000000000000F87F000000000000F8FF", "G1/33:a0000001;",
     EMPTY("POINT"), 0},
    {"0000000001FFF8000000000000FFF8000000000000", "G1/25:20000001;", EMPTY("POINT"), 0},
    {"010200000000000000", "G2/13:20000002;", EMPTY("LINESTRING"), 0},
    {"0103000020E610000000000000", "G3/13:20000003;", EMPTY("POLYGON"), 0},
    {"010400000000000000", "G4/13:20000004;", EMPTY("MULTIPOINT"), 0},
    {"010500000000000000", "G5/13:20000005;", EMPTY("MULTILINESTRING"), 0},
    {"01EE03000000000000", "G6/13:a0000006;", EMPTY("MULTIPOLYGON"), 0},
    {"010700000000000000", "G7/13:20000007;", EMPTY("GEOMETRYCOLLECTION"), 0},
    {"01030000000100000000000000", NULL, PART, 0},
    {"0104000000010000000101000000000000000000F87F000000000000F87F", NULL, PART, 0},
    {"010500000001000000010200000000000000", NULL, PART, 0},
    {"010600000001000000010300000000000000", NULL, PART, 0},
    {"010700000001000000010200000000000000", NULL, PART, 0},
    {"0101000000000000000000F87F0000000000000040", NULL, "a coordinate is not finite", 0},
};

static void check_empty(void)
{
    static const struct wanted_value g[] = {{.path = "g", .as_geometry = true}};
    struct buf out = {0};
    for (size_t i = 0; i < 3 * COUNT(empties); i++) {
        const char *given = empties[i / 3].given;
        const char *kept = empties[i / 3].kept;
        const struct geometry_rules rules = {
            .srid = 4326, .dims = empties[i / 3].dims, .empty = (enum empty_rule)(i % 3)};
        bool is_json = given[0] == '{';
        char text[512];
        (void)snprintf(text, sizeof text, is_json ? "{\"g\":%s}" : "g\n\"%s\"\n", given);
        const char *got = read_all(is_json ? FORMAT_NDJSON : FORMAT_CSV, text, strlen(text), 5, g,
                                   1, &rules, &out);
        if (kept != NULL && rules.empty != EMPTY_REFUSE) {
            is_str(got, rules.empty == EMPTY_KEEP ? kept : "null;", given);
        } else {
            const char *what = strstr(got, ", record 1: ");
            is_str(what != NULL ? what + strlen(", record 1: ") : got, empties[i / 3].why, given);
        }
    }
    buf_release(&out);
}

static void check_formats(void)
{
    enum data_format f;
    ok(data_format_of("application/geo+json", "x", &f) == 0 && f == FORMAT_GEOJSON, "a media type");
    ok(data_format_of("text/csv; charset=utf-8", "x", &f) == 0 && f == FORMAT_CSV,
       "with a parameter");
    ok(data_format_of("application/geo+json+gzip", "x", &f) == 0 && f == FORMAT_GEOJSON,
       "compressed");
    ok(data_format_of(NULL, "a/b.ndjson.zst", &f) == 0 && f == FORMAT_NDJSON, "an ending");
    ok(data_format_of(NULL, "a.shp", &f) != 0, "no reader");
}

/* Where a column is missing, those that are there are named. */
static void check_header(void)
{
    static const struct {
        const char *text, *hint;
    } headers[] = {
        {"id,x,y\n", "the header has 3 columns: \"id\", \"x\", \"y\""},
        {"Id,Name,x,y\n", "the header has 4 columns: \"Id\", \"Name\", \"x\", \"y\""},
        {"id\n", "the header has 1 column: \"id\""},
        {"id;name;x;y\n",
         "the header has one column, \"id;name;x;y\": is the separator \";\"? only commas separate "
         "fields here"},
        {"id\tname\tx\ty\n", "the header has one column, \"id\tname\tx\ty\": is the separator a "
                             "tab? only commas separate fields here"},
        {"id|name\n",
         "the header has one column, \"id|name\": is the separator \"|\"? only commas separate "
         "fields here"},
    };
    struct buf out = {0};
    for (size_t i = 0; i < COUNT(headers); i++) {
        const char *got = read_all(FORMAT_CSV, headers[i].text, strlen(headers[i].text), 3, columns,
                                   COUNT(columns), &plain, &out);
        ok(strstr(got, "the header has no such column") != NULL, headers[i].text);
        is_str(last.hint, headers[i].hint, "what is there");
    }
    struct buf wide = {0};
    for (int i = 0; i < 100000; i++) {
        buf_printf(&wide, "c%d,", i);
    }
    buf_puts(&wide, "id,name,x,y\n");
    is_str(
        read_all(FORMAT_CSV, wide.p, wide.n, SOURCE_CHUNK, columns, COUNT(columns), &plain, &out),
        "", "100,000 columns");
    wide.n -= strlen("id,name,x,y\n");
    buf_puts(&wide, "c9,id,name,x,y\n");
    read_all(FORMAT_CSV, wide.p, wide.n, SOURCE_CHUNK, columns, COUNT(columns), &plain, &out);
    ok(strstr(buf_str(&out), ", \"c9\": stands in the header twice") != NULL, "one of them twice");
    buf_release(&wide);
    buf_release(&out);
}

static void put_le(struct buf *out, uint32_t x, int n)
{
    for (int i = 0; i < n; i++) {
        buf_putc(out, (char)(x >> 8 * i & 0xFF));
    }
}

/* Two stored blocks (RFC 1951, 3.2.4) in a gzip member whose checksum is wrong. */
static void damaged_gzip(struct buf *out, const char *first, const char *second)
{
    static const unsigned char head[] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
    const char *const block[] = {first, second};
    buf_add(out, head, sizeof head);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t n = (uint32_t)strlen(block[i]);
        put_le(out, i, 1);
        put_le(out, n, 2);
        put_le(out, ~n, 2);
        buf_puts(out, block[i]);
    }
    put_le(out, 0, 4);
    put_le(out, (uint32_t)(strlen(first) + strlen(second)), 4);
}

/* Two raw blocks (RFC 8878, 3.1.1.2) and one of the reserved type. */
static void damaged_zstd(struct buf *out, const char *first, const char *second)
{
    static const unsigned char head[] = {0x28, 0xB5, 0x2F, 0xFD, 0, 0x58};
    const char *const block[] = {first, second};
    buf_add(out, head, sizeof head);
    for (int i = 0; i < 2; i++) {
        put_le(out, (uint32_t)strlen(block[i]) << 3, 3);
        buf_puts(out, block[i]);
    }
    put_le(out, 7, 3);
}

static const struct {
    const char *name;
    void (*make)(struct buf *out, const char *first, const char *second);
} damages[] = {{"gzip", damaged_gzip}, {"zstd", damaged_zstd}};

static const struct {
    const char *name, *first, *second;
    enum data_format format;
} cuts[] = {
    {"in an array", "{\"properties\":{\"id\":[", "1]}}\n", FORMAT_NDJSON},
    {"in a number", "{\"properties\":{\"id\":1", "2}}\n", FORMAT_NDJSON},
    {"in a string", "{\"properties\":{\"id\":\"a", "b\"}}\n", FORMAT_NDJSON},
    {"before a value", "{\"properties\":{\"id\":", "1}}\n", FORMAT_NDJSON},
    {"before a line", "{}\n", "{}\n", FORMAT_NDJSON},
    {"between features", "{\"type\":\"FeatureCollection\",\"features\":[",
     "{\"type\":\"Feature\"}]}", FORMAT_GEOJSON},
    {"in coordinates",
     "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"geometry\":{"
     "\"coordinates\":[",
     "1,2],\"type\":\"Point\"}}]}", FORMAT_GEOJSON},
    {"in a field", "id,name,x,y\n1,a,", "2,3\n", FORMAT_CSV},
    {"in a quoted field", "id,name,x,y\n1,\"a", "\",2,3\n", FORMAT_CSV},
    {"behind a quote", "id,name,x,y\n1,\"a\"", ",2,3\n", FORMAT_CSV},
    {"in the header", "id,name,", "x,y\n1,a,2,3\n", FORMAT_CSV},
};

/* What a decoder wrote before it failed is never looked at: no record of it, one error, and the byte behind the window is 0. */
static void check_damage(void)
{
    struct buf packed = {0};
    struct buf out = {0};
    for (size_t i = 0; i < COUNT(damages) * COUNT(cuts); i++) {
        const char *first = cuts[i / 2].first;
        enum data_format f = cuts[i / 2].format;
        buf_clear(&packed);
        damages[i % 2].make(&packed, first, cuts[i / 2].second);
        const char *got =
            read_all(f, packed.p, packed.n, strlen(first), f == FORMAT_CSV ? columns : wanted,
                     f == FORMAT_CSV ? COUNT(columns) : 1, &plain, &out);
        is_str(strcmp(cuts[i / 2].name, "before a line") == 0 && strncmp(got, "-;", 2) == 0
                   ? got + 2
                   : got,
               "E the compressed data is damaged", cuts[i / 2].name);
    }
    for (size_t i = 0; i < COUNT(damages); i++) {
        struct source s;
        struct err e = {0};
        buf_clear(&packed);
        damages[i].make(&packed, "abcd", "efgh");
        put_file("data", packed.p, packed.n);
        ok(source_open(&s, folder, "data", &e) == 0, damages[i].name);
        source_chunk(&s, 4);
        ok(source_more(&s, &e) == 1 && source_more(&s, &e) == -1 && s.end - s.p == 4 && *s.end == 0,
           "behind what is there stands 0, also after damage");
        e = (struct err){0};
        ok(source_more(&s, &e) == -1 && strcmp(e.msg, "the compressed data is damaged") == 0 &&
               s.end - s.p == 4 && *s.end == 0,
           "asked again, it says the same");
        source_close(&s);
    }
    buf_release(&packed);
    buf_release(&out);
}

static void check_refused(void)
{
    struct source s;
    struct err e = {0};
    ok(source_open(&s, folder, "../etc/passwd", &e) != 0, "out of the root");
    ok(source_open(&s, folder, "absent", &e) != 0 && e.code == ERR_CONFIG, "absent");
    ok(symlinkat("data", folder, "link") == 0 && source_open(&s, folder, "link", &e) != 0,
       "a symlink");
    ok(mkdirat(folder, "dir", 0700) == 0 && source_open(&s, folder, "dir", &e) != 0, "a folder");
    ok(mkfifoat(folder, "fifo", 0600) == 0 && source_open(&s, folder, "fifo", &e) != 0, "a FIFO");
}

int main(void)
{
    tap_plan((int)(2 * (COUNT(geojson) + COUNT(lines) + COUNT(csv)) + COUNT(numbers)) + 1 + 1 + 2 +
             3 + 5 + 5 + (int)(COUNT(damages) * (COUNT(cuts) + 3)) + 2 * 6 + 2 + 3 + 2 * 15 + 1 +
             44 + 46 + 3 * (int)COUNT(empties));
    if (mkdtemp(folder_path) == NULL || (folder = open(folder_path, O_RDONLY | O_DIRECTORY)) < 0) {
        return 1;
    }
    for (size_t i = 0; i < COUNT(geojson); i++) {
        check(FORMAT_GEOJSON, geojson[i].name, geojson[i].text, geojson[i].want, wanted,
              COUNT(wanted));
    }
    for (size_t i = 0; i < COUNT(lines); i++) {
        check(FORMAT_NDJSON, lines[i].name, lines[i].text, lines[i].want, wanted, COUNT(wanted));
    }
    for (size_t i = 0; i < COUNT(csv); i++) {
        check(FORMAT_CSV, csv[i].name, csv[i].text, csv[i].want, columns, COUNT(columns));
    }
    is_int(check_truncation(), 0, "cut anywhere, it is refused");
    check_numbers();
    check_strings();
    check_names();
    check_rules();
    check_crs();
    check_antimeridian();
    check_wkb();
    check_wkt();
    check_empty();
    check_formats();
    check_header();
    check_damage();
    check_refused();
    static const char *const made[] = {"data", "link", "fifo"};
    for (size_t i = 0; i < COUNT(made); i++) {
        (void)unlinkat(folder, made[i], 0);
    }
    (void)unlinkat(folder, "dir", AT_REMOVEDIR);
    (void)close(folder);
    (void)rmdir(folder_path);
    return tap_done();
}
