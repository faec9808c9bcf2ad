/* layer: base */
/* Base64 has one text for one content; and a moment reads back as it was written, or not at all. */
#include "tap.h"

#include "base/base64.h"
#include "base/clock.h"

static const struct {
    const char *text, *data; /* data NULL: it is refused */
} rows[] = {
    {"", ""},
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"},
    {"Zm9vYmFy", "foobar"},
    {"+/+/", "\xfb\xff\xbf"},
    {"Zh==", NULL},
    {"Zm9=", NULL},
    {"Zg=", NULL},
    {"Zg", NULL},
    {"Zg===", NULL},
    {"Z", NULL},
    {"Zm 9v", NULL},
    {"Zm9v\n", NULL},
    {"Zm9v=", NULL},
    {"-_-_", NULL},
    {"=", NULL},
    {"Zm=v", NULL},
    {"====", NULL},
};
enum { N = sizeof rows / sizeof *rows };

static const struct {
    const char *text;
    int64_t us; /* -1: it is none */
} moments[] = {
    {"1970-01-01T00:00:00.000000Z", 0},
    {"2026-03-01T12:34:56.000007Z", 1772368496000007},
    {"2024-02-29T23:59:59.999999Z", 1709251199999999},
    {"2026-02-29T00:00:00.000000Z", -1},
    {"2026-13-01T00:00:00.000000Z", -1},
    {"2026-00-01T00:00:00.000000Z", -1},
    {"2026-03-01T24:00:00.000000Z", -1},
    {"2026-03-01T12:34:56Z", -1},
    {"2026-03-01T12:34:56.000007+", -1},
    {"2026-03-01 12:34:56.000007Z", -1},
    {"+026-03-01T12:34:56.000007Z", -1},
    {"", -1},
};
enum { N_MOMENTS = sizeof moments / sizeof *moments };

int main(void)
{
    struct arena a = {0};
    tap_plan(N + 7 + 1 + N_MOMENTS);
    for (size_t i = 0; i < N; i++) {
        struct bytes out;
        int rc = base64_read(&a, bytes_str(rows[i].text), &out);
        ok(rows[i].data == NULL ? rc != 0 : rc == 0 && bytes_eq(out, bytes_str(rows[i].data)),
           rows[i].text);
    }
    for (size_t i = 0; i < 7; i++) {
        struct buf text = {0};
        base64_write(&text, bytes_str(rows[i].data));
        is_str(buf_str(&text), rows[i].text, "written");
        buf_release(&text);
    }
    struct bytes all;
    char every[256];
    struct buf text = {0};
    for (int i = 0; i < 256; i++) {
        every[i] = (char)i;
    }
    base64_write(&text, bytes_of(every, sizeof every));
    ok(base64_read(&a, buf_bytes(&text), &all) == 0 && bytes_eq(all, bytes_of(every, sizeof every)),
       "every byte");
    buf_release(&text);
    for (size_t i = 0; i < N_MOMENTS; i++) {
        int64_t us = 0;
        int rc = clock_read(moments[i].text, &us);
        ok(moments[i].us < 0 ? rc != 0 : rc == 0 && us == moments[i].us, moments[i].text);
    }
    arena_release(&a);
    return tap_done();
}
