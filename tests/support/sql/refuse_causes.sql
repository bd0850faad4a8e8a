ALTER TABLE match_causes ADD CONSTRAINT ck_refused CHECK (created_at < '2027-01-01');
