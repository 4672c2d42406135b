//! What belongs to the request being answered: its id and the language its reader prefers.

use std::{borrow::Cow, future::Future};

use http::{HeaderMap, header::ACCEPT_LANGUAGE};

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// Language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Japanese, unless English is preferred.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// The better liked of Japanese and English in `Accept-Language` (RFC 9110 §12.5.4); Japanese where neither is
    /// named or both are liked alike.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(ACCEPT_LANGUAGE).iter();
        let items = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','));
        let (mut ja, mut en) = (None, None);
        for item in items {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let primary = tag.split('-').next().unwrap_or_default();
            let quality = parts
                .find_map(|p| p.trim().strip_prefix("q="))
                .map_or(Some(1.0), |q| q.trim().parse::<f32>().ok())
                .unwrap_or(0.0);
            let slot = if primary.eq_ignore_ascii_case("ja") {
                &mut ja
            } else if primary.eq_ignore_ascii_case("en") {
                &mut en
            } else {
                continue;
            };
            *slot = Some(slot.unwrap_or(0.0f32).max(quality));
        }
        if en.unwrap_or(0.0) > ja.unwrap_or(0.0) {
            Self::En
        } else {
            Self::Ja
        }
    }
}

/// A message in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Japanese.
    pub ja: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Text {
    /// A fixed message.
    pub const fn new(ja: &'static str, en: &'static str) -> Self {
        Self {
            ja: Cow::Borrowed(ja),
            en: Cow::Borrowed(en),
        }
    }

    /// A message made for the occasion.
    pub fn of(ja: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self {
            ja: ja.into(),
            en: en.into(),
        }
    }

    /// The message in the language of the current request.
    pub fn current(&self) -> &str {
        self.get(lang())
    }

    /// The message in `lang`.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }
}

/// The request being answered.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Its id: in the answer's `x-request-id`, in error bodies and in log lines.
    pub id: RequestId,
    /// Its reader's language.
    pub lang: Lang,
}

/// The id of one request at one process; also an extension of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub uuid::Uuid);

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Runs `answering` as the answer to the request `context`.
pub fn scope<F: Future>(context: RequestContext, answering: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, answering)
}

/// The id of the current request; nil outside of one.
pub fn request_id() -> RequestId {
    CURRENT
        .try_with(|c| c.id)
        .unwrap_or(RequestId(uuid::Uuid::nil()))
}

/// The language of the current request; Japanese outside of one.
pub fn lang() -> Lang {
    CURRENT.try_with(|c| c.lang).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", Lang::Ja)]
    #[case("en-US,en;q=0.9,ja;q=0.8", Lang::En)]
    #[case("ja,en;q=0.9", Lang::Ja)]
    #[case("fr", Lang::Ja)]
    #[case("fr, en;q=0.2", Lang::En)]
    #[case("en;q=x", Lang::Ja)]
    #[case("fr|en;q=0.2", Lang::En)]
    #[case("en;q=0.2|ja;q=0.1,,", Lang::En)]
    #[case("en;q=0.2|ja", Lang::Ja)]
    #[case("\u{e9}|en", Lang::En)]
    fn the_preferred_language_is_taken(#[case] header: &str, #[case] lang: Lang) {
        let mut headers = HeaderMap::new();
        for line in header.split('|') {
            headers.append(ACCEPT_LANGUAGE, HeaderValue::from_str(line).unwrap());
        }
        assert_eq!(Lang::from_headers(&headers), lang);
    }
}
