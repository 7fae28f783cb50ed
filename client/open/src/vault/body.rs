//! What a vault holds beside its epochs: two long-lived seeds, when the epochs are, and which
//! newsroom the editor belongs to.

use knothole_envelope::{Day, EpochNumber, EpochSecret, Fingerprint, SigningSecret};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::head::PREFIX;
use super::plan::Plan;
use super::wrap::{Key, NONCE_LEN, TAG_LEN, random_nonce};

const TEXT_LEN: usize = 128;
const ZEROS: usize = 15;
const THIS_VERSION: u8 = 0;
/// No newsroom hashes to this.
const NO_NEWSROOM: Fingerprint = Fingerprint::from_bytes([0; 32]);

/// The secrets of a vault that are not an epoch's.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) signing: SigningSecret,
    pub(super) archive: EpochSecret,
    pub(super) plan: Plan,
    /// The newsroom whose archive the vault believes, once it has met one.
    pub(super) newsroom: Option<Fingerprint>,
}

/// Why a body that unwrapped is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    Damaged,
    Later,
}

impl Body {
    /// The length of a sealed body: nonce, text, tag.
    pub(super) const LEN: usize = NONCE_LEN + TEXT_LEN + TAG_LEN;

    pub(super) fn generate(signing: SigningSecret, plan: Plan, rng: &mut impl CryptoRng) -> Self {
        Self {
            signing,
            archive: EpochSecret::generate(rng),
            plan,
            newsroom: None,
        }
    }

    pub(super) fn seal(&self, key: &Key, rng: &mut impl CryptoRng) -> [u8; Self::LEN] {
        let mut text = Zeroizing::new([0; TEXT_LEN]);
        let words = [
            self.plan.first_epoch().get(),
            self.plan.first_day().get(),
            self.plan.days(),
            self.plan.epochs(),
        ];
        let fields = (self.signing.expose().iter().copied())
            .chain(self.archive.expose().iter().copied())
            .chain(words.into_iter().flat_map(u32::to_be_bytes))
            .chain([THIS_VERSION])
            .chain(*self.newsroom.unwrap_or(NO_NEWSROOM).as_bytes());
        for (to, from) in text.iter_mut().zip(fields) {
            *to = from;
        }
        let nonce = random_nonce(rng);
        let tag = key.body().wrap(&nonce, &PREFIX, text.as_mut_slice());
        let mut sealed = [0; Self::LEN];
        let fields = nonce.iter().chain(text.iter()).chain(&tag);
        for (to, from) in sealed.iter_mut().zip(fields) {
            *to = *from;
        }
        sealed
    }

    pub(super) fn open(sealed: &[u8; Self::LEN], key: &Key) -> Result<Self, BodyFault> {
        let text = unwrap(sealed, key).ok_or(BodyFault::Damaged)?;
        Self::parse(&text)
    }

    fn parse(text: &[u8; TEXT_LEN]) -> Result<Self, BodyFault> {
        let fields = || {
            let (signing, rest) = text.split_first_chunk::<32>()?;
            let (archive, rest) = rest.split_first_chunk::<32>()?;
            let (first_epoch, rest) = rest.split_first_chunk::<4>()?;
            let (first_day, rest) = rest.split_first_chunk::<4>()?;
            let (days, rest) = rest.split_first_chunk::<4>()?;
            let (epochs, rest) = rest.split_first_chunk::<4>()?;
            let words = [first_epoch, first_day, days, epochs];
            Some((
                signing,
                archive,
                words.map(|word| u32::from_be_bytes(*word)),
                rest,
            ))
        };
        let (signing, archive, words, rest) = fields().ok_or(BodyFault::Damaged)?;
        let (version, rest) = rest.split_first().ok_or(BodyFault::Damaged)?;
        // A later version may put more here, and says so in this byte.
        if *version != THIS_VERSION {
            return Err(BodyFault::Later);
        }
        let (newsroom, zeros) = rest.split_first_chunk::<32>().ok_or(BodyFault::Damaged)?;
        if zeros != [0; ZEROS] {
            return Err(BodyFault::Damaged);
        }
        let newsroom = Fingerprint::from_bytes(*newsroom);
        let [first_epoch, first_day, days, epochs] = words;
        let plan = || {
            let first = (EpochNumber::new(first_epoch)?, Day::new(first_day)?);
            Plan::new(epochs, first.1, days)
                .ok()?
                .numbered_from(first.0)
                .ok()
        };
        Ok(Self {
            signing: SigningSecret::from_bytes(*signing),
            archive: EpochSecret::from_bytes(*archive),
            plan: plan().ok_or(BodyFault::Damaged)?,
            newsroom: (newsroom != NO_NEWSROOM).then_some(newsroom),
        })
    }
}

fn unwrap(sealed: &[u8; Body::LEN], key: &Key) -> Option<Zeroizing<[u8; TEXT_LEN]>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let (text, tag) = rest.split_first_chunk::<TEXT_LEN>()?;
    let mut text = Zeroizing::new(*text);
    key.body()
        .unwrap(nonce, &PREFIX, text.as_mut_slice(), tag.try_into().ok()?)?;
    Some(text)
}
