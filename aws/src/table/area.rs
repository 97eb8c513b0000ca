//! The photos of an area, page by page in the order of their places.

use cloudalbum_domain::{GeoPoint, IndexEntry, OwnerId, PhotoId};
use serde::{Deserialize, Serialize};

use super::map::{Area, ranges};
use super::{Table, TableError};

/// How many points one query reads at the most.
const POINTS: i32 = 1_000;
/// How many queries one page makes: an area that covers little of its ranges
/// gives short pages rather than slow ones.
const QUERIES: usize = 8;

/// Where the next page of an area starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AreaCursor(String);

/// The photos of an area, and where the rest of them starts.
#[derive(Clone, Debug)]
pub struct AreaPage {
    /// The photos, neighbours beside each other.
    pub ids: Vec<PhotoId>,
    /// Where the next page starts, unless this was the last.
    pub next: Option<AreaCursor>,
}

impl Table {
    /// A page of the photos that were taken in `area`.
    pub async fn in_area(
        &self,
        owner: &OwnerId,
        area: Area,
        after: Option<&AreaCursor>,
        limit: usize,
    ) -> Result<AreaPage, TableError> {
        let mut ids = Vec::new();
        let mut last = after.map(|AreaCursor(entry)| entry.clone());
        let mut queries = 0;
        let mut ranges = ranges(area, IndexEntry::POINT_ZOOM);
        ranges.sort();
        for (from, to) in ranges {
            let (from, to) = (format!("p#{from}"), format!("p#{to}~"));
            while let Some(from) = start(&from, &to, last.as_deref()) {
                if queries == QUERIES {
                    let next = last.map(AreaCursor);
                    return Ok(AreaPage { ids, next });
                }
                queries += 1;
                let items = self.between(owner, &from, &to, Some(POINTS)).await?;
                let full = items.len() >= POINTS.unsigned_abs() as usize;
                for item in &items {
                    let Some(entry) = item.get("entry").and_then(|entry| entry.as_s().ok()) else {
                        continue;
                    };
                    last = Some(entry.clone());
                    ids.extend(within(area, entry));
                    if ids.len() == limit {
                        let next = last.map(AreaCursor);
                        return Ok(AreaPage { ids, next });
                    }
                }
                if !full {
                    break;
                }
            }
        }
        Ok(AreaPage { ids, next: None })
    }
}

/// Where to read on in a range, if there may be something left of it.
fn start(from: &str, to: &str, last: Option<&str>) -> Option<String> {
    match last {
        Some(last) if last >= to => None,
        // The least string above `last`: keys of the index have no NUL.
        Some(last) if last >= from => Some(format!("{last}\0")),
        _ => Some(from.to_owned()),
    }
}

/// The photo of an entry `p#<quadkey>#<photo>`, if its place is in the area.
fn within(area: Area, entry: &str) -> Option<PhotoId> {
    let mut parts = entry.split('#').skip(1);
    let centre = GeoPoint::centre_of(parts.next()?)?;
    area.holds(centre).then_some(())?;
    parts.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_on_behind_the_last_entry() {
        let range = |last| start("p#01", "p#013~", last);
        assert_eq!(range(None).as_deref(), Some("p#01"));
        assert_eq!(range(Some("p#00")).as_deref(), Some("p#01"));
        assert_eq!(range(Some("p#012#x")).as_deref(), Some("p#012#x\0"));
        assert_eq!(range(Some("p#02#x")), None);
    }
}
