-- @P1 uniqueidentifier
DELETE FROM match_causes WHERE lease = @P1;
