//! Publishing: what it consists of, what is done next, and what a failure means. Nothing here does anything.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    dataset::Author,
    package::{Location, Origin},
};

/// Where a publication stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PublicationState {
    /// 待機: nobody has taken it up.
    Queued,
    /// 検査: it is being worked on.
    Checking,
    /// 再試行中: something that it needs was away; it is tried again.
    Retrying,
    /// 止まりました: it needs the steward.
    Stopped,
    /// 完了: the sites show it.
    Done,
}

impl PublicationState {
    /// The spelling in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Checking => "checking",
            Self::Retrying => "retrying",
            Self::Stopped => "stopped",
            Self::Done => "done",
        }
    }

    /// Whether nothing more happens to it.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Stopped | Self::Done)
    }
}

/// Why a publication waits or has stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Hitch {
    /// What kind, for programs.
    pub kind: String,
    /// For people, in Japanese.
    pub ja: String,
    /// For people, in English.
    pub en: String,
    /// The members of the content that are wrong, if that is the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Fault>,
}

/// One member of a content that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Fault {
    /// What kind, for programs.
    pub kind: String,
    /// The member, as a JSON pointer into the content.
    pub pointer: String,
    /// For people, in Japanese.
    pub ja: String,
    /// For people, in English.
    pub en: String,
}

impl Hitch {
    /// A hitch without members that are wrong.
    pub fn new(kind: &str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            ja: ja.into(),
            en: en.into(),
            findings: Vec::new(),
        }
    }
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepError {
    /// The steward has to do something about it: trying again would not help.
    Stop(Hitch),
    /// Something is away. After so many failures in a row it is the steward's business; without a number it is tried until it works.
    Again(Hitch, Option<u32>),
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its id.
    pub id: Uuid,
    /// What is published.
    pub dataset_id: Uuid,
    /// The number of the content.
    pub version: i64,
    /// Where it stands.
    pub state: PublicationState,
    /// Failures one after the other.
    pub failures: u32,
    /// Why it waits or has stopped.
    pub hitch: Option<Hitch>,
    /// When it was asked for.
    pub queued_at: OffsetDateTime,
    /// When it is taken up, or up again.
    pub due_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// Who asked for it.
    pub author: Author,
    /// Who has taken it up, by count.
    pub claim: i64,
    /// The places that it names. Empty until they are known.
    pub parts: Vec<Part>,
}

/// One place that a publication names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where the data is.
    pub location: Location,
    /// The first distribution that names it.
    pub resource_id: String,
    /// SHA-256 of the bytes and how many there are; `None` until they were read, and where the event was there before.
    pub digest: Option<Digest>,
    /// The event that made the data.
    pub event_id: Option<String>,
}

/// What bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// SHA-256, hexadecimal in small letters.
    pub sha256: String,
    /// How many bytes.
    pub size: u64,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Look whether the content may be published, and which places it names.
    Check,
    /// Read what lies at the place with this number.
    Read(usize),
    /// Have the ledger record the making of what lies at the place with this number.
    Record(usize),
    /// Make the sites show it.
    Show,
}

impl Publication {
    /// What is to be done next, once it was looked at (`is_checked`) since it was taken up.
    ///
    /// The check is made anew by whoever takes it up: it costs little, and what it goes by may have changed. What was read and
    /// recorded stays so.
    pub fn next(&self, is_checked: bool) -> Step {
        if !is_checked {
            return Step::Check;
        }
        let open = |part: &Part| part.event_id.is_none();
        match self.parts.iter().position(open) {
            None => Step::Show,
            Some(number) if self.parts[number].digest.is_none() => Step::Read(number),
            Some(number) => Step::Record(number),
        }
    }

    /// What is recorded of the places once every event is known.
    pub fn origins(&self) -> Vec<Origin> {
        let origins = self.parts.iter().filter_map(|part| {
            Some(Origin {
                location: part.location.clone(),
                event_id: part.event_id.clone()?,
                sha256: part.digest.as_ref().map(|digest| digest.sha256.clone()),
            })
        });
        origins.collect()
    }

    /// When it is tried again after `error`, or that it stops.
    pub fn after(&self, error: StepError, now: OffsetDateTime) -> Setback {
        match error {
            StepError::Stop(hitch) => Setback::Stop(hitch),
            StepError::Again(hitch, Some(most)) if self.failures.saturating_add(1) >= most => {
                Setback::Stop(hitch)
            }
            StepError::Again(hitch, _) => Setback::Again(hitch, now + pause(self.failures)),
        }
    }
}

/// What becomes of a publication of which a step has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setback {
    /// It ends.
    Stop(Hitch),
    /// It is tried again, at that time.
    Again(Hitch, OffsetDateTime),
}

