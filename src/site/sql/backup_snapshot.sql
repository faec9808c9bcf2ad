-- The open transaction's snapshot for pg_dump to read by; it stays open as long as that takes.
SELECT pg_catalog.pg_export_snapshot(), pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true)
