/* FOLDER/meta/manifest.json and FOLDER/meta/checksums.txt: what a folder of flat migrations says of
 * its files (reference 001), compared with them and kept true. checksums.txt holds lines of
 * sha256sum, so that `cd FOLDER && sha256sum -c meta/checksums.txt` tells the same. */
#ifndef KFMIG_LOAD_META_H
#define KFMIG_LOAD_META_H

#include "load/load.h"

#define META_NAME "meta" /* also the folder that evidence of flat migrations stands in, by id */
#define DOWN_NAME "down" /* reference 003 keeps what undoes there */
#define MANIFEST_NAME "meta/manifest.json"
#define CHECKSUMS_NAME "meta/checksums.txt"

enum { META_FILES = 2 };
/* Both as they are; manifest NULL, n_checksums 0: absent, or with faults. used: how they looked. */
struct meta {
    const char *folder;
    const struct doc *manifest;
    struct table by_id;   /* entries of the manifest */
    struct table by_path; /* struct meta_line of checksums.txt, by path from the folder */
    bool has[META_FILES]; /* manifest, checksums: the file is there */
    struct stamp used[META_FILES];
};

/* Read both in folder; faults are added. In a. */
void meta_read(struct arena *a, int dirfd, const char *folder, struct meta *out,
               struct err_list *faults);

/* Where the two say other things of b's files than d has of them: faults, at the place that says
 * so. What they do not name is no fault (load_meta_check() tells). m NULL: nothing is compared. */
void meta_compare(const struct meta *m, const struct bundle *b, const struct decl *d,
                  struct err_list *faults);

#endif
