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

CREATE FUNCTION public.count_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE meta SET value = (value::int8 + 1)::text WHERE key = 'changes';
    RETURN NULL;
END;
$$;

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

CREATE TABLE public.certificates (
    seq bigint NOT NULL,
    serial text NOT NULL,
    client_id text NOT NULL,
    spki_sha256 bytea NOT NULL,
    sha256 bytea NOT NULL,
    chain_pem text NOT NULL,
    issued_here boolean NOT NULL,
    not_before timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    parent text
);

CREATE TABLE public.certified_keys (
    spki_sha256 bytea NOT NULL,
    client_id text NOT NULL,
    compromised boolean DEFAULT false NOT NULL,
    CONSTRAINT certified_keys_spki_sha256_check CHECK ((octet_length(spki_sha256) = 32))
);

CREATE TABLE public.clients (
    client_id text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    user_id text,
    secret_hash bytea,
    secret_on_public boolean NOT NULL,
    grants jsonb NOT NULL,
    connector_role text,
    base_url text,
    service_kind text,
    state text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    profile text,
    purpose jsonb,
    CONSTRAINT clients_secret_hash_check CHECK ((octet_length(secret_hash) = 32))
);

CREATE TABLE public.enrolment_codes (
    hash bytea NOT NULL,
    client_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    serial text,
    CONSTRAINT enrolment_codes_hash_check CHECK ((octet_length(hash) = 32))
);

CREATE TABLE public.events (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    reason text,
    request_id text
);

CREATE TABLE public.last_certificate (
    only_row boolean DEFAULT true NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT last_certificate_only_row_check CHECK (only_row)
);

CREATE TABLE public.meta (
    key text NOT NULL,
    value text NOT NULL
);

