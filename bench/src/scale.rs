//! A stage of the pipeline under load, simulated: how old its queue becomes
//! and how long it drains.
//!
//! A queue in order of visibility, a bounded number of functions, one message
//! an invocation, failures that come back with the workers' backoff and end in
//! the dead-letter queue. No clock and no dice: the same run every time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::figure;

/// A message's visit, ordered by when it can be received: microseconds, how
/// often it was received, whether it can never succeed.
type Visit = (u64, u32, bool);

const SECOND: u64 = 1_000_000;
/// After so many receives a message is a dead letter.
const MAX_RECEIVE_COUNT: u32 = 5;
/// The first wait of a message that failed; each further one is twice as long.
const FIRST_WAIT: u64 = 4 * SECOND;

/// One stage: the thumbnail-worker, as it is deployed or with more functions.
#[derive(Clone, Copy)]
struct Stage {
    /// The mapping's maximum concurrency.
    concurrency: usize,
    /// What one photo takes: 120 ms of processor and 200 ms of waiting.
    service: u64,
}

/// What came of a run.
#[derive(Debug, PartialEq)]
struct Outcome {
    done: usize,
    dead: usize,
    /// The longest that a message waited to be received, in seconds.
    oldest: f64,
    /// From the last arrival until nothing is left, in seconds.
    drain: f64,
}

pub(crate) fn run() {
    let deployed = Stage {
        concurrency: 20,
        service: 320_000,
    };
    let raised = Stage {
        concurrency: 900,
        ..deployed
    };
    for (name, stage, arrivals) in [
        ("1_a_second", deployed, steady(1, 600)),
        ("10_a_second", deployed, steady(10, 600)),
        ("1000_a_second", deployed, steady(1_000, 60)),
        ("1000_a_second_raised", raised, steady(1_000, 60)),
        ("burst_10000", deployed, burst(10_000)),
        ("poison_storm", deployed, poison(steady(10, 600), 5_000)),
    ] {
        let outcome = simulate(stage, arrivals);
        figure::print(&format!("scale.{name}.oldest"), outcome.oldest, "s");
        figure::print(&format!("scale.{name}.drain"), outcome.drain, "s");
    }
}

fn steady(a_second: u64, seconds: u64) -> Vec<Visit> {
    let all = 0..a_second * seconds;
    all.map(|number| (number * SECOND / a_second, 0, false))
        .collect()
}

fn burst(photos: usize) -> Vec<Visit> {
    vec![(0, 0, false); photos]
}

/// So many messages that never succeed, all at once in the middle of `others`.
fn poison(mut others: Vec<Visit>, messages: usize) -> Vec<Visit> {
    let middle = others.get(others.len() / 2).map_or(0, |visit| visit.0);
    others.extend(std::iter::repeat_n((middle, 0, true), messages));
    others
}

fn simulate(stage: Stage, arrivals: Vec<Visit>) -> Outcome {
    let last = arrivals.iter().map(|visit| visit.0).max().unwrap_or(0);
    let mut queue: BinaryHeap<Reverse<Visit>> = arrivals.into_iter().map(Reverse).collect();
    let mut free: BinaryHeap<Reverse<u64>> = (0..stage.concurrency).map(|_| Reverse(0)).collect();
    let mut outcome = Outcome {
        done: 0,
        dead: 0,
        oldest: 0.0,
        drain: 0.0,
    };
    let mut end = last;
    while let (Some(Reverse((visible, received, poisoned))), Some(Reverse(idle))) =
        (queue.pop(), free.pop())
    {
        let begin = visible.max(idle);
        let finish = begin + stage.service;
        free.push(Reverse(finish));
        end = end.max(finish);
        outcome.oldest = outcome.oldest.max(seconds(begin - visible));
        let received = received + 1;
        match (poisoned, received < MAX_RECEIVE_COUNT) {
            (false, _) => outcome.done += 1,
            (true, false) => outcome.dead += 1,
            (true, true) => {
                let wait = FIRST_WAIT << (received - 1);
                queue.push(Reverse((finish + wait, received, true)));
            }
        }
    }
    outcome.drain = seconds(end - last);
    outcome
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of hours are exact in f64"
)]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Stage = Stage {
        concurrency: 1,
        service: SECOND,
    };

    #[test]
    fn one_function_takes_one_after_the_other() {
        let outcome = simulate(ONE, burst(3));
        let by_hand = Outcome {
            done: 3,
            dead: 0,
            oldest: 2.0,
            drain: 3.0,
        };
        assert_eq!(outcome, by_hand);
    }

    #[test]
    fn poison_comes_back_and_ends_as_a_dead_letter() {
        let outcome = simulate(ONE, poison(Vec::new(), 1));
        // Five receives of a second, and waits of 4, 8, 16 and 32 seconds.
        let by_hand = Outcome {
            done: 0,
            dead: 1,
            oldest: 0.0,
            drain: 65.0,
        };
        assert_eq!(outcome, by_hand);
    }

    #[test]
    fn a_stage_that_is_fast_enough_lets_nothing_wait() {
        let two = Stage {
            concurrency: 2,
            ..ONE
        };
        let outcome = simulate(two, steady(2, 100));
        assert!(outcome.oldest < 1e-9 && outcome.done == 200, "{outcome:?}");
        assert!(simulate(ONE, steady(2, 100)).oldest > 90.0);
    }
}