/// 2 s, doubled with each failure, 5 minutes at most: the steward looks on at first, and nobody does after an hour.
fn pause(failures: u32) -> Duration {
    Duration::from_secs(2)
        .saturating_mul(1 << failures.min(8))
        .min(Duration::from_mins(5))
}

/// Under which key the ledger is asked to record that these bytes were made: the same however often, for other bytes another one.
pub fn idempotency_key(
    dataset_id: Uuid,
    resource_id: &str,
    location: &Location,
    sha256: &str,
) -> String {
    let dataset_id = dataset_id.to_string();
    let members = [
        dataset_id.as_str(),
        resource_id,
        &location.url,
        &location.tenant,
        &location.path,
        sha256,
    ];
    let mut hash = Sha256::new();
    for member in members {
        // Each with its length, so that no two lists read alike.
        hash.update((member.len() as u64).to_be_bytes());
        hash.update(member.as_bytes());
    }
    format!("create:{}", hex::encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-30 00:00 UTC);

    fn place(url: &str) -> Location {
        Location {
            url: url.to_owned(),
            tenant: String::new(),
            path: String::new(),
        }
    }

    fn part(is_read: bool, is_recorded: bool) -> Part {
        Part {
            location: place("u"),
            resource_id: "r".to_owned(),
            digest: is_read.then(|| Digest {
                sha256: "00".repeat(32),
                size: 1,
            }),
            event_id: is_recorded.then(|| "e".to_owned()),
        }
    }

    fn publication(parts: Vec<Part>, failures: u32) -> Publication {
        Publication {
            id: Uuid::nil(),
            dataset_id: Uuid::nil(),
            version: 1,
            state: PublicationState::Checking,
            failures,
            hitch: None,
            queued_at: NOW,
            due_at: NOW,
            ended_at: None,
            author: Author {
                user: "u".to_owned(),
                via: "v".to_owned(),
                request_id: "r".to_owned(),
            },
            claim: 1,
            parts,
        }
    }

    #[test]
    fn a_publication_goes_step_by_step() {
        let next = |parts| publication(parts, 0).next(true);
        let (new, read, recorded, kept) = (
            part(false, false),
            part(true, false),
            part(true, true),
            part(false, true),
        );
        assert_eq!(publication(vec![new.clone()], 0).next(false), Step::Check);
        assert_eq!(next(vec![]), Step::Show);
        assert_eq!(next(vec![new.clone()]), Step::Read(0));
        assert_eq!(next(vec![read.clone()]), Step::Record(0));
        // What had an event before is neither read nor recorded.
        assert_eq!(next(vec![kept.clone(), new]), Step::Read(1));
        assert_eq!(
            next(vec![recorded.clone(), kept.clone(), read]),
            Step::Record(2)
        );
        assert_eq!(next(vec![recorded, kept]), Step::Show);
    }

    #[test]
    fn what_is_recorded_of_a_place_names_the_bytes_where_they_were_read() {
        let origins = publication(vec![part(true, true), part(false, true)], 0).origins();
        let digests: Vec<bool> = origins.iter().map(|one| one.sha256.is_some()).collect();
        assert_eq!(digests, [true, false]);
    }

    #[test]
    fn some_failures_end_it_and_others_wait() {
        let hitch = || Hitch::new("k", "j", "e");
        let after = |failures, error| publication(vec![], failures).after(error, NOW);
        assert_eq!(after(0, StepError::Stop(hitch())), Setback::Stop(hitch()));
        let again = |failures, most| after(failures, StepError::Again(hitch(), most));
        let in_seconds = |seconds| Setback::Again(hitch(), NOW + Duration::from_secs(seconds));
        assert_eq!(again(0, Some(3)), in_seconds(2));
        assert_eq!(again(1, Some(3)), in_seconds(4));
        assert_eq!(again(2, Some(3)), Setback::Stop(hitch()));
        assert_eq!(again(7, None), in_seconds(256));
        assert_eq!(again(8, None), in_seconds(300));
        assert_eq!(again(u32::MAX - 1, None), in_seconds(300));
    }

    proptest! {
        #[test]
        fn other_bytes_have_another_key(a in ".{0,4}", b in ".{0,4}", c in ".{0,4}", d in ".{0,4}") {
            let key = |resource: &str, url: &str| idempotency_key(Uuid::nil(), resource, &place(url), "00");
            prop_assert_eq!(key(&a, &b) == key(&c, &d), (&a, &b) == (&c, &d));
            prop_assert_ne!(key(&a, &b), idempotency_key(Uuid::max(), &a, &place(&b), "00"));
            prop_assert_ne!(key(&a, &b), idempotency_key(Uuid::nil(), &a, &place(&b), "01"));
            prop_assert!(key(&a, &b).is_ascii());
        }
    }
}
