//! How names and hashes stand in the state's JSON: as their text.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize as _, Deserializer, Serializer, de};

pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(value)
}

pub(crate) fn deserialize<'de, T, D>(input: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(input)?
        .parse()
        .map_err(de::Error::custom)
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) mod hex {
    use data_encoding::HEXLOWER;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&HEXLOWER.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(input)?;
        HEXLOWER.decode(text.as_bytes()).map_err(de::Error::custom)
    }
}

/// The name of a part, as its file has it.
pub(crate) mod name {
    use data_encoding::HEXLOWER;
    use knothole_envelope::PartName;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(name: &PartName, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(name)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<PartName, D::Error> {
        let text = String::deserialize(input)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).ok();
        bytes
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .map(PartName::from_bytes)
            .ok_or_else(|| de::Error::custom("not the name of a part"))
    }
}

/// Several of them.
pub(crate) mod list {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::ser::SerializeSeq as _;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<T, S>(values: &[T], out: S) -> Result<S::Ok, S::Error>
    where
        T: Display,
        S: Serializer,
    {
        let mut list = out.serialize_seq(Some(values.len()))?;
        for value in values {
            list.serialize_element(&value.to_string())?;
        }
        list.end()
    }

    pub(crate) fn deserialize<'de, T, D>(input: D) -> Result<Vec<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let texts = Vec::<String>::deserialize(input)?;
        texts
            .iter()
            .map(|text| text.parse().map_err(de::Error::custom))
            .collect()
    }
}
