//! One row an endpoint: who may call it, and a request that is as good as it can be without doing harm.

/// Who may call; `attempts` says what each of them lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    Page,
    Registered,
    Server,
    Bearer,
    RawBearer,
    Person,
    Operator,
    OperatorWithTool,
    OperatorWithToolOrOwner,
    Client,
    Owner,
    Grant,
    GrantAndReceiver,
    Steward,
    Reader,
    Session,
    Code,
    OwnPage,
    SignedIn,
    StewardsPage,
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

    const fn with_parameters(
        mut self,
        parameters: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.parameters = parameters;
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
const NO_URI: &str = r#"{"redirect_uris": ["nowhere"]}"#;
const STATE: &str = r#"{"state": "suspended", "reason": "a try"}"#;
const DATASET: &str = r#"{"dataset": {"sharing": "open", "public": {}}}"#;
const ANY: &[(&str, &str)] = &[("if-match", "*")];
const FETCH: &[(&str, &str)] = &[
    ("x-cadde-resource-url", "{resource}"),
    ("x-cadde-resource-api-type", "file/http"),
    ("x-cadde-provider", "{provider_id}"),
];
const SEARCH: &[(&str, &str)] = &[
    ("x-cadde-search", "detail"),
    ("x-cadde-provider", "{provider_id}"),
];
const STATUS: &[(&str, &str)] = &[("{action}", "status_show")];
const STYLES: &[(&str, &str)] = &[("{file}", "kakehashi.css")];
/// For somebody who does not exist, on something that nobody offers.
const GRANT: &str = r#"{"permission": {"target": "http://nowhere.example/", "assigner": "{provider_id}",
    "assignee": {"user": "{nobody}"}}}"#;

/// The table: of each listener of a service its endpoints, with the method, the path and who may call.
macro_rules! rows {
    ($($service:literal $listener:literal {
        $($method:ident $path:literal $needs:ident $(.$change:ident($($with:expr),*))*;)+
    })+) => {
        &[$($(
            row($service, $listener, stringify!($method), $path, Needs::$needs)$(.$change($($with),*))*
        ),+),+]
    };
}

