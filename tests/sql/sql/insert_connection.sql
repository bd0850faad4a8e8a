-- @P1 int, @P2 int, @P3 nvarchar(20), @P4 datetime2
INSERT INTO connections (requester_user_id, receiver_user_id, status, created_at, updated_at)
VALUES (@P1, @P2, @P3, @P4, @P4);
