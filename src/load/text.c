/* Reading a project's text files. */
#include "load/text.h"

#include "load/secret.h"

static void add_at(struct err_list *faults, const char *path, struct bytes text, size_t at,
                   const char *hint, const char *msg)
{
    int line = 0;
    int col = 0;
    text_place(text, at, &line, &col);
    err_list_addf(faults, ERR_CONFIG, path, line, col, hint, "%s", msg);
}

/* False if it is no text at all. */
static bool check_text(struct arena *a, const char *path, struct bytes text,
                       struct err_list *faults)
{
    size_t at = 0;
    const char *what = NULL;
    if (text_check(text, &at, &what) != 0) {
        const char *msg =
            arena_printf(a, "%s (0x%02x) in the file", what, (unsigned)(unsigned char)text.p[at]);
        add_at(faults, path, text, at,
               "save the file as plain UTF-8 without a byte order mark or invisible control "
               "characters",
               msg);
        return false; /* what it means to a reader is not what it means to a machine */
    }
    what = secret_find(text, path, &at);
    if (what != NULL) {
        add_at(faults, path, text, at,
               "keep it in an environment variable or in a file outside the project, and name that "
               "(dsn_ref); if it was ever shared, change it",
               arena_printf(a, "%s stands in the file", what));
    }
    return true;
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
        out->is_text = check_text(a, path, out->bytes, faults);
    }
    return rc;
}
