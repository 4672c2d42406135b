//! Times as they are written in catalogues and in queries.

use std::ops::{Range, RangeInclusive};

use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset};

/// The time that a text names, in microseconds since 1970, up to where the next of its kind begins: a day lasts a day, a month a month.
///
/// Read are `2020`, `2020-09`, `2020-9-18`, `2020/09/18`, and with a day `T06:27`, `T06:27:11`, `T06:27:11.123456`, or a blank for the `T`; a zone may follow, and is
/// UTC where none does.
pub(super) fn span(text: &str) -> Option<Range<i64>> {
    let text = text.trim();
    let (day, clock) = match text.split_once(['T', 't', ' ']) {
        Some((day, clock)) => (day, Some(clock.trim())),
        None => (text, None),
    };
    let parts: Vec<&str> = day.split(['-', '/']).collect();
    let year = digits(parts.first()?, 4..=4)?;
    let month = |at: usize| digits(parts.get(at)?, 1..=2);
    match (parts.len(), clock) {
        (1, None) => between(first(year, 1)?, first(year + 1, 1)?),
        (2, None) => {
            let begin = month(1)?;
            let next = if begin == 12 {
                first(year + 1, 1)
            } else {
                first(year, begin + 1)
            };
            between(first(year, begin)?, next?)
        }
        (3, clock) => {
            let day = date(year, month(1)?, month(2)?)?;
            match clock {
                None => between(midnight(day), midnight(day.next_day()?)),
                Some(clock) => moment(day, clock),
            }
        }
        _ => None,
    }
}

/// The instant that a value of a catalogue names, if it names a day at least: a number may well be no year.
pub(super) fn instant(text: &str) -> Option<i64> {
    // No time is written in more.
    let may_be = text.len() <= 40 && text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let separators = text.bytes().filter(|b| matches!(b, b'-' | b'/')).count();
    if !may_be || separators < 2 {
        return None;
    }
    span(text).map(|span| span.start)
}

/// As [`span`], and `NOW` with what may follow it: `NOW-7DAYS`, `NOW/MONTH+1YEAR`.
pub(super) fn span_from(text: &str, now: OffsetDateTime) -> Option<Range<i64>> {
    let Some(mut rest) = text.trim().strip_prefix("NOW") else {
        return span(text);
    };
    let mut at = now.to_offset(UtcOffset::UTC);
    while let Some(sign) = rest.chars().next() {
        rest = &rest[sign.len_utf8()..];
        let (step, after) = rest.split_at(rest.find(['+', '-', '/']).unwrap_or(rest.len()));
        rest = after;
        let unit = step.trim_start_matches(|c: char| c.is_ascii_digit());
        let amount = &step[..step.len() - unit.len()];
        let unit = unit.strip_suffix('S').unwrap_or(unit);
        at = match sign {
            '/' if amount.is_empty() => rounded(at, unit)?,
            '+' => moved(at, amount.parse().ok()?, unit)?,
            '-' => moved(at, -amount.parse::<i32>().ok()?, unit)?,
            _ => return None,
        };
    }
    Some(micros(at)..micros(at) + 1)
}

/// Microseconds since 1970.
pub(super) fn micros(at: OffsetDateTime) -> i64 {
    // Its years have four digits, which makes 18 of microseconds at most.
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "ends the ways in which a time is read"
)]
fn between(from: OffsetDateTime, until: OffsetDateTime) -> Option<Range<i64>> {
    Some(micros(from)..micros(until))
}

fn digits(text: &str, length: RangeInclusive<usize>) -> Option<i32> {
    let is_number = length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
}

fn first(year: i32, month: i32) -> Option<OffsetDateTime> {
    date(year, month, 1).map(midnight)
}

fn midnight(day: Date) -> OffsetDateTime {
    day.midnight().assume_utc()
}

