//! What AWS asks for, in US dollars, in us-east-1.
//!
//! List prices without free tiers and volume discounts, from the services'
//! pricing pages as of 2026-11-23; docs/cost.md names the pages.

/// A million requests to S3 that write.
pub(super) const S3_WRITES: f64 = 5.0;
/// A million requests to S3 that read.
pub(super) const S3_READS: f64 = 0.4;
/// A gigabyte of objects for a month.
pub(super) const S3_GB_MONTH: f64 = 0.023;
/// A million notifications published.
pub(super) const SNS_PUBLISHES: f64 = 0.5;
/// A million calls of SQS.
pub(super) const SQS_CALLS: f64 = 0.4;
/// A million invocations.
pub(super) const LAMBDA_INVOCATIONS: f64 = 0.2;
/// A million gigabyte-seconds on arm64.
pub(super) const LAMBDA_GB_SECONDS: f64 = 13.333_4;
/// A million units written on demand.
pub(super) const DYNAMODB_WRITES: f64 = 0.625;
/// A million units read on demand.
pub(super) const DYNAMODB_READS: f64 = 0.125;
/// A gigabyte of items for a month, with its backups for point-in-time
/// recovery.
pub(super) const DYNAMODB_GB_MONTH: f64 = 0.25 + 0.20;
/// A million requests to an HTTP API.
pub(super) const API_REQUESTS: f64 = 1.0;
/// A million traces recorded.
pub(super) const TRACES: f64 = 5.0;
/// A gigabyte of log lines taken in.
pub(super) const LOG_GB: f64 = 0.5;
