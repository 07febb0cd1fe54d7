-- Mails on their way out: what became of each recipient, the name that a relay gave the mail, and
-- which addresses take no mails.

ALTER TABLE mail ADD COLUMN recipients TEXT NOT NULL DEFAULT '';   -- JSON array: address, state, words; empty = not tried
ALTER TABLE mail ADD COLUMN relay_id TEXT NOT NULL DEFAULT '';     -- Message-ID that the relay gave it instead of ours
ALTER TABLE mail ADD COLUMN first_try_ms @int NOT NULL DEFAULT 0;  -- when a server asked for patience first
ALTER TABLE mail ADD COLUMN again_ms @int NOT NULL DEFAULT 0;      -- next try of those who wait; 0 = nobody does
CREATE INDEX mail_relay ON mail (account_id, relay_id) WHERE relay_id <> '';
CREATE INDEX mail_participant_address ON mail_participant (account_id, address);

-- Addresses from which something has come back. One that takes no mails is written to only after an
-- agent has said so, or after its owner has written.
CREATE TABLE mail_address (
  account_id @int NOT NULL,
  address TEXT NOT NULL,                  -- folded
  bounces @int NOT NULL DEFAULT 0,        -- for good, since it last worked
  is_invalid @int NOT NULL DEFAULT 0,     -- two of them: nothing is sent there
  words TEXT NOT NULL DEFAULT '',         -- of the last one
  bounced_ms @int NOT NULL DEFAULT 0,
  complained_ms @int NOT NULL DEFAULT 0,  -- called a mail of ours spam: no automatic ones any more
  PRIMARY KEY (account_id, address)
);

-- @postgres
ALTER TABLE mail_address ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_address FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON mail_address USING (account_id = current_setting('seva.account')::bigint);
-- @end
