-- Receipts of one run.
CREATE INDEX receipt_run_id ON kfmig.receipt (run_id)
