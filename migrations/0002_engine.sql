-- The engine: what came in, what is to be done, what happened, and who outside wants to know.
-- inbox, job, event, lease and webhook are read across accounts by the engine itself (claims, the
-- publisher): they have no row-level policy; store/ scopes them by account in every other statement.

-- A delivery as it came in. The row is its own receive job: 'wait' waits, attempts counts claims.
-- source_id → source, channel_id → channel. body is last: it is the long one.
CREATE TABLE inbox (
    id @pk,
    account_id @int NOT NULL,
    source_id @int NOT NULL,
    channel_id @int NOT NULL,
    delivery_key TEXT NOT NULL,
    received_ms @int NOT NULL,
    state TEXT NOT NULL DEFAULT 'wait',
    attempts @int NOT NULL DEFAULT 0,
    network TEXT NOT NULL,
    content_type TEXT,
    reason TEXT,
    body @blob NOT NULL
);
CREATE UNIQUE INDEX inbox_delivery ON inbox (account_id, source_id, delivery_key);
CREATE INDEX inbox_todo ON inbox (id) WHERE state = 'wait';
CREATE INDEX inbox_quarantine ON inbox (account_id, id) WHERE state = 'quarantined';

-- Work without a request.
CREATE TABLE job (
    id @pk,
    account_id @int NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    order_key TEXT,
    state TEXT NOT NULL DEFAULT 'queued',
    run_ms @int NOT NULL,
    attempts @int NOT NULL DEFAULT 0,
    kills @int NOT NULL DEFAULT 0,
    first_ms @int,
    node @int,
    lease_ms @int,
    created_ms @int NOT NULL,
    last_error TEXT,
    payload TEXT
);
CREATE UNIQUE INDEX job_key ON job (account_id, kind, key);
CREATE INDEX job_due ON job (run_ms, id) WHERE state = 'queued';
CREATE INDEX job_order ON job (account_id, order_key, id) WHERE order_key IS NOT NULL;
CREATE INDEX job_lease ON job (lease_ms) WHERE state = 'running';
CREATE INDEX job_list ON job (account_id, state, id);

-- Singletons between nodes: who does this now, and until when.
CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    node @int NOT NULL,
    until_ms @int NOT NULL
);

-- The change feed. Order: seq on SQLite (one writer); (xid, seq) on PostgreSQL, where a reader
-- takes only transactions below the snapshot's xmin.
-- @sqlite
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id INTEGER NOT NULL,
    conversation_id INTEGER,
    channel_id INTEGER,
    team_id INTEGER,
    assignee_id INTEGER,
    contact_id INTEGER,
    agent_id INTEGER,
    audience INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX event_account ON event (account_id, seq);
-- @end
-- @postgres
CREATE TABLE event (
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    account_id BIGINT NOT NULL,
    type TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    conversation_id BIGINT,
    channel_id BIGINT,
    team_id BIGINT,
    assignee_id BIGINT,
    contact_id BIGINT,
    agent_id BIGINT,
    audience BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX event_order ON event (xid, seq);
CREATE INDEX event_account ON event (account_id, xid, seq);
-- @end

-- Outgoing webhooks. (after_major, after_minor): the last event already turned into deliveries.
-- secret_sealed, old_secret_sealed: see keyring; the old one signs too until old_secret_until_ms.
CREATE TABLE webhook (
    id @pk,
    account_id @int NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    is_enabled @int NOT NULL,
    secret_sealed TEXT NOT NULL,
    old_secret_sealed TEXT,
    old_secret_until_ms @int,
    after_major @int NOT NULL,
    after_minor @int NOT NULL,
    failing_since_ms @int,
    disabled_reason TEXT,
    created_ms @int NOT NULL,
    updated_ms @int NOT NULL
);
CREATE INDEX webhook_list ON webhook (account_id, id);
CREATE INDEX webhook_live ON webhook (id) WHERE is_enabled = 1;

-- One event for one webhook: the delivery log. body is set for pings only, else the event's.
CREATE TABLE delivery (
    id @pk,
    account_id @int NOT NULL,
    webhook_id @int NOT NULL,
    event_major @int NOT NULL,
    event_minor @int NOT NULL,
    event_type TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    attempts @int NOT NULL DEFAULT 0,
    last_status @int,
    last_error TEXT,
    next_ms @int,
    created_ms @int NOT NULL,
    body TEXT,
    response TEXT
);
CREATE INDEX delivery_list ON delivery (account_id, webhook_id, id);
-- @postgres
ALTER TABLE delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON delivery USING (account_id = current_setting('seva.account')::bigint);
-- @end
