//! What cameras and editors get wrong, one named test for each.

use cloudalbum_domain::Metadata;
use exif::Context::{Exif, Gps, Tiff as First};

use super::endian::Endian::{Big, Little};
use super::sample::{self, Tiff};
use super::{Extraction, Original, Warning, extract};

fn read(file: &[u8]) -> (Metadata, Vec<Warning>) {
    match extract(&Original::whole(file)) {
        Extraction::Done(metadata, warnings) => (*metadata, warnings),
        Extraction::Need(range) => panic!("a whole file needs {range:?}"),
    }
}

fn of_tiff(tiff: &Tiff) -> (Metadata, Vec<Warning>) {
    read(&sample::jpeg_exif(&tiff.build()))
}

fn camera() -> Tiff {
    Tiff::new(Little)
        .ascii(First, 0x10f, b"Maker")
        .ascii(Exif, 0xa434, b"Lens 50mm")
}

fn assert_camera(file: &[u8]) {
    let (metadata, warnings) = read(file);
    assert_eq!(metadata.make.as_deref(), Some("Maker"));
    assert_eq!(metadata.lens.as_deref(), Some("Lens 50mm"));
    assert_eq!((metadata.width, metadata.height), (Some(40), Some(30)));
    assert_eq!(warnings, []);
}

#[test]
fn every_field_is_read_in_either_byte_order() {
    for endian in [Little, Big] {
        let tiff = Tiff::new(endian)
            .ascii(First, 0x110, b"Model")
            .short(First, 0x112, 6)
            .rationals(Exif, 0x829a, &[(1, 250)])
            .rationals(Exif, 0x829d, &[(28, 10)])
            .short(Exif, 0x8827, 400)
            .rationals(Exif, 0x920a, &[(50, 1)])
            .ascii(Exif, 0x9003, b"2024:05:01 10:11:12")
            .ascii(Exif, 0x9011, b"+02:00")
            .ascii(Exif, 0x9291, b"123")
            .position([(52, 1), (30, 1), (0, 1)], [(13, 1), (15, 1), (0, 1)])
            .bytes(Gps, 5, 1, &[1])
            .rationals(Gps, 6, &[(35, 10)])
            .rationals(Gps, 0x11, &[(90, 1)]);
        let (metadata, warnings) = of_tiff(&tiff);
        assert_eq!(warnings, []);
        assert_eq!(metadata.model.as_deref(), Some("Model"));
        assert_eq!(metadata.exposure_time, Some(0.004));
        assert_eq!(metadata.f_number, Some(2.8));
        assert_eq!(metadata.iso, Some(400));
        assert_eq!(metadata.focal_length, Some(50.0));
        let taken = metadata.taken.unwrap();
        assert_eq!(taken.local.to_string(), "2024-05-01T10:11:12.123");
        assert_eq!(taken.offset_seconds, Some(7200));
        let point = metadata.location.unwrap();
        assert_eq!((point.latitude(), point.longitude()), (52.5, 13.25));
        assert_eq!(metadata.altitude, Some(-3.5));
        assert_eq!(metadata.direction, Some(90.0));
        // Shown turned, as the orientation says.
        assert_eq!((metadata.width, metadata.height), (Some(30), Some(40)));
    }
}

#[test]
fn an_orientation_of_type_slong_counts() {
    let tiff = Tiff::new(Big).long(First, 0x112, 9, 8);
    assert_eq!(of_tiff(&tiff).0.orientation, Some(8));
}

#[test]
fn pointers_of_type_ifd_and_slong_are_followed() {
    for kind in [9, 13] {
        assert_camera(&sample::jpeg_exif(&camera().pointers(kind).build()));
    }
}

#[test]
fn the_numbers_of_panasonic_and_olympus_stand_for_42() {
    for magic in [0x55, 0x4f52, 0x5352] {
        let (metadata, _) = read(&camera().magic(magic).build());
        assert_eq!(metadata.make.as_deref(), Some("Maker"));
    }
}

#[test]
fn webp_with_and_without_the_jpeg_prefix_is_read() {
    let tiff = camera().build();
    assert_camera(&sample::webp(&[(b"EXIF", &tiff)]));
    let prefixed = [b"Exif\0\0", &tiff[..]].concat();
    assert_camera(&sample::webp(&[(b"EXIF", &prefixed)]));
}

#[test]
fn png_exif_and_legacy_raw_profiles_are_read() {
    let tiff = camera().build();
    assert_camera(&sample::png(&[(b"eXIf", &tiff)]));
    for (name, prefix) in [
        ("exif", &b"Exif\0\0"[..]),
        ("APP1", b"Exif\0\0"),
        ("exif", b""),
    ] {
        let block = [prefix, &tiff].concat();
        let mut text = format!("Raw profile type {name}\0\nexif\n{:8}\n", block.len());
        for line in block.chunks(36) {
            text.extend(line.iter().map(|byte| format!("{byte:02x}")));
            text.push('\n');
        }
        assert_camera(&sample::png(&[(b"tEXt", text.as_bytes())]));
    }
}

