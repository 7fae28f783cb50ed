//! The drop-box's collection service as a courier sees it.

mod error;
mod stretch;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RANGE};
use http::{HeaderValue, Method, StatusCode};
use knothole_envelope::{
    CharterChain, DropId, ListedDrop, OnionAddress, PushedReply, Receipt, Sheet, Signed, unframe,
};
use zeroize::Zeroizing;

pub use error::{CollectionError, Oddity};
pub use stretch::Stretch;

use crate::http::{Body, HttpError, Reply, Request, STALL_PATIENCE, Session};
use crate::{ANSWER_PATIENCE, Dialer, Isolation};

/// A listing is served in at most so many bytes: room for the most drops that it may name.
const MOST_LISTING_BYTES: usize = 1 << 23;
/// A chain of charters is served in at most so many bytes.
const MOST_CHARTER_BYTES: usize = 1 << 21;
/// The body of an answer that is not asked for is read up to here.
const MOST_IDLE_BYTES: usize = 1 << 17;

/// The secret that a courier shows at the collection service.
pub struct Credential(Zeroizing<[u8; 32]>);

impl Credential {
    /// Takes 32 random bytes as the credential.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    fn header(&self) -> Result<HeaderValue, CollectionError> {
        let mut digits = Zeroizing::new([0; 64]);
        data_encoding::HEXLOWER.encode_mut(self.0.as_slice(), digits.as_mut_slice());
        let line = Zeroizing::new([b"Bearer ".as_slice(), digits.as_slice()].concat());
        let mut value = HeaderValue::from_bytes(&line).map_err(|_| Oddity::Request)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential([secret])")
    }
}

/// A collection service and the way to it.
#[derive(Debug)]
pub struct Collection {
    dialer: Dialer,
    onion: OnionAddress,
    credential: Credential,
    patience: Duration,
}

impl Collection {
    /// The collection service at this onion, reached by this dialer.
    #[must_use]
    pub fn new(dialer: Dialer, onion: OnionAddress, credential: Credential) -> Self {
        Self {
            dialer,
            onion,
            credential,
            patience: STALL_PATIENCE,
        }
    }

    /// Waits `patience` while no byte moves, instead of [`STALL_PATIENCE`].
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The way to it.
    #[must_use]
    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// Opens a visit on a circuit that no other connection has.
    ///
    /// # Errors
    /// [`CollectionError::Dial`], [`CollectionError::Http`].
    pub async fn visit(&self) -> Result<Visit, CollectionError> {
        let stream = self.dialer.dial(&self.onion, &Isolation::fresh()).await?;
        let session = Session::open(stream, &self.onion)
            .await?
            .with_patience(self.patience);
        Ok(Visit {
            session,
            credential: self.credential.header()?,
        })
    }
}

/// One connection to a collection service. After an error it is of no use.
#[derive(Debug)]
pub struct Visit {
    session: Session,
    credential: HeaderValue,
}

