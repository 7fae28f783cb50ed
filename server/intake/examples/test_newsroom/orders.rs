//! What a test tells the newsroom to do, a line each, and what it answers, a line each.
//!
//! ```text
//! drops           opens what the store holds: a line `drop MESSAGE MAILBOX NAME:SIZE:SHA-256 …`
//!                 for each, texts in hexadecimal and `-` where there is nothing
//! day DAYS        so many days after the first one it is now
//! sheet           the keys of the next epoch, from now on
//! charter         a charter of the same editor after the newest one, and a sheet of it
//! reply TEXT      answers the source of the newest drop; the text is in hexadecimal
//! garble          the same, with one bit of the sealed answer turned
//! receipts        has opened whatever it can see, and says so
//! ```
//! The last line of every answer is `done`; one that says `refused` comes before it where the server
//! would not, or could not.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use knothole_envelope::{
    EpochSecret, HEADER_LEN, ListedDrop, Message, Opener, PushedReply, Receipt, ReplyBlock, Suite,
    seal_reply, unframe, unlock,
};
use knothole_intake::UnixSeconds;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::newsroom::{House, rng};

/// The newsroom behind a drop-box.
pub(crate) struct Orders {
    house: House,
    /// The first day, and today.
    first: u64,
    now: u64,
    /// The secrets of all epochs so far.
    secrets: Vec<EpochSecret>,
    /// Answers so far.
    answered: u64,
}

impl Orders {
    /// Of a newsroom that begins at this time.
    pub(crate) fn new(house: House, now: u64) -> Self {
        let secrets = vec![copy(house.epoch_secret())];
        Self {
            house,
            first: now,
            now,
            secrets,
            answered: 0,
        }
    }

    /// Obeys until nobody gives orders any more.
    pub(crate) async fn obey(mut self) -> Result<(), Box<dyn Error>> {
        let mut lines = lines();
        while let Some(line) = lines.recv().await {
            let (order, what) = line.split_once(' ').unwrap_or((&line, ""));
            let answer = match order {
                "drops" => self.drops()?,
                "day" => self.day(what.parse()?).await?,
                "sheet" => self.sheet().await,
                "charter" => self.charter().await,
                "reply" => self.reply(what, |_| {}).await?,
                "garble" => self.reply("", garble).await?,
                "receipts" => self.receipts().await?,
                _ => return Err(format!("no such order: {line}").into()),
            };
            writeln!(io::stdout(), "{answer}done")?;
        }
        // The store stays while it is served.
        std::future::pending().await
    }

    fn drops(&self) -> Result<String, Box<dyn Error>> {
        let drops = self.stored()?;
        drops.iter().map(|drop| self.told(drop)).collect()
    }

    /// The newest drop's way back is what an answer goes to.
    async fn reply(&mut self, text: &str, change: fn(&mut [u8])) -> Result<String, Box<dyn Error>> {
        let sealed = self.stored()?.pop().ok_or("no drop")?;
        let block = self.way_back(&sealed)?.ok_or("no way back")?;
        let words = String::from_utf8(HEXLOWER.decode(text.as_bytes())?)?;
        self.answered = self.answered.saturating_add(1);
        let mut envelope = seal_reply(
            &mut rng(),
            Suite::ChaCha20Poly1305,
            &block.key,
            &self.house.fingerprint(),
            self.house.signing(),
            self.answered,
            &Message::new(&words)?,
        )?;
        change(envelope.as_mut_slice());
        let pushed = PushedReply {
            mailbox: block.mailbox,
            erase: block.erase,
            envelope,
        };
        let list = PushedReply::encode_list(&[pushed]);
        let answer = self.house.collect("POST /replies", &[], &list).await;
        Ok(if answer.status == 204 {
            String::new()
        } else {
            refused()
        })
    }

    async fn day(&mut self, days: u64) -> Result<String, Box<dyn Error>> {
        let seconds = days.checked_mul(86_400).ok_or("no day")?;
        let end = self.first.checked_add(seconds).ok_or("no day")?;
        // A store does not believe a clock that leaps: it lives day by day.
        while self.now < end {
            self.now = self.now.saturating_add(86_400).min(end);
            let ticked = self.house.intake.tick(UnixSeconds::new(self.now)).await;
            if ticked.is_err() {
                return Ok(refused());
            }
        }
        Ok(String::new())
    }

