-- Places in the form that is compared: the names without case, diacritics and punctuation, and countries by their ISO 3166
-- code. A home from before has no key until the step after the migrations gives it one; of plans there are none yet.
ALTER TABLE users ADD home_city_key NVARCHAR(200) COLLATE Latin1_General_BIN2 NULL;
GO
ALTER TABLE users ADD home_country_key NVARCHAR(200) COLLATE Latin1_General_BIN2 NULL;
GO
ALTER TABLE travel_plans ADD city_key NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL;
GO
ALTER TABLE travel_plans ADD country_key NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL;
GO
DROP INDEX idx_travel_plans_user ON travel_plans;
GO
DROP INDEX idx_travel_plans_dates ON travel_plans;
GO
DROP INDEX idx_travel_plans_city ON travel_plans;
GO
-- Somebody's plans by date: the lists, and whether somebody is away.
CREATE INDEX idx_travel_plans_dates ON travel_plans (user_id, start_date, end_date);
GO
-- Somebody's plans in one city: the matches.
CREATE INDEX idx_travel_plans_user_city ON travel_plans (user_id, city_key, start_date, end_date, country_key);
GO
-- All plans in one city, for whoever looks from the city's side.
CREATE INDEX idx_travel_plans_city ON travel_plans (city_key, start_date, end_date, user_id);
