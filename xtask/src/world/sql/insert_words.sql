-- @P1 nvarchar(max)
INSERT INTO user_words (word, user_id)
SELECT w.word, w.person FROM OPENJSON(@P1) WITH (word nvarchar(200) '$.word', person int '$.person') w;
