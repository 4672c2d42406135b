//! Requests of applications, read before anybody is called.

use common::{http::Refused, ids::UserId};
use http::{HeaderMap, HeaderValue, header};

use crate::{
    exchange::{Options, headers, reading, refusals},
    upstream::{MAX_URL_BYTES, ResourceUrl, UrlError},
};

/// Where the data is to come from.
#[derive(Debug)]
pub(super) enum Origin {
    /// From a provider's connector, which judges the URL by its own data sources.
    Provider { provider: UserId, options: Options },
    /// From the server that the URL names.
    Direct(ResourceUrl),
}

/// A request for a file.
#[derive(Debug)]
pub(super) struct FileRequest {
    /// The resource URL as it was given.
    pub resource: HeaderValue,
    pub api_type: HeaderValue,
    /// The lines of `Accept-Language`: what the provider says if it refuses becomes part of what we say.
    pub languages: Vec<HeaderValue>,
    pub origin: Origin,
}

impl FileRequest {
    /// Reads the headers of a request. An absent or empty `x-cadde-provider` means direct mode.
    pub(super) fn parse(fields: &HeaderMap) -> Result<Self, Refused> {
        reading::check_unambiguous(fields)?;
        let url = reading::required(fields, &headers::RESOURCE_URL)?;
        let name = reading::required(fields, &headers::RESOURCE_API_TYPE)?;
        if name != "file/http" {
            return Err(refusals::API_TYPE.because(name));
        }
        let origin = match headers::present(fields, &headers::PROVIDER) {
            None => Origin::Direct(ResourceUrl::parse(url)?),
            Some(provider) => {
                check_resource(url)?;
                let provider = reading::text(provider, &headers::PROVIDER)?.trim();
                let provider = UserId::parse(provider).map_err(|_| &refusals::PROVIDER_ID)?;
                Origin::Provider {
                    provider,
                    options: reading::options(fields)?,
                }
            }
        };
        Ok(Self {
            resource: fields[headers::RESOURCE_URL].clone(),
            api_type: fields[headers::RESOURCE_API_TYPE].clone(),
            languages: fields
                .get_all(header::ACCEPT_LANGUAGE)
                .iter()
                .cloned()
                .collect(),
            origin,
        })
    }
}

/// A resource URL for somebody else to judge: only what no provider could use is refused here.
fn check_resource(url: &str) -> Result<(), UrlError> {
    if url.is_empty() {
        return Err(UrlError::Empty);
    }
    if url.len() > MAX_URL_BYTES {
        return Err(UrlError::TooLong);
    }
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(UrlError::Character);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, StatusCode};
    use rstest::rstest;

    use super::*;
    use crate::exchange::Role;

    fn request(fields: &[(&'static str, &str)]) -> Result<FileRequest, Refused> {
        let fields = fields
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).expect("header text"),
                )
            })
            .collect();
        FileRequest::parse(&fields)
    }

    const URL: (&str, &str) = ("x-cadde-resource-url", "http://d.example/a.csv");
    const TYPE: (&str, &str) = ("x-cadde-resource-api-type", "file/http");

    #[rstest]
    #[case(&[], StatusCode::BAD_REQUEST, "020090001E")]
    #[case(&[URL], StatusCode::BAD_REQUEST, "020090001E")]
    #[case(&[TYPE], StatusCode::BAD_REQUEST, "020090001E")]
    #[case(&[URL, ("x-cadde-resource-api-type", "file/zzz")], StatusCode::BAD_REQUEST, "020004001E")]
    #[case(&[URL, ("x-cadde-resource-api-type", "")], StatusCode::BAD_REQUEST, "020004001E")]
    #[case(&[("x-cadde-resource-url", ""), TYPE], StatusCode::BAD_REQUEST, "000201002E")]
    #[case(&[("x-cadde-resource-url", "ftp://d/a"), TYPE], StatusCode::BAD_REQUEST, "000201003E")]
    #[case(&[("x-cadde-resource-url", "http://d/../a"), TYPE], StatusCode::BAD_REQUEST, "000201003E")]
    #[case(&[("x-cadde-resource-url", ""), TYPE, ("x-cadde-provider", "p")], StatusCode::BAD_REQUEST, "000201002E")]
    #[case(&[URL, TYPE, ("x-cadde-provider", "../../admin?x=")], StatusCode::BAD_REQUEST, "020090003E")]
    #[case(&[URL, TYPE, ("x-cadde-provider", "p"), ("x-cadde-options", "nocolon")], StatusCode::BAD_REQUEST, "020004004E")]
    fn what_cannot_succeed_is_refused_before_any_call(
        #[case] fields: &[(&'static str, &str)],
        #[case] status: StatusCode,
        #[case] message_id: &str,
    ) {
        let refused = request(fields).unwrap_err();
        let id = Role::Receiver.message_id(&refused);
        assert_eq!((refused.status, id), (status, message_id));
    }

    #[test]
    fn an_empty_provider_means_direct_mode() {
        for fields in [&[URL, TYPE][..], &[URL, TYPE, ("x-cadde-provider", " ")]] {
            assert!(matches!(request(fields).unwrap().origin, Origin::Direct(_)));
        }
        let provider = request(&[
            URL,
            TYPE,
            ("x-cadde-provider", "cadde.p.aa"),
            ("x-cadde-options", ""),
        ])
        .unwrap();
        assert!(matches!(provider.origin, Origin::Provider { options, .. } if options.is_empty()));
    }
}
