/* layer: data */
/* Geometries of WKB, WKT and GeoJSON: each refusal by its words, each check of dimensions, SRID and type in both directions, and every place
 * where WKB can end too early. */
#include "data/ewkb.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "data/reader.h"
#include "tap.h"

#define LE "01"
#define POINT "01000000"
#define LINE "02000000"
#define POLYGON "03000000"
#define MULTI_POINT "04000000"
#define MULTI_LINE "05000000"
#define MULTI_POLYGON "06000000"
#define COLLECTION "07000000"
#define N(n) "0" #n "000000"
#define ZERO "0000000000000000"
#define ONE "000000000000F03F"
#define TWO "0000000000000040"
#define NAN_ "000000000000F87F"
#define INF "000000000000F07F"
#define XY ONE TWO
#define UTM "22690000"
#define RING N(4) ZERO ZERO ONE ZERO ZERO ONE ZERO ZERO
#define CLOCKWISE N(4) ZERO ZERO ZERO ONE ONE ZERO ZERO ZERO

enum { ANY, FLAT, Z, M, ZM, DEGREES, PROMOTE, KEEP, KEEP_MULTI };
static const struct geometry_rules rules[] = {
    [ANY] = {.srid = 26914},
    [FLAT] = {.srid = 26914, .dims = 2},
    [Z] = {.srid = 26914, .dims = 3},
    [M] = {.srid = 26914, .dims = 3, .is_m = true},
    [ZM] = {.srid = 26914, .dims = 4, .has_zm = true},
    [DEGREES] = {.srid = 4326},
    [PROMOTE] = {.srid = 26914, .promote = true},
    [KEEP] = {.srid = 26914, .empty = EMPTY_KEEP},
    [KEEP_MULTI] = {.srid = 26914, .empty = EMPTY_KEEP, .promote = true},
};

#define EARLY "the (E)WKB ends too early"
#define COLUMN "the (E)WKB has other dimensions than the column"
#define PART "a part of the (E)WKB has other dimensions"
#define UNKNOWN "the (E)WKB has a type that is not known"
#define SRID "the (E)WKB has another SRID than the asset"
#define POSITION "a position has other dimensions than the others, or than the column"
#define NEITHER "is neither hexadecimal (E)WKB nor WKT"
#define RANGE "a position is no longitude and latitude"
#define WKT_DIMS "the WKT has other dimensions than the column, or than what it is part of"

struct form {
    const char *name;
    int rules;
    const char *text;
    const char *result; /* "TYPE HEADER LENGTH", or what is wrong */
};

