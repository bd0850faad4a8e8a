-- @P1 int, @P2 int
-- The profile of the first user as the second sees it. What is between the two is the one row of the pair.
SELECT u.id, u.display_name, u.bio, u.profile_pic_url, u.home_city, u.home_country, u.created_at,
    CASE
        WHEN u.id = @P2 THEN 'self'
        WHEN c.status = 'accepted' THEN 'connected'
        WHEN c.status = 'pending' AND c.requester_user_id = @P2 THEN 'pending_sent'
        WHEN c.status = 'pending' THEN 'pending_received'
        ELSE 'none'
    END AS connection_status
FROM users u
LEFT JOIN connections c
    ON c.user_low_id = CASE WHEN u.id < @P2 THEN u.id ELSE @P2 END
    AND c.user_high_id = CASE WHEN u.id < @P2 THEN @P2 ELSE u.id END
WHERE u.id = @P1 AND u.is_active = 1;
