-- Rows that this backend wrote in the system catalogs $1, shared ones included; those of rolled-back subtransactions too.
SELECT o.oid, o.oid::regclass::text AS name, pg_stat_get_xact_tuples_inserted(o.oid) AS inserted,
       pg_stat_get_xact_tuples_updated(o.oid) AS updated, pg_stat_get_xact_tuples_deleted(o.oid) AS deleted
FROM unnest($1::oid[]) AS o (oid)
WHERE pg_stat_get_xact_tuples_inserted(o.oid) + pg_stat_get_xact_tuples_updated(o.oid) + pg_stat_get_xact_tuples_deleted(o.oid) <> 0
