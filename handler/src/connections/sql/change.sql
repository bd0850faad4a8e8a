-- @P1 int, @P2 nvarchar(20), @P3 int, @P4 datetime2, @P5 int, @P6 int, @P7 nvarchar(20), @P8 datetime2, @P9 datetime2
-- A connection, as what it was seen (its status, who asked, when that was) and what it becomes, if it is still so.
UPDATE connections
SET requester_user_id = @P5, receiver_user_id = @P6, status = @P7, created_at = @P8, updated_at = @P9
WHERE id = @P1 AND status = @P2 AND requester_user_id = @P3 AND updated_at = @P4;
