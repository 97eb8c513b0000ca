//! A drawn landscape: sky, sun, ridges and water, different for every seed.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "levels and pixel positions are small numbers"
)]

use image::{Rgb, RgbImage};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

/// How many ridges stand behind each other.
const RIDGES: u8 = 4;

/// The colours of noon, as those of every hour below.
const NOON: [[f32; 3]; 4] = [
    [64.0, 120.0, 200.0],
    [205.0, 226.0, 240.0],
    [38.0, 70.0, 58.0],
    [150.0, 178.0, 190.0],
];

/// The colours of an hour of the day: upper sky, lower sky, ridges near and far.
const HOURS: [[[f32; 3]; 4]; 4] = [
    NOON,
    [
        [40.0, 44.0, 96.0],
        [248.0, 158.0, 106.0],
        [36.0, 26.0, 52.0],
        [176.0, 112.0, 124.0],
    ],
    [
        [18.0, 40.0, 74.0],
        [236.0, 206.0, 158.0],
        [24.0, 48.0, 62.0],
        [128.0, 146.0, 150.0],
    ],
    [
        [100.0, 168.0, 196.0],
        [250.0, 238.0, 214.0],
        [74.0, 92.0, 44.0],
        [180.0, 194.0, 150.0],
    ],
];

/// Draws the landscape of that seed in that many pixels.
pub(super) fn draw(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut random = SmallRng::seed_from_u64(seed);
    let [zenith, horizon, near, far] = *HOURS.choose(&mut random).unwrap_or(&NOON);
    let sun = (
        random.random_range(0.15..0.85),
        random.random_range(0.15..0.45),
    );
    let water = random.random_range(0.74..0.9_f32);
    let ridges: Vec<Ridge> = (0..RIDGES)
        .map(|row| Ridge::new(row, &mut random))
        .collect();
    // A ridge is as high everywhere in a column, and its colour is one.
    let columns: Vec<Vec<(f32, [f32; 3])>> = (0..width)
        .map(|x| {
            let across = x as f32 / width as f32;
            let shaded = (0_u8..).zip(&ridges).map(|(row, ridge)| {
                let colour = mix(far, near, f32::from(row) / f32::from(RIDGES - 1));
                (ridge.top(across), colour)
            });
            shaded.collect()
        })
        .collect();
    let mut picture = RgbImage::new(width, height);
    for (down, row) in picture.rows_mut().enumerate() {
        let down = down as f32 / height as f32;
        // Below the shore the picture is its own mirror, darker and stretched.
        let (high, shade) = if down > water {
            let ripple = (down * 900.0).sin() * 0.004;
            (water - (down - water) * 1.6 + ripple, 0.82)
        } else {
            (down, 1.0)
        };
        let sky = mix(zenith, horizon, (high / water).clamp(0.0, 1.0));
        for ((across, pixel), column) in row.enumerate().zip(&columns) {
            let across = across as f32 / width as f32;
            let distance = (across - sun.0).hypot((high - sun.1) * 0.75);
            let glow = ((distance - 0.035) * 9.0).clamp(0.0, 1.0);
            let mut colour = mix([255.0, 246.0, 222.0], sky, glow);
            if let Some((top, ridge)) = column.iter().rev().find(|(top, _)| high > *top) {
                colour = mix(*ridge, [235.0; 3], (top + 0.03 - high).max(0.0) * 4.0);
            }
            *pixel = Rgb(colour.map(|level| (level * shade).clamp(0.0, 255.0) as u8));
        }
    }
    picture
}

/// One line of mountains: a sum of waves.
struct Ridge {
    base: f32,
    waves: [(f32, f32, f32); 4],
}

impl Ridge {
    fn new(row: u8, random: &mut SmallRng) -> Self {
        let wave = |octave: u8| {
            let tall = 0.09 / f32::from(octave);
            let long = f32::from(octave) * random.random_range(2.0..5.0);
            (
                random.random_range(0.3..1.0) * tall,
                long,
                random.random_range(0.0..6.3),
            )
        };
        Self {
            base: 0.46 + f32::from(row) * 0.085,
            waves: [1, 2, 4, 9].map(wave),
        }
    }

    /// How far below the picture's top the ridge begins, as a part of the height.
    fn top(&self, across: f32) -> f32 {
        let wave = |(tall, long, shift): &(f32, f32, f32)| tall * (across * long + shift).sin();
        self.base + self.waves.iter().map(wave).sum::<f32>()
    }
}

fn mix([r, g, b]: [f32; 3], to: [f32; 3], part: f32) -> [f32; 3] {
    let [x, y, z] = to;
    [r + (x - r) * part, g + (y - g) * part, b + (z - b) * part]
}
