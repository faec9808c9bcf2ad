/* Two definitions of one object, looked at for what is enforced less. */
#include "store/posture.h"

#include <string.h>

struct posture {
    struct arena *a;
    const struct change *c;
    struct reductions *out;
};

static void reduce(const struct posture *w, const char *rule, const char *text)
{
    ARENA_GROW(w->a, w->out->v, w->out->n, w->out->cap);
    w->out->v[w->out->n++] = (struct reduction){rule, text};
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static const char *value_of(const struct catalog_object *o, const char *name)
{
    const struct facet *f = o != NULL ? facet_of(o, name) : NULL;
    return f != NULL && strcmp(f->value, FACET_HIDDEN) != 0 ? f->value : NULL;
}

/* Does the value have that word, between blanks? */
static bool has_word(const char *value, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = value != NULL ? strstr(value, word) : NULL; at != NULL;
         at = strstr(at + 1, word)) {
        if ((at == value || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' ')) {
            return true;
        }
    }
    return false;
}

/* --- privileges --------------------------------------------------------------------------------------- */

/* "+grantee=privileges/grantor", or with '-' what is taken from the default; PUBLIC has no name. */
struct privilege {
    char sign;
    const char *grantee;
    const char *letters;
};

/* The next one at *text, which moves behind it; names may be in double quotes. false: there is none. */
static bool next_privilege(struct arena *a, const char **text, struct privilege *out)
{
    const char *at = *text + strspn(*text, ", ");
    bool is_quoted = false;
    size_t n = 0;
    if (at[0] != '+' && at[0] != '-') {
        return false;
    }
    const char *name = at + 1;
    while (name[n] != '\0' && (is_quoted || name[n] != '=')) {
        is_quoted ^= name[n] == '"';
        n++;
    }
    const char *letters = name + n + (name[n] == '=');
    size_t n_letters = strcspn(letters, "/");
    *out =
        (struct privilege){at[0], arena_strndup(a, name, n), arena_strndup(a, letters, n_letters)};
    for (at = letters + n_letters; at[0] != '\0' && (is_quoted || at[0] != ','); at++) {
        is_quoted ^= at[0] == '"';
    }
    *text = at;
    return true;
}

/* The letters that PUBLIC has by that sign; in a. */
static const char *of_public(struct arena *a, const char *value, char sign)
{
    const char *out = "";
    struct privilege p;
    while (value != NULL && next_privilege(a, &value, &p)) {
        if (p.sign == sign && p.grantee[0] == '\0') {
            out = arena_printf(a, "%s%s", out, p.letters);
        }
    }
    return out;
}

static bool has_more(const char *letters, const char *than)
{
    return letters[strspn(letters, than)] != '\0' && strspn(letters, than) < strlen(letters);
}

