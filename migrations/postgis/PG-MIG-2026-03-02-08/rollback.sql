DROP TABLE governance.policy_decision;
DROP SCHEMA governance;
