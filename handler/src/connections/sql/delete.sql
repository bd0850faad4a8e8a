-- @P1 int, @P2 nvarchar(20), @P3 int, @P4 datetime2
-- A connection, as what it was seen (its status, who asked, when that was), if it is still so.
DELETE FROM connections WHERE id = @P1 AND status = @P2 AND requester_user_id = @P3 AND updated_at = @P4;