    async fn receipts(&mut self) -> Result<String, Box<dyn Error>> {
        let listing = self.house.collect("GET /listing", &[], b"").await;
        for drop in ListedDrop::decode_list(unframe(&listing.body)?)? {
            let receipt = self.house.receipt(Receipt::Opened {
                drop: drop.id,
                tree: drop.tree,
                length: drop.chunks.envelope_len(),
            });
            let answer = self.house.collect("POST /receipts", &[], &receipt).await;
            if answer.status != 204 {
                return Ok(refused());
            }
        }
        Ok(String::new())
    }

    async fn sheet(&mut self) -> String {
        self.house.follow_sheet(self.now).await;
        self.secrets.push(copy(self.house.epoch_secret()));
        String::new()
    }

    async fn charter(&mut self) -> String {
        self.house.follow_charter().await;
        self.sheet().await
    }

    fn told(&self, sealed: &[u8]) -> Result<String, Box<dyn Error>> {
        let (header, chunks) = sealed.split_first_chunk::<HEADER_LEN>().ok_or("short")?;
        let mut reader = self.unlocked(header)?.into_drop(chunks)?;
        let manifest = reader.manifest().clone();
        let message = hex(manifest.message().as_str().as_bytes());
        let mailbox = manifest.reply().map(|block| block.mailbox.to_string());
        let mut line = format!("drop {message} {}", mailbox.as_deref().unwrap_or("-"));
        for entry in manifest.files() {
            let mut body = Vec::new();
            reader
                .next_file()?
                .ok_or("a file less")?
                .copy_to(&mut body)?;
            let name = hex(entry.name.as_str().as_bytes());
            let hash = HEXLOWER.encode(&Sha256::digest(&body));
            line.push_str(&format!(" {name}:{}:{hash}", body.len()));
        }
        reader.finish()?;
        Ok(format!("{line}\n"))
    }

    fn way_back(&self, sealed: &[u8]) -> Result<Option<ReplyBlock>, Box<dyn Error>> {
        let (header, chunks) = sealed.split_first_chunk::<HEADER_LEN>().ok_or("short")?;
        let reader = self.unlocked(header)?.into_drop(chunks)?;
        Ok(reader.manifest().reply().cloned())
    }

    fn unlocked(
        &self,
        header: &[u8; HEADER_LEN],
    ) -> Result<knothole_envelope::Unlocked, Box<dyn Error>> {
        for secret in &self.secrets {
            if let Ok(unlocked) = unlock(header, 1, &[Opener::new(secret, 0)]) {
                return Ok(unlocked);
            }
        }
        Err("sealed to nobody here".into())
    }

    /// The bytes of each drop, in the order in which they came.
    fn stored(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut drops: Vec<_> = fs::read_dir(self.house.folder.path().join("drops"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?;
        drops.sort_by_key(|drop| fs::metadata(drop).and_then(|data| data.modified()).ok());
        drops.iter().map(|drop| whole(drop)).collect()
    }
}

/// A drop lies in the store in segments, and those may lie in lanes.
fn whole(drop: &Path) -> io::Result<Vec<u8>> {
    let lanes = numbered(drop, 'l')?;
    let folders = if lanes.is_empty() {
        vec![drop.to_owned()]
    } else {
        lanes
    };
    let mut bytes = Vec::new();
    for folder in folders {
        for segment in numbered(&folder, 's')? {
            bytes.extend(fs::read(segment)?);
        }
    }
    Ok(bytes)
}

/// What is named by this letter and a number, by that number.
fn numbered(folder: &Path, letter: char) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(letter));
        if let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

fn refused() -> String {
    "refused\n".to_owned()
}

fn garble(envelope: &mut [u8]) {
    if let Some(last) = envelope.last_mut() {
        *last ^= 1;
    }
}

/// A secret has no copies but this one, in a test.
fn copy(secret: &EpochSecret) -> EpochSecret {
    EpochSecret::from_bytes(*secret.expose())
}

fn hex(bytes: &[u8]) -> String {
    match bytes {
        [] => "-".to_owned(),
        _ => HEXLOWER.encode(bytes),
    }
}

/// Lines of standard input; reading them holds nobody up.
fn lines() -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
