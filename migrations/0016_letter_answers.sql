-- What the server said when it took a letter, and the name that a relay has given it (as
-- mail.relay_id), so that it can be found there.

ALTER TABLE letter ADD COLUMN relay_id TEXT NOT NULL DEFAULT '';   -- without < >; empty = ours
ALTER TABLE letter ADD COLUMN answer TEXT NOT NULL DEFAULT '';     -- "250 2.0.0 queued as 4FxZ"
CREATE INDEX letter_relay ON letter (account_id, relay_id);
