-- @P1 int, @P2 nvarchar(200), @P3 nvarchar(200), @P4 nvarchar(200), @P5 nvarchar(200), @P6 date, @P7 date
-- @P8 nvarchar(2000), @P9 datetime2, @P10 nvarchar(20), @P11 datetime2
-- A plan, and the cause of matches that it is: its kind and since when it is due. The owner's row comes first, and is held
-- until the end of the transaction.
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @id int;
UPDATE users SET plans_version = plans_version + 1 WHERE id = @P1 AND is_active = 1;
INSERT INTO travel_plans (user_id, city, country, city_key, country_key, start_date, end_date, description, created_at,
    updated_at)
VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P9);
SET @id = SCOPE_IDENTITY();
INSERT INTO match_causes (kind, user_id, other_id, created_at, attempts, due_at) VALUES (@P10, @P1, @id, @P9, 0, @P11);
COMMIT TRANSACTION;
SELECT @id AS id;