impl Visit {
    /// The drops that became visible at the last batch boundary.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn listing(&mut self) -> Result<Vec<ListedDrop>, CollectionError> {
        let request = self.request(Method::GET, "/listing", Body::empty())?;
        let body = self.answer(request, MOST_LISTING_BYTES).await?;
        let content = unframe(&body).map_err(|_| Oddity::Frame)?;
        Ok(ListedDrop::decode_list(content).map_err(|_| Oddity::Listing)?)
    }

    /// The bytes of a sealed drop from `offset` on, `length` of them.
    ///
    /// # Errors
    /// [`CollectionError`]; [`CollectionError::NotThere`] when the service does not have it.
    pub async fn stretch(
        &mut self,
        drop: &DropId,
        offset: u64,
        length: u64,
    ) -> Result<Stretch, CollectionError> {
        let last = offset
            .checked_add(length)
            .and_then(|end| end.checked_sub(1))
            .filter(|last| *last >= offset)
            .ok_or(Oddity::Request)?;
        let mut request = self.request(Method::GET, &format!("/drops/{drop}"), Body::empty())?;
        let range =
            HeaderValue::try_from(format!("bytes={offset}-{last}")).map_err(|_| Oddity::Request)?;
        request.headers_mut().insert(RANGE, range);
        let reply = within(async { Ok(self.session.send(request).await?) }).await?;
        Stretch::new(reply, offset, last)
    }

    /// The charters that the service holds. Nobody has verified them.
    ///
    /// # Errors
    /// [`CollectionError`]; [`CollectionError::NotThere`] when it holds none.
    pub async fn charter(&mut self) -> Result<CharterChain, CollectionError> {
        let request = self.request(Method::GET, "/charter", Body::empty())?;
        let body = self.answer(request, MOST_CHARTER_BYTES).await?;
        let content = unframe(&body).map_err(|_| Oddity::Frame)?;
        Ok(CharterChain::decode(content).map_err(|_| Oddity::Charter)?)
    }

    /// Hands over the newsroom's charters.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn put_charter(&mut self, chain: &CharterChain) -> Result<(), CollectionError> {
        self.hand_over(Method::PUT, "/charter", chain.encode())
            .await
    }

    /// Hands over epoch sheets.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn put_sheets(&mut self, sheets: &[Signed<Sheet>]) -> Result<(), CollectionError> {
        self.hand_over(Method::PUT, "/sheets", Signed::encode_list(sheets))
            .await
    }

    /// Hands over receipts: what they name may be deleted.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn post_receipts(
        &mut self,
        receipts: &[Signed<Receipt>],
    ) -> Result<(), CollectionError> {
        self.hand_over(Method::POST, "/receipts", Signed::encode_list(receipts))
            .await
    }

    /// Hands over replies, to be left in their mailboxes in this order.
    ///
    /// # Errors
    /// [`CollectionError`]; [`CollectionError::NoRoom`] when there is no room for all of them, and
    /// then none was left.
    pub async fn post_replies(&mut self, replies: &[PushedReply]) -> Result<(), CollectionError> {
        self.hand_over(Method::POST, "/replies", PushedReply::encode_list(replies))
            .await
    }

    async fn hand_over(
        &mut self,
        method: Method,
        path: &str,
        content: Vec<u8>,
    ) -> Result<(), CollectionError> {
        let mut request = self.request(method, path, Body::whole(Bytes::from(content)))?;
        request.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        );
        self.answer(request, MOST_IDLE_BYTES).await.map(drop)
    }

    fn request(&self, method: Method, path: &str, body: Body) -> Result<Request, CollectionError> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().map_err(|_| Oddity::Request)?;
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.credential.clone());
        Ok(request)
    }

    /// The body of a good answer. Nobody shows that of a refusal: a server can write anything.
    async fn answer(&mut self, request: Request, limit: usize) -> Result<Bytes, CollectionError> {
        within(async {
            let reply: Reply = self.session.send(request).await?;
            let status = reply.status();
            if matches!(status, StatusCode::OK | StatusCode::NO_CONTENT) {
                Ok(reply.collect(limit).await?)
            } else {
                Err(CollectionError::from_status(status))
            }
        })
        .await
    }
}

/// A bound for a whole small exchange: a server that sends a byte a minute never stalls.
async fn within<T>(
    work: impl Future<Output = Result<T, CollectionError>>,
) -> Result<T, CollectionError> {
    tokio::time::timeout(ANSWER_PATIENCE, work)
        .await
        .unwrap_or_else(|_| Err(HttpError::Stalled.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_never_shows_in_debug_output() {
        let credential = Credential::from_bytes([0x41; 32]);
        assert_eq!(format!("{credential:?}"), "Credential([secret])");
        let header = credential.header().unwrap();
        assert_eq!(format!("{header:?}"), "Sensitive");
    }

    #[test]
    fn a_credential_is_shown_as_the_server_reads_it() {
        let header = Credential::from_bytes([0xab; 32]).header().unwrap();
        assert_eq!(
            header.to_str().unwrap(),
            format!("Bearer {}", "ab".repeat(32))
        );
    }
}
