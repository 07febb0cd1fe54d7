-- How many messages of a conversation are unread is counted in the index of its timeline, without a look at each message.

DROP INDEX message_timeline;
CREATE INDEX message_timeline ON message (account_id, conversation_id, id, kind, is_automatic);
