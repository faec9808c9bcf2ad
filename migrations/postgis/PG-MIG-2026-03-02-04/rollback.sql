UPDATE kfm_ref.county SET name_key = NULL;
