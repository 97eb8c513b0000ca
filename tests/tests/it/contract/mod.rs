//! What the pipeline relies on S3, DynamoDB and SQS for, tried against any
//! endpoint that speaks their protocols.

mod access;
mod attempt;
mod bound_put;
mod bucket;
mod dynamodb;
mod multipart;
mod objects;
mod parts;
mod sqs;
