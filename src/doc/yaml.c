/* YAML text to a document tree: libyaml's events, and a refusal for everything that two readers
 * could read differently. */
#include "doc/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "doc/read.h"
#include "doc/yaml_words.h"

enum { DEPTH_LIMIT = 32, SIZE_LIMIT = 256 * 1024, NAME_WIDTH = 60 };

struct yaml_reader {
    struct arena *a;
    yaml_parser_t parser;
    yaml_event_t event;
    struct bytes text;
    uint32_t *offsets; /* of each character; NULL where every character is one byte */
    const char *path;
    struct err *e;
    int depth;
};

/* libyaml counts characters; places count bytes. */
static int column_of(const struct yaml_reader *r, const yaml_mark_t *mark)
{
    if (r->offsets == NULL) {
        return (int)mark->column + 1;
    }
    return (int)(r->offsets[mark->index] - r->offsets[mark->index - mark->column]) + 1;
}

static int PRINTF_LIKE(3, 4)
    fail(struct yaml_reader *r, const yaml_mark_t *at, const char *fmt, ...)
{
    struct buf msg = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&msg, fmt, ap);
    va_end(ap);
    (void)err_at(r->e, ERR_CONFIG, r->path, (int)at->line + 1, column_of(r, at), "%s",
                 buf_str(&msg));
    buf_release(&msg);
    return -1;
}

static struct doc *node(struct yaml_reader *r, enum doc_type type)
{
    const yaml_mark_t *at = &r->event.start_mark;
    return doc_new_at(r->a, type, r->path, (int)at->line + 1, column_of(r, at));
}

/* What libyaml itself refuses, in our words. */
static int fail_syntax(struct yaml_reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        BUG("libyaml is out of memory");
    }
    if (p->error == YAML_READER_ERROR) {
        int line = 0;
        int col = 0;
        text_place(r->text, p->problem_offset, &line, &col);
        (void)err_at(r->e, ERR_CONFIG, r->path, line, col, "%s", p->problem);
        return err_hint(r->e, "remove it, or write it as an escape in double quotes");
    }
    yaml_mark_t at = p->problem_mark;
    size_t offset = r->offsets == NULL ? at.index : r->offsets[at.index];
    struct yaml_words words =
        yaml_words_for(p->context, p->problem, bytes_of(r->text.p + offset, r->text.n - offset));
    if (words.at_context) {
        at = p->context_mark;
    }
    (void)fail(r, &at, "%s", words.msg);
    return words.hint[0] == '\0' ? -1 : err_hint(r->e, "%s", words.hint);
}

static int next(struct yaml_reader *r)
{
    yaml_event_delete(&r->event);
    return yaml_parser_parse(&r->parser, &r->event) == 1 ? 0 : fail_syntax(r);
}

static int refuse_tag(struct yaml_reader *r, const char *tag)
{
    static const char standard[] = "tag:yaml.org,2002:"; /* what "!!" stands for */
    bool is_short = strncmp(tag, standard, sizeof standard - 1) == 0;
    struct bytes name = bytes_str(is_short ? tag + sizeof standard - 1 : tag);
    (void)fail(r, &r->event.start_mark, "tag \"%s%.*s\": tags are not allowed",
               is_short ? "!!" : "", (int)text_cut(name, NAME_WIDTH), name.p);
    return err_hint(r->e, "write the value out without the tag; a text is put in quotes");
}

/* Anchors and tags hang on any node; an alias is an event of its own. */
static int refuse_extras(struct yaml_reader *r)
{
    const yaml_event_t *v = &r->event;
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (v->type == YAML_ALIAS_EVENT) {
        (void)fail(r, &v->start_mark, "alias \"*%.*s\": aliases are not allowed", NAME_WIDTH,
                   (const char *)v->data.alias.anchor);
        return err_hint(r->e, "write the value out where it is used");
    }
    if (v->type == YAML_SCALAR_EVENT) {
        anchor = v->data.scalar.anchor;
        tag = v->data.scalar.tag;
    } else if (v->type == YAML_SEQUENCE_START_EVENT) {
        anchor = v->data.sequence_start.anchor;
        tag = v->data.sequence_start.tag;
    } else if (v->type == YAML_MAPPING_START_EVENT) {
        anchor = v->data.mapping_start.anchor;
        tag = v->data.mapping_start.tag;
    }
    if (anchor != NULL) {
        (void)fail(r, &v->start_mark, "anchor \"&%.*s\": anchors are not allowed", NAME_WIDTH,
                   (const char *)anchor);
        return err_hint(r->e, "write the value out where it is used");
    }
    return tag == NULL ? 0 : refuse_tag(r, (const char *)tag);
}

