//! What a vault holds beside its epochs: two long-lived seeds, and when the epochs are.

use knothole_envelope::{Day, EpochNumber, EpochSecret, SigningSecret};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::head::PREFIX;
use super::plan::Plan;
use super::wrap::{Key, NONCE_LEN, TAG_LEN, random_nonce};

const TEXT_LEN: usize = 128;
const ZEROS: usize = 47;

/// The secrets of a vault that are not an epoch's.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) signing: SigningSecret,
    pub(super) archive: EpochSecret,
    pub(super) plan: Plan,
}

/// Why a body that unwrapped is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    Damaged,
    Slips,
}

impl Body {
    /// The length of a sealed body: nonce, text, tag.
    pub(super) const LEN: usize = NONCE_LEN + TEXT_LEN + TAG_LEN;

    pub(super) fn generate(plan: Plan, rng: &mut impl CryptoRng) -> Self {
        Self {
            signing: SigningSecret::generate(rng),
            archive: EpochSecret::generate(rng),
            plan,
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
            .chain(words.into_iter().flat_map(u32::to_be_bytes));
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
        match rest.split_first() {
            Some((0, zeros)) if zeros == [0; ZEROS] => {}
            // A later version may put more here, and says so in this byte.
            Some((1.., _)) => return Err(BodyFault::Slips),
            _ => return Err(BodyFault::Damaged),
        }
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
