/* What undoes GRANT and REVOKE. Whether a privilege was there before is not in the text: a person
 * must look. */
#include "sql/inverse_parts.h"

static enum answer put(struct inversion *v, const char *verb, struct bytes what, const char *word,
                       struct bytes roles, const char *option, struct bytes by)
{
    if (what.n == 0 || roles.n == 0) {
        return ANSWER_OPEN;
    }
    buf_printf(v->out, "%s ", verb);
    inverse_put(v->out, what);
    buf_printf(v->out, " %s ", word);
    inverse_put(v->out, roles);
    buf_puts(v->out, option);
    buf_puts(v->out, by.n > 0 ? " " : "");
    inverse_put(v->out, by);
    buf_puts(v->out, ";\n");
    return ANSWER_SQL;
}

enum answer inverse_grant(struct inversion *v, struct head *h)
{
    struct bytes what = head_until(h, "TO");
    if (!head_skip(h, "TO")) {
        return ANSWER_OPEN;
    }
    struct bytes roles = head_until(h, "WITH|GRANTED");
    if (head_skip(h, "WITH")) {
        (void)head_until(h, "GRANTED");
    }
    struct bytes by = head_until(h, "CASCADE");
    v->care = CARE_THERE;
    return put(v, "REVOKE", what, "FROM", roles, "", by);
}

/* CASCADE takes away from roles that are not in the text. */
enum answer inverse_revoke(struct inversion *v, struct head *h)
{
    const char *option = head_skip(h, "GRANT OPTION FOR")   ? " WITH GRANT OPTION"
                         : head_skip(h, "ADMIN OPTION FOR") ? " WITH ADMIN OPTION"
                                                            : "";
    struct bytes what = head_until(h, "FROM");
    if (!head_skip(h, "FROM")) {
        return ANSWER_OPEN;
    }
    struct bytes roles = head_until(h, "GRANTED|CASCADE|RESTRICT");
    struct bytes by = head_until(h, "CASCADE|RESTRICT");
    if (head_is(h, "CASCADE")) {
        return ANSWER_OPEN;
    }
    v->care = CARE_GONE;
    return put(v, "GRANT", what, "TO", roles, option, by);
}
