-- What the version b854c4c kept after a trial's first exchanges.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE FUNCTION public.change_is_not_altered() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the history is not altered'; END $$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);

CREATE TABLE public.change (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    provider_id text NOT NULL COLLATE pg_catalog."C",
    user_id text,
    certificate_id text NOT NULL,
    certificate_sha256 text NOT NULL,
    request_id text NOT NULL,
    before jsonb,
    after jsonb,
    CONSTRAINT change_check CHECK (((kind = 'create'::text) = (before IS NULL))),
    CONSTRAINT change_check1 CHECK (((kind = 'delete'::text) = (after IS NULL))),
    CONSTRAINT change_kind_check CHECK ((kind = ANY (ARRAY['create'::text, 'update'::text, 'delete'::text])))
);

CREATE TABLE public.last_change (
    only_row boolean DEFAULT true NOT NULL,
    id bigint NOT NULL,
    CONSTRAINT last_change_only_row_check CHECK (only_row)
);

CREATE TABLE public.location (
    provider_id text NOT NULL COLLATE pg_catalog."C",
    connector_url text NOT NULL,
    connector_id text,
    profile text NOT NULL,
    change_id bigint NOT NULL,
    CONSTRAINT location_profile_check CHECK ((profile = ANY (ARRAY['kakehashi/1'::text, 'cadde/4'::text])))
);

INSERT INTO public._sqlx_migrations VALUES (1, 'locations', '2026-11-30 16:29:14.082684+00', true, '\xf2bb590bec83219c009126a909520147f068f2d008711708aa6463de82c773d0d0874d8bd6817dbbdfffb5620f224c59', 288537986);

INSERT INTO public.change VALUES (1, '2026-11-30 16:29:22.823109+00', 'create', 'cadde.3999900000030.00', 'cadde.8999900000001.op', 'tool.kakehashi.example', '53a0738374366856cf653c5ef71610214a84f16fd0466586d0637cad3a4f04f7', '01a22d4a-1f3a-779b-966a-a028273dbf76', NULL, '{"profile": "kakehashi/1", "connector_id": "provider.c.example", "provider_connector_url": "https://localhost:24710"}');
INSERT INTO public.change VALUES (2, '2026-11-30 16:29:22.823229+00', 'create', 'cadde.7999900000010.00', 'cadde.8999900000001.op', 'tool.kakehashi.example', '53a0738374366856cf653c5ef71610214a84f16fd0466586d0637cad3a4f04f7', '01a22d4a-1f3b-761e-a0b7-35b91b30bc34', NULL, '{"profile": "kakehashi/1", "connector_id": "provider.a.example", "provider_connector_url": "https://localhost:24510"}');
INSERT INTO public.change VALUES (3, '2026-11-30 16:29:22.823348+00', 'create', 'cadde.5999900000020.00', 'cadde.8999900000001.op', 'tool.kakehashi.example', '53a0738374366856cf653c5ef71610214a84f16fd0466586d0637cad3a4f04f7', '01a22d4a-1f3b-761e-a0b7-35ba65bcf24a', NULL, '{"profile": "kakehashi/1", "connector_id": "provider.b.example", "provider_connector_url": "https://localhost:24610"}');

INSERT INTO public.last_change VALUES (true, 3);

INSERT INTO public.location VALUES ('cadde.3999900000030.00', 'https://localhost:24710', 'provider.c.example', 'kakehashi/1', 1);
INSERT INTO public.location VALUES ('cadde.7999900000010.00', 'https://localhost:24510', 'provider.a.example', 'kakehashi/1', 2);
INSERT INTO public.location VALUES ('cadde.5999900000020.00', 'https://localhost:24610', 'provider.b.example', 'kakehashi/1', 3);

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.change
    ADD CONSTRAINT change_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.last_change
    ADD CONSTRAINT last_change_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.location
    ADD CONSTRAINT location_change_id_key UNIQUE (change_id);

ALTER TABLE ONLY public.location
    ADD CONSTRAINT location_pkey PRIMARY KEY (provider_id);

CREATE INDEX change_of_provider ON public.change USING btree (provider_id, id);

CREATE TRIGGER change_is_not_altered BEFORE DELETE OR UPDATE ON public.change FOR EACH ROW EXECUTE FUNCTION public.change_is_not_altered();

CREATE TRIGGER change_is_not_emptied BEFORE TRUNCATE ON public.change FOR EACH STATEMENT EXECUTE FUNCTION public.change_is_not_altered();

ALTER TABLE ONLY public.location
    ADD CONSTRAINT location_change_id_fkey FOREIGN KEY (change_id) REFERENCES public.change(id);

