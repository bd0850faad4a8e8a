-- @P1 nvarchar(255)
-- The account of an address (its key), with what a login needs and answers.
SELECT id, email, password_hash, display_name, profile_pic_url, home_city, home_country, is_active
FROM users WHERE email_key = @P1;
