CREATE TABLE match_causes (
    id INTEGER NOT NULL CONSTRAINT pk_match_causes PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    other_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at TEXT NULL,
    lease TEXT NULL,
    last_error TEXT NULL,
    CONSTRAINT ck_match_causes_kind CHECK (kind IN ('plan', 'home', 'pair'))
) STRICT;
CREATE INDEX idx_match_causes_attempts ON match_causes (attempts, due_at, id);
CREATE INDEX idx_match_causes_lease ON match_causes (lease);
CREATE TABLE told_matches (
    user_id INTEGER NOT NULL,
    plan_id INTEGER NOT NULL,
    other_plan_id INTEGER NOT NULL,
    home_user_id INTEGER NOT NULL,
    city_key TEXT NOT NULL,
    country_key TEXT NOT NULL,
    told_at TEXT NOT NULL,
    CONSTRAINT pk_told_matches PRIMARY KEY (user_id, plan_id, other_plan_id, home_user_id, city_key, country_key)
) STRICT, WITHOUT ROWID;