#[test]
fn heif_is_turned_once_by_its_own_property() {
    for (turns, orientation) in [(0, None), (1, Some(8)), (2, Some(3)), (3, Some(6))] {
        let (metadata, warnings) = read(&sample::heif(&camera().build(), turns, 1000));
        assert_eq!(warnings, []);
        assert_eq!(metadata.orientation, orientation);
        assert_eq!(metadata.make.as_deref(), Some("Maker"));
        let shown = if turns % 2 == 1 { (30, 40) } else { (40, 30) };
        assert_eq!(
            (metadata.width, metadata.height),
            (Some(shown.0), Some(shown.1))
        );
    }
    // EXIF alone says "turn": viewers of HEIF do not listen, nor do we.
    let tiff = camera().short(First, 0x112, 6).build();
    let (metadata, _) = read(&sample::heif(&tiff, 0, 1000));
    assert_eq!((metadata.width, metadata.height), (Some(40), Some(30)));
}

#[test]
fn a_tiff_file_is_its_own_structure() {
    let tiff = camera().short(First, 0x100, 40).short(First, 0x101, 30);
    assert_camera(&tiff.build());
}

#[test]
fn broken_positions_are_no_location() {
    let whole = |degrees| [(degrees, 1), (0, 1), (0, 1)];
    for (latitude, longitude) in [
        (whole(u32::MAX), whole(1)),
        (whole(91), whole(1)),
        (whole(1), whole(181)),
        (whole(0), whole(0)),
        ([(0, 0), (0, 0), (0, 0)], whole(1)),
    ] {
        let tiff = camera()
            .position(latitude, longitude)
            .rationals(Gps, 6, &[(7, 1)]);
        let (metadata, warnings) = of_tiff(&tiff);
        assert_eq!(metadata.location, None);
        assert_eq!(warnings, [Warning::Position]);
        // Nothing else is lost.
        assert_eq!(metadata.altitude, Some(7.0));
        assert_eq!(metadata.make.as_deref(), Some("Maker"));
    }
}

#[test]
fn seconds_of_zero_by_zero_are_zero() {
    let tiff = camera().position([(43, 1), (30, 1), (0, 0)], [(11, 1), (0, 0), (0, 0)]);
    let point = of_tiff(&tiff).0.location.unwrap();
    assert_eq!((point.latitude(), point.longitude()), (43.5, 11.0));
}

#[test]
fn a_missing_hemisphere_is_north_and_east_with_a_warning() {
    let tiff = camera()
        .rationals(Gps, 2, &[(10, 1), (0, 1), (0, 1)])
        .rationals(Gps, 4, &[(20, 1), (0, 1), (0, 1)]);
    let (metadata, warnings) = of_tiff(&tiff);
    assert!((metadata.location.unwrap().longitude() - 20.0).abs() < 1e-9);
    assert_eq!(warnings, [Warning::Hemisphere]);
}

#[test]
fn south_and_west_are_negative() {
    let tiff = camera()
        .ascii(Gps, 1, b"S")
        .rationals(Gps, 2, &[(10, 1), (0, 1), (0, 1)])
        .ascii(Gps, 3, b"W")
        .rationals(Gps, 4, &[(20, 1), (0, 1), (0, 1)]);
    let point = of_tiff(&tiff).0.location.unwrap();
    assert_eq!((point.latitude(), point.longitude()), (-10.0, -20.0));
}

#[test]
fn a_date_of_zeros_is_none_with_a_warning() {
    for date in [&b"0000:00:00 00:00:00"[..], b"2024:02:30 10:00:00"] {
        let (metadata, warnings) = of_tiff(&camera().ascii(Exif, 0x9003, date));
        assert_eq!(metadata.taken, None);
        assert_eq!(warnings, [Warning::Date]);
    }
    let blank = of_tiff(&camera().ascii(Exif, 0x9003, b"                   "));
    assert_eq!((blank.0.taken, blank.1), (None, vec![]));
}

#[test]
fn without_an_offset_the_receivers_clock_tells_it() {
    let tiff = camera()
        .ascii(Exif, 0x9003, b"2024:05:01 01:30:20")
        .ascii(Exif, 0x9011, b"")
        .ascii(Gps, 0x1d, b"2024:04:30")
        .rationals(Gps, 7, &[(20, 1), (0, 1), (3_456, 100)]);
    let taken = of_tiff(&tiff).0.taken.unwrap();
    assert_eq!(taken.offset_seconds, Some(19_800));
    let none = of_tiff(&camera().ascii(Exif, 0x9003, b"2024:05:01 01:30:20"));
    assert_eq!(none.0.taken.unwrap().offset_seconds, None);
}

#[test]
fn padding_and_invalid_utf8_are_cleaned() {
    let tiff = Tiff::new(Little)
        .bytes(First, 0x10f, 2, b"Maker\0\0\0\0\0junk")
        .bytes(First, 0x110, 7, b"M\xf6del   ");
    let (metadata, _) = of_tiff(&tiff);
    assert_eq!(metadata.make.as_deref(), Some("Maker"));
    assert_eq!(metadata.model.as_deref(), Some("Mödel"));
}

