/* Where words go: the result to stdout, progress and errors to stderr. */
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "doc/canon.h"
#include "flow/kept_back.h"
#include "report/fold.h"
#include "report/transcript.h"
#include "report/withheld.h"

enum { SOURCE_MAX = 16 * 1024 * 1024 };

struct style output_style(const struct request *req, FILE *stream)
{
    bool color = req->color && req->format != FORMAT_JSON && isatty(fileno(stream)) == 1;
    return (struct style){.color = color, .verbose = req->verbose};
}

/* What goes to stderr as JSON: all of it, where progress does. */
static bool tells_json(const struct request *req)
{
    return req->format == FORMAT_JSON || req->progress_json;
}

enum server_words output_words(const struct request *req, const struct env *env)
{
    if (tells_json(req) || isatty(fileno(stderr)) != 1 || transcript_is_open()) {
        return SERVER_WORDS_SAFE;
    }
    return req->show_server_text ? SERVER_WORDS_ALL
           : env->is_protected   ? SERVER_WORDS_SAFE
                                 : SERVER_WORDS_RAISED;
}

size_t output_columns(FILE *stream)
{
    struct winsize size = {0};
    return isatty(fileno(stream)) == 1 && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0
               ? size.ws_col
               : 0;
}

/* As wide as the terminal is at this moment; elsewhere as it is. */
static bool put(FILE *stream, const struct buf *text, bool is_text)
{
    struct buf folded = {0};
    transcript_text(buf_bytes(text));
    size_t columns = is_text ? output_columns(stream) : 0;
    if (columns > 0) {
        fold(&folded, buf_bytes(text), columns);
    }
    const struct buf *out = columns > 0 ? &folded : text;
    size_t n = fwrite(buf_str(out), 1, out->n, stream);
    bool good = n == out->n && fflush(stream) == 0;
    buf_release(&folded);
    return good;
}

/* Nobody can be told when stderr itself fails. */
static void put_stderr(const struct buf *text)
{
    struct buf shown = {0};
    withheld_put(&shown, buf_bytes(text), LEAK_FILE);
    (void)put(stderr, &shown, true);
    buf_release(&shown);
}

void output_text(const struct buf *text)
{
    put_stderr(text);
}

void output_lines(FILE *stream, const struct buf *text)
{
    struct buf shown = {0};
    withheld_put(&shown, buf_bytes(text), LEAK_FILE);
    (void)fwrite(buf_str(&shown), 1, shown.n, stream);
    (void)fflush(stream);
    buf_release(&shown);
}

static void PRINTF_LIKE(2, 0) say(const char *before, const char *fmt, va_list ap)
{
    struct buf raw = {0};
    struct buf line = {0};
    buf_vprintf(&raw, fmt, ap);
    buf_puts(&line, before);
    text_safe(&line, bytes_of(buf_str(&raw), raw.n));
    buf_putc(&line, '\n');
    put_stderr(&line);
    buf_release(&line);
    buf_release(&raw);
}

void output_note(const struct request *req, const char *fmt, ...)
{
    if (req->quiet) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void output_warning(const struct request *req, const char *fmt, ...)
{
    (void)req;
    va_list ap;
    va_start(ap, fmt);
    say("kfmig: warning: ", fmt, ap);
    va_end(ap);
}

void output_faults(const struct request *req, const struct err_list *l)
{
    struct buf out = {0};
    if (tells_json(req)) {
        for (size_t i = 0; i < l->n; i++) {
            report_err_json(&out, &l->v[i]);
        }
    } else {
        struct style st = output_style(req, stderr);
        report_faults(&out, &st, l, "error");
    }
    put_stderr(&out);
    buf_release(&out);
}

/* Only SQL is shown: the place of a fault in environments.v1.yml may be the very line with the
 * password in it. */
static bool read_source(struct arena *a, int dirfd, const struct err *e, struct bytes *out)
{
    const char *dot = strrchr(e->where.path, '.');
    if (dirfd < 0 || e->where.line <= 0 || dot == NULL || strcmp(dot, ".sql") != 0) {
        return false;
    }
    return file_read(a, dirfd, e->where.path, SOURCE_MAX, out, NULL, NULL) == 0;
}

int output_fault(const struct request *req, int dirfd, const struct err *e)
{
    struct buf out = {0};
    if (tells_json(req)) {
        report_err_json(&out, e);
    } else {
        struct arena a = {0};
        struct bytes source;
        struct style st = output_style(req, stderr);
        report_err(&out, &st, e, read_source(&a, dirfd, e, &source) ? &source : NULL);
        arena_release(&a);
    }
    put_stderr(&out);
    buf_release(&out);
    return err_status(e->code);
}

void output_findings(const struct request *req, const struct findings *l)
{
    struct buf out = {0};
    struct style st = output_style(req, stderr);
    if (req->format != FORMAT_JSON) {
        report_findings(&out, &st, l);
        put_stderr(&out);
    }
    buf_release(&out);
}

int output_error(const struct request *req, int dirfd, const struct err *e)
{
    struct buf out = {0};
    int status = output_fault(req, dirfd, e);
    if (req->format == FORMAT_JSON) {
        report_err_json(&out, e);
        output_lines(stdout, &out);
    }
    buf_release(&out);
    return status;
}

int output_result(const struct request *req, const struct buf *text)
{
    struct err e = {0};
    const char *name = req->format == FORMAT_TEXT ? "result.txt" : "result.json";
    return kept_back_result(name, bytes_of(buf_str(text), text->n), &e) != 0
               ? output_fault(req, -1, &e)
               : output_manual(req, text);
}

int output_manual(const struct request *req, const struct buf *text)
{
    if (put(stdout, text, req->format == FORMAT_TEXT)) {
        return 0;
    }
    struct err e;
    err_errno(&e, ERR_PREFLIGHT, "cannot write the result to standard output");
    return output_fault(req, -1, &e);
}

int output_json(const struct request *req, const struct doc *d)
{
    struct buf out = {0};
    canon_write(&out, d);
    buf_putc(&out, '\n');
    int status = output_result(req, &out);
    buf_release(&out);
    return status;
}
