//! Which part of a list is wanted.

/// How long a page may be: `most` at the most, as long as `unasked` where nothing is said. The error says what is allowed.
pub(super) fn limit(asked: Option<&str>, unasked: u32, most: u32) -> Result<u32, String> {
    match asked.map(str::parse::<u32>) {
        None => Ok(unasked),
        Some(Ok(limit)) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(format!("a whole number from 1 to {most} is expected")),
    }
}
