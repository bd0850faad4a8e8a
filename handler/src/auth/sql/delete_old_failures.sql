-- @P1 datetime2
-- At most a hundred at a time: each failed login sweeps after the ones before it.
DELETE TOP (100) FROM login_failures WHERE failed_at <= @P1;
