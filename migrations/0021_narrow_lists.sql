-- Lists that a filter narrows cost as much as their screen: a team's, a channel's and a priority's
-- conversations stand in the order "newest first". What most conversations have (no team, no priority,
-- nobody assigned) is left out of these indexes: it is no narrow way, and an incoming message of a new
-- conversation writes as many of them as before.

DROP INDEX conversation_assignee;
CREATE INDEX conversation_assignee ON conversation (account_id, assignee_id, status, recent_key) WHERE assignee_id <> 0;
CREATE INDEX conversation_team ON conversation (account_id, team_id, status, recent_key) WHERE team_id <> 0;
CREATE INDEX conversation_channel ON conversation (account_id, channel_id, status, recent_key);
CREATE INDEX conversation_priority ON conversation (account_id, priority, status, recent_key) WHERE priority <> 'none';

-- Who wrote in a conversation is known without reading it; what customers write is not in here.
CREATE INDEX message_agent ON message (account_id, conversation_id, author_id) WHERE author_kind = 'agent' AND kind <> 'activity';
