//! Which part of the list of drafts is asked for.

use catalog_site::index::fold;
use common::http::{problem::Problem, refusals as house};
use serde::Deserialize;

use super::access::Steward;
use crate::domain::{Asked, Order, State};

/// Entries a page where nothing is said, and the most.
const LIMITS: (u32, u32) = (25, 100);

/// What stands behind so many is found in another way.
const MAX_OFFSET: u32 = 100_000;

/// Longest text that is looked for, in characters.
const MAX_TEXT: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    provider: Option<String>,
    state: Option<String>,
    q: Option<String>,
    sort: Option<String>,
    offset: Option<String>,
    limit: Option<String>,
}

impl Page {
    /// As the store is asked, among those for whom `steward` may write.
    pub(super) fn asked(self, steward: &Steward) -> Result<Asked, Problem> {
        let all = steward.providers.iter().map(|one| one.id.to_string());
        let only = self.provider;
        let providers = all.filter(|id| only.as_ref().is_none_or(|only| only == id));
        let state = self
            .state
            .map(|word| serde_json::from_value::<State>(word.into()));
        let state = state.transpose().map_err(|_| {
            unfit(
                "state",
                "draft, checking, published or withdrawn is expected",
            )
        })?;
        let order = match self.sort.as_deref() {
            None | Some("-saved_at") => Order::Newest,
            Some("saved_at") => Order::Oldest,
            Some("title") => Order::Title,
            Some("-title") => Order::TitleBackwards,
            Some(_) => {
                return Err(unfit(
                    "sort",
                    "saved_at or title, or one with - in front, is expected",
                ));
            }
        };
        let text = self.q.unwrap_or_default();
        if text.chars().count() > MAX_TEXT {
            return Err(unfit("q", "at most 200 characters are looked for"));
        }
        Ok(Asked {
            providers: providers.collect(),
            state,
            text: Some(fold(text.trim())),
            order,
            offset: number("offset", self.offset.as_deref(), 0, (0, MAX_OFFSET))?,
            limit: number("limit", self.limit.as_deref(), LIMITS.0, (1, LIMITS.1))?,
        })
    }
}

fn number(
    name: &str,
    asked: Option<&str>,
    default: u32,
    (least, most): (u32, u32),
) -> Result<u32, Problem> {
    match asked.map(str::parse::<u32>) {
        None => Ok(default),
        Some(Ok(number)) if (least..=most).contains(&number) => Ok(number),
        Some(_) => {
            let message = format!("a whole number from {least} to {most} is expected");
            Err(unfit(name, &message))
        }
    }
}

/// A parameter that does not fit.
pub(super) fn unfit(parameter: &str, message: &str) -> Problem {
    let detail = format!("the parameter {parameter} does not fit");
    house::PARAMETER_DOES_NOT_FIT
        .problem(detail)
        .error(parameter, message)
}
