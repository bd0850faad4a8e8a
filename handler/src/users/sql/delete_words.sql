-- @P1 int
DELETE FROM user_words WHERE user_id = @P1;