/// All of them.
pub const ROWS: &[Row] = rows! {
    "location" "peer" {
        GET "/cadde/api/v4/location/{provider_id}" Registered;
        GET "/cadde/api/v4/location/" Registered;
        POST "/cadde/api/v4/location" OperatorWithTool .with_body("{}");
        PUT "/cadde/api/v4/location" OperatorWithToolOrOwner .with_body(OWN_LOCATION);
        PATCH "/cadde/api/v4/location/{provider_id}" OperatorWithToolOrOwner .with_body(OWN_URL);
        DELETE "/cadde/api/v4/location/{provider_id}" OperatorWithTool .for_nobody();
        PATCH "/api/v4/location/{provider_id}" OperatorWithToolOrOwner .with_body(OWN_URL);
        DELETE "/api/v4/location/{provider_id}" OperatorWithTool .for_nobody();
        GET "/cadde/api/v4/locations" Operator;
        GET "/.well-known/jwks.json" Nothing;
        GET "/v1/changes" Operator;
        GET "/openapi.json" Nothing;
    }
    // The authentication server: the same token endpoints on both listeners.
    "auth" "peer" {
        POST "/cadde/api/v4/token" Client .with_body(NO_LOGIN);
        POST "/cadde/api/v4/token/refresh" Client .with_body(NO_REFRESH);
        POST "/cadde/api/v4/token/introspect" Client .with_body(INTROSPECT);
        POST "/cadde/api/v4/token/intorospect" Client .with_body(INTROSPECT);
        POST "/oauth2/token" Client .with_body("grant_type=nothing");
        POST "/oauth2/introspect" Client .with_body("token=x");
        POST "/oauth2/revoke" Client .with_body("token=x");
        GET "/oauth2/userinfo" Person;
        POST "/oauth2/userinfo" Person;
        GET "/.well-known/openid-configuration" Nothing;
        GET "/.well-known/oauth-authorization-server" Nothing;
        GET "/.well-known/jwks.json" Nothing;
        POST "/v1/certificates/renewal" Registered .with_body(r#"{"csr": "none"}"#);
        GET "/v1/registry/connectors/{id}" Registered;
        GET "/v1/registry/services/{id}" Registered;
        GET "/v1/registry/users/{user_id}" Server;
        POST "/v1/registry/suspensions" Registered .with_body("{}");
        GET "/v1/registry/certificates/{sha256}" Registered;
    }
    "auth" "public" {
        POST "/cadde/api/v4/token" Client .with_body(NO_LOGIN);
        POST "/cadde/api/v4/token/refresh" Client .with_body(NO_REFRESH);
        POST "/cadde/api/v4/token/introspect" Client .with_body(INTROSPECT);
        POST "/cadde/api/v4/token/intorospect" Client .with_body(INTROSPECT);
        POST "/oauth2/token" Client .with_body("grant_type=nothing");
        POST "/oauth2/introspect" Client .with_body("token=x");
        POST "/oauth2/revoke" Client .with_body("token=x");
        GET "/oauth2/userinfo" Person;
        POST "/oauth2/userinfo" Person;
        // Pages for whoever comes; what they lead to, auth-server's own tests say.
        GET "/oauth2/authorize" Page;
        POST "/oauth2/authorize" Page;
        GET "/oauth2/logout" Nothing;
        POST "/oauth2/logout" Nothing;
        GET "/assets/sign-in.css" Nothing;
        GET "/assets/sign-in.js" Nothing;
        GET "/.well-known/openid-configuration" Nothing;
        GET "/.well-known/oauth-authorization-server" Nothing;
        GET "/.well-known/jwks.json" Nothing;
        GET "/openapi.json" Nothing;
        POST "/v1/enrolments" Code .with_body(r#"{"code": "wrong", "csr": "{csr}"}"#);
        GET "/v1/ca.pem" Nothing;
        GET "/v1/crl.pem" Nothing;
        // Its operator API.
        GET "/v1/participants" Operator;
        POST "/v1/participants" Operator .with_body("{}");
        GET "/v1/participants/{id}" Operator;
        POST "/v1/participants/{id}/state" Operator .with_body(STATE);
        POST "/v1/participants/{id}/domain" Operator .with_body(r#"{"domain": null}"#);
        GET "/v1/users" Operator;
        POST "/v1/users" Operator .with_body("{}");
        GET "/v1/users/{user_id}" Operator;
        POST "/v1/users/{user_id}/state" Operator .for_nobody().with_body(STATE);
        POST "/v1/users/{user_id}/password" Operator .for_nobody();
        GET "/v1/connectors" Operator;
        POST "/v1/connectors" Operator .with_body("{}");
        POST "/v1/connectors/check" Operator .with_body("{}");
        GET "/v1/connectors/{id}" Operator;
        POST "/v1/connectors/{id}/state" Operator .with_body(STATE);
        POST "/v1/connectors/{id}/profile" Operator .with_body(r#"{"profile": "kakehashi/1"}"#);
        POST "/v1/connectors/{id}/redirect-uris" Operator .with_body(NO_URI);
        POST "/v1/connectors/{id}/secret" Operator;
        POST "/v1/connectors/{id}/enrolment" Operator;
        POST "/v1/connectors/{id}/certificates" Operator .with_body("{}");
        GET "/v1/services" Operator;
        POST "/v1/services" Operator .with_body("{}");
        GET "/v1/services/{id}" Operator;
        POST "/v1/services/{id}/state" Operator .with_body(STATE);
        POST "/v1/services/{id}/redirect-uris" Operator .with_body(NO_URI);
        POST "/v1/services/{id}/enrolment" Operator;
        POST "/v1/services/{id}/certificates" Operator .with_body("{}");
        GET "/v1/clients" Operator;
        POST "/v1/clients" Operator .with_body("{}");
        GET "/v1/clients/{id}" Operator;
        POST "/v1/clients/{id}/state" Operator .with_body(STATE);
        POST "/v1/clients/{id}/purpose" Operator .with_body(r#"{"purpose": {"kind": "application"}}"#);
        POST "/v1/clients/{id}/redirect-uris" Operator .with_body(NO_URI);
        POST "/v1/clients/{id}/secret" Operator;
        GET "/v1/certificates" Operator;
        GET "/v1/certificates/{serial}" Operator;
        POST "/v1/certificates/{serial}/revocation" Operator .with_body(r#"{"reason": "a try"}"#);
        GET "/v1/events" Operator;
    }
    // The ledger. With a certificate no token is looked at.
    "provenance" "public" {
        POST "/v2/eventwithhash" Bearer;
        GET "/v2/lineage/{cdleventid}" RawBearer;
        GET "/openapi.json" Nothing;
    }
    "provenance" "peer" {
        POST "/v2/eventwithhash" Registered;
        GET "/v2/lineage/{cdleventid}" Registered;
        GET "/openapi.json" Nothing;
        POST "/v2/events:batch" Registered .with_body(r#"{"items": []}"#);
        POST "/v2/events%3Abatch" Registered .with_body(r#"{"items": []}"#);
        POST "/v2/events%3abatch" Registered .with_body(r#"{"items": []}"#);
    }
    // The catalogue tool, whose callers are its own pages.
    "catalog" "public" {
        GET "/login" Page;
        GET "/callback" Page;
        GET "/session" SignedIn;
        POST "/logout" OwnPage;
        GET "/v1/form" Nothing;
        POST "/v1/check" StewardsPage .with_body(DATASET);
        GET "/v1/providers" StewardsPage;
        GET "/v1/drafts" StewardsPage;
        POST "/v1/drafts" StewardsPage .with_body("{}");
        GET "/v1/drafts/{id}" StewardsPage;
        PUT "/v1/drafts/{id}" StewardsPage .with_body(DATASET).with_headers(ANY);
        DELETE "/v1/drafts/{id}" StewardsPage .with_headers(ANY);
        POST "/v1/drafts/{id}/restoration" StewardsPage;
        GET "/v1/drafts/{id}/versions" StewardsPage;
        GET "/v1/drafts/{id}/versions/{number}" StewardsPage;
        GET "/v1/drafts/{id}/publication" StewardsPage;
        POST "/v1/drafts/{id}/publication" StewardsPage .with_headers(ANY);
        DELETE "/v1/drafts/{id}/publication" StewardsPage;
        POST "/v1/drafts/{id}/withdrawal" StewardsPage .with_headers(ANY);
        GET "/v1/providers/{id}/datasets" StewardsPage;
        GET "/v1/sources" StewardsPage;
        GET "/backend/api/package_search" Nothing;
        GET "/backend/api/package_show" Page;
        GET "/backend/api/package_list" Nothing;
        POST "/v1/drafts/{id}/undo" StewardsPage .with_body("{}").with_headers(ANY);
        GET "/openapi.json" Nothing;
        GET "/" Nothing;
        GET "/datasets" Nothing;
        GET "/datasets/{id}" Nothing;
        GET "/datasets/{id}/versions" Nothing;
        GET "/search" Nothing;
        GET "/assets/{file}" Nothing .with_parameters(STYLES);
    }
    // The connectors. The resource is one that A grants to the users of B and C.
    "provider" "peer" {
        GET "/cadde/api/v4/file" GrantAndReceiver .with_headers(FETCH);
        GET "/cadde/api/v4/catalog" GrantAndReceiver .asking("?q=*:*");
        GET "/cadde/api/v4/authorization" Owner .asking("?assigner={provider_id}&target={resource}");
        POST "/cadde/api/v4/authorization" Owner .with_body(GRANT);
        DELETE "/cadde/api/v4/authorization" Owner .with_body(GRANT);
        GET "/cadde/api/v4/authorization_list" Owner .asking("?assigner={provider_id}");
    }
    // The catalogue of A: its sites, its stewards' API, sign-in, and pages for whoever comes.
    "provider" "public" {
        GET "/v1/datasets" Steward;
        POST "/v1/datasets" Steward .with_body("{}");
        GET "/v1/datasets/{id}" Steward;
        PUT "/v1/datasets/{id}" Steward .with_body("{}");
        DELETE "/v1/datasets/{id}" Steward;
        POST "/v1/datasets/{id}/withdrawal" Steward;
        POST "/v1/datasets/{id}/draft" Steward;
        GET "/v1/datasets/{id}/versions" Steward;
        GET "/v1/datasets/{id}/versions/{number}" Steward;
        GET "/v1/publications" Steward;
        POST "/v1/publications" Steward .with_body("{}");
        GET "/v1/publications/{id}" Steward;
        DELETE "/v1/publications/{id}" Steward;
        POST "/v1/readiness" Steward .with_body("{}");
        GET "/openapi.json" Nothing;
        GET "/release/api/3/action/{action}" Nothing .with_parameters(STATUS);
        POST "/release/api/3/action/{action}" Nothing .with_parameters(STATUS);
        GET "/release/api/action/{action}" Nothing .with_parameters(STATUS);
        POST "/release/api/action/{action}" Nothing .with_parameters(STATUS);
        GET "/detail/api/3/action/{action}" Reader .with_parameters(STATUS);
        POST "/detail/api/3/action/{action}" Reader .with_parameters(STATUS);
        GET "/detail/api/action/{action}" Reader .with_parameters(STATUS);
        POST "/detail/api/action/{action}" Reader .with_parameters(STATUS);
        GET "/login" Page;
        GET "/callback" Page;
        GET "/session" Session;
        POST "/logout" Session;
        GET "/" Nothing;
        GET "/datasets/{id}" Nothing;
        GET "/assets/{file}" Nothing .with_parameters(STYLES);
    }
    "receiver" "api" {
        GET "/cadde/api/v4/file" Grant .with_headers(FETCH);
        GET "/cadde/api/v4/catalog" Grant .with_headers(SEARCH).asking("?q=*:*");
    }
    // A data server asks nobody: it listens where its own provider connector alone reaches it.
    "data" "data" {
        GET "/{*path}" Nothing;
        HEAD "/{*path}" Nothing;
    }
};
