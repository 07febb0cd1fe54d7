-- How many conversations a view has is kept on write: a number for each cell, that is for all that
-- have status, channel, team, assignee and priority in common. Whatever a view asks for of these is
-- a sum of cells, and so is what an agent may see by them. There are as many cells as the
-- organisation has such combinations, however many conversations.
--
-- The database moves the numbers, inside the statement that moves a conversation, so that no writer
-- can forget it. On SQLite, with its one writer, the cell itself is changed. On PostgreSQL
-- transactions would queue for a cell, and two that need the same two could block each other for
-- good: there a change is a row of its own, summed with the cells at reading and folded into them by
-- upkeep.

-- @postgres
ALTER TABLE conversation NO FORCE ROW LEVEL SECURITY; -- and nobody writes until the end
-- @end
CREATE TABLE conversation_cell (
  account_id @int NOT NULL,
  status TEXT NOT NULL,                   -- conversation.status, like the next four
  assignee_id @int NOT NULL,
  team_id @int NOT NULL,
  channel_id @int NOT NULL,
  priority TEXT NOT NULL,
  number @int DEFAULT 0,                  -- PostgreSQL: without what conversation_cell_change says. Without NOT NULL:
                                          -- see conversation_add_many
  PRIMARY KEY (account_id, status, assignee_id, team_id, channel_id, priority)
);

-- @sqlite
CREATE TRIGGER conversation_cell_begins AFTER INSERT ON conversation
BEGIN
    INSERT INTO conversation_cell (account_id, status, assignee_id, team_id, channel_id, priority, number)
        VALUES (NEW.account_id, NEW.status, NEW.assignee_id, NEW.team_id, NEW.channel_id, NEW.priority, 1)
        ON CONFLICT (account_id, status, assignee_id, team_id, channel_id, priority)
            DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER conversation_cell_follows
AFTER UPDATE OF status, assignee_id, team_id, channel_id, priority ON conversation
WHEN NEW.status <> OLD.status OR NEW.assignee_id <> OLD.assignee_id OR NEW.team_id <> OLD.team_id
    OR NEW.channel_id <> OLD.channel_id OR NEW.priority <> OLD.priority
BEGIN
    UPDATE conversation_cell SET number = number - 1
        WHERE account_id = OLD.account_id AND status = OLD.status AND assignee_id = OLD.assignee_id
            AND team_id = OLD.team_id AND channel_id = OLD.channel_id AND priority = OLD.priority;
    INSERT INTO conversation_cell (account_id, status, assignee_id, team_id, channel_id, priority, number)
        VALUES (NEW.account_id, NEW.status, NEW.assignee_id, NEW.team_id, NEW.channel_id, NEW.priority, 1)
        ON CONFLICT (account_id, status, assignee_id, team_id, channel_id, priority)
            DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER conversation_cell_ends AFTER DELETE ON conversation
BEGIN
    UPDATE conversation_cell SET number = number - 1
        WHERE account_id = OLD.account_id AND status = OLD.status AND assignee_id = OLD.assignee_id
            AND team_id = OLD.team_id AND channel_id = OLD.channel_id AND priority = OLD.priority;
END;
-- @end
-- @postgres
CREATE TABLE conversation_cell_change (
  account_id BIGINT NOT NULL,
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  status TEXT NOT NULL,
  assignee_id BIGINT NOT NULL,
  team_id BIGINT NOT NULL,
  channel_id BIGINT NOT NULL,
  priority TEXT NOT NULL,
  number BIGINT NOT NULL,                 -- so many more; below 0: fewer
  PRIMARY KEY (account_id, id)
);
-- What begins and ends comes in sets, and a set is few cells.
CREATE FUNCTION conversation_cell_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conversation_cell_change (account_id, status, assignee_id, team_id, channel_id, priority, number)
        SELECT account_id, status, assignee_id, team_id, channel_id, priority, COUNT(*) FROM added
        GROUP BY account_id, status, assignee_id, team_id, channel_id, priority;
    RETURN NULL;
END $$;
CREATE TRIGGER conversation_cell_begins AFTER INSERT ON conversation REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION conversation_cell_begins();
CREATE FUNCTION conversation_cell_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conversation_cell_change (account_id, status, assignee_id, team_id, channel_id, priority, number)
        SELECT account_id, status, assignee_id, team_id, channel_id, priority, -COUNT(*) FROM removed
        GROUP BY account_id, status, assignee_id, team_id, channel_id, priority;
    RETURN NULL;
END $$;
CREATE TRIGGER conversation_cell_ends AFTER DELETE ON conversation REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION conversation_cell_ends();
-- Most updates move nothing, and the condition of a row's trigger costs them nothing; what a
-- statement has changed as a whole would be kept and compared for every message that comes in.
CREATE FUNCTION conversation_cell_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conversation_cell_change (account_id, status, assignee_id, team_id, channel_id, priority, number)
        VALUES (OLD.account_id, OLD.status, OLD.assignee_id, OLD.team_id, OLD.channel_id, OLD.priority, -1),
            (NEW.account_id, NEW.status, NEW.assignee_id, NEW.team_id, NEW.channel_id, NEW.priority, 1);
    RETURN NULL;
END $$;
CREATE TRIGGER conversation_cell_follows
    AFTER UPDATE OF status, assignee_id, team_id, channel_id, priority ON conversation
    FOR EACH ROW WHEN (NEW.status <> OLD.status OR NEW.assignee_id <> OLD.assignee_id OR NEW.team_id <> OLD.team_id
        OR NEW.channel_id <> OLD.channel_id OR NEW.priority <> OLD.priority)
    EXECUTE FUNCTION conversation_cell_follows();
-- @end
INSERT INTO conversation_cell (account_id, status, assignee_id, team_id, channel_id, priority, number)
    SELECT account_id, status, assignee_id, team_id, channel_id, priority, COUNT(*) FROM conversation
    GROUP BY account_id, status, assignee_id, team_id, channel_id, priority;
-- @postgres
ALTER TABLE conversation FORCE ROW LEVEL SECURITY;
ALTER TABLE conversation_cell ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_cell FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON conversation_cell USING (account_id = current_setting('seva.account')::bigint);
ALTER TABLE conversation_cell_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_cell_change FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON conversation_cell_change USING (account_id = current_setting('seva.account')::bigint);
-- @end
