WITH found AS (
    SELECT c.id, c.status, c.created_at, u.id AS user_id, u.display_name AS user_display_name,
        u.profile_pic_url AS user_profile_pic_url, u.home_city AS user_home_city, u.home_country AS user_home_country
    FROM connections c
    JOIN users u ON u.id = c.requester_user_id
    WHERE c.receiver_user_id = @P1 AND c.status = 'pending' AND u.is_active = 1
)
SELECT t.total, p.id, p.status, p.created_at, p.user_id, p.user_display_name, p.user_profile_pic_url, p.user_home_city,
    p.user_home_country
FROM (SELECT COUNT(*) AS total FROM found) t
LEFT JOIN (
    SELECT * FROM found ORDER BY created_at DESC, id DESC LIMIT @P3 OFFSET @P2
) p ON 1 = 1
ORDER BY p.created_at DESC, p.id DESC;
