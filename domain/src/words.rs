//! The words by which a photo is found.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::Photo;

/// How many words of one photo are indexed. An edit that replaces every word
/// still fits one transaction of 100 items.
const MOST: usize = 40;
const LONGEST: usize = 40;

/// Splits a text into words, with case and accents folded away.
pub fn fold(text: &str) -> impl Iterator<Item = String> + '_ {
    let folded: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .collect::<String>()
        .to_lowercase();
    let words: Vec<String> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST).collect())
        .collect();
    words.into_iter()
}

/// The words of a photo, the owner's own first when there are too many: tags,
/// description, place, camera, month, file name.
pub fn words(photo: &Photo) -> BTreeSet<String> {
    let mut texts: Vec<String> = photo.tags.as_slice().to_vec();
    texts.push(photo.description.as_str().to_owned());
    if let Some(place) = &photo.place {
        texts.push(place.address());
        texts.push(place.country_code.clone());
    }
    texts.extend(photo.make.clone());
    texts.extend(photo.model.clone());
    if let Some(taken) = photo.taken_date {
        texts.push(taken.local.strftime("%Y %B").to_string());
    }
    texts.push(photo.filename_orig.to_string());
    let mut found = BTreeSet::new();
    for word in texts.iter().flat_map(|text| fold(text)) {
        if found.len() == MOST {
            break;
        }
        found.insert(word);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_case_accents_and_signs() {
        let folded: Vec<String> = fold("Café-Noir, ÅRHUS_2024 (ﬁn)").collect();
        assert_eq!(folded, ["cafe", "noir", "arhus", "2024", "fin"]);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text: String) {
            let once: Vec<String> = fold(&text).collect();
            let twice: Vec<String> = once.iter().flat_map(|word| fold(word)).collect();
            prop_assert_eq!(once.join("").len() >= twice.join("").len(), true);
            prop_assert!(once.iter().all(|word| !word.contains('#')));
        }
    }
}
