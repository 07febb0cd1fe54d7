-- How far an export is that is being made, and, with a store of attachments, the parts in which its
-- file lies there: a part's row is written before its bytes are, and goes after them.

ALTER TABLE data_export ADD COLUMN step TEXT NOT NULL DEFAULT '';     -- of a running one: messages files storing
ALTER TABLE data_export ADD COLUMN step_done @int NOT NULL DEFAULT 0; -- messages, files, bytes
ALTER TABLE data_export ADD COLUMN step_total @int NOT NULL DEFAULT 0;

CREATE TABLE data_export_part (
  account_id @int NOT NULL,
  export_id @int NOT NULL,
  number @int NOT NULL,                   -- from 0 on
  hash TEXT NOT NULL,                     -- SHA-256 of its bytes, hex
  bytes @int NOT NULL,
  PRIMARY KEY (account_id, export_id, number)
);

-- @postgres
ALTER TABLE data_export_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_export_part FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON data_export_part USING (account_id = current_setting('seva.account')::bigint);
-- @end
