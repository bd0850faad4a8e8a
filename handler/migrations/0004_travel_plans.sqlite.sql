CREATE TABLE travel_plans (
    id INTEGER NOT NULL CONSTRAINT pk_travel_plans PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    start_date TEXT NOT NULL,
    end_date TEXT NOT NULL,
    description TEXT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CONSTRAINT fk_travel_plans_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT check_dates CHECK (start_date <= end_date)
) STRICT;
CREATE INDEX idx_travel_plans_user ON travel_plans (user_id);
CREATE INDEX idx_travel_plans_dates ON travel_plans (start_date, end_date);
CREATE INDEX idx_travel_plans_city ON travel_plans (city, country);
