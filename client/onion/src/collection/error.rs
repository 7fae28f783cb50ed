//! Why a collection service did not do what it was asked for.

use std::fmt;

use http::StatusCode;

use crate::DialError;
use crate::http::HttpError;

/// Why a collection service did not do what it was asked for.
///
/// What a server writes into its answer is never part of it: a turned server would write what
/// lures the newsroom.
#[derive(Debug)]
#[non_exhaustive]
pub enum CollectionError {
    /// No stream to the service.
    Dial(DialError),
    /// No answer, or not all of it.
    Http(HttpError),
    /// 401: the service does not know this courier, or not any more.
    NotAdmitted,
    /// 404: the service does not have it.
    NotThere,
    /// 403 and other refusals: it does not take this.
    Refused(StatusCode),
    /// 423, 429, 500, 503 and the like: it cannot now.
    Busy(StatusCode),
    /// 507: there is no room for it at the server.
    NoRoom,
    /// The body ended early.
    Short,
    /// An answer that the protocol does not know.
    Odd(Oddity),
}

impl CollectionError {
    pub(super) fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::NotAdmitted,
            StatusCode::NOT_FOUND | StatusCode::GONE => Self::NotThere,
            StatusCode::LOCKED | StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Self::Busy(status)
            }
            StatusCode::INSUFFICIENT_STORAGE => Self::NoRoom,
            status if status.is_server_error() => Self::Busy(status),
            status if status.is_client_error() => Self::Refused(status),
            _ => Self::Odd(Oddity::Status),
        }
    }

    /// Whether the same request may succeed on a new circuit, soon.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Dial(error) => !error.is_lasting(),
            Self::Http(HttpError::TooLong) => false,
            Self::Http(_) | Self::Busy(_) | Self::Short => true,
            Self::NotAdmitted | Self::NotThere | Self::Refused(_) | Self::NoRoom | Self::Odd(_) => {
                false
            }
        }
    }
}

impl From<DialError> for CollectionError {
    fn from(error: DialError) -> Self {
        Self::Dial(error)
    }
}

impl From<HttpError> for CollectionError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<Oddity> for CollectionError {
    fn from(oddity: Oddity) -> Self {
        Self::Odd(oddity)
    }
}

impl fmt::Display for CollectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial(_) => f.write_str("the collection service could not be reached"),
            Self::Http(_) => f.write_str("the connection to the collection service broke"),
            Self::NotAdmitted => f.write_str(
                "the server does not know this courier: its administrator must run \
                 `knothole-server courier add` with this courier's card",
            ),
            Self::NotThere => f.write_str("the server does not have what was asked for"),
            Self::Refused(status) => write!(f, "the server refused it (code {})", status.as_u16()),
            Self::Busy(status) => {
                write!(f, "the server cannot do it now (code {})", status.as_u16())
            }
            Self::NoRoom => f.write_str("the server has no room for it (code 507)"),
            Self::Short => f.write_str("the server ended its answer early"),
            Self::Odd(_) => f.write_str("the answer is not that of a collection service"),
        }
    }
}

impl std::error::Error for CollectionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Dial(error) => Some(error),
            Self::Http(error) => Some(error),
            Self::Odd(oddity) => Some(oddity),
            Self::NotAdmitted
            | Self::NotThere
            | Self::Refused(_)
            | Self::Busy(_)
            | Self::NoRoom
            | Self::Short => None,
        }
    }
}

/// What in an exchange the protocol does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// A request that cannot be made: a range of no bytes, or one beyond all numbers.
    Request,
    /// A status that does not belong here, such as a redirection.
    Status,
    /// A body that is not framed as it should be.
    Frame,
    /// Not a listing.
    Listing,
    /// Not a chain of charters.
    Charter,
    /// Another range than the one that was asked for.
    Range,
    /// More bytes than were asked for.
    Long,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "no such request can be made",
            Self::Status => "a status that does not belong here",
            Self::Frame => "a body with a wrong length or padding",
            Self::Listing => "something else in the place of the listing",
            Self::Charter => "something else in the place of the charter",
            Self::Range => "another range than the one asked for",
            Self::Long => "more bytes than were asked for",
        })
    }
}

impl std::error::Error for Oddity {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_401_is_about_the_courier_and_403_is_about_what_it_brought() {
        let unknown = CollectionError::from_status(StatusCode::UNAUTHORIZED);
        assert!(matches!(unknown, CollectionError::NotAdmitted));
        let refused = CollectionError::from_status(StatusCode::FORBIDDEN);
        assert!(matches!(refused, CollectionError::Refused(_)));
        assert!(!refused.may_pass());
        assert!(refused.to_string().contains("403"));
    }

    #[test]
    fn a_server_without_room_is_not_asked_again_and_again() {
        let full = CollectionError::from_status(StatusCode::INSUFFICIENT_STORAGE);
        assert!(matches!(full, CollectionError::NoRoom));
        assert!(!full.may_pass());
    }
}
