-- Specification 3.2.3.
CREATE TABLE travel_plans (
    id INT IDENTITY(1,1) NOT NULL,
    user_id INT NOT NULL,
    city NVARCHAR(200) NOT NULL,
    country NVARCHAR(200) NOT NULL,
    start_date DATE NOT NULL,
    end_date DATE NOT NULL,
    description NVARCHAR(2000) NULL,
    created_at DATETIME2 NOT NULL,
    updated_at DATETIME2 NOT NULL,
    CONSTRAINT pk_travel_plans PRIMARY KEY (id),
    CONSTRAINT fk_travel_plans_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT check_dates CHECK (start_date <= end_date)
);
GO
CREATE INDEX idx_travel_plans_user ON travel_plans (user_id);
GO
CREATE INDEX idx_travel_plans_dates ON travel_plans (start_date, end_date);
GO
CREATE INDEX idx_travel_plans_city ON travel_plans (city, country);
