-- What is not well at present, or was a moment ago.
CREATE TABLE notice_cause (
    cause TEXT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

-- What was told on each way and not yet told as over; its title as it was told.
CREATE TABLE notice_told (
    way TEXT NOT NULL,
    cause TEXT NOT NULL,
    title TEXT NOT NULL,
    told_at BIGINT NOT NULL,
    PRIMARY KEY (way, cause)
);

-- How each way fares.
CREATE TABLE notice_way (
    way TEXT NOT NULL PRIMARY KEY,
    sent_at BIGINT,
    failures BIGINT NOT NULL,
    failing_since BIGINT,
    again_at BIGINT NOT NULL
);
