-- What a newer build may add beside an older one that does not know it.
ALTER TABLE users ADD tomorrow INT NULL;
