//! Sources with an address: they ask how far they are, send on, and note what they are told.

use super::house::House;
use super::ledger::{Fate, Said, Sent};
use super::peer::{Answer, Request};

/// The type of a body that is appended.
pub(super) const OFFSETS: &str = "application/offset+octet-stream";

impl House {
    pub(super) async fn send(&mut self, number: usize, share: u64) {
        let mut one = self.ledger.sent[number].clone();
        let shut = one.fate == Fate::Open && one.is_burned(&self.ledger) == Said::Done;
        if matches!(one.fate, Fate::Open | Fate::Perhaps) && !one.lanes.is_empty() {
            self.send_on(&mut one, share).await;
        }
        let taken = shut && one.fate == Fate::Arrived;
        assert!(!taken, "a drop of a burned epoch arrived: {one:?}");
        self.ledger.sent[number] = one;
    }

    async fn send_on(&mut self, one: &mut Sent, share: u64) {
        if let Some(path) = one.path().cloned() {
            // As a sender does: it asks before it sends.
            let Some(head) = self.head(&path).await else {
                return;
            };
            if self.is_said_to_be_there(one, &head) || head.status != 200 {
                return;
            }
        }
        let Some(next) = one.lanes.iter().position(|lane| !lane.is_whole()) else {
            return self.finish(one).await;
        };
        let bytes = one.envelope.bytes();
        let lane = one.lanes[next].clone();
        let bytes = &bytes[lane.start..lane.end];
        match lane.path {
            Some(path) => self.append(one, next, &path, bytes, share).await,
            None => self.create(one, next, bytes, share).await,
        }
    }

    pub(super) fn arriving(length: usize, share: u64) -> usize {
        let length = u64::try_from(length).unwrap();
        usize::try_from(length * share / 1_000).unwrap()
    }

    async fn create(&mut self, one: &mut Sent, next: usize, bytes: &[u8], share: u64) {
        let first = one.path().and_then(|path| path.strip_prefix("/drops/"));
        let first = first.map(ToOwned::to_owned);
        let arrives = Self::arriving(bytes.len(), share);
        let mut request = Request::tus("POST /drops").with("Upload-Length", bytes.len());
        if one.lanes.len() > 1 {
            request = request.with("Upload-Concat", "partial");
        }
        if let Some(first) = first.filter(|_| next > 0) {
            request = request.with("Knothole-Parent", first);
        }
        if share > 0 {
            request = request.with("Content-Type", OFFSETS);
            request = request.sending(bytes).cut_after(arrives);
        }
        let answer = self.ask(request).await;
        if let Some(refused) = answer.as_ref().filter(|answer| answer.status == 422) {
            return self.note(one, next, refused);
        }
        let Some(answer) = answer.filter(|answer| answer.status == 201) else {
            // Nobody has its address, but it may be there.
            if arrives == bytes.len() && one.lanes.len() == 1 {
                one.ghosts += 1;
            }
            return;
        };
        one.lanes[next].path = answer.header("location").map(ToOwned::to_owned);
        one.lanes[next].sent = arrives;
        self.note(one, next, &answer);
    }

    async fn append(&self, one: &mut Sent, next: usize, path: &str, bytes: &[u8], share: u64) {
        let Some(head) = self.head(path).await else {
            return;
        };
        let Some(offset) = head.number("upload-offset").filter(|_| head.status == 200) else {
            return;
        };
        assert!(
            offset >= one.lanes[next].told || one.leaving,
            "{offset}: {one:?}"
        );
        one.lanes[next].told = offset;
        let rest = &bytes[offset..];
        let arrives = Self::arriving(rest.len(), share);
        let request = Request::tus(format!("PATCH {path}"))
            .with("Upload-Offset", offset)
            .with("Content-Type", OFFSETS)
            .sending(rest)
            .cut_after(arrives);
        let lane = &mut one.lanes[next];
        lane.sent = lane.sent.max(offset + arrives);
        if one.lanes.len() == 1 && arrives == rest.len() {
            one.perhaps(self.batch());
        }
        if let Some(answer) = self.ask(request).await {
            self.note(one, next, &answer);
        }
    }

    /// Notes how far a lane is, as the answer says.
    fn note(&self, one: &mut Sent, next: usize, answer: &Answer) {
        let refused = answer.status == 422;
        if refused {
            let burned = one.is_burned(&self.ledger) > Said::Nothing;
            assert!(burned, "refused: {one:?}");
            one.fate = Fate::Gone;
        }
        if !matches!(answer.status, 201 | 204) {
            return;
        }
        if let Some(offset) = answer.number("upload-offset") {
            let lane = &mut one.lanes[next];
            assert!(
                (lane.told..=lane.sent).contains(&offset),
                "{offset}: {one:?}"
            );
            lane.told = offset;
        }
        if one.lanes.len() == 1 && one.lanes[0].is_whole() {
            one.perhaps(self.batch());
        }
        self.is_said_to_be_there(one, answer);
    }

    fn is_said_to_be_there(&self, one: &mut Sent, answer: &Answer) -> bool {
        let Some(tree) = answer.header("knothole-tree") else {
            return false;
        };
        assert_eq!(tree, one.envelope.tree.to_string(), "altered: {one:?}");
        one.arrived(self.batch());
        true
    }

    /// All lanes are there.
    async fn finish(&self, one: &mut Sent) {
        if one.lanes.len() == 1 {
            let length = one.lanes[0].length();
            let path = one.path().cloned().unwrap_or_default();
            let request = Request::tus(format!("PATCH {path}")).with("Upload-Offset", length);
            let request = request.with("Content-Type", OFFSETS);
            if let Some(answer) = self.ask(request).await {
                self.note(one, 0, &answer);
            }
            return;
        }
        let paths: Vec<_> = one
            .lanes
            .iter()
            .filter_map(|lane| lane.path.clone())
            .collect();
        let lanes = format!("final;{}", paths.join(" "));
        one.perhaps(self.batch());
        let joined = self.ask(Request::tus("POST /drops").with("Upload-Concat", lanes));
        if let Some(answer) = joined.await {
            if answer.status == 422 {
                let burned = one.is_burned(&self.ledger) > Said::Nothing;
                assert!(burned, "refused: {one:?}");
                one.fate = Fate::Gone;
            }
            self.is_said_to_be_there(one, &answer);
        }
    }
}
