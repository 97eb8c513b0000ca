//! Replays the corpus of the fuzz target, whole and piece by piece.

use std::path::Path;

use super::{Extraction, Original, extract};

#[test]
fn the_corpus_says_the_same_whole_and_in_pieces() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/extract");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let Extraction::Done(whole, _) = extract(&Original::whole(&bytes)) else {
            panic!("a whole file needs nothing more");
        };
        assert!(whole.width.is_some(), "{}", path.display());
        let mut original = Original::new(bytes.len() as u64);
        let mut range = original.head();
        let pieces = loop {
            let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
            original.add(range.start, &bytes[start..end]);
            match extract(&original) {
                Extraction::Done(pieces, _) => break pieces,
                Extraction::Need(next) => range = next,
            }
        };
        assert_eq!(whole, pieces, "{}", path.display());
        files += 1;
    }
    assert!(files >= 5);
}
