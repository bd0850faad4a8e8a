-- @P1 nvarchar(255), @P2 nvarchar(255), @P3 nvarchar(255), @P4 nvarchar(200), @P5 nvarchar(200), @P6 nvarchar(1000)
-- @P7 nvarchar(1000), @P8 nvarchar(200), @P9 nvarchar(200), @P10 nvarchar(200), @P11 nvarchar(200), @P12 datetime2
-- @P13 nvarchar(max)
-- A user, and the words of the name: a JSON array of distinct folded ones.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @id int;
INSERT INTO users (email, email_key, password_hash, display_name, name_key, bio, profile_pic_url, home_city,
    home_country, home_city_key, home_country_key, is_active, created_at, updated_at)
VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, 1, @P12, @P12);
SET @id = SCOPE_IDENTITY();
INSERT INTO user_words (word, user_id, name_key) SELECT w.value, @id, @P5 FROM OPENJSON(@P13) w;
COMMIT TRANSACTION;
SELECT @id AS id;