/* clang-format off */
static const struct form wkb[] = {
    {"a point", ANY, LE POINT XY, "1 20000001 25"},
    {"a point with the SRID", ANY, LE "01000020" UTM XY, "1 20000001 25"},
    {"a point with another SRID", ANY, LE "01000020" "E6100000" XY, SRID},
    {"a point with a SRID of more", ANY, LE "01000020" "23690000" XY, SRID},
    {"a big-endian point", ANY, "00" "00000001" "3FF0000000000000" "4000000000000000", "1 20000001 25"},
    {"a byte order of 2", ANY, "02" POINT XY, "the bytes are no (E)WKB"},
    {"nothing", ANY, "", EARLY},
    {"bytes behind it", ANY, LE POINT XY "00", "bytes follow the (E)WKB"},
    {"type 0", ANY, LE "00000000", UNKNOWN},
    {"type 8", ANY, LE "08000000", UNKNOWN},
    {"type 4001", ANY, LE "A10F0000" XY, UNKNOWN},
    {"ISO: Z", ANY, LE "E9030000" XY ONE, "1 A0000001 33"},
    {"ISO: M", ANY, LE "D1070000" XY ONE, "1 60000001 33"},
    {"ISO: ZM", ANY, LE "B90B0000" XY XY, "1 E0000001 41"},
    {"flags: Z", ANY, LE "01000080" XY ONE, "1 A0000001 33"},
    {"flags: M", ANY, LE "01000040" XY ONE, "1 60000001 33"},
    {"flags: ZM", ANY, LE "010000C0" XY XY, "1 E0000001 41"},
    {"two numbers into XY", FLAT, LE POINT XY, "1 20000001 25"},
    {"Z into XY", FLAT, LE "01000080" XY ONE, COLUMN},
    {"M into XY", FLAT, LE "01000040" XY ONE, COLUMN},
    {"XY into Z", Z, LE POINT XY, COLUMN},
    {"Z into Z", Z, LE "01000080" XY ONE, "1 A0000001 33"},
    {"M into Z", Z, LE "01000040" XY ONE, COLUMN},
    {"ZM into Z", Z, LE "010000C0" XY XY, COLUMN},
    {"XY into M", M, LE POINT XY, COLUMN},
    {"Z into M", M, LE "01000080" XY ONE, COLUMN},
    {"M into M", M, LE "01000040" XY ONE, "1 60000001 33"},
    {"ZM into M", M, LE "010000C0" XY XY, COLUMN},
    {"Z into ZM", ZM, LE "01000080" XY ONE, COLUMN},
    {"M into ZM", ZM, LE "01000040" XY ONE, COLUMN},
    {"ZM into ZM", ZM, LE "010000C0" XY XY, "1 E0000001 41"},
    {"points", ANY, LE MULTI_POINT N(2) LE POINT XY LE POINT XY, "4 20000004 55"},
    {"points, of which one has Z", ANY, LE MULTI_POINT N(2) LE POINT XY LE "01000080" XY ONE, PART},
    {"points with Z, of which one has none", ANY, LE "04000080" N(2) LE "01000080" XY ONE LE POINT XY, PART},
    {"points with Z, of which one has M", ANY, LE "04000080" N(1) LE "01000040" XY ONE, PART},
    {"points with M, of which one has Z", ANY, LE "04000040" N(1) LE "01000080" XY ONE, PART},
    {"points, of which one has another SRID", ANY, LE MULTI_POINT N(1) LE "01000020" "E6100000" XY, SRID},
    {"points, of which one is a line", ANY, LE MULTI_POINT N(1) LE LINE N(2) XY ZERO ZERO, "a part of the (E)WKB is of another type"},
    {"lines, of which one is a point", ANY, LE MULTI_LINE N(1) LE POINT XY, "a part of the (E)WKB is of another type"},
    {"polygons, of which one is a line", ANY, LE MULTI_POLYGON N(1) LE LINE N(2) XY ZERO ZERO, "a part of the (E)WKB is of another type"},
    {"points of unknown type", ANY, LE MULTI_POINT N(1) LE "08000000" XY, UNKNOWN},
    {"points, of which one is empty", ANY, LE MULTI_POINT N(2) LE POINT XY LE POINT NAN_ NAN_, "a part of the geometry is empty"},
    {"a line with a number that is none", ANY, LE LINE N(2) XY NAN_ ZERO, "a coordinate is not finite"},
    {"a line without end", ANY, LE LINE N(2) XY ZERO INF, "a coordinate is not finite"},
    {"a point of which half is none", ANY, LE POINT ONE NAN_, "a coordinate is not finite"},
    {"a clockwise polygon in degrees", DEGREES, LE POLYGON N(1) CLOCKWISE, "3 20000003 81"},
    {"the other way round", DEGREES, LE POLYGON N(1) RING, "3 20000003 81"},
    {"polygons of clockwise rings", DEGREES, LE MULTI_POLYGON N(1) LE POLYGON N(1) CLOCKWISE, "6 20000006 90"},
    {"too far east", DEGREES, LE POINT "0000000000A06640" ZERO, RANGE},
    {"too far west", DEGREES, LE POINT "0000000000A066C0" ZERO, RANGE},
    {"too far north", DEGREES, LE POINT ZERO "0000000000C05640", RANGE},
    {"too far south", DEGREES, LE POINT ZERO "0000000000C056C0", RANGE},
    {"as far east and north as there is", DEGREES, LE POINT "0000000000806640" "0000000000805640", "1 20000001 25"},
    {"as far west and south", DEGREES, LE POINT "00000000008066C0" "00000000008056C0", "1 20000001 25"},
    {"a line that ends too far north", DEGREES, LE LINE N(2) XY ZERO "0000000000C05640", RANGE},
    {"a line that ends too far east", DEGREES, LE LINE N(2) XY "0000000000A06640" ZERO, RANGE},
    {"metres may be as far", ANY, LE POINT "0000000000A06640" "0000000000C05640", "1 20000001 25"},
    {"an empty collection", ANY, LE COLLECTION N(0), "the geometry is empty (GEOMETRYCOLLECTION EMPTY): the source's `empty:` says if it is taken"},
    {"an empty collection that is kept", KEEP, LE COLLECTION N(0), "7 20000007 13"},
    {"an empty polygon that is kept", KEEP, LE POLYGON N(0), "3 20000003 13"},
    {"an empty point that is kept", KEEP, LE POINT NAN_ NAN_, "1 20000001 25"},
    {"an empty polygon becomes polygons", KEEP_MULTI, LE POLYGON N(0), "6 20000006 13"},
    {"an empty point becomes points", KEEP_MULTI, LE POINT NAN_ NAN_, "4 20000004 13"},
    {"empty points stay points", KEEP_MULTI, LE MULTI_POINT N(0), "4 20000004 13"},
    {"an empty collection stays one", KEEP_MULTI, LE COLLECTION N(0), "7 20000007 13"},
    {"an empty point with Z that is kept", KEEP, LE "01000080" NAN_ NAN_ NAN_, "1 A0000001 33"},
    {"a collection", ANY, LE COLLECTION N(2) LE POINT XY LE LINE N(2) XY ZERO ZERO, "7 20000007 75"},
    {"a collection of which one has Z", ANY, LE COLLECTION N(2) LE POINT XY LE "01000080" XY ONE, PART},
    {"a point becomes points", PROMOTE, LE POINT XY, "4 20000004 34"},
    {"a line becomes lines", PROMOTE, LE LINE N(2) XY ZERO ZERO, "5 20000005 54"},
    {"a polygon becomes polygons", PROMOTE, LE POLYGON N(1) RING, "6 20000006 90"},
    {"a collection becomes nothing else", PROMOTE, LE COLLECTION N(1) LE POINT XY, "7 20000007 34"},
};

