/* gzip through zlib. */
#include "store/tiles/gzip.h"

#include <string.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 8, CHUNK = 1 << 14 };

const char *gzip_version(void)
{
    return zlibVersion();
}

void gzip_pack(struct bytes raw, struct buf *out)
{
    unsigned char room[CHUNK];
    z_stream z;
    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        BUG("zlib does not begin to compress");
    }
    z.next_in = (Bytef *)(uintptr_t)raw.p;
    z.avail_in = (uInt)raw.n;
    int rc = Z_OK;
    while (rc == Z_OK) {
        z.next_out = room;
        z.avail_out = sizeof room;
        rc = deflate(&z, Z_FINISH);
        buf_add(out, room, sizeof room - z.avail_out);
    }
    (void)deflateEnd(&z);
}

static int unpack(z_stream *z, struct buf *out)
{
    unsigned char room[CHUNK];
    int rc = Z_OK;
    while (rc == Z_OK && !out->overflow) {
        z->next_out = room;
        z->avail_out = sizeof room;
        rc = inflate(z, Z_NO_FLUSH);
        buf_add(out, room, sizeof room - z->avail_out);
        if (rc == Z_OK && z->avail_in == 0 && z->avail_out > 0) {
            return -1; /* cut off */
        }
    }
    return rc == Z_STREAM_END && z->avail_in == 0 && !out->overflow ? 0 : -1;
}

int gzip_unpack(struct bytes packed, struct buf *out)
{
    z_stream z;
    memset(&z, 0, sizeof z);
    if (packed.n > UINT32_MAX || inflateInit2(&z, GZIP_WINDOW) != Z_OK) {
        return -1;
    }
    z.next_in = (Bytef *)(uintptr_t)packed.p;
    z.avail_in = (uInt)packed.n;
    int rc = unpack(&z, out);
    (void)inflateEnd(&z);
    return rc;
}
