//! Every path of the server, once. Routers, `OpenAPI` and the list for the access matrix all come from here.

use std::sync::{Arc, LazyLock};

use axum::{Router, body::Bytes, response::IntoResponse, routing::get};
use common::{http::Endpoint, listener::ListenerKind};
use http::header::CONTENT_TYPE;
use utoipa::openapi::{
    InfoBuilder, OpenApi, OpenApiBuilder,
    security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    cadde, oauth, operator, pki, registry, sign_in,
    state::{App, AppState},
};

/// Paths that both listeners have: clients with a certificate use them at `peer`, clients with a secret at `public`.
fn shared() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(cadde::token))
        .routes(routes!(cadde::refresh))
        .routes(routes!(cadde::introspect))
        .routes(routes!(cadde::intorospect))
        .routes(routes!(oauth::token::token))
        .routes(routes!(oauth::introspect::introspect))
        .routes(routes!(oauth::revoke::revoke))
        .routes(routes!(
            sign_in::userinfo::show,
            sign_in::userinfo::show_posted
        ))
        .routes(routes!(oauth::discovery::openid_configuration))
        .routes(routes!(oauth::discovery::oauth_authorization_server))
        .routes(routes!(oauth::discovery::jwks))
}

fn peer() -> OpenApiRouter<AppState> {
    shared()
        .routes(routes!(pki::renew))
        .routes(routes!(registry::connector))
        .routes(routes!(registry::service))
        .routes(routes!(registry::user))
        .routes(routes!(registry::suspensions))
        .routes(routes!(registry::certificate))
}

fn public() -> OpenApiRouter<AppState> {
    use operator::{certificates, clients, connectors, events, participants, services, users};
    shared()
        .routes(routes!(
            sign_in::authorize::show,
            sign_in::authorize::sign_in
        ))
        .routes(routes!(sign_in::logout::show, sign_in::logout::submit))
        .routes(routes!(sign_in::asset::style))
        .routes(routes!(sign_in::asset::script))
        .routes(routes!(pki::enrol))
        .routes(routes!(pki::ca))
        .routes(routes!(pki::crl))
        .routes(routes!(participants::create, participants::list))
        .routes(routes!(participants::show))
        .routes(routes!(participants::change_state))
        .routes(routes!(participants::change_domain))
        .routes(routes!(users::create, users::list))
        .routes(routes!(users::show))
        .routes(routes!(users::change_state))
        .routes(routes!(users::reset_password))
        .routes(routes!(connectors::create, connectors::list))
        .routes(routes!(connectors::check))
        .routes(routes!(connectors::show))
        .routes(routes!(connectors::change_state))
        .routes(routes!(connectors::change_profile))
        .routes(routes!(connectors::change_redirect_uris))
        .routes(routes!(connectors::rotate_secret))
        .routes(routes!(connectors::replace_code))
        .routes(routes!(connectors::record_certificate))
        .routes(routes!(services::create, services::list))
        .routes(routes!(services::show))
        .routes(routes!(services::change_state))
        .routes(routes!(services::change_redirect_uris))
        .routes(routes!(services::replace_code))
        .routes(routes!(services::record_certificate))
        .routes(routes!(clients::create, clients::list))
        .routes(routes!(clients::show))
        .routes(routes!(clients::change_state))
        .routes(routes!(clients::change_purpose))
        .routes(routes!(clients::change_redirect_uris))
        .routes(routes!(clients::rotate_secret))
        .routes(routes!(certificates::list))
        .routes(routes!(certificates::show))
        .routes(routes!(certificates::revoke))
        .routes(routes!(events::list))
}

/// Router of the `peer` listener.
pub fn peer_router(app: Arc<App>) -> Router {
    let (router, _) = peer().split_for_parts();
    router.with_state(AppState {
        app,
        listener: ListenerKind::Peer,
    })
}

/// Router of the `public` listener.
pub fn public_router(app: Arc<App>) -> Router {
    let (router, _) = public().split_for_parts();
    router
        .route("/openapi.json", get(description))
        .with_state(AppState {
            app,
            listener: ListenerKind::Public,
        })
}

