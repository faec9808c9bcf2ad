-- Where default_transaction_read_only was set; no row where it is off.
SELECT s.source FROM pg_catalog.pg_settings s WHERE s.name = 'default_transaction_read_only' AND s.setting = 'on'
