-- @P1 nvarchar(max)
INSERT INTO user_words (word, user_id, name_key)
SELECT w.word, u.id, u.name_key
FROM OPENJSON(@P1) WITH (word nvarchar(200) '$.word', person int '$.person') w
JOIN users u ON u.id = w.person;
