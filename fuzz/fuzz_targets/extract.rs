//! Whatever the bytes, whole or piece by piece, `extract` ends and says the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use cloudalbum_extract::{Extraction, Original, extract};

fuzz_target!(|bytes: &[u8]| {
    let Extraction::Done(whole, _) = extract(&Original::whole(bytes)) else {
        panic!("a whole file needs nothing more");
    };
    let mut original = Original::new(bytes.len() as u64);
    let mut range = original.head();
    let mut requests = 0;
    let pieces = loop {
        requests += 1;
        assert!(requests <= 10, "asks for more than is allowed");
        let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
        original.add(range.start, &bytes[start..end]);
        match extract(&original) {
            Extraction::Done(pieces, _) => break pieces,
            Extraction::Need(next) => range = next,
        }
    };
    assert_eq!(whole, pieces);
});
