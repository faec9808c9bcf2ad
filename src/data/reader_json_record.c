/* Records of GeoJSON and of newline-delimited JSON. Nothing is kept but what is wanted of the present
 * record. */
#include <stdlib.h>
#include <string.h>

#include "data/reader_json.h"

/* --- values ---------------------------------------------------------------------------------------- */
static struct node *find(struct node *parent, struct bytes name)
{
    for (struct node *n = parent != NULL ? parent->child : NULL; n != NULL; n = n->next) {
        if (n->name.n == name.n && memcmp(n->name.p, name.p, name.n) == 0) {
            return n;
        }
    }
    return NULL;
}

static int parse_object(struct reader *r, struct node *node)
{
    size_t from = r->keys.n;
    bool is_first = true;
    struct bytes name = {NULL, 0};
    int rc = json_enter(r);
    while (rc == 0) {
        rc = json_next_member(r, from, &is_first, &name);
        if (rc <= 0) {
            break;
        }
        rc = json_value(r, find(node, name));
    }
    keys_leave(&r->keys, from);
    r->depth--;
    return rc;
}

static int parse_array(struct reader *r)
{
    int rc = json_enter(r);
    int c = rc == 0 ? json_peek(r) : 0;
    if (rc == 0 && c == ']') {
        json_copy(r, "]", 1);
        r->s->p++;
        r->depth--;
        return 0;
    }
    while (rc == 0) {
        rc = json_value(r, NULL);
        c = rc == 0 ? json_peek(r) : 0;
        if (rc == 0 && c != ',' && c != ']') {
            rc = json_unexpected(r, c, "a comma or ] is missing");
        }
        if (rc == 0) {
            json_copy(r, r->s->p, 1);
            r->s->p++;
            if (c == ']') {
                break;
            }
        }
    }
    r->depth--;
    return rc;
}

/* --- capturing ------------------------------------------------------------------------------------- */

static int keep_string(struct reader *r, struct slot *s)
{
    struct bytes raw;
    bool has_escapes;
    if (json_take_string(r, &raw, &has_escapes) != 0 ||
        (has_escapes && json_unescape(r, raw) != 0)) {
        return -1;
    }
    struct bytes text = has_escapes ? bytes_of(buf_str(&r->string), r->string.n) : raw;
    size_t at = 0;
    const char *what = NULL;
    if (text_check(text, &at, &what) != 0) {
        return reader_fail(r->s, &r->at, s->offset, NULL, r->e, "%s in a string", what);
    }
    s->kind = VALUE_TEXT;
    s->at = r->text.n;
    s->n = text.n;
    return reader_keep(r, text.p, text.n) ? 0 : -1;
}

/* Objects and arrays, without the white space between their parts: what is taken is copied while somebody
 * wants it. */
static int keep_json(struct reader *r, struct node *node, struct slot *s, int c)
{
    s->kind = VALUE_JSON;
    s->at = r->json.n;
    r->n_copies++;
    int rc = c == '{' ? parse_object(r, node) : parse_array(r);
    r->n_copies--;
    s->n = r->json.n - s->at;
    return rc;
}

static int capture(struct reader *r, struct node *node, int c)
{
    struct slot *s = &r->slot[node->slot];
    struct bytes raw;
    double v;
    s->offset = source_offset(r->s, r->s->p);
    s->at = r->text.n;
    s->n = 0;
    if (s->as_geometry && c == '{') {
        return r->n_copies > 0 ? reader_error(r, r->s->p, NULL,
                                              "a geometry stands in an object that is wanted whole")
                               : json_geometry(r, s, true, 1);
    }
    switch (c) {
    case '"':
        return keep_string(r, s);
    case 't':
    case 'f':
        s->kind = VALUE_BOOL;
        s->n = c == 't' ? 4 : 5;
        return json_take_word(r, c == 't' ? "true" : "false") == 0 &&
                       reader_keep(r, c == 't' ? "true" : "false", s->n)
                   ? 0
                   : -1;
    case 'n':
        s->kind = VALUE_NULL;
        return json_take_word(r, "null");
    case '{':
    case '[':
        return keep_json(r, node, s, c);
    default:
        break;
    }
    if (json_take_number(r, &v, &raw) != 0) {
        return -1;
    }
    s->kind = VALUE_NUMBER;
    s->n = raw.n;
    return reader_keep(r, raw.p, raw.n) ? 0 : -1;
}

