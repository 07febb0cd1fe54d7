-- Mails: what a message of a mailbox is beside its text, who takes part in a conversation by mail,
-- and which pictures of whom may be shown.

CREATE TABLE mail (
  account_id @int NOT NULL,
  message_id @int NOT NULL,               -- message.id
  conversation_id @int NOT NULL,          -- conversation.id
  channel_id @int NOT NULL,               -- channel.id
  internet_id TEXT NOT NULL,              -- Message-ID without < >
  subject TEXT NOT NULL DEFAULT '',
  people TEXT NOT NULL DEFAULT '',        -- JSON: from, reply_to, to, cc, bcc
  in_reply_to TEXT NOT NULL DEFAULT '',   -- internet id
  refs TEXT NOT NULL DEFAULT '',          -- JSON array of internet ids, oldest first
  html TEXT NOT NULL DEFAULT '',          -- ours, cleaned; of a customer's it is in the raw mail
  verdict TEXT NOT NULL DEFAULT 'none',   -- of the sender's checks: pass, fail, none
  checks TEXT NOT NULL DEFAULT '',        -- JSON: spf, dkim, dmarc, by
  note TEXT NOT NULL DEFAULT '',          -- what could not be read of it, in words
  raw @blob,                              -- as it came, when it is short; else raw_name
  raw_name TEXT NOT NULL DEFAULT '',      -- mail_file.name
  created_ms @int NOT NULL,
  PRIMARY KEY (account_id, message_id)
);
CREATE INDEX mail_internet ON mail (account_id, internet_id);
CREATE INDEX mail_conversation ON mail (account_id, conversation_id, message_id);

-- Long mails as files: from the moment they are received.
CREATE TABLE mail_file (
  account_id @int NOT NULL,
  name TEXT NOT NULL,                     -- blob.name
  created_ms @int NOT NULL,
  PRIMARY KEY (account_id, name)
);

-- Who may write into a conversation by mail: whoever wrote there proven, and whom they and we named.
CREATE TABLE mail_participant (
  account_id @int NOT NULL,
  conversation_id @int NOT NULL,          -- conversation.id
  address TEXT NOT NULL,                  -- folded
  name TEXT NOT NULL DEFAULT '',
  is_copied @int NOT NULL DEFAULT 0,      -- gets a copy of our answers
  added_ms @int NOT NULL,
  PRIMARY KEY (account_id, conversation_id, address)
);

-- Whose pictures from elsewhere are shown.
CREATE TABLE mail_trust (
  account_id @int NOT NULL,
  address TEXT NOT NULL,                  -- folded
  created_ms @int NOT NULL,
  PRIMARY KEY (account_id, address)
);

-- The conversation that this one may belong to: its mail answered there, but nobody knows whether it
-- is from somebody who takes part.
ALTER TABLE conversation ADD COLUMN related_id @int NOT NULL DEFAULT 0;   -- conversation.id

-- @postgres
ALTER TABLE mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON mail USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE mail_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_file FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON mail_file USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE mail_participant ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_participant FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON mail_participant USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE mail_trust ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_trust FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON mail_trust USING (account_id = current_setting('seva.account')::bigint);
-- @end
