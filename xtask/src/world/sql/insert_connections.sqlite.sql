INSERT INTO connections (requester_user_id, receiver_user_id, user_low_id, user_high_id, status, created_at, updated_at)
SELECT w.value ->> 'asks', w.value ->> 'asked', w.value ->> 'low', w.value ->> 'high', w.value ->> 'status', @P2, @P2
FROM json_each(@P1) w;
