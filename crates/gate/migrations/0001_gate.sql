CREATE TABLE gate_site (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    institution TEXT NOT NULL,
    organisation TEXT NOT NULL,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    currency TEXT NOT NULL,
    language TEXT NOT NULL,
    revision BIGINT NOT NULL
);

-- The interface to Otipass, as far as the back office manages it.
CREATE TABLE gate_interface (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    type TEXT NOT NULL,
    url TEXT NOT NULL,
    username TEXT NOT NULL,
    password TEXT,
    api_key TEXT,
    -- The mapping parameters as they were pasted: those that are taken up, and
    -- those that still have mistakes.
    mapping TEXT,
    mapping_draft TEXT,
    decision_budget_ms BIGINT NOT NULL,
    repeat_window_ms BIGINT NOT NULL,
    when_silent TEXT NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE gate_sector (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE gate_door (
    code TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE gate_door_sector (
    door TEXT NOT NULL REFERENCES gate_door (code),
    sector TEXT NOT NULL REFERENCES gate_sector (code),
    PRIMARY KEY (door, sector)
);

CREATE TABLE gate_device (
    code TEXT NOT NULL PRIMARY KEY,
    door TEXT NOT NULL REFERENCES gate_door (code),
    language TEXT,
    -- What it may do, as JSON: older and newer versions read what they know.
    settings TEXT NOT NULL,
    -- What the device last said of itself.
    clock_offset_ms BIGINT,
    seen_at BIGINT,
    unsent BIGINT,
    oldest_unsent_at BIGINT,
    battery_percent BIGINT,
    mode TEXT
);

-- Tokens are kept as SHA-256 only.
CREATE TABLE gate_device_token (
    token_sha256 TEXT NOT NULL PRIMARY KEY,
    -- It stays when its device goes: what was done under it may come later.
    device TEXT NOT NULL,
    -- By what the device's checks name this token, whatever token brings them.
    enrolment TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- What devices did and could not be booked, as it came: for a person to settle.
-- What is settled goes with its card number after the retention time.
CREATE TABLE gate_aside (
    id TEXT NOT NULL PRIMARY KEY,
    -- The device of the enrolment it names, or else the one that brought it.
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    -- JSON, its texts cut, and the SHA-256 of what came.
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    arrived_at BIGINT NOT NULL,
    settled_at BIGINT,
    settled_by TEXT,
    settlement TEXT,
    note TEXT,
    -- The check it was booked as.
    check_id TEXT
);
CREATE INDEX gate_aside_waiting ON gate_aside (device) WHERE settled_at IS NULL;

-- Codes that yield a token once; kept as SHA-256 only.
CREATE TABLE gate_enrolment_code (
    code_sha256 TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL REFERENCES gate_device (code),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- A check that Otipass is being asked about: written before the question goes
-- out, gone with the decision. Until its time is over, the process that asks is the
-- only one to ask.
CREATE TABLE gate_intent (
    check_id TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL,
    code TEXT NOT NULL,
    device_time BIGINT NOT NULL,
    scanned_at BIGINT NOT NULL,
    arrived_at BIGINT NOT NULL,
    card TEXT NOT NULL,
    num_type TEXT NOT NULL,
    sector TEXT NOT NULL,
    service_id TEXT NOT NULL,
    space_id TEXT NOT NULL,
    season TEXT NOT NULL,
    product TEXT NOT NULL,
    set_up BIGINT NOT NULL,
    one_more_than TEXT,
    asked_by TEXT NOT NULL DEFAULT '',
    asked_until BIGINT NOT NULL DEFAULT 0
);

-- The check that Otipass is being asked about for a card at a sector, until it is
-- decided or the row ends: another check of the card waits for it.
CREATE TABLE gate_open_question (
    card TEXT NOT NULL,
    sector TEXT NOT NULL,
    check_id TEXT NOT NULL UNIQUE,
    until BIGINT NOT NULL,
    PRIMARY KEY (card, sector)
);

-- What the set-up meant for each device. A row holds from its revision on, until
-- the device's next; what a device did by a revision is booked by it.
CREATE TABLE gate_revision (
    revision BIGINT NOT NULL PRIMARY KEY,
    -- How a pass was told from another code: JSON.
    detection TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE TABLE gate_revision_device (
    device TEXT NOT NULL,
    revision BIGINT NOT NULL REFERENCES gate_revision (revision),
    door TEXT,
    sector TEXT,
    service_id TEXT,
    space_id TEXT,
    season TEXT,
    product TEXT,
    PRIMARY KEY (device, revision)
);

-- One row for each decided check; never changed, except that its card number
-- goes after the retention time: then a pseudonym stands in code and
-- forced_note.
CREATE TABLE gate_check (
    check_id TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL,
    mode TEXT NOT NULL,
    code TEXT NOT NULL,
    -- What the device's clock showed, and when that was by the server's.
    device_time BIGINT NOT NULL,
    scanned_at BIGINT NOT NULL,
    time_estimated BIGINT NOT NULL,
    arrived_at BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    direction TEXT NOT NULL,
    forced_note TEXT,
    outcome TEXT NOT NULL,
    admitted BIGINT NOT NULL,
    card TEXT,
    sector TEXT,
    -- How Otipass is asked about the pass.
    num_type TEXT,
    service_id TEXT,
    space_id TEXT,
    valid_until TEXT,
    entries_left TEXT,
    device_count_today BIGINT NOT NULL,
    business_day TEXT NOT NULL,
    hour BIGINT NOT NULL,
    -- The revision of the set-up that the device went by.
    set_up BIGINT NOT NULL,
    -- The check of the visitor before, of whom this is one more person.
    one_more_than TEXT,
    -- The admission that this repeats: why it was refused, or what makes an
    -- admission a possible pass-back.
    repeats TEXT,
    -- The refused check whose visitor the device admitted all the same.
    follows TEXT,
    card_removed_at BIGINT
);
CREATE INDEX gate_check_by_card ON gate_check (card, sector, scanned_at) WHERE card IS NOT NULL;
-- What people search checks by, the latest first: alone, and together.
CREATE INDEX gate_check_by_arrival ON gate_check (arrived_at);
CREATE INDEX gate_check_by_device ON gate_check (device, arrived_at);
CREATE INDEX gate_check_by_outcome ON gate_check (outcome, arrived_at);
CREATE INDEX gate_check_by_both ON gate_check (device, outcome, arrived_at);
CREATE UNIQUE INDEX gate_check_follow_up ON gate_check (follows) WHERE follows IS NOT NULL;
CREATE INDEX gate_check_with_card ON gate_check (arrived_at) WHERE card_removed_at IS NULL;

-- Visitors that a device admitted and the gate cannot recognise: the check
-- stands as refused, and the reconciliation shouts until somebody has settled
-- it by hand.
CREATE TABLE gate_door_admitted (
    check_id TEXT NOT NULL PRIMARY KEY,
    outcome TEXT NOT NULL,
    arrived_at BIGINT NOT NULL,
    settled_at BIGINT,
    settled_by TEXT,
    settled_note TEXT
);
CREATE INDEX gate_door_admitted_unsettled ON gate_door_admitted (check_id) WHERE settled_at IS NULL;

-- Sums over gate_check, changed with it in the same transaction: no page has to
-- read a year of checks. Their rows are a device's own, so that two devices
-- never wait for each other.
--
-- Entries by hour of the scan: those that stand, and those that were cancelled.
CREATE TABLE gate_attendance_hour (
    business_day TEXT NOT NULL,
    device TEXT NOT NULL,
    hour BIGINT NOT NULL,
    sector TEXT NOT NULL,
    admitted BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    PRIMARY KEY (business_day, device, hour, sector)
);

-- Checks by outcome or reason, without those that a follow-up overrules.
CREATE TABLE gate_outcome_day (
    business_day TEXT NOT NULL,
    device TEXT NOT NULL,
    outcome TEXT NOT NULL,
    checks BIGINT NOT NULL,
    PRIMARY KEY (business_day, device, outcome)
);

-- One row for each admission. Its place in the queue to ticketing is the row
-- itself, until it is delivered.
CREATE TABLE gate_control_barcode (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    barcode TEXT NOT NULL UNIQUE,
    check_id TEXT NOT NULL UNIQUE,
    sector TEXT NOT NULL,
    season TEXT NOT NULL,
    product TEXT NOT NULL,
    mode TEXT NOT NULL,
    controlled_at BIGINT NOT NULL,
    delivered_at BIGINT,
    refused TEXT
);
CREATE INDEX gate_control_barcode_queue ON gate_control_barcode (seq)
    WHERE delivered_at IS NULL AND refused IS NULL;
CREATE INDEX gate_control_barcode_refused ON gate_control_barcode (seq) WHERE refused IS NOT NULL;

-- What Otipass has yet to be told of, or has been told of.
CREATE TABLE gate_declaration (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    check_id TEXT NOT NULL UNIQUE,
    -- 1 if Otipass may have counted the entry when it was asked about it.
    maybe_counted BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    declared_at BIGINT,
    disputed TEXT,
    -- When the box office was told of the dispute.
    dispute_told_at BIGINT
);
CREATE INDEX gate_declaration_queue ON gate_declaration (due_at, seq) WHERE declared_at IS NULL;
CREATE INDEX gate_declaration_disputed ON gate_declaration (seq) WHERE disputed IS NOT NULL;
CREATE INDEX gate_declaration_untold ON gate_declaration (seq)
    WHERE disputed IS NOT NULL AND dispute_told_at IS NULL;

-- Entries that were taken back. The row is its own place in the queue to
-- ticketing, behind the control barcode.
CREATE TABLE gate_cancellation (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    check_id TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL,
    cause TEXT NOT NULL,
    device_time BIGINT NOT NULL,
    cancelled_at BIGINT NOT NULL,
    arrived_at BIGINT NOT NULL,
    device_count_today BIGINT NOT NULL,
    delivered_at BIGINT,
    refused TEXT
);
CREATE INDEX gate_cancellation_queue ON gate_cancellation (seq)
    WHERE delivered_at IS NULL AND refused IS NULL;
CREATE INDEX gate_cancellation_refused ON gate_cancellation (seq) WHERE refused IS NOT NULL;

-- Entries that Otipass counted, or may have, and is to give back.
CREATE TABLE gate_give_back (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    check_id TEXT NOT NULL UNIQUE,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    told_at BIGINT
);
CREATE INDEX gate_give_back_queue ON gate_give_back (due_at, seq) WHERE told_at IS NULL;

-- The key of the pseudonyms that stand for card numbers which were removed.
CREATE TABLE gate_retention (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    key TEXT NOT NULL
);