/// Made once: whoever asks for it needs no credentials.
async fn description() -> impl IntoResponse {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
        let text = serde_json::to_vec(&openapi());
        text.expect("a description has only members that JSON can express")
            .into()
    });
    ([(CONTENT_TYPE, "application/json")], TEXT.clone())
}

/// The description of both listeners.
pub fn openapi() -> OpenApi {
    let mut described = public().into_openapi();
    described.merge(peer().into_openapi());
    described.info = InfoBuilder::new()
        .title("Authentication server")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Identities, certificates and tokens of the data space. Paths tagged `registry`, and the renewal of \
             certificates, are served where a client certificate is required; paths tagged `cadde`, `oauth` and `discovery` \
             there and at the public address; all others at the public address.",
        ))
        .build();
    let mut components = described.components.take().unwrap_or_default();
    let schemes = [
        ("client", Http::new(HttpAuthScheme::Basic)),
        ("operator", Http::new(HttpAuthScheme::Bearer)),
        ("auditor", Http::new(HttpAuthScheme::Bearer)),
        ("user", Http::new(HttpAuthScheme::Bearer)),
    ];
    for (name, scheme) in schemes {
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    let certificates = [
        (
            "certificate",
            "certificate of a registered connector or service",
        ),
        ("server", "certificate of a server of the data space"),
    ];
    for (name, description) in certificates {
        components.add_security_scheme(
            name,
            SecurityScheme::MutualTls {
                description: Some(description.into()),
                extensions: None,
                deprecated: None,
            },
        );
    }
    described.components = Some(components);
    OpenApiBuilder::from(described).build()
}

/// What the server serves, for the access matrix.
pub fn endpoints() -> Vec<Endpoint> {
    static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
        let mut all = list("peer", &peer().into_openapi());
        all.extend(list("public", &public().into_openapi()));
        all.push(Endpoint::new("public", "GET", "/openapi.json", "anyone"));
        all
    });
    ENDPOINTS.clone()
}

fn list(listener: &'static str, described: &OpenApi) -> Vec<Endpoint> {
    let mut all = Vec::new();
    for (path, item) in &described.paths.paths {
        let operations = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("DELETE", &item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let scheme = operation.security.as_ref().and_then(|all| {
                let first = serde_json::to_value(all.first()?).ok()?;
                first.as_object()?.keys().next().cloned()
            });
            let access = access(path, scheme.as_deref());
            // Made once and kept for the life of the process.
            all.push(Endpoint::new(listener, method, path.clone().leak(), access));
        }
    }
    all
}

/// The rule behind the name of a security scheme. A one-time code stands in the body, for which `OpenAPI` has no scheme.
fn access(path: &str, scheme: Option<&str>) -> &'static str {
    match scheme {
        Some("client") => "client",
        Some("operator") => "bearer:operator",
        Some("auditor") => "bearer:operator|auditor",
        Some("user") => "bearer",
        Some("certificate") => "certificate",
        Some("server") => "certificate:server",
        None if path == "/v1/enrolments" => "one-time code",
        _ => "anyone",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_rule() {
        let open: Vec<_> = endpoints()
            .into_iter()
            .filter(|endpoint| endpoint.access == "anyone")
            .collect();
        let paths: std::collections::BTreeSet<_> =
            open.iter().map(|endpoint| endpoint.path).collect();
        assert_eq!(
            paths.into_iter().collect::<Vec<_>>(),
            [
                "/.well-known/jwks.json",
                "/.well-known/oauth-authorization-server",
                "/.well-known/openid-configuration",
                "/assets/sign-in.css",
                "/assets/sign-in.js",
                "/oauth2/authorize",
                "/oauth2/logout",
                "/openapi.json",
                "/v1/ca.pem",
                "/v1/crl.pem",
            ]
        );
    }

    #[test]
    fn the_description_names_every_path() {
        let described = openapi();
        for endpoint in endpoints() {
            assert!(
                endpoint.path == "/openapi.json"
                    || described.paths.paths.contains_key(endpoint.path),
                "{}",
                endpoint.path
            );
        }
        serde_json::to_string(&described).unwrap();
    }
}
