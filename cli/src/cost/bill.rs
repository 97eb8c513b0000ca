//! From a number of photos to a bill, line by line.

use serde::Serialize;

use super::prices;

const MILLION: f64 = 1e6;
const GB: f64 = 1e9;

/// What is to be kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Workload {
    pub photos: f64,
    /// Of one original.
    pub bytes: f64,
    /// The share of photos that is traced.
    pub trace_ratio: f64,
}

/// What one photo asks for on its way; counted in the code, measured where it
/// says so.
struct Photo;

impl Photo {
    /// Entries in one manifest, as the batch client posts them.
    const IN_A_MANIFEST: f64 = 100.0;
    /// Thumbnails of the recipe.
    const RENDITIONS: f64 = 4.0;
    /// All of them together, measured on 12-megapixel photos.
    const RENDITION_BYTES: f64 = 600_000.0;
    /// The thumbnail-worker reads the whole, the metadata-worker at most a head
    /// and one more range, and a repeated manifest asks for the size.
    const S3_READS: f64 = 4.0;
    /// Two queues, and a send, a receive and a delete at each: no batching.
    const SQS_CALLS: f64 = 6.0;
    /// The processor's time for a 12-megapixel JPEG, measured, twice over for
    /// the slower core, and the waits for S3 and DynamoDB.
    const THUMBNAIL_SECONDS: f64 = 0.12 + 0.2;
    const THUMBNAIL_GB: f64 = 1.769;
    const METADATA_SECONDS: f64 = 0.15;
    const METADATA_GB: f64 = 0.512;
    /// The whole manifest, and the feed that its client follows.
    const MANIFEST_SECONDS: f64 = 2.0;
    const MANIFEST_GB: f64 = 0.512;
    const MANIFEST_REQUESTS: f64 = 10.0;
    /// A finished record, rounded up to whole units of 1 kB.
    const RECORD_KB: f64 = 3.0;
    /// A record as it is granted, the same.
    const PENDING_KB: f64 = 2.0;
    /// The local indexes that a finished photo is in.
    const INDEXES: f64 = 3.0;
    /// Words, a point and counters in `PhotoIndex`.
    const INDEX_ITEMS: f64 = 20.0;
    const INDEX_ITEM_BYTES: f64 = 200.0;
    /// Log lines of all functions.
    const LOG_BYTES: f64 = 3_000.0;

    /// A transaction's writes cost two units a kB, in the table and in each
    /// index; an item that moves in an index is written there twice.
    fn write_units() -> f64 {
        let copies = 1.0 + Self::INDEXES;
        // The account's counters, and the place among what is pending.
        let granted = 2.0 * (Self::PENDING_KB * copies + 2.0);
        let claims = 2.0 * Self::PENDING_KB * copies;
        // It moves by its date of change, and by the date it was taken.
        let metadata = 2.0 * Self::RECORD_KB * (copies + 2.0) + 2.0 * Self::INDEX_ITEMS;
        let thumbnails = Self::RECORD_KB * (copies + 1.0) + 1.0;
        granted + claims + metadata + thumbnails
    }

    /// The manifest looks for the record; the feed shows each of its changes.
    const READ_UNITS: f64 = 1.0 + 4.0;
}

/// One line of the bill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Line {
    pub what: &'static str,
    pub quantity: f64,
    pub unit: &'static str,
    pub usd: f64,
    /// Whether it comes again every month.
    pub monthly: bool,
}

