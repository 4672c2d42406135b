//! Days as people write them: 2026-11-30, 2026/11/30, 令和8年11月30日, with or without a time of the day. What is kept is ISO 8601.

use crate::text::Text;

/// Why a text is no day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DateError {
    /// It is none of the notations.
    Form,
    /// No month has this number.
    Month,
    /// The month has fewer days.
    Day { year: u16, month: u8 },
    /// The era has no such day.
    Era(&'static Era),
    /// No day has this time.
    Time,
}

/// An era of Japan's calendar.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Era {
    ja: &'static str,
    en: &'static str,
    letter: char,
    /// Its first day and its last, year, month, day.
    first: (u16, u8, u8),
    last: Option<(u16, u8, u8)>,
}

/// Meiji from the year in which Japan took the calendar of today.
static ERAS: [Era; 5] = [
    Era {
        ja: "令和",
        en: "Reiwa",
        letter: 'R',
        first: (2019, 5, 1),
        last: None,
    },
    Era {
        ja: "平成",
        en: "Heisei",
        letter: 'H',
        first: (1989, 1, 8),
        last: Some((2019, 4, 30)),
    },
    Era {
        ja: "昭和",
        en: "Showa",
        letter: 'S',
        first: (1926, 12, 25),
        last: Some((1989, 1, 7)),
    },
    Era {
        ja: "大正",
        en: "Taisho",
        letter: 'T',
        first: (1912, 7, 30),
        last: Some((1926, 12, 24)),
    },
    Era {
        ja: "明治",
        en: "Meiji",
        letter: 'M',
        first: (1873, 1, 1),
        last: Some((1912, 7, 29)),
    },
];

impl Era {
    /// The year before its first, as people count.
    fn base(&self) -> u16 {
        // Meiji began five years before the calendar of today.
        if self.letter == 'M' {
            1867
        } else {
            self.first.0 - 1
        }
    }

    fn in_words(&self, (year, month, day): (u16, u8, u8)) -> Text {
        let own = year - self.base();
        Text::of(
            format!("{}{own}年{month}月{day}日", self.ja),
            format!("{} {own}-{month}-{day}", self.en),
        )
    }
}

impl DateError {
    /// What is wrong, and what to do.
    pub(crate) fn text(&self) -> Text {
        match self {
            Self::Form => Text::new(
                "日付は 2026-11-30、2026/11/30、令和8年11月30日 のように書いてください",
                "Write the date as 2026-11-30, 2026/11/30 or 令和8年11月30日",
            ),
            Self::Month => Text::new(
                "月は1から12までです。日付を直してください",
                "Months go from 1 to 12. Correct the date",
            ),
            Self::Day { year, month } => {
                let last = days(*year, *month);
                let name = MONTHS[usize::from(*month - 1)];
                if *month == 2 {
                    Text::of(
                        format!("{year}年2月は{last}日までです。日付を直してください"),
                        format!("{name} {year} has {last} days. Correct the date"),
                    )
                } else {
                    Text::of(
                        format!("{month}月は{last}日までです。日付を直してください"),
                        format!("{name} has {last} days. Correct the date"),
                    )
                }
            }
            Self::Era(era) => {
                let first = era.in_words(era.first);
                let (mut ja, mut en) = (
                    first.ja.into_owned() + "から",
                    format!("begins on {}", first.en),
                );
                if let Some(last) = era.last {
                    let last = era.in_words(last);
                    ja = ja + &last.ja + "まで";
                    en = en + " and ends on " + &last.en;
                }
                Text::of(
                    format!("{}は{ja}です。日付を直してください", era.ja),
                    format!("{} {en}. Correct the date", era.en),
                )
            }
            Self::Time => Text::new(
                "時刻は 00:00:00 から 23:59:59 までです。時刻を直してください",
                "Times go from 00:00:00 to 23:59:59. Correct the time",
            ),
        }
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// How many days the month has.
const fn days(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `text` in ISO 8601: a day, or a day with its time. A time without a zone is Japan's, as other tools write it.
pub(crate) fn read(text: &str) -> Result<String, DateError> {
    let folded: String = text.trim().chars().map(fold).collect();
    let mut scan = Scan(folded.trim());
    let era = scan.era();
    let is_era = era.is_some();
    let (year, digits) = if is_era && scan.take('元') {
        (1, 1)
    } else {
        scan.number().ok_or(DateError::Form)?
    };
    if !is_era && digits == 8 {
        // 20261130, ISO 8601 without its hyphens.
        let (year, rest) = (year / 10_000, year % 10_000);
        return scan.rest(None, year, rest / 100, rest % 100);
    }
    if !is_era && digits != 4 {
        return Err(DateError::Form);
    }
    let separator = ['-', '/', '.', '年']
        .into_iter()
        .find(|sign| scan.take(*sign));
    let separator = separator.ok_or(DateError::Form)?;
    let (between, end) = if separator == '年' {
        ('月', Some('日'))
    } else {
        (separator, None)
    };
    let month = scan.short()?;
    if !scan.take(between) {
        return Err(DateError::Form);
    }
    let day = scan.short()?;
    if end.is_some_and(|end| !scan.take(end)) {
        return Err(DateError::Form);
    }
    scan.rest(era, year, month, day)
}

/// Full-width digits and signs as people type them.
fn fold(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '\u{2212}' | '\u{2010}' => '-',
        _ => c,
    }
}

/// What is left to read.
struct Scan<'t>(&'t str);

impl Scan<'_> {
    fn take(&mut self, sign: char) -> bool {
        let rest = self.0.trim_start_matches(' ').strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn era(&mut self) -> Option<&'static Era> {
        for era in &ERAS {
            let by_letter = || {
                self.0
                    .strip_prefix([era.letter, era.letter.to_ascii_lowercase()])
            };
            if let Some(rest) = self.0.strip_prefix(era.ja).or_else(by_letter) {
                self.0 = rest;
                return Some(era);
            }
        }
        None
    }

