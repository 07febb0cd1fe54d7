-- Visitors of a website chat that wrote: where they are and what they read. id is the visitor's id in
-- its token; an anonymous visitor's contact bears the same number.

CREATE TABLE visitor (
  account_id @int NOT NULL,
  id @int NOT NULL,
  channel_id @int NOT NULL,               -- channel.id
  contact_id @int NOT NULL,               -- contact.id
  page_url TEXT NOT NULL DEFAULT '',
  page_title TEXT NOT NULL DEFAULT '',
  locale TEXT NOT NULL DEFAULT '',
  time_zone TEXT NOT NULL DEFAULT '',
  consent_ms @int NOT NULL DEFAULT 0,     -- when the pre-chat consent was given; 0 = not asked
  last_seen_ms @int NOT NULL,
  created_ms @int NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX visitor_contact ON visitor (account_id, contact_id, last_seen_ms);

-- @postgres
ALTER TABLE visitor ENABLE ROW LEVEL SECURITY;
ALTER TABLE visitor FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON visitor USING (account_id = current_setting('seva.account')::bigint);
-- @end