static struct doc *read_scalar(struct yaml_reader *r)
{
    const char *value = (const char *)r->event.data.scalar.value;
    size_t n = r->event.data.scalar.length;
    size_t at = 0;
    const char *what = NULL;
    if (text_check(bytes_of(value, n), &at, &what) != 0) {
        (void)fail(r, &r->event.start_mark, "%s (0x%02x) in a text", what,
                   (unsigned)(unsigned char)value[at]);
        (void)err_hint(r->e, "remove the escape that makes it");
        return NULL;
    }
    struct doc *d = node(r, DOC_TEXT);
    d->text = bytes_of(arena_strndup(r->a, value, n), n);
    d->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return d;
}

static struct doc *read_node(struct yaml_reader *r);

static int read_items(struct yaml_reader *r, struct doc *list)
{
    for (;;) {
        if (next(r) != 0) {
            return -1;
        }
        if (r->event.type == YAML_SEQUENCE_END_EVENT) {
            return 0;
        }
        struct doc *item = read_node(r);
        if (item == NULL) {
            return -1;
        }
        (void)doc_push(r->a, list, item);
    }
}

static int read_key(struct yaml_reader *r, struct map_reader *m)
{
    if (refuse_extras(r) != 0) {
        return -1;
    }
    if (r->event.type != YAML_SCALAR_EVENT) {
        (void)fail(r, &r->event.start_mark, "a list or a map stands as a key");
        return err_hint(r->e, "a key is a text; put quotes around it if it starts with [ or {");
    }
    struct doc *key = read_scalar(r);
    if (key == NULL) {
        return -1;
    }
    if (key->plain && bytes_eq(key->text, bytes_str("<<"))) {
        (void)fail(r, &r->event.start_mark, "merge key \"<<\": merge keys are not allowed");
        return err_hint(r->e, "write the value out: copy the keys to here");
    }
    if (key->plain && key->text.n == 0) {
        (void)fail(r, &r->event.start_mark, "a key is missing before ':'");
        return err_hint(r->e, "write \"key: value\"");
    }
    return map_reader_key(r->a, m, key, r->e);
}

static int read_pairs(struct yaml_reader *r, struct doc *map)
{
    struct map_reader m = {.map = map};
    for (;;) {
        if (next(r) != 0) {
            return -1;
        }
        if (r->event.type == YAML_MAPPING_END_EVENT) {
            return 0;
        }
        if (read_key(r, &m) != 0 || next(r) != 0) {
            return -1;
        }
        struct doc *value = read_node(r);
        if (value == NULL) {
            return -1;
        }
        map_reader_value(&m, value);
    }
}

static struct doc *read_container(struct yaml_reader *r)
{
    if (r->depth == DEPTH_LIMIT) {
        (void)fail(r, &r->event.start_mark, "lists and maps are nested deeper than %d",
                   DEPTH_LIMIT);
        (void)err_hint(r->e, "make it flatter");
        return NULL;
    }
    bool is_map = r->event.type == YAML_MAPPING_START_EVENT;
    struct doc *d = node(r, is_map ? DOC_MAP : DOC_LIST);
    r->depth++;
    int rc = is_map ? read_pairs(r, d) : read_items(r, d);
    r->depth--;
    return rc == 0 ? d : NULL;
}

/* The current event, and all that belongs to it. */
static struct doc *read_node(struct yaml_reader *r)
{
    if (refuse_extras(r) != 0) {
        return NULL;
    }
    return r->event.type == YAML_SCALAR_EVENT ? read_scalar(r) : read_container(r);
}

static int fail_empty(struct yaml_reader *r)
{
    yaml_mark_t start = {0};
    (void)fail(r, &start, "the file is empty");
    return err_hint(r->e, "write \"key: value\" lines into it");
}

static int start_document(struct yaml_reader *r)
{
    if (next(r) != 0 || next(r) != 0) { /* the start of the stream, the start of the document */
        return -1;
    }
    if (r->event.type == YAML_STREAM_END_EVENT) {
        return fail_empty(r);
    }
    return next(r);
}

