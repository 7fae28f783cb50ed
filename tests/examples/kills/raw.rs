//! Sources who speak tus by hand, or fill in the form.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::dice::Dice;
use crate::ledger::{Ledger, Promise, Road};
use crate::press::{Press, Sealed};
use crate::tus::{Cut, DropBox};
use crate::upload::{GATE, Hand, Unknown, Upload};

/// The largest file.
const LARGEST: usize = 5 << 20;
/// A source rests so long at most before it sends more: what is sent must be carried and opened too.
const REST: Duration = Duration::from_secs(4);
/// So many uploads are left and taken up again at the end.
const MOST_LEFT: usize = 6;

/// An upload that was left.
struct Left {
    number: usize,
    path: String,
    sealed: Sealed,
    acknowledged: usize,
}

/// One source.
pub(crate) struct Raw {
    drop_box: DropBox,
    press: Arc<Press>,
    ledger: Arc<Ledger>,
    dice: Dice,
    pause: Duration,
    left: Vec<Left>,
}

impl Raw {
    pub(crate) fn new(
        drop_box: DropBox,
        press: &Arc<Press>,
        ledger: &Arc<Ledger>,
        dice: Dice,
        pause: Duration,
    ) -> Self {
        Self {
            drop_box,
            press: Arc::clone(press),
            ledger: Arc::clone(ledger),
            dice,
            pause,
            left: Vec::new(),
        }
    }

    /// Sends one thing after the other until it is told to end; then what was left goes on.
    pub(crate) fn run(mut self, end: &AtomicBool) {
        while !end.load(Ordering::Relaxed) {
            thread::sleep(self.dice.up_to(REST));
            match self.dice.below(10) {
                0..3 => self.in_pieces(),
                3..6 => self.in_lanes(),
                6 => self.at_once(),
                7 => self.by_form(),
                8 if self.dice.one_in(2) && self.left.len() < MOST_LEFT => self.leave(),
                8 => self.take_back(),
                _ => self.refused(),
            }
        }
        for left in core::mem::take(&mut self.left) {
            self.go_on(left);
        }
    }

    fn hand<'a>(drop_box: &'a DropBox, ledger: &'a Ledger, pause: Duration) -> Hand<'a> {
        Hand {
            drop_box,
            ledger,
            pause,
        }
    }

    fn prepare(&mut self, road: Road) -> (usize, Sealed) {
        let drop = self.ledger.begin(road, self.dice.size(LARGEST), None);
        (drop.number, self.press.seal(&drop))
    }

    /// What is known of a drop in the end.
    fn ends(&self, number: usize, sealed: &Sealed, ended: Result<String, Unknown>, whole: bool) {
        match ended {
            Ok(tree) if tree == sealed.tree => self.ledger.promise(number, Promise::Once),
            Ok(_) => self
                .ledger
                .broken(format!("drop {number} arrived as another")),
            // The address of a drop is forgotten after two batches, that of nothing else.
            Err(Unknown) if whole => {
                self.ledger.unheard();
                self.ledger.promise(number, Promise::Once);
            }
            Err(Unknown) => self.ledger.broken(format!(
                "the upload of drop {number} is unknown, and was never whole"
            )),
        }
    }

    fn in_pieces(&mut self) {
        let (number, sealed) = self.prepare(Road::Pieces);
        let hand = Self::hand(&self.drop_box, &self.ledger, self.pause);
        let length = sealed.bytes.len().to_string();
        let headers = [("Upload-Length", length.as_str())];
        let Ok(mut upload) = hand.start(&headers, &sealed.bytes, GATE, &mut self.dice) else {
            return;
        };
        let filled = upload.fill(sealed.bytes.len(), &hand, &mut self.dice);
        let whole = upload.is_whole();
        let ended = filled.and_then(|()| upload.tree(&hand));
        self.ends(number, &sealed, ended, whole);
    }

