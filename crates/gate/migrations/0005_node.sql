-- The processes on this database, as each last said of itself; one that
-- ends in order takes its row along.
CREATE TABLE gate_node (
    node TEXT NOT NULL PRIMARY KEY,
    version TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    -- How Otipass answers it: JSON, of which older and newer versions read what they know.
    partner TEXT NOT NULL
);
