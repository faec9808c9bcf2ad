/* YAML 1.2 files, strictly: one document; no duplicate keys, anchors, aliases, tags, merge keys or
 * directives; text_check() holds; depth at most 32; at most 256 KiB. Built on libyaml's event
 * interface. libyaml 0.2.5 takes time quadratic in the nesting of "[[[["; reading stops at the 33rd
 * level, and libyaml looks at most 1,024 characters ahead of its events, so that stays under a few
 * milliseconds.
 * Returns the root, or NULL with ERR_CONFIG at path:line:col. text is borrowed and must outlive
 * nothing: all is copied.
 * An empty document is an error. */
#ifndef KFMIG_DOC_YAML_H
#define KFMIG_DOC_YAML_H
#include "doc/doc.h"

/* The root of text, which path names in errors. */
struct doc *yaml_read(struct arena *a, struct bytes text, const char *path,
                      struct err *e) MUST_CHECK;
#endif
