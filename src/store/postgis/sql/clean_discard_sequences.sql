-- lastval() and cached sequence values of the last migration.
DISCARD SEQUENCES
