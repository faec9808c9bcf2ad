/* Ids of tiles, and the digest over all of them. */
#include "store/tiles/tileset.h"

#include <stdio.h>

uint64_t tile_first(int z)
{
    return (((uint64_t)1 << (2 * z)) - 1) / 3;
}

/* The curve of a quarter is the whole one, turned: PMTiles v3, section 4.1. */
static void turn(uint32_t n, uint32_t *x, uint32_t *y, uint32_t rx, uint32_t ry)
{
    if (ry != 0) {
        return;
    }
    if (rx != 0) {
        *x = n - 1 - *x;
        *y = n - 1 - *y;
    }
    uint32_t was = *x;
    *x = *y;
    *y = was;
}

uint64_t tile_id(struct tile t)
{
    uint64_t d = 0;
    for (int k = t.z - 1; k >= 0; k--) {
        uint32_t s = (uint32_t)1 << k;
        uint32_t rx = (t.x & s) != 0;
        uint32_t ry = (t.y & s) != 0;
        d += ((uint64_t)s * s) * ((3 * rx) ^ ry);
        t.x &= s - 1;
        t.y &= s - 1;
        turn(s, &t.x, &t.y, rx, ry);
    }
    return tile_first(t.z) + d;
}

struct tile tile_of_id(uint64_t id)
{
    struct tile t = {.z = 0};
    while (t.z < TILES_MOST_ZOOM && id >= tile_first(t.z + 1)) {
        t.z++;
    }
    uint64_t d = id - tile_first(t.z);
    for (int k = 0; k < t.z; k++) {
        uint32_t s = (uint32_t)1 << k;
        uint32_t rx = 1 & (uint32_t)(d / 2);
        uint32_t ry = 1 & ((uint32_t)d ^ rx);
        turn(s, &t.x, &t.y, rx, ry);
        t.x += s * rx;
        t.y += s * ry;
        d /= 4;
    }
    return t;
}

void tileset_count(struct tileset *set, struct tile t)
{
    set->min_zoom = set->addressed == 0 || t.z < set->min_zoom ? t.z : set->min_zoom;
    set->max_zoom = set->addressed == 0 || t.z > set->max_zoom ? t.z : set->max_zoom;
    set->addressed++;
}

void tileset_hash(struct digester *d, struct tile t, const struct digest *of_tile)
{
    char line[128];
    char hex[65];
    hex_encode(of_tile->b, sizeof of_tile->b, hex);
    int n = snprintf(line, sizeof line, "%d/%u/%u %s\n", t.z, t.x, t.y, hex);
    digester_raw(d, bytes_of(line, (size_t)n));
}
