/* Replays a corpus: the main of a fuzz target that is not built for fuzzing. Usage: fuzz_NAME FOLDER. Speaks TAP, one test per
 * file; a crash leaves the file's name as the last line and breaks the plan. */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The file's bytes in memory of exactly that size, so that a sanitizer sees a read behind the end. */
static uint8_t *read_input(int folder, const char *name, size_t *size)
{
    uint8_t *data = NULL;
    struct stat st;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0) {
        goto out;
    }
    *size = (size_t)st.st_size;
    data = malloc(*size > 0 ? *size : 1);
    if (data != NULL && read(fd, data, *size) != st.st_size) {
        free(data);
        data = NULL;
    }
out:
    if (fd >= 0) {
        close(fd);
    }
    return data;
}

static int replay(int folder, const char *name, int number)
{
    size_t size = 0;
    uint8_t *data = read_input(folder, name, &size);

    if (data == NULL) {
        printf("not ok %d - %s\n# cannot be read\n", number, name);
        return 1;
    }
    printf("# %s\n", name);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    printf("ok %d - %s\n", number, name);
    fflush(stdout);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int failed = 0;
    int folder = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int n = folder >= 0 ? scandirat(folder, ".", &entries, is_input, alphasort) : -1;

    if (n < 0) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        failed |= replay(folder, entries[i]->d_name, i + 1);
        free(entries[i]);
    }
    free(entries);
    close(folder);
    return failed;
}
