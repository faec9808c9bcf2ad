/* Header and directories of PMTiles: numbers to bytes and back. */
#include "store/tiles/pmtiles_parts.h"

#include <string.h>

enum { AT_SECTIONS = 8, AT_COUNTS = 72, AT_FLAGS = 96, AT_BOUNDS = 102, AT_CENTER = 118 };

/* --- header ----------------------------------------------------------------------------------------- */

static void put(uint8_t *out, uint64_t v, int n)
{
    for (int i = 0; i < n; i++) {
        out[i] = (uint8_t)(v >> (8 * i));
    }
}

static uint64_t get(const uint8_t *in, int n)
{
    uint64_t v = 0;
    for (int i = n - 1; i >= 0; i--) {
        v = (v << 8) | in[i];
    }
    return v;
}

static void put_place(const struct pmtiles_header *h, uint8_t *out)
{
    for (int i = 0; i < 4; i++) {
        put(out + AT_BOUNDS + 4 * i, (uint32_t)h->bounds[i], 4);
    }
    out[AT_CENTER] = h->min_zoom;
    for (int i = 0; i < 2; i++) {
        int64_t middle = ((int64_t)h->bounds[i] + h->bounds[i + 2]) / 2;
        put(out + AT_CENTER + 1 + 4 * i, (uint32_t)(int32_t)middle, 4);
    }
}

void pmtiles_header_put(const struct pmtiles_header *h, uint8_t out[static PMTILES_HEADER])
{
    const struct pmtiles_section *sections[] = {&h->root, &h->metadata, &h->leaves, &h->data};
    const uint64_t counts[] = {h->addressed, h->entries, h->contents};
    memset(out, 0, PMTILES_HEADER);
    memcpy(out, "PMTiles", 7);
    out[7] = PMTILES_VERSION;
    for (int i = 0; i < 4; i++) {
        put(out + AT_SECTIONS + 16 * i, sections[i]->at, 8);
        put(out + AT_SECTIONS + 16 * i + 8, sections[i]->n, 8);
    }
    for (int i = 0; i < 3; i++) {
        put(out + AT_COUNTS + 8 * i, counts[i], 8);
    }
    out[AT_FLAGS] = h->is_clustered;
    out[AT_FLAGS + 1] = h->inner;
    out[AT_FLAGS + 2] = h->outer;
    out[AT_FLAGS + 3] = h->type;
    out[AT_FLAGS + 4] = h->min_zoom;
    out[AT_FLAGS + 5] = h->max_zoom;
    put_place(h, out);
}

int pmtiles_header_get(const uint8_t in[static PMTILES_HEADER], struct pmtiles_header *h)
{
    struct pmtiles_section *sections[] = {&h->root, &h->metadata, &h->leaves, &h->data};
    if (memcmp(in, "PMTiles", 7) != 0 || in[7] != PMTILES_VERSION) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        sections[i]->at = get(in + AT_SECTIONS + 16 * i, 8);
        sections[i]->n = get(in + AT_SECTIONS + 16 * i + 8, 8);
        h->bounds[i] = (int32_t)get(in + AT_BOUNDS + 4 * i, 4);
    }
    h->addressed = get(in + AT_COUNTS, 8);
    h->entries = get(in + AT_COUNTS + 8, 8);
    h->contents = get(in + AT_COUNTS + 16, 8);
    h->is_clustered = in[AT_FLAGS] == 1;
    h->inner = in[AT_FLAGS + 1];
    h->outer = in[AT_FLAGS + 2];
    h->type = in[AT_FLAGS + 3];
    h->min_zoom = in[AT_FLAGS + 4];
    h->max_zoom = in[AT_FLAGS + 5];
    return 0;
}

/* --- directories ------------------------------------------------------------------------------------ */

static void put_varint(struct buf *out, uint64_t v)
{
    while (v >= 0x80) {
        buf_putc(out, (char)(v | 0x80));
        v >>= 7;
    }
    buf_putc(out, (char)v);
}

void pmtiles_directory_put(const struct pmtiles_entry *v, size_t n, struct buf *out)
{
    put_varint(out, n);
    for (size_t i = 0; i < n; i++) {
        put_varint(out, v[i].id - (i > 0 ? v[i - 1].id : 0));
    }
    for (size_t i = 0; i < n; i++) {
        put_varint(out, v[i].run);
    }
    for (size_t i = 0; i < n; i++) {
        put_varint(out, v[i].length);
    }
    for (size_t i = 0; i < n; i++) {
        bool follows = i > 0 && v[i].offset == v[i - 1].offset + v[i - 1].length;
        put_varint(out, follows ? 0 : v[i].offset + 1);
    }
}

struct directory_cursor {
    const uint8_t *p, *end;
    bool is_bad;
};

static uint64_t get_varint(struct directory_cursor *c, uint64_t most)
{
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (c->p == c->end) {
            break;
        }
        uint8_t b = *c->p++;
        if (shift == 63 && b > 1) {
            break;
        }
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) {
            c->is_bad |= v > most;
            return v;
        }
    }
    c->is_bad = true;
    return 0;
}

static void get_columns(struct directory_cursor *c, struct pmtiles_entry *v, size_t n)
{
    for (size_t i = 0; i < n && !c->is_bad; i++) {
        uint64_t before = i > 0 ? v[i - 1].id : 0;
        v[i].id = before + get_varint(c, INT64_MAX - before);
        c->is_bad |= i > 0 && v[i].id == before;
    }
    for (size_t i = 0; i < n && !c->is_bad; i++) {
        v[i].run = (uint32_t)get_varint(c, UINT32_MAX);
    }
    for (size_t i = 0; i < n && !c->is_bad; i++) {
        v[i].length = (uint32_t)get_varint(c, UINT32_MAX);
        c->is_bad |= v[i].length == 0;
    }
    for (size_t i = 0; i < n && !c->is_bad; i++) {
        uint64_t at = get_varint(c, INT64_MAX);
        c->is_bad |= at == 0 && i == 0;
        v[i].offset = at > 0 ? at - 1 : i > 0 ? v[i - 1].offset + v[i - 1].length : 0;
    }
}

int pmtiles_directory_get(struct arena *a, struct bytes raw, struct pmtiles_entries *out)
{
    struct directory_cursor c = {.p = (const uint8_t *)raw.p,
                                 .end = (const uint8_t *)raw.p + raw.n};
    /* An entry takes four bytes at least. */
    size_t n = (size_t)get_varint(&c, raw.n / 4);
    *out = (struct pmtiles_entries){0};
    if (c.is_bad || n == 0) {
        return -1;
    }
    out->v = ARENA_ARRAY(a, struct pmtiles_entry, n);
    out->n = out->cap = n;
    get_columns(&c, out->v, n);
    return c.is_bad || c.p != c.end ? -1 : 0;
}
