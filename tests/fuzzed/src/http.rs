//! What comes before a body: the header of a proxy, credentials, the headers of an exchange, addresses.

use common::{
    http::{Lang, authorization as credentials, check_unambiguous},
    listener::read_proxy_header,
};
use connector::{
    exchange::{
        Allowed, Options, TraceContext,
        headers::{EXCHANGE_ID, exchange_id, for_log},
        reading,
    },
    upstream::{ResourceUrl, UrlPrefix, content_coding},
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Version};

use crate::bytes::{first_line, text};

/// Lines of names and values, as far as they can be headers.
fn headers(bytes: &[u8]) -> HeaderMap {
    let lines = bytes.split(|byte| *byte == b'\n');
    let header = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        Some((name, value))
    };
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(header) {
        headers.append(name, value);
    }
    headers
}

/// The PROXY protocol. Of what follows the header nothing is read.
pub fn proxy_header(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime without anything");
    let mut rest = bytes;
    if runtime.block_on(read_proxy_header(&mut rest)).is_ok() {
        let length = u16::from_be_bytes([bytes[14], bytes[15]]);
        assert_eq!(bytes.len() - rest.len(), 16 + usize::from(length));
    }
}

/// The first line is the target, the others are headers.
pub fn head(bytes: &[u8]) {
    let (target, rest) = first_line(bytes);
    for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
        let request = Request::builder().uri(target).version(version).body(());
        if let Ok(mut request) = request {
            *request.headers_mut() = headers(rest);
            let _ = check_unambiguous(&request);
        }
    }
    let _ = Lang::from_headers(&headers(rest));
}

/// The value of `Authorization`.
pub fn authorization(bytes: &[u8]) {
    let mut line = b"authorization:".to_vec();
    line.extend(bytes.iter().filter(|byte| **byte != b'\n'));
    let headers = headers(&line);
    let is_basic = credentials::basic(&headers).is_ok();
    let is_bearer = credentials::bearer(&headers).is_ok();
    assert!(!(is_basic && is_bearer), "of two schemes");
}

/// The headers of an exchange, on their way in and out.
pub fn exchange_headers(bytes: &[u8]) {
    let headers = headers(bytes);
    let sent = exchange_id(&headers);
    if let Some(id) = sent.id {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    for name in headers.keys() {
        let _ = for_log(&headers, name);
    }
    let _ = for_log(&headers, &EXCHANGE_ID);
    let _ = reading::check_unambiguous(&headers);
    let _ = content_coding(&headers);
    let _ = Allowed::read(&headers);
    let trace = TraceContext::continue_or_start(&headers);
    assert!(
        trace
            .to_header()
            .to_str()
            .is_ok_and(|text| text.contains(&trace.trace_id()))
    );
    if let Ok(options) = reading::options(&headers)
        && let Some(value) = options.to_header()
    {
        let again = Options::parse(value.to_str().unwrap_or_default());
        assert!(
            value.to_str().is_err() || again == Ok(options),
            "what is passed on is read otherwise"
        );
    }
}

/// The first line is the URL of a resource, the second where it redirects to, the third what a configuration allows.
pub fn resource_url(bytes: &[u8]) {
    let (first, rest) = first_line(bytes);
    let (second, third) = first_line(rest);
    let Some(resource) = text(first).and_then(|text| ResourceUrl::parse(text).ok()) else {
        return;
    };
    let _ = resource.file_name();
    assert_eq!(resource.as_str().as_bytes(), first);
    let spelt = resource.url().as_str();
    if let Ok(again) = ResourceUrl::parse(spelt) {
        assert_eq!(again.origin(), resource.origin(), "{spelt}");
    }
    if let Ok(joined) = resource.join(second) {
        ResourceUrl::parse(joined.as_str()).expect("what was followed is a resource URL");
    }
    if let Some(prefix) = text(third).and_then(|text| UrlPrefix::parse(text).ok())
        && prefix.covers(&resource)
    {
        assert_eq!(prefix.origin(), resource.origin());
    }
}
