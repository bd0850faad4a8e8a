-- @P1 uniqueidentifier
SELECT small, large, yes, line, prose, fingerprint, raw, happened_at, on_day FROM samples WHERE id = @P1;
