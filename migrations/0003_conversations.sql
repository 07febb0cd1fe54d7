-- People outside (contacts), what they say (conversations, messages) and what agents keep about it.
-- References are named in comments; the hot tables carry no FOREIGN KEY. 0 in an id or a time
-- column means none, so that "= ?" also finds what has none.

CREATE TABLE contact (
  id @pk,
  account_id @int NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',         -- folded
  phone TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',      -- BCP 47
  time_zone TEXT NOT NULL DEFAULT '',
  location TEXT NOT NULL DEFAULT '',
  company TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  custom TEXT NOT NULL DEFAULT '',        -- JSON object
  avatar_url TEXT NOT NULL DEFAULT '',
  is_blocked @int NOT NULL DEFAULT 0,
  created_ms @int NOT NULL,
  last_seen_ms @int NOT NULL DEFAULT 0,
  updated_ms @int NOT NULL
);
CREATE INDEX contact_recent ON contact (account_id, last_seen_ms, id);
CREATE INDEX contact_email ON contact (account_id, email) WHERE email <> '';
CREATE INDEX contact_phone ON contact (account_id, phone) WHERE phone <> '';

CREATE TABLE identity (
  id @pk,
  account_id @int NOT NULL,
  contact_id @int NOT NULL,               -- contact.id
  channel_id @int NOT NULL,               -- channel.id
  external_id TEXT NOT NULL,              -- the person's id on the channel
  handle TEXT NOT NULL DEFAULT '',
  is_verified @int NOT NULL DEFAULT 0,
  last_seen_ms @int NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX identity_external ON identity (account_id, channel_id, external_id);
CREATE INDEX identity_contact ON identity (account_id, contact_id, id);

CREATE TABLE conversation (
  id @pk,
  account_id @int NOT NULL,
  number @int NOT NULL,                   -- what people say: #1042
  channel_id @int NOT NULL,
  identity_id @int NOT NULL,
  contact_id @int NOT NULL,
  thread_key TEXT NOT NULL DEFAULT '',    -- the channel's own thread; '' = one per identity
  status TEXT NOT NULL,                   -- open pending snoozed resolved
  priority TEXT NOT NULL DEFAULT 'none',  -- none low medium high urgent
  assignee_id @int NOT NULL DEFAULT 0,    -- agent.id
  team_id @int NOT NULL DEFAULT 0,        -- team.id
  subject TEXT NOT NULL DEFAULT '',
  preview TEXT NOT NULL DEFAULT '',
  preview_kind TEXT NOT NULL DEFAULT 'in',
  last_message_id @int NOT NULL DEFAULT 0,
  last_message_ms @int NOT NULL DEFAULT 0,
  last_in_id @int NOT NULL DEFAULT 0,
  last_in_ms @int NOT NULL DEFAULT 0,
  waiting_since_ms @int NOT NULL DEFAULT 0, -- first customer message without an answer
  due_key @int NOT NULL DEFAULT 0,        -- order "due first", see model/conversation.h
  wait_key @int NOT NULL DEFAULT 0,       -- order "waiting longest first"
  snoozed_until_ms @int NOT NULL DEFAULT 0,
  outcome TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',
  previous_id @int NOT NULL DEFAULT 0,    -- the resolved conversation this one continues
  resolved_ms @int NOT NULL DEFAULT 0,
  tag_count @int NOT NULL DEFAULT 0,
  version @int NOT NULL DEFAULT 1,
  created_ms @int NOT NULL,
  updated_ms @int NOT NULL
);
CREATE UNIQUE INDEX conversation_number ON conversation (account_id, number);
-- One conversation in progress per thread of an identity: the guard when two nodes receive at once.
CREATE UNIQUE INDEX conversation_live ON conversation (account_id, identity_id, thread_key) WHERE status <> 'resolved';
CREATE INDEX conversation_thread ON conversation (account_id, identity_id, thread_key, id);
CREATE INDEX conversation_contact ON conversation (account_id, contact_id, id);
CREATE INDEX conversation_newest ON conversation (account_id, status, last_message_ms, id);
CREATE INDEX conversation_due ON conversation (account_id, status, due_key, id);
CREATE INDEX conversation_wait ON conversation (account_id, status, wait_key, id);
CREATE INDEX conversation_assignee ON conversation (account_id, assignee_id, status, last_message_ms, id);
CREATE INDEX conversation_snoozed ON conversation (account_id, snoozed_until_ms) WHERE status = 'snoozed';

CREATE TABLE message (
  id @pk,
  account_id @int NOT NULL,
  conversation_id @int NOT NULL,
  channel_id @int NOT NULL,
  external_id TEXT,                       -- the channel's id; NULL until it is known
  kind TEXT NOT NULL,                     -- in out note activity
  author_kind TEXT NOT NULL,              -- contact agent system token
  author_id @int NOT NULL DEFAULT 0,
  author_name TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL,                    -- received held queued sending sent delivered read failed unknown cancelled
  error TEXT NOT NULL DEFAULT '',
  held_until_ms @int NOT NULL DEFAULT 0,
  client_id TEXT,                         -- the sender's UUID, kept for ever
  visibility TEXT NOT NULL DEFAULT 'private',
  activity TEXT NOT NULL DEFAULT '',      -- JSON of an activity
  mentions TEXT NOT NULL DEFAULT '',      -- agent ids ",1,2,"
  attachments TEXT NOT NULL DEFAULT '',   -- JSON array of the public views
  then_from TEXT NOT NULL DEFAULT '',     -- the status before "send and resolve", for its undo
  reply_to_id @int NOT NULL DEFAULT 0,
  sent_ms @int NOT NULL,
  received_ms @int NOT NULL,
  edited_ms @int NOT NULL DEFAULT 0,
  read_ms @int NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX message_external ON message (account_id, channel_id, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX message_client ON message (account_id, conversation_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX message_timeline ON message (account_id, conversation_id, id);

CREATE TABLE tag (
  id @pk,
  account_id @int NOT NULL,
  name TEXT NOT NULL,
  name_fold TEXT NOT NULL,                -- case-folded: "VIP" and "vip" are one tag
  color TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX tag_name ON tag (account_id, name_fold);

CREATE TABLE conversation_tag (
  account_id @int NOT NULL,
  conversation_id @int NOT NULL,
  tag_id @int NOT NULL,
  PRIMARY KEY (account_id, conversation_id, tag_id)
);
CREATE INDEX conversation_tag_tag ON conversation_tag (account_id, tag_id, conversation_id);

CREATE TABLE conversation_read (
  account_id @int NOT NULL,
  agent_id @int NOT NULL,
  conversation_id @int NOT NULL,
  message_id @int NOT NULL,
  PRIMARY KEY (account_id, agent_id, conversation_id)
);

CREATE TABLE mention (
  account_id @int NOT NULL,
  agent_id @int NOT NULL,
  conversation_id @int NOT NULL,
  message_id @int NOT NULL,               -- the newest note that names the agent
  PRIMARY KEY (account_id, agent_id, conversation_id)
);
CREATE INDEX mention_conversation ON mention (account_id, conversation_id, agent_id);

CREATE TABLE draft (
  account_id @int NOT NULL,
  agent_id @int NOT NULL,
  conversation_id @int NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL DEFAULT '',
  attachment_ids TEXT NOT NULL DEFAULT '',
  updated_ms @int NOT NULL,
  PRIMARY KEY (account_id, agent_id, conversation_id)
);

CREATE TABLE saved_view (
  id @pk,
  account_id @int NOT NULL,
  agent_id @int NOT NULL,                 -- who made it
  name TEXT NOT NULL,
  filter TEXT NOT NULL DEFAULT '{}',
  sort TEXT NOT NULL DEFAULT 'newest',
  is_shared @int NOT NULL DEFAULT 0,
  position @int NOT NULL DEFAULT 0
);
CREATE INDEX saved_view_agent ON saved_view (account_id, agent_id);
CREATE INDEX saved_view_shared ON saved_view (account_id, is_shared);

CREATE TABLE notification (
  id @pk,
  account_id @int NOT NULL,
  agent_id @int NOT NULL,
  type TEXT NOT NULL,                     -- mention assigned reply
  conversation_id @int NOT NULL,
  message_id @int NOT NULL DEFAULT 0,
  actor_name TEXT NOT NULL DEFAULT '',
  preview TEXT NOT NULL DEFAULT '',
  at_ms @int NOT NULL,
  read_ms @int NOT NULL DEFAULT 0
);
CREATE INDEX notification_agent ON notification (account_id, agent_id, id);
CREATE INDEX notification_unread ON notification (account_id, agent_id, conversation_id) WHERE read_ms = 0;

CREATE TABLE bulk_undo (
  id @pk,
  account_id @int NOT NULL,
  agent_id @int NOT NULL,
  changes TEXT NOT NULL,                  -- JSON: what each conversation was before
  created_ms @int NOT NULL
);
CREATE INDEX bulk_undo_agent ON bulk_undo (account_id, agent_id, id);

-- @postgres
ALTER TABLE contact ENABLE ROW LEVEL SECURITY;
ALTER TABLE contact FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON contact USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON identity USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE conversation ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON conversation USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE message ENABLE ROW LEVEL SECURITY;
ALTER TABLE message FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON message USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE tag ENABLE ROW LEVEL SECURITY;
ALTER TABLE tag FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON tag USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE conversation_tag ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_tag FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON conversation_tag USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE conversation_read ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_read FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON conversation_read USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE mention ENABLE ROW LEVEL SECURITY;
ALTER TABLE mention FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON mention USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE draft ENABLE ROW LEVEL SECURITY;
ALTER TABLE draft FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON draft USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE saved_view ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_view FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON saved_view USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE notification ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON notification USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE bulk_undo ENABLE ROW LEVEL SECURITY;
ALTER TABLE bulk_undo FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON bulk_undo USING (account_id = current_setting('seva.account')::bigint);
-- @end
