/* Counts and extents: what the sources say has to be the same everywhere. No message holds one of the
 * numbers. */
#include <math.h>
#include <string.h>

#include "data/catalog.h"
#include "data/decimal.h"

enum { WEST, SOUTH, EAST, NORTH };

static const int64_t COUNT_MAX = 9007199254740991; /* 2^53 - 1 */
static const double TOLERANCE = 1e-9;              /* degrees */

static bool is_said(const struct doc *at)
{
    return at != NULL && at->type != DOC_NULL;
}

/* Only a number: "12" in quotes is text. */
static int read_number(const struct doc *at, struct decimal *out)
{
    const char *why;
    return at->type == DOC_TEXT && at->plain ? decimal_parse(at->text, out, &why) : -1;
}

void fact_count(struct dataset_catalog *c, const struct doc *at)
{
    struct decimal d;
    const char *why;
    int64_t n = -1;
    if (!is_said(at)) {
        return;
    }
    if (at->type == DOC_INT) {
        n = at->number;
    } else if (read_number(at, &d) != 0 || decimal_int(&d, 0, COUNT_MAX, &n, &why) != 0) {
        n = -1;
    }
    if (n < 0) {
        CATALOG_FAULT(c, CODE_COUNT_INVALID, at, "a whole number is expected");
    } else if (c->has_count && c->count != n) {
        CATALOG_FAULT(c, CODE_COUNT_MISMATCH, at, "another source gives another one");
    } else {
        c->has_count = true;
        c->count = n;
    }
}

static int read_real(const struct doc *at, double *out)
{
    struct decimal d;
    const char *why;
    if (at->type == DOC_INT) {
        *out = (double)at->number;
        return 0;
    }
    return read_number(at, &d) == 0 ? decimal_double(&d, out, &why) : -1;
}

static bool is_box(const double b[static 4])
{
    return fabs(b[WEST]) <= 180 && fabs(b[EAST]) <= 180 && fabs(b[SOUTH]) <= 90 &&
           fabs(b[NORTH]) <= 90 && b[SOUTH] <= b[NORTH];
}

/* [west, south, east, north], or with heights between (RFC 7946 section 5). */
static int read_box(struct dataset_catalog *c, const struct doc *at, double out[static 4])
{
    bool is_good = at->type == DOC_LIST && (at->n == 4 || at->n == 6);
    for (size_t i = 0; is_good && i < at->n; i++) {
        double ignored;
        size_t half = at->n / 2;
        bool is_flat = i % half < 2;
        is_good =
            read_real(at->item[i], is_flat ? &out[i < half ? i : i - half + 2] : &ignored) == 0;
    }
    if (!is_good || !is_box(out)) {
        CATALOG_FAULT(c, CODE_BBOX_INVALID, at, "four finite numbers are expected");
        return -1;
    }
    if (out[WEST] > out[EAST]) {
        CATALOG_FAULT(c, CODE_BBOX_ANTIMERIDIAN, at, "it crosses the antimeridian");
        return -1;
    }
    return 0;
}

static bool is_same_box(const double a[static 4], const double b[static 4])
{
    for (int i = 0; i < 4; i++) {
        if (!(fabs(a[i] - b[i]) <= TOLERANCE)) {
            return false;
        }
    }
    return true;
}

void fact_box(struct dataset_catalog *c, const struct doc *at)
{
    double box[4] = {0};
    if (!is_said(at) || read_box(c, at, box) != 0) {
        return;
    }
    if (!c->has_box) {
        c->has_box = true;
        memcpy(c->box, box, sizeof box);
    } else if (!is_same_box(c->box, box)) {
        CATALOG_FAULT(c, CODE_BBOX_MISMATCH, at, "another source gives another one");
    }
}

void fact_item_box(struct dataset_catalog *c, const struct doc *at)
{
    double box[4] = {0};
    if (!is_said(at) || read_box(c, at, box) != 0) {
        c->is_item_open = true;
        return;
    }
    for (int i = 0; i < 4; i++) {
        bool is_low = i == WEST || i == SOUTH;
        bool is_wider = is_low ? box[i] < c->items[i] : box[i] > c->items[i];
        c->items[i] = is_wider || !c->has_items ? box[i] : c->items[i];
    }
    c->has_items = true;
}

/* Several items lie within the whole, and together they are the whole. */
void extent_close(struct dataset_catalog *c, const struct doc *at)
{
    if (!c->has_items || c->is_item_open) {
        return;
    }
    if (!c->has_box) {
        c->has_box = true;
        memcpy(c->box, c->items, sizeof c->box);
    } else if (!is_same_box(c->box, c->items)) {
        CATALOG_FAULT(c, CODE_BBOX_MISMATCH, at, "the STAC items together, and another source");
    }
}
