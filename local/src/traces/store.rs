//! The file of traces: what is kept, for how long, and how it is found.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, named_params, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Span, TraceId};

const TABLES: &str = "
create table if not exists traces (
    id blob primary key,
    start integer not null,
    end integer not null,
    spans integer not null,
    photo text,
    owner text,
    code text,
    failed integer not null,
    root text
) strict, without rowid;
create index if not exists traces_by_start on traces (start);
create index if not exists traces_by_photo on traces (photo, start) where photo is not null;
create table if not exists spans (
    trace blob not null references traces (id) on delete cascade,
    id blob not null,
    service text not null,
    start integer not null,
    shown text not null,
    primary key (trace, id)
) strict, without rowid;
";

/// Of the tables above.
const VERSION: i64 = 2;

/// No trace keeps more spans: a runaway client fills its own trace only.
const MAX_SPANS: i64 = 2_000;

/// The traces of this machine; clones share them.
#[derive(Clone, Debug)]
pub struct Traces {
    connection: Arc<Mutex<Connection>>,
    /// So many traces are kept, the newest.
    kept: u32,
}

/// Which traces are wanted: all that is given must hold.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Search {
    /// Of this photo.
    pub photo: Option<String>,
    /// Of this owner's photos.
    pub owner: Option<String>,
    /// Failed with this code.
    pub code: Option<String>,
    /// Lasted at least so long.
    pub min_ms: Option<u32>,
    /// Of photos, or of anything else.
    #[serde(default)]
    pub about: About,
    /// Newest or slowest first.
    #[serde(default)]
    pub order: Order,
    /// At most so many, never more than 200.
    pub limit: Option<u32>,
}

/// What traces tell of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// Everything.
    #[default]
    All,
    /// Photos. The root of their traces comes last.
    Photos,
    /// All but photos.
    Requests,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The latest to begin.
    #[default]
    Newest,
    /// The longest.
    Slowest,
}

/// A trace in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// In X-Ray's form.
    pub trace_id: TraceId,
    /// The name of its root span, once that is known.
    pub root: Option<String>,
    /// When its first span began.
    pub started_at: Timestamp,
    /// From then to the end of its last span.
    pub duration_ms: f64,
    /// How many spans are known.
    pub spans: u32,
    /// Who took part.
    pub services: Vec<String>,
    /// Whose photo it is about.
    pub owner_id: Option<String>,
    /// Which photo it is about.
    pub photo_id: Option<String>,
    /// With which code it failed.
    pub code: Option<String>,
    /// Whether any span failed.
    pub failed: bool,
}

/// A trace with its spans, by their beginning.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waterfall {
    /// What a list shows.
    #[serde(flatten)]
    pub summary: Summary,
    /// Each as `{span_id, parent_id, service, name, kind, offset_ms,
    /// duration_ms, error, attributes, links}`.
    pub waterfall: Vec<Value>,
}

