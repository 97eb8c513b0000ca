//! The topic between the bucket and the queues: every notification goes to each of them.

use futures::FutureExt;

use crate::s3::Deliver;
use crate::sqs::{Outgoing, Sqs};

/// The queues that hear of every original.
pub const QUEUES: [&str; 2] = ["thumbnails", "metadata"];

/// Sends each notification to all of [`QUEUES`] or, when one refuses, to none.
pub fn fan_out(sqs: Sqs) -> Deliver {
    Box::new(move |body| {
        let sqs = sqs.clone();
        async move {
            let messages = QUEUES.map(|queue| Outgoing {
                queue: queue.to_owned(),
                body: body.clone(),
                trace_header: None,
            });
            Ok(sqs.send_all(messages.into()).await?)
        }
        .boxed()
    })
}
