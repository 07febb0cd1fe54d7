-- The receive path: what is paid once per message received.
--
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

-- @postgres
-- A node of the version before that still runs while this is applied says 'wait' and looks there.
-- AFTER: a row that ON CONFLICT leaves out counts for nothing, and no tuple is locked for a WHEN
-- that is false. To be dropped in a later version, when no such node can be left.
CREATE FUNCTION inbox_of_old_node() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_waiting (id, account_id) VALUES (NEW.id, NEW.account_id);
    UPDATE inbox SET state = 'taken' WHERE account_id = NEW.account_id AND id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER inbox_of_old_node AFTER INSERT OR UPDATE OF state ON inbox
    FOR EACH ROW WHEN (NEW.state = 'wait') EXECUTE FUNCTION inbox_of_old_node();
-- @end

-- The lists "newest" and "oldest" find their place by recent_key, last_message_ms in steps of ten
-- seconds, and sort inside a step. So the messages of a lively exchange leave the conversation's
-- index entries where they are (on PostgreSQL such an update touches no index at all).

ALTER TABLE conversation ADD COLUMN recent_key @int NOT NULL DEFAULT 0; -- last_message_ms / 10000

-- @postgres
ALTER TABLE conversation NO FORCE ROW LEVEL SECURITY;
-- @end
UPDATE conversation SET recent_key = last_message_ms / 10000;
-- @postgres
ALTER TABLE conversation FORCE ROW LEVEL SECURITY;
-- Room on each page for the new versions of its rows.
ALTER TABLE conversation SET (fillfactor = 80);
-- @end

DROP INDEX conversation_newest;
DROP INDEX conversation_assignee;
CREATE INDEX conversation_newest ON conversation (account_id, status, recent_key);
CREATE INDEX conversation_assignee ON conversation (account_id, assignee_id, status, recent_key);

-- @postgres
-- A node of the version before does not know recent_key; see above.
CREATE FUNCTION conversation_of_old_node() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversation SET recent_key = NEW.last_message_ms / 10000
        WHERE account_id = NEW.account_id AND id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER conversation_of_old_node AFTER INSERT OR UPDATE OF last_message_ms ON conversation
    FOR EACH ROW WHEN (NEW.recent_key <> NEW.last_message_ms / 10000)
    EXECUTE FUNCTION conversation_of_old_node();
-- @end
