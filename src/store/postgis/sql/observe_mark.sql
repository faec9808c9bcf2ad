-- Gives the subtransaction that this runs in an id of its own: later than all ids of subtransactions that did something.
SELECT pg_logical_emit_message(true, '', '') IS NOT NULL
