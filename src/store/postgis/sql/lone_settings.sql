-- What a statement that runs alone has as timeouts, for the session: it waits for old snapshots inside a lock wait, which $1 ends as a
-- statement_timeout; no lock_timeout would leave anything but half of it.
SELECT pg_catalog.set_config('lock_timeout', '0', false), pg_catalog.set_config('statement_timeout', $1::pg_catalog.text, false)
