-- What the version ed97556 kept after a trial's first exchanges: rows for the tables that its migrations made.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
DELETE FROM _sqlx_migrations;
INSERT INTO _sqlx_migrations VALUES(1,'locations','2026-11-30 16:27:20',1,X'95e4935e99a65681b67155237c1de2c38824f145e2b5a8a674648e36286a0fabb463fffc4ade3a8e1b28518cdbfccee3',596206);
INSERT INTO change VALUES(1,1796056045715426,'create','cadde.3999900000030.00','cadde.8999900000001.op','tool.kakehashi.example','fdaacf9370589ee061e1d09d04ce5b6279695451d7182b64be21e8ec8ed9026d','01a22d48-5733-75d7-8938-fbec00fb893f',NULL,'{"provider_connector_url":"https://127.0.0.1:29910","connector_id":"provider.c.example","profile":"kakehashi/1"}');
INSERT INTO change VALUES(2,1796056045715466,'create','cadde.7999900000010.00','cadde.8999900000001.op','tool.kakehashi.example','fdaacf9370589ee061e1d09d04ce5b6279695451d7182b64be21e8ec8ed9026d','01a22d48-5733-75d7-8938-fbedf28258c8',NULL,'{"provider_connector_url":"https://127.0.0.1:29710","connector_id":"provider.a.example","profile":"kakehashi/1"}');
INSERT INTO change VALUES(3,1796056045715477,'create','cadde.5999900000020.00','cadde.8999900000001.op','tool.kakehashi.example','fdaacf9370589ee061e1d09d04ce5b6279695451d7182b64be21e8ec8ed9026d','01a22d48-5733-75d7-8938-fbee4a8b9d9f',NULL,'{"provider_connector_url":"https://127.0.0.1:29810","connector_id":"provider.b.example","profile":"kakehashi/1"}');
INSERT INTO location VALUES('cadde.3999900000030.00','https://127.0.0.1:29910','provider.c.example','kakehashi/1',1);
INSERT INTO location VALUES('cadde.5999900000020.00','https://127.0.0.1:29810','provider.b.example','kakehashi/1',3);
INSERT INTO location VALUES('cadde.7999900000010.00','https://127.0.0.1:29710','provider.a.example','kakehashi/1',2);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('change',3);
COMMIT;
