//! Faults on purpose, for tests and rehearsals: events that come twice, late,
//! out of order or never; calls of the engines that fail, are slow or lose
//! their answer; the end of the process right after a write.
//!
//! `LOCAL_FAULTS` says which, in words that [`Plan`] reads. All chance comes
//! from one seed, which is logged and can be given again.

mod calls;
mod events;
mod plan;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

pub use calls::around;
pub use events::disturb;
pub use plan::{BadPlan, Plan};

/// The dial; clones share it.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    plan: Plan,
    random: Mutex<SmallRng>,
    /// How often each operation was called.
    counts: Mutex<HashMap<String, u64>>,
}

impl Faults {
    /// Reads the plan, and logs the seed.
    pub fn read(text: &str) -> Result<Self, BadPlan> {
        let mut plan: Plan = text.parse()?;
        let seed = *plan.seed.get_or_insert_with(rand::random);
        tracing::warn!(seed, plan = text, "faults on purpose");
        Ok(Self(Arc::new(Inner {
            plan,
            random: Mutex::new(SmallRng::seed_from_u64(seed)),
            counts: Mutex::default(),
        })))
    }

    /// Whether chance has it, `percent` of the time.
    fn chance(&self, percent: f64) -> bool {
        let mut random = self.0.random.lock().unwrap_or_else(PoisonError::into_inner);
        random.random_range(0.0..100.0) < percent
    }

    /// Counts a call of `operation`, from 1.
    fn count(&self, operation: &str) -> u64 {
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(operation.to_owned()).or_default();
        *count += 1;
        *count
    }
}
