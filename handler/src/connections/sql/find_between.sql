-- @P1 int, @P2 int, @P3 int, @P4 int
-- The one who asks and the one who is asked, if both are active, and what there is between them, or NULLs: looked for by
-- the two ids in order.
SELECT q.id AS requester_id, q.display_name AS requester_display_name, q.profile_pic_url AS requester_profile_pic_url,
    q.home_city AS requester_home_city, q.home_country AS requester_home_country,
    r.id AS receiver_id, r.display_name AS receiver_display_name, r.profile_pic_url AS receiver_profile_pic_url,
    r.home_city AS receiver_home_city, r.home_country AS receiver_home_country,
    c.id, c.status, c.requester_user_id AS asked_before_id, c.created_at, c.updated_at
FROM users q
JOIN users r ON r.id = @P2
LEFT JOIN connections c ON c.user_low_id = @P3 AND c.user_high_id = @P4
WHERE q.id = @P1 AND q.is_active = 1 AND r.is_active = 1;
