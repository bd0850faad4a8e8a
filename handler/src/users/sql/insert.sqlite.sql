INSERT INTO users (email, email_key, password_hash, display_name, name_key, bio, profile_pic_url, home_city,
    home_country, is_active, created_at, updated_at)
VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, 1, @P10, @P10)
RETURNING id;
