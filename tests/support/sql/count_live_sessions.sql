SELECT COUNT(*) AS number FROM sessions WHERE ended_at IS NULL;
