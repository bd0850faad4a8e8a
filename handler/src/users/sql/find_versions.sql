-- @P1 int
SELECT profile_version, plans_version, notifications_version FROM users WHERE id = @P1 AND is_active = 1;
