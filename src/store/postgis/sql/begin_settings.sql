-- Timeouts of the work transaction: $1 lock_timeout, $2 statement_timeout, $3 idle_in_transaction_session_timeout, with units.
SELECT pg_catalog.set_config('lock_timeout', $1, true),
       pg_catalog.set_config('statement_timeout', $2, true),
       pg_catalog.set_config('idle_in_transaction_session_timeout', $3, true)
