//! Queues, failures and mending, for operators.

use std::fmt::Write as _;

use cloudalbum_domain::FailureCode;
use cloudalbum_domain::wire::Redriven;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Call};
use crate::args::{OpsArgs, OpsCommand, Settings};
use crate::board;
use crate::terminal::{Terminal, plain};

pub(crate) async fn run(
    settings: &Settings,
    given: OpsArgs,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let api = Api::new(settings)?;
    let glance = OpsCommand::Summary { json: false };
    let answer: Value = match given.command.unwrap_or(glance) {
        OpsCommand::Summary { json: true } => api.get("/v1/ops/summary", &[]).await?,
        OpsCommand::Summary { json: false } => return board::summary(&api, terminal).await,
        OpsCommand::Watch { every } => return board::watch(&api, every, terminal).await,
        OpsCommand::Traces {
            photo,
            owner,
            code,
            min_duration,
            slowest,
        } => {
            let least = min_duration.map(|least| least.to_string());
            let order = if slowest { "slowest" } else { "newest" };
            let wanted = [
                ("photo", photo.as_deref()),
                ("owner", owner.as_deref()),
                ("code", code.map(FailureCode::as_str)),
                ("min_duration", least.as_deref()),
                ("order", Some(order)),
            ];
            let wanted = wanted
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            return board::traces(&api, &wanted.collect::<Vec<_>>(), terminal).await;
        }
        OpsCommand::Trace { id } => return board::trace(&api, &id, terminal).await,
        OpsCommand::Failures { code } => {
            let query: Vec<_> = code.iter().map(|code| ("code", code.as_str())).collect();
            api.get("/v1/ops/failures", &query).await?
        }
        OpsCommand::Redrive { ids, code, all } => {
            let which = match code {
                Some(code) => json!({ "code": code }),
                None if all => json!({ "all": true }),
                None => json!({ "ids": ids }),
            };
            redrive(&api, which).await?
        }
        OpsCommand::Dlq {
            move_back: None, ..
        } => api.get("/v1/ops/dlq", &[]).await?,
        OpsCommand::Dlq {
            move_back: Some(stage),
            messages,
        } => {
            let path = format!("/v1/ops/dlq/{}/redrive", stage.as_str());
            let which = match messages.as_slice() {
                [] => json!({}),
                some => json!({ "message_ids": some }),
            };
            order(&api, &path, which).await?
        }
        OpsCommand::Audit => api.get("/v1/ops/audit", &[]).await?,
        OpsCommand::Pause { stage } => {
            let path = format!("/v1/ops/stages/{}/pause", stage.as_str());
            api.post(&path, json!({})).await?
        }
        OpsCommand::Resume { stage } => {
            let path = format!("/v1/ops/stages/{}/resume", stage.as_str());
            api.post(&path, json!({})).await?
        }
    };
    show(&answer, terminal);
    Ok(())
}

pub(crate) async fn reconcile(
    settings: &Settings,
    dry_run: bool,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let api = Api::new(settings)?;
    let answer = order(&api, "/v1/ops/reconcile", json!({ "dry_run": dry_run })).await?;
    show(&answer, terminal);
    Ok(())
}

/// Asks again while the answer says that there is more to do.
async fn redrive(api: &Api, mut which: Value) -> anyhow::Result<Value> {
    let (mut redriven, mut skipped) = (0, 0);
    loop {
        let answer = order(api, "/v1/ops/redrive", which.clone()).await?;
        let answer: Redriven = serde_json::from_value(answer)?;
        redriven += answer.redriven;
        skipped += answer.skipped;
        let (Some(cursor), Some(fields)) = (answer.cursor, which.as_object_mut()) else {
            return Ok(json!({ "redriven": redriven, "skipped": skipped }));
        };
        fields.insert("cursor".to_owned(), Value::String(cursor));
    }
}

/// A POST that is not repeated by itself: doing it twice counts as two.
pub(crate) async fn order(api: &Api, path: &str, body: Value) -> anyhow::Result<Value> {
    let call = Call {
        method: Method::POST,
        path,
        query: &[],
        body: Some(body),
        repeatable: false,
    };
    Ok(api.call(&call).await?)
}

pub(crate) fn show(answer: &Value, terminal: &Terminal) {
    let mut text = String::new();
    outline(answer, 0, &mut text);
    match text.trim_end() {
        "" => terminal.note("done"),
        text => terminal.line(text),
    }
}

/// Writes a JSON value as an indented outline, so that figures which the service
/// adds are shown without a new client.
fn outline(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let mut entry = |name: &str, value: &Value| {
        let sub = matches!(value, Value::Object(_) | Value::Array(_));
        let name = plain(name).replace('_', " ");
        let _infallible = if sub {
            writeln!(text, "{indent}{name}")
        } else {
            writeln!(text, "{indent}{name}  {}", scalar(value))
        };
        if sub {
            outline(value, depth + 1, text);
        }
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| entry(name, value)),
        Value::Array(items) => items.iter().for_each(|item| entry("-", item)),
        Value::Null => {}
        value => entry("", value),
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_an_outline() {
        let mut text = String::new();
        let answer = json!({ "stages": [ { "in_flight": 2, "name": "thumb\u{7}nails" } ] });
        outline(&answer, 0, &mut text);
        assert_eq!(
            text,
            "stages\n  -\n    in flight  2\n    name  thumb nails\n"
        );
    }
}
