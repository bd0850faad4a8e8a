-- @P1 int, @P2 nvarchar(200), @P3 nvarchar(200), @P4 nvarchar(1000), @P5 nvarchar(1000), @P6 nvarchar(200)
-- @P7 nvarchar(200), @P8 datetime2
UPDATE users
SET display_name = @P2, name_key = @P3, bio = @P4, profile_pic_url = @P5, home_city = @P6, home_country = @P7,
    updated_at = @P8
WHERE id = @P1 AND is_active = 1;
