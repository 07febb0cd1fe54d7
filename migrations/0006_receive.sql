-- What of the inbox waits for the receiver stands in a small table of its own: ending a delivery is
-- one small delete, and the row with the raw bytes is not written again (on PostgreSQL a change of
-- its state wrote a new version of it and of all its index entries).

DROP INDEX inbox_todo;

-- id: inbox.id. attempts: ends of the process while this delivery was in hand.
-- @sqlite
CREATE TABLE inbox_waiting (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
-- @end
-- @postgres
CREATE TABLE inbox_waiting (
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX inbox_waiting_order ON inbox_waiting (id);
-- @end
INSERT INTO inbox_waiting (id, account_id, attempts)
    SELECT id, account_id, attempts FROM inbox WHERE state = 'wait';

-- The deliveries that the receiver has in hand, one row: all that wait from first_id to last_id. Who
-- begins to receive counts an attempt for each of them that is still there.
CREATE TABLE inbox_hand (
    one @int PRIMARY KEY,                -- 1
    first_id @int NOT NULL,              -- inbox_waiting.id
    last_id @int NOT NULL
);

-- State of an inbox row from here on: taken (waiting or processed), quarantined, discarded.
UPDATE inbox SET state = 'taken' WHERE state IN ('wait', 'done');
