/* Reading a project's text files. */
#include "load/text.h"

#include <string.h>

#include "model/leak.h"

static int add_at(struct err_list *faults, const char *path, struct bytes text, size_t at,
                  const char *hint, const char *msg)
{
    int line = 0;
    int col = 0;
    text_place(text, at, &line, &col);
    err_list_addf(faults, ERR_CONFIG, path, line, col, hint, "%s", msg);
    return line;
}

static void check_text(struct arena *a, const char *path, struct text_file *file,
                       struct err_list *faults)
{
    size_t at = 0;
    const char *what = NULL;
    struct bytes text = file->bytes;
    size_t n = strlen(path);
    bool sql = n > 4 && strcmp(path + n - 4, ".sql") == 0;
    if ((sql ? text_check_sql(text, &at, &what) : text_check(text, &at, &what)) != 0) {
        const char *msg =
            arena_printf(a, "%s (0x%02x) in the file", what, (unsigned)(unsigned char)text.p[at]);
        (void)add_at(faults, path, text, at,
                     "save the file as plain UTF-8 without a byte order mark or invisible control "
                     "characters",
                     msg);
        return; /* what it means to a reader is not what it means to a machine */
    }
    file->is_text = true;
    const struct leak *found = leak_file(text, path, &at);
    if (found != NULL) {
        file->secret_line = add_at(faults, path, text, at,
                                   arena_printf(a,
                                                "keep it in an environment variable or in a file "
                                                "outside the project, and name that "
                                                "(dsn_ref); if it was ever shared, change it. If "
                                                "it is none, say so in a comment there "
                                                "or on the line before: kfmig:allow %s REASON",
                                                found->rule),
                                   arena_printf(a, "%s stands in the file", found->what));
    }
}

void text_drop_echoes(const struct text_file *file, struct err_list *faults, size_t from)
{
    size_t n = from;
    for (size_t i = from; i < faults->n; i++) {
        if (file->secret_line == 0 || faults->v[i].where.line != file->secret_line) {
            faults->v[n++] = faults->v[i];
        }
    }
    faults->n = n;
}

int text_read(struct arena *a, int dirfd, const char *path, size_t limit, const struct doc *named,
              struct text_file *out, struct err_list *faults)
{
    struct err e = {0};
    *out = (struct text_file){.bytes = {"", 0}};
    int rc = file_read(a, dirfd, path, limit, &out->bytes, &out->stamp, &e);
    if (rc < 0) {
        const char *where = named == NULL ? path : named->path;
        err_list_addf(faults, e.code, where, named == NULL ? 0 : named->line,
                      named == NULL ? 0 : named->col, e.hint[0] == '\0' ? NULL : e.hint, "%s",
                      e.msg);
    }
    if (rc == 0) {
        check_text(a, path, out, faults);
    }
    return rc;
}
