/* Statements that run alone (model/lone.h), in PostgreSQL: what stands there of one, how the four
 * standings are told apart, what a part of it wants, and what it changed. docs/adr/0018 has the
 * table in words.
 * Owns: the rules of each kind. No ledger, no gates. */
#ifndef KFMIG_STORE_POSTGIS_LONE_H
#define KFMIG_STORE_POSTGIS_LONE_H

#include "model/lone.h"
#include "model/standing.h"
#include "store/postgis/postgis.h"

/* One thing that a statement renews, a table that it goes through. mark: another one once it was renewed. */
struct lone_item {
    const char *name, *mark;
};
struct lone_table {
    uint32_t oid;
    struct object object;
};

/* What stands there. table: that it is about, oid 0: there is none; part: the partition, part_oid
 * 0: none. oid: of the index, of the partition as long as it is attached; 0: nothing stands there.
 * fits: it is an index of that table; is_whole: valid, not half detached; shape: as lone.shape;
 * is_building: a session that is no run's makes an index of the table right now; scraps: invalid
 * indexes that REINDEX left beside it, as SQL names them. Of those that survey: items, tables;
 * not_ours: a table that the role may not vacuum, NULL: none. Set by whoever runs it: began, as it
 * stood right before this run ran the statement, NULL: it did not; has_ended: without an error.
 * Texts in the arena. */
struct lone_state {
    struct object table, part;
    uint32_t table_oid, part_oid, oid;
    bool fits, is_whole, is_building;
    const char *shape;
    struct names scraps;
    struct lone_item *items;
    struct lone_table *tables;
    size_t n_items, n_tables;
    const char *not_ours;
    const struct lone_state *began;
    bool has_ended;
};
/* Look, in one query, with names as the session's search_path resolves them. Reads only. */
int lone_look(struct pg *s, struct arena *a, const struct lone *l, struct lone_state *out,
              struct err *e) MUST_CHECK;
/* The digest of what stands there; zero: nothing. Pure. */
struct digest lone_digest(const struct lone_state *x);
/* What stands there of it, for people: names and no definition. In a. */
const char *lone_seen(struct arena *a, const struct lone *l, const struct lone_state *x);
/* May it begin on what stands there? -1 with ERR_APPLY: what stands in the way, and what to do. */
int lone_may_begin(struct arena *a, const struct lone *l, const struct lone_state *x,
                   struct err *e) MUST_CHECK;
/* Where it stands that began on before. Pure. */
enum standing lone_standing(const struct lone *l, const struct lone_state *x,
                            const struct digest *before);
/* May what it did be seen a little later only (13 and 14 count apart from the statement)? */
bool lone_is_late(const struct lone *l);
/* Take away what is ours of a part, of kinds that lone_cleans(), in as many statements as it takes,
 * waiting for whoever uses the table as w says. No transaction may be open. */
int lone_clean(struct pg *s, struct arena *a, const struct lone *l, const struct lone_state *x,
               const struct pg_wait *w, struct err *e) MUST_CHECK;
/* The statement that goes on with a part; text where it is its own. In a. */
struct bytes lone_text(struct arena *a, const struct lone *l, const struct lone_state *x,
                       struct bytes text);
/* What it will touch, by the names that base has, in out->touches and out->lineage; the index counts in
 * out->index_delta, tables in out->n_tables_touched, a partition as its parent. */
int lone_foresee(struct pg *s, struct arena *a, const struct lone *l, const struct lone_state *x,
                 const struct catalog *base, struct observation *out, struct err *e) MUST_CHECK;
/* How many tables those are that it touched: a partition counts to its parent. Pure. */
int lone_count(struct arena *a, const struct observation *o);
/* What is not as base says of what it touched (as lone_look() found it before), once it stands: changes and
 * touches with their facets, and how many indexes came or went in out->index_delta. */
int lone_observe(struct pg *s, struct arena *a, const struct lone *l, const struct lone_state *x,
                 const struct catalog *base, struct observation *out, struct err *e) MUST_CHECK;

#endif
