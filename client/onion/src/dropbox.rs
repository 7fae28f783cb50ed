//! The drop-box's public service as a sender sees it: keys, and uploads by tus 1.0.0.

mod error;
mod mailbox;
mod upload;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use knothole_envelope::{
    CharterChain, DropAddress, MOST_FRAME_BYTES, OnionAddress, Sheet, Signed, unframe,
};

pub use error::{DropBoxError, Nonsense};
pub use mailbox::Mailbox;
pub use upload::{Part, UploadState, UploadUrl};

use zeroize::Zeroizing;

use crate::http::{Body, Reply, Request, Session};
use crate::{Dialer, Isolation};

/// How long a small answer may take from its request to its last byte.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(120);
/// The chain of charters is served in at most so many bytes.
const MOST_CHARTER_BYTES: usize = 1 << 20;
/// The sheets are served in at most so many bytes.
const MOST_SHEETS_BYTES: usize = 1 << 17;
/// No file of the page is longer.
const MOST_FILE_BYTES: usize = 1 << 20;
/// The server holds the sheets of the current epoch and of the next.
const MOST_SHEETS: u32 = 2;
/// The body of an answer that is not asked for is read up to here, so that the line stays usable.
const MOST_IDLE_BYTES: usize = 1 << 17;

const TUS_VERSION: &str = "1.0.0";
const TREE_HEADER: &str = "knothole-tree";
/// Lanes (tus 1.0.0, "Concatenation").
const CONCAT_HEADER: &str = "upload-concat";
const PARENT_HEADER: &str = "knothole-parent";

/// A drop-box and the way to it.
#[derive(Clone, Debug)]
pub struct DropBox {
    dialer: Dialer,
    onion: OnionAddress,
}

impl DropBox {
    /// The drop-box at this address, reached by this dialer.
    #[must_use]
    pub fn new(dialer: Dialer, address: &DropAddress) -> Self {
        Self {
            dialer,
            onion: *address.onion(),
        }
    }

    /// The way to it.
    #[must_use]
    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// Opens a line on a circuit that no other line has.
    ///
    /// # Errors
    /// [`DropBoxError::Dial`], [`DropBoxError::Http`].
    pub async fn connect(&self) -> Result<Line, DropBoxError> {
        let stream = self.dialer.dial(&self.onion, &Isolation::fresh()).await?;
        let session = Session::open(stream, &self.onion).await?;
        Ok(Line { session })
    }
}

/// One connection to a drop-box. After an error that [breaks the line](DropBoxError::breaks_line)
/// it is of no use.
#[derive(Debug)]
pub struct Line {
    session: Session,
}

impl Line {
    /// The newsroom's charters, which nobody has verified yet.
    ///
    /// # Errors
    /// [`DropBoxError`].
    pub async fn charter(&mut self) -> Result<CharterChain, DropBoxError> {
        let body = self.fetch("/charter", MOST_CHARTER_BYTES).await?;
        let content = unframe(&body).map_err(|_| Nonsense::Frame)?;
        Ok(CharterChain::decode(content).map_err(|_| Nonsense::Charter)?)
    }

    /// The epoch sheets, which nobody has verified yet.
    ///
    /// # Errors
    /// [`DropBoxError`].
    pub async fn sheets(&mut self) -> Result<Vec<Signed<Sheet>>, DropBoxError> {
        let body = self.fetch("/sheet", MOST_SHEETS_BYTES).await?;
        let content = unframe(&body).map_err(|_| Nonsense::Frame)?;
        Ok(Signed::decode_list(content, MOST_SHEETS).map_err(|_| Nonsense::Sheets)?)
    }

    /// Creates an upload of `length` bytes, none of which goes yet.
    ///
    /// # Errors
    /// [`DropBoxError`]; [`DropBoxError::Full`] when the drop-box has no room. A later lane is refused
    /// until the first one has passed the gate.
    pub async fn create(&mut self, part: Part<'_>, length: u64) -> Result<UploadUrl, DropBoxError> {
        let mut request = tus(Method::POST, "/drops", Body::empty())?;
        set_number(&mut request, "upload-length", length)?;
        if !matches!(part, Part::Whole) {
            set(&mut request, CONCAT_HEADER, "partial")?;
        }
        if let Part::Later(first) = part {
            set(&mut request, PARENT_HEADER, &first.digits())?;
        }
        let head = self.exchange(request).await?;
        if head.status != StatusCode::CREATED {
            return Err(DropBoxError::from_status(head.status));
        }
        Ok(head
            .one("location")
            .and_then(UploadUrl::from_location)
            .ok_or(Nonsense::Location)?)
    }

