//! Data sources: the only places that data is fetched from.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::config::ConfigError;
use http::{HeaderName, HeaderValue, header};
use secrecy::ExposeSecret as _;
use url::Url;

use super::config::{ApiType, Record, SourceConfig};
use crate::upstream::{Ends, PrefixSet, ResourceUrl, UrlError, UrlPrefix, strip_slash};

/// Why the data sources of a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// An address is not one that resources can be compared with.
    #[error("{url}")]
    Url {
        /// The address.
        url: Url,
        /// Why not.
        #[source]
        source: UrlError,
    },
    /// Two sources have the same address.
    #[error("{0} is there twice")]
    Twice(Url),
    /// Two sources offer the same files on different conditions.
    #[error(
        "{0} and {1} are fetched from the same place; their authorization and contract have to be equal"
    )]
    Conditions(Url, String),
    /// The file of provenance ids cannot be read.
    #[error("cannot read the provenance ids in {}", path.display())]
    Provenance {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// An event id that no header can carry.
    #[error("{url}: the provenance id of {resource} is not 1 to 256 printable ASCII characters")]
    EventId {
        /// The source.
        url: Url,
        /// The resource.
        resource: String,
    },
    /// Which of two event ids counts would be chance.
    #[error("{url}: {resource} has two provenance ids, with a slash at its end and without")]
    TwoEvents {
        /// The source.
        url: Url,
        /// The resource, without the slash.
        resource: String,
    },
    /// A header field that may not be set from outside.
    #[error("{url}: the option {name} may not be set by receivers")]
    Option {
        /// The source.
        url: Url,
        /// The name.
        name: String,
    },
    /// The password cannot be read.
    #[error("{url}: no password")]
    Password {
        /// The source.
        url: Url,
        /// Why not.
        #[source]
        source: Box<ConfigError>,
    },
}

/// One data source.
#[derive(Debug)]
pub struct Source {
    /// Its place in the configuration; equal for equal sources.
    pub number: usize,
    /// How it is offered.
    pub api_type: ApiType,
    /// Whether a grant is required.
    pub authorization: bool,
    /// Whether the grant has to belong to a contract.
    pub contract: bool,
    /// Which exchanges are recorded.
    pub record: Record,
    /// Header fields that receivers may send along.
    pub options: BTreeSet<String>,
    /// `Authorization` for the source.
    pub credentials: Option<HeaderValue>,
    /// Which of its bodies are taken for whole.
    pub ends: Ends,
    prefix: Url,
    upstream: Option<Url>,
    creations: HashMap<String, String>,
}

/// All data sources of a provider.
#[derive(Debug)]
pub struct Sources {
    by_resource: PrefixSet<std::sync::Arc<Source>>,
    /// Their numbers by where they are fetched from: what is fetched, and redirects, are judged there.
    by_upstream: PrefixSet<Vec<usize>>,
}

impl Sources {
    /// Reads the sources of a configuration, with the files they point to.
    ///
    /// # Errors
    /// [`SourceError`], the first.
    pub fn new(configured: &[SourceConfig]) -> Result<Self, SourceError> {
        let (sources, errors) = Self::read(configured);
        errors.into_iter().next().map_or(Ok(sources), Err)
    }

    /// Reads what can be read of them, with all errors.
    pub(super) fn read(configured: &[SourceConfig]) -> (Self, Vec<SourceError>) {
        let mut errors = Vec::new();
        let mut by_resource: Vec<(UrlPrefix, std::sync::Arc<Source>)> = Vec::new();
        let mut by_upstream: Vec<(UrlPrefix, Vec<usize>)> = Vec::new();
        for (number, config) in configured.iter().enumerate() {
            let mut prefix = |url: &Url| {
                let parsed = UrlPrefix::parse(url.as_str()).map_err(|source| SourceError::Url {
                    url: url.clone(),
                    source,
                });
                parsed.map_err(|error| errors.push(error)).ok()
            };
            let upstream = config.upstream.as_ref().map(&mut prefix);
            let public = prefix(&config.url);
            let source = Source::read(number, config, &mut errors);
            let (Some(public), Some(upstream)) = (public.clone(), upstream.unwrap_or(public))
            else {
                continue;
            };
            if by_resource.iter().any(|(other, _)| *other == public) {
                errors.push(SourceError::Twice(config.url.clone()));
                continue;
            }
            match by_upstream.iter_mut().find(|(other, _)| *other == upstream) {
                None => by_upstream.push((upstream, vec![number])),
                Some((_, same)) => {
                    let other = &configured[same[0]];
                    if conditions(other) != conditions(config) {
                        errors.push(SourceError::Conditions(
                            config.url.clone(),
                            other.url.to_string(),
                        ));
                    }
                    same.push(number);
                }
            }
            by_resource.push((public, std::sync::Arc::new(source)));
        }
        let sources = Self {
            by_resource: PrefixSet::new(by_resource),
            by_upstream: PrefixSet::new(by_upstream),
        };
        (sources, errors)
    }

    /// The source that `resource` belongs to.
    pub fn find(&self, resource: &ResourceUrl) -> Option<&std::sync::Arc<Source>> {
        self.by_resource.find(resource)
    }

