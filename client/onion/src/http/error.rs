//! Why a request got no answer.

use std::fmt;

/// Why a request got no answer, or not all of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum HttpError {
    /// No byte went or came for the patience of the session.
    Stalled,
    /// The connection broke; whether the request was carried out is unknown.
    Broken(Box<dyn std::error::Error + Send + Sync>),
    /// The answer has more bytes than the caller allows.
    TooLong,
}

impl HttpError {
    pub(crate) fn broken(error: hyper::Error) -> Self {
        Self::Broken(Box::new(error))
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stalled => "the connection stood still for too long",
            Self::Broken(_) => "the connection broke",
            Self::TooLong => "the answer is longer than allowed",
        })
    }
}

impl std::error::Error for HttpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error.as_ref()),
            Self::Stalled | Self::TooLong => None,
        }
    }
}
