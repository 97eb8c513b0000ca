//! The words an owner gives a photo: tags, description, file name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A photo's tags: trimmed, unique, in the owner's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Tags(Vec<String>);

impl Tags {
    const MOST: usize = 50;
    const LONGEST: usize = 100;

    /// The tags.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<String>> for Tags {
    type Error = InvalidText;

    fn try_from(tags: Vec<String>) -> Result<Self, Self::Error> {
        let mut kept: Vec<String> = Vec::with_capacity(tags.len().min(Self::MOST));
        for tag in tags {
            let tag = single_line(&tag, Self::LONGEST, "a tag")?;
            if !tag.is_empty() && !kept.contains(&tag) {
                kept.push(tag);
            }
        }
        if kept.len() > Self::MOST {
            return Err(InvalidText::TooMany {
                what: "tags",
                limit: Self::MOST,
            });
        }
        Ok(Self(kept))
    }
}

impl From<Tags> for Vec<String> {
    fn from(tags: Tags) -> Self {
        tags.0
    }
}

/// A photo's description, of several lines if need be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

impl Description {
    const LONGEST: usize = 4_000;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<String> for Description {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim().replace('\0', "");
        bounded(text, Self::LONGEST, "the description").map(Self)
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

/// The name a photo's file had on its owner's device. Shown, searched and
/// offered for download; never part of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Filename(String);

impl Filename {
    const LONGEST: usize = 255;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Filename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Filename {
    type Error = InvalidText;

    /// Keeps the last segment of a path, as browsers that send folders do.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = single_line(last, Self::LONGEST, "the file name")?;
        if name.is_empty() {
            Err(InvalidText::Empty {
                what: "the file name",
            })
        } else {
            Ok(Self(name))
        }
    }
}

impl From<Filename> for String {
    fn from(name: Filename) -> Self {
        name.0
    }
}

fn single_line(text: &str, limit: usize, what: &'static str) -> Result<String, InvalidText> {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    bounded(text.trim().to_owned(), limit, what)
}

fn bounded(text: String, limit: usize, what: &'static str) -> Result<String, InvalidText> {
    if text.chars().count() > limit {
        Err(InvalidText::TooLong { what, limit })
    } else {
        Ok(text)
    }
}

/// Why a text was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// It has nothing in it.
    #[error("{what} must not be empty")]
    Empty {
        /// Which text.
        what: &'static str,
    },
    /// It is too long.
    #[error("{what} may have at most {limit} characters")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// In characters.
        limit: usize,
    },
    /// There are too many of them.
    #[error("at most {limit} {what} are kept")]
    TooMany {
        /// Which texts.
        what: &'static str,
        /// How many are kept.
        limit: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_and_unique() {
        let tags = Tags::try_from(vec![
            " paris ".to_owned(),
            "paris".to_owned(),
            String::new(),
        ]);
        assert_eq!(tags.unwrap().as_slice(), ["paris"]);
    }

    #[test]
    fn a_file_name_is_one_line_without_folders() {
        let name = Filename::try_from("C:\\a/b/IMG\n1.jpg".to_owned()).unwrap();
        assert_eq!(name.as_str(), "IMG 1.jpg");
        assert!(Filename::try_from("a/".to_owned()).is_err());
        assert!(Filename::try_from("é".repeat(256)).is_err());
    }
}
