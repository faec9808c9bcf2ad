/* A file on its way into statements. For sql/script.c, forms.c, piece.c, insert.c and quiet.c only.
 * A file is read in pieces of whole statements, so that memory is bounded by a piece and not by the
 * file: tokens and trees of one piece are gone before those of the next are made. */
#ifndef KFMIG_SQL_PARSE_H
#define KFMIG_SQL_PARSE_H

#include "sql/analysis.h"
#include "sql/classify.h"
#include "sql/forms.h"
#include "sql/token.h"
#include "sql/watch.h"

/* A file up to this size is one piece; larger ones are cut behind the last statement that ends
 * within it. Measured: a parse tree takes about 60 bytes for a byte of text. */
enum { PIECE = 256 * 1024 };

struct parse {
    struct arena *a;
    struct arena keep;    /* for a short file: where its lines begin */
    struct arena scratch; /* for one piece: its text, tokens and trees */
    struct arena lists;   /* for one statement: see struct analysis */
    struct script *out;
    const struct watcher *watcher; /* NULL: nobody looks on */
    struct forms forms;
    size_t base,
        end;   /* the piece, in the file; a piece ends behind a semicolon, or with the file */
    char *sql; /* its text with a NUL behind it, without what psql_pass_over() passes over */
    struct tokens tokens; /* of it, with places in the file */
    struct slices slices;
    struct bytes rows; /* that stand behind the piece, which ends with their COPY; p NULL: none */
    size_t rows_end;   /* in the file, behind the line that ends them */
    size_t n_rows;     /* their lines: at most so many rows */
    struct lines lines;
    struct temps temps;
    struct path path;
    struct mark *marks; /* of the piece: sql/marked.h */
    size_t n_marks, cap_marks;
};

/* Read the piece that begins at p->base: fills end, sql and tokens. Returns 0; 1 if a whole INSERT
 * that is longer than a piece was taken in instead, and ends at p->end; or -1 with ERR_CONFIG and
 * the place of what is not terminated. */
int piece_read(struct parse *p, struct err *e) MUST_CHECK;

/* Scan file[base..base + n) into p->sql and p->tokens. Returns 0, or -1 with what the scanner said
 * in *unfinished; the tokens are then those before that place. */
int piece_scan(struct parse *p, size_t base, size_t n, struct err *unfinished) MUST_CHECK;

/* INSERT ... VALUES that begins at p->base and does not end within the piece just scanned: its rows
 * are parsed some thousands at a time, each time behind its beginning. Returns true and sets p->end
 * behind its semicolon, or false: it must be parsed as a whole. */
bool insert_read(struct parse *p);

/* See struct statement's quiet; of one that is judged and analysed otherwise. */
enum quiet quiet_of(const struct statement *st, const tree *stmt);

/* At most so many rows does a statement write, as far as its touches and its tree say. */
int64_t parse_rows(const struct statement *st, const tree *stmt);

#endif
