-- What may have made new matches, written in the transaction that did: the work of the match scan.
CREATE TABLE match_causes (
    id BIGINT IDENTITY(1,1) NOT NULL,
    kind NVARCHAR(20) NOT NULL,
    -- Whose plan, home or connection it is.
    user_id INT NOT NULL,
    -- The plan (kind plan), the other user (kind pair), or 0 (kind home).
    other_id INT NOT NULL,
    created_at DATETIME2 NOT NULL,
    -- How often a scan has begun with it.
    attempts INT NOT NULL,
    -- No scan takes it before; NULL if none takes it any more, because it failed too often.
    due_at DATETIME2 NULL,
    -- The scan that has it at present.
    lease UNIQUEIDENTIFIER NULL,
    last_error NVARCHAR(1000) NULL,
    CONSTRAINT pk_match_causes PRIMARY KEY (id),
    CONSTRAINT ck_match_causes_kind CHECK (kind IN ('plan', 'home', 'pair'))
);
GO
CREATE INDEX idx_match_causes_attempts ON match_causes (attempts, due_at, id);
GO
CREATE INDEX idx_match_causes_lease ON match_causes (lease);
GO
-- Who was told of which match, for ever: a plan and another plan, or a plan and somebody at home, in one place. Plans and
-- people may go; that they were told stays.
CREATE TABLE told_matches (
    user_id INT NOT NULL,
    -- The plan; of two, the one with the lower id.
    plan_id INT NOT NULL,
    -- The other plan, or 0.
    other_plan_id INT NOT NULL,
    -- Who is at home, or 0.
    home_user_id INT NOT NULL,
    city_key NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL,
    country_key NVARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL,
    told_at DATETIME2 NOT NULL,
    CONSTRAINT pk_told_matches PRIMARY KEY (user_id, plan_id, other_plan_id, home_user_id, city_key, country_key)
);