int json_value(struct reader *r, struct node *node)
{
    struct bytes raw;
    bool has_escapes;
    double v;
    int c = json_peek(r);
    if (c < 0) {
        return json_unexpected(r, c, "");
    }
    if (node != NULL && node->slot != NO_SLOT) {
        return capture(r, node, c);
    }
    switch (c) {
    case '{':
        return parse_object(r, node);
    case '[':
        return parse_array(r);
    case '"':
        if (json_take_string(r, &raw, &has_escapes) != 0) {
            return -1;
        }
        return has_escapes ? json_unescape(r, raw) : 0;
    case 't':
        return json_take_word(r, "true");
    case 'f':
        return json_take_word(r, "false");
    case 'n':
        return json_take_word(r, "null");
    default:
        return json_take_number(r, &v, &raw);
    }
}

/* --- collections ----------------------------------------------------------------------------------- */

/* text: the member's value without white space. */
static bool names_srid(const char *text, int srid)
{
    const char *epsg = strstr(text, "EPSG");
    if (strcmp(text, "null") == 0 || (srid == 4326 && strstr(text, "CRS84") != NULL)) {
        return true;
    }
    if (epsg == NULL) {
        return false;
    }
    size_t n = strlen(
        text); /* the last number is the code: "EPSG:4326", "urn:ogc:def:crs:EPSG:6.9:4326" */
    while (n > 0 && (text[n - 1] < '0' || text[n - 1] > '9')) {
        n--;
    }
    size_t at = n;
    while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9') {
        at--;
    }
    return text + at > epsg && at < n && strtol(text + at, NULL, 10) == srid;
}

int json_crs(struct reader *r)
{
    size_t at = r->json.n;
    int64_t offset = source_offset(r->s, r->s->p);
    r->n_copies++;
    int rc = json_value(r, NULL);
    r->n_copies--;
    if (rc != 0) {
        return -1;
    }
    buf_putc(&r->json, '\0');
    bool same = !r->wants_geometry || names_srid(r->json.p + at, r->rules.srid);
    r->json.n = at;
    if (same) {
        return 0;
    }
    (void)reader_fail(r->s, &r->at, offset, "crs", r->e,
                      "is another coordinate reference system than the catalog's");
    return err_hint(r->e, "the catalog says EPSG:%d: correct it there, or transform the data",
                    r->rules.srid);
}

static int check_type(struct reader *r, const char *wanted, const char *what)
{
    struct bytes word;
    bool has_escapes;
    int c = json_peek(r);
    if (c != '"') {
        return json_unexpected(r, c, what);
    }
    if (json_take_string(r, &word, &has_escapes) != 0) {
        return -1;
    }
    return json_is(word, wanted) ? 0 : reader_error(r, r->s->p, "type", what);
}

/* Members of the collection up to "features", or after them to its end. 1: features begin; 0: it ended;
 * -1. */
static int collection_members(struct reader *r)
{
    struct bytes name = {NULL, 0};
    bool is_first = r->is_first;
    int rc;
    while ((rc = json_next_member(r, 0, &is_first, &name)) > 0) {
        r->is_first = false;
        if (json_is(name, "type")) {
            r->has_type = true;
            rc = check_type(r, "FeatureCollection", "is no FeatureCollection");
        } else if (json_is(name, "crs")) {
            rc = json_crs(r);
        } else if (json_is(name, "features")) {
            int c = json_peek(r);
            if (c != '[') {
                return json_unexpected(r, c, "\"features\" is no array");
            }
            r->s->p++;
            r->has_features = r->in_features = true;
            return 1;
        } else {
            rc = json_value(r, NULL);
        }
        if (rc != 0) {
            return -1;
        }
    }
    return rc;
}

static int collection_end(struct reader *r)
{
    if (!r->has_type || !r->has_features) {
        return reader_error(r, r->s->p, NULL,
                            !r->has_type ? "the collection has no \"type\""
                                         : "the collection has no \"features\"");
    }
    int c = json_peek(r);
    if (c != -1) {
        return json_unexpected(r, c, "bytes follow the collection");
    }
    r->ended = true;
    return 0;
}

