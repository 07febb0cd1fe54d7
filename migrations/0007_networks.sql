-- Networks: connected accounts with their tokens, public messages under posts, what is in a message
-- beside text and files, and what paces the sending.

ALTER TABLE channel ADD COLUMN external_id TEXT NOT NULL DEFAULT '';      -- our account's id there
ALTER TABLE channel ADD COLUMN handle TEXT NOT NULL DEFAULT '';           -- as people write it
ALTER TABLE channel ADD COLUMN handle_role TEXT NOT NULL DEFAULT '';      -- brand, support, ''
ALTER TABLE channel ADD COLUMN avatar_url TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN secrets_sealed TEXT;                       -- JSON: the form's secrets, tokens
ALTER TABLE channel ADD COLUMN secrets_expire_ms @int NOT NULL DEFAULT 0; -- 0 = never or unknown
ALTER TABLE channel ADD COLUMN auth_state TEXT NOT NULL DEFAULT 'ok';     -- ok, refused, limited
ALTER TABLE channel ADD COLUMN auth_error TEXT NOT NULL DEFAULT '';
CREATE INDEX channel_external ON channel (account_id, kind, external_id);

-- Where a poller or a stream stands; written with what it brought. name: poll, listen.
CREATE TABLE channel_cursor (
  account_id @int NOT NULL,
  channel_id @int NOT NULL,               -- channel.id
  name TEXT NOT NULL,
  value TEXT NOT NULL,                    -- JSON object, the connector's own
  updated_ms @int NOT NULL,
  PRIMARY KEY (account_id, channel_id, name)
);

-- How fast a channel may send. Jobs of a channel that may not send now, or that has a crowd of them
-- ready, are parked (job.state) and released in the channel's own time.
CREATE TABLE pace (
  channel_id @int PRIMARY KEY,            -- channel.id
  account_id @int NOT NULL,
  open_ms @int NOT NULL DEFAULT 0,        -- nothing is sent before
  reason TEXT NOT NULL DEFAULT '',        -- limit, failing, refused, gap, ''
  gap_ms @int NOT NULL DEFAULT 0,         -- at least so long between two sends; 0 = none
  failures @int NOT NULL DEFAULT 0,       -- in a row, of the channel as a whole
  has_parked @int NOT NULL DEFAULT 0,
  turn_ms @int NOT NULL DEFAULT 0,        -- has_parked: when to release the next ones
  budget_limit @int NOT NULL DEFAULT 0,   -- what the network said last; 0 = nothing
  budget_left @int NOT NULL DEFAULT 0,
  budget_reset_ms @int NOT NULL DEFAULT 0,
  updated_ms @int NOT NULL DEFAULT 0
);
CREATE INDEX pace_turn ON pace (turn_ms) WHERE has_parked = 1;
CREATE INDEX pace_closed ON pace (open_ms) WHERE reason <> '';
ALTER TABLE job ADD COLUMN channel_id @int NOT NULL DEFAULT 0;            -- whose pace it obeys; 0 = none
CREATE INDEX job_channel ON job (channel_id, state, id) WHERE channel_id <> 0;
ALTER TABLE job ADD COLUMN network TEXT NOT NULL DEFAULT '';              -- of that channel: source.network
CREATE INDEX job_network ON job (network) WHERE state = 'running' AND network <> '';

-- Says to the parser what kind of answer a delivery is: hook, or the connector's own word.
ALTER TABLE inbox ADD COLUMN origin TEXT NOT NULL DEFAULT 'hook';

-- What public messages stand under.
CREATE TABLE post (
  id @pk,
  account_id @int NOT NULL,
  channel_id @int NOT NULL,               -- channel.id
  external_id TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT 'post',      -- post, video, story, review, ad
  url TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL DEFAULT '',
  author_name TEXT NOT NULL DEFAULT '',
  author_handle TEXT NOT NULL DEFAULT '',
  image_url TEXT NOT NULL DEFAULT '',
  is_ours @int NOT NULL DEFAULT 0,
  at_ms @int NOT NULL DEFAULT 0,
  created_ms @int NOT NULL
);
CREATE UNIQUE INDEX post_external ON post (account_id, channel_id, external_id);

ALTER TABLE conversation ADD COLUMN post_id @int NOT NULL DEFAULT 0;      -- post.id
ALTER TABLE conversation ADD COLUMN visibility TEXT NOT NULL DEFAULT 'private'; -- of the customer's last message
ALTER TABLE conversation ADD COLUMN window_ms @int NOT NULL DEFAULT 0;    -- last message that opens the reply window

