//! Why a request by tus is refused, with its status and its sentence.

use core::fmt;

use http::StatusCode;

/// The status that the checksum extension defines.
const CHECKSUM_MISMATCH: u16 = 460;

/// What a refusal is about; its text is for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Version,
    Method,
    Length,
    DeferredLength,
    TooLong,
    Offset,
    OffsetDiffers,
    ContentType,
    BeyondEnd,
    Checksum,
    ChecksumDiffers,
    TooMuchToHash,
    Concat,
    Untied,
    TooManyLanes,
    Lanes,
    LanesUnfinished,
    LanesLength,
    Joined,
    Finished,
}

impl Refusal {
    /// The HTTP status.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Version => StatusCode::PRECONDITION_FAILED,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLong | Self::BeyondEnd | Self::TooMuchToHash => StatusCode::PAYLOAD_TOO_LARGE,
            Self::OffsetDiffers => StatusCode::CONFLICT,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ChecksumDiffers => {
                StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::Joined | Self::Finished | Self::Untied | Self::TooManyLanes => {
                StatusCode::FORBIDDEN
            }
            Self::Length
            | Self::DeferredLength
            | Self::Offset
            | Self::Checksum
            | Self::Concat
            | Self::Lanes
            | Self::LanesUnfinished
            | Self::LanesLength => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "this server speaks tus 1.0.0; send Tus-Resumable: 1.0.0",
            Self::Method => "this address does not take that method",
            Self::Length => "Upload-Length must be one whole number of bytes",
            Self::DeferredLength => "the length must be known from the start: send Upload-Length",
            Self::TooLong => "this is longer than any sealed file can be",
            Self::Offset => "Upload-Offset must be one whole number of bytes",
            Self::OffsetDiffers => {
                "the server holds another number of bytes; ask with HEAD, then go on from there"
            }
            Self::ContentType => "send Content-Type: application/offset+octet-stream",
            Self::BeyondEnd => "these bytes go beyond the length that was announced",
            Self::Checksum => "Upload-Checksum must be sha1 or sha256 and the hash in base64",
            Self::ChecksumDiffers => {
                "the bytes arrived altered, and none of them were kept; send them again"
            }
            Self::TooMuchToHash => {
                "a request with a checksum brings 4 MiB at most; send it in parts"
            }
            Self::Concat => "Upload-Concat must be partial, or final; and the lanes' addresses",
            Self::Untied => {
                "a further lane needs Knothole-Parent: the secret of the lane that holds the header"
            }
            Self::TooManyLanes => "an upload has 8 lanes at most, and this one has them",
            Self::Lanes => "an upload is put together from 1 to 8 lanes of its own, each once",
            Self::LanesUnfinished => "one of the lanes has not arrived whole yet",
            Self::LanesLength => "the lanes together do not have the length that the header says",
            Self::Joined => "an upload that is put together from lanes takes no bytes of its own",
            Self::Finished => "this drop has arrived; it can be neither changed nor taken back",
        })
    }
}
