-- The narrow ways into an agent's unread notifications and a mailbox's letters: a list costs as much
-- as its screen, however much was read or sent before.

CREATE INDEX notification_new ON notification (account_id, agent_id, id) WHERE read_ms = 0;
CREATE INDEX letter_channel ON letter (account_id, channel_id, id);
CREATE INDEX letter_channel_state ON letter (account_id, channel_id, state, id);
