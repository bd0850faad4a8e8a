-- @P1 int
-- Holds the row until the end of the transaction by an update that changes nothing.
UPDATE users SET updated_at = updated_at WHERE id = @P1 AND is_active = 1;
