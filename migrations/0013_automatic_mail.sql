-- Automatic mails: which messages a program wrote, how many of ours went to whom, and where none go
-- because machines answer each other.

ALTER TABLE message ADD COLUMN is_automatic @int NOT NULL DEFAULT 0; -- a program's, and quiet; ours: nobody wrote it
ALTER TABLE mail ADD COLUMN automatic TEXT NOT NULL DEFAULT '';     -- away, list, machine, loop, '' = a person's
ALTER TABLE mail ADD COLUMN automatic_why TEXT NOT NULL DEFAULT ''; -- by which rule, in words

-- A day of automatic mails: out = allowed to go, in = of machines.
CREATE TABLE automatic_mail (
  id @pk,
  account_id @int NOT NULL,
  direction TEXT NOT NULL,                -- out, in
  address TEXT NOT NULL,                  -- folded, without what follows a + in its local part
  conversation_id @int NOT NULL,          -- conversation.id; 0 = none
  at_ms @int NOT NULL
);
CREATE INDEX automatic_mail_address ON automatic_mail (account_id, direction, address, at_ms);
CREATE INDEX automatic_mail_conversation ON automatic_mail (account_id, direction, conversation_id, at_ms);
CREATE INDEX automatic_mail_old ON automatic_mail (account_id, at_ms);

-- Where no automatic mail goes until then.
CREATE TABLE automatic_stop (
  account_id @int NOT NULL,
  address TEXT NOT NULL,                  -- as above; '' = whoever it is
  conversation_id @int NOT NULL,          -- conversation.id; 0 = all
  until_ms @int NOT NULL,
  PRIMARY KEY (account_id, address, conversation_id)
);
CREATE INDEX automatic_stop_old ON automatic_stop (account_id, until_ms);

-- Stands in X-Seva-Loop of our automatic mails, so that we know them when they come back.
-- @sqlite
INSERT INTO installation (name, value) VALUES ('mail', lower(hex(randomblob(16))));
-- @end
-- @postgres
INSERT INTO installation (name, value) VALUES ('mail', replace(gen_random_uuid()::text, '-', ''));
ALTER TABLE automatic_mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE automatic_mail FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON automatic_mail USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE automatic_stop ENABLE ROW LEVEL SECURITY;
ALTER TABLE automatic_stop FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON automatic_stop USING (account_id = current_setting('seva.account')::bigint);
-- @end
