-- Mails: conversations that were joined, with what it takes to separate them again, and the keys and
-- certificates by which signatures of mails are verified.

ALTER TABLE conversation ADD COLUMN joined_id @int NOT NULL DEFAULT 0;    -- conversation.id: its messages went there

-- A conversation whose messages went to another one, and what it was before.
CREATE TABLE conversation_join (
  account_id @int NOT NULL,
  conversation_id @int NOT NULL,          -- conversation.id: the one that was joined, now empty
  into_id @int NOT NULL,                  -- conversation.id: where its messages are
  status TEXT NOT NULL,                   -- before, as in conversation, like the next four
  outcome TEXT NOT NULL DEFAULT '',
  snoozed_until_ms @int NOT NULL DEFAULT 0,
  resolved_ms @int NOT NULL DEFAULT 0,
  waiting_since_ms @int NOT NULL DEFAULT 0,
  members TEXT NOT NULL DEFAULT '',       -- JSON array: addresses that take part there since
  joined_ms @int NOT NULL,
  PRIMARY KEY (account_id, conversation_id)
);
CREATE INDEX conversation_join_into ON conversation_join (account_id, into_id);

CREATE TABLE conversation_join_message (
  account_id @int NOT NULL,
  conversation_id @int NOT NULL,          -- conversation_join.conversation_id
  message_id @int NOT NULL,               -- message.id: went along
  PRIMARY KEY (account_id, conversation_id, message_id)
);

-- What joining changed for one agent; 0 = nothing was there.
CREATE TABLE conversation_join_agent (
  account_id @int NOT NULL,
  conversation_id @int NOT NULL,          -- conversation_join.conversation_id
  agent_id @int NOT NULL,                 -- agent.id
  read_before @int NOT NULL DEFAULT 0,    -- message.id: the read mark there
  read_after @int NOT NULL DEFAULT 0,
  mention_before @int NOT NULL DEFAULT 0, -- message.id: the mention there
  mention_after @int NOT NULL DEFAULT 0,
  draft_ms @int NOT NULL DEFAULT 0,       -- updated_ms of the draft that went along
  PRIMARY KEY (account_id, conversation_id, agent_id)
);

-- Whose signatures count: certificates of authorities (smime), public keys of people (pgp).
CREATE TABLE mail_key (
  id @pk,
  account_id @int NOT NULL,
  kind TEXT NOT NULL,                     -- smime, pgp
  name TEXT NOT NULL,                     -- whom it names
  address TEXT NOT NULL DEFAULT '',       -- folded; pgp: of its first user id
  fingerprint TEXT NOT NULL,              -- hex: SHA-256 of the certificate, or the key's own
  expires_ms @int NOT NULL DEFAULT 0,     -- 0 = never
  data TEXT NOT NULL,                     -- PEM, or armour
  agent_id @int NOT NULL DEFAULT 0,       -- agent.id: added it
  created_ms @int NOT NULL
);
CREATE UNIQUE INDEX mail_key_fingerprint ON mail_key (account_id, kind, fingerprint);

-- @postgres
ALTER TABLE conversation_join ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_join FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON conversation_join USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE conversation_join_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_join_message FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON conversation_join_message USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE conversation_join_agent ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_join_agent FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON conversation_join_agent USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE mail_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_key FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON mail_key USING (account_id = current_setting('seva.account')::bigint);
-- @end
