//! The items that make a photo findable, in the table `PhotoIndex`.

use std::collections::BTreeSet;

use crate::{Photo, words};

/// An item of `PhotoIndex`, whose partition key is the owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexEntry {
    /// `w#<word>#<sort date>#<photo>`: found by a word or the start of one.
    Word {
        /// The sort key.
        entry: String,
        /// All words of the photo, so that several are intersected by
        /// reading the entries of one.
        words: Vec<String>,
    },
    /// `p#<quadkey>#<photo>`: found by an area of the map.
    Point {
        /// The sort key.
        entry: String,
    },
    /// `c#<zoom>#<quadkey>#<shard>`: a tile's share of a count.
    Tile {
        /// The sort key.
        entry: String,
    },
}

impl IndexEntry {
    /// The sort key in `PhotoIndex`.
    pub fn sort_key(&self) -> &str {
        match self {
            Self::Word { entry, .. } | Self::Point { entry } | Self::Tile { entry } => entry,
        }
    }

    /// Zoom level of the points' quadkeys: tiles of about 2 m.
    pub const POINT_ZOOM: u8 = 24;
    /// Zoom levels at which tiles are counted.
    pub const TILE_ZOOMS: [u8; 3] = [4, 8, 12];
    /// Over how many items a tile's count is spread, so that photos of one
    /// place do not queue for one item.
    pub const TILE_SHARDS: u8 = 8;
}

/// The index items that a record calls for. The difference between those of
/// two versions is written in the transaction that changes the record.
pub fn index_entries(photo: &Photo) -> BTreeSet<IndexEntry> {
    let mut entries = BTreeSet::new();
    let Some(sort_date) = photo.sort_date() else {
        return entries;
    };
    let (id, date) = (photo.id, sort_date.as_str());
    let words: Vec<String> = words(photo).into_iter().collect();
    for word in &words {
        entries.insert(IndexEntry::Word {
            entry: format!("w#{word}#{date}#{id}"),
            words: words.clone(),
        });
    }
    if let Some(point) = photo.location {
        let quadkey = point.quadkey(IndexEntry::POINT_ZOOM);
        entries.insert(IndexEntry::Point {
            entry: format!("p#{quadkey}#{id}"),
        });
        let shard = id.shard(IndexEntry::TILE_SHARDS);
        for zoom in IndexEntry::TILE_ZOOMS {
            let quadkey = point.quadkey(zoom);
            entries.insert(IndexEntry::Tile {
                entry: format!("c#{zoom:02}#{quadkey}#{shard}"),
            });
        }
    }
    entries
}
