-- @P1 int, @P2 int
-- The plan, and how a user stands to it.
SELECT t.id, t.user_id, t.city, t.country, t.start_date, t.end_date, t.description, t.created_at, t.updated_at,
    CASE
        WHEN t.user_id = @P2 THEN 'owner'
        WHEN EXISTS (SELECT 1 FROM connections c WHERE c.status = 'accepted'
            AND c.requester_user_id = t.user_id AND c.receiver_user_id = @P2) THEN 'connection'
        WHEN EXISTS (SELECT 1 FROM connections c WHERE c.status = 'accepted'
            AND c.requester_user_id = @P2 AND c.receiver_user_id = t.user_id) THEN 'connection'
        ELSE 'stranger'
    END AS standing
FROM travel_plans t
JOIN users o ON o.id = t.user_id
WHERE t.id = @P1 AND o.is_active = 1;