#[test]
fn one_bad_tag_loses_nothing_else() {
    let mut tiff = camera().ascii(First, 0x110, b"A long model").build();
    let at = tiff
        .windows(12)
        .position(|entry| entry.starts_with(&[0x10, 1, 2, 0]))
        .unwrap();
    tiff[at + 8..at + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    let (metadata, _) = read(&sample::jpeg_exif(&tiff));
    assert_eq!(metadata.model, None);
    assert_eq!(metadata.lens.as_deref(), Some("Lens 50mm"));
}

#[test]
fn a_cut_file_keeps_what_came_before() {
    let file = sample::jpeg_exif(&camera().build());
    let (metadata, warnings) = read(&file[..file.len() - 12]);
    assert_eq!(metadata.make.as_deref(), Some("Maker"));
    assert_eq!(warnings, [Warning::Container]);
}

#[test]
fn bytes_of_no_format_are_a_warning() {
    for file in [
        &b""[..],
        b"x",
        b"hello, this is a text",
        b"\xff\xd8",
        b"RIFF\0\0\0\0WEBP",
    ] {
        let (metadata, _) = read(file);
        assert_eq!(metadata, Metadata::default());
    }
    assert_eq!(read(b"hello, this is a text").1, [Warning::Unknown]);
}

#[test]
fn ifds_that_point_to_themselves_end() {
    let mut tiff = camera().build();
    let at = tiff
        .windows(4)
        .position(|entry| entry.starts_with(&[0x69, 0x87]))
        .unwrap();
    tiff[at + 8..at + 12].copy_from_slice(&8_u32.to_le_bytes());
    assert_eq!(
        read(&sample::jpeg_exif(&tiff)).0.make.as_deref(),
        Some("Maker")
    );
}

/// Feeds a file as the job does and counts the requests.
fn fetch(file: &[u8]) -> (Metadata, u32, u64) {
    let mut original = Original::new(file.len() as u64);
    let mut range = original.head();
    for request in 1.. {
        let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
        original.add(range.start, file[start..end].to_vec());
        match extract(&original) {
            Extraction::Done(metadata, _) => return (*metadata, request, original.bytes_read()),
            Extraction::Need(next) => range = next,
        }
        assert!(request < 11, "asked for more than is allowed");
    }
    unreachable!("the loop returns")
}

#[test]
fn a_jpeg_with_its_frame_in_the_head_takes_one_request() {
    let mut file = sample::jpeg_exif(&camera().build());
    file.resize(3_000_000, 0);
    let (metadata, requests, bytes) = fetch(&file);
    assert_eq!(metadata.width, Some(40));
    assert_eq!((requests, bytes), (1, 128 * 1024));
}

#[test]
fn metadata_behind_the_pixels_takes_two_requests() {
    let tiff = camera().short(First, 0x100, 40).short(First, 0x101, 30);
    for file in [
        tiff.build_at(2_000_000),
        sample::heif(&camera().build(), 0, 2_000_000),
    ] {
        let (metadata, requests, bytes) = fetch(&file);
        assert_eq!(metadata.lens.as_deref(), Some("Lens 50mm"));
        assert_eq!(requests, 2);
        assert!(bytes <= 192 * 1024, "{bytes}");
    }
}

#[test]
fn a_file_that_keeps_asking_is_fetched_whole_in_the_end() {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for _ in 0..40 {
        file.extend(100_000_u32.to_be_bytes());
        file.extend(b"IDAT");
        file.resize(file.len() + 100_004, 0);
    }
    let block = camera().build();
    file.extend(u32::try_from(block.len()).unwrap().to_be_bytes());
    file.extend(b"eXIf");
    file.extend(&block);
    let (metadata, requests, _) = fetch(&file);
    assert_eq!(metadata.make.as_deref(), Some("Maker"));
    assert_eq!(requests, 10);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn seeds() -> Vec<Vec<u8>> {
        let tiff = camera().position([(1, 1); 3], [(2, 1); 3]).build();
        vec![
            tiff.clone(),
            sample::jpeg_exif(&tiff),
            sample::png(&[(b"eXIf", &tiff)]),
            sample::webp(&[(b"EXIF", &tiff)]),
            sample::heif(&tiff, 1, 1000),
        ]
    }

    proptest! {
        #[test]
        fn damaged_files_are_read_as_far_as_they_go(
            seed in 0_usize..5,
            edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..8),
            cut in any::<proptest::sample::Index>(),
        ) {
            let mut file = seeds().swap_remove(seed);
            for (at, byte) in edits {
                let at = at.index(file.len());
                file[at] = byte;
            }
            read(&file);
            file.truncate(cut.index(file.len()) + 1);
            read(&file);
        }

        #[test]
        fn piece_by_piece_says_the_same_as_the_whole(
            seed in 0_usize..5,
            edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut file = seeds().swap_remove(seed);
            for (at, byte) in edits {
                let at = at.index(file.len());
                file[at] = byte;
            }
            prop_assert_eq!(fetch(&file).0, read(&file).0);
        }
    }
}
