/* A directory of its own, for what evidence is written to and read from: for tests of src/evidence. */
#ifndef KFMIG_TESTS_UNIT_EVIDENCE_FILES_H
#define KFMIG_TESTS_UNIT_EVIDENCE_FILES_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

static char files_path[] = "/tmp/kfmig-evidence-XXXXXX";
static int files_fd = -1;

static inline bool files_begin(void)
{
    return mkdtemp(files_path) != NULL &&
           (files_fd = open(files_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0;
}

static inline void files_put(const char *name, const char *text)
{
    struct err e = {0};
    if (file_write(files_fd, name, bytes_str(text), 0644, &e) != 0) {
        printf("# cannot write %s: %s\n", name, e.msg);
    }
}

/* All in it is gone. */
static inline void files_clear(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s/*", files_path);
    if (system(command) != 0) {
        printf("# %s failed\n", command);
    }
}

static inline void files_end(void)
{
    files_clear();
    (void)close(files_fd);
    (void)rmdir(files_path);
}

#endif
