-- @P1 int, @P2 int, @P3 nvarchar(20), @P4 datetime2
INSERT INTO connections (requester_user_id, receiver_user_id, user_low_id, user_high_id, status, created_at, updated_at)
VALUES (@P1, @P2, CASE WHEN @P1 < @P2 THEN @P1 ELSE @P2 END, CASE WHEN @P1 < @P2 THEN @P2 ELSE @P1 END, @P3, @P4, @P4);
