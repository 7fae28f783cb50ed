//! Sealed drops, a courier and its sticks, for tests.

use std::fs;
use std::path::{Path, PathBuf};

use knothole_envelope::{BundleIndex, SheetHash};
use knothole_envelope::{
    BundlePart, Day, DropId, EpochNumber, FileEntry, FileName, IndexHash, ListedDrop, Manifest,
    Message, PartHash, PartName, ReplyBlock, Signed, Suite, TreeHasher, seal_drop,
};
use sha2::{Digest as _, Sha256};

use super::{BundleFault, Lost, News, Sticks, Taken};
use crate::archive::tests::{FIRST_DAY, Known, newsroom, rng};
use crate::archive::{Archive, Courier, State, Status};
use crate::editor::Editor as _;
use crate::newsroom::{add_courier, remove_courier};

/// A sealed drop as the server holds it.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub(crate) listed: ListedDrop,
    pub(crate) bytes: Vec<u8>,
}

impl Sealed {
    /// The same drop, listed as the server does that holds these bytes.
    pub(crate) fn relist(&mut self) {
        let mut hasher = TreeHasher::new();
        hasher.update(&self.bytes);
        self.listed.tree = hasher.finish();
    }
}

/// Seals files and a message to the sheet of epoch 3; the manifest may name another sheet.
pub(crate) fn seal(
    state: &State,
    number: u8,
    files: &[(&str, &[u8])],
    message: &str,
    sheet: Option<SheetHash>,
) -> Sealed {
    seal_with(state, number, files, message, sheet, None)
}

/// As [`seal`], with a way back.
pub(crate) fn seal_with(
    state: &State,
    number: u8,
    files: &[(&str, &[u8])],
    message: &str,
    sheet: Option<SheetHash>,
    reply: Option<ReplyBlock>,
) -> Sealed {
    let epoch = EpochNumber::new(3).unwrap();
    let real = state.sheets_of(epoch).next().unwrap();
    let entries = files.iter().map(|(name, body)| FileEntry {
        name: FileName::new(name).unwrap(),
        size: u64::try_from(body.len()).unwrap(),
    });
    let manifest = Manifest::new(
        sheet.unwrap_or(real.hash()),
        real.recipients().quorum(),
        reply,
        entries.collect(),
        Message::new(message).unwrap(),
    )
    .unwrap();
    let mut bytes = Vec::new();
    let tree = seal_drop(
        &mut rng(),
        Suite::ChaCha20Poly1305,
        epoch,
        real.recipients(),
        &manifest,
        |place| Ok(files[place].1),
        &mut bytes,
    )
    .unwrap();
    Sealed {
        listed: ListedDrop {
            id: DropId::from_bytes([number; 32]),
            tree,
            chunks: manifest.chunks(),
            epoch,
        },
        bytes,
    }
}

/// A courier, and where it is in its sequence.
pub(crate) struct Carrier {
    pub(crate) key: Known,
    sequence: u64,
    previous: Option<IndexHash>,
    /// So many days its clock is ahead.
    pub(crate) ahead: u32,
}

/// A stretch of a drop that lies in a bundle, or in an earlier one.
pub(crate) struct Stretch<'d> {
    drop: &'d Sealed,
    from: usize,
    to: usize,
    here: bool,
}

pub(crate) fn whole(drop: &Sealed) -> Stretch<'_> {
    stretch(drop, 0, drop.bytes.len(), true)
}

pub(crate) fn stretch(drop: &Sealed, from: usize, to: usize, here: bool) -> Stretch<'_> {
    Stretch {
        drop,
        from,
        to,
        here,
    }
}

impl Carrier {
    pub(crate) fn new() -> Self {
        Self::of(60)
    }

    /// The courier whose key follows from this number.
    pub(crate) fn of(number: u8) -> Self {
        Self {
            key: Known::new(number),
            sequence: 0,
            previous: None,
            ahead: 0,
        }
    }

    /// Lays the next bundle on a stick; it has no parts.
    pub(crate) fn list(&mut self, state: &State, stick: &Path, drops: Vec<ListedDrop>) {
        self.sequence += 1;
        let index = self.index(state, Vec::new(), drops);
        self.previous = Some(index.hash());
        let folder = stick.join(format!("bundle-{:016x}-0a0b0c0d", self.sequence));
        fs::create_dir(&folder).unwrap();
        fs::File::create_new(folder.join("index"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, &index.encode()))
            .unwrap();
    }

