-- Serves no older build.
-- How often a user's profile, plans and notifications have changed, so that a poll of what has not is answered without
-- reading it. An older build would change them and not count.
ALTER TABLE users ADD profile_version INT NOT NULL CONSTRAINT df_users_profile_version DEFAULT 0;
GO
ALTER TABLE users ADD plans_version INT NOT NULL CONSTRAINT df_users_plans_version DEFAULT 0;
GO
ALTER TABLE users ADD notifications_version INT NOT NULL CONSTRAINT df_users_notifications_version DEFAULT 0;