/* A member of a record. A Feature says that it is one; a line of other JSON need not, and may have a "crs"
 * of its own meaning. */
static int record_member(struct reader *r, struct bytes name, bool *has_type)
{
    struct node *n = find(r->root, name);
    bool is_type = json_is(name, "type");
    *has_type |= is_type;
    if (is_type && n == NULL && r->format == FORMAT_GEOJSON) {
        return check_type(r, "Feature", "is no Feature");
    }
    if (n == NULL && json_is(name, "crs")) {
        int c = json_peek(r);
        return r->format == FORMAT_GEOJSON || c == '{' ? json_crs(r) : json_value(r, NULL);
    }
    return json_value(r, n);
}

static int record_members(struct reader *r)
{
    struct bytes name = {NULL, 0};
    bool is_first = true;
    bool has_type = false;
    size_t from = r->keys.n;
    int rc = json_enter(r);
    while (rc == 0 && (rc = json_next_member(r, from, &is_first, &name)) > 0) {
        rc = record_member(r, name, &has_type);
    }
    keys_leave(&r->keys, from);
    r->depth--;
    if (rc == 0 && !has_type && r->format == FORMAT_GEOJSON) {
        rc = reader_fail(r->s, &r->at, r->at.offset, NULL, r->e,
                         "has no \"type\": it is no Feature");
    }
    return rc;
}

static int parse_record(struct reader *r, struct record *out)
{
    buf_clear(&r->json);
    reader_begin_record(r, r->s->p);
    int rc = r->root->slot != NO_SLOT ? json_value(r, r->root) : record_members(r);
    return rc == 0 ? reader_end_record(r, out) : -1;
}

static int next_feature(struct reader *r, struct record *out)
{
    if (r->ended) {
        return 0;
    }
    bool begins = false;
    if (r->is_first && !r->in_features) {
        int c = json_peek(r);
        if (c != '{') {
            return json_unexpected(r, c,
                                   (unsigned char)c == 0xEF
                                       ? "begins with a byte order mark: save it as plain UTF-8"
                                       : "is no FeatureCollection");
        }
        r->s->p++;
        int rc = collection_members(r);
        if (rc <= 0) {
            return rc < 0 ? -1 : collection_end(r);
        }
        begins = true;
    }
    int c = json_peek(r);
    if (c == ']') {
        r->s->p++;
        r->in_features = false;
        r->is_first = false;
        int rc = collection_members(r);
        return rc == 0  ? collection_end(r)
               : rc < 0 ? -1
                        : reader_error(r, r->s->p, NULL, "\"features\" stands twice");
    }
    if (!begins) {
        if (c != ',') {
            return json_unexpected(r, c, "a comma or ] is missing between features");
        }
        r->s->p++;
        c = json_peek(r);
    }
    r->is_first = false;
    if (c != '{') {
        return json_unexpected(r, c, "a member of \"features\" is no object");
    }
    return parse_record(r, out);
}

/* One value per line; a record separator (RFC 8142) may stand before it. */
static int next_line(struct reader *r, struct record *out)
{
    for (;;) {
        const char *p = r->s->p;
        while (json_is_space(*p) || *p == 0x1E) {
            r->at_line |= *p == '\n' || *p == 0x1E;
            p++;
        }
        r->s->p = p < r->s->end ? p : r->s->end;
        if (p < r->s->end) {
            break;
        }
        int rc = source_more(r->s, r->e);
        if (rc <= 0) {
            return rc;
        }
    }
    if (!r->is_first && !r->at_line) {
        return reader_error(r, r->s->p, NULL, "a line holds more than one record");
    }
    if (*r->s->p != '{') {
        return reader_error(r, r->s->p, NULL,
                            (unsigned char)*r->s->p == 0xEF
                                ? "begins with a byte order mark: save it as plain UTF-8"
                                : "a record is no object");
    }
    r->is_first = false;
    r->at_line = false;
    return parse_record(r, out);
}

int json_next(struct reader *r, struct record *out)
{
    return r->format == FORMAT_GEOJSON ? next_feature(r, out) : next_line(r, out);
}
