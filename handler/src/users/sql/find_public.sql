-- @P1 int, @P2 int
-- The profile of the first user as the second sees it.
SELECT u.id, u.display_name, u.bio, u.profile_pic_url, u.home_city, u.home_country, u.created_at,
    CASE
        WHEN u.id = @P2 THEN 'self'
        WHEN EXISTS (SELECT 1 FROM connections c WHERE c.status = 'accepted'
            AND ((c.requester_user_id = u.id AND c.receiver_user_id = @P2)
                OR (c.requester_user_id = @P2 AND c.receiver_user_id = u.id))) THEN 'connected'
        WHEN EXISTS (SELECT 1 FROM connections c WHERE c.status = 'pending'
            AND c.requester_user_id = @P2 AND c.receiver_user_id = u.id) THEN 'pending_sent'
        WHEN EXISTS (SELECT 1 FROM connections c WHERE c.status = 'pending'
            AND c.requester_user_id = u.id AND c.receiver_user_id = @P2) THEN 'pending_received'
        ELSE 'none'
    END AS connection_status
FROM users u
WHERE u.id = @P1 AND u.is_active = 1;
