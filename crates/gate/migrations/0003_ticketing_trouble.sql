-- What ticketing takes none of at present, and why. The lane is `line`,
-- `cancellations`, or sector, season and product of control barcodes.
CREATE TABLE gate_ticketing_trouble (
    lane TEXT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    latest BIGINT NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL
);
