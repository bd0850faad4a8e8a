-- @P1 int, @P2 int
DELETE FROM connections
WHERE (requester_user_id = @P1 AND receiver_user_id = @P2) OR (requester_user_id = @P2 AND receiver_user_id = @P1);
