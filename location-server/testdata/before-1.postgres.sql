-- What the version ed97556 kept after a trial's first exchanges: rows for the tables that its migrations made.
SET session_replication_role = replica;
DELETE FROM public._sqlx_migrations;
DELETE FROM public.last_change;
INSERT INTO public._sqlx_migrations VALUES (1, 'locations', '2026-11-30 16:27:54.258952+00', true, '\xf2bb590bec83219c009126a909520147f068f2d008711708aa6463de82c773d0d0874d8bd6817dbbdfffb5620f224c59', 531733322);
INSERT INTO public.change VALUES (1, '2026-11-30 16:28:05.413858+00', 'create', 'cadde.7999900000010.00', 'cadde.8999900000001.op', 'tool.kakehashi.example', '6a62b034e18ff42ce684be46808aef0c7b161d40490d8610b3324d7483a31fa3', '01a22d48-f278-73e1-956b-4b0927502966', NULL, '{"profile": "kakehashi/1", "connector_id": "provider.a.example", "provider_connector_url": "https://127.0.0.1:26910"}');
INSERT INTO public.change VALUES (2, '2026-11-30 16:28:05.414019+00', 'create', 'cadde.3999900000030.00', 'cadde.8999900000001.op', 'tool.kakehashi.example', '6a62b034e18ff42ce684be46808aef0c7b161d40490d8610b3324d7483a31fa3', '01a22d48-f313-779a-809a-23c176eb7466', NULL, '{"profile": "kakehashi/1", "connector_id": "provider.c.example", "provider_connector_url": "https://127.0.0.1:27110"}');
INSERT INTO public.change VALUES (3, '2026-11-30 16:28:05.414118+00', 'create', 'cadde.5999900000020.00', 'cadde.8999900000001.op', 'tool.kakehashi.example', '6a62b034e18ff42ce684be46808aef0c7b161d40490d8610b3324d7483a31fa3', '01a22d48-f313-779a-809a-23c2039492ba', NULL, '{"profile": "kakehashi/1", "connector_id": "provider.b.example", "provider_connector_url": "https://127.0.0.1:27010"}');
INSERT INTO public.location VALUES ('cadde.7999900000010.00', 'https://127.0.0.1:26910', 'provider.a.example', 'kakehashi/1', 1);
INSERT INTO public.location VALUES ('cadde.3999900000030.00', 'https://127.0.0.1:27110', 'provider.c.example', 'kakehashi/1', 2);
INSERT INTO public.location VALUES ('cadde.5999900000020.00', 'https://127.0.0.1:27010', 'provider.b.example', 'kakehashi/1', 3);
INSERT INTO public.last_change VALUES (true, 3);
