//! Reading variables so that everything wrong is reported at once.

use std::fmt;
use std::str::FromStr;

/// Reads variables through a lookup function and keeps what is wrong with them
/// for [`Reader::finish`].
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    invalid: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Reads through `lookup`, which answers `None` for what is absent.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            invalid: Vec::new(),
        }
    }

    /// Reads a variable that must be there. `None` has been noted as missing
    /// or bad.
    pub fn required<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        if (self.lookup)(name).is_none() {
            self.invalid.push(format!("{name} is missing"));
        }
        self.optional(name)
    }

    /// Reads a variable that may be absent.
    pub fn optional<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let text = (self.lookup)(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.invalid.push(format!("{name}: {error}"));
                None
            }
        }
    }

    /// Reads a variable that has a default.
    pub fn or_default<T>(&mut self, name: &str, default: T) -> T
    where
        T: FromStr<Err: fmt::Display>,
    {
        self.optional(name).unwrap_or(default)
    }

    /// Reads a number that has a default and a range.
    pub fn within(
        &mut self,
        name: &str,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> u64 {
        let value = self.or_default(name, default);
        if !range.contains(&value) {
            self.refuse(
                name,
                format!("must be from {} to {}", range.start(), range.end()),
            );
        }
        value
    }

    /// Notes that a variable has a value that makes no sense.
    pub fn refuse(&mut self, name: &str, why: impl fmt::Display) {
        self.invalid.push(format!("{name}: {why}"));
    }

    /// Gives `settings` unless something was missing or bad.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, Invalid> {
        match settings {
            Some(settings) if self.invalid.is_empty() => Ok(settings),
            _ => Err(Invalid(self.invalid)),
        }
    }
}

/// Everything that is wrong with the settings, by variable.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("settings: {}", .0.join("; "))]
pub struct Invalid(pub Vec<String>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_all_that_is_wrong_at_once() {
        let lookup = |name: &str| match name {
            "COUNT" => Some("many".to_owned()),
            "LIFE" => Some("7200".to_owned()),
            _ => None,
        };
        let mut reader = Reader::new(&lookup);
        let bucket: Option<String> = reader.required("BUCKET");
        assert_eq!(reader.or_default("COUNT", 3_u64), 3);
        assert_eq!(reader.optional::<u64>("ABSENT"), None);
        reader.within("LIFE", 900, 1..=3600);
        assert_eq!(
            reader.finish(bucket).unwrap_err().to_string(),
            "settings: BUCKET is missing; COUNT: invalid digit found in string; LIFE: must be from 1 to 3600"
        );
    }
}