    /// Its creation brings all of it; nobody can ask where the answer is lost.
    fn at_once(&mut self) {
        let (number, sealed) = self.prepare(Road::AtOnce);
        let hand = Self::hand(&self.drop_box, &self.ledger, self.pause);
        let length = sealed.bytes.len().to_string();
        let headers = [("Upload-Length", length.as_str())];
        let answer = self.drop_box.tus("POST /drops", &headers, &sealed.bytes);
        let path = match &answer {
            Ok(answer) if answer.status == 201 => answer.header("location"),
            Ok(answer) if answer.status == 503 => {
                return self.ledger.promise(number, Promise::Never);
            }
            Ok(answer) => {
                return self.ledger.broken(format!("it was not taken: {answer:?}"));
            }
            Err(Cut::After) => return self.ledger.promise(number, Promise::Perhaps),
            Err(Cut::Within) => return self.ledger.promise(number, Promise::Never),
        };
        let mut upload = Upload::new(
            path.unwrap_or_default().to_owned(),
            &sealed.bytes,
            sealed.bytes.len(),
        );
        let ended = upload.tree(&hand);
        self.ends(number, &sealed, ended, true);
    }

    fn by_form(&mut self) {
        let (number, sealed) = self.prepare(Road::Form);
        let mut body = b"--xYz\r\nContent-Disposition: form-data; name=\"sealed\"; \
                         filename=\"a\"\r\n\r\n"
            .to_vec();
        body.extend_from_slice(&sealed.bytes);
        body.extend_from_slice(b"\r\n--xYz--\r\n");
        let kind = ("Content-Type", "multipart/form-data; boundary=xYz");
        let answer = self.drop_box.ask("POST /", &[kind], &body);
        let promise = match &answer {
            Ok(answer) => match answer.header("location") {
                Some("/arrived") => Promise::Once,
                Some("/may-have-arrived") => Promise::Perhaps,
                Some("/try-again") => Promise::Never,
                other => return self.ledger.broken(format!("a form ended with {other:?}")),
            },
            Err(Cut::After) => Promise::Perhaps,
            Err(Cut::Within) => Promise::Never,
        };
        self.ledger.promise(number, promise);
    }

    fn in_lanes(&mut self) {
        let (number, sealed) = self.prepare(Road::Lanes);
        let hand = Self::hand(&self.drop_box, &self.ledger, self.pause);
        let whole = sealed.bytes.len();
        let lanes = 2 + self.dice.place(2);
        // The first has the header at least; the others have what they have.
        let mut cuts: Vec<usize> = (1..lanes)
            .map(|_| GATE + 1 + self.dice.place(whole - GATE - 2))
            .collect();
        cuts.extend([0, whole]);
        cuts.sort_unstable();
        cuts.dedup();
        let mut uploads: Vec<Upload<'_>> = Vec::new();
        for ends in cuts.windows(2) {
            let bytes = &sealed.bytes[ends[0]..ends[1]];
            let length = bytes.len().to_string();
            let mut headers = vec![
                ("Upload-Concat", "partial"),
                ("Upload-Length", length.as_str()),
            ];
            if let Some(first) = uploads.first() {
                headers.push(("Knothole-Parent", &first.path["/drops/".len()..]));
            }
            let some = match uploads.is_empty() {
                true => GATE,
                false => 1 + self.dice.place(bytes.len()),
            };
            let lane = match hand.start(&headers, bytes, some, &mut self.dice) {
                Ok(lane) => lane,
                // Those whose answers were lost are lanes too, and eight are the most.
                Err(403) if !uploads.is_empty() => {
                    return self.ledger.promise(number, Promise::Never);
                }
                Err(_) => return,
            };
            uploads.push(lane);
        }
        for lane in uploads.iter_mut().rev() {
            let end = lane.length();
            if lane.fill(end, &hand, &mut self.dice) == Err(Unknown) {
                return self
                    .ledger
                    .broken(format!("a lane of drop {number} is unknown"));
            }
        }
        let paths: Vec<&str> = uploads.iter().map(|lane| lane.path.as_str()).collect();
        let concat = format!("final;{}", paths.join(" "));
        let mut joined = Upload::new(uploads[0].path.clone(), &sealed.bytes, whole);
        let ended = join(&hand, &concat, &mut joined);
        self.ends(number, &sealed, ended, true);
    }

    /// Sends a part, which is there whenever its source comes back.
    fn leave(&mut self) {
        let (number, sealed) = self.prepare(Road::Pieces);
        let hand = Self::hand(&self.drop_box, &self.ledger, self.pause);
        let length = sealed.bytes.len();
        let part = GATE + self.dice.place(length - GATE);
        let headers = [("Upload-Length", &*length.to_string())];
        let Ok(upload) = hand.start(&headers, &sealed.bytes, part, &mut self.dice) else {
            return;
        };
        let acknowledged = upload.acknowledged();
        self.left.push(Left {
            number,
            path: upload.path,
            sealed,
            acknowledged,
        });
    }

