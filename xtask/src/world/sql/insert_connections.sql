-- @P1 nvarchar(max), @P2 datetime2
INSERT INTO connections (requester_user_id, receiver_user_id, user_low_id, user_high_id, status, created_at, updated_at)
SELECT w.asks, w.asked, w.low, w.high, w.status, @P2, @P2
FROM OPENJSON(@P1) WITH (
    asks int '$.asks', asked int '$.asked', low int '$.low', high int '$.high', status nvarchar(20) '$.status'
) w;
