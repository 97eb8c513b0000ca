//! The MD5 digests and sizes of messages that SDKs verify.
//!
//! Source: "Calculating the MD5 message digest for message attributes" in the
//! developer guide of SQS.

use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// Message attributes by name; the order is the one that the digest needs.
pub(super) type Attributes = BTreeMap<String, Attribute>;

/// One message attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attribute {
    pub(super) data_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) string_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binary_value: Option<String>,
}

impl Attribute {
    /// The kind byte of the digest and the bytes of the value.
    fn value(&self) -> Result<(u8, Vec<u8>), Fault> {
        let kind = self.data_type.split('.').next().unwrap_or_default();
        match (kind, &self.string_value, &self.binary_value) {
            ("String" | "Number", Some(text), None) if !text.is_empty() => {
                Ok((1, text.as_bytes().to_vec()))
            }
            ("Binary", None, Some(encoded)) if !encoded.is_empty() => {
                let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| {
                    Fault::InvalidParameterValue("A binary attribute is not base64.".to_owned())
                })?;
                Ok((2, bytes))
            }
            _ => Err(Fault::InvalidParameterValue(format!(
                "The message attribute type '{}' and its value do not fit.",
                self.data_type
            ))),
        }
    }
}

pub(super) fn md5_of_body(body: &str) -> String {
    HEXLOWER.encode(&Md5::digest(body.as_bytes()))
}

/// The digest of the attributes, and `None` when there are none.
pub(super) fn md5_of_attributes(attributes: &Attributes) -> Result<Option<String>, Fault> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let mut framed = Vec::new();
    for (name, attribute) in attributes {
        let (kind, value) = attribute.value()?;
        append(&mut framed, name.as_bytes());
        append(&mut framed, attribute.data_type.as_bytes());
        framed.push(kind);
        append(&mut framed, &value);
    }
    Ok(Some(HEXLOWER.encode(&Md5::digest(&framed))))
}

fn append(framed: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    framed.extend(length.to_be_bytes());
    framed.extend(part);
}

/// What the attributes add to the size of a message, in bytes.
pub(super) fn size_of_attributes(attributes: &Attributes) -> Result<usize, Fault> {
    attributes.iter().try_fold(0, |sum, (name, attribute)| {
        let (_, value) = attribute.value()?;
        Ok(sum + name.len() + attribute.data_type.len() + value.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_of_attributes_is_the_one_sdks_compute() {
        let attribute = |data_type: &str, text: Option<&str>, binary: Option<&str>| Attribute {
            data_type: data_type.to_owned(),
            string_value: text.map(str::to_owned),
            binary_value: binary.map(str::to_owned),
        };
        let attributes = Attributes::from([
            ("kind".to_owned(), attribute("String", Some("pâte"), None)),
            ("count".to_owned(), attribute("Number.int", Some("7"), None)),
            ("blob".to_owned(), attribute("Binary", None, Some("AAEC"))),
        ]);
        // Computed with hashlib from the algorithm of the developer guide.
        assert_eq!(
            md5_of_attributes(&attributes).unwrap().as_deref(),
            Some("178c1a2c7b6124330ab85de1faf114bf")
        );
    }

    #[test]
    fn refuses_a_value_that_is_not_of_its_type() {
        for (data_type, text, binary) in [
            ("String", None, Some("AAEC")),
            ("Binary", None, Some("not base64!")),
            ("Binary", Some("x"), None),
            ("Date", Some("x"), None),
        ] {
            let attribute = Attribute {
                data_type: data_type.to_owned(),
                string_value: text.map(str::to_owned),
                binary_value: binary.map(str::to_owned),
            };
            let attributes = Attributes::from([("a".to_owned(), attribute)]);
            assert!(md5_of_attributes(&attributes).is_err(), "{data_type}");
        }
    }
}
