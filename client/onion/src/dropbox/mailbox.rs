//! A mailbox on the public service: four envelopes, and what erases those that were read.

use std::fmt;

use bytes::Bytes;
use http::{Method, StatusCode};
use knothole_envelope::{
    ERASURE_LEN, EraseSecret, MAILBOX_LEN, MailboxAddress, REPLY_LEN, ReplyHash,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::error::{DropBoxError, Nonsense};
use super::{DropBox, finish, plain, within};
use crate::http::Body;

/// What a mailbox answered. Whether a reply is among the envelopes, only its key tells.
pub struct Mailbox(Bytes);

impl Mailbox {
    /// The four envelopes.
    pub fn envelopes(&self) -> impl Iterator<Item = &[u8; REPLY_LEN]> {
        self.0.as_chunks::<REPLY_LEN>().0.iter()
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(..)")
    }
}

impl DropBox {
    /// Looks into a mailbox, on a circuit of its own: never beside an upload.
    ///
    /// # Errors
    /// [`DropBoxError`].
    pub async fn mailbox(&self, address: &MailboxAddress) -> Result<Mailbox, DropBoxError> {
        let request = plain(Method::GET, &path(address), Body::empty())?;
        let mut line = self.connect().await?;
        within(async {
            let reply = line.session.send(request).await?;
            let status = reply.status();
            if status != StatusCode::OK {
                return Err(DropBoxError::from_status(status));
            }
            let body = reply.collect(MAILBOX_LEN).await?;
            if body.len() == MAILBOX_LEN {
                Ok(Mailbox(body))
            } else {
                Err(Nonsense::Mailbox.into())
            }
        })
        .await
    }

    /// Asks that these replies be erased, on a circuit of its own. Of more than an answer holds,
    /// only the first are named; random bytes stand in the places of those that are not there.
    ///
    /// The answer is the same whatever was there: look into the mailbox again to know.
    ///
    /// # Errors
    /// [`DropBoxError`].
    pub async fn erase(
        &self,
        rng: &mut impl CryptoRng,
        address: &MailboxAddress,
        secret: &EraseSecret,
        read: &[ReplyHash],
    ) -> Result<(), DropBoxError> {
        let body = Bytes::from_owner(order(rng, secret, read));
        let request = plain(Method::POST, &path(address), Body::whole(body))?;
        let mut line = self.connect().await?;
        let head = within(async { finish(line.session.send(request).await?).await }).await?;
        if head.status == StatusCode::NO_CONTENT {
            Ok(())
        } else {
            Err(DropBoxError::from_status(head.status))
        }
    }
}

fn path(address: &MailboxAddress) -> String {
    format!("/mailbox/{address}")
}

/// The body that asks for it: always of the same length.
fn order(rng: &mut impl CryptoRng, secret: &EraseSecret, read: &[ReplyHash]) -> Zeroizing<Vec<u8>> {
    let mut order = Zeroizing::new(vec![0; ERASURE_LEN]);
    rng.fill_bytes(&mut order);
    let hashes = read.iter().map(|hash| *hash.as_bytes());
    let parts = core::iter::once(*secret.expose()).chain(hashes);
    let (places, _) = order.as_chunks_mut::<32>();
    for (place, part) in places.iter_mut().zip(parts) {
        *place = part;
    }
    order
}

#[cfg(test)]
mod tests {
    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    use super::*;

    fn ordered(replies: usize) -> Vec<u8> {
        let secret = EraseSecret::from_bytes([7; 32]);
        let read = vec![ReplyHash::from_bytes([1; 32]); replies];
        order(&mut UnwrapErr(SysRng), &secret, &read).to_vec()
    }

    #[test]
    fn what_erases_has_one_length_whatever_is_erased() {
        for replies in 0..6 {
            let order = ordered(replies);
            assert_eq!(order.len(), 160);
            assert_eq!(order[..32], [7; 32]);
            let named = order.chunks(32).filter(|part| *part == [1; 32]).count();
            assert_eq!(named, replies.min(4));
        }
    }

    #[test]
    fn the_places_of_what_is_not_there_hold_random_bytes() {
        assert_ne!(ordered(0)[32..], ordered(0)[32..]);
        assert_ne!(ordered(3)[128..], [0; 32]);
    }

    #[test]
    fn an_answer_never_shows_what_was_in_it() {
        let mailbox = Mailbox(Bytes::from(vec![5; MAILBOX_LEN]));
        assert_eq!(format!("{mailbox:?}"), "Mailbox(..)");
        assert_eq!(mailbox.envelopes().count(), 4);
    }
}
