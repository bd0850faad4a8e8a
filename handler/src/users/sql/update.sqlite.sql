DELETE FROM user_words
WHERE user_id = @P1 AND @P12 IS NOT NULL
    AND EXISTS (SELECT 1 FROM users WHERE id = @P1 AND is_active = 1 AND profile_version = @P2);
INSERT INTO user_words (word, user_id, name_key)
SELECT w.value, u.id, @P4
FROM users u, json_each(@P12) w
WHERE u.id = @P1 AND u.is_active = 1 AND u.profile_version = @P2;
UPDATE users
SET display_name = @P3, name_key = @P4, bio = @P5, profile_pic_url = @P6, home_city = @P7, home_country = @P8,
    home_city_key = @P9, home_country_key = @P10, updated_at = @P11, profile_version = profile_version + 1
WHERE id = @P1 AND is_active = 1 AND profile_version = @P2
RETURNING id;
INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
SELECT w.value ->> 'kind', w.value ->> 'user_id', w.value ->> 'other_id', @P11, 0, @P14
FROM json_each(@P13) w
WHERE changes() > 0;
