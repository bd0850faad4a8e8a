-- @P1 int
-- Counts a change of the user's plans, and by that holds the row until the end of the transaction.
UPDATE users SET plans_version = plans_version + 1 WHERE id = @P1 AND is_active = 1;
