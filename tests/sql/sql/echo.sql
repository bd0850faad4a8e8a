-- @P1 int, @P2 bigint, @P3 bit, @P4 nvarchar(255), @P5 varbinary(32), @P6 datetime2, @P7 date, @P8 uniqueidentifier
-- What is sent comes back as it is, without a column to give it a type.
SELECT @P1 AS small, @P2 AS large, @P3 AS yes, @P4 AS line, @P5 AS raw, @P6 AS happened_at, @P7 AS on_day, @P8 AS id;
