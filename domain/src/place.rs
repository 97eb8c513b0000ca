//! The name of a place on Earth.

use serde::{Deserialize, Serialize};

/// Where a photo was taken, in words. What is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The nearest city of that country, if one is near.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The city's first-level administrative division.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Short English name of the country.
    pub nation: String,
    /// ISO 3166-1 alpha-2 code of the country.
    pub country_code: String,
}

impl Place {
    /// City, region and nation, each named once.
    pub fn address(&self) -> String {
        let mut parts: Vec<&str> = Vec::with_capacity(3);
        for part in [
            self.city.as_deref(),
            self.region.as_deref(),
            Some(&*self.nation),
        ] {
            if let Some(part) = part.filter(|part| !part.is_empty() && !parts.contains(part)) {
                parts.push(part);
            }
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_nothing_twice() {
        let place = |city: &str, region: Option<&str>| Place {
            city: Some(city.to_owned()),
            region: region.map(str::to_owned),
            nation: "Singapore".to_owned(),
            country_code: "SG".to_owned(),
        };
        assert_eq!(place("Singapore", None).address(), "Singapore");
        assert_eq!(
            place("Jurong", Some("West")).address(),
            "Jurong, West, Singapore"
        );
    }
}
