//! Where people are sent back to who sign in or out.

use std::sync::Arc;

use auth_client::api::{GrantType, RedirectUris};
use url::{Host, Url};

use super::{Actor, RegisterError, Registrar, invalid};
use crate::domain::client::{Client, ClientKind};

/// Addresses of one kind that a client has at most.
const MAX_URIS: usize = 16;

/// 1 KiB: one address stands in a header, in a policy and in a query.
const MAX_URI_BYTES: usize = 1 << 10;

/// What a client with a certificate gets tokens by beside its `own` ways, once people sign in at it.
const OF_SCREENS: [GrantType; 2] = [GrantType::AuthorizationCode, GrantType::RefreshToken];

impl Registrar {
    /// Says where people are sent back to, of a client of the kind that `is` recognises.
    pub async fn set_redirect_uris(
        &self,
        actor: Actor,
        id: String,
        uris: RedirectUris,
        what: &'static str,
        is: fn(&Client) -> bool,
    ) -> Result<Arc<Client>, RegisterError> {
        let redirects = checked(&uris.redirect_uris, &uris.post_logout_redirect_uris)?;
        self.alone(move |this| async move {
            let found = this.find(&id, what, is)?;
            let grants = if let ClientKind::App(_) = found.kind {
                fit_grants(&redirects, &found.grants)?;
                found.grants.clone()
            } else {
                let is_own = |grant: &GrantType| !OF_SCREENS.contains(grant);
                let own = found.grants.iter().copied().filter(is_own);
                with_screens(own.collect(), &redirects)
            };
            let told = serde_json::to_string(&redirects).ok();
            let event = actor.event(this.now(), format!("{what}.redirects-set"), &id, told);
            let store = &this.0.store;
            store
                .set_redirects(&id, &redirects, &grants, &event)
                .await?;
            let client = Client {
                grants,
                redirects,
                ..(*found).clone()
            };
            this.0.directory.put_client(client.clone());
            Ok(Arc::new(client))
        })
        .await
    }
}

/// The ways to tokens of a client with a certificate.
pub(super) fn with_screens(mut own: Vec<GrantType>, redirects: &RedirectUris) -> Vec<GrantType> {
    if !redirects.redirect_uris.is_empty() {
        own.extend(OF_SCREENS);
        own.sort_by_key(|grant| grant.as_str());
    }
    own
}

/// An application says by its grants whether people come back to it.
pub(super) fn fit_grants(
    redirects: &RedirectUris,
    grants: &[GrantType],
) -> Result<(), RegisterError> {
    let is_asked = grants.contains(&GrantType::AuthorizationCode);
    match (is_asked, redirects.redirect_uris.is_empty()) {
        (true, true) => Err(invalid(
            "redirect_uris",
            "the grant authorization-code needs at least one",
        )),
        (false, false) => Err(invalid(
            "redirect_uris",
            "they have a meaning with the grant authorization-code alone",
        )),
        _ => Ok(()),
    }
}

/// Both lists, each address once.
pub(super) fn checked(
    redirect_uris: &[String],
    post_logout_redirect_uris: &[String],
) -> Result<RedirectUris, RegisterError> {
    Ok(RedirectUris {
        redirect_uris: list("redirect_uris", redirect_uris)?,
        post_logout_redirect_uris: list("post_logout_redirect_uris", post_logout_redirect_uris)?,
    })
}

fn list(field: &'static str, uris: &[String]) -> Result<Vec<String>, RegisterError> {
    if uris.len() > MAX_URIS {
        return Err(invalid(field, format!("has {MAX_URIS} at most")));
    }
    let mut all = Vec::with_capacity(uris.len());
    for uri in uris {
        check(uri).map_err(|reason| invalid(field, reason))?;
        if !all.contains(uri) {
            all.push(uri.clone());
        }
    }
    Ok(all)
}

/// Whether people may be sent to `uri` with a code: nobody reads along, and no browser takes it for another address.
fn check(uri: &str) -> Result<(), String> {
    if uri.len() > MAX_URI_BYTES {
        return Err(format!("an address has {MAX_URI_BYTES} bytes at most"));
    }
    let url = Url::parse(uri).map_err(|error| format!("{uri:?} is no address: {error}"))?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
        return Err(format!("{uri:?} must be https, or http on loopback"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{uri:?} must have no user information"));
    }
    if url.fragment().is_some() {
        return Err(format!("{uri:?} must have no fragment"));
    }
    if url.as_str() != uri {
        return Err(format!("{uri:?} must be spelled {:?}", url.as_str()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://tool.example/session/callback")]
    #[case("https://tool.example:8443/cb?from=here")]
    #[case("http://127.0.0.1:20031/session/callback")]
    #[case("http://localhost:3000/")]
    #[case("http://[::1]:3000/cb")]
    fn people_may_be_sent_there(#[case] uri: &str) {
        check(uri).unwrap();
    }

    #[rstest]
    #[case("", "no address")]
    #[case("/session/callback", "no address")]
    #[case("http://tool.example/cb", "https")]
    #[case("javascript:alert(1)", "https")]
    #[case("com.example.app:/cb", "https")]
    #[case("http://127.0.0.1.evil.example/", "https")]
    #[case("https://a@tool.example/", "user information")]
    #[case("https://tool.example@evil.example/", "user information")]
    #[case("https://tool.example/#/load/?", "fragment")]
    #[case("https://tool.example/#", "fragment")]
    #[case("https://tool.example", "spelled")]
    #[case("HTTPS://tool.example/", "spelled")]
    #[case("https://tool.example/a/../b", "spelled")]
    #[case("https://tool.example:443/", "spelled")]
    #[case(" https://tool.example/", "spelled")]
    #[case("https://tool.example/\r\nset-cookie: a", "spelled")]
    #[case("https://tool.example/{}", "spelled")]
    #[case("https:\\\\tool.example\\", "spelled")]
    fn nobody_is_sent_there(#[case] uri: &str, #[case] reason: &str) {
        let refused = check(uri).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }

    #[test]
    fn an_address_has_an_end() {
        let long = format!("https://tool.example/{}", "a".repeat(MAX_URI_BYTES));
        assert!(check(&long).unwrap_err().contains("1024 bytes"));
    }
}
