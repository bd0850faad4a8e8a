-- @P1 int, @P2 int
-- Holds the row of one of its two people until the end of the transaction by an update that changes nothing.
UPDATE connections SET updated_at = updated_at WHERE id = @P1 AND (requester_user_id = @P2 OR receiver_user_id = @P2);