static const struct form wkt[] = {
    {"a point", ANY, "POINT(1 2)", "1 20000001 25"},
    {"in small letters, with blanks", ANY, " point ( 1  2 ) ", "1 20000001 25"},
    {"a point with its SRID", ANY, "SRID=26914;POINT(1 2)", "1 20000001 25"},
    {"a point with another SRID", ANY, "SRID=4326;POINT(1 2)", "the WKT has another SRID than the asset"},
    {"a SRID without an end", ANY, "SRID=26914 POINT(1 2)", NEITHER},
    {"text behind it", ANY, "POINT(1 2) x", "text follows the WKT"},
    {"a word that begins like a type", ANY, "POINTS(1 2)", NEITHER},
    {"no type", ANY, "(1 2)", NEITHER},
    {"Z", ANY, "POINT Z (1 2 3)", "1 A0000001 33"},
    {"Z at once", ANY, "POINTZ(1 2 3)", "1 A0000001 33"},
    {"Z by its numbers", ANY, "POINT(1 2 3)", "1 A0000001 33"},
    {"M", ANY, "POINT M (1 2 3)", "1 60000001 33"},
    {"ZM", ANY, "POINT ZM (1 2 3 4)", "1 E0000001 41"},
    {"Z into XY", FLAT, "POINT Z (1 2 3)", WKT_DIMS},
    {"three numbers into XY", FLAT, "POINT(1 2 3)", POSITION},
    {"XY into Z", Z, "POINT(1 2)", POSITION},
    {"M into Z", Z, "POINT M (1 2 3)", WKT_DIMS},
    {"Z into M", M, "POINT Z (1 2 3)", WKT_DIMS},
    {"three numbers into M", M, "POINT(1 2 3)", WKT_DIMS},
    {"M into M", M, "POINT M (1 2 3)", "1 60000001 33"},
    {"ZM into Z", Z, "POINT ZM (1 2 3 4)", WKT_DIMS},
    {"Z of two numbers", ANY, "POINT Z (1 2)", POSITION},
    {"a member of other dimensions", ANY, "GEOMETRYCOLLECTION Z (POINT M (1 2 3))", WKT_DIMS},
    {"points of other dimensions", ANY, "MULTIPOINT(1 2, 3 4 5)", POSITION},
    {"a point of two", ANY, "POINT(1 2, 3 4)", "a point has more than one position"},
    {"points in brackets", ANY, "MULTIPOINT((1 2), (3 4))", "4 20000004 55"},
    {"points without", ANY, "MULTIPOINT(1 2, 3 4)", "4 20000004 55"},
    {"lines", ANY, "MULTILINESTRING((1 2, 3 4))", "5 20000005 54"},
    {"polygons", ANY, "MULTIPOLYGON(((0 0, 1 0, 0 1, 0 0)))", "6 20000006 90"},
    {"a clockwise polygon in degrees", DEGREES, "POLYGON((0 0, 0 1, 1 0, 0 0))", "3 20000003 81"},
    {"a collection", ANY, "GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(1 2, 3 4))", "7 20000007 75"},
    {"an empty point", ANY, "POINT EMPTY", "the geometry is empty (POINT EMPTY): the source's `empty:` says if it is taken"},
    {"a word that begins like EMPTY", KEEP, "POINT EMPTYX", NEITHER},
    {"an empty line that is kept", KEEP, "LINESTRING EMPTY", "2 20000002 13"},
    {"an empty polygon that becomes polygons", KEEP_MULTI, "POLYGON EMPTY", "6 20000006 13"},
    {"a polygon becomes polygons", PROMOTE, "POLYGON((0 0, 1 0, 0 1, 0 0))", "6 20000006 90"},
    {"a bracket is missing", ANY, "POINT(1 2", NEITHER},
    {"a bracket too many", ANY, "POINT(1 2))", "text follows the WKT"},
    {"tabs and ends of lines", ANY, "\tPOINT\n(1\t2\r\n)", "1 20000001 25"},
    {"a suffix that is none", ANY, "POINT ZZ (1 2 3)", NEITHER},
    {"a suffix with more behind it", ANY, "POINT ZMX (1 2 3 4)", NEITHER},
    {"a SRID with a sign in it", ANY, "SRID=2691-;POINT(1 2)", NEITHER},
    {"a SRID with a letter behind it", ANY, "SRID=26914a;POINT(1 2)", NEITHER},
    {"a SRID with a zero before it", ANY, "SRID=026914;POINT(1 2)", "1 20000001 25"},
    {"a SRID of eight digits", ANY, "SRID=10000000;POINT(1 2)", NEITHER},
    {"a SRID that is the asset's, but for 2 to the 32nd", ANY, "SRID=4294994210;POINT(1 2)", NEITHER},
    {"a word that goes on with the first letter", KEEP, "POINT EMPTYA", NEITHER},
    {"a word that goes on with the last letter", KEEP, "POINT EMPTYz", NEITHER},
    {"no number", ANY, "POINT(1 x)", NEITHER},
};

