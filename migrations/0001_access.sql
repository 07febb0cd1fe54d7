-- People and access: accounts, logins, agents, roles, teams, sessions, tokens, links, channels, and
-- the audit log. Door tables (no row-level security, read before the account is known): account,
-- login, membership, session, token, link, throttle, source, idempotency.

CREATE TABLE account (
    id           @int PRIMARY KEY,
    name         TEXT NOT NULL,
    locale       TEXT NOT NULL,
    time_zone    TEXT NOT NULL,
    undo_seconds @int NOT NULL,
    reopen_days  @int NOT NULL,
    settings     TEXT NOT NULL,          -- JSON object
    created_ms   @int NOT NULL
);

-- Numbers that count up per account ("conversation": the number people see).
CREATE TABLE account_counter (
    account_id @int NOT NULL,
    name       TEXT NOT NULL,
    value      @int NOT NULL,
    PRIMARY KEY (account_id, name)
);

-- A person who can sign in, once per installation; agents are that person in one account.
CREATE TABLE login (
    id                  @int PRIMARY KEY,
    email               TEXT NOT NULL UNIQUE, -- folded (NFKC, lower case)
    password_hash       TEXT,            -- Argon2id, encoded; NULL until the invitation is taken up
    totp_sealed         TEXT,
    totp_pending_sealed TEXT,            -- shown, not yet confirmed by a code
    totp_step           @int NOT NULL,   -- last 30 s step that was accepted: no replay
    recovery            TEXT NOT NULL,   -- JSON array of SHA-256 of unused recovery codes
    created_ms          @int NOT NULL
);

-- Which accounts a login belongs to; written with agent, read at sign-in.
CREATE TABLE membership (
    login_id   @int NOT NULL,            -- login
    account_id @int NOT NULL,            -- account
    agent_id   @int NOT NULL,            -- agent
    PRIMARY KEY (login_id, account_id)
);

CREATE TABLE agent (
    id           @pk,
    account_id   @int NOT NULL,
    login_id     @int NOT NULL,          -- login
    name         TEXT NOT NULL,
    email        TEXT NOT NULL,
    introduction TEXT NOT NULL,          -- shown to visitors
    role         TEXT NOT NULL,          -- built-in key, or role.key
    locale       TEXT NOT NULL,
    time_zone    TEXT NOT NULL,
    availability TEXT NOT NULL,          -- online | away
    settings     TEXT NOT NULL,          -- JSON object, the console's own
    photo_hash   TEXT,                   -- blob
    is_active    @int NOT NULL,
    joined_ms    @int,                   -- NULL: invited only
    last_seen_ms @int,
    created_ms   @int NOT NULL
);
CREATE UNIQUE INDEX agent_login ON agent (account_id, login_id);
CREATE UNIQUE INDEX agent_email ON agent (account_id, email);
CREATE INDEX agent_role ON agent (account_id, role);

-- Narrows an agent's role to teams and channels; without rows the role covers the account.
CREATE TABLE agent_grant (
    account_id @int NOT NULL,
    agent_id   @int NOT NULL,            -- agent
    scope_kind TEXT NOT NULL,            -- team | channel
    scope_id   @int NOT NULL,            -- team or channel
    PRIMARY KEY (account_id, agent_id, scope_kind, scope_id)
);
CREATE INDEX agent_grant_scope ON agent_grant (account_id, scope_kind, scope_id);

-- Custom roles; the five built-in ones live in the program.
CREATE TABLE role (
    id           @pk,
    account_id   @int NOT NULL,
    key          TEXT NOT NULL,
    name         TEXT NOT NULL,
    capabilities TEXT NOT NULL           -- JSON array of "noun.verb"
);
CREATE UNIQUE INDEX role_key ON role (account_id, key);
CREATE UNIQUE INDEX role_name ON role (account_id, name);

CREATE TABLE team (
    id          @pk,
    account_id  @int NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    created_ms  @int NOT NULL
);
CREATE UNIQUE INDEX team_name ON team (account_id, name);

CREATE TABLE team_agent (
    account_id @int NOT NULL,
    team_id    @int NOT NULL,            -- team
    agent_id   @int NOT NULL,            -- agent
    PRIMARY KEY (account_id, team_id, agent_id)
);
CREATE INDEX team_agent_agent ON team_agent (account_id, agent_id);

CREATE TABLE session (
    id           @int PRIMARY KEY,
    token_hash   TEXT NOT NULL UNIQUE,   -- SHA-256 of the cookie, hex
    login_id     @int NOT NULL,          -- login
    agent_id     @int NOT NULL,          -- agent
    account_id   @int NOT NULL,          -- account
    created_ms   @int NOT NULL,
    last_seen_ms @int NOT NULL,
    expires_ms   @int NOT NULL,
    ended_ms     @int,
    ip           TEXT NOT NULL,
    user_agent   TEXT NOT NULL
);
CREATE INDEX session_agent ON session (account_id, agent_id, id);
CREATE INDEX session_login ON session (login_id);
CREATE INDEX session_expiry ON session (expires_ms);

CREATE TABLE token (
    id           @int PRIMARY KEY,
    account_id   @int NOT NULL,          -- account
    agent_id     @int NOT NULL,          -- agent: its maker; the token can never do more
    name         TEXT NOT NULL,
    token_hash   TEXT NOT NULL UNIQUE,   -- SHA-256, hex
    prefix       TEXT NOT NULL,          -- first characters, to tell tokens apart
    scopes       TEXT NOT NULL,          -- JSON array of "noun.verb"
    created_ms   @int NOT NULL,
    last_used_ms @int,
    expires_ms   @int,
    revoked_ms   @int
);
CREATE INDEX token_account ON token (account_id, id);