    /// Whether `url`, which is about to be fetched for `source`, lies inside it. Another source may have a part of its files,
    /// on conditions of its own.
    pub fn stays_inside(&self, source: &Source, url: &ResourceUrl) -> bool {
        self.by_upstream
            .find(url)
            .is_some_and(|sources| sources.contains(&source.number))
    }

    /// Whether any source is reached by TLS.
    pub fn need_tls(&self) -> bool {
        self.by_resource
            .values()
            .any(|source| source.upstream.as_ref().unwrap_or(&source.prefix).scheme() == "https")
    }
}

/// What has to be met before a source's files are given away.
fn conditions(config: &SourceConfig) -> (bool, bool) {
    (config.authorization, config.contract)
}

impl Source {
    fn read(number: usize, config: &SourceConfig, errors: &mut Vec<SourceError>) -> Self {
        let unfit = config.options.iter().filter(|name| !may_be_set(name));
        errors.extend(unfit.map(|name| SourceError::Option {
            url: config.url.clone(),
            name: name.clone(),
        }));
        let credentials = credentials(config).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        Self {
            number,
            api_type: config.api_type,
            authorization: config.authorization,
            contract: config.contract,
            record: config.record,
            options: config.options.clone(),
            credentials,
            ends: Ends::configured(config.ends_by_close),
            prefix: config.url.clone(),
            upstream: config.upstream.clone(),
            creations: creations(config, errors),
        }
    }

    /// Where `resource`, which lies in this source, is fetched from.
    ///
    /// # Errors
    /// [`UrlError`] if the combined address is not a usable one.
    pub fn fetch_url(&self, resource: &ResourceUrl) -> Result<ResourceUrl, UrlError> {
        let Some(upstream) = &self.upstream else {
            return Ok(resource.clone());
        };
        let skip = segments(&self.prefix);
        let base = upstream.as_str().trim_end_matches('/');
        let rest: String = resource
            .url()
            .path()
            .split('/')
            .skip(1 + skip)
            .flat_map(|segment| ["/", segment])
            .collect();
        let query = resource
            .url()
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        ResourceUrl::parse(&format!("{base}{rest}{query}"))
    }

    /// The event id of the creation of `resource`.
    pub fn creation(&self, resource: &ResourceUrl) -> Option<&str> {
        let known = self
            .creations
            .get(resource.as_str())
            .or_else(|| self.creations.get(resource.url().as_str()));
        known.map(String::as_str)
    }
}

/// Number of segments of a prefix; a trailing slash is none.
fn segments(url: &Url) -> usize {
    url.path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .count()
}

/// Whether a header field may come from a receiver: not those that decide who asks, for what, or over which connection.
fn may_be_set(name: &str) -> bool {
    const OWN: [HeaderName; 14] = [
        header::HOST,
        header::AUTHORIZATION,
        header::PROXY_AUTHORIZATION,
        header::COOKIE,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::EXPECT,
        header::RANGE,
        header::ACCEPT_ENCODING,
        header::FORWARDED,
    ];
    name.parse::<HeaderName>().is_ok_and(|parsed| {
        parsed.as_str() == name
            && !OWN.contains(&parsed)
            && !name.starts_with("x-forwarded")
            && !matches!(name, "keep-alive" | "proxy-connection" | "x-real-ip")
    })
}

fn credentials(config: &SourceConfig) -> Result<Option<HeaderValue>, SourceError> {
    let Some(credentials) = &config.credentials else {
        return Ok(None);
    };
    let password = credentials
        .password_file
        .read()
        .map_err(|source| SourceError::Password {
            url: config.url.clone(),
            source: Box::new(source),
        })?;
    let text = STANDARD.encode(format!("{}:{}", credentials.id, password.expose_secret()));
    let mut value = HeaderValue::try_from(format!("Basic {text}")).expect("Base64 is header text");
    value.set_sensitive(true);
    Ok(Some(value))
}

fn creations(config: &SourceConfig, errors: &mut Vec<SourceError>) -> HashMap<String, String> {
    let mut creations: HashMap<String, String> = match &config.provenance_file {
        None => HashMap::new(),
        Some(path) => std::fs::read_to_string(path)
            .and_then(|text| serde_json::from_str(&text).map_err(Into::into))
            .unwrap_or_else(|source| {
                let path = path.clone();
                errors.push(SourceError::Provenance { path, source });
                HashMap::new()
            }),
    };
    creations.extend(config.provenance.clone());
    for (resource, event) in &creations {
        let fits =
            (1..=256).contains(&event.len()) && event.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            errors.push(SourceError::EventId {
                url: config.url.clone(),
                resource: resource.clone(),
            });
        }
    }
    // Requests lose one trailing slash before anything is compared.
    let mut known = HashMap::with_capacity(creations.len());
    for (resource, event) in creations {
        let resource = strip_slash(&resource).to_owned();
        if let Some(other) = known.insert(resource.clone(), event.clone())
            && other != event
        {
            errors.push(SourceError::TwoEvents {
                url: config.url.clone(),
                resource,
            });
        }
    }
    known
}

#[cfg(test)]
mod tests;
