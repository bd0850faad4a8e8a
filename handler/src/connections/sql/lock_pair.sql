-- @P1 int, @P2 int
-- Holds the row of two people (the lower id first), if there is one, by an update that changes nothing.
UPDATE connections SET updated_at = updated_at
OUTPUT INSERTED.id
WHERE user_low_id = @P1 AND user_high_id = @P2;
