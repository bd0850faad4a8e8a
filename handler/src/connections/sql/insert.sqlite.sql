INSERT INTO connections (requester_user_id, receiver_user_id, user_low_id, user_high_id, status, created_at, updated_at)
VALUES (@P1, @P2, @P3, @P4, 'pending', @P5, @P5)
RETURNING id;
