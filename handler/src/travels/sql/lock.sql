-- @P1 int, @P2 int
-- Holds the plan of this owner until the end of the transaction by an update that changes nothing.
UPDATE travel_plans SET updated_at = updated_at WHERE id = @P1 AND user_id = @P2;
