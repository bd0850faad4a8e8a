SELECT * FROM login_failures;
