//! `x-cadde-options`: header fields that a caller wants to reach the data source.

use std::collections::BTreeSet;

use http::{HeaderName, HeaderValue};

/// Why the value of `x-cadde-options` was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// An item is not `name:value`.
    #[error("{0:?} is not of the form name:value")]
    Form(String),
    /// A name or value that no header can carry.
    #[error("{0:?} cannot be a header field")]
    Field(String),
    /// The name is not on the list of what may reach a data source.
    #[error("the option {0} is not allowed here")]
    NotAllowed(HeaderName),
}

/// The parsed options, in the order given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options(Vec<(HeaderName, HeaderValue)>);

impl Options {
    /// Parses `name:value,name2:value2`. Both sides are trimmed; a value holds neither `,` nor `:`, as the CADDE
    /// reference cuts there. An empty text has no options.
    ///
    /// # Errors
    /// [`OptionsError::Form`] for an item without a colon or with two, [`OptionsError::Field`] for one that cannot
    /// stand in a header.
    pub fn parse(text: &str) -> Result<Self, OptionsError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        text.split(',')
            .map(parse_item)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The options as one header value, without the blanks that the reference provider does not trim.
    pub fn to_header(&self) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let mut text = Vec::new();
        for (name, value) in &self.0 {
            if !text.is_empty() {
                text.push(b',');
            }
            text.extend_from_slice(name.as_str().as_bytes());
            text.push(b':');
            text.extend_from_slice(value.as_bytes());
        }
        HeaderValue::from_bytes(&text).ok()
    }

    /// The options as header fields.
    pub fn fields(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Refuses options that a data source does not accept. Dropping one silently would fetch something else than what
    /// was asked for.
    ///
    /// # Errors
    /// [`OptionsError::NotAllowed`] names the first one that is not in `allowed`.
    pub fn check(&self, allowed: &BTreeSet<String>) -> Result<(), OptionsError> {
        match self
            .0
            .iter()
            .find(|(name, _)| !allowed.contains(name.as_str()))
        {
            Some((name, _)) => Err(OptionsError::NotAllowed(name.clone())),
            None => Ok(()),
        }
    }
}

fn parse_item(item: &str) -> Result<(HeaderName, HeaderValue), OptionsError> {
    let (name, value) = item
        .split_once(':')
        .ok_or_else(|| OptionsError::Form(item.to_owned()))?;
    if value.contains(':') {
        return Err(OptionsError::Form(item.to_owned()));
    }
    let field = || OptionsError::Field(item.to_owned());
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| field())?;
    let value = HeaderValue::from_str(value.trim()).map_err(|_| field())?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", None)]
    #[case("  ", None)]
    #[case("Fiware-Service:t1", Some("fiware-service:t1"))]
    #[case(
        " Fiware-Service : t1 , Fiware-ServicePath:/p ",
        Some("fiware-service:t1,fiware-servicepath:/p")
    )]
    #[case("empty:", Some("empty:"))]
    fn options_are_trimmed_on_both_sides(#[case] text: &str, #[case] header: Option<&str>) {
        let options = Options::parse(text).unwrap();
        assert_eq!(
            options
                .to_header()
                .as_ref()
                .map(|value| value.to_str().unwrap()),
            header
        );
    }

    #[rstest]
    #[case("nocolon")]
    #[case("a:b,")]
    #[case("a:b:c")]
    #[case("a b:c")]
    #[case(":c")]
    #[case("a:b\r\nHost: evil")]
    fn what_is_no_header_field_is_refused(#[case] text: &str) {
        assert!(Options::parse(text).is_err());
    }

    #[test]
    fn only_listed_names_reach_a_source() {
        let allowed = BTreeSet::from(["fiware-service".to_owned()]);
        let options = Options::parse("FIWARE-Service:t").unwrap();
        assert_eq!(options.check(&allowed), Ok(()));
        assert_eq!(options.fields().count(), 1);
        let options = Options::parse("fiware-service:t,Host:evil.example").unwrap();
        assert_eq!(
            options.check(&allowed).err(),
            Some(OptionsError::NotAllowed(http::header::HOST))
        );
    }

    proptest! {
        #[test]
        fn what_was_parsed_reads_the_same_again(text in "[a-z: ,A-Z/-]{0,40}") {
            if let Ok(options) = Options::parse(&text) {
                let again = options.to_header().map_or_else(Options::default, |value| {
                    Options::parse(value.to_str().unwrap()).unwrap()
                });
                prop_assert_eq!(options, again);
            }
        }
    }
}