/// The bill for `workload`.
pub(super) fn bill(workload: Workload) -> Vec<Line> {
    let Workload {
        photos,
        bytes,
        trace_ratio,
    } = workload;
    let once = |what, each: f64, price: f64, unit| Line {
        what,
        quantity: photos * each / MILLION,
        unit,
        usd: photos * each / MILLION * price,
        monthly: false,
    };
    let kept = |what, each: f64, price: f64| Line {
        what,
        quantity: photos * each / GB,
        unit: "GB",
        usd: photos * each / GB * price,
        monthly: true,
    };
    let requests = Photo::MANIFEST_REQUESTS / Photo::IN_A_MANIFEST;
    let gb_seconds = Photo::THUMBNAIL_SECONDS * Photo::THUMBNAIL_GB
        + Photo::METADATA_SECONDS * Photo::METADATA_GB
        + Photo::MANIFEST_SECONDS * Photo::MANIFEST_GB / Photo::IN_A_MANIFEST;
    let record = (Photo::RECORD_KB * (1.0 + Photo::INDEXES)) * 1e3
        + Photo::INDEX_ITEMS * Photo::INDEX_ITEM_BYTES;
    vec![
        once("API requests", requests, prices::API_REQUESTS, "million"),
        once(
            "S3 writes: original and renditions",
            1.0 + Photo::RENDITIONS,
            prices::S3_WRITES,
            "million",
        ),
        once("S3 reads", Photo::S3_READS, prices::S3_READS, "million"),
        once("SNS notifications", 1.0, prices::SNS_PUBLISHES, "million"),
        once("SQS calls", Photo::SQS_CALLS, prices::SQS_CALLS, "million"),
        once(
            "Lambda invocations",
            2.0 + requests,
            prices::LAMBDA_INVOCATIONS,
            "million",
        ),
        once(
            "Lambda on arm64",
            gb_seconds,
            prices::LAMBDA_GB_SECONDS,
            "million GB-s",
        ),
        once(
            "DynamoDB writes",
            Photo::write_units(),
            prices::DYNAMODB_WRITES,
            "million units",
        ),
        once(
            "DynamoDB reads",
            Photo::READ_UNITS,
            prices::DYNAMODB_READS,
            "million units",
        ),
        once("X-Ray traces", trace_ratio, prices::TRACES, "million"),
        Line {
            monthly: false,
            ..kept("CloudWatch logs", Photo::LOG_BYTES, prices::LOG_GB)
        },
        kept("S3: originals", bytes, prices::S3_GB_MONTH),
        kept(
            "S3: renditions",
            Photo::RENDITION_BYTES,
            prices::S3_GB_MONTH,
        ),
        kept(
            "DynamoDB: records, indexes, backups",
            record,
            prices::DYNAMODB_GB_MONTH,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn million() -> Vec<Line> {
        bill(Workload {
            photos: 1e6,
            bytes: 4e6,
            trace_ratio: 0.05,
        })
    }

    fn usd(lines: &[Line], what: &str) -> f64 {
        lines.iter().find(|line| line.what == what).unwrap().usd
    }

    #[test]
    fn a_million_photos_by_hand() {
        let lines = million();
        for (what, by_hand) in [
            ("S3 writes: original and renditions", 25.0),
            ("SNS notifications", 0.5),
            ("SQS calls", 2.4),
            ("X-Ray traces", 0.25),
            ("S3: originals", 92.0),
            ("S3: renditions", 13.8),
            ("DynamoDB writes", 80.0),
            ("Lambda on arm64", 8.708),
        ] {
            let found = usd(&lines, what);
            assert!((found - by_hand).abs() < 0.01, "{what}: {found}");
        }
    }

    #[test]
    fn twice_the_photos_cost_twice_as_much_and_nothing_costs_nothing() {
        let double = bill(Workload {
            photos: 2e6,
            bytes: 4e6,
            trace_ratio: 0.05,
        });
        for (one, two) in million().iter().zip(&double) {
            assert!((one.usd * 2.0 - two.usd).abs() < 1e-9, "{}", one.what);
            assert!(one.usd > 0.0, "{}", one.what);
        }
        let none = bill(Workload {
            photos: 0.0,
            bytes: 4e6,
            trace_ratio: 1.0,
        });
        assert!(none.iter().all(|line| line.usd == 0.0));
    }
}
