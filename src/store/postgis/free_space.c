/* Room at the server, looked at from here where both share their files. */
#include "store/postgis/free_space.h"

#include <string.h>
#include <sys/statvfs.h>

#include "store/postgis/queries.h"

int64_t space_free(struct pg *s)
{
    struct pg_where where;
    struct pg_rows *r = NULL;
    struct statvfs fs;
    struct err ignored = {0};
    int64_t n = -1;
    pg_where(s, &where);
    if (!where.is_local || pg_query(s, &postgis_space, NULL, 0, &r, &ignored) != 0) {
        return -1;
    }
    if (pg_rows_n(r) == 1 && statvfs(pg_text(r, 0, 0), &fs) == 0) {
        n = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    }
    pg_rows_free(r);
    return n;
}