/* Whoever may hand it on, as "ann:r" for each letter with a star. */
static bool hands_on(struct arena *a, const char *value, const char *grantee, char letter)
{
    struct privilege p;
    while (value != NULL && next_privilege(a, &value, &p)) {
        for (const char *l = p.letters; p.sign == '+' && l[0] != '\0'; l++) {
            if (l[0] == letter && l[1] == '*' && strcmp(p.grantee, grantee) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void judge_options(const struct posture *w, const char *was, const char *now)
{
    struct privilege p;
    const char *rest = now;
    while (rest != NULL && next_privilege(w->a, &rest, &p)) {
        for (const char *l = p.letters; p.sign == '+' && l[0] != '\0'; l++) {
            if (l[1] == '*' && !hands_on(w->a, was, p.grantee, l[0])) {
                reduce(w, "grant-option",
                       arena_printf(w->a, "%s may hand on privileges", p.grantee));
                return;
            }
        }
    }
}

static void judge_privileges(const struct posture *w, const char *was, const char *now)
{
    const char *given = of_public(w->a, now, '+');
    const char *taken_before = of_public(w->a, was, '-');
    if (has_more(given, of_public(w->a, was, '+')) ||
        has_more(taken_before, of_public(w->a, now, '-'))) {
        reduce(w, "grant-to-public", "everyone has a privilege");
    }
    judge_options(w, was, now);
}

/* Privileges on a column, or on a sequence that a column owns, stand behind the rest of it; names are
 * quoted. */
static const char *of_part(const char *value)
{
    bool is_quoted = false;
    for (const char *at = value; at != NULL && at[0] != '\0'; at++) {
        is_quoted ^= at[0] == '"';
        if (!is_quoted && begins(at, " acl ")) {
            return at + strlen(" acl ");
        }
    }
    return NULL;
}

/* --- each aspect -------------------------------------------------------------------------------------- */

/* "on", "forced", or "forced but off": FORCE is remembered where row security is off. */
static bool is_on(const char *value)
{
    return value != NULL && !has_word(value, "off");
}

static void judge_row_security(const struct posture *w, const char *was, const char *now)
{
    if (is_on(was) && !is_on(now)) {
        reduce(w, "row-security-off", "row security is off");
    } else if (has_word(was, "forced") && !has_word(now, "forced")) {
        reduce(w, "row-security-off", "row security no longer binds the owner");
    }
}

/* SHA-256 of the text "true", as facets say it. */
#define OF_TRUE "sha256:b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b"

static bool is_open(const char *value)
{
    return value != NULL && (has_word(value, OF_TRUE));
}

static void judge_policy(const struct posture *w, const char *name, const char *was,
                         const char *now)
{
    if (now == NULL) {
        reduce(w, "policy-dropped", arena_printf(w->a, "%s is gone", name));
    } else if (is_open(now) && !is_open(was)) {
        reduce(w, "policy-open", arena_printf(w->a, "%s lets everything through", name));
    } else if (was != NULL && begins(was, "restrictive") && !begins(now, "restrictive")) {
        reduce(w, "policy-open", arena_printf(w->a, "%s restricts no more", name));
    } else if (was != NULL && strcmp(was, now) != 0) {
        reduce(w, "policy-changed", arena_printf(w->a, "%s binds others or otherwise", name));
    }
}

static void judge_role(const struct posture *w, const char *was, const char *now)
{
    static const char *const strong[] = {"superuser", "createrole", "createdb", "replication",
                                         "bypassrls"};
    for (size_t i = 0; i < sizeof strong / sizeof *strong; i++) {
        if (has_word(now, strong[i]) && !has_word(was, strong[i])) {
            reduce(w, "privileged-role", arena_printf(w->a, "it has %s", strong[i]));
        }
    }
    if (has_word(now, "login") && !has_word(was, "login")) {
        reduce(w, "login-role", "it may log in");
    }
}

static bool is_definers_for_all(const struct catalog_object *o)
{
    const char *attributes = value_of(o, "attributes");
    struct arena a = {0};
    bool taken = strchr(of_public(&a, value_of(o, "acl"), '-'), 'X') != NULL;
    arena_release(&a);
    return !taken && attributes != NULL && strstr(attributes, " security definer") != NULL;
}

static bool is_invokers(const struct catalog_object *o)
{
    static const char *const words[] = {"security_invoker=true", "security_invoker=on",
                                        "security_invoker=1", "security_invoker=yes"};
    const char *options = value_of(o, "options");
    for (size_t i = 0; options != NULL && i < sizeof words / sizeof *words; i++) {
        if (strstr(options, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* --- one object --------------------------------------------------------------------------------------- */

static void judge_facet(const struct posture *w, const char *name)
{
    const char *was = value_of(w->c->before, name);
    const char *now = value_of(w->c->after, name);
    enum object_kind kind = w->c->after->object.kind;
    if (kind == OBJ_DEFAULT_PRIVILEGES || begins(name, "acl")) {
        judge_privileges(w, was, now);
    } else if (begins(name, "column ") || begins(name, "sequence ")) {
        judge_privileges(w, of_part(was), of_part(now));
    } else if (strcmp(name, "row_security") == 0) {
        judge_row_security(w, was, now);
    } else if (begins(name, "policy ")) {
        judge_policy(w, name, was, now);
    } else if (kind == OBJ_ROLE && strcmp(name, "attributes") == 0) {
        judge_role(w, was, now);
    } else if (kind == OBJ_ROLE && begins(name, "member of ") && now != NULL &&
               begins(now, "admin") && (was == NULL || !begins(was, "admin"))) {
        reduce(w, "grant-option", arena_printf(w->a, "it may hand on being %s", name));
    }
}

static void judge_whole(const struct posture *w)
{
    const struct catalog_object *was = w->c->before;
    const struct catalog_object *now = w->c->after;
    enum object_kind kind = now->object.kind;
    if (kind == OBJ_FUNCTION && is_definers_for_all(now) &&
        (was == NULL || !is_definers_for_all(was))) {
        reduce(w, "security-definer-public", "everyone may call it, and it runs as its owner");
    }
    if (kind == OBJ_VIEW && was != NULL && is_invokers(was) && !is_invokers(now)) {
        reduce(w, "view-over-policies", "it reads as its owner");
    }
    if (was == NULL && (kind == OBJ_FOREIGN_SERVER || kind == OBJ_USER_MAPPING ||
                        kind == OBJ_FOREIGN_DATA_WRAPPER)) {
        reduce(w, "foreign-server", "it connects the database with another");
    }
}

void posture_reduced(struct arena *a, const struct change *c, struct reductions *out)
{
    struct posture w = {a, c, out};
    if (c->after == NULL) {
        return;
    }
    for (size_t i = 0; i < c->after->n_facets; i++) {
        judge_facet(&w, c->after->facets[i].name);
    }
    for (size_t i = 0; c->before != NULL && i < c->before->n_facets; i++) {
        if (facet_of(c->after, c->before->facets[i].name) == NULL) {
            judge_facet(&w, c->before->facets[i].name);
        }
    }
    judge_whole(&w);
}