static const struct form json[] = {
    {"a point", ANY, "{\"type\":\"Point\",\"coordinates\":[1,2]}", "1 20000001 25"},
    {"a comma is missing in a position", ANY, "{\"type\":\"Point\",\"coordinates\":[1 2]}", "a comma or ] is missing in a position"},
    {"a comma is missing in coordinates", ANY, "{\"type\":\"LineString\",\"coordinates\":[[1,2] [3,4]]}", "a comma or ] is missing in coordinates"},
    {"coordinates that are none", ANY, "{\"type\":\"Point\",\"coordinates\":1}", "\"coordinates\" is no array"},
    {"a type that is none", ANY, "{\"type\":1,\"coordinates\":[1,2]}", "\"type\" is no string"},
    {"no type", ANY, "{\"coordinates\":[1,2]}", "the geometry has no \"type\""},
    {"another type", ANY, "{\"type\":\"Circle\",\"coordinates\":[1,2]}", "\"type\" names no geometry"},
    {"geometries of a point", ANY, "{\"type\":\"Point\",\"geometries\":[]}", "the geometry has not the members that its type wants"},
    {"both of a point", ANY, "{\"type\":\"Point\",\"coordinates\":[1,2],\"geometries\":[]}", "the geometry has not the members that its type wants"},
    {"coordinates of a collection", ANY, "{\"type\":\"GeometryCollection\",\"coordinates\":[1,2]}", "the geometry has not the members that its type wants"},
    {"both of a collection", ANY, "{\"type\":\"GeometryCollection\",\"coordinates\":[1,2],\"geometries\":[]}", "the geometry has not the members that its type wants"},
    {"geometries that are none", ANY, "{\"type\":\"GeometryCollection\",\"geometries\":{}}", "\"geometries\" is no array"},
    {"a geometry that is none", ANY, "{\"type\":\"GeometryCollection\",\"geometries\":[1]}", "a member of \"geometries\" is no geometry"},
    {"a comma is missing in geometries", ANY, "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[1,2]} {}]}", "a comma or ] is missing in \"geometries\""},
    {"geometries of other dimensions", ANY, "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[1,2]},{\"type\":\"Point\",\"coordinates\":[1,2,3]}]}", "geometries of one collection have different dimensions"},
    {"three numbers, then two", ANY, "{\"type\":\"LineString\",\"coordinates\":[[1,2,3],[1,2]]}", "positions of one geometry have different dimensions"},
    {"two numbers, then three", ANY, "{\"type\":\"LineString\",\"coordinates\":[[1,2],[1,2,3]]}", "positions of one geometry have different dimensions"},
    {"three numbers into XY", FLAT, "{\"type\":\"Point\",\"coordinates\":[1,2,3]}", "a position has more numbers than the column's dimensions"},
    {"two numbers into Z", Z, "{\"type\":\"Point\",\"coordinates\":[1,2]}", "a position has fewer numbers than the column's dimensions"},
    {"three numbers into Z", Z, "{\"type\":\"Point\",\"coordinates\":[1,2,3]}", "1 A0000001 33"},
    {"a collection with Z into XY", FLAT, "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[1,2,3]}]}", "a position has more numbers than the column's dimensions"},
    {"a collection without into Z", Z, "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[1,2]}]}", "a position has fewer numbers than the column's dimensions"},
    {"brackets in brackets in brackets", ANY, "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[[1,2]]]]]}", "is no coordinate"},
    {"a text in a position", ANY, "{\"type\":\"Point\",\"coordinates\":[\"1\",2]}", "is no coordinate"},
    {"one number", ANY, "{\"type\":\"Point\",\"coordinates\":[1]}", "a position has fewer than 2 numbers"},
};
/* clang-format on */

