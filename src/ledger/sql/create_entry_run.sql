-- Entries of one run: for resolving a lost COMMIT.
CREATE INDEX entry_run_id ON kfmig.entry (run_id)
