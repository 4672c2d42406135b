//! One row an endpoint: who may call it, and a request that is as good as it can be without doing harm.

/// Who may call; `attempts` says what each of them lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    Registered,
    Server,
    Bearer,
    RawBearer,
    Operator,
    OperatorWithTool,
    OperatorWithToolOrOwner,
    Client,
    Owner,
    Grant,
    GrantAndReceiver,
    Code,
}

/// One endpoint.
#[derive(Debug)]
pub struct Row {
    /// Which service.
    pub service: &'static str,
    /// Which listener.
    pub listener: &'static str,
    /// Method.
    pub method: &'static str,
    /// Path as its router has it.
    pub path: &'static str,
    /// Who may call it.
    pub needs: Needs,
    /// Header fields beside the credentials.
    pub headers: &'static [(&'static str, &'static str)],
    /// Parameters of the path that get another value than the usual one.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Query of the request.
    pub query: &'static str,
    /// JSON where it begins with a brace, else a form.
    pub body: &'static str,
}

const fn row(
    service: &'static str,
    listener: &'static str,
    method: &'static str,
    path: &'static str,
    needs: Needs,
) -> Row {
    Row {
        service,
        listener,
        method,
        path,
        needs,
        headers: &[],
        parameters: &[],
        query: "",
        body: "",
    }
}

impl Row {
    const fn with_body(mut self, body: &'static str) -> Self {
        self.body = body;
        self
    }

    /// Deletes nothing that exists.
    const fn for_nobody(mut self) -> Self {
        self.parameters = &[("{provider_id}", "{nobody}"), ("{user_id}", "{nobody}")];
        self
    }

    const fn asking(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }

    const fn with_headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }
}

/// A's own record as it is.
const OWN_LOCATION: &str = r#"{"provider_id": "{provider_id}", "provider_connector_url": "{provider_url}",
    "connector_id": "{provider_connector_id}", "profile": "kakehashi/1"}"#;
const OWN_URL: &str = r#"{"provider_connector_url": "{provider_url}"}"#;
const NO_LOGIN: &str = r#"{"user_id": "{nobody}"}"#;
const NO_REFRESH: &str = r#"{"refresh_token": 0}"#;
const INTROSPECT: &str = r#"{"access_token": "{token}"}"#;
const STATE: &str = r#"{"state": "suspended", "reason": "a try"}"#;
const FETCH: &[(&str, &str)] = &[
    ("x-cadde-resource-url", "{resource}"),
    ("x-cadde-resource-api-type", "file/http"),
    ("x-cadde-provider", "{provider_id}"),
];
/// For somebody who does not exist, on something that nobody offers.
const GRANT: &str = r#"{"permission": {"target": "http://nowhere.example/", "assigner": "{provider_id}",
    "assignee": {"user": "{nobody}"}}}"#;

