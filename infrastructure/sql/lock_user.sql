-- Locks an account without forgetting it: from the next request on its tokens are good for nothing, and nobody logs in to it.
-- @P1 int
UPDATE users SET is_active = 0 WHERE id = @P1;