-- Invitation and reset links: single use, expiring.
CREATE TABLE link (
    id         @int PRIMARY KEY,
    account_id @int NOT NULL,            -- account
    login_id   @int NOT NULL,            -- login
    agent_id   @int NOT NULL,            -- agent
    purpose    TEXT NOT NULL,            -- invitation | reset
    token_hash TEXT NOT NULL UNIQUE,     -- SHA-256, hex
    expires_ms @int NOT NULL,
    used_ms    @int,
    created_ms @int NOT NULL
);
CREATE INDEX link_agent ON link (account_id, agent_id);
CREATE INDEX link_expiry ON link (expires_ms);

-- Failed sign-ins; the key is a hash of what is counted (address, mail, both).
CREATE TABLE throttle (
    key      TEXT PRIMARY KEY,
    failures @int NOT NULL,
    first_ms @int NOT NULL,
    until_ms @int NOT NULL
);
CREATE INDEX throttle_first ON throttle (first_ms);

-- Answers of POSTs with an Idempotency-Key, kept for 24 hours; the answer is sealed.
CREATE TABLE idempotency (
    account_id   @int NOT NULL,          -- account
    actor        TEXT NOT NULL,          -- "agent:1", "token:2", "visitor:3"
    route        TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status       @int NOT NULL,
    answer       TEXT NOT NULL,
    at_ms        @int NOT NULL,
    PRIMARY KEY (account_id, actor, route, key)
);
CREATE INDEX idempotency_age ON idempotency (at_ms);

CREATE TABLE channel (
    id                     @pk,
    account_id             @int NOT NULL,
    kind                   TEXT NOT NULL, -- widget | api
    name                   TEXT NOT NULL,
    is_enabled             @int NOT NULL,
    public_key             TEXT NOT NULL, -- = source.key
    languages              TEXT NOT NULL, -- JSON array
    settings               TEXT NOT NULL, -- JSON object
    secret_sealed          TEXT,
    old_secret_sealed      TEXT,          -- still good until old_secret_until_ms
    old_secret_until_ms    @int,
    identity_secret_sealed TEXT,
    last_in_ms             @int,
    last_out_ms            @int,
    last_error             TEXT,
    created_ms             @int NOT NULL,
    updated_ms             @int NOT NULL
);
CREATE UNIQUE INDEX channel_key ON channel (account_id, public_key);

-- The door from a key in a web address to its account and channel.
CREATE TABLE source (
    id         @int PRIMARY KEY,
    account_id @int NOT NULL,            -- account
    channel_id @int NOT NULL,            -- channel
    network    TEXT NOT NULL,            -- api | widget
    key        TEXT NOT NULL UNIQUE
);
CREATE INDEX source_channel ON source (account_id, channel_id);

-- Who did what to what, without message text. A job chains the rows: chain_no counts up from 1 in an
-- account, hash covers the row and the hash before it. The triggers keep it append-only.
CREATE TABLE audit (
    id           @pk,
    account_id   @int NOT NULL,
    at_ms        @int NOT NULL,
    actor_kind   TEXT NOT NULL,
    actor_id     @int,
    actor_name   TEXT NOT NULL,
    action       TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id   @int,
    detail       TEXT NOT NULL,          -- JSON object
    ip           TEXT NOT NULL,
    chain_no     @int,
    hash         TEXT
);
CREATE INDEX audit_account ON audit (account_id, id);
CREATE INDEX audit_actor ON audit (account_id, actor_id, id);
CREATE INDEX audit_action ON audit (account_id, action, id);
CREATE INDEX audit_chain ON audit (account_id, chain_no);

-- @sqlite
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit rows are kept');
END;
CREATE TRIGGER audit_is_fixed BEFORE UPDATE ON audit
WHEN OLD.hash IS NOT NULL
    OR NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.at_ms <> OLD.at_ms
    OR NEW.actor_kind <> OLD.actor_kind OR NEW.actor_id IS NOT OLD.actor_id
    OR NEW.actor_name <> OLD.actor_name OR NEW.action <> OLD.action
    OR NEW.subject_type <> OLD.subject_type OR NEW.subject_id IS NOT OLD.subject_id
    OR NEW.detail <> OLD.detail OR NEW.ip <> OLD.ip
BEGIN
    SELECT RAISE(ABORT, 'audit rows are fixed');
END;
-- @end

-- @postgres
CREATE FUNCTION audit_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'audit rows are kept';
    END IF;
    IF OLD.hash IS NOT NULL
        OR (NEW.id, NEW.account_id, NEW.at_ms, NEW.actor_kind, NEW.actor_id, NEW.actor_name,
            NEW.action, NEW.subject_type, NEW.subject_id, NEW.detail, NEW.ip)
        IS DISTINCT FROM
           (OLD.id, OLD.account_id, OLD.at_ms, OLD.actor_kind, OLD.actor_id, OLD.actor_name,
            OLD.action, OLD.subject_type, OLD.subject_id, OLD.detail, OLD.ip) THEN
        RAISE EXCEPTION 'audit rows are fixed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_is_fixed BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_fixed();

ALTER TABLE account_counter ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_counter FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON account_counter USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE agent ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON agent USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE agent_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON agent_grant USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE role ENABLE ROW LEVEL SECURITY;
ALTER TABLE role FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON role USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE team ENABLE ROW LEVEL SECURITY;
ALTER TABLE team FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON team USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE team_agent ENABLE ROW LEVEL SECURITY;
ALTER TABLE team_agent FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON team_agent USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE channel ENABLE ROW LEVEL SECURITY;
ALTER TABLE channel FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON channel USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON audit USING (account_id = current_setting('seva.account')::bigint);
-- @end
