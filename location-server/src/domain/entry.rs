//! From what a caller sent to what may be stored.

use common::ids::{ConnectorId, UserId};
use location_client::{
    api::{Entry, PatchLocationRequest, PostLocationRequest},
    record::{Profile, connector_url, connector_url_text},
};

/// One member of a request that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The member.
    pub member: &'static str,
    /// What is wrong with it.
    pub message: String,
}

/// A whole record as a caller wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Whose record it is.
    pub provider: UserId,
    /// Its members.
    pub entry: Entry,
}

/// The members that a caller wants to change; the others stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// The new address, normalised.
    pub url: Option<String>,
    /// The new connector ID.
    pub connector_id: Option<String>,
    /// The new profile.
    pub profile: Option<Profile>,
}

impl Patch {
    /// `entry` with the changes.
    pub fn apply(&self, entry: &Entry) -> Entry {
        Entry {
            provider_connector_url: self
                .url
                .clone()
                .unwrap_or_else(|| entry.provider_connector_url.clone()),
            connector_id: self
                .connector_id
                .clone()
                .or_else(|| entry.connector_id.clone()),
            profile: self.profile.unwrap_or(entry.profile),
        }
    }
}

/// Reads the body of a creation or replacement.
///
/// # Errors
/// Every fault, so that a person corrects them in one go.
pub fn parse_new(request: &PostLocationRequest) -> Result<NewEntry, Vec<Fault>> {
    let mut faults = Vec::new();
    let provider = take(
        "provider_id",
        Some(&request.provider_id),
        |text| UserId::parse(text).map_err(|error| error.to_string()),
        &mut faults,
    );
    let url = take(
        "provider_connector_url",
        Some(&request.provider_connector_url),
        parse_url,
        &mut faults,
    );
    let connector_id = take(
        "connector_id",
        request.connector_id.as_ref(),
        parse_connector_id,
        &mut faults,
    );
    let profile = take(
        "profile",
        request.profile.as_ref(),
        parse_profile,
        &mut faults,
    );
    match (provider, url) {
        (Some(provider), Some(url)) if faults.is_empty() => Ok(NewEntry {
            provider,
            entry: Entry {
                provider_connector_url: url,
                connector_id,
                profile: profile.unwrap_or_default(),
            },
        }),
        _ => Err(faults),
    }
}

/// Reads the body of a partial change.
///
/// # Errors
/// Every fault; a change of nothing is one too.
pub fn parse_patch(request: &PatchLocationRequest) -> Result<Patch, Vec<Fault>> {
    let mut faults = Vec::new();
    let patch = Patch {
        url: take(
            "provider_connector_url",
            request.provider_connector_url.as_ref(),
            parse_url,
            &mut faults,
        ),
        connector_id: take(
            "connector_id",
            request.connector_id.as_ref(),
            parse_connector_id,
            &mut faults,
        ),
        profile: take(
            "profile",
            request.profile.as_ref(),
            parse_profile,
            &mut faults,
        ),
    };
    if faults.is_empty() && patch == Patch::default() {
        faults.push(Fault {
            member: "provider_connector_url",
            message: "nothing to change was given".to_owned(),
        });
    }
    if faults.is_empty() {
        Ok(patch)
    } else {
        Err(faults)
    }
}

fn take<T>(
    member: &'static str,
    text: Option<&String>,
    parse: impl Fn(&str) -> Result<T, String>,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    parse(text?)
        .map_err(|message| faults.push(Fault { member, message }))
        .ok()
}

fn parse_url(text: &str) -> Result<String, String> {
    connector_url(text)
        .map(|url| connector_url_text(&url))
        .map_err(|error| error.to_string())
}

fn parse_connector_id(text: &str) -> Result<String, String> {
    ConnectorId::parse(text)
        .map(|id| id.to_string())
        .map_err(|error| error.to_string())
}

fn parse_profile(text: &str) -> Result<Profile, String> {
    text.parse::<Profile>().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> PostLocationRequest {
        PostLocationRequest {
            provider_id: "provider1@dataex.jp".to_owned(),
            provider_connector_url: "https://P.example:8443/".to_owned(),
            connector_id: Some("Provider.Example".to_owned()),
            profile: None,
        }
    }

    #[test]
    fn members_are_normalised_and_the_profile_is_the_plain_one_unless_said() {
        let new = parse_new(&request()).unwrap();
        assert_eq!(new.provider.to_string(), "provider1@dataex.jp");
        assert_eq!(
            new.entry,
            Entry {
                provider_connector_url: "https://p.example:8443".to_owned(),
                connector_id: Some("provider.example".to_owned()),
                profile: Profile::Cadde4,
            }
        );
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let bad = PostLocationRequest {
            provider_id: "a/b".to_owned(),
            provider_connector_url: "http://p.example".to_owned(),
            connector_id: Some("10.0.0.1".to_owned()),
            profile: Some("cadde/5".to_owned()),
        };
        let members: Vec<_> = parse_new(&bad)
            .unwrap_err()
            .into_iter()
            .map(|fault| fault.member)
            .collect();
        assert_eq!(
            members,
            [
                "provider_id",
                "provider_connector_url",
                "connector_id",
                "profile"
            ]
        );
    }

    #[test]
    fn patch_leaves_what_it_does_not_name() {
        let before = parse_new(&request()).unwrap().entry;
        let patch = parse_patch(&PatchLocationRequest {
            provider_connector_url: Some("https://new.example".to_owned()),
            ..PatchLocationRequest::default()
        })
        .unwrap();
        let after = patch.apply(&before);
        assert_eq!(after.provider_connector_url, "https://new.example");
        assert_eq!(after.connector_id, before.connector_id);
        assert!(parse_patch(&PatchLocationRequest::default()).is_err());
    }
}
