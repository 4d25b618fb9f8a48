CREATE TABLE box_season (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE box_product (
    season TEXT NOT NULL,
    code TEXT NOT NULL,
    family TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (season, code)
);

-- A tariff without a first day begins on 0001-01-01, so that it has a key.
CREATE TABLE box_tariff (
    product TEXT NOT NULL,
    code TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    price_minor BIGINT,
    vat_basis_points BIGINT,
    PRIMARY KEY (product, code, valid_from)
);

CREATE TABLE box_tariff_mapping (
    product TEXT NOT NULL PRIMARY KEY,
    tariff TEXT NOT NULL
);

CREATE TABLE box_sales_channel (
    code TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL
);

-- At most one contact is the buyer: the one that buys what scans sell.
CREATE TABLE box_contact (
    number TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    buyer BIGINT NOT NULL
);

CREATE TABLE box_contact_payment_mode (
    contact TEXT NOT NULL REFERENCES box_contact (number),
    mode TEXT NOT NULL,
    PRIMARY KEY (contact, mode)
);

-- One row for each barcode the access control service took; never deleted.
-- `state` is ready, held, sold, or cancelled: taken back before it was sold.
-- What was sold and then taken back stays sold, with `cancelled_at`.
CREATE TABLE box_staged (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    barcode TEXT NOT NULL UNIQUE,
    season TEXT NOT NULL,
    product TEXT NOT NULL,
    sector TEXT NOT NULL,
    control_result TEXT NOT NULL,
    controlled_at BIGINT NOT NULL,
    business_day TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    held_reason TEXT,
    cancelled_at BIGINT,
    -- 1 if the buyer disputes the entry.
    disputed BIGINT NOT NULL DEFAULT 0,
    -- When the card number went; a pseudonym stands in barcode since.
    card_removed_at BIGINT
);
CREATE INDEX box_staged_with_card ON box_staged (id) WHERE card_removed_at IS NULL;
CREATE INDEX box_staged_unsold ON box_staged (season, product, business_day, state, held_reason)
    WHERE state IN ('ready', 'held');
CREATE INDEX box_staged_ready ON box_staged (id) WHERE state = 'ready';
CREATE INDEX box_staged_held ON box_staged (held_reason, id) WHERE state = 'held';

CREATE TABLE box_stx_file (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    order_count BIGINT NOT NULL,
    ticket_count BIGINT NOT NULL,
    already_count BIGINT NOT NULL,
    rejected_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    imported_at BIGINT,
    card_removed_at BIGINT
);
CREATE INDEX box_stx_file_pending ON box_stx_file (id) WHERE state = 'WRITTEN';

-- What stands in a file; deleted when its card numbers are to go. One without a
-- file is still coming in, or was left in the midst of it: it counts for nothing.
CREATE TABLE box_stx_content (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stx_file_id BIGINT UNIQUE REFERENCES box_stx_file (id),
    byte_count BIGINT NOT NULL,
    -- When its last part came; 0 if nobody is to have it.
    came_at BIGINT NOT NULL
);
CREATE INDEX box_stx_content_coming ON box_stx_content (came_at) WHERE stx_file_id IS NULL;

-- Each but the last is of the same length.
CREATE TABLE box_stx_part (
    content_id BIGINT NOT NULL REFERENCES box_stx_content (id) ON DELETE CASCADE,
    part BIGINT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (content_id, part)
);

-- Without the row itself, which holds a barcode: that stands in the file.
CREATE TABLE box_stx_rejection (
    stx_file_id BIGINT NOT NULL REFERENCES box_stx_file (id),
    line BIGINT NOT NULL,
    reason TEXT NOT NULL,
    explanation TEXT NOT NULL,
    PRIMARY KEY (stx_file_id, line)
);

CREATE TABLE box_order (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel TEXT NOT NULL,
    order_number TEXT NOT NULL,
    contact TEXT NOT NULL,
    ordered_at BIGINT NOT NULL,
    business_day TEXT NOT NULL,
    stx_file_id BIGINT NOT NULL REFERENCES box_stx_file (id),
    created_at BIGINT NOT NULL,
    UNIQUE (channel, order_number)
);

CREATE TABLE box_ticket (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id BIGINT NOT NULL REFERENCES box_order (id),
    barcode TEXT NOT NULL UNIQUE,
    season TEXT NOT NULL,
    product TEXT NOT NULL,
    tariff TEXT NOT NULL,
    price_minor BIGINT NOT NULL,
    vat_basis_points BIGINT NOT NULL,
    vat_minor BIGINT NOT NULL,
    state TEXT NOT NULL,
    controlled_at BIGINT NOT NULL,
    business_day TEXT NOT NULL,
    sector TEXT,
    cancelled_on TEXT,
    card_removed_at BIGINT
);
CREATE INDEX box_ticket_with_card ON box_ticket (id) WHERE card_removed_at IS NULL;
CREATE INDEX box_ticket_by_order ON box_ticket (order_id);
CREATE INDEX box_ticket_cancelled ON box_ticket (cancelled_on) WHERE cancelled_on IS NOT NULL;

-- What the buyer owes. Never changed: a correction is a line of another kind,
-- on a day of its own. `kind` is SALE or CANCELLATION.
CREATE TABLE box_account_line (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id BIGINT NOT NULL REFERENCES box_ticket (id),
    kind TEXT NOT NULL,
    contact TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    vat_minor BIGINT NOT NULL,
    business_day TEXT NOT NULL,
    booked_at BIGINT NOT NULL,
    UNIQUE (ticket_id, kind)
);
CREATE INDEX box_account_line_by_day ON box_account_line (business_day);

-- Sums over the account lines with their tickets, changed with them in the same
-- transaction: no page has to read a year of lines. The sector is empty as long
-- as nobody has said where the ticket was scanned.
CREATE TABLE box_account_day (
    business_day TEXT NOT NULL,
    kind TEXT NOT NULL,
    season TEXT NOT NULL,
    product TEXT NOT NULL,
    tariff TEXT NOT NULL,
    price_minor BIGINT NOT NULL,
    vat_basis_points BIGINT NOT NULL,
    sector TEXT NOT NULL,
    contact TEXT NOT NULL,
    line_count BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    vat_minor BIGINT NOT NULL,
    PRIMARY KEY (business_day, kind, season, product, tariff, price_minor, vat_basis_points,
                 sector, contact)
);

-- The account lines of disputed entries once more, with what a statement says of
-- them, so that it finds those of its days together.
CREATE TABLE box_disputed_line (
    barcode TEXT NOT NULL,
    kind TEXT NOT NULL,
    business_day TEXT NOT NULL,
    order_number TEXT NOT NULL,
    contact TEXT NOT NULL,
    season TEXT NOT NULL,
    product TEXT NOT NULL,
    tariff TEXT NOT NULL,
    vat_basis_points BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    vat_minor BIGINT NOT NULL,
    PRIMARY KEY (barcode, kind)
);
CREATE INDEX box_disputed_line_by_day ON box_disputed_line (business_day);

-- The key of the pseudonyms that stand for card numbers which were removed.
CREATE TABLE box_retention (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    key TEXT NOT NULL
);
