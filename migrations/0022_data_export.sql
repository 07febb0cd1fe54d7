-- Exports that people have asked for in the console or over the API. The file lies beside the
-- account's other files (exports/<id>.tar in its folder) and goes before its row does.

CREATE TABLE data_export (
  id @pk,
  account_id @int NOT NULL,
  what TEXT NOT NULL,                     -- account contact
  contact_id @int NOT NULL DEFAULT 0,     -- of a contact's
  state TEXT NOT NULL,                    -- queued running ready failed removing
  error TEXT NOT NULL DEFAULT '',         -- why the last try was none, in words
  agent_id @int NOT NULL,                 -- who asked for it
  agent_name TEXT NOT NULL,
  bytes @int NOT NULL DEFAULT 0,          -- written so far; of a ready one: of the file
  lines @int NOT NULL DEFAULT 0,
  files @int NOT NULL DEFAULT 0,
  missing_files @int NOT NULL DEFAULT 0,  -- not on the disk, or damaged there
  created_ms @int NOT NULL,
  started_ms @int NOT NULL DEFAULT 0,
  finished_ms @int NOT NULL DEFAULT 0,
  expires_ms @int NOT NULL                -- file and row go
);
CREATE INDEX data_export_recent ON data_export (account_id, id);

-- @postgres
ALTER TABLE data_export ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_export FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON data_export USING (account_id = current_setting('seva.account')::bigint);
-- @end