CREATE TABLE public.participants (
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    number text NOT NULL,
    email text,
    state text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.refresh_tokens (
    hash bytea NOT NULL,
    family uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    successor bytea,
    CONSTRAINT refresh_tokens_hash_check CHECK ((octet_length(hash) = 32))
);

CREATE TABLE public.token_families (
    id uuid NOT NULL,
    client_id text NOT NULL,
    user_id text NOT NULL,
    aal text NOT NULL,
    scope text,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_reason text
);

CREATE TABLE public.user_orgs (
    user_id text NOT NULL,
    org text NOT NULL,
    "position" bigint NOT NULL
);

CREATE TABLE public.users (
    id uuid NOT NULL,
    user_id text NOT NULL,
    participant uuid NOT NULL,
    name text NOT NULL,
    email text,
    roles jsonb NOT NULL,
    extras text,
    state text NOT NULL,
    password_hash text,
    password_changed_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL
);

INSERT INTO public._sqlx_migrations VALUES (1, 'registration', '2026-11-30 16:28:59.846829+00', true, '\x9ee9b2d34c14fd3a52086def735b6970a5bb569f04ebd5ce311968f5c2b8b14e6834f5cd8ba81f17f1ff54efa3bb4405', 445302055);
INSERT INTO public._sqlx_migrations VALUES (2, 'certificates', '2026-11-30 16:29:00.416832+00', true, '\xc598827a8dbab3d7567f174d402e4ef3f9311168cbeae949cf114fc3dec1e6b243b016ab7aabd33b7e8b7be3498a1fcb', 220180519);
INSERT INTO public._sqlx_migrations VALUES (3, 'token families', '2026-11-30 16:29:00.646896+00', true, '\x9f262f0d9997b19721ddf37c8d61e52d0972e65180a7ecfb925d0d54cc9a0892ce43a7f96910d936e8c56cbdcf80cac7', 119259737);
INSERT INTO public._sqlx_migrations VALUES (4, 'folded client ids', '2026-11-30 16:29:00.786686+00', true, '\x6b278f403aca3c53e6aa205a043bdd216492c9d30fa12f3dd57e2c48ec7c395cf18e59241f2d1f2c841e0432e6300066', 15939687);
INSERT INTO public._sqlx_migrations VALUES (5, 'changes', '2026-11-30 16:29:00.813428+00', true, '\x38f67a387045a6062dcf96ec65fbace72c08d29bd128f891e647f67bee4efcecfba007920155a341260ab11834fa386d', 45442144);
INSERT INTO public._sqlx_migrations VALUES (6, 'purposes', '2026-11-30 16:29:00.866851+00', true, '\x1a7dbcb0062dafacc23c27e3d87875c83187cd703dbc69a027daef8936e046a021238e429883028c0cba29911823b5b9', 12524764);
INSERT INTO public._sqlx_migrations VALUES (7, 'certificate parents', '2026-11-30 16:29:00.898676+00', true, '\x1ac5cc021205b331dddcb061b320c56e5c0e17a3227a95a972d905059c9aeeac3722cc4eb297d937b23c4d1df05b2aa6', 23105070);

INSERT INTO public.certificates VALUES (1, '66a13c3de275366b7022259de92a339c', 'auth.kakehashi.example', '\x36337a3b79e4a23a99772912c6d6fcdfbeadc5b658095c56312bd40438a0220c', '\x56f67fcdf7394a788c8768b5923c9319afdeccc5749c70516b8c0782b9a4d3e7', '-----BEGIN CERTIFICATE-----
MIICDzCCAbagAwIBAgIQZqE8PeJ1NmtwIiWd6SoznDAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkwMFoXDTI3MDIyODE2MjkwMFowITEfMB0G
A1UEAwwWYXV0aC5rYWtlaGFzaGkuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABDh1exci/LpQSOhPeGDxJbq3C1kepmAvadfCsZswevTj7rk10tkcv9qj
Au1bIr3cASMeUrStTp3F2lEmdgJwqzajgbQwgbEwHwYDVR0jBBgwFoAUffdPBOY/
13ehbAI5uhCnClpaBgUwMgYDVR0RBCswKYIWYXV0aC5rYWtlaGFzaGkuZXhhbXBs
ZYIJbG9jYWxob3N0hwR/AAABMA4GA1UdDwEB/wQEAwIHgDAdBgNVHSUEFjAUBggr
BgEFBQcDAQYIKwYBBQUHAwIwHQYDVR0OBBYEFDYzejt55KI6mXcpEsbW/N++rcW2
MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDRwAwRAIgQwzRQpJ0SuLl86PPJqYP
D+scja620DRl70yZ5ebhHCkCIA8z5a0WaRijI8PVj0R1g2wscp+rlJt8IS5bimlq
766J
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:00+00', '2027-02-28 16:29:00+00', NULL, '66a13c3de275366b7022259de92a339c');
INSERT INTO public.certificates VALUES (2, '7d8acd2bf22b486af29ddc11dcdcd41d', 'provenance.kakehashi.example', '\x3e013dcf11c32c868a77c726cb34b00e0628d0b6e73f89259b9a796075686d4b', '\xc424732ebcdba8fac3863ba3336d8431820decdcbf1ccd996d0da1d54768b9fb', '-----BEGIN CERTIFICATE-----
MIICHTCCAcKgAwIBAgIQfYrNK/IrSGryndwR3NzUHTAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkxMloXDTI3MDIyODE2MjkxMlowJzElMCMG
A1UEAwwccHJvdmVuYW5jZS5rYWtlaGFzaGkuZXhhbXBsZTBZMBMGByqGSM49AgEG
CCqGSM49AwEHA0IABOc7HM55rV/j7uDQj6K3LCQ1Yu41gx5O5ZFYlIqTJaObLJOy
Tt/fzPTu+J9B+KPi27UVHpJ7y+2afyDh72sD3mSjgbowgbcwHwYDVR0jBBgwFoAU
ffdPBOY/13ehbAI5uhCnClpaBgUwOAYDVR0RBDEwL4IccHJvdmVuYW5jZS5rYWtl
aGFzaGkuZXhhbXBsZYIJbG9jYWxob3N0hwR/AAABMA4GA1UdDwEB/wQEAwIHgDAd
BgNVHSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIwHQYDVR0OBBYEFD4BPc8RwyyG
infHJss0sA4GKNC2MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAPVn
w0bEsnQRWbyzdDupGstYGdDbFyKqp4Cv8kqIz+wtAiEAlMActtd7WQUYlqpgxHOr
E1FN6TVsxuTBHWFflXZ6eNQ=
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:12+00', '2027-02-28 16:29:12+00', NULL, '7d8acd2bf22b486af29ddc11dcdcd41d');
INSERT INTO public.certificates VALUES (3, '76315f2ae399353327f55d554177694f', 'location.kakehashi.example', '\x0e11e196f80e08837601943663fe84984e3868633b9d76ae90c109eb2f574de8', '\x538969597da0142f1c5cf53887721c2349a5809df0077c61e8fc923074b765f2', '-----BEGIN CERTIFICATE-----
MIICGDCCAb6gAwIBAgIQdjFfKuOZNTMn9V1VQXdpTzAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkxMloXDTI3MDIyODE2MjkxMlowJTEjMCEG
A1UEAwwabG9jYXRpb24ua2FrZWhhc2hpLmV4YW1wbGUwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAATP3QdZNrdG4U0ZSt7ozU/4j0iWzRzdlod43P+7EchE2nWNP3Vc
dJbViIAw4Z7wE+xgUKwnOBguJ1HX6Jztn6OPo4G4MIG1MB8GA1UdIwQYMBaAFH33
TwTmP9d3oWwCOboQpwpaWgYFMDYGA1UdEQQvMC2CGmxvY2F0aW9uLmtha2VoYXNo
aS5leGFtcGxlgglsb2NhbGhvc3SHBH8AAAEwDgYDVR0PAQH/BAQDAgeAMB0GA1Ud
JQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAdBgNVHQ4EFgQUDhHhlvgOCIN2AZQ2
Y/6EmE44aGMwDAYDVR0TAQH/BAIwADAKBggqhkjOPQQDAgNIADBFAiEAw94uLw8W
0IzhnaByFbiUm2RwPZpBV5sidIrvabM8a8kCIAqjYiqPEwAgKLKoZ2VD8FlVDiNi
V7Qkwj65A+Ss3xN4
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:12+00', '2027-02-28 16:29:12+00', NULL, '76315f2ae399353327f55d554177694f');
INSERT INTO public.certificates VALUES (4, '5eca5cc58ce12b3f8f649a95e5cee4a4', 'tool.kakehashi.example', '\xd04448153b39fa7f1d13a0fe25fdf69453854ceaf3cf6352f179e4f7856fc967', '\x53a0738374366856cf653c5ef71610214a84f16fd0466586d0637cad3a4f04f7', '-----BEGIN CERTIFICATE-----
MIICDzCCAbagAwIBAgIQXspcxYzhKz+PZJqV5c7kpDAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkxOVoXDTI3MDIyODE2MjkxOVowITEfMB0G
A1UEAwwWdG9vbC5rYWtlaGFzaGkuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABMFudmsdT8MDH4B6YVLouZ8db+mLOXOtPOVKrIKqwCUzgPb1/RoHh31W
F0fUk2uX4KAw9p7AtjAEvPeAmyc0IgCjgbQwgbEwHwYDVR0jBBgwFoAUffdPBOY/
13ehbAI5uhCnClpaBgUwMgYDVR0RBCswKYIWdG9vbC5rYWtlaGFzaGkuZXhhbXBs
ZYIJbG9jYWxob3N0hwR/AAABMA4GA1UdDwEB/wQEAwIHgDAdBgNVHSUEFjAUBggr
BgEFBQcDAQYIKwYBBQUHAwIwHQYDVR0OBBYEFNBESBU7Ofp/HROg/iX99pRThUzq
MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDRwAwRAIgLdbiIr8lIQbaETk/jqQ7
HbU1o0xK2QhM8NrxhexfTuQCIGVDZ+Hm3K9Deg3z2GS+DOAwwIteUtZm8p0Bg2P2
e3xe
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:19+00', '2027-02-28 16:29:19+00', NULL, '5eca5cc58ce12b3f8f649a95e5cee4a4');
INSERT INTO public.certificates VALUES (5, '40e6d1907385d1a2beb25c2178e72078', 'receiver.a.example', '\x18dfcdba028fb870bdcf509dc22bd4654fa86a2c70c0e13a79adbd7519c6d56d', '\x5df6daedd7a8f3f4c8a43ff1dd298510d1c3fcc013d6fe5ffcf1b79f6e905079', '-----BEGIN CERTIFICATE-----
MIICBzCCAa6gAwIBAgIQQObRkHOF0aK+slwheOcgeDAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkyMFoXDTI3MDIyODE2MjkyMFowHTEbMBkG
A1UEAwwScmVjZWl2ZXIuYS5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEhUCXgvYbyYTtmjJtd1SwblfxEhGB3xzy1jHS6a8uXnh482SuK/EB9PWLeigh
EqrHsnfhkvKsPfG4RjqDQAhtzqOBsDCBrTAfBgNVHSMEGDAWgBR9908E5j/Xd6Fs
Ajm6EKcKWloGBTAuBgNVHREEJzAlghJyZWNlaXZlci5hLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBQY3826Ao+4cL3PUJ3CK9RlT6hqLDAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0cAMEQCIB80YPjmNCg2Jb2Hy10nkFm4d+Bu7nUA
/5jYAsJkCIMtAiBRKUb0EO8EUWB7YsdKwrQ02LoPPq2nqX1NsF+iRTy0Nw==
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:20+00', '2027-02-28 16:29:20+00', NULL, '40e6d1907385d1a2beb25c2178e72078');
INSERT INTO public.certificates VALUES (6, '61c216f9c91bf9fa11d0a3982c8d11c4', 'receiver.b.example', '\xcc414ff367ad1468d8932cea74247df2bd37db206bcab451d20f23a2ef3611df', '\x1de753737175bf642534631569fcb2d50a8070089e013a4856c0f84c980de157', '-----BEGIN CERTIFICATE-----
MIICCTCCAa6gAwIBAgIQYcIW+ckb+foR0KOYLI0RxDAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkyMFoXDTI3MDIyODE2MjkyMFowHTEbMBkG
A1UEAwwScmVjZWl2ZXIuYi5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEglDUlkUodwqn7CvRP9hrmaplJYpv+iawhXoRHkUypAp0HOH8prvgQkVjw8zx
7SmTKbxLP3o8bbJ8WnpBnXq7naOBsDCBrTAfBgNVHSMEGDAWgBR9908E5j/Xd6Fs
Ajm6EKcKWloGBTAuBgNVHREEJzAlghJyZWNlaXZlci5iLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBTMQU/zZ60UaNiTLOp0JH3yvTfbIDAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0kAMEYCIQD0Bd88lVKl4+Wv0okEeW07RwXPo3l0
jKQl0Imq+6tvIAIhAK54kjODxPtKPbQLlDeSQhNL1PI0FFe4Cy9IEPl6n4PY
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:20+00', '2027-02-28 16:29:20+00', NULL, '61c216f9c91bf9fa11d0a3982c8d11c4');
INSERT INTO public.certificates VALUES (7, '5050b665540fdb53c20f8c712e018f4c', 'receiver.c.example', '\x53adfb2b4f24225711a01bdbd2d98fa6cc7a2c0a5ed2744a85aacc316fbb1aa7', '\xbefd7bba52a79c7619bfe55cf03c9fe5e210a0462702e4ce33f29d12a4676e81', '-----BEGIN CERTIFICATE-----
MIICCDCCAa6gAwIBAgIQUFC2ZVQP21PCD4xxLgGPTDAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkyMFoXDTI3MDIyODE2MjkyMFowHTEbMBkG
A1UEAwwScmVjZWl2ZXIuYy5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEXY22aBi544QwCyvCmEcKIyIeVt+mRwP8QqhxQSbrvyXtHd8O8ttemxvA5/lA
hyshBZfVkOKX230ZXVFr6o8N26OBsDCBrTAfBgNVHSMEGDAWgBR9908E5j/Xd6Fs
Ajm6EKcKWloGBTAuBgNVHREEJzAlghJyZWNlaXZlci5jLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBRTrfsrTyQiVxGgG9vS2Y+mzHosCjAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIQCYcmonbKbPqEsNxZxqYDlGCsiox+nb
KYhyJiZkYtrtswIgPFWPOhuBNgDQ0Av8RuL5HleN+8r9+3LDclZ/b9mqSnk=
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:20+00', '2027-02-28 16:29:20+00', NULL, '5050b665540fdb53c20f8c712e018f4c');
INSERT INTO public.certificates VALUES (10, '4ce9607a7d7ad3e3174f4dba9143733c', 'provider.c.example', '\x3a83f24178ec20ba0c0373963058af6baaac75365924244b0e72e0caab74e0cb', '\x51526a6ddf434039d939e85e3a1fd0e892926751af4a63490583743d366e2c15', '-----BEGIN CERTIFICATE-----
MIICCDCCAa6gAwIBAgIQTOlgen160+MXT026kUNzPDAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkyNFoXDTI3MDIyODE2MjkyNFowHTEbMBkG
A1UEAwwScHJvdmlkZXIuYy5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEhmMZj7fjmPG0vNO6bZWaPbxq6MdJJaXwpwsuf8s57WLLseZzLOwRWdOSHTxB
Myz6KV3CfWpQr/mMK/oEjmYKlaOBsDCBrTAfBgNVHSMEGDAWgBR9908E5j/Xd6Fs
Ajm6EKcKWloGBTAuBgNVHREEJzAlghJwcm92aWRlci5jLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBQ6g/JBeOwgugwDc5YwWK9rqqx1NjAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIQCu80HWolIoxlFkqXVnMa+JDbahl8s+
av9frcKNSZ7gcgIgCx0yRaQzZMaOhK90FZdJuEpHfRhwtKiGQgCmiEA7Mpw=
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:24+00', '2027-02-28 16:29:24+00', NULL, '4ce9607a7d7ad3e3174f4dba9143733c');
INSERT INTO public.certificates VALUES (8, '621a70bf4bb8935235e1cb282408e50b', 'provider.b.example', '\x3b757df9796091705db1fecdd62839873b521aaa3c97b828d69ad2d1570c4603', '\xbc658098e41c68acc17352c659aab8672c2a1b2da42705aeea192d63464142dc', '-----BEGIN CERTIFICATE-----
MIICCTCCAa6gAwIBAgIQYhpwv0u4k1I14csoJAjlCzAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkyM1oXDTI3MDIyODE2MjkyM1owHTEbMBkG
A1UEAwwScHJvdmlkZXIuYi5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEFYmIP29/UJUgfhnIWV+YeSzx+oXRml8tVYCZUuPUYxKlwQKYW2bDyxePU19h
tn3/KSxfJWRLsXg1tGGnAn214KOBsDCBrTAfBgNVHSMEGDAWgBR9908E5j/Xd6Fs
Ajm6EKcKWloGBTAuBgNVHREEJzAlghJwcm92aWRlci5iLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBQ7dX35eWCRcF2x/s3WKDmHO1IaqjAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0kAMEYCIQCwOtimoU11N+oWX1nRRElcxX4XZnj/
9cMdEoCAeJ22BgIhAM6usdy+qkJw5vcygYk0bM7bcrdwhx/smQEtRIvndPcF
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:23+00', '2027-02-28 16:29:23+00', NULL, '621a70bf4bb8935235e1cb282408e50b');
INSERT INTO public.certificates VALUES (9, '5e1a232e2bc36e97aa2b4c5b91091826', 'provider.a.example', '\x00d7c9aa504dbcf8614d1a76447b04d266fe5b17c1fd483a0c4b7f370912a6d4', '\xe19d07f01c61baa29a63cf62f3254ae9b7be0a5a2fe07f0c6a50c483ad2b05d4', '-----BEGIN CERTIFICATE-----
MIICCDCCAa6gAwIBAgIQXhojLivDbpeqK0xbkQkYJjAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGMyMzNkZTJiMB4XDTI2MTEzMDE2MTkyNFoXDTI3MDIyODE2MjkyNFowHTEbMBkG
A1UEAwwScHJvdmlkZXIuYS5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAE5bfxvjTLwgb5X5rXLejFnlllADHUIG/R9lR1MWW8HW5zVKdnEzRasr5a0vhI
RZvCAuSjn2wBG+kM0Rm5/ar0uaOBsDCBrTAfBgNVHSMEGDAWgBR9908E5j/Xd6Fs
Ajm6EKcKWloGBTAuBgNVHREEJzAlghJwcm92aWRlci5hLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBQA18mqUE28+GFNGnZEewTSZv5bFzAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIQCiHzQPrDirblhLBp6Aab/C+PxPctL+
/fkucihBhnsAtAIgRjp0M85uaqrg6a1No++L4GWsI//nQh+YwMvBi5Gvsas=
MIIB2DCCAX+gAwIBAgIQT2DkNNAx/eQTp2XfWPZXSjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIDRh
MmY3NzMxMB4XDTI2MTEzMDE2MTkwMFoXDTMxMTEyOTE2MTkwMFowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBjMjMz
ZGUyYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNR4D/85qIg6p7L6I/pVEqhd
VN0pZ0N1NKXf2F8SLbvLKWQu4uHJRvILknE9xY6TpOoiFSmpb/lqluT3jcMUrTGj
ZjBkMB8GA1UdIwQYMBaAFAi2YJe4OMMQ+FwlJUrLvUj8vptlMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUffdPBOY/13ehbAI5uhCnClpaBgUwEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNHADBEAiAHkhYty+8bSgtfl8tppz+dugxrl9s3
FpN4zebIe5UAHAIge6JkQmBWQA/YNuyThCcvWg0RrHpYcrNs+ZaxPFN/BkA=
', true, '2026-11-30 16:19:24+00', '2027-02-28 16:29:24+00', NULL, '5e1a232e2bc36e97aa2b4c5b91091826');

INSERT INTO public.certified_keys VALUES ('\x36337a3b79e4a23a99772912c6d6fcdfbeadc5b658095c56312bd40438a0220c', 'auth.kakehashi.example', false);
INSERT INTO public.certified_keys VALUES ('\x3e013dcf11c32c868a77c726cb34b00e0628d0b6e73f89259b9a796075686d4b', 'provenance.kakehashi.example', false);
INSERT INTO public.certified_keys VALUES ('\x0e11e196f80e08837601943663fe84984e3868633b9d76ae90c109eb2f574de8', 'location.kakehashi.example', false);
INSERT INTO public.certified_keys VALUES ('\xd04448153b39fa7f1d13a0fe25fdf69453854ceaf3cf6352f179e4f7856fc967', 'tool.kakehashi.example', false);
INSERT INTO public.certified_keys VALUES ('\x18dfcdba028fb870bdcf509dc22bd4654fa86a2c70c0e13a79adbd7519c6d56d', 'receiver.a.example', false);
INSERT INTO public.certified_keys VALUES ('\xcc414ff367ad1468d8932cea74247df2bd37db206bcab451d20f23a2ef3611df', 'receiver.b.example', false);
INSERT INTO public.certified_keys VALUES ('\x53adfb2b4f24225711a01bdbd2d98fa6cc7a2c0a5ed2744a85aacc316fbb1aa7', 'receiver.c.example', false);
INSERT INTO public.certified_keys VALUES ('\x3b757df9796091705db1fecdd62839873b521aaa3c97b828d69ad2d1570c4603', 'provider.b.example', false);
INSERT INTO public.certified_keys VALUES ('\x00d7c9aa504dbcf8614d1a76447b04d266fe5b17c1fd483a0c4b7f370912a6d4', 'provider.a.example', false);
INSERT INTO public.certified_keys VALUES ('\x3a83f24178ec20ba0c0373963058af6baaac75365924244b0e72e0caab74e0cb', 'provider.c.example', false);

INSERT INTO public.clients VALUES ('auth.kakehashi.example', 'service', 'Authentication server', NULL, NULL, false, '[]', NULL, NULL, 'server', 'active', '2026-11-30 16:29:00.983455+00', NULL, NULL);
INSERT INTO public.clients VALUES ('location.kakehashi.example', 'service', 'location-server', NULL, NULL, false, '[]', NULL, NULL, 'server', 'active', '2026-11-30 16:29:10.355126+00', NULL, NULL);
INSERT INTO public.clients VALUES ('provenance.kakehashi.example', 'service', 'provenance-server', NULL, NULL, false, '[]', NULL, NULL, 'server', 'active', '2026-11-30 16:29:10.355126+00', NULL, NULL);
INSERT INTO public.clients VALUES ('tool.kakehashi.example', 'service', 'The trial''s own tool', NULL, NULL, false, '[]', NULL, NULL, 'operator-tool', 'active', '2026-11-30 16:29:10.355344+00', NULL, NULL);
INSERT INTO public.clients VALUES ('app-b', 'app', 'Application of domain B', NULL, '\xcfd00394625b19952315ab11a39579273b6e132f10cb4b62f4ceb6f00d28e615', true, '["password", "refresh-token"]', NULL, NULL, NULL, 'active', '2026-11-30 16:29:13.267116+00', NULL, '{"kind": "application"}');
INSERT INTO public.clients VALUES ('receiver.b.example', 'connector', 'receiver.b.example', 'cadde.5999900000020.00', '\x2e0978060befe120ab836b6c622f19e71e65cac132b067b9ee7a949f440c535b', true, '["client-credentials"]', 'receiver', NULL, NULL, 'active', '2026-11-30 16:29:13.299056+00', 'kakehashi/1', NULL);
INSERT INTO public.clients VALUES ('provider.b.example', 'connector', 'provider.b.example', 'cadde.5999900000020.00', '\x0280bbcef9360dafd84d7381b9d67833505052285838e8ab6a4053115f76cb71', true, '["client-credentials"]', 'provider', 'https://127.0.0.1:24610', NULL, 'active', '2026-11-30 16:29:13.299237+00', 'kakehashi/1', NULL);
INSERT INTO public.clients VALUES ('receiver.a.example', 'connector', 'receiver.a.example', 'cadde.7999900000010.00', '\x2211ffd0e546ec923042d873e31aefbed0b14071ee24a8595a3a9eeac8aa9a91', true, '["client-credentials"]', 'receiver', NULL, NULL, 'active', '2026-11-30 16:29:14.350477+00', 'kakehashi/1', NULL);
INSERT INTO public.clients VALUES ('app-a', 'app', 'Application of domain A', NULL, '\xdbc8d1ca0c8f57cea79a11c46687cd5bccdcf4b4a5ae1405cc7e04d2954c1c3e', true, '["password", "refresh-token"]', NULL, NULL, NULL, 'active', '2026-11-30 16:29:14.350781+00', NULL, '{"kind": "application"}');
INSERT INTO public.clients VALUES ('provider.a.example', 'connector', 'provider.a.example', 'cadde.7999900000010.00', '\x3c3bb175065cbfbf9e425e1cee99a00c7d5e281b3f7dd02e28fac62282113eac', true, '["client-credentials"]', 'provider', 'https://127.0.0.1:24510', NULL, 'active', '2026-11-30 16:29:14.350894+00', 'kakehashi/1', NULL);
INSERT INTO public.clients VALUES ('app-c', 'app', 'Application of domain C', NULL, '\x883ee0c0f110239346ca03bc51c15d13a259ff18929aa62f99a99f3ae0c54010', true, '["password", "refresh-token"]', NULL, NULL, NULL, 'active', '2026-11-30 16:29:14.493417+00', NULL, '{"kind": "application"}');
INSERT INTO public.clients VALUES ('receiver.c.example', 'connector', 'receiver.c.example', 'cadde.3999900000030.00', '\x8b751c429d23d2f0d3bedc7736017245d5c32348ee3c2ebb598b881c2e5c52b3', true, '["client-credentials"]', 'receiver', NULL, NULL, 'active', '2026-11-30 16:29:14.493563+00', 'kakehashi/1', NULL);
INSERT INTO public.clients VALUES ('provider.c.example', 'connector', 'provider.c.example', 'cadde.3999900000030.00', '\xe320cb9c9e36a2c48c469e980290349f4795db384226ca472a0bae02d2c9438c', true, '["client-credentials"]', 'provider', 'https://127.0.0.1:24710', NULL, 'active', '2026-11-30 16:29:14.493695+00', 'kakehashi/1', NULL);
INSERT INTO public.clients VALUES ('operator', 'app', 'Operator', NULL, '\xc827837a985346cf465ab350d21587ef047c527959b92b70021ef51807bdb934', true, '["password", "refresh-token"]', NULL, NULL, NULL, 'active', '2026-11-30 16:29:00.983455+00', NULL, '{"ids": ["provider.a.example", "provider.b.example", "provider.c.example"], "kind": "management", "servers": true}');

INSERT INTO public.enrolment_codes VALUES ('\xf60c2e44245ec9a907aabcd51d68496b02fe69b4305a719aeabf19cdae0c8d4c', 'provenance.kakehashi.example', '2026-11-30 16:29:10.355135+00', '2026-12-01 16:29:10.355135+00', '7d8acd2bf22b486af29ddc11dcdcd41d');
INSERT INTO public.enrolment_codes VALUES ('\xd5c0a4de49ba14c6f1fbb27ff048fe2d99988d555142443562160fb4d9a3a7f0', 'location.kakehashi.example', '2026-11-30 16:29:10.355135+00', '2026-12-01 16:29:10.355135+00', '76315f2ae399353327f55d554177694f');
INSERT INTO public.enrolment_codes VALUES ('\xe94fd4cd4c0daee53b406c043b801c744f0624f2d9912f716476da8ba516c2b8', 'tool.kakehashi.example', '2026-11-30 16:29:10.355345+00', '2026-12-01 16:29:10.355345+00', '5eca5cc58ce12b3f8f649a95e5cee4a4');
INSERT INTO public.enrolment_codes VALUES ('\x15b268ce49641343c490e15aedada91a3d89364d47a2a80fa9f2252e5533f068', 'receiver.a.example', '2026-11-30 16:29:14.350488+00', '2026-12-01 16:29:14.350488+00', '40e6d1907385d1a2beb25c2178e72078');
INSERT INTO public.enrolment_codes VALUES ('\x518d650aa74576bee1b96d2427392e53083069e7dd630acbdad43f2dcd96d488', 'receiver.b.example', '2026-11-30 16:29:13.299067+00', '2026-12-01 16:29:13.299067+00', '61c216f9c91bf9fa11d0a3982c8d11c4');
INSERT INTO public.enrolment_codes VALUES ('\x2aa3c66708e3d5c4130ee468e1dd1cb3e373138981288e165b6014963b5a3dd3', 'receiver.c.example', '2026-11-30 16:29:14.493565+00', '2026-12-01 16:29:14.493565+00', '5050b665540fdb53c20f8c712e018f4c');
INSERT INTO public.enrolment_codes VALUES ('\x8991c49e5ba3837ed5c32a58b3cf90eb39a3bebd7085acbc6344005e775965e0', 'provider.b.example', '2026-11-30 16:29:13.299239+00', '2026-12-01 16:29:13.299239+00', '621a70bf4bb8935235e1cb282408e50b');
INSERT INTO public.enrolment_codes VALUES ('\xf1d2c79b73bdbbbcdd7ccf7299693707444c0b35e6cea649e2910ed24f0c805f', 'provider.a.example', '2026-11-30 16:29:14.350896+00', '2026-12-01 16:29:14.350896+00', '5e1a232e2bc36e97aa2b4c5b91091826');
INSERT INTO public.enrolment_codes VALUES ('\xde00f5016e0a4cf88558c0cea899229c8a9c1097183736f6f50c66eb6766e915', 'provider.c.example', '2026-11-30 16:29:14.493696+00', '2026-12-01 16:29:14.493696+00', '4ce9607a7d7ad3e3174f4dba9143733c');

INSERT INTO public.events VALUES ('01a22d49-ccb7-74a1-ae3f-c5ed4730b6a3', '2026-11-30 16:29:00.983455+00', 'system', 'installation.initialised', 'auth.kakehashi.example', NULL, NULL);
INSERT INTO public.events VALUES ('01a22d49-f153-7112-9626-85e25f0424fb', '2026-11-30 16:29:10.355159+00', 'cadde.8999900000001.op', 'service.registered', 'location.kakehashi.example', NULL, '01a22d49-f152-7653-9275-00154d91eab5');
INSERT INTO public.events VALUES ('01a22d49-f153-7112-9626-85e3cdd9438b', '2026-11-30 16:29:10.35516+00', 'cadde.8999900000001.op', 'service.registered', 'provenance.kakehashi.example', NULL, '01a22d49-f152-7653-9275-00162716e122');
INSERT INTO public.events VALUES ('01a22d49-f153-7112-9626-85e5d2929a83', '2026-11-30 16:29:10.355363+00', 'cadde.8999900000001.op', 'service.registered', 'tool.kakehashi.example', NULL, '01a22d49-f153-7112-9626-85e481d6126b');
INSERT INTO public.events VALUES ('01a22d49-f664-73c2-b81c-6f9b0e09f523', '2026-11-30 16:29:11.652624+00', 'cadde.8999900000001.op', 'participant.registered', '01a22d49-f664-73c2-b81c-6f9abb2d5380', NULL, '01a22d49-f664-73c2-b81c-6f999a52378b');
INSERT INTO public.events VALUES ('01a22d49-f664-73c2-b81c-6f9eab0c4a72', '2026-11-30 16:29:11.652842+00', 'cadde.8999900000001.op', 'participant.registered', '01a22d49-f664-73c2-b81c-6f9d469262b4', NULL, '01a22d49-f664-73c2-b81c-6f9c93fdfc2b');
INSERT INTO public.events VALUES ('01a22d49-f664-73c2-b81c-6fa139d722cf', '2026-11-30 16:29:11.652925+00', 'cadde.8999900000001.op', 'participant.registered', '01a22d49-f664-73c2-b81c-6fa0890592a7', NULL, '01a22d49-f664-73c2-b81c-6f9fb5c94c80');
INSERT INTO public.events VALUES ('01a22d49-f8d0-77b0-8d7e-e533677abd13', '2026-11-30 16:29:12.272945+00', 'provenance.kakehashi.example', 'certificate.issued', 'provenance.kakehashi.example', 'serial 7d8acd2bf22b486af29ddc11dcdcd41d', '01a22d49-f816-7452-bb29-1b3b543d4f91');
INSERT INTO public.events VALUES ('01a22d49-f923-765e-bf1f-e676660a243e', '2026-11-30 16:29:12.355256+00', 'location.kakehashi.example', 'certificate.issued', 'location.kakehashi.example', 'serial 76315f2ae399353327f55d554177694f', '01a22d49-f8c3-7652-9120-a8bc27a14f77');
INSERT INTO public.events VALUES ('01a22d49-fbda-71fe-a671-d8aea026297d', '2026-11-30 16:29:13.050811+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.5999900000020.00', NULL, '01a22d49-f742-74b2-ad97-b8b69fc859a9');
INSERT INTO public.events VALUES ('01a22d49-fcb3-726e-af4b-ffec250b6205', '2026-11-30 16:29:13.26713+00', 'cadde.8999900000001.op', 'client.registered', 'app-b', NULL, '01a22d49-fcb2-779b-b79c-e33e8eee5bfa');
INSERT INTO public.events VALUES ('01a22d49-fcd3-71a9-93e5-6286ffb07139', '2026-11-30 16:29:13.299091+00', 'cadde.8999900000001.op', 'connector.registered', 'receiver.b.example', NULL, '01a22d49-fcd2-70e0-8ee1-9d93b14f2b65');
INSERT INTO public.events VALUES ('01a22d49-fcd3-71a9-93e5-62882c627c11', '2026-11-30 16:29:13.299244+00', 'cadde.8999900000001.op', 'connector.registered', 'provider.b.example', NULL, '01a22d49-fcd3-71a9-93e5-6287b0172a3d');
INSERT INTO public.events VALUES ('01a22d49-ff2f-748c-a334-252ade8308d2', '2026-11-30 16:29:13.903028+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.7999900000010.00', NULL, '01a22d49-f8c3-7652-9120-a8bd852b2948');
INSERT INTO public.events VALUES ('01a22d49-ffcf-75ec-b158-3bfcf8fd0d93', '2026-11-30 16:29:14.063952+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.3999900000030.00', NULL, '01a22d49-f97a-72cf-8b6d-8fb4fe07d8aa');
INSERT INTO public.events VALUES ('01a22d4a-00ee-750c-87fc-8944e4d66465', '2026-11-30 16:29:14.350505+00', 'cadde.8999900000001.op', 'connector.registered', 'receiver.a.example', NULL, '01a22d4a-00ee-750c-87fc-8943f1cfbfff');
INSERT INTO public.events VALUES ('01a22d4a-018e-75e8-82bb-d0969d1000cc', '2026-11-30 16:29:14.510933+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.5999900000020.01', NULL, '01a22d49-fcb3-726e-af4b-ffed52d0db44');
INSERT INTO public.events VALUES ('01a22d4a-00ee-750c-87fc-8947ccc3fa8c', '2026-11-30 16:29:14.350786+00', 'cadde.8999900000001.op', 'client.registered', 'app-a', NULL, '01a22d4a-00ee-750c-87fc-8946eff4d3ad');
INSERT INTO public.events VALUES ('01a22d4a-00ee-750c-87fc-89498d5107f7', '2026-11-30 16:29:14.3509+00', 'cadde.8999900000001.op', 'connector.registered', 'provider.a.example', NULL, '01a22d4a-00ee-750c-87fc-8948920c308b');
INSERT INTO public.events VALUES ('01a22d4a-017d-7669-8f0f-d8984cc162c8', '2026-11-30 16:29:14.49343+00', 'cadde.8999900000001.op', 'client.registered', 'app-c', NULL, '01a22d4a-017d-7669-8f0f-d897b3dea1f3');
INSERT INTO public.events VALUES ('01a22d4a-017d-7669-8f0f-d89acea4bb1d', '2026-11-30 16:29:14.493572+00', 'cadde.8999900000001.op', 'connector.registered', 'receiver.c.example', NULL, '01a22d4a-017d-7669-8f0f-d8998e8c9d75');
INSERT INTO public.events VALUES ('01a22d4a-017d-7669-8f0f-d89c2e623e2d', '2026-11-30 16:29:14.493698+00', 'cadde.8999900000001.op', 'connector.registered', 'provider.c.example', NULL, '01a22d4a-017d-7669-8f0f-d89b2f77d095');
INSERT INTO public.events VALUES ('01a22d4a-04ec-707a-a1bf-8d86c31a8ad4', '2026-11-30 16:29:15.372763+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.7999900000010.01', NULL, '01a22d4a-00ee-750c-87fc-894580eed912');
INSERT INTO public.events VALUES ('01a22d4a-05c7-7627-85c5-2ff0888fdf52', '2026-11-30 16:29:15.591624+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.3999900000030.01', NULL, '01a22d4a-013f-70a4-83f3-74a69d97829e');
INSERT INTO public.events VALUES ('01a22d4a-0fc3-7095-91b7-6e2457b8feee', '2026-11-30 16:29:18.147401+00', 'cadde.8999900000001.op', 'client.purpose-set', 'operator', '{"kind":"management","servers":true,"ids":["provider.a.example","provider.b.example","provider.c.example"]}', '01a22d4a-0fc3-7095-91b7-6e2377f35a59');
INSERT INTO public.events VALUES ('01a22d4a-131e-71ae-9782-b042fd5b5f3d', '2026-11-30 16:29:19.006988+00', 'tool.kakehashi.example', 'certificate.issued', 'tool.kakehashi.example', 'serial 5eca5cc58ce12b3f8f649a95e5cee4a4', '01a22d4a-1303-7081-a9dd-185c59a3d9b7');
INSERT INTO public.events VALUES ('01a22d4a-170e-71b6-99fe-c5214d78ddfc', '2026-11-30 16:29:20.014973+00', 'receiver.a.example', 'certificate.issued', 'receiver.a.example', 'serial 40e6d1907385d1a2beb25c2178e72078', '01a22d4a-16ea-71c8-8090-015566b152c6');
INSERT INTO public.events VALUES ('01a22d4a-188e-764e-b664-2af1f050f7f1', '2026-11-30 16:29:20.398468+00', 'receiver.b.example', 'certificate.issued', 'receiver.b.example', 'serial 61c216f9c91bf9fa11d0a3982c8d11c4', '01a22d4a-17d4-72e2-93b4-d93fbf8b33d6');
INSERT INTO public.events VALUES ('01a22d4a-19c3-74ac-af3f-676a96446680', '2026-11-30 16:29:20.707156+00', 'receiver.c.example', 'certificate.issued', 'receiver.c.example', 'serial 5050b665540fdb53c20f8c712e018f4c', '01a22d4a-1997-745a-a960-8723db3861f3');
INSERT INTO public.events VALUES ('01a22d4a-2690-758e-903f-82caeaafd864', '2026-11-30 16:29:23.984853+00', 'provider.b.example', 'certificate.issued', 'provider.b.example', 'serial 621a70bf4bb8935235e1cb282408e50b', '01a22d4a-2653-7381-93fd-2e9098491beb');
INSERT INTO public.events VALUES ('01a22d4a-26b0-72ec-8715-9898e2341554', '2026-11-30 16:29:24.01697+00', 'provider.a.example', 'certificate.issued', 'provider.a.example', 'serial 5e1a232e2bc36e97aa2b4c5b91091826', '01a22d4a-2673-7458-ae06-5834f8eef6ec');
INSERT INTO public.events VALUES ('01a22d4a-289b-7563-a5ab-54493c2ec31e', '2026-11-30 16:29:24.507035+00', 'provider.c.example', 'certificate.issued', 'provider.c.example', 'serial 4ce9607a7d7ad3e3174f4dba9143733c', '01a22d4a-27ef-75ee-af28-78f53910f88f');

INSERT INTO public.last_certificate VALUES (true, 10);

INSERT INTO public.meta VALUES ('initialised_at', '2026-11-30T16:29:00.983Z');
INSERT INTO public.meta VALUES ('crl_number', '1796056148559');
INSERT INTO public.meta VALUES ('changes', '23');

INSERT INTO public.participants VALUES ('01a22d49-ccb7-74a1-ae3f-c5eba80b8c51', 'organisation', 'Trial operations office', '8999900000001', NULL, 'active', '2026-11-30 16:29:00.983455+00');
INSERT INTO public.participants VALUES ('01a22d49-f664-73c2-b81c-6f9abb2d5380', 'organisation', 'Trial river bureau', '5999900000020', NULL, 'active', '2026-11-30 16:29:11.652624+00');
INSERT INTO public.participants VALUES ('01a22d49-f664-73c2-b81c-6f9d469262b4', 'organisation', 'Trial shelter office', '7999900000010', NULL, 'active', '2026-11-30 16:29:11.652842+00');
INSERT INTO public.participants VALUES ('01a22d49-f664-73c2-b81c-6fa0890592a7', 'organisation', 'Trial road authority', '3999900000030', NULL, 'active', '2026-11-30 16:29:11.652925+00');

INSERT INTO public.refresh_tokens VALUES ('\x763d2b7a6cef892219b8596e610361ea6c8b0fd4cad52263d8b78fc34cf22b6e', '01a22d4a-0756-716b-85a2-3f687f53a590', '2026-11-30 16:29:15.990698+00', '2026-11-30 18:29:15.990698+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\xcfc2b2be23fdf8be7bf5f8290360ec95f988b868b4fa4532dc549b3c826a27b2', '01a22d4a-0b00-759b-853d-8912d68ecb69', '2026-11-30 16:29:16.928161+00', '2026-11-30 18:29:16.928161+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\x9a69c1214a47af7013fbe14c7c21d1f6e0d434f4e3ef36cd3315b3810f55bfb9', '01a22d4a-0f17-77a7-af2f-75304cdcf59b', '2026-11-30 16:29:17.975923+00', '2026-11-30 18:29:17.975923+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\x86a47e8f90356a6b32aec03b6347631460f3ea74394eb68cc4542563277a1fe6', '01a22d49-efde-74c9-8c89-c54f28f7b614', '2026-11-30 16:29:18.215173+00', '2026-11-30 18:29:18.215173+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\x6bb480b27f193b77391d69dd57bac21bf00c5b9ef52fc6884ed960b92d5e507c', '01a22d4a-3940-7445-b037-b6e9498517ab', '2026-11-30 16:29:28.768072+00', '2026-11-30 18:29:28.768072+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\xc46c7dcc8ec5f79e67e708aa8a29f7588c45ea01e72d72539385fc8a859b59d3', '01a22d49-efde-74c9-8c89-c54f28f7b614', '2026-11-30 16:29:09.982754+00', '2026-11-30 18:29:09.982754+00', '2026-11-30 16:29:18.215173+00', NULL);
INSERT INTO public.refresh_tokens VALUES ('\x80940213f1c07a3472e8a16251a0213a6383128fdf5cecfd98ce3d135787998a', '01a22d4a-402a-7651-9d4f-faaa3c6840e8', '2026-11-30 16:29:30.538767+00', '2026-11-30 18:29:30.538767+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\x06b368664114b25bb6d88c916ae88f0ede399b28297292dd21de95e4973f92bf', '01a22d4a-475b-71b8-98a9-6dfa52004875', '2026-11-30 16:29:32.37914+00', '2026-11-30 18:29:32.37914+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\xf0b98d76b6f5cd14e20f5788b6438fa532ca0bbcefab271bfde4e050c2d40f3a', '01a22d4a-560f-7645-b78f-34fde25b1860', '2026-11-30 16:29:36.14315+00', '2026-11-30 18:29:36.14315+00', NULL, NULL);
INSERT INTO public.refresh_tokens VALUES ('\xb83e59c26ca4302983797326865e0ba388fd43218533b98c850206609d7f4eb4', '01a22d4a-692e-739a-adce-f0e11acee847', '2026-11-30 16:29:41.038738+00', '2026-11-30 18:29:41.038738+00', NULL, NULL);

INSERT INTO public.token_families VALUES ('01a22d49-efde-74c9-8c89-c54f28f7b614', 'operator', 'cadde.8999900000001.op', '1', NULL, '2026-11-30 16:29:09.982754+00', '2026-12-01 02:29:09.982754+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d4a-0756-716b-85a2-3f687f53a590', 'app-b', 'cadde.5999900000020.01', '1', NULL, '2026-11-30 16:29:15.990698+00', '2026-12-01 02:29:15.990698+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d4a-0b00-759b-853d-8912d68ecb69', 'app-a', 'cadde.7999900000010.01', '1', NULL, '2026-11-30 16:29:16.928161+00', '2026-12-01 02:29:16.928161+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d4a-0f17-77a7-af2f-75304cdcf59b', 'app-c', 'cadde.3999900000030.01', '1', NULL, '2026-11-30 16:29:17.975923+00', '2026-12-01 02:29:17.975923+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d4a-3940-7445-b037-b6e9498517ab', 'operator', 'cadde.3999900000030.01', '1', NULL, '2026-11-30 16:29:28.768072+00', '2026-12-01 02:29:28.768072+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d4a-402a-7651-9d4f-faaa3c6840e8', 'operator', 'cadde.5999900000020.01', '1', NULL, '2026-11-30 16:29:30.538767+00', '2026-12-01 02:29:30.538767+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d4a-475b-71b8-98a9-6dfa52004875', 'operator', 'cadde.7999900000010.01', '1', NULL, '2026-11-30 16:29:32.37914+00', '2026-12-01 02:29:32.37914+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d4a-560f-7645-b78f-34fde25b1860', 'app-b', 'cadde.5999900000020.01', '1', NULL, '2026-11-30 16:29:36.14315+00', '2026-12-01 02:29:36.14315+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d4a-692e-739a-adce-f0e11acee847', 'app-a', 'cadde.7999900000010.01', '1', NULL, '2026-11-30 16:29:41.038738+00', '2026-12-01 02:29:41.038738+00', NULL, NULL);

INSERT INTO public.user_orgs VALUES ('cadde.8999900000001.op', 'cadde.8999900000001.op', 0);
INSERT INTO public.user_orgs VALUES ('cadde.5999900000020.00', 'cadde.5999900000020.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.7999900000010.00', 'cadde.7999900000010.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.3999900000030.00', 'cadde.3999900000030.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.5999900000020.01', 'cadde.5999900000020.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.7999900000010.01', 'cadde.7999900000010.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.3999900000030.01', 'cadde.3999900000030.00', 0);

INSERT INTO public.users VALUES ('01a22d49-ccb7-74a1-ae3f-c5ec5d52bd79', 'cadde.8999900000001.op', '01a22d49-ccb7-74a1-ae3f-c5eba80b8c51', 'Operator of the trial', NULL, '["operator"]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$RogiwH6APGJ4YjSo8BdjHw$CPBB+NVeYV0SBGUjkT9TgcpAS+trTz/rbpKhrODFC4w', '2026-11-30 16:29:00.983455+00', '2026-11-30 16:29:00.983455+00');
INSERT INTO public.users VALUES ('01a22d49-fbda-71fe-a671-d8add29fd91b', 'cadde.5999900000020.00', '01a22d49-f664-73c2-b81c-6f9abb2d5380', 'Trial river bureau', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$kR+64AB9/XTYgp5kBidwbA$/Xtp0CVJ2dMF8KqqFbGZAHXRwEEEo/F0/Ry2VNQc21I', '2026-11-30 16:29:13.050811+00', '2026-11-30 16:29:13.050811+00');
INSERT INTO public.users VALUES ('01a22d49-ff2f-748c-a334-2529222c29eb', 'cadde.7999900000010.00', '01a22d49-f664-73c2-b81c-6f9d469262b4', 'Trial shelter office', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$FQrg0yyUzoZ6MMy0IjIcFw$I47Vi/CXR4DQDE0HluztUcwSGXDEEmotLaYIIsNFGRk', '2026-11-30 16:29:13.903028+00', '2026-11-30 16:29:13.903028+00');
INSERT INTO public.users VALUES ('01a22d49-ffcf-75ec-b158-3bfb8b3879d9', 'cadde.3999900000030.00', '01a22d49-f664-73c2-b81c-6fa0890592a7', 'Trial road authority', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$0Zd/HbWMedoPQuYrEqD0bg$l3WbtawG99aRiPy1uB+i/NqROuYB3tzfw74RL+KD4NQ', '2026-11-30 16:29:14.063952+00', '2026-11-30 16:29:14.063952+00');
INSERT INTO public.users VALUES ('01a22d4a-018e-75e8-82bb-d09558077a93', 'cadde.5999900000020.01', '01a22d49-f664-73c2-b81c-6f9abb2d5380', 'Botan of the river bureau', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$B7l7yG88RRE5kSnJipXm8g$v5a2dzum4vRcOgU0yrryo42Z6JwIdnjGZRBIw30nGdg', '2026-11-30 16:29:14.510933+00', '2026-11-30 16:29:14.510933+00');
INSERT INTO public.users VALUES ('01a22d4a-04ec-707a-a1bf-8d85183ba778', 'cadde.7999900000010.01', '01a22d49-f664-73c2-b81c-6f9d469262b4', 'Aoi of the shelter office', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$YZ2rq/rgddNTYqyWGYYtQA$ZSCQgr9RnNH0dJFPfptFb8w9v0JSSuTjiqnNvouUs64', '2026-11-30 16:29:15.372763+00', '2026-11-30 16:29:15.372763+00');
INSERT INTO public.users VALUES ('01a22d4a-05c7-7627-85c5-2fefe6d4713a', 'cadde.3999900000030.01', '01a22d49-f664-73c2-b81c-6fa0890592a7', 'Chidori of the road authority', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$FgXT3ePNG1ZYAz2gR85ngw$1bTrbUqZju8ZpFPstYC1NlLChdqgbuOu6yob///VchI', '2026-11-30 16:29:15.591624+00', '2026-11-30 16:29:15.591624+00');

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_serial UNIQUE (serial);

ALTER TABLE ONLY public.certified_keys
    ADD CONSTRAINT certified_keys_pkey PRIMARY KEY (spki_sha256);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_base_url UNIQUE (base_url);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_client_id PRIMARY KEY (client_id);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.last_certificate
    ADD CONSTRAINT last_certificate_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.participants
    ADD CONSTRAINT participants_number UNIQUE (number);

ALTER TABLE ONLY public.participants
    ADD CONSTRAINT participants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.token_families
    ADD CONSTRAINT token_families_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.user_orgs
    ADD CONSTRAINT user_orgs_pkey PRIMARY KEY (user_id, org);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_user_id UNIQUE (user_id);

CREATE INDEX certificates_client ON public.certificates USING btree (client_id, seq);

CREATE INDEX certificates_revoked ON public.certificates USING btree (not_after) WHERE (revoked_at IS NOT NULL);

CREATE INDEX certificates_sha256 ON public.certificates USING btree (sha256);

CREATE UNIQUE INDEX clients_client_id_folded ON public.clients USING btree (lower((client_id COLLATE "C")));

CREATE INDEX clients_user ON public.clients USING btree (user_id);

CREATE INDEX enrolment_codes_client ON public.enrolment_codes USING btree (client_id);

CREATE INDEX refresh_tokens_family ON public.refresh_tokens USING btree (family);

CREATE INDEX refresh_tokens_sealed ON public.refresh_tokens USING btree (used_at) WHERE (successor IS NOT NULL);

CREATE INDEX token_families_client ON public.token_families USING btree (client_id);

CREATE INDEX token_families_expiry ON public.token_families USING btree (expires_at);

CREATE INDEX token_families_revoked ON public.token_families USING btree (revoked_at) WHERE (revoked_at IS NOT NULL);

CREATE INDEX token_families_user ON public.token_families USING btree (user_id);

CREATE INDEX users_participant ON public.users USING btree (participant);

CREATE UNIQUE INDEX users_user_id_folded ON public.users USING btree (lower((user_id COLLATE "C")));

CREATE TRIGGER events_counted AFTER INSERT ON public.events FOR EACH ROW WHEN ((new.kind <> ALL (ARRAY['certificate.issued'::text, 'certificate.renewed'::text]))) EXECUTE FUNCTION public.count_event();

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(client_id);

ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_spki_sha256_fkey FOREIGN KEY (spki_sha256) REFERENCES public.certified_keys(spki_sha256);

ALTER TABLE ONLY public.certified_keys
    ADD CONSTRAINT certified_keys_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(client_id);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(user_id);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(client_id);

ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT enrolment_codes_serial_fkey FOREIGN KEY (serial) REFERENCES public.certificates(serial);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_family_fkey FOREIGN KEY (family) REFERENCES public.token_families(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.token_families
    ADD CONSTRAINT token_families_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(client_id);

ALTER TABLE ONLY public.token_families
    ADD CONSTRAINT token_families_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(user_id);

ALTER TABLE ONLY public.user_orgs
    ADD CONSTRAINT user_orgs_org_fkey FOREIGN KEY (org) REFERENCES public.users(user_id);

ALTER TABLE ONLY public.user_orgs
    ADD CONSTRAINT user_orgs_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(user_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_participant_fkey FOREIGN KEY (participant) REFERENCES public.participants(id);

