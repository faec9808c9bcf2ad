/* Compiled schemas, one per name, for the whole process. */
#include "load/checker.h"

#include <string.h>

#include "base/table.h"
#include "doc/json.h"
#include "load/schemas.h"

static const struct schema_text *text_named(const char *name)
{
    for (size_t i = 0; i < n_schema_texts; i++) {
        if (strcmp(schema_texts[i].name, name) == 0) {
            return &schema_texts[i];
        }
    }
    BUG("a schema is missing in registry/schemas");
}

const struct schema *checker_schema(const char *name)
{
    static struct arena arena;
    static struct table compiled;
    struct schema *s = table_gets(&compiled, name);
    if (s != NULL) {
        return s;
    }
    struct err e = {0};
    const struct schema_text *text = text_named(name);
    struct doc *d = json_read(&arena, bytes_of(text->text, text->n), text->name, &e);
    s = d == NULL ? NULL : schema_compile(&arena, d, &e);
    if (s == NULL) {
        BUG(arena_printf(&arena, "schema %s:%d:%d: %s", name, e.where.line, e.where.col, e.msg));
    }
    compiled.a = &arena;
    (void)table_puts(&compiled, text->name, s);
    return s;
}
