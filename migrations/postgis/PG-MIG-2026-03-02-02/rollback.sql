DROP TABLE kfm_ref.county;
