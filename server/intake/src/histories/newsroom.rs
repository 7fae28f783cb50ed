//! The newsroom of a history: papers that are always the same, and envelopes whose content nobody
//! reads.

use std::sync::LazyLock;

use knothole_envelope::{
    Charter, CharterChain, ChunkCount, CourierCard, CredentialHash, Day, DiscoveryKey, DropId,
    EpochNumber, EpochSecret, EraseSecret, Fingerprint, HEADER_LEN, MAGIC, MailboxAddress,
    PushedReply, Quorum, Receipt, Sheet, Signed, SigningSecret, TreeHash, seal_decoy,
};
use sha2::{Digest as _, Sha256};

use crate::forge::{seeded, tree};

/// The day on which every history begins.
pub(super) const FIRST_DAY: u32 = 20_000;
/// Charters that come one after the other.
const CHARTERS: usize = 3;
/// The epochs that have keys. The second one may be burned.
pub(super) const EPOCHS: [u32; 2] = [1, 2];
pub(super) const BURNED: u32 = 2;

static CHAINS: LazyLock<Vec<CharterChain>> = LazyLock::new(|| {
    let keys = vec![editor().editor_key()];
    let charter = Charter::founding(keys, Quorum::ONE, None).unwrap();
    let mut chains = vec![CharterChain::found(charter, &[&editor()]).unwrap()];
    let newsroom = chains[0].unverified_fingerprint().unwrap();
    while chains.len() < CHARTERS {
        let chain = chains.last().unwrap().verify(&newsroom).unwrap();
        let newest = chain.charters().last().unwrap();
        let next = newest.next(newest.editors().to_vec(), Quorum::ONE, None);
        let mut next = Signed::new(next.unwrap());
        next.sign(&newsroom, &editor());
        chains.push(chain.append(next).unwrap().chain().clone());
    }
    chains
});

/// Sealed once each: it takes some milliseconds.
static REPLIES: LazyLock<Vec<PushedReply>> = LazyLock::new(|| (1..=4).map(sealed_reply).collect());

/// The sheets of all epochs under each charter.
static SHEETS: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| (0..CHARTERS).map(signed_sheets).collect());

fn editor() -> SigningSecret {
    SigningSecret::from_bytes([1; 32])
}

pub(super) fn fingerprint() -> Fingerprint {
    CHAINS[0].unverified_fingerprint().unwrap()
}

/// The chain that ends with the charter of this number, from 0 on.
pub(super) fn chain(number: usize) -> Option<Vec<u8>> {
    CHAINS.get(number).map(CharterChain::encode)
}

pub(super) fn sheets(charter: usize) -> Vec<u8> {
    SHEETS[charter].clone()
}

fn signed_sheets(charter: usize) -> Vec<u8> {
    let chain = CHAINS[charter].verify(&fingerprint()).unwrap();
    let first = Day::new(FIRST_DAY).unwrap();
    let last = first.checked_add(60).unwrap();
    let sheets = EPOCHS.map(|epoch| {
        let secret = EpochSecret::from_bytes([u8::try_from(epoch).unwrap(); 32]);
        let keys = vec![secret.recipient_key()];
        let hash = chain.current_hash();
        let sheet = Sheet::new(number(epoch), first, last, keys, hash).unwrap();
        let mut signed = Signed::new(sheet);
        signed.sign(&fingerprint(), &editor());
        signed
    });
    Signed::encode_list(&sheets)
}

pub(super) fn number(epoch: u32) -> EpochNumber {
    EpochNumber::new(epoch).unwrap()
}

fn receipt(receipt: Receipt) -> Vec<u8> {
    let mut signed = Signed::new(receipt);
    signed.sign(&fingerprint(), &editor());
    Signed::encode_list(&[signed])
}

pub(super) fn burned() -> Vec<u8> {
    receipt(Receipt::Burned {
        epoch: number(BURNED),
    })
}

pub(super) fn opened(drop: DropId, envelope: &Envelope) -> Vec<u8> {
    receipt(Receipt::Opened {
        drop,
        tree: envelope.tree,
        length: u64::try_from(envelope.length).unwrap(),
    })
}

/// The card of this courier, whose credential is this byte 32 times.
pub(super) fn card(courier: u8) -> Signed<CourierCard> {
    let bundle = SigningSecret::from_bytes([courier; 32]);
    let credential = Sha256::digest([courier; 32]).into();
    let card = CourierCard::new(
        DiscoveryKey::from_bytes([courier; 32]),
        CredentialHash::from_bytes(credential),
        bundle.editor_key(),
    );
    card.sign(&bundle).unwrap()
}

/// The reply to this source.
pub(super) fn reply(source: usize) -> Option<&'static PushedReply> {
    REPLIES.get(source)
}

fn erase_secret(source: u8) -> EraseSecret {
    EraseSecret::from_bytes([source; 32])
}

fn sealed_reply(source: u8) -> PushedReply {
    PushedReply {
        mailbox: MailboxAddress::from_bytes([source; 32]),
        erase: erase_secret(source).hash(),
        envelope: seal_decoy(&mut seeded(u64::from(source))).unwrap(),
    }
}

/// What this source asks to have its reply erased.
pub(super) fn erasure(source: usize) -> Vec<u8> {
    let secret = erase_secret(u8::try_from(source + 1).unwrap());
    let name = *REPLIES[source].hash().as_bytes();
    [*secret.expose(), name, name, name, name].concat()
}

/// A sealed drop, as far as a server can see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Envelope {
    number: u32,
    pub(super) epoch: u32,
    chunks: ChunkCount,
    pub(super) length: usize,
    pub(super) tree: TreeHash,
}

impl Envelope {
    /// The envelope of this number around so many bytes.
    pub(super) fn around(content: u64, epoch: u32, number: u32) -> Self {
        let chunks = ChunkCount::for_content(content).unwrap();
        let mut envelope = Self {
            number,
            epoch,
            chunks,
            length: usize::try_from(chunks.envelope_len()).unwrap(),
            tree: tree(&[]),
        };
        envelope.tree = tree(&envelope.bytes());
        envelope
    }

    /// FORMAT.md §3: the head; nobody but a recipient looks at what follows it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        static PATTERN: LazyLock<Vec<u8>> =
            LazyLock::new(|| (0..=250).cycle().take(8 << 20).collect());
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 1, 0, 0]);
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.chunks.get().to_be_bytes());
        bytes.extend([0; 28]);
        bytes.extend(self.number.to_be_bytes());
        bytes.resize(HEADER_LEN, 0);
        let from = usize::try_from(self.number % 251).unwrap();
        bytes.extend_from_slice(&PATTERN[from..from + self.length - HEADER_LEN]);
        bytes
    }
}
