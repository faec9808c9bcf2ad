/* The files registry/schemas/NAME.schema.json, as they stood when kfmig was built: kfmig validates
 * with these files themselves. Filled by src/tool/embed-text.sh. */
#ifndef KFMIG_LOAD_SCHEMAS_H
#define KFMIG_LOAD_SCHEMAS_H

#include <stddef.h>

struct schema_text {
    const char *name; /* NAME: the file's name without folder and .schema.json */
    const char *text; /* the file's bytes, followed by a NUL that n does not count */
    size_t n;         /* bytes */
};

extern const struct schema_text
    schema_texts[];                 /* ordered by name; after the last a row {NULL, NULL, 0} */
extern const size_t n_schema_texts; /* without that row */

#endif
