//! Pages of lists.

use common::http::{problem::Problem, refusals};
use uuid::Uuid;

/// Entries a page where nothing is said.
const DEFAULT: u32 = 50;
/// Longest page.
const MAX: u32 = 200;

/// How many entries are asked for.
pub(super) fn limit(asked: Option<&str>) -> Result<u32, Problem> {
    match asked.map(str::parse::<u32>) {
        None => Ok(DEFAULT),
        Some(Ok(limit)) if (1..=MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(unfit("limit", "a whole number from 1 to 200 is expected")),
    }
}

/// The last entry of the page before, which callers only pass back.
pub(super) fn cursor<T: std::str::FromStr>(asked: Option<&str>) -> Result<Option<T>, Problem> {
    let cursor = asked.map(str::parse::<T>).transpose();
    cursor.map_err(|_| (&refusals::CURSOR_UNKNOWN).into())
}

/// An id in a parameter.
pub(super) fn id(name: &str, asked: Option<&str>) -> Result<Option<Uuid>, Problem> {
    let id = asked.map(Uuid::try_parse).transpose();
    id.map_err(|_| unfit(name, "an id is expected"))
}

/// A parameter that does not fit.
pub(super) fn unfit(parameter: &str, message: &str) -> Problem {
    let detail = format!("the parameter {parameter} does not fit");
    refusals::PARAMETER_DOES_NOT_FIT
        .problem(detail)
        .error(parameter, message)
}
