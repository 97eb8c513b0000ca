//! The receipt: what became of every file, in sums that add up.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::terminal::{Terminal, plain};

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Sent in this run.
    Stored,
    /// The album had it, or another file of this run has the same bytes.
    AlreadyThere,
    /// The album does not take it.
    Refused { code: String, detail: String },
    /// It could not be sent, or not be processed.
    Failed { code: String, detail: String },
    /// Stored; its processing had not ended when this run did.
    Processing,
    /// Not reached before this run ended.
    NotSent,
    /// Not a photo.
    Skipped,
}

/// One line of the receipt.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub path: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo_id: Option<String>,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How many files ended how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Sums {
    pub files: usize,
    pub stored: usize,
    pub already_there: usize,
    pub refused: usize,
    pub failed: usize,
    pub processing: usize,
    pub not_sent: usize,
    pub skipped: usize,
}

impl Sums {
    pub(crate) fn of(lines: &[Line]) -> Self {
        let mut sums = Self::default();
        for line in lines {
            sums.files += 1;
            *match line.outcome {
                Outcome::Stored => &mut sums.stored,
                Outcome::AlreadyThere => &mut sums.already_there,
                Outcome::Refused { .. } => &mut sums.refused,
                Outcome::Failed { .. } => &mut sums.failed,
                Outcome::Processing => &mut sums.processing,
                Outcome::NotSent => &mut sums.not_sent,
                Outcome::Skipped => &mut sums.skipped,
            } += 1;
        }
        sums
    }

    /// Whether every photo is where it should be.
    pub(crate) fn is_clean(&self) -> bool {
        self.refused + self.failed + self.processing + self.not_sent == 0
    }
}

/// Writes the receipt: as one JSON document, or as the exceptions and the sums.
pub(crate) fn print(lines: &[Line], json: bool, terminal: &Terminal) -> anyhow::Result<Sums> {
    let sums = Sums::of(lines);
    if json {
        terminal.json(&serde_json::json!({ "files": lines, "sums": sums }))?;
        return Ok(sums);
    }
    for line in lines {
        let (word, code, detail) = match &line.outcome {
            Outcome::Refused { code, detail } => ("refused", code, detail),
            Outcome::Failed { code, detail } => ("failed", code, detail),
            _ => continue,
        };
        let text = format!("{word}  {}  {code}: {detail}", line.path.display());
        terminal.line(plain(&text));
    }
    terminal.line(summary(&sums, &failures_by_code(lines)));
    if sums.not_sent > 0 {
        terminal.note("run the same command again to go on");
    }
    if sums.processing > 0 {
        terminal.note("see how processing goes on with `cloudalbum status --watch`");
    }
    Ok(sums)
}

fn failures_by_code(lines: &[Line]) -> BTreeMap<&str, usize> {
    let mut codes = BTreeMap::new();
    for line in lines {
        if let Outcome::Failed { code, .. } | Outcome::Refused { code, .. } = &line.outcome {
            *codes.entry(code.as_str()).or_insert(0) += 1;
        }
    }
    codes
}

fn summary(sums: &Sums, codes: &BTreeMap<&str, usize>) -> String {
    let mut text = format!(
        "{} files: {} stored, {} already there",
        sums.files, sums.stored, sums.already_there
    );
    let rest = [
        (sums.refused, "refused"),
        (sums.failed, "failed"),
        (sums.processing, "still being processed"),
        (sums.not_sent, "not sent"),
        (sums.skipped, "not photos"),
    ];
    for (number, word) in rest.into_iter().filter(|(number, _)| *number > 0) {
        text = format!("{text}, {number} {word}");
    }
    if !codes.is_empty() {
        let codes: Vec<_> = codes
            .iter()
            .map(|(code, n)| format!("{code} {n}"))
            .collect();
        text = format!("{text} ({})", codes.join(", "));
    }
    plain(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(outcome: Outcome) -> Line {
        Line {
            path: PathBuf::from("a.jpg"),
            photo_id: None,
            outcome,
        }
    }

    fn failed() -> Outcome {
        Outcome::Failed {
            code: "corrupt_image".to_owned(),
            detail: "damaged".to_owned(),
        }
    }

    #[test]
    fn sums_account_for_every_file() {
        let outcomes = [
            Outcome::Stored,
            Outcome::Stored,
            Outcome::AlreadyThere,
            failed(),
            Outcome::Skipped,
        ];
        let lines: Vec<_> = outcomes.map(line).into();
        let sums = Sums::of(&lines);
        let parts = sums.stored + sums.already_there + sums.refused + sums.failed;
        assert_eq!(
            parts + sums.processing + sums.not_sent + sums.skipped,
            sums.files
        );
        assert!(!sums.is_clean());
        assert_eq!(
            summary(&sums, &failures_by_code(&lines)),
            "5 files: 2 stored, 1 already there, 1 failed, 1 not photos (corrupt_image 1)"
        );
    }

    #[test]
    fn what_is_no_photo_does_not_spoil_a_run() {
        assert!(Sums::of(&[line(Outcome::Skipped), line(Outcome::Stored)]).is_clean());
        assert!(!Sums::of(&[line(Outcome::NotSent)]).is_clean());
    }

    #[test]
    fn json_names_the_outcome_beside_the_path() {
        let json = serde_json::to_value(line(failed())).unwrap();
        assert_eq!(json["outcome"], "failed");
        assert_eq!(json["path"], "a.jpg");
        assert_eq!(json["code"], "corrupt_image");
    }
}
