//! What `LOCAL_FAULTS` says.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

/// Words apart by spaces:
///
/// - `seed=7`: where chance starts; else it is drawn and logged.
/// - `duplicate=20 reorder=10 delay=10 drop=1`: percent of the bucket's events.
/// - `outage=60`: for so many seconds after the start no event comes.
/// - `fail=2 slow=2 cut=2`: percent of all calls of S3, `DynamoDB` and SQS. A
///   call that fails has no effect; one that is cut has, but no answer.
/// - `fail@s3.PutObject=3`, `slow@…`, `cut@…`: the third call of an operation.
/// - `end@dynamodb.UpdateItem=5`: the process is killed when the fifth call
///   took effect, before it is answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Where chance starts.
    pub seed: Option<u64>,
    /// How long after the start no event comes.
    pub outage: Duration,
    /// Percent by kind.
    pub chances: BTreeMap<Kind, f64>,
    /// What befalls which call of which operation.
    pub calls: Vec<(Kind, String, u64)>,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An event comes twice.
    Duplicate,
    /// An event comes after the next one.
    Reorder,
    /// An event comes seconds later.
    Delay,
    /// An event never comes.
    Drop,
    /// A call has no effect.
    Fail,
    /// A call takes a second longer.
    Slow,
    /// A call has its effect and no answer.
    Cut,
    /// The process ends.
    End,
}

impl Plan {
    /// Percent of a kind.
    pub fn chance(&self, kind: Kind) -> f64 {
        self.chances.get(&kind).copied().unwrap_or(0.0)
    }

    /// What befalls the call of that number.
    pub fn of_call(&self, operation: &str, number: u64) -> Option<Kind> {
        let found = self
            .calls
            .iter()
            .find(|(_, named, nth)| named == operation && *nth == number);
        found.map(|(kind, ..)| *kind)
    }
}

/// The words make no plan.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("LOCAL_FAULTS does not know `{0}`")]
pub struct BadPlan(String);

impl FromStr for Plan {
    type Err = BadPlan;

    fn from_str(text: &str) -> Result<Self, BadPlan> {
        let mut plan = Self::default();
        for word in text.split_whitespace() {
            plan.add(word).ok_or_else(|| BadPlan(word.to_owned()))?;
        }
        Ok(plan)
    }
}

impl Plan {
    fn add(&mut self, word: &str) -> Option<()> {
        let (name, value) = word.split_once('=')?;
        if name == "seed" {
            self.seed = Some(value.parse().ok()?);
            return Some(());
        }
        if name == "outage" {
            self.outage = Duration::from_secs(value.parse().ok()?);
            return Some(());
        }
        if let Some((kind, operation)) = name.split_once('@') {
            let kind = kind_of(kind)?;
            let of_calls = matches!(kind, Kind::Fail | Kind::Slow | Kind::Cut | Kind::End);
            let number = value
                .parse()
                .ok()
                .filter(|number| *number > 0 && of_calls)?;
            self.calls.push((kind, operation.to_owned(), number));
            return Some(());
        }
        let kind = kind_of(name).filter(|kind| *kind != Kind::End)?;
        let percent = value.parse().ok();
        let percent = percent.filter(|percent| (0.0..=100.0).contains(percent))?;
        self.chances.insert(kind, percent);
        Some(())
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    Some(match name {
        "duplicate" => Kind::Duplicate,
        "reorder" => Kind::Reorder,
        "delay" => Kind::Delay,
        "drop" => Kind::Drop,
        "fail" => Kind::Fail,
        "slow" => Kind::Slow,
        "cut" => Kind::Cut,
        "end" => Kind::End,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_documents_and_nothing_else() {
        let plan: Plan = "seed=7 outage=60 drop=1 cut=2.5 end@dynamodb.UpdateItem=5"
            .parse()
            .unwrap();
        assert_eq!((plan.seed, plan.outage), (Some(7), Duration::from_mins(1)));
        assert!(plan.chance(Kind::Cut) > 2.4 && plan.chance(Kind::Fail) < 0.1);
        assert_eq!(plan.of_call("dynamodb.UpdateItem", 5), Some(Kind::End));
        assert_eq!(plan.of_call("dynamodb.UpdateItem", 4), None);
        for bad in [
            "x=1",
            "outage=-1",
            "drop",
            "drop=101",
            "drop=NaN",
            "end=1",
            "drop@s3.PutObject=1",
            "cut@s3.PutObject=0",
        ] {
            assert_eq!(bad.parse::<Plan>(), Err(BadPlan(bad.to_owned())));
        }
    }
}
