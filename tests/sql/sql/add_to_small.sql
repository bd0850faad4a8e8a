-- @P1 uniqueidentifier, @P2 int
UPDATE samples SET small = @P2 + small WHERE id = @P1;