-- Where else a conversation goes on: it was moved from there, or into private.
CREATE TABLE conversation_place (
  account_id @int NOT NULL,
  identity_id @int NOT NULL,              -- identity.id
  thread_key TEXT NOT NULL,
  conversation_id @int NOT NULL,          -- conversation.id
  created_ms @int NOT NULL,
  PRIMARY KEY (account_id, identity_id, thread_key)
);
CREATE INDEX conversation_place_conversation ON conversation_place (account_id, conversation_id);

ALTER TABLE identity ADD COLUMN profile_url TEXT NOT NULL DEFAULT '';
ALTER TABLE identity ADD COLUMN avatar_url TEXT NOT NULL DEFAULT '';
ALTER TABLE identity ADD COLUMN gone_ms @int NOT NULL DEFAULT 0;          -- cannot be reached since; 0 = can
ALTER TABLE identity ADD COLUMN other_id TEXT NOT NULL DEFAULT '';        -- another id of the same person there
CREATE INDEX identity_other ON identity (account_id, channel_id, other_id) WHERE other_id <> '';

ALTER TABLE message ADD COLUMN parts TEXT NOT NULL DEFAULT '';            -- JSON array, connector/part.h
ALTER TABLE message ADD COLUMN reactions TEXT NOT NULL DEFAULT '';        -- JSON array {emoji, by, name}
ALTER TABLE message ADD COLUMN deleted_ms @int NOT NULL DEFAULT 0;        -- on the network
ALTER TABLE message ADD COLUMN pieces TEXT NOT NULL DEFAULT '';           -- JSON array: pieces sent so far
ALTER TABLE message ADD COLUMN token TEXT NOT NULL DEFAULT '';            -- what the network wants back with an answer

-- Other ids of a message on its network: later pieces, versions of an edited post, second names.
CREATE TABLE message_alias (
  account_id @int NOT NULL,
  channel_id @int NOT NULL,
  external_id TEXT NOT NULL,
  message_id @int NOT NULL,               -- message.id
  PRIMARY KEY (account_id, channel_id, external_id)
);
CREATE INDEX message_alias_message ON message_alias (account_id, message_id);

ALTER TABLE attachment ADD COLUMN media_id TEXT NOT NULL DEFAULT '';      -- the network's own name of the file
ALTER TABLE attachment ADD COLUMN channel_id @int NOT NULL DEFAULT 0;     -- whose credentials fetch it; 0 = none

-- Message templates of a network, as it has approved them.
CREATE TABLE channel_template (
  account_id @int NOT NULL,
  channel_id @int NOT NULL,               -- channel.id
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  category TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',         -- approved, or the network's word
  header TEXT NOT NULL DEFAULT '',
  body TEXT NOT NULL DEFAULT '',
  footer TEXT NOT NULL DEFAULT '',
  buttons TEXT NOT NULL DEFAULT '',       -- JSON array of titles
  variables @int NOT NULL DEFAULT 0,
  updated_ms @int NOT NULL,
  PRIMARY KEY (account_id, channel_id, name, language)
);

-- An authorisation under way: from the network's page back to us. A door table.
CREATE TABLE authorization_pending (
  state_hash TEXT PRIMARY KEY,            -- SHA-256 of the state in the address, hex
  account_id @int NOT NULL,
  agent_id @int NOT NULL,                 -- agent.id: who began; only he ends it
  channel_id @int NOT NULL DEFAULT 0,     -- channel.id: authorised anew; 0 = a new channel
  kind TEXT NOT NULL,
  sealed TEXT NOT NULL,                   -- JSON: settings, secrets, PKCE verifier, request token
  expires_ms @int NOT NULL
);
CREATE INDEX authorization_expiry ON authorization_pending (expires_ms);

-- The nightly comparison with what the network has.
CREATE TABLE reconciliation (
  id @pk,
  account_id @int NOT NULL,
  channel_id @int NOT NULL,               -- channel.id
  from_ms @int NOT NULL,
  until_ms @int NOT NULL,
  seen @int NOT NULL DEFAULT 0,           -- messages that the network has
  missed @int NOT NULL DEFAULT 0,         -- of these: not here before
  details TEXT NOT NULL DEFAULT '',       -- JSON array of what was missed, at most 100
  error TEXT NOT NULL DEFAULT '',         -- it could not be compared
  created_ms @int NOT NULL
);
CREATE INDEX reconciliation_channel ON reconciliation (account_id, channel_id, id);

