//! The vocabulary of refusals.
//!
//! Each wire has one table, made by [`refusals!`](crate::refusals), with a row for each way to refuse: what it is called, its message
//! ids, its status, when to come back, how loudly it is logged, what people are told. An error is mapped to its row by one `match`;
//! what was particular this time goes into [`Refused`]. The pages of `docs/reference` are written from the same rows.

use std::{error::Error, fmt};

use http::StatusCode;
use tracing::Level;

use super::context::{self, Lang, Text};
use crate::telemetry::Chain;

/// One way to refuse: a row of a wire's table.
#[derive(Debug)]
pub struct Refusal {
    /// What programs, logs and the reference call it.
    pub kind: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Message id of CADDE 4.0 where a provider connector refuses, and where a receiver connector does; the kind where the wire has
    /// no such ids.
    pub ids: [&'static str; 2],
    /// In how many seconds to come back, where that may help.
    pub retry_after: Option<u64>,
    /// How loudly it is logged. Refusals are part of the day, failures are not.
    pub level: Level,
    /// Content of `WWW-Authenticate`.
    pub challenge: Option<&'static str>,
    /// What people are told; `{}` stands for what was particular.
    pub text: Text,
    /// What to do about it, for the reference alone.
    pub advice: &'static str,
}

impl Refusal {
    /// A row.
    ///
    /// # Panics
    /// If `status` is no error's: while compiling, in a table.
    pub const fn new(status: u16, kind: &'static str, text: Text) -> Self {
        assert!(
            status >= 400 && status < 600,
            "a refusal has the status of an error"
        );
        Self {
            kind,
            status,
            ids: [kind; 2],
            retry_after: None,
            level: if status >= 500 {
                Level::WARN
            } else {
                Level::INFO
            },
            challenge: None,
            text,
            advice: "",
        }
    }

    /// With one message id, whoever refuses.
    #[must_use]
    pub const fn id(self, id: &'static str) -> Self {
        self.ids(id, id)
    }

    /// With the message ids of a provider and of a receiver connector.
    #[must_use]
    pub const fn ids(mut self, provider: &'static str, receiver: &'static str) -> Self {
        self.ids = [provider, receiver];
        self
    }

    /// Worth another try after so many seconds.
    #[must_use]
    pub const fn retry(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// With a challenge: clients throw their token away where one is sent, so only where another one would help.
    #[must_use]
    pub const fn asks(mut self, challenge: &'static str) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// Something that an operator has to look after.
    #[must_use]
    pub const fn alarming(mut self) -> Self {
        self.level = Level::ERROR;
        self
    }

    /// With what the reader of the reference is to do.
    #[must_use]
    pub const fn advice(mut self, advice: &'static str) -> Self {
        self.advice = advice;
        self
    }

    /// This refusal, of `what` in particular.
    pub fn naming(&'static self, what: impl fmt::Display) -> Refused {
        let what = what.to_string();
        self.saying(Text::of(what.clone(), what))
    }

    /// This refusal, with `what` in particular, which has words of its own in both languages.
    pub fn saying(&'static self, what: Text) -> Refused {
        Refused {
            what: Some(Box::new(what)),
            ..self.into()
        }
    }

    /// This refusal, with its reason for the log.
    pub fn because(&'static self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Refused {
        Refused::from(self).because(cause)
    }
}

/// A refusal that happened.
#[derive(Debug)]
pub struct Refused {
    /// Which one.
    pub refusal: &'static Refusal,
    /// Its status, where somebody else's is passed on.
    pub status: StatusCode,
    /// In how many seconds to come back.
    pub retry_after: Option<u64>,
    /// Content of `WWW-Authenticate`.
    pub challenge: Option<&'static str>,
    /// Content of `Allow`.
    pub allow: Option<&'static str>,
    what: Option<Box<Text>>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl From<&'static Refusal> for Refused {
    fn from(refusal: &'static Refusal) -> Self {
        Self {
            refusal,
            status: StatusCode::from_u16(refusal.status)
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            retry_after: refusal.retry_after,
            challenge: refusal.challenge,
            allow: None,
            what: None,
            cause: None,
        }
    }
}

impl Refused {
    /// With its reason for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// What people are told, in the language of the current request.
    pub fn text(&self) -> String {
        self.text_in(context::lang())
    }

    /// What people are told, in `lang`.
    pub fn text_in(&self, lang: Lang) -> String {
        let text = self.refusal.text.get(lang);
        match &self.what {
            Some(what) => text.replace("{}", what.get(lang)),
            None => text.to_owned(),
        }
    }

    /// Logs it, with the reason in full, under the request's id.
    pub fn log(&self) {
        let request_id = context::request_id();
        let reason = Chain(self);
        match self.refusal.level {
            Level::ERROR => {
                tracing::error!(request.id = %request_id, error = %reason, "request failed");
            }
            Level::WARN => {
                tracing::warn!(request.id = %request_id, error = %reason, "request failed");
            }
            _ => tracing::info!(request.id = %request_id, reason = %reason, "request refused"),
        }
    }

    /// Logs it where there is a reason that its answer does not tell.
    pub fn log_reason(&self) {
        if self.cause.is_some() {
            self.log();
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.refusal.kind)?;
        match &self.what {
            // The reason says it, too.
            Some(what) if self.cause.is_none() => write!(f, " ({})", what.en),
            _ => Ok(()),
        }
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// A wire's table of refusals: `NAME: STATUS "kind" .option(…), "Japanese", "English";` makes each row a static of that name, and all
/// of them the static that is named first. A row whose readers are programs and operators alone may have English only.
#[macro_export]
macro_rules! refusals {
    (
        $(#[$about:meta])*
        $visible:vis static $table:ident;
        $($name:ident: $status:literal $kind:literal $(.$option:ident($($value:expr),*))*, $text:literal $(, $en:literal)?;)+
    ) => {
        $(
            #[doc = $text]
            $visible static $name: $crate::http::Refusal =
                $crate::http::Refusal::new($status, $kind, $crate::refusals!(@text $text $(, $en)?))
                $(.$option($($value),*))*;
        )+
        $(#[$about])*
        $visible static $table: &[&$crate::http::Refusal] = &[$(&$name),+];
    };
    (@text $ja:literal, $en:literal) => {
        $crate::http::Text::new($ja, $en)
    };
    (@text $en:literal) => {
        $crate::http::Text::new($en, $en)
    };
}
