-- @P1 uniqueidentifier, @P2 int, @P3 datetime2, @P4 nvarchar(1000)
-- Gives the causes of a lease back: with so many attempts less, not to be taken before the time given (NULL: never), and with
-- what went wrong.
UPDATE match_causes SET lease = NULL, attempts = attempts - @P2, due_at = @P3, last_error = @P4 WHERE lease = @P1;
