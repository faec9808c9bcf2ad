/* The text of a file for psql. */
#include "sql/psql_render.h"

#include <string.h>
#include <strings.h>

#include "sql/psql_parts.h"

/* Set by psql itself, from its session and from what the server answers. */
static const char own_names[] =
    " AUTOCOMMIT COMP_KEYWORD_CASE DBNAME ECHO ECHO_HIDDEN ENCODING ERROR FETCH_COUNT "
    "HIDE_TABLEAM HIDE_TOAST_COMPRESSION HISTCONTROL HISTSIZE HOST IGNOREEOF LASTOID "
    "LAST_ERROR_MESSAGE LAST_ERROR_SQLSTATE ON_ERROR_ROLLBACK ON_ERROR_STOP PORT PROMPT1 PROMPT2 "
    "PROMPT3 QUIET ROW_COUNT SERVER_VERSION_NAME SERVER_VERSION_NUM SERVICE SHELL_ERROR "
    "SHELL_EXIT_CODE SHOW_ALL_RESULTS SHOW_CONTEXT SINGLELINE SINGLESTEP SQLSTATE USER VERBOSITY "
    "VERSION VERSION_NAME VERSION_NUM ";

/* --- what is put out --------------------------------------------------------------------------------- */

bool psql_is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

bool psql_is_sent(const struct psql_reading *r)
{
    return !r->has_quit && (r->n_ifs == 0 || r->ifs[r->n_ifs - 1].takes);
}

void psql_blank(struct psql_reading *r, const char *p, size_t n)
{
    r->is_changed = true;
    for (size_t i = 0; i < n; i++) {
        buf_putc(&r->out, p[i] == '\n' || p[i] == '\r' ? p[i] : ' ');
    }
}

/* Put it out where it is sent, blanks in place of it where not, or where it is a command. Line ends stay. */
static void put(struct psql_reading *r, const char *p, size_t n)
{
    if (psql_is_sent(r)) {
        buf_add(&r->out, p, n);
    } else {
        psql_blank(r, p, n);
    }
}

void psql_fault(struct psql_reading *r, size_t at, const char *what, const char *hint)
{
    int line = 1;
    int col = 1;
    text_place(r->text, at, &line, &col);
    err_list_addf(r->faults, ERR_CONFIG, r->path, line, col, hint, "%s", what);
}

/* --- variables --------------------------------------------------------------------------------------- */

static struct psql_set *find(struct psql_reading *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->v[i].name, name) == 0) {
            return &r->v[i];
        }
    }
    return NULL;
}

void psql_unset(struct psql_reading *r, const char *name)
{
    struct psql_set *x = find(r, name);
    if (x != NULL) {
        *x = r->v[--r->n];
    }
}

void psql_set(struct psql_reading *r, const char *name, const char *value)
{
    struct psql_set *x = find(r, name);
    if (x == NULL) {
        ARENA_GROW(r->a, r->v, r->n, r->cap);
        x = &r->v[r->n++];
        x->name = arena_strdup(r->a, name);
        x->is_busy = false;
    }
    x->value = arena_strdup(r->a, value);
}

/* As psql -v NAME=VALUE would begin. */
static void set_declared(struct psql_reading *r)
{
    for (size_t i = 0; i < r->declared->n; i++) {
        const char *name = r->declared->v[i];
        const struct variable *x = variables_find(r->values, name);
        if (x != NULL) {
            psql_set(r, name, x->value);
        }
    }
}

static bool is_own(const char *name)
{
    char key[40];
    size_t n = strlen(name);
    if (n + 3 > sizeof key) {
        return false;
    }
    key[0] = ' ';
    memcpy(key + 1, name, n);
    memcpy(key + 1 + n, " ", 2);
    return strstr(own_names, key) != NULL;
}

/* For a value that nobody knows: as the name is read without quotes. */
static struct psql_set *stand_in(struct arena *a, const char *name)
{
    struct psql_set *x = ARENA_NEW(a, struct psql_set);
    char *out = arena_strdup(a, name);
    *x = (struct psql_set){name, out, false};
    for (char *p = out; *p != '\0'; p++) {
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    }
    return x;
}

