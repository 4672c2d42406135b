//! One row an endpoint: who may call it, and a request that is as good as it can be without doing harm.

/// Who may call; `attempts` says what each of them lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names say it; `attempts` says what each lets in"
)]
pub enum Needs {
    Nothing,
    Registered,
    Bearer,
    RawBearer,
    Operator,
    OperatorWithTool,
    OperatorWithToolOrOwner,
    Client,
    Owner,
    Grant,
    ConnectorOfTheRecord,
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
        self.parameters = &[("{provider_id}", "{nobody}")];
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
const LOCATION: &str = r#"{"provider_id": "{nobody}", "provider_connector_url": "https://127.0.0.1:1", "profile": "kakehashi/1"}"#;

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
    .with_body(LOCATION),
    row(
        "location",
        "peer",
        "PUT",
        "/cadde/api/v4/location",
        Needs::OperatorWithToolOrOwner,
    )
    .with_body(LOCATION),
    row(
        "location",
        "peer",
        "PATCH",
        "/cadde/api/v4/location/{provider_id}",
        Needs::OperatorWithToolOrOwner,
    )
    .with_body("{}"),
    row(
        "location",
        "peer",
        "DELETE",
        "/cadde/api/v4/location/{provider_id}",
        Needs::OperatorWithTool,
    ),
    row(
        "location",
        "peer",
        "PATCH",
        "/api/v4/location/{provider_id}",
        Needs::OperatorWithToolOrOwner,
    )
    .with_body("{}"),
    row(
        "location",
        "peer",
        "DELETE",
        "/api/v4/location/{provider_id}",
        Needs::OperatorWithTool,
    ),
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
];