/// All of them.
pub const ROWS: &[Row] = &[
    row(
        "location",
        "peer",
        "GET",
        "/cadde/api/v4/location/{provider_id}",
        Needs::Registered,
    ),
    row(
        "location",
        "peer",
        "GET",
        "/cadde/api/v4/location/",
        Needs::Registered,
    ),
    row(
        "location",
        "peer",
        "POST",
        "/cadde/api/v4/location",
        Needs::OperatorWithTool,
    )
    .with_body("{}"),
    row(
        "location",
        "peer",
        "PUT",
        "/cadde/api/v4/location",
        Needs::OperatorWithToolOrOwner,
    )
    .with_body(OWN_LOCATION),
    row(
        "location",
        "peer",
        "PATCH",
        "/cadde/api/v4/location/{provider_id}",
        Needs::OperatorWithToolOrOwner,
    )
    .with_body(OWN_URL),
    row(
        "location",
        "peer",
        "DELETE",
        "/cadde/api/v4/location/{provider_id}",
        Needs::OperatorWithTool,
    )
    .for_nobody(),
    row(
        "location",
        "peer",
        "PATCH",
        "/api/v4/location/{provider_id}",
        Needs::OperatorWithToolOrOwner,
    )
    .with_body(OWN_URL),
    row(
        "location",
        "peer",
        "DELETE",
        "/api/v4/location/{provider_id}",
        Needs::OperatorWithTool,
    )
    .for_nobody(),
    row(
        "location",
        "peer",
        "GET",
        "/cadde/api/v4/locations",
        Needs::Operator,
    ),
    row(
        "location",
        "peer",
        "GET",
        "/.well-known/jwks.json",
        Needs::Nothing,
    ),
    row("location", "peer", "GET", "/v1/changes", Needs::Operator),
    row("location", "peer", "GET", "/openapi.json", Needs::Nothing),
    // The authentication server: the same token endpoints on both listeners.
    row("auth", "peer", "POST", "/cadde/api/v4/token", Needs::Client).with_body(NO_LOGIN),
    row(
        "auth",
        "peer",
        "POST",
        "/cadde/api/v4/token/refresh",
        Needs::Client,
    )
    .with_body(NO_REFRESH),
    row(
        "auth",
        "peer",
        "POST",
        "/cadde/api/v4/token/introspect",
        Needs::Client,
    )
    .with_body(INTROSPECT),
    row(
        "auth",
        "peer",
        "POST",
        "/cadde/api/v4/token/intorospect",
        Needs::Client,
    )
    .with_body(INTROSPECT),
    row("auth", "peer", "POST", "/oauth2/token", Needs::Client).with_body("grant_type=nothing"),
    row("auth", "peer", "POST", "/oauth2/introspect", Needs::Client).with_body("token=x"),
    row(
        "auth",
        "peer",
        "GET",
        "/.well-known/openid-configuration",
        Needs::Nothing,
    ),
    row(
        "auth",
        "peer",
        "GET",
        "/.well-known/oauth-authorization-server",
        Needs::Nothing,
    ),
    row(
        "auth",
        "peer",
        "GET",
        "/.well-known/jwks.json",
        Needs::Nothing,
    ),
    row(
        "auth",
        "peer",
        "POST",
        "/v1/certificates/renewal",
        Needs::Registered,
    )
    .with_body(r#"{"csr": "none"}"#),
    row(
        "auth",
        "peer",
        "GET",
        "/v1/registry/connectors/{id}",
        Needs::Registered,
    ),
    row(
        "auth",
        "peer",
        "GET",
        "/v1/registry/services/{id}",
        Needs::Registered,
    ),
    row(
        "auth",
        "peer",
        "GET",
        "/v1/registry/users/{user_id}",
        Needs::Server,
    ),
    row(
        "auth",
        "peer",
        "POST",
        "/v1/registry/suspensions",
        Needs::Registered,
    )
    .with_body("{}"),
    row(
        "auth",
        "peer",
        "GET",
        "/v1/registry/certificates/{sha256}",
        Needs::Registered,
    ),
    row(
        "auth",
        "public",
        "POST",
        "/cadde/api/v4/token",
        Needs::Client,
    )
    .with_body(NO_LOGIN),
    row(
        "auth",
        "public",
        "POST",
        "/cadde/api/v4/token/refresh",
        Needs::Client,
    )
    .with_body(NO_REFRESH),
    row(
        "auth",
        "public",
        "POST",
        "/cadde/api/v4/token/introspect",
        Needs::Client,
    )
    .with_body(INTROSPECT),
    row(
        "auth",
        "public",
        "POST",
        "/cadde/api/v4/token/intorospect",
        Needs::Client,
    )
    .with_body(INTROSPECT),
    row("auth", "public", "POST", "/oauth2/token", Needs::Client).with_body("grant_type=nothing"),
    row(
        "auth",
        "public",
        "POST",
        "/oauth2/introspect",
        Needs::Client,
    )
    .with_body("token=x"),
    row(
        "auth",
        "public",
        "GET",
        "/.well-known/openid-configuration",
        Needs::Nothing,
    ),
    row(
        "auth",
        "public",
        "GET",
        "/.well-known/oauth-authorization-server",
        Needs::Nothing,
    ),
    row(
        "auth",
        "public",
        "GET",
        "/.well-known/jwks.json",
        Needs::Nothing,
    ),
    row("auth", "public", "GET", "/openapi.json", Needs::Nothing),
    row("auth", "public", "POST", "/v1/enrolments", Needs::Code)
        .with_body(r#"{"code": "wrong", "csr": "{csr}"}"#),
    row("auth", "public", "GET", "/v1/ca.pem", Needs::Nothing),
    row("auth", "public", "GET", "/v1/crl.pem", Needs::Nothing),
    // Its operator API.
    row("auth", "public", "GET", "/v1/participants", Needs::Operator),
    row(
        "auth",
        "public",
        "POST",
        "/v1/participants",
        Needs::Operator,
    )
    .with_body("{}"),
    row(
        "auth",
        "public",
        "GET",
        "/v1/participants/{id}",
        Needs::Operator,
    ),
    row(
        "auth",
        "public",
        "POST",
        "/v1/participants/{id}/state",
        Needs::Operator,
    )
    .with_body(STATE),
    row("auth", "public", "GET", "/v1/users", Needs::Operator),
    row("auth", "public", "POST", "/v1/users", Needs::Operator).with_body("{}"),
    row(
        "auth",
        "public",
        "GET",
        "/v1/users/{user_id}",
        Needs::Operator,
    ),
    row(
        "auth",
        "public",
        "POST",
        "/v1/users/{user_id}/state",
        Needs::Operator,
    )
    .for_nobody()
    .with_body(STATE),
    row(
        "auth",
        "public",
        "POST",
        "/v1/users/{user_id}/password",
        Needs::Operator,
    )
    .for_nobody(),
    row("auth", "public", "GET", "/v1/connectors", Needs::Operator),
    row("auth", "public", "POST", "/v1/connectors", Needs::Operator).with_body("{}"),
    row(
        "auth",
        "public",
        "POST",
        "/v1/connectors/check",
        Needs::Operator,
    )
    .with_body("{}"),
    row(
        "auth",
        "public",
        "GET",
        "/v1/connectors/{id}",
        Needs::Operator,
    ),
    row(
        "auth",
        "public",
        "POST",
        "/v1/connectors/{id}/state",
        Needs::Operator,
    )
    .with_body(STATE),
    row(
        "auth",
        "public",
        "POST",
        "/v1/connectors/{id}/profile",
        Needs::Operator,
    )
    .with_body(r#"{"profile": "kakehashi/1"}"#),
    row(
        "auth",
        "public",
        "POST",
        "/v1/connectors/{id}/secret",
        Needs::Operator,
    ),
    row(
        "auth",
        "public",
        "POST",
        "/v1/connectors/{id}/enrolment",
        Needs::Operator,
    ),
    row(
        "auth",
        "public",
        "POST",
        "/v1/connectors/{id}/certificates",
        Needs::Operator,
    )
    .with_body("{}"),
    row("auth", "public", "GET", "/v1/services", Needs::Operator),
    row("auth", "public", "POST", "/v1/services", Needs::Operator).with_body("{}"),
    row(
        "auth",
        "public",
        "GET",
        "/v1/services/{id}",
        Needs::Operator,
    ),
    row(
        "auth",
        "public",
        "POST",
        "/v1/services/{id}/state",
        Needs::Operator,
    )
    .with_body(STATE),
    row(
        "auth",
        "public",
        "POST",
        "/v1/services/{id}/enrolment",
        Needs::Operator,
    ),
    row(
        "auth",
        "public",
        "POST",
        "/v1/services/{id}/certificates",
        Needs::Operator,
    )
    .with_body("{}"),
    row("auth", "public", "GET", "/v1/clients", Needs::Operator),
    row("auth", "public", "POST", "/v1/clients", Needs::Operator).with_body("{}"),
    row("auth", "public", "GET", "/v1/clients/{id}", Needs::Operator),
    row(
        "auth",
        "public",
        "POST",
        "/v1/clients/{id}/state",
        Needs::Operator,
    )
    .with_body(STATE),
    row(
        "auth",
        "public",
        "POST",
        "/v1/clients/{id}/purpose",
        Needs::Operator,
    )
    .with_body(r#"{"purpose": {"kind": "application"}}"#),
    row(
        "auth",
        "public",
        "POST",
        "/v1/clients/{id}/secret",
        Needs::Operator,
    ),
    row("auth", "public", "GET", "/v1/certificates", Needs::Operator),
    row(
        "auth",
        "public",
        "GET",
        "/v1/certificates/{serial}",
        Needs::Operator,
    ),
    row(
        "auth",
        "public",
        "POST",
        "/v1/certificates/{serial}/revocation",
        Needs::Operator,
    )
    .with_body(r#"{"reason": "a try"}"#),
    row("auth", "public", "GET", "/v1/events", Needs::Operator),
    // The ledger. With a certificate no token is looked at.
    row(
        "provenance",
        "public",
        "POST",
        "/v2/eventwithhash",
        Needs::Bearer,
    ),
    row(
        "provenance",
        "public",
        "GET",
        "/v2/lineage/{cdleventid}",
        Needs::RawBearer,
    ),
    row(
        "provenance",
        "public",
        "GET",
        "/openapi.json",
        Needs::Nothing,
    ),
    row(
        "provenance",
        "peer",
        "POST",
        "/v2/eventwithhash",
        Needs::Registered,
    ),
    row(
        "provenance",
        "peer",
        "GET",
        "/v2/lineage/{cdleventid}",
        Needs::Registered,
    ),
    row("provenance", "peer", "GET", "/openapi.json", Needs::Nothing),
    row(
        "provenance",
        "peer",
        "POST",
        "/v2/events:batch",
        Needs::Registered,
    )
    .with_body(r#"{"items": []}"#),
    row(
        "provenance",
        "peer",
        "POST",
        "/v2/events%3Abatch",
        Needs::Registered,
    )
    .with_body(r#"{"items": []}"#),
    row(
        "provenance",
        "peer",
        "POST",
        "/v2/events%3abatch",
        Needs::Registered,
    )
    .with_body(r#"{"items": []}"#),
    // The connectors. The resource is one that A grants to the users of B and C.
    row(
        "provider",
        "peer",
        "GET",
        "/cadde/api/v4/file",
        Needs::GrantAndReceiver,
    )
    .with_headers(FETCH),
    row(
        "provider",
        "peer",
        "GET",
        "/cadde/api/v4/authorization",
        Needs::Owner,
    )
    .asking("?assigner={provider_id}&target={resource}"),
    row(
        "provider",
        "peer",
        "POST",
        "/cadde/api/v4/authorization",
        Needs::Owner,
    )
    .with_body(GRANT),
    row(
        "provider",
        "peer",
        "DELETE",
        "/cadde/api/v4/authorization",
        Needs::Owner,
    )
    .with_body(GRANT),
    row(
        "provider",
        "peer",
        "GET",
        "/cadde/api/v4/authorization_list",
        Needs::Owner,
    )
    .asking("?assigner={provider_id}"),
    row("receiver", "api", "GET", "/cadde/api/v4/file", Needs::Grant).with_headers(FETCH),
    // A data server asks nobody: it listens where its own provider connector alone reaches it.
    row("data", "data", "GET", "/{*path}", Needs::Nothing),
    row("data", "data", "HEAD", "/{*path}", Needs::Nothing),
];
