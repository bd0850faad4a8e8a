INSERT INTO users (email, email_key, password_hash, display_name, name_key, bio, profile_pic_url, home_city,
    home_country, home_city_key, home_country_key, is_active, created_at, updated_at)
VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, 1, @P12, @P12)
RETURNING id;
-- The words have no rowid of their own: the last one stays the user's.
INSERT INTO user_words (word, user_id, name_key) SELECT w.value, last_insert_rowid(), @P5 FROM json_each(@P13) w;
