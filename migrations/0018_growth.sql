-- Lists that cost as much as their screen, however much an account holds.
--
-- The lists of a tag and of an agent's mentions stand in the order they are shown in: beside each row
-- is what its conversation is sorted by. A conversation that has neither pays nothing when it changes.

ALTER TABLE conversation_tag ADD COLUMN status TEXT NOT NULL DEFAULT '';  -- conversation.status, like the next three
ALTER TABLE conversation_tag ADD COLUMN recent_key @int NOT NULL DEFAULT 0;
ALTER TABLE conversation_tag ADD COLUMN due_key @int NOT NULL DEFAULT 0;
ALTER TABLE conversation_tag ADD COLUMN wait_key @int NOT NULL DEFAULT 0;
ALTER TABLE mention ADD COLUMN status TEXT NOT NULL DEFAULT '';           -- conversation.status, like the next three
ALTER TABLE mention ADD COLUMN recent_key @int NOT NULL DEFAULT 0;
ALTER TABLE mention ADD COLUMN due_key @int NOT NULL DEFAULT 0;
ALTER TABLE mention ADD COLUMN wait_key @int NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN is_mentioned @int NOT NULL DEFAULT 0; -- somebody was mentioned in it once

-- @postgres
ALTER TABLE conversation NO FORCE ROW LEVEL SECURITY;
ALTER TABLE conversation_tag NO FORCE ROW LEVEL SECURITY;
ALTER TABLE mention NO FORCE ROW LEVEL SECURITY;
-- @end
UPDATE conversation_tag SET status = c.status, recent_key = c.recent_key, due_key = c.due_key, wait_key = c.wait_key
    FROM conversation c WHERE c.account_id = conversation_tag.account_id AND c.id = conversation_tag.conversation_id;
UPDATE mention SET status = c.status, recent_key = c.recent_key, due_key = c.due_key, wait_key = c.wait_key
    FROM conversation c WHERE c.account_id = mention.account_id AND c.id = mention.conversation_id;
UPDATE conversation SET is_mentioned = 1
    WHERE EXISTS (SELECT 1 FROM mention m WHERE m.account_id = conversation.account_id AND m.conversation_id = conversation.id);
-- @postgres
ALTER TABLE conversation FORCE ROW LEVEL SECURITY;
ALTER TABLE conversation_tag FORCE ROW LEVEL SECURITY;
ALTER TABLE mention FORCE ROW LEVEL SECURITY;
-- @end

CREATE INDEX conversation_tag_recent ON conversation_tag (account_id, tag_id, status, recent_key, conversation_id);
CREATE INDEX conversation_tag_due ON conversation_tag (account_id, tag_id, status, due_key, conversation_id);
CREATE INDEX conversation_tag_wait ON conversation_tag (account_id, tag_id, status, wait_key, conversation_id);
CREATE INDEX mention_recent ON mention (account_id, agent_id, status, recent_key, conversation_id);
CREATE INDEX mention_due ON mention (account_id, agent_id, status, due_key, conversation_id);
CREATE INDEX mention_wait ON mention (account_id, agent_id, status, wait_key, conversation_id);

-- @sqlite
CREATE TRIGGER conversation_tag_follows AFTER UPDATE OF status, recent_key, due_key, wait_key ON conversation
WHEN NEW.tag_count > 0 AND (NEW.status <> OLD.status OR NEW.recent_key <> OLD.recent_key
    OR NEW.due_key <> OLD.due_key OR NEW.wait_key <> OLD.wait_key)
BEGIN
    UPDATE conversation_tag
        SET status = NEW.status, recent_key = NEW.recent_key, due_key = NEW.due_key, wait_key = NEW.wait_key
        WHERE account_id = NEW.account_id AND conversation_id = NEW.id;
END;
CREATE TRIGGER mention_follows AFTER UPDATE OF status, recent_key, due_key, wait_key ON conversation
WHEN NEW.is_mentioned = 1 AND (NEW.status <> OLD.status OR NEW.recent_key <> OLD.recent_key
    OR NEW.due_key <> OLD.due_key OR NEW.wait_key <> OLD.wait_key)
