//! Why a drop-box did not do what it was asked for.

use std::fmt;

use http::StatusCode;

use crate::DialError;
use crate::http::HttpError;

/// Why a drop-box did not do what it was asked for.
///
/// What a server writes into its answer is never part of it: a turned server would write what
/// lures a source.
#[derive(Debug)]
#[non_exhaustive]
pub enum DropBoxError {
    /// No stream to the service.
    Dial(DialError),
    /// No answer, or not all of it.
    Http(HttpError),
    /// 404: the drop-box does not have it, or does not say that it has.
    NotThere,
    /// 409: the upload stands at another offset.
    Offset,
    /// 413: larger than the drop-box ever takes.
    TooLarge,
    /// 422 and other refusals: it does not take this.
    Refused(StatusCode),
    /// 423, 429, 500, 503 and the like: it cannot now.
    Busy(StatusCode),
    /// 507: there is no room.
    Full,
    /// An answer that the protocol does not know.
    Nonsense(Nonsense),
}

impl DropBoxError {
    pub(super) fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Self::NotThere,
            StatusCode::CONFLICT => Self::Offset,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::INSUFFICIENT_STORAGE => Self::Full,
            StatusCode::LOCKED | StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Self::Busy(status)
            }
            status if status.is_server_error() => Self::Busy(status),
            status if status.is_client_error() => Self::Refused(status),
            _ => Self::Nonsense(Nonsense::Status),
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Dial(error) => !error.is_lasting(),
            Self::Http(HttpError::TooLong) => false,
            Self::Http(_) | Self::Offset | Self::Busy(_) => true,
            Self::NotThere | Self::TooLarge | Self::Refused(_) | Self::Full | Self::Nonsense(_) => {
                false
            }
        }
    }

    /// Whether the line it happened on is of no use any more.
    #[must_use]
    pub fn breaks_line(&self) -> bool {
        !matches!(self, Self::NotThere)
    }
}

impl From<DialError> for DropBoxError {
    fn from(error: DialError) -> Self {
        Self::Dial(error)
    }
}

impl From<HttpError> for DropBoxError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<Nonsense> for DropBoxError {
    fn from(nonsense: Nonsense) -> Self {
        Self::Nonsense(nonsense)
    }
}

impl fmt::Display for DropBoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial(_) => f.write_str("the drop-box could not be reached"),
            Self::Http(_) => f.write_str("the connection to the drop-box broke"),
            Self::NotThere => f.write_str("the drop-box does not have what was asked for"),
            Self::Offset => f.write_str("the drop-box holds another number of bytes"),
            Self::TooLarge => f.write_str("this is larger than the drop-box takes"),
            Self::Refused(status) => {
                write!(f, "the drop-box refused it (code {})", status.as_u16())
            }
            Self::Busy(status) => {
                write!(
                    f,
                    "the drop-box cannot do it now (code {})",
                    status.as_u16()
                )
            }
            Self::Full => f.write_str("the drop-box is full"),
            Self::Nonsense(_) => f.write_str("the answer is not that of a drop-box"),
        }
    }
}

impl std::error::Error for DropBoxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Dial(error) => Some(error),
            Self::Http(error) => Some(error),
            Self::Nonsense(nonsense) => Some(nonsense),
            Self::NotThere
            | Self::Offset
            | Self::TooLarge
            | Self::Refused(_)
            | Self::Busy(_)
            | Self::Full => None,
        }
    }
}

/// What in an answer the protocol does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nonsense {
    /// A status that does not belong here, such as a redirection.
    Status,
    /// A body that is not framed as it should be.
    Frame,
    /// Not a chain of charters.
    Charter,
    /// Not one or two epoch sheets.
    Sheets,
    /// Not the address of an upload.
    Location,
    /// Not an offset.
    Offset,
    /// Not a length.
    Length,
    /// Not a tree hash.
    Tree,
    /// Not four envelopes.
    Mailbox,
}

impl fmt::Display for Nonsense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "a status that does not belong here",
            Self::Frame => "a body with a wrong length or padding",
            Self::Charter => "something else in the place of the charters",
            Self::Sheets => "something else in the place of the epoch sheets",
            Self::Location => "something else in the place of an upload's address",
            Self::Offset => "something else in the place of an offset",
            Self::Length => "something else in the place of a length",
            Self::Tree => "something else in the place of a tree hash",
            Self::Mailbox => "something else in the place of a mailbox",
        })
    }
}

impl std::error::Error for Nonsense {}