    /// Puts lanes together, in the order of their bytes, and answers how far that is, at the address
    /// of the first. Asked again, a drop-box answers the same.
    ///
    /// # Errors
    /// [`DropBoxError`]; [`DropBoxError::NotThere`] when one of them is not known.
    pub async fn join(&mut self, lanes: &[&UploadUrl]) -> Result<UploadState, DropBoxError> {
        let mut parts = Zeroizing::new(String::from("final;"));
        for (place, lane) in lanes.iter().enumerate() {
            if place > 0 {
                parts.push(' ');
            }
            parts.push_str(&lane.path());
        }
        let mut request = tus(Method::POST, "/drops", Body::empty())?;
        set(&mut request, CONCAT_HEADER, &parts)?;
        let head = self.exchange(request).await?;
        if head.status != StatusCode::CREATED {
            return Err(DropBoxError::from_status(head.status));
        }
        let place = head.one("location").and_then(UploadUrl::from_location);
        if place.as_ref() != lanes.first().copied() {
            return Err(Nonsense::Location.into());
        }
        Ok(UploadState {
            joined: true,
            ..head.upload_state()?
        })
    }

    /// How far an upload has come.
    ///
    /// # Errors
    /// [`DropBoxError`]; [`DropBoxError::NotThere`] when the drop-box does not know the upload.
    pub async fn state(&mut self, upload: &UploadUrl) -> Result<UploadState, DropBoxError> {
        let request = tus(Method::HEAD, &upload.path(), Body::empty())?;
        let head = self.exchange(request).await?;
        if !head.status.is_success() {
            return Err(DropBoxError::from_status(head.status));
        }
        Ok(head.upload_state()?)
    }

    /// Sends `length` bytes at `offset`, and answers how far the upload has come.
    ///
    /// The body must have that length. Whatever the error, some of the bytes may have arrived.
    ///
    /// # Errors
    /// [`DropBoxError`]; [`DropBoxError::Offset`] when the drop-box stands elsewhere.
    pub async fn append(
        &mut self,
        upload: &UploadUrl,
        offset: u64,
        body: Body,
    ) -> Result<UploadState, DropBoxError> {
        let mut request = tus(Method::PATCH, &upload.path(), body)?;
        set_number(&mut request, "upload-offset", offset)?;
        set(
            &mut request,
            "content-type",
            "application/offset+octet-stream",
        )?;
        // No limit for the whole: the session's patience ends it when nothing moves.
        let reply = self.session.send(request).await?;
        let head = finish(reply).await?;
        if head.status != StatusCode::NO_CONTENT {
            return Err(DropBoxError::from_status(head.status));
        }
        Ok(head.upload_state()?)
    }

    /// Tells the drop-box to forget an upload that is not committed.
    ///
    /// # Errors
    /// [`DropBoxError`].
    pub async fn terminate(&mut self, upload: &UploadUrl) -> Result<(), DropBoxError> {
        let request = tus(Method::DELETE, &upload.path(), Body::empty())?;
        let head = self.exchange(request).await?;
        if head.status.is_success() {
            Ok(())
        } else {
            Err(DropBoxError::from_status(head.status))
        }
    }

    /// A file of the page, as the drop-box serves it.
    ///
    /// # Errors
    /// [`DropBoxError`]; [`DropBoxError::NotThere`] when there is no such file.
    pub async fn file(&mut self, path: &str) -> Result<Bytes, DropBoxError> {
        self.fetch(path, MOST_FILE_BYTES).await
    }

    async fn fetch(&mut self, path: &str, limit: usize) -> Result<Bytes, DropBoxError> {
        debug_assert!(
            limit < MOST_FRAME_BYTES,
            "a frame holds less than its bound"
        );
        let request = plain(Method::GET, path, Body::empty())?;
        let session = &mut self.session;
        within(async {
            let reply = session.send(request).await?;
            let status = reply.status();
            let body = reply.collect(limit).await?;
            if status == StatusCode::OK {
                Ok(body)
            } else {
                Err(DropBoxError::from_status(status))
            }
        })
        .await
    }

    async fn exchange(&mut self, request: Request) -> Result<Head, DropBoxError> {
        let session = &mut self.session;
        within(async { finish(session.send(request).await?).await }).await
    }
}

/// The head of an answer whose body was read and thrown away.
struct Head {
    status: StatusCode,
    headers: HeaderMap,
}