static int end_document(struct yaml_reader *r)
{
    if (next(r) != 0 || next(r) != 0) { /* the end of the document, and what follows */
        return -1;
    }
    if (r->event.type == YAML_DOCUMENT_START_EVENT) {
        (void)fail(r, &r->event.start_mark, "a second document starts here");
        return err_hint(r->e, "a file holds one document: remove \"---\", or make two files");
    }
    return 0;
}

static struct doc *read_document(struct yaml_reader *r)
{
    if (start_document(r) != 0) {
        return NULL;
    }
    bool is_empty = r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.length == 0 &&
                    r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct doc *d = read_node(r);
    if (d == NULL || end_document(r) != 0) {
        return NULL;
    }
    if (is_empty) {
        (void)fail_empty(r);
        return NULL;
    }
    return d;
}

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

/* Offset of the first line that is neither blank nor a comment. */
static size_t first_line(struct bytes text)
{
    size_t start = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '#') {
            while (i < text.n && !is_break(text.p[i])) {
                i++;
            }
            start = i + 1;
        } else if (is_break(c)) {
            start = i + 1;
        } else if (c != ' ' && c != '\t') {
            return start;
        }
    }
    return text.n;
}

/* A directive can stand only before the document. libyaml takes some of them and refuses others. */
static int refuse_directives(struct yaml_reader *r)
{
    size_t at = first_line(r->text);
    if (at == r->text.n || r->text.p[at] != '%') {
        return 0;
    }
    int line = 0;
    int col = 0;
    text_place(r->text, at, &line, &col);
    (void)err_at(r->e, ERR_CONFIG, r->path, line, col,
                 "a directive (\"%%\" line): directives are not allowed");
    return err_hint(r->e, "remove the line; kfmig reads YAML 1.2");
}

/* YAML 1.1, which libyaml reads, ends a line at these; YAML 1.2 does not. */
static int refuse_old_breaks(struct yaml_reader *r)
{
    for (size_t i = 0; i + 1 < r->text.n; i++) {
        uint32_t code = 0;
        size_t n =
            (unsigned char)r->text.p[i] < 0x80 ? 0 : text_char(r->text.p + i, r->text.n - i, &code);
        if (n > 0 && (code == 0x85 || code == 0x2028 || code == 0x2029)) {
            int line = 0;
            int col = 0;
            text_place(r->text, i, &line, &col);
            (void)err_at(r->e, ERR_CONFIG, r->path, line, col, "line separator U+%04X in the file",
                         (unsigned)code);
            return err_hint(r->e, "remove it, or write \"\\u%04x\" in double quotes",
                            (unsigned)code);
        }
    }
    return 0;
}

static uint32_t *map_offsets(struct bytes text)
{
    uint32_t *offsets = mem_alloc((text.n + 2) * sizeof *offsets);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (((unsigned char)text.p[i] & 0xC0) != 0x80) {
            offsets[n++] = (uint32_t)i;
        }
    }
    for (size_t i = n; i < text.n + 2; i++) {
        offsets[i] = (uint32_t)text.n;
    }
    if (n == text.n) {
        free(offsets);
        return NULL;
    }
    return offsets;
}

static struct doc *read_checked(struct yaml_reader *r)
{
    if (doc_check_text(r->text, r->path, r->e) != 0 || refuse_directives(r) != 0 ||
        refuse_old_breaks(r) != 0) {
        return NULL;
    }
    if (yaml_parser_initialize(&r->parser) != 1) {
        BUG("libyaml is out of memory");
    }
    r->offsets = map_offsets(r->text);
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text.p, r->text.n);
    struct doc *d = read_document(r);
    yaml_event_delete(&r->event);
    yaml_parser_delete(&r->parser);
    free(r->offsets);
    return d;
}

struct doc *yaml_read(struct arena *a, struct bytes text, const char *path, struct err *e)
{
    if (text.n > SIZE_LIMIT) {
        (void)err_at(e, ERR_CONFIG, path, 1, 1,
                     "the file has %zu bytes: a YAML file may have 256 KiB", text.n);
        (void)err_hint(e, "split the file, or move the data out of it");
        return NULL;
    }
    struct yaml_reader r = {
        .a = a, .text = text.n == 0 ? bytes_of("", 0) : text, .path = path, .e = e};
    return read_checked(&r);
}
