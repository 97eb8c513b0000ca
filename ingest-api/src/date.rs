//! A day, month or year as a query names it.

use serde::Deserialize;

/// The beginning of an ISO 8601 date: `2024`, `2024-05` or `2024-05-17`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
pub(crate) struct DatePrefix(String);

impl DatePrefix {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no date is at or after this one and within `last`.
    pub(crate) fn is_after(&self, last: &Self) -> bool {
        self.0 > last.0 && !self.0.starts_with(&last.0)
    }
}

impl TryFrom<String> for DatePrefix {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let right = {
            let mut parts = text.split('-');
            let number = |part: &str, digits: usize| {
                let right = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
                part.parse::<u16>().ok().filter(|_| right)
            };
            let year = parts.next().and_then(|part| number(part, 4));
            let within = |part: Option<&str>, most| {
                part.is_none_or(|part| number(part, 2).is_some_and(|n| (1..=most).contains(&n)))
            };
            year.is_some()
                && within(parts.next(), 12)
                && within(parts.next(), 31)
                && parts.next().is_none()
        };
        right
            .then_some(Self(text))
            .ok_or("a date is YYYY, YYYY-MM or YYYY-MM-DD")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<DatePrefix> {
        DatePrefix::try_from(text.to_owned()).ok()
    }

    #[test]
    fn dates_and_their_beginnings_are_taken_and_nothing_else() {
        for right in ["2024", "0001", "2024-01", "2024-12-31"] {
            assert!(date(right).is_some(), "{right}");
        }
        for wrong in [
            "",
            "24",
            "2024-",
            "2024-13",
            "2024-00",
            "2024-1",
            "2024-01-32",
            "2024-01-01-01",
            "+024",
            "\u{b69e7}\u{81}",
            "2024-01-01T00",
        ] {
            assert!(date(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_month_is_not_after_its_year() {
        let after = |from, to| date(from).unwrap().is_after(&date(to).unwrap());
        assert!(!after("2024-05", "2024"));
        assert!(!after("2024", "2024-05"));
        assert!(after("2025", "2024-05"));
        assert!(after("2024-06", "2024-05-31"));
    }
}