impl Head {
    /// A header's value, if it stands there once.
    fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    fn number(&self, name: &str) -> Option<u64> {
        let text = self.one(name)?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    }

    fn upload_state(&self) -> Result<UploadState, Nonsense> {
        let offset = self.number("upload-offset").ok_or(Nonsense::Offset)?;
        let length = match self.one("upload-length") {
            Some(_) => Some(self.number("upload-length").ok_or(Nonsense::Length)?),
            None => None,
        };
        let tree = match self.headers.contains_key(TREE_HEADER) {
            true => {
                let text = self.one(TREE_HEADER).ok_or(Nonsense::Tree)?;
                Some(text.parse().map_err(|_| Nonsense::Tree)?)
            }
            false => None,
        };
        let joined = self.one(CONCAT_HEADER).is_some_and(is_final);
        Ok(UploadState {
            offset,
            length,
            tree,
            joined,
        })
    }
}

/// Whether this value of `Upload-Concat` is that of lanes that were put together.
fn is_final(value: &str) -> bool {
    value.starts_with("final;")
}

/// Reads what is left of an answer; nobody shows it, because a server can write anything.
async fn finish(reply: Reply) -> Result<Head, DropBoxError> {
    let status = reply.status();
    let headers = reply.headers().clone();
    let head = Head { status, headers };
    let rest = tokio::time::timeout(ANSWER_PATIENCE, reply.collect(MOST_IDLE_BYTES)).await;
    match rest {
        Ok(Ok(_)) => Ok(head),
        // A refusal is worth more than the line it came on.
        _ if head.status.is_client_error() || head.status.is_server_error() => Ok(head),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(crate::http::HttpError::Stalled.into()),
    }
}

async fn within<T>(work: impl Future<Output = Result<T, DropBoxError>>) -> Result<T, DropBoxError> {
    tokio::time::timeout(ANSWER_PATIENCE, work)
        .await
        .unwrap_or_else(|_| Err(crate::http::HttpError::Stalled.into()))
}

fn plain(method: Method, path: &str, body: Body) -> Result<Request, DropBoxError> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().map_err(|_| Nonsense::Location)?;
    Ok(request)
}

fn tus(method: Method, path: &str, body: Body) -> Result<Request, DropBoxError> {
    let mut request = plain(method, path, body)?;
    set(&mut request, "tus-resumable", TUS_VERSION)?;
    Ok(request)
}

fn set(request: &mut Request, name: &'static str, value: &str) -> Result<(), DropBoxError> {
    let value = HeaderValue::from_str(value).map_err(|_| Nonsense::Location)?;
    request
        .headers_mut()
        .insert(HeaderName::from_static(name), value);
    Ok(())
}

fn set_number(request: &mut Request, name: &'static str, value: u64) -> Result<(), DropBoxError> {
    set(request, name, &value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[(&'static str, &str)]) -> Head {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        Head {
            status: StatusCode::NO_CONTENT,
            headers,
        }
    }

    #[test]
    fn an_offset_is_digits_and_nothing_else() {
        for wrong in [
            "",
            "+5",
            "-1",
            " 5",
            "5 ",
            "0x5",
            "1e3",
            "99999999999999999999",
        ] {
            assert_eq!(
                head(&[("upload-offset", wrong)]).number("upload-offset"),
                None,
                "{wrong}"
            );
        }
        assert_eq!(
            head(&[("upload-offset", "05")]).number("upload-offset"),
            Some(5)
        );
    }

    #[test]
    fn two_offsets_in_one_answer_are_nonsense() {
        let head = head(&[("upload-offset", "5"), ("upload-offset", "6")]);
        assert!(matches!(head.upload_state(), Err(Nonsense::Offset)));
    }

    #[test]
    fn a_tree_hash_that_is_not_one_is_nonsense() {
        let short = head(&[("upload-offset", "5"), ("knothole-tree", "ab")]);
        assert!(matches!(short.upload_state(), Err(Nonsense::Tree)));
        let hash = "ab".repeat(32);
        let twice = head(&[
            ("upload-offset", "5"),
            ("knothole-tree", &hash),
            ("knothole-tree", &hash),
        ]);
        assert!(matches!(twice.upload_state(), Err(Nonsense::Tree)));
        let once = head(&[("upload-offset", "5"), ("knothole-tree", &hash)]);
        assert_eq!(once.upload_state().unwrap().tree.unwrap().to_string(), hash);
    }
}