static struct bytes of_hex(const char *hex, char *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        const char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (char)strtoul(two, NULL, 16);
    }
    return bytes_of(out, n);
}

static const char *shown(const char *what, int type, const struct buf *out)
{
    static char text[128];
    if (what != NULL) {
        return what;
    }
    const unsigned char *p = (const unsigned char *)out->p;
    (void)snprintf(text, sizeof text, "%d %02X%02X%02X%02X %zu", type, p[4], p[3], p[2], p[1],
                   out->n);
    return text;
}

static const char *take_wkb(struct bytes b, int which)
{
    static struct buf out;
    int type = 0;
    buf_clear(&out);
    const char *what = ewkb_take(&out, b, &type, &rules[which]);
    return shown(what, type, &out);
}

static const char *take_wkt(const char *text, int which)
{
    static struct buf out;
    int type = 0;
    buf_clear(&out);
    const char *what = wkt_take(&out, text, &type, &rules[which]);
    return shown(what, type, &out);
}

static int folder;

/* What is wrong, without the place; or as above. */
static const char *take_json(const char *text, int which)
{
    static struct buf out;
    static struct err e;
    static const struct wanted_value wanted = {.path = "geometry", .as_geometry = true};
    struct source s;
    struct record r;
    buf_clear(&out);
    e = (struct err){0};
    buf_printf(&out, "{\"geometry\":%s}\n", text);
    int fd = openat(folder, "data", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, out.p, out.n) != (ssize_t)out.n || close(fd) != 0 ||
        source_open(&s, folder, "data", &e) != 0) {
        return "cannot be written";
    }
    struct reader *reader = reader_open(FORMAT_NDJSON, &s, &wanted, 1, &rules[which]);
    int rc = reader_next(reader, &r, &e);
    buf_clear(&out);
    if (rc > 0) {
        buf_add(&out, r.v[0].text.p, r.v[0].text.n);
    }
    const char *what = rc > 0 ? shown(NULL, r.v[0].type, &out) : strstr(e.msg, "record 1");
    what = rc > 0 || what == NULL ? what : strstr(what, ": ") + 2;
    reader_close(reader);
    source_close(&s);
    return what;
}

