-- What the version ed97556 kept after a trial's first exchanges: rows for the tables that its migrations made.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
DELETE FROM _sqlx_migrations;
DELETE FROM grant_revision;
INSERT INTO _sqlx_migrations VALUES(1,'grants','2026-11-30 16:27:26',1,X'902e7bb9329d8b58e54a224b444cb428ac08513049690cb5cc01f87f997f9b207180145a63a2121aabd74d58ec1de4fd',14991448);
INSERT INTO grants VALUES(1,'http://127.0.0.1:29823/domain-b-rivers/gauges.json','cadde.7999900000010.01',NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-30T16:27:27.294Z');
INSERT INTO grants VALUES(2,'http://127.0.0.1:29823/domain-b-rivers/levels.csv','cadde.3999900000030.01',NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-30T16:27:27.294Z');
INSERT INTO grants VALUES(3,'http://127.0.0.1:29823/domain-b-rivers/gauges.json','cadde.3999900000030.01',NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-30T16:27:27.294Z');
INSERT INTO grants VALUES(4,'http://127.0.0.1:29823/domain-b-rivers/levels.csv','cadde.7999900000010.01',NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-30T16:27:27.294Z');
INSERT INTO grant_changes VALUES(1,'2026-11-30T16:27:27.294Z','registered','cadde.5999900000020.01','tool.kakehashi.example','{"target":"http://127.0.0.1:29823/domain-b-rivers/gauges.json","assignee":{"user":"cadde.7999900000010.01"},"contract":null}');
INSERT INTO grant_changes VALUES(2,'2026-11-30T16:27:27.294Z','registered','cadde.5999900000020.01','tool.kakehashi.example','{"target":"http://127.0.0.1:29823/domain-b-rivers/levels.csv","assignee":{"user":"cadde.3999900000030.01"},"contract":null}');
INSERT INTO grant_changes VALUES(3,'2026-11-30T16:27:27.294Z','registered','cadde.5999900000020.01','tool.kakehashi.example','{"target":"http://127.0.0.1:29823/domain-b-rivers/gauges.json","assignee":{"user":"cadde.3999900000030.01"},"contract":null}');
INSERT INTO grant_changes VALUES(4,'2026-11-30T16:27:27.294Z','registered','cadde.5999900000020.01','tool.kakehashi.example','{"target":"http://127.0.0.1:29823/domain-b-rivers/levels.csv","assignee":{"user":"cadde.7999900000010.01"},"contract":null}');
INSERT INTO grant_revision VALUES(1,5);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('grants',4);
INSERT INTO sqlite_sequence VALUES('grant_changes',4);
COMMIT;
