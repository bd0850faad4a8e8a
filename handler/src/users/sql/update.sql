-- @P1 int, @P2 int, @P3 nvarchar(200), @P4 nvarchar(200), @P5 nvarchar(1000), @P6 nvarchar(1000), @P7 nvarchar(200)
-- @P8 nvarchar(200), @P9 nvarchar(200), @P10 nvarchar(200), @P11 datetime2, @P12 nvarchar(max), @P13 nvarchar(max)
-- @P14 datetime2
-- The user, the version of the profile that the change was decided by, what it says now, when it changed, the words of the
-- name, a JSON array of distinct folded ones, or NULL if they stay, the causes of matches that come of it, a JSON array too,
-- and since when they are due. Answers a row if it was done: the profile has not changed since.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @is_done bit = 0;
UPDATE users
SET display_name = @P3, name_key = @P4, bio = @P5, profile_pic_url = @P6, home_city = @P7, home_country = @P8,
    home_city_key = @P9, home_country_key = @P10, updated_at = @P11, profile_version = profile_version + 1
WHERE id = @P1 AND is_active = 1 AND profile_version = @P2;
IF @@ROWCOUNT > 0
BEGIN
    SET @is_done = 1;
    IF @P12 IS NOT NULL
    BEGIN
        DELETE FROM user_words WHERE user_id = @P1;
        INSERT INTO user_words (word, user_id, name_key) SELECT w.value, @P1, @P4 FROM OPENJSON(@P12) w;
    END
    INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at)
    SELECT w.kind, w.user_id, w.other_id, @P11, 0, @P14
    FROM OPENJSON(@P13) WITH (kind nvarchar(20) '$.kind', user_id int '$.user_id', other_id int '$.other_id') w;
END
COMMIT TRANSACTION;
SELECT 1 AS done WHERE @is_done = 1;
