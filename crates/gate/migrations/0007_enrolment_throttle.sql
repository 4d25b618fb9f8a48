-- Wrong enrolment codes of the minute that is running, of each address, of each site
-- and of all: several nodes hear no more of them than one. Older minutes go with the
-- next wrong code.
CREATE TABLE gate_enrolment_throttle (
    minute BIGINT NOT NULL,
    party TEXT NOT NULL,
    wrong BIGINT NOT NULL,
    PRIMARY KEY (minute, party)
);
