/* What can stop a dataset version, as a table: messages and docs/catalogs.md are made of it. */
#ifndef KFMIG_DATA_CATALOG_CODE_H
#define KFMIG_DATA_CATALOG_CODE_H

#include "doc/doc.h"

enum catalog_code {
#define CATALOG_CODE(name, code, error, text, hint) CODE_##name,
#include "data/catalog_code.def"
#undef CATALOG_CODE
    CODE_COUNT
};

/* code: stands in square brackets at the beginning of the message. */
struct catalog_rule {
    const char *code;
    enum err_code error;
    const char *text, *hint;
};
extern const struct catalog_rule catalog_rules[CODE_COUNT];

/* Add "[CODE] text: detail" at a node's place, or at path:line (0: no line is known). The detail never
 * holds a value of the data. */
void catalog_fault(struct err_list *faults, enum catalog_code code, const struct doc *at,
                   const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The same where there is no node. */
void catalog_fault_path(struct err_list *faults, enum catalog_code code, const char *path, int line,
                        const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
