-- What the version ed97556 kept after a trial's first exchanges.

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
    revoked_at timestamp with time zone
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

INSERT INTO public._sqlx_migrations VALUES (1, 'registration', '2026-11-30 16:27:33.86668+00', true, '\x9ee9b2d34c14fd3a52086def735b6970a5bb569f04ebd5ce311968f5c2b8b14e6834f5cd8ba81f17f1ff54efa3bb4405', 283983153);
INSERT INTO public._sqlx_migrations VALUES (2, 'certificates', '2026-11-30 16:27:34.210379+00', true, '\xc598827a8dbab3d7567f174d402e4ef3f9311168cbeae949cf114fc3dec1e6b243b016ab7aabd33b7e8b7be3498a1fcb', 309131801);
INSERT INTO public._sqlx_migrations VALUES (3, 'token families', '2026-11-30 16:27:34.550787+00', true, '\x9f262f0d9997b19721ddf37c8d61e52d0972e65180a7ecfb925d0d54cc9a0892ce43a7f96910d936e8c56cbdcf80cac7', 240031919);
INSERT INTO public._sqlx_migrations VALUES (4, 'folded client ids', '2026-11-30 16:27:34.850705+00', true, '\x6b278f403aca3c53e6aa205a043bdd216492c9d30fa12f3dd57e2c48ec7c395cf18e59241f2d1f2c841e0432e6300066', 88703860);
INSERT INTO public._sqlx_migrations VALUES (5, 'changes', '2026-11-30 16:27:34.978689+00', true, '\x38f67a387045a6062dcf96ec65fbace72c08d29bd128f891e647f67bee4efcecfba007920155a341260ab11834fa386d', 276007324);

