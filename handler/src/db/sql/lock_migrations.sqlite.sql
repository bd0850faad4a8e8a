-- BEGIN IMMEDIATE has taken the write lock already.
SELECT 0 AS result;
