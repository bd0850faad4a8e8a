-- @P1 nvarchar(20), @P2 int, @P3 int, @P4 datetime2, @P5 datetime2
INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at) VALUES (@P1, @P2, @P3, @P4, 0, @P5);
