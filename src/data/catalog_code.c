/* Faults of catalogs: the table of codes, and messages that begin with one. */
#include "data/catalog_code.h"

const struct catalog_rule catalog_rules[CODE_COUNT] = {
#define CATALOG_CODE(name, code, error, text, hint) {code, ERR_##error, text, hint},
#include "data/catalog_code.def"
#undef CATALOG_CODE
};

static void PRINTF_LIKE(6, 0) add(struct err_list *faults, enum catalog_code code, const char *path,
                                  int line, int col, const char *fmt, va_list ap)
{
    const struct catalog_rule *r = &catalog_rules[code];
    struct buf detail = {0};
    buf_vprintf(&detail, fmt, ap);
    err_list_addf(faults, r->error, path, line, col, r->hint, "[%s] %s: %s", r->code, r->text,
                  buf_str(&detail));
    buf_release(&detail);
}

void catalog_fault(struct err_list *faults, enum catalog_code code, const struct doc *at,
                   const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(faults, code, at->path, at->line, at->col, fmt, ap);
    va_end(ap);
}

void catalog_fault_path(struct err_list *faults, enum catalog_code code, const char *path, int line,
                        const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(faults, code, path, line, line > 0 ? 1 : 0, fmt, ap);
    va_end(ap);
}
