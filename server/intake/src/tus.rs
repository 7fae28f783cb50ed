//! tus 1.0.0 without any I/O: requests become commands, and an upload's state says which may pass.

mod refusal;

use core::fmt;

use data_encoding::{BASE64, HEXLOWER};
use http::{HeaderMap, Method};

pub(crate) use self::refusal::Refusal;
use crate::settings::MOST_LANES;

/// The protocol version.
pub(crate) const VERSION: &str = "1.0.0";
/// What the server can do besides the core.
pub(crate) const EXTENSIONS: &str =
    "creation,creation-with-upload,termination,checksum,expiration,concatenation";
/// The checksums it can compare.
pub(crate) const CHECKSUMS: &str = "sha1,sha256";
/// Uploads live beneath this path.
pub(crate) const UPLOADS: &str = "/drops/";

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Tell what the server can do.
    Options,
    /// Create an upload.
    Create(Create),
    /// Tell how far an upload is.
    Head,
    /// Append.
    Patch(Patch),
    /// Give an upload up.
    Delete,
}

/// A creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Create {
    /// What is created.
    pub(crate) what: Created,
    /// The first bytes, when they come along.
    pub(crate) first: Option<Patch>,
}

/// What a creation creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Created {
    /// A whole upload of this length.
    Whole {
        /// Bytes.
        length: u64,
    },
    /// A lane of this length.
    Lane {
        /// Bytes.
        length: u64,
        /// The secret of the first lane; the first lane itself has none.
        parent: Option<UploadSecret>,
    },
    /// An upload put together from lanes.
    Joined {
        /// The lanes' secrets, in order.
        lanes: Vec<UploadSecret>,
    },
}

impl Created {
    /// Whether it begins something new. A further lane, and what is put together from lanes, belong to
    /// what was begun before.
    pub(crate) const fn begins(&self) -> bool {
        matches!(self, Self::Whole { .. } | Self::Lane { parent: None, .. })
    }
}

/// Bytes to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    /// Where they go.
    pub(crate) offset: u64,
    /// How many they are, if the request says so.
    pub(crate) declared: Option<u64>,
    /// What they hash to, if the request says so.
    pub(crate) checksum: Option<Checksum>,
}

/// A checksum to compare a request's bytes with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// SHA-1: the protocol demands it. It finds accidents only.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

/// The 256-bit secret in an upload's URL.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UploadSecret([u8; 32]);

impl fmt::Debug for UploadSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadSecret(..)")
    }
}

impl UploadSecret {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return None;
        }
        let written = HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).ok()?;
        (written == bytes.len()).then_some(Self(bytes))
    }

    /// Reads an upload's path, or a URL that ends in one.
    pub(crate) fn in_url(text: &str) -> Option<Self> {
        let path = match text.strip_prefix("http://") {
            Some(rest) => rest.find('/').and_then(|slash| rest.get(slash..))?,
            None => text,
        };
        Self::parse(path.strip_prefix(UPLOADS)?)
    }

    /// The path that a creation answers with.
    pub(crate) fn path(&self) -> String {
        format!("{UPLOADS}{}", HEXLOWER.encode(&self.0))
    }
}

/// Reads a request to `/drops` (`Target::Uploads`) or to one upload.
pub(crate) fn parse(
    method: &Method,
    headers: &HeaderMap,
    target: Target,
    most: u64,
) -> Result<Command, Refusal> {
    let asked = match one(headers, "x-http-method-override") {
        Ok(Some(name)) => name.parse().map_err(|_| Refusal::Method)?,
        Ok(None) => method.clone(),
        Err(Doubled) => return Err(Refusal::Method),
    };
    if asked == Method::OPTIONS {
        return Ok(Command::Options);
    }
    if one(headers, "tus-resumable") != Ok(Some(VERSION)) {
        return Err(Refusal::Version);
    }
    match (target, asked.as_str()) {
        (Target::Uploads, "POST") => create(headers, most).map(Command::Create),
        (Target::Upload, "HEAD") => Ok(Command::Head),
        (Target::Upload, "PATCH") => {
            let offset = number(headers, "upload-offset").map_err(|_| Refusal::Offset)?;
            bytes(headers, offset.ok_or(Refusal::Offset)?).map(Command::Patch)
        }
        (Target::Upload, "DELETE") => Ok(Command::Delete),
        _ => Err(Refusal::Method),
    }
}

/// What a request is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// `/drops`.
    Uploads,
    /// `/drops/` and a secret.
    Upload,
}

