-- Letters: mails of ours that are no messages of a mailbox's conversation: what was said in a website
-- chat whose visitor has left, transcripts, invitations, password resets.

CREATE TABLE letter (
  id @pk,
  account_id @int NOT NULL,
  channel_id @int NOT NULL,               -- channel.id of the mailbox that it goes out by
  kind TEXT NOT NULL,                     -- chat transcript invitation password_reset
  from_name TEXT NOT NULL DEFAULT '',
  from_address TEXT NOT NULL,
  reply_to TEXT NOT NULL DEFAULT '',
  to_name TEXT NOT NULL DEFAULT '',
  to_address TEXT NOT NULL,               -- folded
  subject TEXT NOT NULL,
  text TEXT NOT NULL DEFAULT '',          -- text, html, link_sealed: empty when it has gone
  html TEXT NOT NULL DEFAULT '',
  link_sealed TEXT NOT NULL DEFAULT '',   -- what {link} in text and html stands for
  files TEXT NOT NULL DEFAULT '',         -- attachment ids ",1,2,"
  internet_id TEXT NOT NULL,              -- Message-ID without < >
  refs TEXT NOT NULL DEFAULT '',          -- JSON array of internet ids, oldest first
  conversation_id @int NOT NULL DEFAULT 0,
  state TEXT NOT NULL,                    -- queued sending sent failed unknown
  error TEXT NOT NULL DEFAULT '',
  created_ms @int NOT NULL,
  sent_ms @int NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX letter_internet ON letter (account_id, internet_id);
CREATE INDEX letter_recent ON letter (account_id, id);
CREATE INDEX letter_state ON letter (account_id, state, id);
CREATE INDEX letter_conversation ON letter (account_id, conversation_id, id);
CREATE INDEX letter_address ON letter (account_id, to_address, created_ms);

-- The letter that a chat's message has gone out with, or that a mail has answered.
ALTER TABLE message ADD COLUMN letter_id @int NOT NULL DEFAULT 0;         -- letter.id

-- Mails of Seva itself go out by this mailbox.
ALTER TABLE account ADD COLUMN mail_channel_id @int NOT NULL DEFAULT 0;   -- channel.id

-- @postgres
ALTER TABLE letter ENABLE ROW LEVEL SECURITY;
ALTER TABLE letter FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON letter USING (account_id = current_setting('seva.account')::bigint);
-- @end
