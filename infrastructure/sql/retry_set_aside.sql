-- Lets the match scan try again what it gave up on, once what was wrong is mended.
UPDATE match_causes
SET attempts = 0, due_at = SYSUTCDATETIME(), lease = NULL, last_error = NULL
WHERE due_at IS NULL;
