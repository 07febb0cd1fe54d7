-- Search: what is indexed, what waits to be, and how far an index that is made anew has come.
-- store/search.h says what stands in `words`. The tables have no row-level policy: the background
-- worker reads the queue of all accounts, and PostgreSQL uses no index on words behind a policy; the
-- account is part of every word instead.

-- A thing whose text has changed since it was indexed. Written with the change, one row a thing.
CREATE TABLE search_queue (
  account_id @int NOT NULL,
  kind TEXT NOT NULL,                     -- message contact
  thing_id @int NOT NULL,                 -- message.id or contact.id
  version @int NOT NULL DEFAULT 1,        -- rises with each change: the worker removes what it has seen
  PRIMARY KEY (account_id, kind, thing_id)
)
-- @sqlite
WITHOUT ROWID
-- @end
;

-- How far an account's index is made anew, newest first.
CREATE TABLE search_build (
  account_id @int NOT NULL PRIMARY KEY,
  version @int NOT NULL,                  -- of the rules for words
  message_id @int NOT NULL,               -- message.id: below it nothing is queued yet; 0 = done
  contact_id @int NOT NULL                -- contact.id: the same
);

-- @sqlite
CREATE VIRTUAL TABLE search_message USING fts5(words, tokenize = 'seva', prefix = '2 3 4', columnsize = 0);
CREATE VIRTUAL TABLE search_contact USING fts5(words, tokenize = 'seva', prefix = '2 3 4', columnsize = 0);
-- @end
-- @postgres
CREATE TABLE search_message (
  account_id BIGINT NOT NULL,
  thing_id BIGINT NOT NULL,               -- message.id
  words TSVECTOR NOT NULL,
  PRIMARY KEY (account_id, thing_id)
);
CREATE INDEX search_message_words ON search_message USING gin (words);
CREATE TABLE search_contact (
  account_id BIGINT NOT NULL,
  thing_id BIGINT NOT NULL,               -- contact.id
  words TSVECTOR NOT NULL,
  PRIMARY KEY (account_id, thing_id)
);
CREATE INDEX search_contact_words ON search_contact USING gin (words);
-- @end
