/* What a run says, kept in files. */
#include "report/transcript.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "report/report.h"
#include "report/withheld.h"

enum { MODE = 0600 };

static struct {
    int text, events;
    bool is_open, is_short;
} kept = {-1, -1, false, false};

/* The folder's path is one that file_mkdirs() made; the file itself is no symlink. */
static int open_one(int dirfd, const char *path, struct err *e)
{
    char folder[256] = "";
    const char *slash = strrchr(path, '/');
    if (slash != NULL && (size_t)(slash - path) < sizeof folder) {
        memcpy(folder, path, (size_t)(slash - path));
        if (file_mkdirs(dirfd, folder, 0777, e) != 0) {
            return -1;
        }
    }
    int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, MODE);
    return fd >= 0 ? fd : err_errno(e, ERR_PREFLIGHT, "cannot write \"%s\"", path);
}

int transcript_open(int dirfd, const char *text, const char *events, struct err *e)
{
    kept.text = open_one(dirfd, text, e);
    kept.events = kept.text >= 0 ? open_one(dirfd, events, e) : -1;
    kept.is_open = kept.events >= 0;
    return kept.is_open ? 0 : -1;
}

bool transcript_is_open(void)
{
    return kept.is_open;
}

/* In one write: two runs that append to one file do not mix their lines. */
static void put(int fd, const struct buf *line)
{
    kept.is_short = kept.is_short || write(fd, buf_str(line), line->n) != (ssize_t)line->n;
}

static void put_plain(struct buf *out, struct bytes line)
{
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\033') { /* a colour of ours: to its m */
            const char *m = memchr(line.p + i, 'm', line.n - i);
            i = m != NULL ? (size_t)(m - line.p) : line.n;
            continue;
        }
        buf_putc(out, line.p[i]);
    }
}

static void put_line(struct bytes text)
{
    char now[CLOCK_TEXT];
    struct buf plain = {0};
    struct buf line = {0};
    put_plain(&plain, text);
    buf_printf(&line, "%s  ", clock_text(clock_unix_us(), now));
    withheld_put(&line, buf_bytes(&plain), LEAK_RECORD);
    buf_putc(&line, '\n');
    put(kept.text, &line);
    buf_release(&plain);
    buf_release(&line);
}

void transcript_text(struct bytes text)
{
    while (kept.is_open && text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end != NULL ? (size_t)(end - text.p) : text.n;
        put_line(bytes_of(text.p, n));
        n += end != NULL;
        text = bytes_of(text.p + n, text.n - n);
    }
}

static void put_event(const struct buf *line)
{
    struct buf other = {0};
    withheld_put(&other, buf_bytes(line), LEAK_RECORD);
    put(kept.events, &other);
    buf_release(&other);
}

static bool only_goes_on(enum tell_kind kind)
{
    return kind == TELL_TICK || kind == TELL_LOADING || kind == TELL_BATCH || kind == TELL_WAITING;
}

void transcript_tell(const struct tell *t)
{
    struct buf line = {0};
    if (!kept.is_open || only_goes_on(t->kind)) {
        return;
    }
    report_tell(&line, t);
    put_event(&line);
    buf_release(&line);
}

void transcript_end(const char *mode, int status)
{
    char now[CLOCK_TEXT];
    struct buf line = {0};
    if (!kept.is_open) {
        return;
    }
    buf_printf(&line, "{\"event\":\"end\",\"mode\":\"%s\",\"status\":%d,\"time\":\"%s\"}\n", mode,
               status, clock_text(clock_unix_us(), now));
    put_event(&line);
    buf_release(&line);
}

int transcript_close(void)
{
    int rc = kept.is_short ? -1 : 0;
    if (kept.text >= 0) {
        (void)close(kept.text);
    }
    if (kept.events >= 0) {
        (void)close(kept.events);
    }
    kept.text = kept.events = -1;
    kept.is_open = kept.is_short = false;
    return rc;
}
