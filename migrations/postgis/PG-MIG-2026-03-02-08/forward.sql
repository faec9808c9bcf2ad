-- Purpose: a record of who may see what, which no later migration may change without a signed approval.
-- Risk: low  Rollback: scripted
-- Notes: `policy.protected` in registry/environments.v1.yml names this schema; creating it is allowed, changing it afterwards is not.
CREATE SCHEMA governance;
COMMENT ON SCHEMA governance IS 'Protected domain: policy decisions';

CREATE TABLE governance.policy_decision (
    decision_id  text PRIMARY KEY,
    policy_label text NOT NULL CHECK (policy_label IN ('public', 'restricted', 'denied')),
    subject      text NOT NULL,
    decided_at   timestamptz NOT NULL
);
