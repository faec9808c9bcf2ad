/* Settings, locks, types, sequences, extensions, publications; and names that are given. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lint/work.h"

/* --- names ------------------------------------------------------------------------------------------ */

enum { NAME_MOST = 63 };

/* The parser has cut it already: in the text it goes on. */
static bool is_cut(const struct lint *l, const char *name)
{
    struct bytes text = l->st->text;
    size_t n = strlen(name);
    const char *stop = text.p + text.n;
    for (const char *p = text.p;
         n >= NAME_MOST && (p = memmem(p, (size_t)(stop - p), name, n)) != NULL; p++) {
        unsigned char next = p + n < stop ? (unsigned char)p[n] : ' ';
        if (isalnum(next) || next == '_' || next >= 0x80) {
            return true;
        }
    }
    return false;
}

void lint_given(struct lint *l, const char *name, int location)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    if (is_cut(l, name)) {
        (void)lint_note(l, LINT_LONG_NAME, location, name, "the server cuts it to %s", name);
    }
    if (name[strspn(name, plain)] != '\0' || isdigit((unsigned char)name[0])) {
        (void)lint_note(l, LINT_QUOTED_NAME, location, name, "\"%s\" can only be written in quotes",
                        name);
    }
}

void lint_given_dotted(struct lint *l, struct dotted d)
{
    lint_given(l, d.name, -1);
    if (d.schema[0] == '\0' && !l->sets_path) {
        (void)lint_note(l, LINT_UNQUALIFIED, -1, d.name, "%s has no schema", d.name);
    }
}

void lint_given_range(struct lint *l, const PgQuery__RangeVar *r)
{
    if (strcmp(r->relpersistence, "t") != 0) {
        lint_given_dotted(l, (struct dotted){r->schemaname, r->relname});
    }
}

/* --- settings and locks ----------------------------------------------------------------------------- */

static bool is_zero(const PgQuery__VariableSetStmt *s)
{
    const tree *m = s->n_args == 1 ? tree_of(s->args[0]) : NULL;
    const char *text = s->n_args == 1 ? tree_literal(s->args[0]) : NULL;
    if (s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT) {
        return true;
    }
    if (tree_is(m, &pg_query__a__const__descriptor) &&
        TREE(AConst, m)->val_case == PG_QUERY__A__CONST__VAL_IVAL) {
        return TREE(AConst, m)->ival->ival == 0;
    }
    return text != NULL &&
           (strcmp(text, "0") == 0 || strncmp(text, "0ms", 3) == 0 || strncmp(text, "0s", 2) == 0);
}

static void set(struct lint *l, const tree *m)
{
    const PgQuery__VariableSetStmt *s = TREE(VariableSetStmt, m);
    bool is_limit = strcasecmp(s->name, "lock_timeout") == 0 ||
                    strcasecmp(s->name, "statement_timeout") == 0 ||
                    strcasecmp(s->name, "idle_in_transaction_session_timeout") == 0;
    l->sets_path = l->sets_path || strcasecmp(s->name, "search_path") == 0;
    if (is_limit && is_zero(s)) {
        (void)lint_note(l, LINT_NO_TIMEOUT, -1, s->name, "%s is switched off", s->name);
    }
    if (!s->is_local && s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) {
        (void)lint_note(l, LINT_SET_SESSION, -1, s->name, "%s holds for the rest of the session",
                        s->name);
    }
}

static void lock(struct lint *l, const tree *m)
{
    (void)m;
    (void)lint_note(l, LINT_LOCK_TABLE, -1, NULL, "a lock that is kept until COMMIT");
}

/* --- types ------------------------------------------------------------------------------------------ */

static void create_enum(struct lint *l, const tree *m)
{
    struct dotted d = tree_dotted(LIST(TREE(CreateEnumStmt, m), type_name));
    lint_given_dotted(l, d);
    (void)lint_note(l, LINT_ENUM_MADE, -1, d.name, "no value of %s can be removed",
                    lint_name(l, d.schema, d.name));
}

static void alter_enum(struct lint *l, const tree *m)
{
    const PgQuery__AlterEnumStmt *s = TREE(AlterEnumStmt, m);
    struct dotted d = tree_dotted(LIST(s, type_name));
    const char *name = lint_name(l, d.schema, d.name);
    if (s->old_val[0] != '\0') {
        (void)lint_note(l, LINT_RENAME_OTHER, -1, name, "a value of %s is called otherwise", name);
        return;
    }
    if (s->new_val_neighbor[0] == '\0') {
        (void)lint_note(l, LINT_ENUM_ORDER, -1, name, "the new value of %s goes to its end", name);
    }
    if (l->is_block) {
        names_add(l->a, &l->enum_values, arena_printf(l->a, "'%s'", s->new_val));
    }
}

