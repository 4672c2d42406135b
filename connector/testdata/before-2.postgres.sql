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

CREATE FUNCTION public.count_grant_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE grant_revision SET value = value + 1; RETURN NULL; END $$;

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

CREATE TABLE public.grant_changes (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    via text NOT NULL,
    content jsonb NOT NULL,
    CONSTRAINT grant_changes_action_check CHECK ((action = ANY (ARRAY['registered'::text, 'removed'::text])))
);

ALTER TABLE public.grant_changes ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.grant_changes_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.grant_revision (
    id smallint NOT NULL,
    value bigint NOT NULL,
    CONSTRAINT grant_revision_id_check CHECK ((id = 1))
);

CREATE TABLE public.grants (
    seq bigint NOT NULL,
    target text NOT NULL,
    user_id text,
    org text,
    aal smallint,
    extras text,
    trade_id text,
    contract_url text,
    contract_type text,
    registered_at timestamp with time zone NOT NULL,
    CONSTRAINT grants_aal_check CHECK (((aal >= 1) AND (aal <= 3))),
    CONSTRAINT grants_check CHECK (((user_id IS NOT NULL) OR (org IS NOT NULL) OR (aal IS NOT NULL))),
    CONSTRAINT grants_check1 CHECK ((((trade_id IS NULL) = (contract_url IS NULL)) AND ((trade_id IS NULL) = (contract_type IS NULL)))),
    CONSTRAINT grants_extras_check CHECK ((extras <> ''::text)),
    CONSTRAINT grants_org_check CHECK ((org <> ''::text)),
    CONSTRAINT grants_target_check CHECK ((target <> ''::text)),
    CONSTRAINT grants_user_id_check CHECK ((user_id <> ''::text))
);

ALTER TABLE public.grants ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.grants_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

INSERT INTO public._sqlx_migrations VALUES (1, 'grants', '2026-11-30 16:29:25.707174+00', true, '\x99dbe55925b4030eb961dd90ac24dc0a8e608adafbb78d6e5a03f0c5a6705ea146f30a880b22a90f41e0c39e7292dbed', 359828491);

INSERT INTO public.grant_changes OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-30 16:29:31.363574+00', 'registered', 'cadde.5999900000020.01', 'tool.kakehashi.example', '{"target": "http://127.0.0.1:24623/domain-b-rivers/gauges.json", "assignee": {"user": "cadde.7999900000010.01"}, "contract": null}');
INSERT INTO public.grant_changes OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-30 16:29:31.363716+00', 'registered', 'cadde.5999900000020.01', 'tool.kakehashi.example', '{"target": "http://127.0.0.1:24623/domain-b-rivers/levels.csv", "assignee": {"user": "cadde.3999900000030.01"}, "contract": null}');
INSERT INTO public.grant_changes OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-30 16:29:31.363881+00', 'registered', 'cadde.5999900000020.01', 'tool.kakehashi.example', '{"target": "http://127.0.0.1:24623/domain-b-rivers/levels.csv", "assignee": {"user": "cadde.7999900000010.01"}, "contract": null}');
INSERT INTO public.grant_changes OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-30 16:29:31.363825+00', 'registered', 'cadde.5999900000020.01', 'tool.kakehashi.example', '{"target": "http://127.0.0.1:24623/domain-b-rivers/gauges.json", "assignee": {"user": "cadde.3999900000030.01"}, "contract": null}');

INSERT INTO public.grant_revision VALUES (1, 5);

INSERT INTO public.grants OVERRIDING SYSTEM VALUE VALUES (1, 'http://127.0.0.1:24623/domain-b-rivers/gauges.json', 'cadde.7999900000010.01', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 16:29:31.363574+00');
INSERT INTO public.grants OVERRIDING SYSTEM VALUE VALUES (2, 'http://127.0.0.1:24623/domain-b-rivers/levels.csv', 'cadde.3999900000030.01', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 16:29:31.363716+00');
INSERT INTO public.grants OVERRIDING SYSTEM VALUE VALUES (3, 'http://127.0.0.1:24623/domain-b-rivers/levels.csv', 'cadde.7999900000010.01', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 16:29:31.363881+00');
INSERT INTO public.grants OVERRIDING SYSTEM VALUE VALUES (4, 'http://127.0.0.1:24623/domain-b-rivers/gauges.json', 'cadde.3999900000030.01', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 16:29:31.363825+00');

SELECT pg_catalog.setval('public.grant_changes_seq_seq', 4, true);

SELECT pg_catalog.setval('public.grants_seq_seq', 4, true);

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.grant_changes
    ADD CONSTRAINT grant_changes_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.grant_revision
    ADD CONSTRAINT grant_revision_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (seq);

CREATE UNIQUE INDEX grants_once ON public.grants USING btree (target, COALESCE(user_id, ''::text), COALESCE(org, ''::text), COALESCE((aal)::integer, 0), COALESCE(extras, ''::text), ((trade_id IS NULL)), COALESCE(trade_id, ''::text), COALESCE(contract_url, ''::text), COALESCE(contract_type, ''::text));

CREATE TRIGGER grants_changed AFTER INSERT OR DELETE OR UPDATE ON public.grants FOR EACH ROW EXECUTE FUNCTION public.count_grant_change();

CREATE TRIGGER grants_emptied AFTER TRUNCATE ON public.grants FOR EACH STATEMENT EXECUTE FUNCTION public.count_grant_change();