    /// A number and how many digits it has, nine at most.
    fn number(&mut self) -> Option<(u32, usize)> {
        let text = self.0.trim_start_matches(' ');
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        if end > 9 {
            return None;
        }
        let number = text[..end].parse().ok()?;
        self.0 = &text[end..];
        Some((number, end))
    }

    /// A number of one or two digits.
    fn short(&mut self) -> Result<u32, DateError> {
        let found = self.number().filter(|(_, digits)| *digits <= 2);
        found.map(|(number, _)| number).ok_or(DateError::Form)
    }

    /// Checks the day, and reads what stands behind it.
    fn rest(
        &mut self,
        era: Option<&'static Era>,
        year: u32,
        month: u32,
        day: u32,
    ) -> Result<String, DateError> {
        let base = era.map_or(0, |era| u32::from(era.base()));
        let year = u16::try_from(base + year)
            .ok()
            .filter(|year| (1..=9999).contains(year));
        let year = year.ok_or(DateError::Form)?;
        let month = u8::try_from(month)
            .ok()
            .filter(|month| (1..=12).contains(month));
        let month = month.ok_or(DateError::Month)?;
        let day = u8::try_from(day)
            .ok()
            .filter(|day| (1..=days(year, month)).contains(day));
        let day = day.ok_or(DateError::Day { year, month })?;
        if let Some(era) = era {
            let is_before = (year, month, day) < era.first;
            if is_before || era.last.is_some_and(|last| (year, month, day) > last) {
                return Err(DateError::Era(era));
            }
        }
        let time = self.time()?;
        Ok(format!("{year:04}-{month:02}-{day:02}{time}"))
    }

    /// The time of the day as ISO 8601 has it, with its zone; empty where there is none.
    fn time(&mut self) -> Result<String, DateError> {
        if self.0.trim().is_empty() {
            return Ok(String::new());
        }
        let is_apart = self.0.starts_with([' ', 'T', 't']);
        if !is_apart {
            return Err(DateError::Form);
        }
        self.0 = self.0[1..].trim_start_matches(' ');
        let hour = self.short()?;
        if !self.take(':') {
            return Err(DateError::Form);
        }
        let minute = self.short()?;
        let mut second = 0;
        let mut fraction = String::new();
        if self.take(':') {
            second = self.short()?;
            if self.take('.') {
                let digits = self.number().ok_or(DateError::Form)?;
                fraction = format!(".{:0width$}", digits.0, width = digits.1);
            }
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(DateError::Time);
        }
        let zone = self.zone()?;
        Ok(format!(
            "T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
        ))
    }

