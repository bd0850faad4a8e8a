SELECT user_id, word FROM user_words;