INSERT INTO public.certificates VALUES (1, '50bfd3c2cb9c6724d96abf7d18b656b2', 'auth.kakehashi.example', '\x985ebe9bfc5b365d25e562a854c9bcdf8a20907fd554779361a30bf377466ec6', '\xd2df280eb6bf6ee1627296530be0d27bfab62f9310e28dfd6f8ff1e001cafadd', '-----BEGIN CERTIFICATE-----
MIICETCCAbagAwIBAgIQUL/TwsucZyTZar99GLZWsjAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTczNVoXDTI3MDIyODE2MjczNVowITEfMB0G
A1UEAwwWYXV0aC5rYWtlaGFzaGkuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABG1gnkwqtcMcm2AE2waSiztbgXr0S4wZRCPhV8mG2tt9KBh5XiPTZfvr
BeuDopV22peXaQktRQMGhKl/BTWzCR2jgbQwgbEwHwYDVR0jBBgwFoAUfeCEDXOE
iubzXNhSIJ42uvhsj/0wMgYDVR0RBCswKYIWYXV0aC5rYWtlaGFzaGkuZXhhbXBs
ZYIJbG9jYWxob3N0hwR/AAABMA4GA1UdDwEB/wQEAwIHgDAdBgNVHSUEFjAUBggr
BgEFBQcDAQYIKwYBBQUHAwIwHQYDVR0OBBYEFJhevpv8WzZdJeViqFTJvN+KIJB/
MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAPHixVzapD6g6FeVeZ+W
vWrbQ0SV/hKI9nlbttJedJ5TAiEA4ti6dYRjLkPaAqbLU+uyOFYEmLYzqBTjfHGH
DLah37A=
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:17:35+00', '2027-02-28 16:27:35+00', NULL);
INSERT INTO public.certificates VALUES (2, '4f772186d11b7f351cb46678ab1203f7', 'location.kakehashi.example', '\x754e81a447afb61072e9b459adc58c6dcb84ad1b12d8e9f0ca3a2dc7ff0b9b49', '\x12ca46f7407f772d4d3164d44c66e8826e75b840e0a84ef07a7aa9ec39e1a048', '-----BEGIN CERTIFICATE-----
MIICGDCCAb6gAwIBAgIQT3chhtEbfzUctGZ4qxID9zAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTc1MloXDTI3MDIyODE2Mjc1MlowJTEjMCEG
A1UEAwwabG9jYXRpb24ua2FrZWhhc2hpLmV4YW1wbGUwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAATQ7rsLLtk/AvUBF4cdKrBk4crrX+QaY+ddNR/JTxUio90ISPOK
hKBRGCtwrrJkDWZpEcKIC4tLWKBQLtF4WlsPo4G4MIG1MB8GA1UdIwQYMBaAFH3g
hA1zhIrm81zYUiCeNrr4bI/9MDYGA1UdEQQvMC2CGmxvY2F0aW9uLmtha2VoYXNo
aS5leGFtcGxlgglsb2NhbGhvc3SHBH8AAAEwDgYDVR0PAQH/BAQDAgeAMB0GA1Ud
JQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAdBgNVHQ4EFgQUdU6BpEevthBy6bRZ
rcWMbcuErRswDAYDVR0TAQH/BAIwADAKBggqhkjOPQQDAgNIADBFAiAXdusJZQhH
WFPp4pONTs5uC44k92xf6G9L/8wvoodAAgIhAKswtcSYRGKQe0xTk7jhn3sCLHdl
tOQxEUQLHFz1/0qv
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:17:52+00', '2027-02-28 16:27:52+00', NULL);
INSERT INTO public.certificates VALUES (3, '7b2bfa1db6244f07a054766c7b2855ad', 'provenance.kakehashi.example', '\x2d9d9b269ee27e0d41f70f98b541d8e1dc99ee7a1383a21c36e115f41db20cb3', '\x70efe11e7a727b886ca87c910c1b61ec6a3cea96a1249734bc58be96d5cdbdf9', '-----BEGIN CERTIFICATE-----
MIICHTCCAcKgAwIBAgIQeyv6HbYkTwegVHZseyhVrTAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTc1MloXDTI3MDIyODE2Mjc1MlowJzElMCMG
A1UEAwwccHJvdmVuYW5jZS5rYWtlaGFzaGkuZXhhbXBsZTBZMBMGByqGSM49AgEG
CCqGSM49AwEHA0IABPi1y/Jb90ufGj2w/mq+vFnaP028c+YSfyYKbMfFPeAmtgrz
RTS01L9li1hUUy+b261LIHo9O56JzM4zitARiamjgbowgbcwHwYDVR0jBBgwFoAU
feCEDXOEiubzXNhSIJ42uvhsj/0wOAYDVR0RBDEwL4IccHJvdmVuYW5jZS5rYWtl
aGFzaGkuZXhhbXBsZYIJbG9jYWxob3N0hwR/AAABMA4GA1UdDwEB/wQEAwIHgDAd
BgNVHSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIwHQYDVR0OBBYEFC2dmyae4n4N
QfcPmLVB2OHcme56MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAJQX
YTBUPfp7gMogCJjwIflXjpBIw7+peTznZEfBQsgdAiEAkEyTk9EM+FTQl9X66DC+
pk5+4n+9kLguTmFVNt1EUco=
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:17:52+00', '2027-02-28 16:27:52+00', NULL);
INSERT INTO public.certificates VALUES (4, '7d86961699636e5d598e99c7424eb362', 'tool.kakehashi.example', '\xae1f944850b9c8f16692980d4970ccc1c243ccc317dae523e828a4d7efecac30', '\x6a62b034e18ff42ce684be46808aef0c7b161d40490d8610b3324d7483a31fa3', '-----BEGIN CERTIFICATE-----
MIICEDCCAbagAwIBAgIQfYaWFpljbl1ZjpnHQk6zYjAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTc1OVoXDTI3MDIyODE2Mjc1OVowITEfMB0G
A1UEAwwWdG9vbC5rYWtlaGFzaGkuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABEr2WKbsSfFZP4/MmNB/u2FdyWvohT2tefu7iL+qp3BlDSPHJjPe7YFn
e3Zr6oRThdRxKf+hOtpQcKRvc/Jl6EujgbQwgbEwHwYDVR0jBBgwFoAUfeCEDXOE
iubzXNhSIJ42uvhsj/0wMgYDVR0RBCswKYIWdG9vbC5rYWtlaGFzaGkuZXhhbXBs
ZYIJbG9jYWxob3N0hwR/AAABMA4GA1UdDwEB/wQEAwIHgDAdBgNVHSUEFjAUBggr
BgEFBQcDAQYIKwYBBQUHAwIwHQYDVR0OBBYEFK4flEhQucjxZpKYDUlwzMHCQ8zD
MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSAAwRQIgTVa0n7frPCgFu5yGe1fl
aF6chgUz8dtmvQ9/wZl0zGQCIQDZwhMkZQ8XtkNMKtUb6VNZv0t5cduHP9Qr8K1G
zxiDaw==
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:17:59+00', '2027-02-28 16:27:59+00', NULL);
INSERT INTO public.certificates VALUES (5, '7e79e6cbabdbd10f2ec4fd96e2db7a4f', 'receiver.a.example', '\x753c6a92f34bf3232ab653a0f440c09069254cdc7bbe76e31c3cd20d8d0e2f96', '\x08640ae477e1fe646d6eb5e542b5fd7c243a742c0f044f30ea28af27cd35905b', '-----BEGIN CERTIFICATE-----
MIICCDCCAa6gAwIBAgIQfnnmy6vb0Q8uxP2W4tt6TzAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTgwMVoXDTI3MDIyODE2MjgwMVowHTEbMBkG
A1UEAwwScmVjZWl2ZXIuYS5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAE4/EniTdRM/UTQchAyUg6oI1tvhF51X+P4+ub740vv88vlS/CUVRcGO3BXxRj
C2dtxmTaYKui+fOKH0JoVt+ZrKOBsDCBrTAfBgNVHSMEGDAWgBR94IQNc4SK5vNc
2FIgnja6+GyP/TAuBgNVHREEJzAlghJyZWNlaXZlci5hLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBR1PGqS80vzIyq2U6D0QMCQaSVM3DAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIQDEOhh2dbLLlRlLFA5ie9kQyL1mgm03
uxsCqFD1/A7lpwIgCMZ+RXBKhaBNkpP58I955tvhvPYE9Xqwdc3MuO+LpsQ=
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:18:01+00', '2027-02-28 16:28:01+00', NULL);
INSERT INTO public.certificates VALUES (9, '7a657cc4e85e13c878eee7c7c74b9455', 'provider.b.example', '\xa899263f07a79127a5eb00270803f569081e4a80e39862e54de33ee0e5abd78c', '\x30d51087fb4efb3790240d3fe938bffced4688cec115dd4e20d4fafa88da70e5', '-----BEGIN CERTIFICATE-----
MIICCDCCAa6gAwIBAgIQemV8xOheE8h47ufHx0uUVTAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTgwN1oXDTI3MDIyODE2MjgwN1owHTEbMBkG
A1UEAwwScHJvdmlkZXIuYi5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEEs0fUiQq9aUBCyNwJ9qX6txooz1LJ2sATabZ907fzRq2Islxh8UWldsXuFPs
G0pZY0so46361cuL+K3UQoJ1xqOBsDCBrTAfBgNVHSMEGDAWgBR94IQNc4SK5vNc
2FIgnja6+GyP/TAuBgNVHREEJzAlghJwcm92aWRlci5iLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBSomSY/B6eRJ6XrACcIA/VpCB5KgDAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0gAMEUCICUPH50RjXByZ6mDROLtGsVSCnJzSdxZ
q23QWoY8X4IFAiEA7VlCR875E/KNsdMs+datzgDvC+9UiOCReTiGmZ/i4ck=
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:18:07+00', '2027-02-28 16:28:07+00', NULL);
INSERT INTO public.certificates VALUES (6, '4c04411fd2cfc73171b89264150df292', 'receiver.c.example', '\xffa12ea6dae8b4412492abf5a43a8c30c4c8e372eeceeaad5a0503b0b32848e0', '\xca18d515b3f57c4c1f6036f02f9d8ee38c0f5edc60c66d5966b196c3e7eda8f5', '-----BEGIN CERTIFICATE-----
MIICBzCCAa6gAwIBAgIQTARBH9LPxzFxuJJkFQ3ykjAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTgwMVoXDTI3MDIyODE2MjgwMVowHTEbMBkG
A1UEAwwScmVjZWl2ZXIuYy5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEhR9Pi7Umu8aB+pAdZtrdH3AmbdGXLKQDdx4dD+3ncMIsV9U+W0jJUL6g43Vp
vvMnHWYxnH7Izz1iqaivnoReFaOBsDCBrTAfBgNVHSMEGDAWgBR94IQNc4SK5vNc
2FIgnja6+GyP/TAuBgNVHREEJzAlghJyZWNlaXZlci5jLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBT/oS6m2ui0QSSSq/WkOowwxMjjcjAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0cAMEQCIE3E9WbRlCDIzkH5mAbZkUvrYlo1QYSo
18KHEUjVXkqDAiAOKEl9mUUlZE0PSo+Bo47eA0gg6wTD7WKi+HFPzA9lPw==
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:18:01+00', '2027-02-28 16:28:01+00', NULL);
INSERT INTO public.certificates VALUES (7, '737ffc1f3654417a6a70e94164595924', 'receiver.b.example', '\xbec34a2e345dc10811b79b00d14954468aed0db043a62b57ffa79d1ba2364aa3', '\xb2d09ff9d67fc6651629271682374bdd4b75c091025ff6f53c569c36a1d5a0c3', '-----BEGIN CERTIFICATE-----
MIICCTCCAa6gAwIBAgIQc3/8HzZUQXpqcOlBZFlZJDAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTgwMVoXDTI3MDIyODE2MjgwMVowHTEbMBkG
A1UEAwwScmVjZWl2ZXIuYi5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEYjPGS1nOdQwlAS+/BVPQ05hNxCk/sVNcj67xz+pzBNo+mfeQQVuRPQe6/fUs
j9x4mfUdbN9fr0GLsUIexzDc56OBsDCBrTAfBgNVHSMEGDAWgBR94IQNc4SK5vNc
2FIgnja6+GyP/TAuBgNVHREEJzAlghJyZWNlaXZlci5iLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBS+w0ouNF3BCBG3mwDRSVRGiu0NsDAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0kAMEYCIQCXom9OZJebzYVXuEt+8de5BCKRHYsq
fcqZGg7h4SHfzAIhAJ/nSkE1pu5TMkr2z/1QOvXYT8jLvmFlX+15QckHyaTx
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:18:01+00', '2027-02-28 16:28:01+00', NULL);
INSERT INTO public.certificates VALUES (8, '5ae2411688dbeea724e1aa8ef05f5f2b', 'provider.a.example', '\x5b1ecd90a74ea73ed12813456c414265d667dd49c63ad2239f8a8be2510e5a9d', '\x6a7b44d85c5683310bed4d6538ecae47839b53c33ddd2a3ca632212090d977ba', '-----BEGIN CERTIFICATE-----
MIICCTCCAa6gAwIBAgIQWuJBFojb7qck4aqO8F9fKzAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTgwN1oXDTI3MDIyODE2MjgwN1owHTEbMBkG
A1UEAwwScHJvdmlkZXIuYS5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAESQhLxaFUrOsiA1Ly1g64y8Kv2hrIb2j4wH2DATAFgbiVD8SkkGGoSAsMMdrU
YyPsuFJRuXNkwKOvMP663mGay6OBsDCBrTAfBgNVHSMEGDAWgBR94IQNc4SK5vNc
2FIgnja6+GyP/TAuBgNVHREEJzAlghJwcm92aWRlci5hLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBRbHs2Qp06nPtEoE0VsQUJl1mfdSTAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0kAMEYCIQDU1jQxtCfFy9Tmcp6QkFlrZ6EJWizV
DgdpodkqUFJOawIhAPyJkAKWjaTJn+18H/6iTJp3Tjb10Qf9iHBa4ir23/HV
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:18:07+00', '2027-02-28 16:28:07+00', NULL);
INSERT INTO public.certificates VALUES (10, '628aba2336aebe9cf11afdf43a0aea9e', 'provider.c.example', '\xe3cc0f51cfd49a6091a680b3641d8e47dab56408d923bb45a925f81e6cdf14b8', '\xceb1376dbbe0ee5e11147f6d91dc56921a09ef3813f34d11c62c42191f996569', '-----BEGIN CERTIFICATE-----
MIICBzCCAa6gAwIBAgIQYoq6IzauvpzxGv30OgrqnjAKBggqhkjOPQQDAjA8MRIw
EAYDVQQKDAlLYWtlaGFzaGkxJjAkBgNVBAMMHUtha2VoYXNoaSBJc3N1aW5nIENB
IGQ1NGNkMjZiMB4XDTI2MTEzMDE2MTgwN1oXDTI3MDIyODE2MjgwN1owHTEbMBkG
A1UEAwwScHJvdmlkZXIuYy5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAE4uQ8dAvwRy7dm9HLEgsqFox787uk5jh8qcqeF3AK2nV0Xbw6dd8jrQkkW3gJ
R6H1qQs9igOSyEx5I3q2FS3up6OBsDCBrTAfBgNVHSMEGDAWgBR94IQNc4SK5vNc
2FIgnja6+GyP/TAuBgNVHREEJzAlghJwcm92aWRlci5jLmV4YW1wbGWCCWxvY2Fs
aG9zdIcEfwAAATAOBgNVHQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEG
CCsGAQUFBwMCMB0GA1UdDgQWBBTjzA9Rz9SaYJGmgLNkHY5H2rVkCDAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0cAMEQCIF7MMgfq/wu11FIUrCk4GAnKOahWQC+Y
aiR4+xMZZWFsAiB3bBpBKSwvTbEYDibPnqDMj11YBYykQZlpUbQKcYCMHA==
MIIB2jCCAX+gAwIBAgIQUawRNw3bu2J+XJsXvgJ4VjAKBggqhkjOPQQDAjA5MRIw
EAYDVQQKDAlLYWtlaGFzaGkxIzAhBgNVBAMMGktha2VoYXNoaSBSb290IENBIGQy
NmNhZWU5MB4XDTI2MTEzMDE2MTczNVoXDTMxMTEyOTE2MTczNVowPDESMBAGA1UE
CgwJS2FrZWhhc2hpMSYwJAYDVQQDDB1LYWtlaGFzaGkgSXNzdWluZyBDQSBkNTRj
ZDI2YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEV8rfzO4QliDYfvzBk8VSY7
mw7GmfhaNsjX/Ptlx/GcChjUtc8goRkJYY/6x7lH8QIJn5D18YX3VkTvR9966Gqj
ZjBkMB8GA1UdIwQYMBaAFH7jqTdIT5z9uGCIbuCoQQcqABWUMA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUfeCEDXOEiubzXNhSIJ42uvhsj/0wEgYDVR0TAQH/BAgw
BgEB/wIBADAKBggqhkjOPQQDAgNJADBGAiEAhdXpMsEUtLdMcz8byJY+pTAJi3kV
OuveGXQJlXYqYZECIQDkWEG2eNyGBm0/vNEhT1gDx6DMuuBESYamp0kisxtzcA==
', true, '2026-11-30 16:18:07+00', '2027-02-28 16:28:07+00', NULL);

INSERT INTO public.certified_keys VALUES ('\x985ebe9bfc5b365d25e562a854c9bcdf8a20907fd554779361a30bf377466ec6', 'auth.kakehashi.example', false);
INSERT INTO public.certified_keys VALUES ('\x754e81a447afb61072e9b459adc58c6dcb84ad1b12d8e9f0ca3a2dc7ff0b9b49', 'location.kakehashi.example', false);
INSERT INTO public.certified_keys VALUES ('\x2d9d9b269ee27e0d41f70f98b541d8e1dc99ee7a1383a21c36e115f41db20cb3', 'provenance.kakehashi.example', false);
INSERT INTO public.certified_keys VALUES ('\xae1f944850b9c8f16692980d4970ccc1c243ccc317dae523e828a4d7efecac30', 'tool.kakehashi.example', false);
INSERT INTO public.certified_keys VALUES ('\x753c6a92f34bf3232ab653a0f440c09069254cdc7bbe76e31c3cd20d8d0e2f96', 'receiver.a.example', false);
INSERT INTO public.certified_keys VALUES ('\xffa12ea6dae8b4412492abf5a43a8c30c4c8e372eeceeaad5a0503b0b32848e0', 'receiver.c.example', false);
INSERT INTO public.certified_keys VALUES ('\xbec34a2e345dc10811b79b00d14954468aed0db043a62b57ffa79d1ba2364aa3', 'receiver.b.example', false);
INSERT INTO public.certified_keys VALUES ('\x5b1ecd90a74ea73ed12813456c414265d667dd49c63ad2239f8a8be2510e5a9d', 'provider.a.example', false);
INSERT INTO public.certified_keys VALUES ('\xa899263f07a79127a5eb00270803f569081e4a80e39862e54de33ee0e5abd78c', 'provider.b.example', false);
INSERT INTO public.certified_keys VALUES ('\xe3cc0f51cfd49a6091a680b3641d8e47dab56408d923bb45a925f81e6cdf14b8', 'provider.c.example', false);

INSERT INTO public.clients VALUES ('auth.kakehashi.example', 'service', 'Authentication server', NULL, NULL, false, '[]', NULL, NULL, 'server', 'active', '2026-11-30 16:27:35.662796+00');
INSERT INTO public.clients VALUES ('operator', 'app', 'Operator', NULL, '\xeea30d1b28db7e029f5d37fbd2b287823ad0a6265a841d3622462bbd6e9aea00', true, '["password", "refresh-token"]', NULL, NULL, NULL, 'active', '2026-11-30 16:27:35.662796+00');
INSERT INTO public.clients VALUES ('location.kakehashi.example', 'service', 'location-server', NULL, NULL, false, '[]', NULL, NULL, 'server', 'active', '2026-11-30 16:27:47.559697+00');
INSERT INTO public.clients VALUES ('provenance.kakehashi.example', 'service', 'provenance-server', NULL, NULL, false, '[]', NULL, NULL, 'server', 'active', '2026-11-30 16:27:47.611397+00');
INSERT INTO public.clients VALUES ('tool.kakehashi.example', 'service', 'The trial''s own tool', NULL, NULL, false, '[]', NULL, NULL, 'operator-tool', 'active', '2026-11-30 16:27:47.611527+00');
INSERT INTO public.clients VALUES ('app-a', 'app', 'Application of domain A', NULL, '\x5921f38a1172597117601d0f8293c370bdcc3e1f2c11041e8b41ae3a4b748a44', true, '["password", "refresh-token"]', NULL, NULL, NULL, 'active', '2026-11-30 16:27:52.895149+00');
INSERT INTO public.clients VALUES ('receiver.a.example', 'connector', 'receiver.a.example', 'cadde.7999900000010.00', '\x250814b072999cdad1a0d01210170a64e6b25f8bc023a016fa58cb75fadbad44', true, '["client-credentials"]', 'receiver', NULL, NULL, 'active', '2026-11-30 16:27:52.895299+00');
INSERT INTO public.clients VALUES ('provider.a.example', 'connector', 'provider.a.example', 'cadde.7999900000010.00', '\xec44c13317b2000bbae951e39435d8407f13d5ad9d717ed7c53123ae017df644', true, '["client-credentials"]', 'provider', 'https://127.0.0.1:26910', NULL, 'active', '2026-11-30 16:27:52.895428+00');
INSERT INTO public.clients VALUES ('receiver.c.example', 'connector', 'receiver.c.example', 'cadde.3999900000030.00', '\x828febdb0a30b40882b57312a184c02db19774032ab131d8940b93908018e56d', true, '["client-credentials"]', 'receiver', NULL, NULL, 'active', '2026-11-30 16:27:53.667065+00');
INSERT INTO public.clients VALUES ('app-c', 'app', 'Application of domain C', NULL, '\x1d8d517ba0801306ebaa33a1eecf0ee57b27effce7b91eacf7e8bbf44541f249', true, '["password", "refresh-token"]', NULL, NULL, NULL, 'active', '2026-11-30 16:27:53.667496+00');
INSERT INTO public.clients VALUES ('provider.c.example', 'connector', 'provider.c.example', 'cadde.3999900000030.00', '\xc5c526c9da98b72ab0605690870c226497acf0e1fee32bcb645a7b52dfabbc14', true, '["client-credentials"]', 'provider', 'https://127.0.0.1:27110', NULL, 'active', '2026-11-30 16:27:54.459876+00');
INSERT INTO public.clients VALUES ('receiver.b.example', 'connector', 'receiver.b.example', 'cadde.5999900000020.00', '\xf6f4b7e46d2450f9d3e370ad3d174ec71bb19b61fc05c5d0f42e8d7c3b773f92', true, '["client-credentials"]', 'receiver', NULL, NULL, 'active', '2026-11-30 16:27:54.999089+00');
INSERT INTO public.clients VALUES ('provider.b.example', 'connector', 'provider.b.example', 'cadde.5999900000020.00', '\x1130fb8839dbe08af22052e3caeac3856970007aebfc2cae10b9916e0dda3220', true, '["client-credentials"]', 'provider', 'https://127.0.0.1:27010', NULL, 'active', '2026-11-30 16:27:54.999452+00');
INSERT INTO public.clients VALUES ('app-b', 'app', 'Application of domain B', NULL, '\x402a7434349805f7119c01104b9b14e742d3956c3371ccd7bdf4bac6d0cfc36c', true, '["password", "refresh-token"]', NULL, NULL, NULL, 'active', '2026-11-30 16:27:54.999547+00');

INSERT INTO public.enrolment_codes VALUES ('\x7ab5def7603565c8d320c60ff9166637dabadc9527eef106334e872859fbd82e', 'location.kakehashi.example', '2026-11-30 16:27:47.559701+00', '2026-12-01 16:27:47.559701+00', '4f772186d11b7f351cb46678ab1203f7');
INSERT INTO public.enrolment_codes VALUES ('\x11d25fcfbea846810c9a76be21c8d2abd53b2adfdf45b46ab3c64f2005fc958b', 'provenance.kakehashi.example', '2026-11-30 16:27:47.611405+00', '2026-12-01 16:27:47.611405+00', '7b2bfa1db6244f07a054766c7b2855ad');
INSERT INTO public.enrolment_codes VALUES ('\xc50c8822b4ba7bc1a6ae19e719a5017f7088e315b0c250bb716eaeb40a448c6f', 'tool.kakehashi.example', '2026-11-30 16:27:47.611528+00', '2026-12-01 16:27:47.611528+00', '7d86961699636e5d598e99c7424eb362');
INSERT INTO public.enrolment_codes VALUES ('\x45ec4df6f36847c8be87fc75ee389e83cce74a5e5e0b7a7e2eb27245e8c318a0', 'receiver.a.example', '2026-11-30 16:27:52.895302+00', '2026-12-01 16:27:52.895302+00', '7e79e6cbabdbd10f2ec4fd96e2db7a4f');
INSERT INTO public.enrolment_codes VALUES ('\x869ca3c6d91e65ccbeea44014d674420e5b618fe0771cb794c52b37a984b820c', 'receiver.c.example', '2026-11-30 16:27:53.667075+00', '2026-12-01 16:27:53.667075+00', '4c04411fd2cfc73171b89264150df292');
INSERT INTO public.enrolment_codes VALUES ('\x6362870660d8db0e80e846eb7042dd6424bbb1ccb0bf3d11c4044f7e3a1570c6', 'receiver.b.example', '2026-11-30 16:27:54.999099+00', '2026-12-01 16:27:54.999099+00', '737ffc1f3654417a6a70e94164595924');
INSERT INTO public.enrolment_codes VALUES ('\xd993f36cbc22d9edd67543fa05dbccaad690a8bb0be9af8e0dfbd5cdb779ac9b', 'provider.a.example', '2026-11-30 16:27:52.895429+00', '2026-12-01 16:27:52.895429+00', '5ae2411688dbeea724e1aa8ef05f5f2b');
INSERT INTO public.enrolment_codes VALUES ('\x637de45f375281af1661ebbfbc954c5ba909acb420b12231a7b9c76be7c4ff37', 'provider.b.example', '2026-11-30 16:27:54.999454+00', '2026-12-01 16:27:54.999454+00', '7a657cc4e85e13c878eee7c7c74b9455');
INSERT INTO public.enrolment_codes VALUES ('\xabc2b6cd84e1eba5655c5878568354867d74a505b9b8ee1510dc4dc9b7d5e7ed', 'provider.c.example', '2026-11-30 16:27:54.459887+00', '2026-12-01 16:27:54.459887+00', '628aba2336aebe9cf11afdf43a0aea9e');

INSERT INTO public.events VALUES ('01a22d48-7f6e-7065-bf09-7535969c8075', '2026-11-30 16:27:35.662796+00', 'system', 'installation.initialised', 'auth.kakehashi.example', NULL, NULL);
INSERT INTO public.events VALUES ('01a22d48-ade7-725f-aa9e-7ef659c8a189', '2026-11-30 16:27:47.559719+00', 'cadde.8999900000001.op', 'service.registered', 'location.kakehashi.example', NULL, '01a22d48-ade7-725f-aa9e-7ef5dd9538f6');
INSERT INTO public.events VALUES ('01a22d48-ae1b-70ad-adc4-e6b2e20182f4', '2026-11-30 16:27:47.611426+00', 'cadde.8999900000001.op', 'service.registered', 'provenance.kakehashi.example', NULL, '01a22d48-ae1b-70ad-adc4-e6b1ea9e2377');
INSERT INTO public.events VALUES ('01a22d48-ae1b-70ad-adc4-e6b41b4583f4', '2026-11-30 16:27:47.611531+00', 'cadde.8999900000001.op', 'service.registered', 'tool.kakehashi.example', NULL, '01a22d48-ae1b-70ad-adc4-e6b3a777bb20');
INSERT INTO public.events VALUES ('01a22d48-b6f7-74d2-8316-f0e125c1e897', '2026-11-30 16:27:49.879963+00', 'cadde.8999900000001.op', 'participant.registered', '01a22d48-b6f7-74d2-8316-f0e0f53f66f1', NULL, '01a22d48-b6f7-74d2-8316-f0df5d1ec3fb');
INSERT INTO public.events VALUES ('01a22d48-b6f8-72dc-a45e-68dcb0526384', '2026-11-30 16:27:49.880219+00', 'cadde.8999900000001.op', 'participant.registered', '01a22d48-b6f8-72dc-a45e-68db707e6ba5', NULL, '01a22d48-b6f8-72dc-a45e-68da8c88145d');
INSERT INTO public.events VALUES ('01a22d48-b6f8-72dc-a45e-68df632dd1cc', '2026-11-30 16:27:49.880308+00', 'cadde.8999900000001.op', 'participant.registered', '01a22d48-b6f8-72dc-a45e-68de652bb245', NULL, '01a22d48-b6f8-72dc-a45e-68dde6ca9b6c');
INSERT INTO public.events VALUES ('01a22d48-c012-73b4-94a0-0411a487a37d', '2026-11-30 16:27:52.210866+00', 'location.kakehashi.example', 'certificate.issued', 'location.kakehashi.example', 'serial 4f772186d11b7f351cb46678ab1203f7', '01a22d48-bed1-749e-ba0b-3f58f3a61a97');
INSERT INTO public.events VALUES ('01a22d48-c0be-70a5-aba0-988d069b857f', '2026-11-30 16:27:52.382774+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.7999900000010.00', NULL, '01a22d48-b89f-778b-beaf-a74e6d152bab');
INSERT INTO public.events VALUES ('01a22d48-c013-731a-a24c-03bef9b3ae77', '2026-11-30 16:27:52.211147+00', 'provenance.kakehashi.example', 'certificate.issued', 'provenance.kakehashi.example', 'serial 7b2bfa1db6244f07a054766c7b2855ad', '01a22d48-becf-776c-9ed9-98e4f99e5d90');
INSERT INTO public.events VALUES ('01a22d48-c257-71a9-9b53-8c7d4aa8e9b8', '2026-11-30 16:27:52.791394+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.3999900000030.00', NULL, '01a22d48-b84f-7790-b120-cc338a8f5794');
INSERT INTO public.events VALUES ('01a22d48-c2bf-7092-919c-7bfd73891d9c', '2026-11-30 16:27:52.895173+00', 'cadde.8999900000001.op', 'client.registered', 'app-a', NULL, '01a22d48-c2be-7257-931b-9040554ac530');
INSERT INTO public.events VALUES ('01a22d48-c2bf-7092-919c-7bff4cb973ae', '2026-11-30 16:27:52.895309+00', 'cadde.8999900000001.op', 'connector.registered', 'receiver.a.example', NULL, '01a22d48-c2bf-7092-919c-7bfe58a65a83');
INSERT INTO public.events VALUES ('01a22d48-c2bf-7092-919c-7c01c7118363', '2026-11-30 16:27:52.895432+00', 'cadde.8999900000001.op', 'connector.registered', 'provider.a.example', NULL, '01a22d48-c2bf-7092-919c-7c00a6cb03f3');
INSERT INTO public.events VALUES ('01a22d48-c5c3-7611-ae61-9545e14e7e96', '2026-11-30 16:27:53.667096+00', 'cadde.8999900000001.op', 'connector.registered', 'receiver.c.example', NULL, '01a22d48-c5c2-70c3-9222-94e5cec3eb8a');
INSERT INTO public.events VALUES ('01a22d48-c5c3-7611-ae61-95477cc1829a', '2026-11-30 16:27:53.6675+00', 'cadde.8999900000001.op', 'client.registered', 'app-c', NULL, '01a22d48-c5c3-7611-ae61-9546a5cbd7af');
INSERT INTO public.events VALUES ('01a22d48-c832-72e5-a49f-94d0e97231c0', '2026-11-30 16:27:54.290923+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.5999900000020.00', NULL, '01a22d48-ba27-7109-8b29-bc356f9b3b4a');
INSERT INTO public.events VALUES ('01a22d48-c8db-7608-b0e0-0374f1cf42a1', '2026-11-30 16:27:54.45991+00', 'cadde.8999900000001.op', 'connector.registered', 'provider.c.example', NULL, '01a22d48-c8db-7608-b0e0-037390ff830f');
INSERT INTO public.events VALUES ('01a22d48-ca4b-76d5-8ebe-2c0f5fc4ef91', '2026-11-30 16:27:54.827135+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.7999900000010.01', NULL, '01a22d48-c2bf-7092-919c-7c0243ce92a3');
INSERT INTO public.events VALUES ('01a22d48-caf7-7126-9461-47f3da9c0e06', '2026-11-30 16:27:54.999115+00', 'cadde.8999900000001.op', 'connector.registered', 'receiver.b.example', NULL, '01a22d48-caf6-76c9-8d9c-04cd029e52b4');
INSERT INTO public.events VALUES ('01a22d48-caf7-7126-9461-47f633228936', '2026-11-30 16:27:54.999457+00', 'cadde.8999900000001.op', 'connector.registered', 'provider.b.example', NULL, '01a22d48-caf7-7126-9461-47f5418ab5b5');
INSERT INTO public.events VALUES ('01a22d48-caf7-7126-9461-47f8f8940cea', '2026-11-30 16:27:54.999549+00', 'cadde.8999900000001.op', 'client.registered', 'app-b', NULL, '01a22d48-caf7-7126-9461-47f721ca8fc9');
INSERT INTO public.events VALUES ('01a22d48-cdfb-70ec-ab5b-d357b27d6616', '2026-11-30 16:27:55.771434+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.3999900000030.01', NULL, '01a22d48-c3f2-75d9-8bb4-6c81ae36ba2d');
INSERT INTO public.events VALUES ('01a22d48-d157-77ab-a05b-2b82cd27db77', '2026-11-30 16:27:56.631243+00', 'cadde.8999900000001.op', 'user.registered', 'cadde.5999900000020.01', NULL, '01a22d48-caf7-7126-9461-47f41b04a1a2');
INSERT INTO public.events VALUES ('01a22d48-dd5e-72a7-9167-1c7a4c90f451', '2026-11-30 16:27:59.710777+00', 'tool.kakehashi.example', 'certificate.issued', 'tool.kakehashi.example', 'serial 7d86961699636e5d598e99c7424eb362', '01a22d48-dcf1-7039-a05a-e4d85a7865ac');
INSERT INTO public.events VALUES ('01a22d48-e2bf-74f2-8d9f-4fb5305da800', '2026-11-30 16:28:01.087977+00', 'receiver.a.example', 'certificate.issued', 'receiver.a.example', 'serial 7e79e6cbabdbd10f2ec4fd96e2db7a4f', '01a22d48-e26e-7126-96ae-bcf7cd1f1340');
INSERT INTO public.events VALUES ('01a22d48-e2dd-770d-b2a3-2da7b6282b21', '2026-11-30 16:28:01.117757+00', 'receiver.c.example', 'certificate.issued', 'receiver.c.example', 'serial 4c04411fd2cfc73171b89264150df292', '01a22d48-e29a-7166-bd46-6a205cadef9d');
INSERT INTO public.events VALUES ('01a22d48-e57f-716c-8c1c-b8a02fe377b2', '2026-11-30 16:28:01.791063+00', 'receiver.b.example', 'certificate.issued', 'receiver.b.example', 'serial 737ffc1f3654417a6a70e94164595924', '01a22d48-e4bb-723a-bb53-e418b64dfe82');
INSERT INTO public.events VALUES ('01a22d48-fb43-74c9-ab31-568ca291aba9', '2026-11-30 16:28:07.363325+00', 'provider.a.example', 'certificate.issued', 'provider.a.example', 'serial 5ae2411688dbeea724e1aa8ef05f5f2b', '01a22d48-fb1a-7424-b62b-634b7deca69f');
INSERT INTO public.events VALUES ('01a22d48-fcf3-72da-b100-e0e8d54d8036', '2026-11-30 16:28:07.795236+00', 'provider.b.example', 'certificate.issued', 'provider.b.example', 'serial 7a657cc4e85e13c878eee7c7c74b9455', '01a22d48-fb42-745c-bd3b-326ca3a731be');
INSERT INTO public.events VALUES ('01a22d48-fd48-716b-9be9-0dd868cbfcfa', '2026-11-30 16:28:07.880278+00', 'provider.c.example', 'certificate.issued', 'provider.c.example', 'serial 628aba2336aebe9cf11afdf43a0aea9e', '01a22d48-fd39-71c9-a4d8-3b39493feea7');

INSERT INTO public.last_certificate VALUES (true, 10);

INSERT INTO public.meta VALUES ('initialised_at', '2026-11-30T16:27:35.662Z');
INSERT INTO public.meta VALUES ('crl_number', '1796056065319');
INSERT INTO public.meta VALUES ('changes', '22');

INSERT INTO public.participants VALUES ('01a22d48-7f6e-7065-bf09-7533bd6cefb6', 'organisation', 'Trial operations office', '8999900000001', NULL, 'active', '2026-11-30 16:27:35.662796+00');
INSERT INTO public.participants VALUES ('01a22d48-b6f7-74d2-8316-f0e0f53f66f1', 'organisation', 'Trial road authority', '3999900000030', NULL, 'active', '2026-11-30 16:27:49.879963+00');
INSERT INTO public.participants VALUES ('01a22d48-b6f8-72dc-a45e-68db707e6ba5', 'organisation', 'Trial shelter office', '7999900000010', NULL, 'active', '2026-11-30 16:27:49.880219+00');
INSERT INTO public.participants VALUES ('01a22d48-b6f8-72dc-a45e-68de652bb245', 'organisation', 'Trial river bureau', '5999900000020', NULL, 'active', '2026-11-30 16:27:49.880308+00');

INSERT INTO public.refresh_tokens VALUES ('\x44a04503ccc3bfb3073d9c20aa794d072dc21013fbf2c5952f5615c81d61f4c4', '01a22d48-aca6-74dd-9c6b-2e6cb2a0e030', '2026-11-30 16:27:47.238743+00', '2026-11-30 18:27:47.238743+00', NULL);
INSERT INTO public.refresh_tokens VALUES ('\x714f6abaed069275c77938bb3a86b37207796c4a9a15df3abb1fe3dd1f15b375', '01a22d48-d342-77ce-90d9-7eb612c3fc18', '2026-11-30 16:27:57.122936+00', '2026-11-30 18:27:57.122936+00', NULL);
INSERT INTO public.refresh_tokens VALUES ('\x21e1916de88f9829ea71cdcff11174bc25148ec5073179d28e8867aae0cb5186', '01a22d48-d656-7717-815b-c4dc83172210', '2026-11-30 16:27:57.910933+00', '2026-11-30 18:27:57.910933+00', NULL);
INSERT INTO public.refresh_tokens VALUES ('\xa0e65cf016636eb1847ccb63fdc5a2a4f961747926ec7e3333d0732dccff379c', '01a22d48-d8a7-7448-aed9-f7a354f6bb46', '2026-11-30 16:27:58.503717+00', '2026-11-30 18:27:58.503717+00', NULL);
INSERT INTO public.refresh_tokens VALUES ('\x8d2bec2a26f600edaa4fa96927caf4433b00d4c491ba423e256a163bbc34a49c', '01a22d49-11a7-7140-a1fd-50c1fc7249e3', '2026-11-30 16:28:13.095169+00', '2026-11-30 18:28:13.095169+00', NULL);
INSERT INTO public.refresh_tokens VALUES ('\x961beed03d4e978d93fc27576aac385bb91073f9f99016b78558ade15625e87f', '01a22d49-22cb-73f6-ac44-7f55dfc595c1', '2026-11-30 16:28:17.483189+00', '2026-11-30 18:28:17.483189+00', NULL);

INSERT INTO public.token_families VALUES ('01a22d48-aca6-74dd-9c6b-2e6cb2a0e030', 'operator', 'cadde.8999900000001.op', '1', NULL, '2026-11-30 16:27:47.238743+00', '2026-12-01 02:27:47.238743+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d48-d342-77ce-90d9-7eb612c3fc18', 'app-a', 'cadde.7999900000010.01', '1', NULL, '2026-11-30 16:27:57.122936+00', '2026-12-01 02:27:57.122936+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d48-d656-7717-815b-c4dc83172210', 'app-c', 'cadde.3999900000030.01', '1', NULL, '2026-11-30 16:27:57.910933+00', '2026-12-01 02:27:57.910933+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d48-d8a7-7448-aed9-f7a354f6bb46', 'app-b', 'cadde.5999900000020.01', '1', NULL, '2026-11-30 16:27:58.503717+00', '2026-12-01 02:27:58.503717+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d49-11a7-7140-a1fd-50c1fc7249e3', 'app-b', 'cadde.5999900000020.01', '1', NULL, '2026-11-30 16:28:13.095169+00', '2026-12-01 02:28:13.095169+00', NULL, NULL);
INSERT INTO public.token_families VALUES ('01a22d49-22cb-73f6-ac44-7f55dfc595c1', 'app-a', 'cadde.7999900000010.01', '1', NULL, '2026-11-30 16:28:17.483189+00', '2026-12-01 02:28:17.483189+00', NULL, NULL);

INSERT INTO public.user_orgs VALUES ('cadde.8999900000001.op', 'cadde.8999900000001.op', 0);
INSERT INTO public.user_orgs VALUES ('cadde.7999900000010.00', 'cadde.7999900000010.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.3999900000030.00', 'cadde.3999900000030.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.5999900000020.00', 'cadde.5999900000020.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.7999900000010.01', 'cadde.7999900000010.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.3999900000030.01', 'cadde.3999900000030.00', 0);
INSERT INTO public.user_orgs VALUES ('cadde.5999900000020.01', 'cadde.5999900000020.00', 0);

INSERT INTO public.users VALUES ('01a22d48-7f6e-7065-bf09-7534eb13fa0e', 'cadde.8999900000001.op', '01a22d48-7f6e-7065-bf09-7533bd6cefb6', 'Operator of the trial', NULL, '["operator"]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$xI/dOSwHIdzgNwsnfLMa4A$v9qXqSCxmIUUSBWR+QH7u4BMAUGFXqljq9h3cGZ2hJs', '2026-11-30 16:27:35.662796+00', '2026-11-30 16:27:35.662796+00');
INSERT INTO public.users VALUES ('01a22d48-c0be-70a5-aba0-988c9af61da8', 'cadde.7999900000010.00', '01a22d48-b6f8-72dc-a45e-68db707e6ba5', 'Trial shelter office', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$QCFBrpTznCZp182IeNX/wQ$sS4VtiQzWo8dSyoxWmEjNq3FOfin/GlCHfUhUxeCVqs', '2026-11-30 16:27:52.382774+00', '2026-11-30 16:27:52.382774+00');
INSERT INTO public.users VALUES ('01a22d48-c257-71a9-9b53-8c7cd380d612', 'cadde.3999900000030.00', '01a22d48-b6f7-74d2-8316-f0e0f53f66f1', 'Trial road authority', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$NIBmVWOMknMojz3PH0Scrw$A740IjIrUNhVB5JhdeWhkFIJrnuaaVbtc3sbSuNHoko', '2026-11-30 16:27:52.791394+00', '2026-11-30 16:27:52.791394+00');
INSERT INTO public.users VALUES ('01a22d48-c832-72e5-a49f-94cfd35cd534', 'cadde.5999900000020.00', '01a22d48-b6f8-72dc-a45e-68de652bb245', 'Trial river bureau', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$om9PuiO6L8fzdAYW55cnFQ$g4qhbOe9Jbm0at7MCFwp+aPJwtRe8SDk72cEeydMZuI', '2026-11-30 16:27:54.290923+00', '2026-11-30 16:27:54.290923+00');
INSERT INTO public.users VALUES ('01a22d48-ca4b-76d5-8ebe-2c0e2a6cebba', 'cadde.7999900000010.01', '01a22d48-b6f8-72dc-a45e-68db707e6ba5', 'Aoi of the shelter office', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$IlJ+XQbuzqe1eYOPzNeknw$JDR4w38Ns2t0BJ5sv+y8iSeAi1zlJxz/kYyRG4GnczU', '2026-11-30 16:27:54.827135+00', '2026-11-30 16:27:54.827135+00');
INSERT INTO public.users VALUES ('01a22d48-cdfb-70ec-ab5b-d356183dc572', 'cadde.3999900000030.01', '01a22d48-b6f7-74d2-8316-f0e0f53f66f1', 'Chidori of the road authority', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$wTxGN97PF4DF24r9j1L4fA$jdmFT4ath6exiy40978oUPgJfvRe0GIoSotUIIaJcdA', '2026-11-30 16:27:55.771434+00', '2026-11-30 16:27:55.771434+00');
INSERT INTO public.users VALUES ('01a22d48-d157-77ab-a05b-2b81d1d8796b', 'cadde.5999900000020.01', '01a22d48-b6f8-72dc-a45e-68de652bb245', 'Botan of the river bureau', NULL, '[]', NULL, 'active', '$argon2id$v=19$m=19456,t=2,p=1$7/HhYH8ai0FALKRpPSN/eQ$zSyu1HjtKso+RdomDI2aFOxn6pBgAgWoAhgeIjXbBys', '2026-11-30 16:27:56.631243+00', '2026-11-30 16:27:56.631243+00');

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

CREATE UNIQUE INDEX clients_client_id_folded ON public.clients USING btree (lower((client_id COLLATE "C")));

CREATE INDEX clients_user ON public.clients USING btree (user_id);

CREATE INDEX enrolment_codes_client ON public.enrolment_codes USING btree (client_id);

CREATE INDEX refresh_tokens_family ON public.refresh_tokens USING btree (family);

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

