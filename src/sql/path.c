/* search_path as a script sets it. */
#include "sql/path.h"

#include <string.h>

static bool is_virtual(const char *schema)
{
    return schema[0] == '\0' || strcmp(schema, "$user") == 0 || strcmp(schema, "pg_catalog") == 0 ||
           strncmp(schema, "pg_temp", strlen("pg_temp")) == 0;
}

/* Returns the name as the list has it. */
static const char *add(struct arena *a, struct names *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->v[i], name) == 0) {
            return l->v[i];
        }
    }
    ARENA_GROW(a, l->v, l->n, l->cap);
    return l->v[l->n++] = arena_strdup(a, name);
}

/* A file may set it a thousand times: nothing is kept twice. */
static void add_schema(struct arena *a, struct path *p, const char *schema)
{
    struct names *l = &p->names;
    if (!is_virtual(schema) && !names_have(l, schema)) {
        ARENA_GROW(a, l->v, l->n, l->cap);
        l->v[l->n++] = add(a, &p->all, schema);
    }
}

void path_set(struct arena *a, struct path *p, const PgQuery__VariableSetStmt *s)
{
    if (strcmp(s->name, "search_path") != 0) {
        return;
    }
    p->names.n = 0;
    p->known = s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE;
    for (size_t i = 0; p->known && i < s->n_args; i++) {
        const char *schema = tree_literal(s->args[i]);
        add_schema(a, p, schema != NULL ? schema : "");
    }
}

/* One name of a list of identifiers; returns what follows its comma, NULL at the end. Unquoted ones
 * are folded to lower case as the server does (SplitIdentifierString). */
static const char *next_name(const char *text, char *to)
{
    bool quoted = false;
    text += strspn(text, " \t\r\n");
    for (; *text != '\0' && (quoted || *text != ','); text++) {
        if (*text == '"') {
            if (quoted && text[1] == '"') {
                *to++ = *text++;
            } else {
                quoted = !quoted;
            }
        } else if (quoted || strchr(" \t\r\n", *text) == NULL) {
            *to++ = !quoted && *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
        }
    }
    *to = '\0';
    return *text == ',' ? text + 1 : NULL;
}

void path_set_text(struct arena *a, struct path *p, const char *text)
{
    char *name = arena_strdup(a, text);
    p->names.n = 0;
    p->known = true;
    while (text != NULL) {
        text = next_name(text, name);
        add_schema(a, p, name);
    }
}

void path_close(struct arena *a, struct path *p)
{
    if (p->guessed && p->all.n > 0) {
        (void)add(a, &p->all, "public");
    }
}

const char *path_resolve(const struct path *p, enum object_kind kind, bool is_made)
{
    bool bound = !object_kind_global(kind) && kind != OBJ_SCHEMA && kind != OBJ_EXTENSION;
    if (!bound || !p->known || p->names.n == 0 || (!is_made && p->names.n > 1)) {
        return "";
    }
    return p->names.v[0];
}
