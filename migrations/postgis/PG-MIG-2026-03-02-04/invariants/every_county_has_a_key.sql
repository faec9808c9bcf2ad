SELECT geoid FROM kfm_ref.county WHERE name_key IS NULL OR name_key = '';
