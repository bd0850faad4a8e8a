-- Serves no older build.
ALTER TABLE users ADD COLUMN profile_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN plans_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN notifications_version INTEGER NOT NULL DEFAULT 0;
