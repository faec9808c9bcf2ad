/* What a new project consists of, and what a new migration is called. Files only. */
#ifndef KFMIG_FLOW_SKELETON_H
#define KFMIG_FLOW_SKELETON_H

#include "base/file.h"
#include "model/layout.h"

/* Make the files and folders of a project beneath dirfd; what is there stays. embedded: dev has
 * kfmig's own server, else the database that DATABASE_URL names. layout: of its
 * migrations; LAYOUT_COUNT: bundles, and nothing is said of it. A line for each to out: "made
 * PATH", "kept PATH". */
int skeleton_make(int dirfd, bool embedded, enum layout layout, struct buf *out,
                  struct err *e) MUST_CHECK;

/* The next free id of today (UTC) for a bundle in folder of the project at root: PG-MIG-<today>-NN,
 * behind those in the folder, and behind those that any local or remote-tracking branch of its
 * repository has seen since the day before yesterday (asked of git, read-only, for two seconds at
 * most; without git, without those). Behind 99 comes 99-001: ids sort as they were given. *out in
 * a. -1: the folder cannot be listed, or 99-999 is taken. */
int skeleton_id(struct arena *a, int dirfd, const char *root, const char *folder, const char **out,
                struct err *e) MUST_CHECK;

#endif
