-- How many messages of its customer a conversation has, kept on write: what is unread in a conversation that
-- an agent never opened is not counted for each row of a list. The messages of programs (is_automatic) do not count.

ALTER TABLE conversation ADD COLUMN in_count @int NOT NULL DEFAULT 0;

-- @postgres
ALTER TABLE conversation NO FORCE ROW LEVEL SECURITY;
ALTER TABLE message NO FORCE ROW LEVEL SECURITY;
-- @end
UPDATE conversation
    SET in_count = (SELECT COUNT(*) FROM message m WHERE m.account_id = conversation.account_id
        AND m.conversation_id = conversation.id AND m.kind = 'in' AND m.is_automatic = 0)
    WHERE last_in_id <> 0;
-- What was joined to another conversation has given it its messages.
UPDATE conversation SET last_in_id = 0, last_in_ms = 0 WHERE joined_id <> 0 AND last_in_id <> 0 AND in_count = 0;
-- @postgres
ALTER TABLE conversation FORCE ROW LEVEL SECURITY;
ALTER TABLE message FORCE ROW LEVEL SECURITY;
-- @end
