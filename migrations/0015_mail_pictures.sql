-- Pictures from elsewhere in mails, as they were fetched for whoever looks at a mail: kept for a week.

CREATE TABLE mail_picture (
  account_id @int NOT NULL,
  name TEXT NOT NULL,                     -- SHA-256 of the address, hex
  blob_name TEXT NOT NULL DEFAULT '',     -- blob.name; empty: there was no picture that is shown
  type TEXT NOT NULL DEFAULT '',          -- by its bytes: image/png …
  fetched_ms @int NOT NULL,
  PRIMARY KEY (account_id, name)
);
CREATE INDEX mail_picture_blob ON mail_picture (account_id, blob_name);
CREATE INDEX mail_picture_fetched ON mail_picture (account_id, fetched_ms);

-- @postgres
ALTER TABLE mail_picture ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail_picture FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON mail_picture USING (account_id = current_setting('seva.account')::bigint);
-- @end
