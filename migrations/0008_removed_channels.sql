-- What a removed channel was, for the conversations and people that it leaves.
CREATE TABLE channel_removed (
  account_id @int NOT NULL,
  id @int NOT NULL,                         -- channel.id
  kind TEXT NOT NULL,
  removed_ms @int NOT NULL,                 -- 0 = before this was noted
  PRIMARY KEY (account_id, id)
);
-- Those of before, as far as something that came in by them is still kept.
INSERT INTO channel_removed (account_id, id, kind, removed_ms)
SELECT i.account_id, i.channel_id, MAX(i.network), 0
FROM inbox i
WHERE i.network <> '' AND NOT EXISTS (SELECT 1 FROM source s WHERE s.account_id = i.account_id AND s.channel_id = i.channel_id)
GROUP BY i.account_id, i.channel_id;

-- @postgres
ALTER TABLE channel_removed ENABLE ROW LEVEL SECURITY;
ALTER TABLE channel_removed FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON channel_removed USING (account_id = current_setting('seva.account')::bigint);
-- @end

-- Who runs is counted over job_lease.
DROP INDEX job_network;