/// A time of a day, with its zone.
fn moment(day: Date, clock: &str) -> Option<Range<i64>> {
    let (clock, zone) = match clock.find(['Z', 'z', '+', '-']) {
        Some(at) => clock.split_at(at),
        None => (clock, ""),
    };
    let (clock, fraction) = match clock.trim_end().split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock.trim_end(), None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let part = |at: usize| u8::try_from(digits(parts.get(at)?, 2..=2)?).ok();
    let has_seconds = match parts.len() {
        2 if fraction.is_none() => false,
        3 => true,
        _ => return None,
    };
    let seconds = if has_seconds { part(2)? } else { 0 };
    // A leap second is the last one of its minute.
    let time = Time::from_hms(part(0)?, part(1)?, seconds.min(59)).ok()?;
    let begin = day.with_time(time).assume_offset(offset(zone)?);
    let begin = micros(begin) + micros_of(fraction)?;
    let length = if has_seconds { 1 } else { 60_000_000 };
    Some(begin..begin + length)
}

fn micros_of(fraction: Option<&str>) -> Option<i64> {
    let Some(fraction) = fraction else {
        return Some(0);
    };
    digits(fraction.get(..fraction.len().min(9))?, 1..=9)?;
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    six.parse().ok()
}

fn offset(zone: &str) -> Option<UtcOffset> {
    let sign = match zone {
        "" | "Z" | "z" => return Some(UtcOffset::UTC),
        _ if zone.starts_with('-') => -1,
        _ => 1,
    };
    let figures: String = zone.get(1..)?.chars().filter(|c| *c != ':').collect();
    let hours = digits(figures.get(..2)?, 2..=2)?;
    let minutes = match figures.get(2..)? {
        "" => 0,
        minutes => digits(minutes, 2..=2)?,
    };
    UtcOffset::from_whole_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

fn rounded(at: OffsetDateTime, unit: &str) -> Option<OffsetDateTime> {
    let day = at.date();
    let hour = Time::from_hms(at.hour(), 0, 0).ok()?;
    Some(match unit {
        "YEAR" => first(day.year(), 1)?,
        "MONTH" => first(day.year(), i32::from(u8::from(day.month())))?,
        "DAY" | "DATE" => midnight(day),
        "HOUR" => at.replace_time(hour),
        "MINUTE" => at.replace_time(hour.replace_minute(at.minute()).ok()?),
        "SECOND" => at.replace_nanosecond(0).ok()?,
        _ => return None,
    })
}

fn moved(at: OffsetDateTime, amount: i32, unit: &str) -> Option<OffsetDateTime> {
    let months = match unit {
        "YEAR" => amount.checked_mul(12)?,
        "MONTH" => amount,
        _ => {
            let seconds = match unit {
                "DAY" | "DATE" => 86400,
                "HOUR" => 3600,
                "MINUTE" => 60,
                "SECOND" => 1,
                _ => return None,
            };
            return at.checked_add(Duration::seconds(i64::from(amount) * seconds));
        }
    };
    let day = at.date();
    let month = i32::from(u8::from(day.month())) - 1;
    let months = day
        .year()
        .checked_mul(12)?
        .checked_add(month)?
        .checked_add(months)?;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    // A month that is shorter ends on its last day.
    let day = (1..=i32::from(day.day())).rev();
    let day = day.take(4).find_map(|day| date(year, month, day))?;
    Some(at.replace_date(day))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::datetime;

    use super::*;

    #[rstest]
    #[case("2020", datetime!(2020-01-01 0:00 UTC), datetime!(2021-01-01 0:00 UTC))]
    #[case("2020-12", datetime!(2020-12-01 0:00 UTC), datetime!(2021-01-01 0:00 UTC))]
    #[case("2020-2-28", datetime!(2020-02-28 0:00 UTC), datetime!(2020-02-29 0:00 UTC))]
    #[case("2020/09/18", datetime!(2020-09-18 0:00 UTC), datetime!(2020-09-19 0:00 UTC))]
    #[case("2020-09-18T06:27", datetime!(2020-09-18 6:27 UTC), datetime!(2020-09-18 6:28 UTC))]
    #[case("2020-09-18T06:27:11Z", datetime!(2020-09-18 6:27:11 UTC), datetime!(2020-09-18 6:27:11.000_001 UTC))]
    #[case("2020-09-18 06:27:11.5", datetime!(2020-09-18 6:27:11.5 UTC), datetime!(2020-09-18 6:27:11.500_001 UTC))]
    #[case("2020-09-18T06:27+09:00", datetime!(2020-09-17 21:27 UTC), datetime!(2020-09-17 21:28 UTC))]
    #[case("2020-09-18T06:27-0530", datetime!(2020-09-18 11:57 UTC), datetime!(2020-09-18 11:58 UTC))]
    #[case("2016-12-31T23:59:60Z", datetime!(2016-12-31 23:59:59 UTC), datetime!(2016-12-31 23:59:59.000_001 UTC))]
    fn a_time_lasts_as_long_as_it_is_exact(
        #[case] text: &str,
        #[case] from: OffsetDateTime,
        #[case] until: OffsetDateTime,
    ) {
        assert_eq!(span(text), Some(micros(from)..micros(until)));
    }

    #[rstest]
    #[case("")]
    #[case("20")]
    #[case("20201")]
    #[case("2020-13")]
    #[case("2020-02-30")]
    #[case("2020-0a")]
    #[case("2020-01-01-01")]
    #[case("2020-01T00:00")]
    #[case("2020-01-01T24:00")]
    #[case("2020-01-01T1:00")]
    #[case("2020-01-01T10:00:00.")]
    #[case("2020-01-01T10:00:00.あ")]
    #[case("2020-01-01T10:00+")]
    #[case("2020-01-01T10:00+9")]
    #[case("2020-01-01T10:00+99:00")]
    #[case("9999-12-31")]
    #[case("道路")]
    fn what_is_no_time_is_none(#[case] text: &str) {
        assert_eq!(span(text), None);
    }

    #[rstest]
    #[case("NOW", datetime!(2024-03-31 10:20:30.5 UTC))]
    #[case("NOW-7DAYS", datetime!(2024-03-24 10:20:30.5 UTC))]
    #[case("NOW/DAY", datetime!(2024-03-31 0:00 UTC))]
    #[case("NOW-1MONTH/MONTH", datetime!(2024-02-01 0:00 UTC))]
    #[case("NOW-1MONTH", datetime!(2024-02-29 10:20:30.5 UTC))]
    #[case("NOW+1YEAR/HOUR", datetime!(2025-03-31 10:00 UTC))]
    #[case("NOW/SECOND-1MINUTE", datetime!(2024-03-31 10:19:30 UTC))]
    fn times_are_counted_from_now(#[case] text: &str, #[case] expected: OffsetDateTime) {
        let now = datetime!(2024-03-31 10:20:30.5 UTC);
        assert_eq!(
            span_from(text, now).map(|span| span.start),
            Some(micros(expected))
        );
    }

    #[rstest]
    #[case("NOW-")]
    #[case("NOW-7")]
    #[case("NOW-7WEEKS")]
    #[case("NOW/7DAYS")]
    #[case("NOW-99999999999DAYS")]
    #[case("NOW+2000000000YEARS")]
    #[case("NOW-2000000000DAYS")]
    #[case("NOW道")]
    fn what_is_not_counted_is_none(#[case] text: &str) {
        assert_eq!(span_from(text, datetime!(2024-03-31 10:20 UTC)), None);
    }

    #[rstest]
    #[case("2020", false)]
    #[case("2020-09", false)]
    #[case("2020-09-18", true)]
    #[case("2020/9/18 10:00", true)]
    #[case("令和2年", false)]
    fn a_value_is_a_time_if_it_names_a_day(#[case] text: &str, #[case] is_time: bool) {
        assert_eq!(instant(text).is_some(), is_time);
    }
}
