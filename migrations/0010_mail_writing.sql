-- Writing mails: all of what goes out beside what was written, drafts of mails, texts that a mailbox
-- keeps ready, and messages that go out later.

ALTER TABLE mail ADD COLUMN body TEXT NOT NULL DEFAULT '';      -- ours: the whole plain text, with signature and quote; empty = that of the message
ALTER TABLE mail ADD COLUMN written TEXT NOT NULL DEFAULT '';   -- ours: what was given for it, as the API takes it; JSON

ALTER TABLE draft ADD COLUMN mail TEXT NOT NULL DEFAULT '';     -- what a mail is beside its text, as the API takes it; JSON

ALTER TABLE message ADD COLUMN planned_ms @int NOT NULL DEFAULT 0;   -- of ours: goes out then; 0 = when it was written
CREATE INDEX message_planned ON message (account_id, conversation_id) WHERE planned_ms > 0 AND state = 'held';

CREATE TABLE mail_template (
  id @pk,
  account_id @int NOT NULL,
  channel_id @int NOT NULL,               -- channel.id
  name TEXT NOT NULL,
  subject TEXT NOT NULL DEFAULT '',
  html TEXT NOT NULL DEFAULT '',          -- cleaned, with placeholders
  updated_ms @int NOT NULL
);
CREATE INDEX mail_template_channel ON mail_template (account_id, channel_id, id);

-- @postgres
ALTER TABLE mail_template ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_template FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON mail_template USING (account_id = current_setting('seva.account')::bigint);
-- @end