/* Set here, or with a value in the environment. NULL: neither, and nothing is wrong with that. */
static struct psql_set *value_of(struct psql_reading *r, const char *name)
{
    struct psql_set *x = find(r, name);
    if (x != NULL) {
        return x;
    }
    if (names_have(r->declared, name)) {
        r->is_guess = true;
        if (r->values != NULL) {
            psql_fault(
                r, r->at,
                arena_printf(r->a, ":%s has no value in environment \"%s\"", name, r->values->env),
                arena_printf(r->a,
                             "write `variables: {%s: VALUE}` under %s in "
                             "registry/environments.v1.yml",
                             name, r->values->env));
        }
        return stand_in(r->a, name);
    }
    if (is_own(name) && psql_is_sent(r)) {
        psql_fault(r, r->at, arena_printf(r->a, ":%s is what psql is told by its session", name),
                   arena_printf(r->a,
                                "declare it: `variables: [%s]`, and give it a value in each "
                                "environment; or ask the server, in SQL",
                                name));
        return stand_in(r->a, name);
    }
    return NULL;
}

/* As PQescapeLiteral() and PQescapeIdentifier() do. */
static const char *quoted(struct arena *a, const char *value, char quote)
{
    struct buf out = {0};
    bool escapes = quote == '\'' && strchr(value, '\\') != NULL;
    buf_puts(&out, escapes ? " E" : "");
    buf_putc(&out, quote);
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == quote || (escapes && *p == '\\')) {
            buf_putc(&out, *p);
        }
        buf_putc(&out, *p);
    }
    buf_putc(&out, quote);
    const char *text = arena_strndup(a, buf_str(&out), out.n);
    buf_release(&out);
    return text;
}

size_t psql_reference(struct psql_reading *r, const char *p, size_t n, const char **value,
                      struct psql_set **var)
{
    char opens = n > 1 ? p[1] : '\0';
    bool tests = n > 2 && opens == '{' && p[2] == '?';
    size_t from = tests ? 3 : opens == '\'' || opens == '"' ? 2 : 1;
    size_t end = from;
    while (end < n && psql_is_name(p[end])) {
        end++;
    }
    char closes = tests ? '}' : from == 2 ? opens : '\0';
    *var = NULL;
    if (end == from || (closes != '\0' && (end >= n || p[end] != closes))) {
        return 0;
    }
    const char *name = arena_strndup(r->a, p + from, end - from);
    if (tests) {
        *value = find(r, name) != NULL || names_have(r->declared, name) || is_own(name) ? "TRUE"
                                                                                        : "FALSE";
        return end + 1;
    }
    struct psql_set *x = value_of(r, name);
    if (x == NULL) {
        return 0;
    }
    *value = from == 2 ? quoted(r->a, x->value, opens) : x->value;
    *var = from == 2 ? NULL : x;
    return end + (from == 2 ? 1 : 0);
}

/* --- psql's lexer ------------------------------------------------------------------------------------ */

static void read_text(struct psql_reading *r, const char *p, size_t n, bool is_value);

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool begins_word(char c)
{
    return psql_is_name(c) && !(c >= '0' && c <= '9');
}

static size_t word_at(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && (psql_is_name(p[i]) || p[i] == '$')) {
        i++;
    }
    return i;
}

static bool word_is(const char *p, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(p, word, n) == 0;
}

/* COPY ... FROM STDIN, outside of parentheses. */
static void note_word(struct psql_reading *r, const char *p, size_t n)
{
    if (!psql_is_sent(r)) {
        return;
    }
    r->n_words++;
    if (r->n_words == 1) {
        r->is_copy = word_is(p, n, "copy");
    } else if (r->parens == 0) {
        r->copies = r->copies || (r->is_copy && r->is_from && word_is(p, n, "stdin"));
    }
    r->is_from = r->parens == 0 && word_is(p, n, "from");
}

static void end_statement(struct psql_reading *r)
{
    r->n_words = r->parens = 0;
    r->is_copy = r->is_from = r->copies = false;
}

