-- @P1 uniqueidentifier, @P2 int, @P3 datetime2
-- One row if a session is good for the user at this instant: neither ended nor expired, and its user active.
SELECT u.profile_version, u.plans_version, u.notifications_version
FROM sessions s
JOIN users u ON u.id = s.user_id
WHERE s.id = @P1 AND s.user_id = @P2 AND s.ended_at IS NULL AND s.expires_at > @P3 AND u.is_active = 1;