impl Traces {
    /// Opens the file, and makes it if there is none. The newest `kept` traces
    /// stay.
    pub fn open(path: &Path, kept: u32) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // A power cut may cost the last traces, never the file.
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version != VERSION {
            // Traces of another version are not worth a migration.
            connection.execute_batch("drop table if exists spans; drop table if exists traces;")?;
            connection.pragma_update(None, "user_version", VERSION)?;
        }
        connection.execute_batch(TABLES)?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            kept,
        })
    }

    /// Keeps `spans`. One that comes again replaces what was kept of it.
    pub fn keep(&self, spans: &[Span]) -> rusqlite::Result<()> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        for span in spans {
            keep(&transaction, span)?;
        }
        let surplus = "delete from traces where id in (select id from traces order by start desc limit -1 offset ?1)";
        transaction.prepare_cached(surplus)?.execute([self.kept])?;
        transaction.commit()
    }

    /// Finds traces.
    pub fn list(&self, search: &Search) -> rusqlite::Result<Vec<Summary>> {
        let order = match search.order {
            Order::Newest => "start desc",
            Order::Slowest => "end - start desc",
        };
        let about = match search.about {
            About::All => "true",
            About::Photos => "photo is not null and (root is null or root = 'photo')",
            About::Requests => "not (photo is not null and (root is null or root = 'photo'))",
        };
        let sql = format!(
            "{SUMMARY} where {about} and (:photo is null or photo = :photo) and (:owner is null or owner = :owner)
             and (:code is null or code = :code) and end - start >= :min order by {order} limit :limit"
        );
        let connection = self.lock();
        let mut statement = connection.prepare_cached(&sql)?;
        let min = i64::from(search.min_ms.unwrap_or(0)) * 1_000_000;
        let limit = search.limit.unwrap_or(50).min(200);
        let (photo, owner, code) = (&search.photo, &search.owner, &search.code);
        let parameters = named_params! { ":photo": photo, ":owner": owner, ":code": code, ":min": min, ":limit": limit };
        statement.query_map(parameters, summary)?.collect()
    }

    /// One trace with all its spans, if it is known.
    pub fn get(&self, id: TraceId) -> rusqlite::Result<Option<Waterfall>> {
        let connection = self.lock();
        let found = connection
            .prepare_cached(&format!("{SUMMARY} where id = ?1"))?
            .query_row([id.0], summary)
            .optional()?;
        let Some(found) = found else { return Ok(None) };
        let begin: i64 =
            connection.query_row("select start from traces where id = ?1", [id.0], |row| {
                row.get(0)
            })?;
        let mut statement = connection
            .prepare_cached("select shown, start from spans where trace = ?1 order by start, id")?;
        let span = |row: &Row<'_>| {
            let mut shown: Value =
                serde_json::from_str(&row.get::<_, String>(0)?).unwrap_or_default();
            if let Some(fields) = shown.as_object_mut() {
                fields.insert(
                    "offset_ms".to_owned(),
                    json!(milliseconds(row.get::<_, i64>(1)? - begin)),
                );
            }
            Ok(shown)
        };
        let waterfall = statement
            .query_map([id.0], span)?
            .collect::<Result<_, _>>()?;
        Ok(Some(Waterfall {
            summary: found,
            waterfall,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

const SUMMARY: &str = "select id, start, end, spans, photo, owner, code, failed, root,
    (select group_concat(distinct service) from spans where trace = traces.id) from traces";

fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let (start, end): (i64, i64) = (row.get(1)?, row.get(2)?);
    let services: Option<String> = row.get(9)?;
    let mut services: Vec<_> = services
        .iter()
        .flat_map(|all| all.split(','))
        .map(str::to_owned)
        .collect();
    services.sort();
    Ok(Summary {
        trace_id: TraceId(row.get(0)?),
        started_at: Timestamp::from_nanosecond(i128::from(start)).unwrap_or_default(),
        duration_ms: milliseconds(end - start),
        spans: row.get(3)?,
        services,
        photo_id: row.get(4)?,
        owner_id: row.get(5)?,
        code: row.get(6)?,
        failed: row.get(7)?,
        root: row.get(8)?,
    })
}

fn keep(transaction: &Transaction<'_>, span: &Span) -> rusqlite::Result<()> {
    let trace = span.trace_id.0;
    let attribute = |name: &str| span.attributes.get(name);
    transaction
        .prepare_cached(
            "insert into traces values (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8) on conflict (id) do update set
             start = min(start, excluded.start), end = max(end, excluded.end),
             photo = coalesce(photo, excluded.photo), owner = coalesce(owner, excluded.owner),
             code = coalesce(excluded.code, code), failed = failed or excluded.failed, root = coalesce(excluded.root, root)",
        )?
        .execute(params![
            trace,
            span.start,
            span.end,
            attribute("photo.id"),
            attribute("owner.id"),
            attribute("photo.failure"),
            span.error.is_some(),
            span.parent_id.is_none().then_some(&span.name),
        ])?;
    let shown = json!({
        "span_id": HEXLOWER.encode(&span.span_id),
        "parent_id": span.parent_id.map(|id| HEXLOWER.encode(&id)),
        "service": span.service,
        "name": span.name,
        "kind": span.kind,
        "duration_ms": milliseconds(span.end - span.start),
        "error": span.error,
        "attributes": span.attributes,
        "links": span.links,
    });
    transaction
        .prepare_cached(
            "insert or replace into spans select ?1, ?2, ?3, ?4, ?5 where
             (select spans from traces where id = ?1) < ?6 or exists (select 1 from spans where trace = ?1 and id = ?2)",
        )?
        .execute(params![trace, span.span_id, span.service, span.start, shown.to_string(), MAX_SPANS])?;
    transaction
        .prepare_cached(
            "update traces set spans = (select count(*) from spans where trace = ?1) where id = ?1",
        )?
        .execute([trace])?;
    Ok(())
}

/// To a microsecond, which is as far as anybody reads a waterfall.
#[expect(
    clippy::cast_precision_loss,
    reason = "a span of 285 years still counts its microseconds exactly"
)]
fn milliseconds(nanoseconds: i64) -> f64 {
    (nanoseconds / 1_000) as f64 / 1_000.0
}