/* How much of p it is: to its end, or all. psql reads a file line by line, and sees no string that goes on
 * behind a line end in quotes of its own: what stands in those is '...', whatever began it. */
static size_t take_quoted(struct psql_reading *r, const char *p, size_t n)
{
    char quote = r->state == PSQL_IDENT ? '"' : '\'';
    size_t i = 0;
    while (i < n && p[i] != quote) {
        i += r->state == PSQL_ESCAPED && p[i] == '\\' && i + 1 < n ? 2 : 1;
    }
    if (i >= n) {
        return n;
    }
    i++;
    if (i < n && p[i] == quote) {
        return i + 1; /* doubled: it goes on */
    }
    r->state = PSQL_SQL;
    return i;
}

static size_t take_comment(struct psql_reading *r, const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && r->depth > 0) {
        bool opens = i + 1 < n && p[i] == '/' && p[i + 1] == '*';
        bool closes = i + 1 < n && p[i] == '*' && p[i + 1] == '/';
        r->depth += opens ? 1 : 0;
        r->depth -= closes ? 1 : 0;
        i += opens || closes ? 2 : 1;
    }
    r->state = r->depth > 0 ? PSQL_COMMENT : PSQL_SQL;
    return i;
}

static size_t take_dollars(struct psql_reading *r, const char *p, size_t n)
{
    for (size_t i = 0; i + r->n_tag <= n; i++) {
        if (memcmp(p + i, r->tag, r->n_tag) == 0) {
            r->state = PSQL_SQL;
            return i + r->n_tag;
        }
    }
    return n;
}

/* $$ or $tag$ at p: its length; 0: it is none. */
static size_t tag_at(const char *p, size_t n)
{
    size_t i = 1;
    if (i < n && p[i] >= '0' && p[i] <= '9') {
        return 0;
    }
    while (i < n && psql_is_name(p[i])) {
        i++;
    }
    return i < n && p[i] == '$' && i + 1 <= PSQL_TAG_MOST ? i + 1 : 0;
}

static size_t take_word(struct psql_reading *r, const char *p, size_t n)
{
    size_t i = word_at(p, n);
    char next = i < n ? p[i] : '\0';
    if (i == 1 && (*p == 'e' || *p == 'E') && next == '\'') {
        r->state = PSQL_ESCAPED;
        return 2;
    }
    note_word(r, p, i);
    return i;
}

static size_t take_line(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && p[i] != '\n' && p[i] != '\r') {
        i++;
    }
    return i;
}

static size_t take_opening(struct psql_reading *r, const char *p, size_t n)
{
    size_t n_tag = *p == '$' ? tag_at(p, n) : 0;
    if (n_tag > 0) {
        memcpy(r->tag, p, n_tag);
        r->n_tag = n_tag;
        r->state = PSQL_DOLLARS;
        return n_tag;
    }
    if (*p == '/') {
        r->depth = 1;
        r->state = PSQL_COMMENT;
        return 2;
    }
    r->state = *p == '"' ? PSQL_IDENT : *p == '\'' ? PSQL_STRING : r->state;
    return 1;
}

/* Of what is no reference, no command and no semicolon. */
static size_t take_sql(struct psql_reading *r, const char *p, size_t n)
{
    bool is_pair = n > 1 && p[1] == '-' && *p == '-';
    if (is_pair) {
        return take_line(p, n);
    }
    if (begins_word(*p)) {
        return take_word(r, p, n);
    }
    if (*p >= '0' && *p <= '9') {
        return word_at(p, n);
    }
    if (*p == '\'' || *p == '"' || *p == '$' || (*p == '/' && n > 1 && p[1] == '*')) {
        r->is_from = false;
        return take_opening(r, p, n);
    }
    r->parens += *p == '(' ? 1 : 0;
    r->parens -= *p == ')' && r->parens > 0 ? 1 : 0;
    r->is_from = r->is_from && is_blank(*p);
    return *p == ':' && n > 1 && (p[1] == ':' || p[1] == '=') ? 2 : 1;
}

