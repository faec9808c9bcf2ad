/* Files of tiles under their names. */
#include "store/tiles/tilefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/file_open.h"
#include "store/tiles/pmtiles.h"

enum { NAME_ROOM = 160, FILE_MODE = 0666, FOLDER_MODE = 0777, CHUNK = 1 << 14 };

/* The names that one set has in its folder. */
enum name_of { NAME_LIVE, NAME_KEPT, NAME_MADE, NAME_NEXT };

static const char *name_in(const struct tile_place *p, enum name_of which, int64_t generation,
                           char out[static NAME_ROOM])
{
    static const struct {
        const char *before, *behind;
    } forms[] = {[NAME_LIVE] = {"", ""},
                 [NAME_KEPT] = {"", ""},
                 [NAME_MADE] = {".", ".made"},
                 [NAME_NEXT] = {".", ".next"}};
    char number[32] = "";
    if (which != NAME_LIVE) {
        (void)snprintf(number, sizeof number, "__g%lld", (long long)generation);
    }
    (void)snprintf(out, NAME_ROOM, "%s%s%s.pmtiles%s", forms[which].before, p->name, number,
                   forms[which].behind);
    return out;
}

const char *tilefile_path(struct arena *a, const struct tile_place *p, int64_t generation)
{
    char name[NAME_ROOM];
    return arena_printf(a, "%s/%s", p->folder,
                        name_in(p, generation == 0 ? NAME_LIVE : NAME_KEPT, generation, name));
}

static int open_folder(const struct tile_place *p, struct err *e)
{
    return file_open(p->dirfd, p->folder, O_RDONLY | O_DIRECTORY, e);
}

/* It is there from now on, or it is a fault. */
static int need_folder(const struct tile_place *p, struct err *e)
{
    if (file_mkdirs(p->dirfd, p->folder, FOLDER_MODE, e) != 0) {
        return -1;
    }
    int dir = open_folder(p, e);
    if (dir == FILE_ABSENT) {
        errno = ENOENT;
        return file_fail(e, "write into", p->folder);
    }
    return dir;
}

/* File systems that cannot synchronise a folder say so; nothing is lost by that. */
static int settle(int dir)
{
    return fsync(dir) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : -1;
}

int tilefile_begin(const struct tile_place *p, int64_t generation, int *fd, struct err *e)
{
    char name[NAME_ROOM];
    int dir = need_folder(p, e);
    if (dir < 0) {
        return -1;
    }
    name_in(p, NAME_MADE, generation, name);
    (void)unlinkat(dir, name, 0);
    *fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    int rc = *fd >= 0 ? 0 : file_fail(e, "write", name);
    (void)close(dir);
    return rc;
}

static int keep_in(int dir, const struct tile_place *p, int64_t generation, int fd)
{
    char made[NAME_ROOM];
    char kept[NAME_ROOM];
    name_in(p, NAME_MADE, generation, made);
    name_in(p, NAME_KEPT, generation, kept);
    if (FAULT(TILES_MADE)) {
        errno = ENOSPC;
        return -1;
    }
    return fsync(fd) != 0 || renameat(dir, made, dir, kept) != 0 || settle(dir) != 0 ? -1 : 0;
}

int tilefile_keep(const struct tile_place *p, int64_t generation, int fd, struct err *e)
{
    char kept[NAME_ROOM];
    int dir = need_folder(p, e);
    if (dir < 0) {
        return -1;
    }
    int rc = keep_in(dir, p, generation, fd) == 0
                 ? 0
                 : file_fail(e, "write", name_in(p, NAME_KEPT, generation, kept));
    (void)close(dir);
    return rc;
}

void tilefile_abandon(const struct tile_place *p, int64_t generation)
{
    char name[NAME_ROOM];
    struct err ignored = {0};
    int dir = open_folder(p, &ignored);
    if (dir >= 0) {
        (void)unlinkat(dir, name_in(p, NAME_MADE, generation, name), 0);
        (void)close(dir);
    }
}

/* A second name for the file, then that one in the place of the live one, in an instant. Where both are the
 * same file already, rename(2) leaves both names. */
static int publish_in(int dir, const struct tile_place *p, int64_t generation)
{
    char kept[NAME_ROOM];
    char next[NAME_ROOM];
    char live[NAME_ROOM];
    name_in(p, NAME_KEPT, generation, kept);
    name_in(p, NAME_NEXT, generation, next);
    name_in(p, NAME_LIVE, 0, live);
    (void)unlinkat(dir, next, 0);
    if (linkat(dir, kept, dir, next, 0) != 0) {
        return -1;
    }
    int rc = -1;
    if (FAULT(TILES_RENAME)) {
        errno = ENOSPC;
    } else {
        rc = renameat(dir, next, dir, live);
    }
    int number = errno;
    (void)unlinkat(dir, next, 0);
    errno = number;
    return rc != 0 ? -1 : settle(dir);
}

int tilefile_publish(const struct tile_place *p, int64_t generation, struct err *e)
{
    char live[NAME_ROOM];
    int dir = need_folder(p, e);
    if (dir < 0) {
        return -1;
    }
    int rc = publish_in(dir, p, generation) == 0
                 ? 0
                 : file_fail(e, "publish", name_in(p, NAME_LIVE, 0, live));
    (void)close(dir);
    return rc;
}

int tilefile_drop(const struct tile_place *p, int64_t generation, struct err *e)
{
    char name[NAME_ROOM];
    int dir = open_folder(p, e);
    if (dir < 0) {
        return dir == FILE_ABSENT ? 0 : -1;
    }
    name_in(p, NAME_KEPT, generation, name);
    int rc = unlinkat(dir, name, 0) == 0 || errno == ENOENT ? 0 : file_fail(e, "remove", name);
    (void)close(dir);
    return rc;
}

/* --- reading ---------------------------------------------------------------------------------------- */

static int open_file(const struct tile_place *p, int64_t generation, struct arena *a,
                     const char **path, struct err *e)
{
    *path = tilefile_path(a, p, generation);
    return file_open(p->dirfd, *path, O_RDONLY, e);
}

static int digest_fd(int fd, const char *path, struct digest *out, int64_t *size, struct err *e)
{
    char room[CHUNK];
    ssize_t n;
    struct digester *d = digester_open(NULL);
    *size = 0;
    while ((n = read(fd, room, sizeof room)) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0) {
            digester_raw(d, bytes_of(room, (size_t)n));
            *size += n;
        }
    }
    *out = digester_close(d);
    return n < 0 ? file_fail(e, "read", path) : 0;
}

int tilefile_digest(const struct tile_place *p, int64_t generation, struct digest *out,
                    int64_t *size, struct err *e)
{
    struct arena a = {0};
    const char *path;
    int fd = open_file(p, generation, &a, &path, e);
    int rc = fd == FILE_ABSENT ? 1 : -1;
    if (fd >= 0) {
        rc = digest_fd(fd, path, out, size, e);
        (void)close(fd);
    }
    arena_release(&a);
    return rc;
}

int tilefile_read(const struct tile_place *p, int64_t generation, int64_t most, struct tileset *out,
                  struct err *e)
{
    struct arena a = {0};
    const char *path;
    int fd = open_file(p, generation, &a, &path, e);
    int rc = fd == FILE_ABSENT ? 1 : -1;
    if (fd >= 0) {
        rc = pmtiles_read(fd, path, most, NULL, NULL, out, e);
        (void)close(fd);
    }
    arena_release(&a);
    return rc;
}
