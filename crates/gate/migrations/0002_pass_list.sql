-- Every pass that Otipass has named, by the key of its number; never the number.
CREATE TABLE gate_pass (
    pass_key BIGINT NOT NULL PRIMARY KEY,
    -- Why it is refused; NULL if it is not.
    reason TEXT,
    -- The version of the list with which it came to be so.
    version BIGINT NOT NULL,
    -- What devices must hear when it is not refused: 0 nothing, 1 that it no
    -- longer is, 2 that the filters take it wrongly.
    told BIGINT NOT NULL
);
CREATE INDEX gate_pass_by_version ON gate_pass (version);
CREATE INDEX gate_pass_told ON gate_pass (pass_key) WHERE reason IS NULL AND told <> 0;

-- The list: one row. Version 0 is before the first.
CREATE TABLE gate_pass_list (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL,
    dated BIGINT NOT NULL,
    -- Otipass's mark of the state that was read, and when all passes were read.
    state TEXT,
    all_read_at BIGINT NOT NULL,
    -- The filters and exceptions, as JSON, of the last whole.
    whole_version BIGINT NOT NULL,
    whole_dated BIGINT NOT NULL,
    whole TEXT NOT NULL,
    -- Until when some process refreshes the list.
    leased_until BIGINT NOT NULL
);