fn create(headers: &HeaderMap, most: u64) -> Result<Create, Refusal> {
    let concat = one(headers, "upload-concat").map_err(|_| Refusal::Concat)?;
    if let Some(urls) = concat.and_then(|value| value.strip_prefix("final;")) {
        let lanes = urls.split(' ').filter(|url| !url.is_empty());
        let lanes: Option<Vec<_>> = lanes
            .take(MOST_LANES.saturating_add(1))
            .map(UploadSecret::in_url)
            .collect();
        let lanes = lanes.ok_or(Refusal::Lanes)?;
        let doubled = lanes.iter().enumerate().any(|(at, one)| {
            lanes
                .iter()
                .skip(at.saturating_add(1))
                .any(|other| one == other)
        });
        if lanes.is_empty() || lanes.len() > MOST_LANES || doubled {
            return Err(Refusal::Lanes);
        }
        if headers.contains_key("upload-length") {
            return Err(Refusal::Length);
        }
        if declared(headers)?.is_some_and(|length| length > 0) {
            return Err(Refusal::Joined);
        }
        return Ok(Create {
            what: Created::Joined { lanes },
            first: None,
        });
    }
    let lane = match concat {
        None => false,
        Some("partial") => true,
        Some(_) => return Err(Refusal::Concat),
    };
    if headers.contains_key("upload-defer-length") {
        return Err(Refusal::DeferredLength);
    }
    let length = number(headers, "upload-length").map_err(|_| Refusal::Length)?;
    let length = length.ok_or(Refusal::Length)?;
    if length > most {
        return Err(Refusal::TooLong);
    }
    let parent = match one(headers, "knothole-parent") {
        Ok(None) => None,
        Ok(Some(text)) => Some(UploadSecret::parse(text).ok_or(Refusal::Untied)?),
        Err(Doubled) => return Err(Refusal::Untied),
    };
    let what = match (lane, parent) {
        (true, parent) => Created::Lane { length, parent },
        (false, None) => Created::Whole { length },
        (false, Some(_)) => return Err(Refusal::Untied),
    };
    // A body comes along exactly when its type says that it is one (creation-with-upload).
    let first = if headers.contains_key("content-type") {
        Some(bytes(headers, 0)?).filter(|patch| patch.declared != Some(0))
    } else {
        None
    };
    if let Some(Patch {
        declared: Some(declared),
        ..
    }) = first
        && declared > length
    {
        return Err(Refusal::BeyondEnd);
    }
    Ok(Create { what, first })
}

fn bytes(headers: &HeaderMap, offset: u64) -> Result<Patch, Refusal> {
    if one(headers, "content-type") != Ok(Some("application/offset+octet-stream")) {
        return Err(Refusal::ContentType);
    }
    let checksum = match one(headers, "upload-checksum") {
        Ok(None) => None,
        Ok(Some(text)) => Some(checksum(text)?),
        Err(Doubled) => return Err(Refusal::Checksum),
    };
    Ok(Patch {
        offset,
        declared: declared(headers)?,
        checksum,
    })
}

fn checksum(text: &str) -> Result<Checksum, Refusal> {
    let (name, hash) = text.split_once(' ').ok_or(Refusal::Checksum)?;
    let hash = BASE64
        .decode(hash.as_bytes())
        .map_err(|_| Refusal::Checksum)?;
    let sum = match name {
        "sha1" => hash.try_into().map(Checksum::Sha1),
        "sha256" => hash.try_into().map(Checksum::Sha256),
        _ => return Err(Refusal::Checksum),
    };
    // No bytes have a hash of another length.
    sum.map_err(|_| Refusal::ChecksumDiffers)
}

fn declared(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    // hyper has refused contradictory lengths already.
    number(headers, "content-length").map_err(|_| Refusal::Length)
}

/// A header that stands twice says two things.
#[derive(Debug, PartialEq, Eq)]
struct Doubled;

fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Doubled> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value
            .to_str()
            .map(|text| Some(text.trim()))
            .map_err(|_| Doubled),
        (Some(_), Some(_)) => Err(Doubled),
    }
}

/// A number in decimal digits: no sign, no space, nothing above 2^63.
fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>, Doubled> {
    let Some(text) = one(headers, name)? else {
        return Ok(None);
    };
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .parse()
        .ok()
        .filter(|number| plain && *number <= i64::MAX.unsigned_abs());
    number.map(Some).ok_or(Doubled)
}

/// What is known of an upload when a request reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// Bytes that it will have.
    pub(crate) length: u64,
    /// Bytes that are durable.
    pub(crate) offset: u64,
    /// What may still happen to it.
    pub(crate) phase: Phase,
}

/// What may still happen to an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It takes bytes, and commits when it has all.
    Open,
    /// It is being put together from lanes.
    Joining,
    /// It is a drop.
    Done,
}

/// What to do with a PATCH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Take at most so many bytes from the offset on.
    Append {
        /// Bytes up to the end of the upload.
        room: u64,
    },
    /// There is nothing to append: all bytes are here. Commit, or say again that it is done.
    Complete,
}

impl View {
    /// Whether and how a PATCH may go on.
    pub(crate) fn patch(&self, patch: &Patch) -> Result<Step, Refusal> {
        if self.phase == Phase::Joining {
            return Err(Refusal::Joined);
        }
        if patch.offset != self.offset {
            return Err(Refusal::OffsetDiffers);
        }
        let room = self.length.saturating_sub(self.offset);
        match patch.declared {
            Some(declared) if declared > room => Err(Refusal::BeyondEnd),
            _ if room == 0 || self.phase == Phase::Done => Ok(Step::Complete),
            _ => Ok(Step::Append { room }),
        }
    }

    /// Whether it may be given up.
    pub(crate) const fn delete(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Open => Ok(()),
            Phase::Joining | Phase::Done => Err(Refusal::Finished),
        }
    }
}

#[cfg(test)]
mod tests;