BEGIN
    UPDATE mention
        SET status = NEW.status, recent_key = NEW.recent_key, due_key = NEW.due_key, wait_key = NEW.wait_key
        WHERE account_id = NEW.account_id AND conversation_id = NEW.id;
END;
CREATE TRIGGER conversation_tag_begins AFTER INSERT ON conversation_tag
BEGIN
    UPDATE conversation_tag
        SET status = c.status, recent_key = c.recent_key, due_key = c.due_key, wait_key = c.wait_key
        FROM (SELECT * FROM conversation WHERE account_id = NEW.account_id AND id = NEW.conversation_id) c
        WHERE conversation_tag.account_id = NEW.account_id AND conversation_id = NEW.conversation_id
            AND tag_id = NEW.tag_id;
END;
CREATE TRIGGER mention_begins AFTER INSERT ON mention
BEGIN
    UPDATE conversation SET is_mentioned = 1
        WHERE account_id = NEW.account_id AND id = NEW.conversation_id AND is_mentioned = 0;
    UPDATE mention
        SET status = c.status, recent_key = c.recent_key, due_key = c.due_key, wait_key = c.wait_key
        FROM (SELECT * FROM conversation WHERE account_id = NEW.account_id AND id = NEW.conversation_id) c
        WHERE mention.account_id = NEW.account_id AND mention.agent_id = NEW.agent_id
            AND conversation_id = NEW.conversation_id;
END;
-- @end
-- @postgres
CREATE FUNCTION conversation_tag_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversation_tag
        SET status = NEW.status, recent_key = NEW.recent_key, due_key = NEW.due_key, wait_key = NEW.wait_key
        WHERE account_id = NEW.account_id AND conversation_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER conversation_tag_follows AFTER UPDATE OF status, recent_key, due_key, wait_key ON conversation
    FOR EACH ROW WHEN (NEW.tag_count > 0 AND (NEW.status <> OLD.status OR NEW.recent_key <> OLD.recent_key
        OR NEW.due_key <> OLD.due_key OR NEW.wait_key <> OLD.wait_key))
    EXECUTE FUNCTION conversation_tag_follows();
CREATE FUNCTION mention_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mention
        SET status = NEW.status, recent_key = NEW.recent_key, due_key = NEW.due_key, wait_key = NEW.wait_key
        WHERE account_id = NEW.account_id AND conversation_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER mention_follows AFTER UPDATE OF status, recent_key, due_key, wait_key ON conversation
    FOR EACH ROW WHEN (NEW.is_mentioned = 1 AND (NEW.status <> OLD.status OR NEW.recent_key <> OLD.recent_key
        OR NEW.due_key <> OLD.due_key OR NEW.wait_key <> OLD.wait_key))
    EXECUTE FUNCTION mention_follows();
-- FOR UPDATE: a change of the conversation by somebody else is waited for, or waits.
CREATE FUNCTION conversation_tag_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT status, recent_key, due_key, wait_key
        INTO NEW.status, NEW.recent_key, NEW.due_key, NEW.wait_key
        FROM conversation WHERE account_id = NEW.account_id AND id = NEW.conversation_id FOR UPDATE;
    RETURN CASE WHEN FOUND THEN NEW END;
END $$;
CREATE TRIGGER conversation_tag_begins BEFORE INSERT ON conversation_tag
    FOR EACH ROW EXECUTE FUNCTION conversation_tag_begins();
CREATE FUNCTION mention_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversation SET is_mentioned = 1
        WHERE account_id = NEW.account_id AND id = NEW.conversation_id AND is_mentioned = 0;
    SELECT status, recent_key, due_key, wait_key
        INTO NEW.status, NEW.recent_key, NEW.due_key, NEW.wait_key
        FROM conversation WHERE account_id = NEW.account_id AND id = NEW.conversation_id FOR UPDATE;
    RETURN CASE WHEN FOUND THEN NEW END;
END $$;
CREATE TRIGGER mention_begins BEFORE INSERT ON mention
    FOR EACH ROW EXECUTE FUNCTION mention_begins();
-- @end

-- What is swept is found from its oldest on.
CREATE INDEX delivery_oldest ON delivery (account_id, id);
-- Notes that go along when conversations are joined take their notifications with them.
CREATE INDEX notification_conversation ON notification (account_id, conversation_id);
