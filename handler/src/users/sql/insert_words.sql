-- @P1 int, @P2 nvarchar(max)
-- The user, and a JSON array of distinct folded words.
INSERT INTO user_words (word, user_id) SELECT w.value, @P1 FROM OPENJSON(@P2) w;