    fn go_on(&mut self, left: Left) {
        let hand = Self::hand(&self.drop_box, &self.ledger, self.pause);
        let bytes = &left.sealed.bytes;
        let mut upload = Upload::new(left.path, bytes, left.acknowledged);
        let filled = upload
            .stand(&hand)
            .and_then(|_| upload.fill(bytes.len(), &hand, &mut self.dice));
        let whole = upload.is_whole();
        let ended = filled.and_then(|()| upload.tree(&hand));
        self.ends(left.number, &left.sealed, ended, whole);
    }

    /// Sends a part, and takes it back.
    fn take_back(&mut self) {
        let (number, sealed) = self.prepare(Road::Pieces);
        let hand = Self::hand(&self.drop_box, &self.ledger, self.pause);
        self.ledger.promise(number, Promise::Never);
        let length = sealed.bytes.len();
        let part = GATE + self.dice.place(length - GATE);
        let headers = [("Upload-Length", &*length.to_string())];
        let Ok(mut upload) = hand.start(&headers, &sealed.bytes, part, &mut self.dice) else {
            return;
        };
        let delete = format!("DELETE {}", upload.path);
        let Some(answer) = hand.insist(&delete, &[]) else {
            return;
        };
        let gone = upload.stand(&hand);
        if !matches!(answer.status, 204 | 404) || gone.is_ok() {
            self.ledger.broken(format!(
                "drop {number} was taken back: {answer:?}, {gone:?}"
            ));
        }
    }

    /// Sends what the gate must not pass.
    fn refused(&mut self) {
        let (number, mut sealed) = self.prepare(Road::AtOnce);
        let hand = Self::hand(&self.drop_box, &self.ledger, self.pause);
        self.ledger.promise(number, Promise::Never);
        let mut length = sealed.bytes.len();
        if self.dice.one_in(2) {
            sealed.bytes[0] ^= 1;
        } else {
            length += 1;
        }
        let length = length.to_string();
        let headers = [("Upload-Length", length.as_str())];
        if self.dice.one_in(2) {
            let answer = self.drop_box.tus("POST /drops", &headers, &sealed.bytes);
            if let Ok(answer) = answer
                && !matches!(answer.status, 422 | 503)
            {
                self.ledger
                    .broken(format!("drop {number} is no drop: {answer:?}"));
            }
            return;
        }
        let Some(answer) = hand.insist("POST /drops", &headers) else {
            return;
        };
        let Some(path) = answer.header("location").map(str::to_owned) else {
            return;
        };
        let patch = format!("PATCH {path}");
        let answer = self
            .drop_box
            .tus(&patch, &[("Upload-Offset", "0")], &sealed.bytes);
        if let Ok(answer) = &answer
            && !matches!(answer.status, 404 | 422 | 503)
        {
            self.ledger
                .broken(format!("drop {number} is no drop: {answer:?}"));
        }
        // Nothing of it may be there.
        drop(Upload::new(path, &sealed.bytes, 0).stand(&hand));
    }
}

/// Joins lanes, whatever happens meanwhile.
fn join(hand: &Hand<'_>, concat: &str, joined: &mut Upload<'_>) -> Result<String, Unknown> {
    loop {
        let answer = hand
            .drop_box
            .tus("POST /drops", &[("Upload-Concat", concat)], b"");
        match answer {
            Ok(answer) if answer.status == 201 => {
                if answer.header("location") != Some(joined.path.as_str()) {
                    hand.ledger
                        .broken(format!("lanes were joined elsewhere: {answer:?}"));
                }
                return joined.tree(hand);
            }
            Ok(answer) if answer.status != 503 => {
                // An earlier try may have joined them, and its address be forgotten by now.
                return joined.tree(hand).inspect_err(|_| {
                    if answer.status != 404 {
                        hand.ledger
                            .broken(format!("lanes were not joined: {answer:?}"));
                    }
                });
            }
            _ => thread::sleep(hand.pause),
        }
    }
}
