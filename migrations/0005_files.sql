-- Files: bytes on disk under a content hash, uploads on their way, attachments.

-- What is true of the whole installation; a door table (no row-level security).
-- blobs: what the marker file in the shared folder of files says (PostgreSQL).
CREATE TABLE installation (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- One file of the account on disk. name: the SHA-256 of its content (hex), or "photos/<agent>-<hash>".
-- The row stands before the file: every file has a row, so the sweep finds files by rows alone.
CREATE TABLE blob (
  account_id @int NOT NULL,
  name TEXT NOT NULL,
  size @int NOT NULL,
  state TEXT NOT NULL,                    -- kept, removing (by the sweep)
  look_ms @int NOT NULL,                  -- when the sweep looks whether somebody still needs it
  created_ms @int NOT NULL,
  PRIMARY KEY (account_id, name)
);
CREATE INDEX blob_look ON blob (account_id, look_ms);
CREATE INDEX blob_removing ON blob (account_id, name) WHERE state = 'removing';

-- A file on its way up; gone when the last part has come. Its id becomes the attachment's.
CREATE TABLE upload (
  id @pk,
  account_id @int NOT NULL,
  owner_kind TEXT NOT NULL,               -- agent, visitor
  owner_id @int NOT NULL,                 -- agent.id, visitor.id
  name TEXT NOT NULL,
  size @int NOT NULL,                     -- bytes promised
  received @int NOT NULL,                 -- bytes on disk
  created_ms @int NOT NULL
);
CREATE INDEX upload_owner ON upload (account_id, owner_kind, owner_id);
CREATE INDEX upload_created ON upload (account_id, created_ms);

-- A file: an upload, first its uploader's alone, then a message's (or a channel's logo); or one that
-- a message of a contact names by address (source_url), which job fetch brings.
CREATE TABLE attachment (
  id @pk,
  account_id @int NOT NULL,
  owner_kind TEXT NOT NULL,               -- agent, visitor, contact
  owner_id @int NOT NULL,
  conversation_id @int NOT NULL DEFAULT 0, -- conversation.id; 0 = not attached
  message_id @int NOT NULL DEFAULT 0,     -- message.id; 0 = not attached
  is_public @int NOT NULL DEFAULT 0,      -- a channel's logo: for everybody, never swept
  blob_name TEXT NOT NULL,                -- blob.name; empty = fetching or failed
  name TEXT NOT NULL,                     -- as shown; never a path
  type TEXT NOT NULL,                     -- by content
  size @int NOT NULL,
  width @int NOT NULL DEFAULT 0,          -- pictures; 0 = none or unknown
  height @int NOT NULL DEFAULT 0,
  thumbnail_name TEXT NOT NULL DEFAULT '', -- blob.name; empty = none
  state TEXT NOT NULL,                    -- fetching, failed, processing, ready
  source_url TEXT NOT NULL DEFAULT '',    -- where it is fetched from; empty = it was uploaded
  error TEXT NOT NULL DEFAULT '',         -- failed: why, a word of care/media.h
  created_ms @int NOT NULL
);
CREATE INDEX attachment_message ON attachment (account_id, message_id);
CREATE INDEX attachment_owner ON attachment (account_id, owner_kind, owner_id, message_id);
CREATE INDEX attachment_blob ON attachment (account_id, blob_name);
CREATE INDEX attachment_thumbnail ON attachment (account_id, thumbnail_name);
CREATE INDEX attachment_loose ON attachment (account_id, created_ms) WHERE message_id = 0;

-- @postgres
ALTER TABLE blob ENABLE ROW LEVEL SECURITY;
ALTER TABLE blob FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON blob USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE upload ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON upload USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE attachment ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON attachment USING (account_id = current_setting('seva.account')::bigint);
-- @end
