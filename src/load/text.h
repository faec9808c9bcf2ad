/* One text file of a project: read, and checked for what no project file may hold. */
#ifndef KFMIG_LOAD_TEXT_H
#define KFMIG_LOAD_TEXT_H

#include "base/file.h"
#include "doc/doc.h"

enum {
    LIMIT_YAML = 256 * 1024,
    LIMIT_NOTES = 1024 * 1024,
    LIMIT_SCRIPT = 64 * 1024 * 1024,
    LIMIT_JSON = 64 * 1024 * 1024
};

struct text_file {
    struct bytes bytes; /* followed by a NUL that does not count */
    struct stamp stamp;
    bool is_text;    /* text_check() holds */
    int secret_line; /* 0: no secret was found */
};

/* Read path (relative to the project's directory dirfd) into a. Faults are added: with the place in
 * the file where its text is at fault, at named (the node that names the file, or NULL) where there
 * is no such regular file. Returns 0 if it could be read, whatever its text; 1 if it is absent
 * (then nothing is added); -1 else. */
int text_read(struct arena *a, int dirfd, const char *path, size_t limit, const struct doc *named,
              struct text_file *out, struct err_list *faults);

/* Remove from faults[from..] what is said about the line of file's secret: it only says again that
 * it does not belong there. */
void text_drop_echoes(const struct text_file *file, struct err_list *faults, size_t from);

#endif
