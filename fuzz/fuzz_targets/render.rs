//! Whatever the bytes, `render` ends in every size or in a code.

#![no_main]

use libfuzzer_sys::fuzz_target;
use cloudalbum_domain::Recipe;
use cloudalbum_render::{Budget, render};

fuzz_target!(|bytes: &[u8]| {
    let recipe = Recipe::default();
    let budget = Budget {
        pixels: 4_000_000,
        memory: 64 << 20,
        ..Budget::default()
    };
    if let Ok(made) = render(bytes, &recipe, &budget) {
        assert_eq!(made.renditions.len(), recipe.sizes.len());
        for rendition in &made.renditions {
            assert!(rendition.width <= made.width && rendition.height <= made.height);
            assert!(rendition.bytes.starts_with(&[0xFF, 0xD8]));
        }
    }
});