-- Telephone calls, as their network's webhooks tell of them.
CREATE TABLE call (
  id @pk,
  account_id @int NOT NULL,
  channel_id @int NOT NULL,               -- channel.id
  external_id TEXT NOT NULL DEFAULT '',   -- the network's name of it; '' = not known yet
  contact_id @int NOT NULL,               -- contact.id
  identity_id @int NOT NULL,              -- identity.id
  conversation_id @int NOT NULL DEFAULT 0, -- conversation.id
  message_id @int NOT NULL DEFAULT 0,     -- message.id: the call's own
  direction TEXT NOT NULL,                -- in, out
  state TEXT NOT NULL,                    -- ringing, menu, queued, answered, ended
  outcome TEXT NOT NULL DEFAULT '',       -- answered, missed, voicemail, message, failed, ''
  number TEXT NOT NULL DEFAULT '',        -- of the other side; '' = hidden
  language TEXT NOT NULL DEFAULT '',      -- that the caller chose
  agent_id @int NOT NULL DEFAULT 0,       -- agent.id: takes it or made it
  agent_phone TEXT NOT NULL DEFAULT '',   -- that rings for it
  queue_position @int NOT NULL DEFAULT 0,
  started_ms @int NOT NULL,
  taken_ms @int NOT NULL DEFAULT 0,       -- the agent's phone began to ring; 0 = nobody's does
  answered_ms @int NOT NULL DEFAULT 0,
  ended_ms @int NOT NULL DEFAULT 0,
  talk_s @int NOT NULL DEFAULT 0,
  wrap_started_ms @int NOT NULL DEFAULT 0, -- after-call time of the agent
  wrap_ended_ms @int NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  client_id TEXT NOT NULL DEFAULT '',     -- of who made it
  version @int NOT NULL DEFAULT 1         -- grows with every change
);
CREATE UNIQUE INDEX call_external ON call (account_id, channel_id, external_id) WHERE external_id <> '';
CREATE UNIQUE INDEX call_client ON call (account_id, client_id) WHERE client_id <> '';
CREATE INDEX call_account ON call (account_id, id);
CREATE INDEX call_channel ON call (account_id, channel_id, id);
CREATE INDEX call_contact ON call (account_id, contact_id, id);
CREATE INDEX call_conversation ON call (account_id, conversation_id, id);
CREATE INDEX call_agent ON call (account_id, agent_id, id);
CREATE INDEX call_going ON call (account_id, state, id) WHERE state <> 'ended';
CREATE INDEX call_wrap ON call (account_id, agent_id) WHERE wrap_started_ms > 0 AND wrap_ended_ms = 0;
ALTER TABLE agent ADD COLUMN phone TEXT NOT NULL DEFAULT '';              -- rings for calls; E.164 or sip:

-- @postgres
ALTER TABLE channel_cursor ENABLE ROW LEVEL SECURITY;
ALTER TABLE channel_cursor FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON channel_cursor USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE post ENABLE ROW LEVEL SECURITY;
ALTER TABLE post FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON post USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE conversation_place ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_place FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON conversation_place USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE message_alias ENABLE ROW LEVEL SECURITY;
ALTER TABLE message_alias FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON message_alias USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE channel_template ENABLE ROW LEVEL SECURITY;
ALTER TABLE channel_template FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON channel_template USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE reconciliation ENABLE ROW LEVEL SECURITY;
ALTER TABLE reconciliation FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON reconciliation USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE call ENABLE ROW LEVEL SECURITY;
ALTER TABLE call FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON call USING (account_id = current_setting('seva.account')::bigint);
-- @end

-- What a network told about a message that is not here yet; applied when it comes (store/early.h).
CREATE TABLE early (
  id @pk,
  account_id @int NOT NULL,
  channel_id @int NOT NULL,               -- channel.id
  external_id TEXT NOT NULL,              -- of the message meant
  slot TEXT NOT NULL,                     -- edit, delete, reaction:<whose>, status:<state>
  body TEXT NOT NULL,                     -- JSON object
  at_ms @int NOT NULL,                    -- the network's time of it
  created_ms @int NOT NULL
);
CREATE UNIQUE INDEX early_meant ON early (account_id, channel_id, external_id, slot);
CREATE INDEX early_channel ON early (account_id, channel_id, id);
CREATE INDEX early_age ON early (account_id, created_ms);

-- @postgres
ALTER TABLE early ENABLE ROW LEVEL SECURITY;
ALTER TABLE early FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON early USING (account_id = current_setting('seva.account')::bigint);
-- @end

-- How long a customer's private message opens the reply window: 0 = as long as the network's rule
-- says, > 0 = that long (an advertisement brought them), -1 = not at all.
ALTER TABLE message ADD COLUMN window_ms @int NOT NULL DEFAULT 0;
CREATE INDEX message_window ON message (account_id, conversation_id, channel_id) WHERE window_ms > 0;

ALTER TABLE channel ADD COLUMN auth_ms @int NOT NULL DEFAULT 0;           -- limited: told last
