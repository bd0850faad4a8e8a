-- @P1 int, @P2 int
-- A connection of one of its two people, both of whom are active.
SELECT c.id, c.status, c.created_at, c.updated_at,
    q.id AS requester_id, q.display_name AS requester_display_name, q.profile_pic_url AS requester_profile_pic_url,
    q.home_city AS requester_home_city, q.home_country AS requester_home_country,
    r.id AS receiver_id, r.display_name AS receiver_display_name, r.profile_pic_url AS receiver_profile_pic_url,
    r.home_city AS receiver_home_city, r.home_country AS receiver_home_country
FROM connections c
JOIN users q ON q.id = c.requester_user_id
JOIN users r ON r.id = c.receiver_user_id
WHERE c.id = @P1 AND (c.requester_user_id = @P2 OR c.receiver_user_id = @P2) AND q.is_active = 1 AND r.is_active = 1;
