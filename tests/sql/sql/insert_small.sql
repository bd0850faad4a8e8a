-- @P1 uniqueidentifier, @P2 int
INSERT INTO samples (id, small) VALUES (@P1, @P2);
