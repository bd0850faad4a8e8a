-- @P1 uniqueidentifier
SELECT small FROM samples WHERE id = @P1;
