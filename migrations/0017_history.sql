-- Which conversation goes on in a thread of a channel, whoever wrote there: an import knows of an
-- answer only its thread.

CREATE INDEX conversation_channel_thread ON conversation (account_id, channel_id, thread_key, id) WHERE thread_key <> '';
