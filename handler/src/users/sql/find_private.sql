-- @P1 int
SELECT id, email, display_name, bio, profile_pic_url, home_city, home_country, created_at, updated_at
FROM users WHERE id = @P1 AND is_active = 1;
