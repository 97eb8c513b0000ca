//! The short English name of a country: `data/nations.csv`, from GeoNames.

static NATIONS: &str = include_str!("../data/nations.csv");

/// "South Korea" for `KR`, where ISO 3166 has "Korea (the Republic of)".
pub(crate) fn name(country: &str) -> Option<&'static str> {
    NATIONS
        .lines()
        .filter_map(|line| line.split_once(','))
        .find_map(|(code, name)| (code == country).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_people_use() {
        for (code, expected) in [("KR", "South Korea"), ("VN", "Vietnam"), ("XK", "Kosovo")] {
            assert_eq!(name(code), Some(expected));
        }
        assert_eq!(name("BQ"), Some("Bonaire, Saint Eustatius and Saba"));
        assert_eq!(name("ZZ"), None);
        assert_eq!(name(""), None);
    }
}