    fn zone(&mut self) -> Result<String, DateError> {
        let rest = self.0.trim();
        if rest.is_empty() {
            return Ok("+09:00".to_owned());
        }
        if rest.eq_ignore_ascii_case("z") {
            return Ok("Z".to_owned());
        }
        let sign = rest.chars().next().filter(|sign| matches!(sign, '+' | '-'));
        let sign = sign.ok_or(DateError::Form)?;
        let digits = rest[1..].replacen(':', "", 1);
        let is_number = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_number || &digits[..2] > "14" || &digits[2..] > "59" {
            return Err(DateError::Form);
        }
        Ok(format!("{sign}{}:{}", &digits[..2], &digits[2..]))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::read;

    #[rstest]
    #[case("2026-11-30", "2026-11-30")]
    #[case("2026/11/30", "2026-11-30")]
    #[case("2026/1/3", "2026-01-03")]
    #[case("2026.1.3", "2026-01-03")]
    #[case("２０２６年１１月３０日", "2026-11-30")]
    #[case("令和8年11月30日", "2026-11-30")]
    #[case("令和元年5月1日", "2019-05-01")]
    #[case("令和 8 年 11 月 30 日", "2026-11-30")]
    #[case("R8.11.30", "2026-11-30")]
    #[case("h31/4/30", "2019-04-30")]
    #[case("昭和64年1月7日", "1989-01-07")]
    #[case("明治6年1月1日", "1873-01-01")]
    #[case("20261130", "2026-11-30")]
    #[case("2024-02-29", "2024-02-29")]
    #[case("2024-04-01 09:00:00.012345", "2024-04-01T09:00:00.012345+09:00")]
    #[case("2021-12-31 00:00:00", "2021-12-31T00:00:00+09:00")]
    #[case("2024-04-01T09:00Z", "2024-04-01T09:00:00Z")]
    #[case("2024-04-01T09:00:00+0530", "2024-04-01T09:00:00+05:30")]
    fn a_day_is_read_in_each_notation(#[case] text: &str, #[case] iso: &str) {
        assert_eq!(read(text).as_deref(), Ok(iso));
        assert_eq!(read(iso).as_deref(), Ok(iso), "what is kept is read again");
    }

    #[rstest]
    #[case(
        "2026-11-31",
        "11月は30日までです。日付を直してください",
        "November has 30 days. Correct the date"
    )]
    #[case(
        "令和8年11月31日",
        "11月は30日までです。日付を直してください",
        "November has 30 days. Correct the date"
    )]
    #[case(
        "2026/2/29",
        "2026年2月は28日までです。日付を直してください",
        "February 2026 has 28 days. Correct the date"
    )]
    #[case(
        "1900-02-29",
        "1900年2月は28日までです。日付を直してください",
        "February 1900 has 28 days. Correct the date"
    )]
    #[case(
        "2026-12-00",
        "12月は31日までです。日付を直してください",
        "December has 31 days. Correct the date"
    )]
    #[case(
        "2026-13-01",
        "月は1から12までです。日付を直してください",
        "Months go from 1 to 12. Correct the date"
    )]
    #[case(
        "平成32年1月1日",
        "平成は平成1年1月8日から平成31年4月30日までです。日付を直してください",
        "Heisei begins on Heisei 1-1-8 and ends on Heisei 31-4-30. Correct the date"
    )]
    #[case(
        "令和元年4月30日",
        "令和は令和1年5月1日からです。日付を直してください",
        "Reiwa begins on Reiwa 1-5-1. Correct the date"
    )]
    #[case(
        "2026-11-30 24:00:00",
        "時刻は 00:00:00 から 23:59:59 までです。時刻を直してください",
        "Times go from 00:00:00 to 23:59:59. Correct the time"
    )]
    fn an_impossible_day_is_named(#[case] text: &str, #[case] ja: &str, #[case] en: &str) {
        let told = read(text).unwrap_err().text();
        assert_eq!((told.ja.as_ref(), told.en.as_ref()), (ja, en));
    }

    #[rstest]
    fn what_is_no_day_is_refused(
        #[values(
            "",
            "昨日",
            "2026",
            "2026-11",
            "26-11-30",
            "2026-11/30",
            "2026年11月30",
            "2026-11-30x",
            "2026-11-30T9",
            "2026-111-1",
            "99999999999-1-1",
            "2026-11-30 10:00 JST",
            "2026-11-30T10:00+99:00",
            "0000-01-01",
            "令和-1年1月1日",
            "٢٠٢٦-١١-٣٠"
        )]
        text: &str,
    ) {
        assert!(read(text).is_err(), "{:?}", read(text));
    }
}
