-- The files of the set-up as they were last loaded, on whichever machine.
CREATE TABLE gate_set_up_file (
    part TEXT NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL
);
