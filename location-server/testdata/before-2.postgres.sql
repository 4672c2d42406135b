-- What the version b854c4c kept after a trial's first exchanges: rows for the tables that its migrations made.
SET session_replication_role = replica;
DELETE FROM public._sqlx_migrations;
DELETE FROM public.last_change;
INSERT INTO public._sqlx_migrations VALUES (1, 'locations', '2026-11-30 16:29:14.082684+00', true, '\xf2bb590bec83219c009126a909520147f068f2d008711708aa6463de82c773d0d0874d8bd6817dbbdfffb5620f224c59', 288537986);
INSERT INTO public.change VALUES (1, '2026-11-30 16:29:22.823109+00', 'create', 'cadde.3999900000030.00', 'cadde.8999900000001.op', 'tool.kakehashi.example', '53a0738374366856cf653c5ef71610214a84f16fd0466586d0637cad3a4f04f7', '01a22d4a-1f3a-779b-966a-a028273dbf76', NULL, '{"profile": "kakehashi/1", "connector_id": "provider.c.example", "provider_connector_url": "https://localhost:24710"}');
INSERT INTO public.change VALUES (2, '2026-11-30 16:29:22.823229+00', 'create', 'cadde.7999900000010.00', 'cadde.8999900000001.op', 'tool.kakehashi.example', '53a0738374366856cf653c5ef71610214a84f16fd0466586d0637cad3a4f04f7', '01a22d4a-1f3b-761e-a0b7-35b91b30bc34', NULL, '{"profile": "kakehashi/1", "connector_id": "provider.a.example", "provider_connector_url": "https://localhost:24510"}');
INSERT INTO public.change VALUES (3, '2026-11-30 16:29:22.823348+00', 'create', 'cadde.5999900000020.00', 'cadde.8999900000001.op', 'tool.kakehashi.example', '53a0738374366856cf653c5ef71610214a84f16fd0466586d0637cad3a4f04f7', '01a22d4a-1f3b-761e-a0b7-35ba65bcf24a', NULL, '{"profile": "kakehashi/1", "connector_id": "provider.b.example", "provider_connector_url": "https://localhost:24610"}');
INSERT INTO public.location VALUES ('cadde.3999900000030.00', 'https://localhost:24710', 'provider.c.example', 'kakehashi/1', 1);
INSERT INTO public.location VALUES ('cadde.7999900000010.00', 'https://localhost:24510', 'provider.a.example', 'kakehashi/1', 2);
INSERT INTO public.location VALUES ('cadde.5999900000020.00', 'https://localhost:24610', 'provider.b.example', 'kakehashi/1', 3);
INSERT INTO public.last_change VALUES (true, 3);
