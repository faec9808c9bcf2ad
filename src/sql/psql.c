/* What only psql understands. */
#include "sql/psql.h"

#include <string.h>
#include <strings.h>

struct psql_advice {
    const char *commands; /* separated by blanks */
    const char *hint;
};

static const char other_hint[] = "remove it";

static const struct psql_advice advices[] = {
    {" copy ", "write COPY ... FROM STDIN with the rows behind it, or load them as a dataset"},
    {" i ir include include_relative ",
     "put the statements into this file, or make them a migration of their own"},
    {" set unset ", "write the value itself, or declare `runner: {tool: psql}`"},
    {" gset prompt getenv setenv ", "write the value itself"},
    {" echo qecho warn ", "write it as a comment (--)"},
    {" c connect ", "the environment names the database; remove the line"},
    {" if elif else endif ",
     "write the condition in a DO block, or declare `runner: {tool: psql}`"},
    {" gexec ", "write a DO block with EXECUTE"},
    {" g gx gdesc crosstabview watch ", "end the statement with a semicolon"},
    {" restrict unrestrict timing pset x q conninfo encoding ", "remove the line"},
    {" . ", "it ends the rows of a COPY ... FROM STDIN, and there is none before it"},
    {" ! ", "remove it"},
};

static const char *hint_for(const char *word, size_t n)
{
    char key[32] = " ";
    if (n + 3 > sizeof key) {
        return other_hint;
    }
    memcpy(key + 1, word, n);
    memcpy(key + 1 + n, " ", 2);
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
        if (strstr(advices[i].commands, key) != NULL) {
            return advices[i].hint;
        }
    }
    return other_hint;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
}

/* The backslash stands at at. */
static bool does_nothing(const char *sql, size_t n, size_t at)
{
    static const char *const words[] = {"restrict", "unrestrict", "echo", "pset",
                                        "set ON_ERROR_STOP"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        size_t end = at + 1 + len;
        if (end <= n && memcmp(sql + at + 1, words[i], len) == 0 &&
            (end == n || !is_word(sql[end]))) {
            return true;
        }
    }
    return false;
}

bool psql_pass_over(char *sql, size_t n, const struct tokens *t)
{
    bool between = true; /* no statement has begun */
    bool found = false;
    size_t end = 0; /* of the line blanked last */
    for (size_t i = 0; i < t->n; i++) {
        size_t at = t->v[i].at;
        if (at < end) {
            continue;
        }
        if (t->v[i].type == TOK(ASCII_92) && between && does_nothing(sql, n, at)) {
            for (end = at; end < n && sql[end] != '\n' && sql[end] != '\r'; end++) {
                sql[end] = ' ';
            }
            found = true;
        } else {
            between = t->v[i].type == TOK(ASCII_59);
        }
    }
    return found;
}

static int meta_command(const char *path, struct bytes text, size_t at, struct err *e)
{
    int line, col;
    size_t end = at + 1;
    while (end < text.n && is_word(text.p[end])) {
        end++;
    }
    if (end == at + 1 && end < text.n && (text.p[end] == '.' || text.p[end] == '!')) {
        end++;
    }
    text_place(text, at, &line, &col);
    err_at(e, ERR_CONFIG, path, line, col, "psql meta-command \"%.*s\" is no SQL",
           (int)(end - at < 40 ? end - at : 40), text.p + at);
    return err_hint(e, "%s", hint_for(text.p + at + 1, end - at - 1));
}

int psql_check_commands(const char *path, struct bytes text, const struct tokens *t, struct err *e)
{
    for (size_t i = 0; i < t->n; i++) {
        int type = t->v[i].type;
        if (type == TOK(ASCII_92)) {
            return meta_command(path, text, t->v[i].at, e);
        }
    }
    return 0;
}

static bool token_is(struct bytes text, const struct token *v, const char *word)
{
    size_t n = strlen(word);
    size_t quoted = v->type == TOK(SCONST) || text.p[v->at] == '"' ? 1 : 0;
    return v->end - v->at == n + 2 * quoted && strncasecmp(text.p + v->at + quoted, word, n) == 0;
}

static bool says_on(struct bytes text, const struct token *v)
{
    static const char *const words[] = {"on", "true", "yes", "1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (token_is(text, v, words[i])) {
            return true;
        }
    }
    return false;
}

bool psql_finds_quoting(struct bytes text, const struct tokens *t, size_t *at)
{
    size_t set = SIZE_MAX; /* the SET that begins the current statement */
    for (size_t i = 0; i + 2 < t->n; i++) {
        const struct token *v = &t->v[i];
        if (i == 0 || v[-1].type == TOK(ASCII_59)) {
            set = v->type == TOK(SET) ? i : SIZE_MAX;
        }
        bool named = (set != SIZE_MAX || v->type == TOK(SCONST)) &&
                     token_is(text, v, "standard_conforming_strings");
        if (named && !says_on(text, v + 2)) { /* between: = or TO, or a comma */
            *at = set != SIZE_MAX ? t->v[set].at : v->at;
            return true;
        }
    }
    return false;
}

/* A colon behind these is a slice or a JSON constructor's key, not the start of a variable. */
static bool ends_operand(int type)
{
    return type == TOK(IDENT) || type == TOK(UIDENT) || type == TOK(SCONST) ||
           type == TOK(USCONST) || type == TOK(ICONST) || type == TOK(FCONST) ||
           type == TOK(PARAM) || type == TOK(ASCII_41) || type == TOK(ASCII_93) ||
           type == TOK(ASCII_91) || type == TOKEN_JUNK;
}

int psql_check_variables(const char *path, struct bytes text, const struct token *v, size_t n,
                         struct err *e)
{
    for (size_t i = 0; i + 1 < n; i++) {
        size_t next = v[i].at + 1;
        if (v[i].type != TOK(ASCII_58) || v[i + 1].at != next || next >= text.n ||
            (i > 0 && ends_operand(v[i - 1].type))) {
            continue;
        }
        char c = text.p[next];
        if (is_word(c) || c == '\'' || c == '"' || c == '{') {
            int line, col;
            text_place(text, v[i].at, &line, &col);
            err_at(e, ERR_CONFIG, path, line, col, "psql variable \"%.*s\" has no value here",
                   (int)(v[i + 1].end - v[i].at < 40 ? v[i + 1].end - v[i].at : 40),
                   text.p + v[i].at);
            return err_hint(e,
                            "write the value itself, or declare the name: `variables: [NAME]` with "
                            "`runner: {tool: psql}`");
        }
    }
    return 0;
}
