-- @P1 int
DELETE FROM connections WHERE id = @P1;
