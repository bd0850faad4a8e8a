-- @P1 int, @P2 int, @P3 int, @P4 nvarchar(20), @P5 datetime2, @P6 datetime2
UPDATE connections
SET requester_user_id = @P2, receiver_user_id = @P3, status = @P4, created_at = @P5, updated_at = @P6
WHERE id = @P1;
