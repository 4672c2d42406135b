-- What the version ed97556 kept after a trial's first exchanges: rows for the tables that its migrations made.
SET session_replication_role = replica;
DELETE FROM public._sqlx_migrations;
DELETE FROM public.grant_revision;
INSERT INTO public._sqlx_migrations VALUES (1, 'grants', '2026-11-30 16:28:09.271177+00', true, '\x99dbe55925b4030eb961dd90ac24dc0a8e608adafbb78d6e5a03f0c5a6705ea146f30a880b22a90f41e0c39e7292dbed', 150629747);
INSERT INTO public.grant_changes OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-30 16:28:10.560271+00', 'registered', 'cadde.5999900000020.01', 'tool.kakehashi.example', '{"target": "http://127.0.0.1:27023/domain-b-rivers/gauges.json", "assignee": {"user": "cadde.7999900000010.01"}, "contract": null}');
INSERT INTO public.grant_changes OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-30 16:28:10.560524+00', 'registered', 'cadde.5999900000020.01', 'tool.kakehashi.example', '{"target": "http://127.0.0.1:27023/domain-b-rivers/levels.csv", "assignee": {"user": "cadde.7999900000010.01"}, "contract": null}');
INSERT INTO public.grant_changes OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-30 16:28:10.560389+00', 'registered', 'cadde.5999900000020.01', 'tool.kakehashi.example', '{"target": "http://127.0.0.1:27023/domain-b-rivers/gauges.json", "assignee": {"user": "cadde.3999900000030.01"}, "contract": null}');
INSERT INTO public.grant_changes OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-30 16:28:10.560481+00', 'registered', 'cadde.5999900000020.01', 'tool.kakehashi.example', '{"target": "http://127.0.0.1:27023/domain-b-rivers/levels.csv", "assignee": {"user": "cadde.3999900000030.01"}, "contract": null}');
INSERT INTO public.grants OVERRIDING SYSTEM VALUE VALUES (1, 'http://127.0.0.1:27023/domain-b-rivers/gauges.json', 'cadde.7999900000010.01', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 16:28:10.560271+00');
INSERT INTO public.grants OVERRIDING SYSTEM VALUE VALUES (2, 'http://127.0.0.1:27023/domain-b-rivers/levels.csv', 'cadde.7999900000010.01', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 16:28:10.560524+00');
INSERT INTO public.grants OVERRIDING SYSTEM VALUE VALUES (3, 'http://127.0.0.1:27023/domain-b-rivers/gauges.json', 'cadde.3999900000030.01', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 16:28:10.560389+00');
INSERT INTO public.grants OVERRIDING SYSTEM VALUE VALUES (4, 'http://127.0.0.1:27023/domain-b-rivers/levels.csv', 'cadde.3999900000030.01', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 16:28:10.560481+00');
INSERT INTO public.grant_revision VALUES (1, 5);
SELECT pg_catalog.setval('public.grant_changes_seq_seq', 4, true);
SELECT pg_catalog.setval('public.grants_seq_seq', 4, true);