/* The value, read as if it stood there. */
static void put_value(struct psql_reading *r, const char *value, struct psql_set *var)
{
    r->is_changed = true;
    if (var == NULL) {
        buf_puts(&r->out, value);
        return;
    }
    if (var->is_busy) {
        psql_fault(r, r->at, arena_printf(r->a, ":%s stands in its own value", var->name),
                   "write the value itself");
        return;
    }
    const char *name = var->name;
    var->is_busy = true;
    read_text(r, value, strlen(value), true);
    var = find(r, name);
    if (var != NULL) {
        var->is_busy = false;
    }
}

/* The rows behind a COPY ... FROM STDIN, from its semicolon on, with the line "\." that ends them. */
static size_t take_rows(struct psql_reading *r, const char *p, size_t n)
{
    size_t i = take_line(p, n);
    while (i < n) {
        i += p[i] == '\r' && i + 1 < n && p[i + 1] == '\n' ? 2 : 1;
        size_t len = take_line(p + i, n - i);
        bool ends = len == 2 && memcmp(p + i, "\\.", 2) == 0;
        i += len;
        if (ends) {
            break;
        }
    }
    buf_add(&r->out, p, i);
    return i;
}

static size_t take_semicolon(struct psql_reading *r, const char *p, size_t n, bool is_value)
{
    bool has_rows = r->copies && psql_is_sent(r) && !is_value;
    put(r, p, 1);
    if (r->parens == 0 || !psql_is_sent(r)) {
        end_statement(r);
    }
    return 1 + (has_rows ? take_rows(r, p + 1, n - 1) : 0);
}

static size_t take_backslash(struct psql_reading *r, const char *p, size_t n, bool is_value)
{
    if (n > 1 && (p[1] == ';' || p[1] == ':')) {
        put(r, p + 1, 1); /* psql sends it with what follows, in one message */
        psql_blank(r, " ", 1);
        if (p[1] == ';') {
            end_statement(r);
        }
        return 2;
    }
    if (is_value) {
        psql_fault(r, r->at, "a value has a backslash in it, behind which psql reads a command",
                   "put quotes around it: :'name'");
        return n;
    }
    return psql_command(r);
}

static size_t take(struct psql_reading *r, const char *p, size_t n, bool is_value)
{
    const char *value = NULL;
    struct psql_set *var = NULL;
    size_t len = 0;
    if (r->state == PSQL_SQL && *p == '\\') {
        return take_backslash(r, p, n, is_value);
    }
    if (r->state == PSQL_SQL && *p == ';') {
        return take_semicolon(r, p, n, is_value);
    }
    bool is_cast = n > 1 && (p[1] == ':' || p[1] == '=');
    if (r->state == PSQL_SQL && *p == ':' && !is_cast && psql_is_sent(r)) {
        len = psql_reference(r, p, n, &value, &var);
    }
    if (len > 0) {
        r->is_from = false;
        r->n_words += r->n_words == 0 ? 1 : 0;
        put_value(r, value, var);
        return len;
    }
    len = r->state == PSQL_SQL       ? take_sql(r, p, n)
          : r->state == PSQL_COMMENT ? take_comment(r, p, n)
          : r->state == PSQL_DOLLARS ? take_dollars(r, p, n)
                                     : take_quoted(r, p, n);
    put(r, p, len);
    return len;
}

static void read_text(struct psql_reading *r, const char *p, size_t n, bool is_value)
{
    size_t i = 0;
    while (i < n) {
        if (!is_value) {
            r->at = i;
        }
        i += take(r, p + i, n - i, is_value);
    }
}

void psql_render(struct arena *a, const struct names *declared, const struct variables *values,
                 const char *path, struct bytes text, struct bytes *out, struct err_list *faults)
{
    struct psql_reading *r = ARENA_NEW(a, struct psql_reading);
    *r = (struct psql_reading){.a = a,
                               .declared = declared,
                               .values = values,
                               .path = path,
                               .text = text,
                               .faults = faults};
    set_declared(r);
    read_text(r, text.p, text.n, false);
    psql_end_ifs(r);
    *out = r->is_changed ? bytes_of(arena_strndup(a, buf_str(&r->out), r->out.n), r->out.n) : text;
    buf_release(&r->out);
}
