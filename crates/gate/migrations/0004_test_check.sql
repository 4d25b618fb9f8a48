-- Checks that a person made from the set-up, in a device's name: they say nothing of
-- the device itself.
CREATE TABLE gate_test_check (
    check_id TEXT NOT NULL PRIMARY KEY
);