/* Every beginning of it ends too early, and one byte more is too much. */
static void check_prefixes(const char *hex)
{
    char bytes[512];
    char name[64];
    struct bytes whole = of_hex(hex, bytes);
    size_t n_wrong = 0;
    for (size_t n = 1; n < whole.n; n++) {
        const char *what = take_wkb(bytes_of(bytes, n), KEEP);
        if (strcmp(what, EARLY) != 0) {
            printf("# %zu of %zu bytes: %s\n", n, whole.n, what);
            n_wrong++;
        }
    }
    (void)snprintf(name, sizeof name, "%.10s...: all %zu beginnings", hex, whole.n - 1);
    is_int((long long)n_wrong, 0, name);
    bytes[whole.n] = 0;
    is_str(take_wkb(bytes_of(bytes, whole.n + 1), KEEP), "bytes follow the (E)WKB", name);
}

/* What is taken is what was given, with the SRID behind the outermost type. */
static void check_same(const char *hex)
{
    char bytes[512];
    char wanted[520];
    struct buf out = {0};
    int type = 0;
    struct bytes given = of_hex(hex, bytes);
    memcpy(wanted, given.p, 5);
    wanted[4] |= 0x20;
    (void)of_hex(UTM, wanted + 5);
    memcpy(wanted + 9, given.p + 5, given.n - 5);
    const char *what = ewkb_take(&out, given, &type, &rules[ANY]);
    ok(what == NULL && bytes_eq(buf_bytes(&out), bytes_of(wanted, given.n + 4)), hex);
    buf_release(&out);
}