static void create_domain(struct lint *l, const tree *m)
{
    const PgQuery__CreateDomainStmt *s = TREE(CreateDomainStmt, m);
    struct dotted d = tree_dotted(LIST(s, domainname));
    lint_given_dotted(l, d);
    for (size_t i = 0; i < s->n_constraints; i++) {
        const tree *k = tree_of(s->constraints[i]);
        if (tree_is(k, &pg_query__constraint__descriptor) &&
            TREE(Constraint, k)->contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK) {
            (void)lint_note(l, LINT_DOMAIN_CONSTRAINED, -1, d.name, "%s has a constraint",
                            lint_name(l, d.schema, d.name));
            return;
        }
    }
}

static void alter_domain(struct lint *l, const tree *m)
{
    const PgQuery__AlterDomainStmt *s = TREE(AlterDomainStmt, m);
    const tree *k = tree_of(s->def);
    struct dotted d = tree_dotted(LIST(s, type_name));
    bool is_checked =
        tree_is(k, &pg_query__constraint__descriptor) && !TREE(Constraint, k)->skip_validation;
    if (strcmp(s->subtype, "X") == 0) {
        (void)lint_note(l, LINT_DROP_CONSTRAINT, -1, d.name, "%s of %s keeps nothing out any more",
                        s->name, lint_name(l, d.schema, d.name));
    }
    if ((strcmp(s->subtype, "C") == 0 && is_checked) || strcmp(s->subtype, "O") == 0) {
        (void)lint_note(l, LINT_DOMAIN_CHECK, -1, d.name, "every column of %s is looked at",
                        lint_name(l, d.schema, d.name));
    }
}

/* --- sequences -------------------------------------------------------------------------------------- */

static void create_sequence(struct lint *l, const tree *m)
{
    const PgQuery__CreateSeqStmt *s = TREE(CreateSeqStmt, m);
    const char *name = lint_range(l, s->sequence);
    const PgQuery__DefElem *as = tree_option(LIST(s, options), "as");
    const tree *type = as != NULL ? tree_of(as->arg) : NULL;
    const char *word = tree_is(type, &pg_query__type_name__descriptor)
                           ? tree_dotted(LIST(TREE(TypeName, type), names)).name
                           : "int8";
    known_table_new(l->a, &l->known, s->sequence)->is_new = l->now->f.part != LINT_PAST;
    lint_given_range(l, s->sequence);
    if (strcmp(word, "int8") != 0 || tree_option_on(LIST(s, options), "cycle", false)) {
        (void)lint_note(l, LINT_SEQUENCE_SMALL, -1, name, "%s runs out, or begins anew", name);
    }
}

static void alter_sequence(struct lint *l, const tree *m)
{
    const PgQuery__AlterSeqStmt *s = TREE(AlterSeqStmt, m);
    if (tree_option(LIST(s, options), "restart") != NULL && lint_range_in_use(l, s->sequence)) {
        (void)lint_note(l, LINT_SEQUENCE_RESTART, -1, lint_range(l, s->sequence),
                        "%s gives numbers again", lint_range(l, s->sequence));
    }
}

/* --- the rest --------------------------------------------------------------------------------------- */

static void extension(struct lint *l, const tree *m)
{
    const PgQuery__CreateExtensionStmt *s = TREE(CreateExtensionStmt, m);
    if (tree_option(LIST(s, options), "schema") == NULL) {
        (void)lint_note(l, LINT_EXTENSION_SCHEMA, -1, s->extname, "%s goes where search_path says",
                        s->extname);
    }
}

static void publication(struct lint *l, const tree *m)
{
    const PgQuery__CreatePublicationStmt *s = TREE(CreatePublicationStmt, m);
    if (s->for_all_tables) {
        (void)lint_note(l, LINT_PUBLICATION_ALL, -1, s->pubname, "%s takes in all tables",
                        s->pubname);
    }
}

static void schema(struct lint *l, const tree *m)
{
    const PgQuery__CreateSchemaStmt *s = TREE(CreateSchemaStmt, m);
    lint_given(l, s->schemaname, -1);
    if (s->if_not_exists) {
        (void)lint_note(l, LINT_IF_NOT_EXISTS, -1, s->schemaname,
                        "another schema %s would be taken for this one", s->schemaname);
    }
}

static const struct lint_handler rows[] = {
    {&pg_query__variable_set_stmt__descriptor, set},
    {&pg_query__lock_stmt__descriptor, lock},
    {&pg_query__create_enum_stmt__descriptor, create_enum},
    {&pg_query__alter_enum_stmt__descriptor, alter_enum},
    {&pg_query__create_domain_stmt__descriptor, create_domain},
    {&pg_query__alter_domain_stmt__descriptor, alter_domain},
    {&pg_query__create_seq_stmt__descriptor, create_sequence},
    {&pg_query__alter_seq_stmt__descriptor, alter_sequence},
    {&pg_query__create_extension_stmt__descriptor, extension},
    {&pg_query__create_publication_stmt__descriptor, publication},
    {&pg_query__create_schema_stmt__descriptor, schema},
};
LINT_HANDLERS(on_other_handlers, rows);
