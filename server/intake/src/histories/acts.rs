//! What people do in a history: sources, the courier, the administrator, and time.

use knothole_envelope::PushedReply;

use super::house::House;
use super::ledger::{Fate, Lane, Said, Sent};
use super::newsroom::{self, BURNED, Envelope};
use super::peer::Request;
use super::sending::OFFSETS;
use crate::clock::DAY;
use crate::desk::{self, Desk};
use crate::disk;

const FORM: &str = "multipart/form-data; boundary=xYz";

/// Something that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// A source begins with the next drop.
    Begin(Size),
    /// A source sends on what it has begun as this number; so many thousandths of the rest arrive.
    Send(usize, u64),
    /// A source takes back what it has begun.
    TakeBack(usize),
    /// A source without scripts hands in the next drop, of which so many thousandths arrive.
    HandIn(u64),
    /// Somebody sends what is no drop for this newsroom.
    SendJunk(Junk),
    /// So many seconds pass.
    Pass(u64),
    /// The newsroom has opened this drop.
    SignOff(usize),
    Burn,
    NextCharter,
    Sheets,
    Reply(usize),
    Erase(usize),
    Admit(usize),
    Revoke(usize),
}

/// How large the next drop is, and to which epoch it is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Words, in one upload.
    Small(u32),
    /// A little more than a segment, in one upload.
    Large(u32),
    /// Words, in two lanes or three.
    Lanes(usize, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Junk {
    /// Nobody has sealed it.
    Unsealed,
    /// It is sealed to keys that were never here.
    OtherKeys,
    /// It is sealed, and longer than it says.
    TooLong,
}

impl House {
    /// Does it, and notes what came of it. Errors that a tick meets are given: they end a server.
    pub(super) async fn perform(&mut self, act: Act) -> std::io::Result<()> {
        match act {
            Act::Begin(size) => self.begin(size),
            Act::Send(number, share) => self.send(number, share).await,
            Act::TakeBack(number) => self.take_back(number).await,
            Act::HandIn(share) => self.hand_in(share).await,
            Act::SendJunk(junk) => self.send_junk(junk).await,
            Act::Pass(seconds) => return self.pass(seconds).await,
            Act::SignOff(number) => self.sign_off(number).await,
            Act::Burn => self.burn().await,
            Act::NextCharter => self.next_charter().await,
            Act::Sheets => {
                let sheets = newsroom::sheets(self.ledger.charter.0);
                self.push("PUT /sheets", &sheets).await;
            }
            Act::Reply(source) => self.reply(source).await,
            Act::Erase(source) => self.erase(source).await,
            Act::Admit(courier) => self.admit(courier),
            Act::Revoke(courier) => self.revoke(courier),
        }
        Ok(())
    }

    fn next_envelope(&self, content: u64, epoch: u32) -> Envelope {
        let number = u32::try_from(self.ledger.sent.len()).unwrap();
        Envelope::around(content, epoch, number)
    }

    fn begin(&mut self, size: Size) {
        let (content, lanes, epoch) = match size {
            Size::Small(epoch) => (1, 1, epoch),
            Size::Large(epoch) => (4_500_000, 1, epoch),
            Size::Lanes(lanes, epoch) => (1, lanes, epoch),
        };
        let envelope = self.next_envelope(content, epoch);
        let each = envelope.length.div_ceil(lanes);
        let starts = (0..lanes).map(|lane| lane * each);
        let lanes = starts.map(|start| Lane::of(start, envelope.length.min(start + each)));
        let sent = Sent::new(envelope, lanes.collect(), self.today());
        self.ledger.sent.push(sent);
    }

    async fn take_back(&mut self, number: usize) {
        let mut one = self.ledger.sent[number].clone();
        if let (Some(path), Fate::Open) = (one.path().cloned(), one.fate) {
            one.leaving = true;
            let answer = self.ask(Request::tus(format!("DELETE {path}"))).await;
            if answer.is_some_and(|answer| answer.status == 204) {
                one.fate = Fate::Gone;
            }
        }
        self.ledger.sent[number] = one;
    }

    async fn hand_in(&mut self, share: u64) {
        let mut one = Sent::new(self.next_envelope(1, 1), Vec::new(), self.today());
        let head =
            "--xYz\r\nContent-Disposition: form-data; name=\"sealed\"; filename=\"a\"\r\n\r\n";
        let mut body = head.as_bytes().to_vec();
        body.extend(one.envelope.bytes());
        let whole = body.len();
        body.extend(b"\r\n--xYz--\r\n");
        let arrives = Self::arriving(body.len(), share);
        let request = Request::new("POST /").with("Content-Type", FORM);
        let answer = self.ask(request.sending(&body).cut_after(arrives)).await;
        let page = answer.as_ref().and_then(|answer| answer.header("location"));
        match page {
            Some("/arrived") => one.arrived(self.batch()),
            Some("/may-have-arrived") => one.perhaps(self.batch()),
            None if arrives >= whole => one.perhaps(self.batch()),
            _ => one.fate = Fate::Gone,
        }
        self.ledger.sent.push(one);
    }

    async fn send_junk(&mut self, junk: Junk) {
        let epoch = if junk == Junk::OtherKeys { 9 } else { 1 };
        let mut one = Sent::new(self.next_envelope(1, epoch), Vec::new(), self.today());
        one.fate = Fate::Gone;
        let mut bytes = one.envelope.bytes();
        match junk {
            Junk::Unsealed => bytes[0] ^= 1,
            Junk::OtherKeys => {}
            Junk::TooLong => bytes.push(0),
        }
        let request = Request::tus("POST /drops").with("Upload-Length", bytes.len());
        let request = request.with("Content-Type", OFFSETS).sending(&bytes);
        let said = self.ask(request).await.map(|answer| answer.status);
        // Only whoever has read it refuses it; it may be that nobody came so far. A disk that could not
        // say whether the doors are closed has closed them.
        let refused = matches!(said, None | Some(403 | 422 | 503 | 507));
        assert!(refused, "{junk:?} was answered with {said:?}");
        self.ledger.sent.push(one);
    }

    async fn pass(&mut self, seconds: u64) -> std::io::Result<()> {
        let end = self.now.plus(seconds);
        while self.now < end {
            self.now = self.now.plus(DAY).min(end);
            let Some(intake) = &self.intake else { continue };
            match intake.tick(self.now).await {
                // That passes, and the server goes on.
                Err(error) if disk::is_full(&error) => {}
                ticked => ticked?,
            }
        }
        Ok(())
    }

    async fn push(&self, line: &str, bytes: &[u8]) -> bool {
        let answer = self.collect(Request::new(line).sending(bytes)).await;
        answer.is_some_and(|answer| answer.status == 204)
    }

    async fn sign_off(&mut self, number: usize) {
        let envelope = self.ledger.sent[number].envelope;
        let Some(listed) = self.listing().await else {
            return;
        };
        let Some(drop) = listed.iter().find(|drop| drop.tree == envelope.tree) else {
            return;
        };
        let today = self.today();
        self.ledger.sent[number].signed.ask(today);
        let receipt = newsroom::opened(drop.id, &envelope);
        if self.push("POST /receipts", &receipt).await {
            self.ledger.sent[number].signed.done(today);
        }
    }

    async fn burn(&mut self) {
        let today = self.today();
        self.ledger.burned.ask(today);
        if self.push("POST /receipts", &newsroom::burned()).await {
            self.ledger.burned.done(today);
        }
    }

    async fn next_charter(&mut self) {
        let (taken, pushed) = self.ledger.charter;
        let Some(chain) = newsroom::chain(taken + 1) else {
            return;
        };
        self.ledger.charter = (taken, pushed.max(taken + 1));
        if self.push("PUT /charter", &chain).await {
            self.ledger.charter.0 = taken + 1;
        }
    }

    async fn reply(&mut self, source: usize) {
        let Some(reply) = newsroom::reply(source) else {
            return;
        };
        let said = &mut self.ledger.pushed[source];
        *said = (*said).max(Said::Asked);
        let bytes = PushedReply::encode_list(core::slice::from_ref(reply));
        if self.push("POST /replies", &bytes).await {
            self.ledger.pushed[source] = Said::Done;
        }
    }

    async fn erase(&mut self, source: usize) {
        let Some(reply) = newsroom::reply(source) else {
            return;
        };
        if self.ledger.pushed[source] == Said::Nothing {
            return;
        }
        let said = &mut self.ledger.erased[source];
        *said = (*said).max(Said::Asked);
        let bytes = newsroom::erasure(source);
        let line = format!("POST /mailbox/{}", reply.mailbox);
        let answer = self.ask(Request::new(line).sending(&bytes)).await;
        let done = answer.is_some_and(|answer| answer.status == 204);
        // Where the reply may not have come yet there was nothing to erase.
        if done && self.ledger.pushed[source] == Said::Done {
            self.ledger.erased[source] = Said::Done;
        }
    }

    fn admit(&mut self, courier: usize) {
        let said = &mut self.ledger.admitted[courier];
        *said = (*said).max(Said::Asked);
        let card = newsroom::card(u8::try_from(courier).unwrap());
        let desk = Desk::on(Box::new(self.disk.clone()));
        if desk.add_courier(&card).is_ok() {
            self.ledger.admitted[courier] = Said::Done;
        }
    }

    fn revoke(&mut self, courier: usize) {
        let Ok(known) = desk::couriers(&self.disk) else {
            return;
        };
        let card = newsroom::card(u8::try_from(courier).unwrap());
        let card = *card.verify().unwrap();
        let Some(named) = known.iter().find(|one| one.card == card) else {
            return;
        };
        let said = &mut self.ledger.revoked[courier];
        *said = (*said).max(Said::Asked);
        let desk = Desk::on(Box::new(self.disk.clone()));
        if desk.revoke_courier(&named.name).is_ok() {
            self.ledger.revoked[courier] = Said::Done;
        }
    }

    /// Whether this can be begun with anew: an epoch that nobody has burned.
    pub(super) fn open_epoch(&self, wanted: u32) -> u32 {
        if wanted == BURNED && self.ledger.burned.said() > Said::Nothing {
            1
        } else {
            wanted
        }
    }
}
