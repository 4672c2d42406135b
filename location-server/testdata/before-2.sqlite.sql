-- What the version b854c4c kept after a trial's first exchanges: rows for the tables that its migrations made.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
DELETE FROM _sqlx_migrations;
INSERT INTO _sqlx_migrations VALUES(1,'locations','2026-11-30 16:28:36',1,X'95e4935e99a65681b67155237c1de2c38824f145e2b5a8a674648e36286a0fabb463fffc4ade3a8e1b28518cdbfccee3',9698267);
INSERT INTO change VALUES(1,1796056124520015,'create','cadde.5999900000020.00','cadde.8999900000001.op','tool.kakehashi.example','742525f323925f943dbb270f23cda64e92a75bec455a914b980c86449aff2803','01a22d49-8ad8-70c0-ad16-78d1daa694d2',NULL,'{"provider_connector_url":"https://localhost:23410","connector_id":"provider.b.example","profile":"kakehashi/1"}');
INSERT INTO change VALUES(2,1796056124520062,'create','cadde.7999900000010.00','cadde.8999900000001.op','tool.kakehashi.example','742525f323925f943dbb270f23cda64e92a75bec455a914b980c86449aff2803','01a22d49-8adc-7122-8da7-d7386147b715',NULL,'{"provider_connector_url":"https://localhost:23310","connector_id":"provider.a.example","profile":"kakehashi/1"}');
INSERT INTO change VALUES(3,1796056124520073,'create','cadde.3999900000030.00','cadde.8999900000001.op','tool.kakehashi.example','742525f323925f943dbb270f23cda64e92a75bec455a914b980c86449aff2803','01a22d49-8add-77b2-8a0f-1c285ffcef37',NULL,'{"provider_connector_url":"https://localhost:23510","connector_id":"provider.c.example","profile":"kakehashi/1"}');
INSERT INTO location VALUES('cadde.3999900000030.00','https://localhost:23510','provider.c.example','kakehashi/1',3);
INSERT INTO location VALUES('cadde.5999900000020.00','https://localhost:23410','provider.b.example','kakehashi/1',1);
INSERT INTO location VALUES('cadde.7999900000010.00','https://localhost:23310','provider.a.example','kakehashi/1',2);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('change',3);
COMMIT;