    /// Lays the next bundle on a stick.
    pub(crate) fn carry(&mut self, state: &State, stick: &Path, stretches: &[Stretch<'_>]) {
        self.carry_with(state, stick, stretches, None);
    }

    /// As [`Self::carry`]; of one more drop the index names all parts, and none is there.
    pub(crate) fn carry_with(
        &mut self,
        state: &State,
        stick: &Path,
        stretches: &[Stretch<'_>],
        absent: Option<&ListedDrop>,
    ) {
        self.sequence += 1;
        let folder = stick.join(format!("bundle-{:016x}-0a0b0c0d", self.sequence));
        fs::create_dir(&folder).unwrap();
        let mut parts = Vec::new();
        let mut drops: Vec<ListedDrop> = Vec::new();
        for stretch in stretches {
            let bytes = &stretch.drop.bytes[stretch.from..stretch.to];
            let part = part(stretch, bytes);
            if stretch.here {
                fs::File::create_new(folder.join(part.name.to_string()))
                    .and_then(|mut file| std::io::Write::write_all(&mut file, bytes))
                    .unwrap();
            }
            parts.push(part);
            if !drops.contains(&stretch.drop.listed) {
                drops.push(stretch.drop.listed);
            }
        }
        if let Some(absent) = absent {
            parts.extend(absent_parts(absent));
            drops.push(*absent);
        }
        let index = self.index(state, parts, drops);
        self.previous = Some(index.hash());
        fs::File::create_new(folder.join("index"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, &index.encode()))
            .unwrap();
    }

    fn index(
        &self,
        state: &State,
        parts: Vec<BundlePart>,
        drops: Vec<ListedDrop>,
    ) -> Signed<BundleIndex> {
        let days = self.ahead + u32::try_from(self.sequence).unwrap();
        let date = Day::new(FIRST_DAY + days).unwrap();
        let charter = state.chain().current_hash();
        let index =
            BundleIndex::new(self.sequence, self.previous, date, parts, drops, charter).unwrap();
        let mut signed = Signed::new(index);
        signed.sign(state.chain().fingerprint(), self.key.signing());
        signed
    }
}

fn absent_parts(drop: &ListedDrop) -> impl Iterator<Item = BundlePart> {
    (0_u128..)
        .zip((0..drop.length()).step_by(1 << 30))
        .map(|(number, offset)| BundlePart {
            name: PartName::from_bytes(number.to_be_bytes()),
            length: (drop.length() - offset).min(1 << 30),
            hash: PartHash::from_bytes([0; 32]),
            drop: drop.id,
            offset,
        })
}

fn part(stretch: &Stretch<'_>, bytes: &[u8]) -> BundlePart {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    BundlePart {
        name: PartName::from_bytes(name),
        length: u64::try_from(bytes.len()).unwrap(),
        hash: PartHash::from_bytes(hash),
        drop: stretch.drop.listed.id,
        offset: u64::try_from(stretch.from).unwrap(),
    }
}

/// A newsroom with an archive, a courier, and sticks.
pub(crate) struct Rig {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) editors: Vec<Known>,
    pub(crate) archive: Archive,
    pub(crate) carrier: Carrier,
    sticks: usize,
}

impl Rig {
    pub(crate) fn new(editors: u8, quorum: u8) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let (editors, mut state) = newsroom(editors, quorum);
        let carrier = Carrier::new();
        state.couriers.push(Courier::new(carrier.key.key()));
        let path = folder.path().join("archive");
        let archive = Archive::create(&path, state, &editors, &mut rng()).unwrap();
        Self {
            folder,
            editors,
            archive,
            carrier,
            sticks: 0,
        }
    }

    pub(crate) fn stick(&mut self) -> PathBuf {
        self.sticks += 1;
        let stick = self.folder.path().join(format!("stick-{}", self.sticks));
        fs::create_dir(&stick).unwrap();
        stick
    }

    pub(crate) fn drop(&self, number: u8) -> Sealed {
        let body = vec![number; 300_000];
        seal(
            &self.archive.state,
            number,
            &[("a.bin", &body)],
            "words",
            None,
        )
    }

    /// A stick with one bundle.
    pub(crate) fn carried(&mut self, stretches: &[Stretch<'_>]) -> PathBuf {
        let stick = self.stick();
        self.carrier.carry(&self.archive.state, &stick, stretches);
        stick
    }

    /// A stick with one bundle, whose index names a drop of which no part is there.
    pub(crate) fn carried_with(
        &mut self,
        stretches: &[Stretch<'_>],
        absent: &ListedDrop,
    ) -> PathBuf {
        let stick = self.stick();
        let state = &self.archive.state;
        self.carrier
            .carry_with(state, &stick, stretches, Some(absent));
        stick
    }

    /// One more courier, whose bundles are taken; it carries from now on in place of the other.
    pub(crate) fn admit(&mut self, number: u8) -> Carrier {
        let carrier = Carrier::of(number);
        add_courier(&mut self.archive.state, carrier.key.key()).unwrap();
        std::mem::replace(&mut self.carrier, carrier)
    }

    /// Takes no bundle of this courier any more.
    pub(crate) fn remove(&mut self, carrier: &Carrier) -> Vec<DropId> {
        let today = Day::new(FIRST_DAY).unwrap();
        remove_courier(&mut self.archive.state, &carrier.key.key(), today).unwrap()
    }

    /// A stick with one bundle that only lists drops.
    pub(crate) fn listed(&mut self, drops: Vec<ListedDrop>) -> PathBuf {
        let stick = self.stick();
        self.carrier.list(&self.archive.state, &stick, drops);
        stick
    }

    pub(crate) fn take(&mut self, sticks: &[&PathBuf]) -> Result<Taken, BundleFault> {
        self.take_with(sticks, Lost::Refuse)
    }

    pub(crate) fn take_with(
        &mut self,
        sticks: &[&PathBuf],
        lost: Lost,
    ) -> Result<Taken, BundleFault> {
        let paths: Vec<_> = sticks.iter().map(|path| (*path).clone()).collect();
        let sticks = Sticks::find(&paths)?;
        let checked = sticks.check(&self.archive.state, lost)?;
        Ok(self.archive.take(&sticks, &checked).unwrap())
    }

    pub(crate) fn news(&self, stick: &Path) -> Result<Vec<News>, BundleFault> {
        let sticks = Sticks::find(&[stick.to_owned()])?;
        let checked = sticks.check(&self.archive.state, Lost::Refuse)?;
        Ok(checked.iter().map(|bundle| bundle.news).collect())
    }

    pub(crate) fn status(&self, drop: &Sealed) -> Option<Status> {
        let kept = self.archive.state.drops.get(&drop.listed.id)?;
        Some(kept.status)
    }

    pub(crate) fn kept(&self, drop: &Sealed) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sealed = self.archive.sealed(&drop.listed.id).unwrap();
        std::io::Read::read_to_end(&mut sealed, &mut bytes).unwrap();
        bytes
    }
}
