-- Settings under which values go from text to text unchanged, and no policy hides rows. One row: the settings as they were, as JSON.
WITH setting (name, value) AS (
    VALUES ('row_security', 'off'), ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'iso_8601'), ('TimeZone', 'UTC'),
           ('extra_float_digits', '1'), ('bytea_output', 'hex'), ('xmloption', 'content'), ('lc_monetary', 'C')
), was AS MATERIALIZED (
    SELECT s.name, s.value, pg_catalog.current_setting(s.name) AS old FROM setting AS s
), done AS MATERIALIZED (
    SELECT w.name, w.old, pg_catalog.set_config(w.name, w.value, true) AS new FROM was AS w
)
SELECT pg_catalog.jsonb_object_agg(d.name, d.old) FROM done AS d WHERE d.new IS NOT NULL