/* Collections in collections: as many as are taken, and one more. */
static void check_depth(void)
{
    struct buf w = {0};
    struct buf t = {0};
    struct buf j = {0};
    char bytes[512];
    for (int n = 16; n <= 17; n++) {
        buf_clear(&w);
        buf_clear(&t);
        for (int i = 0; i < n; i++) {
            buf_puts(&w, LE COLLECTION N(1));
            buf_puts(&t, "GEOMETRYCOLLECTION(");
        }
        buf_puts(&w, LE POINT XY);
        buf_puts(&t, "POINT(1 2)");
        for (int i = 0; i < n; i++) {
            buf_putc(&t, ')');
        }
        is_str(take_wkb(of_hex(buf_str(&w), bytes), ANY),
               n == 16 ? "7 20000007 169" : "the (E)WKB is nested too deeply", "WKB in WKB");
        is_str(take_wkt(buf_str(&t), ANY),
               n == 16 ? "7 20000007 169" : "collections are nested too deeply", "WKT in WKT");
    }
    for (int n = 7; n <= 8; n++) {
        buf_clear(&j);
        for (int i = 0; i < n; i++) {
            buf_puts(&j, "{\"type\":\"GeometryCollection\",\"geometries\":[");
        }
        buf_puts(&j, "{\"type\":\"Point\",\"coordinates\":[1,2]}");
        for (int i = 0; i < n; i++) {
            buf_puts(&j, "]}");
        }
        is_str(take_json(buf_str(&j), ANY),
               n == 7 ? "7 20000007 88" : "collections are nested too deeply",
               "GeoJSON in GeoJSON");
    }
    buf_release(&w);
    buf_release(&t);
    buf_release(&j);
}

int main(void)
{
    enum {
        N_WKB = sizeof wkb / sizeof *wkb,
        N_WKT = sizeof wkt / sizeof *wkt,
        N_JSON = sizeof json / sizeof *json
    };
    static const char *const whole[] = {
        LE POINT XY,
        LE "01000020" UTM XY,
        LE LINE N(2) XY ZERO ZERO,
        LE POLYGON N(2) RING RING,
        LE MULTI_POINT N(2) LE POINT XY LE POINT XY,
        LE MULTI_LINE N(1) LE LINE N(2) XY ZERO ZERO,
        LE MULTI_POLYGON N(1) LE POLYGON N(1) RING,
        LE COLLECTION N(2) LE POINT XY LE LINE N(2) XY ZERO ZERO,
    };
    static const char *const same[] = {
        LE POINT XY,
        LE LINE N(3) XY ZERO ZERO TWO ONE,
        LE POLYGON N(2) RING CLOCKWISE,
        LE MULTI_POINT N(2) LE POINT XY LE POINT ZERO ONE,
        LE MULTI_LINE N(2) LE LINE N(2) XY ZERO ZERO LE LINE N(3) ZERO ZERO XY TWO ONE,
        LE MULTI_POLYGON N(2) LE POLYGON N(1) RING LE POLYGON N(2) RING CLOCKWISE,
        LE COLLECTION N(2) LE POINT XY LE MULTI_POINT N(1) LE POINT TWO ONE,
        LE "02000080" N(2) XY ONE ZERO ZERO TWO,
        LE "02000040" N(2) XY ONE ZERO ZERO TWO,
        LE "050000C0" N(1) LE "020000C0" N(2) XY XY ZERO ZERO ONE TWO,
    };
    enum { N_WHOLE = sizeof whole / sizeof *whole, N_SAME = sizeof same / sizeof *same };
    char path[] = "/tmp/kfmig-geometry-XXXXXX";
    char bytes[512];
    tap_plan(N_WKB + N_WKT + N_JSON + 2 * N_WHOLE + N_SAME + 6);
    if (mkdtemp(path) == NULL || (folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        return 1;
    }
    for (size_t i = 0; i < N_WKB; i++) {
        is_str(take_wkb(of_hex(wkb[i].text, bytes), wkb[i].rules), wkb[i].result, wkb[i].name);
    }
    for (size_t i = 0; i < N_WKT; i++) {
        is_str(take_wkt(wkt[i].text, wkt[i].rules), wkt[i].result, wkt[i].name);
    }
    for (size_t i = 0; i < N_JSON; i++) {
        is_str(take_json(json[i].text, json[i].rules), json[i].result, json[i].name);
    }
    for (size_t i = 0; i < N_WHOLE; i++) {
        check_prefixes(whole[i]);
    }
    for (size_t i = 0; i < N_SAME; i++) {
        check_same(same[i]);
    }
    check_depth();
    (void)unlinkat(folder, "data", 0);
    (void)close(folder);
    (void)rmdir(path);
    return tap_done();
}
