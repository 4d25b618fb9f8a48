-- Accounts are never deleted, only disabled: the audit log names them.
CREATE TABLE staff_account (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    login TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    language TEXT,
    password_hash TEXT,
    totp_secret TEXT,
    totp_confirmed_at BIGINT,
    totp_last_step BIGINT,
    created_at BIGINT NOT NULL,
    signed_in_at BIGINT,
    -- Its network; only a count of wrong attempts asks for it.
    signed_in_from TEXT,
    disabled_at BIGINT
);

-- Of a whole sign-in, or of one that waits for its second step. Tokens are kept
-- as SHA-256 only, here and below.
CREATE TABLE staff_session (
    token_sha256 TEXT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES staff_account (id),
    step TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE INDEX staff_session_account ON staff_session (account);

CREATE TABLE staff_recovery_code (
    account BIGINT NOT NULL REFERENCES staff_account (id),
    code_sha256 TEXT NOT NULL,
    PRIMARY KEY (account, code_sha256)
);

-- A link by which someone chooses a password.
CREATE TABLE staff_invitation (
    token_sha256 TEXT NOT NULL PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES staff_account (id),
    expires_at BIGINT NOT NULL
);

-- What makes the first administrator; there is no row once there is an account.
CREATE TABLE staff_welcome (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret_sha256 TEXT NOT NULL
);

-- Wrong attempts by account and by address.
CREATE TABLE staff_throttle (
    subject TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_failed_at BIGINT NOT NULL
);

-- Old attempts are forgotten at each new one.
CREATE INDEX staff_throttle_by_age ON staff_throttle (last_failed_at);

-- Who is whom at the OpenID Connect provider.
CREATE TABLE staff_identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account BIGINT NOT NULL REFERENCES staff_account (id),
    PRIMARY KEY (issuer, subject)
);

-- Sign-ins that are at the provider at the moment.
CREATE TABLE staff_oidc_attempt (
    state_sha256 TEXT NOT NULL PRIMARY KEY,
    browser_sha256 TEXT NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    next_path TEXT,
    expires_at BIGINT NOT NULL
);

CREATE INDEX staff_oidc_attempt_by_age ON staff_oidc_attempt (expires_at);

CREATE TABLE staff_audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    account BIGINT,
    who TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    of TEXT NOT NULL,
    before TEXT,
    after TEXT
);

CREATE INDEX staff_audit_kind ON staff_audit (kind, id);
CREATE INDEX staff_audit_account ON staff_audit (account, id);

APPEND ONLY staff_audit;
