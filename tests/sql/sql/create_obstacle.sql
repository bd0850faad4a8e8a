-- What the second migration makes after its first table.
CREATE TABLE login_failures (id INT NOT NULL);
