//! Charters that do not follow the one before them.

use crate::cbor::{and, array, bytes, map, with, without};
use crate::charters::{Chain, changed, charter, domain, founding, given, papers_of, recovered};
use crate::papers::paper;
use crate::set::Set;
use crate::signatures::{Domain, NONE, public};

pub(crate) fn all(set: &mut Set) {
    successions(set);
    second_charters(set);
    recoveries(set);
}

/// What may be wrong with a charter that follows another.
#[rustfmt::skip]
fn successions(set: &mut Set) {
    let next = |sequence, editors: &[u8], k, previous: &[u8]| {
        map(&charter(sequence, editors, k, Some(previous)))
    };
    let first = founding().bodies[0].clone();
    let second = next(2, &[1, 2, 4], 2, &first);
    let other = changed().bodies[0].clone();
    for (name, what, refuse, body, signers) in [
        ("skips", "the sequence jumps from 1 to 3", "order", next(3, &[1, 2, 4], 2, &first), [1, 2].as_slice()),
        ("stays", "the second charter has the sequence 1", "order", map(&charter(1, &[1, 2, 4], 2, None)), &[1, 2]),
        ("previous-of-another", "the second charter names the founding charter of another newsroom", "order", next(2, &[1, 2, 4], 2, &other), &[1, 2]),
        ("without-previous", "the second charter names none before it", "value", map(&charter(2, &[1, 2, 4], 2, None)), &[1, 2]),
        ("one-signer", "one editor alone appoints another and lowers k", "too few signatures", next(2, &[1, 2, 3, 4], 1, &first), &[1]),
        ("lowers-k", "one editor alone lowers k", "too few signatures", next(2, &[1, 2, 3], 1, &first), &[3]),
        ("signed-by-new", "the new editors sign their own charter", "foreign signature", next(2, &[4, 5], 2, &first), &[4, 5]),
        ("signed-by-old-and-new", "two editors have signed, and the new one as well", "foreign signature", second.clone(), &[1, 2, 4]),
        ("unsigned", "nobody has signed the second charter", "too few signatures", second.clone(), &[]),
        ("recovered-without-papers", "recovery keys make a charter, and the one before it names none", "recovery", map(&and(&charter(2, &[3, 4], 2, Some(&first)), 7, papers_of(&[0x61, 0x62]))), &[0x61, 0x62]),
    ] {
        founding()
            .then(body, signers)
            .wrong(set, name, what, refuse);
    }
    let two = founding().then(second.clone(), &[1, 2]);
    let third = next(3, &[1, 2, 4, 5], 2, &first);
    let what = "the third charter names the first in place of the second";
    two.then(third, &[1, 2]).wrong(set, "fork", what, "order");
    let two = founding().then(second.clone(), &[1, 2]);
    let third = next(3, &[1, 3, 4], 2, &second);
    let what = "an editor who has left signs the third charter";
    two.then(third, &[1, 3])
        .wrong(set, "signed-by-former", what, "foreign signature");
}

/// What may be wrong with the signatures of a second charter, and with the chain's order.
#[rustfmt::skip]
fn second_charters(set: &mut Set) {
    let first = founding().bodies[0].clone();
    let second = map(&charter(2, &[1, 2, 4], 2, Some(&first)));
    let print = founding().fingerprint();
    let paper_of = |entries: [Vec<u8>; 2]| {
        array(&[founding().papers[0].clone(), paper(&second, entries.to_vec())])
    };
    let by = |newsroom| [1, 2].map(|seed| domain(newsroom).entry(seed, &second));
    let sheet = Domain { label: "sheet", newsroom: print };
    let as_sheet = [1, 2].map(|seed| sheet.entry(seed, &second));
    let [once, _] = by(print);
    let twice = [once.clone(), once];
    let whole = founding().then(second.clone(), &[1, 2]).papers;
    let repeated = [whole[0].clone(), whole[0].clone()];
    for (name, what, refuse, chain) in [
        ("next-as-founding", "the second charter is signed without the fingerprint, as a founding one is", "bad signature", paper_of(by(NONE))),
        ("next-for-another", "the second charter is signed for another newsroom", "bad signature", paper_of(by([0x99; 32]))),
        ("next-as-sheet", "the second charter is signed as a sheet", "bad signature", paper_of(as_sheet)),
        ("signed-twice", "one editor has signed the second charter twice", "value", paper_of(twice)),
        ("reversed", "the charters stand there in the wrong order", "fingerprint", array(&[whole[1].clone(), whole[0].clone()])),
        ("founding-twice", "the founding charter stands there twice", "order", array(&repeated)),
    ] {
        given(set, name, what, refuse, &print, &chain);
    }
    let mut longest = Chain::found(map(&charter(1, &[1], 1, None)), &[1]);
    for sequence in 2..=257 {
        let body = map(&charter(sequence, &[1], 1, Some(longest.last())));
        longest = longest.then(body, &[1]);
    }
    longest.wrong(set, "257-charters", "257 charters", "too many");
}

/// What may be wrong with a charter that recovery papers made.
#[rustfmt::skip]
fn recoveries(set: &mut Set) {
    let (first, right) = recovered();
    let print = first.fingerprint();
    let descending = {
        let mut keys = [public(0x61), public(0x62)];
        keys.sort_unstable();
        array(&[bytes(&keys[1]), bytes(&keys[0])])
    };
    let key = bytes(&public(0x61));
    for (name, what, refuse, fields, signers) in [
        ("paper-missing", "one of two recovery papers has not signed", "too few signatures", right.clone(), [0x61].as_slice()),
        ("paper-and-editor", "the papers have signed, and an editor as well", "foreign signature", right.clone(), &[0x61, 0x62, 1]),
        ("editors-for-papers", "two editors have signed where field 7 calls for papers", "foreign signature", right.clone(), &[1, 2]),
        ("papers-unnamed", "the papers have signed, and field 7 does not name them", "foreign signature", without(&right, 7), &[0x61, 0x62]),
        ("other-papers", "other papers than those whose hash the charter before holds", "recovery", with(&right, 7, papers_of(&[0x63])), &[0x63]),
        ("one-of-the-papers", "one of the papers alone, and field 7 names that one only", "recovery", with(&right, 7, papers_of(&[0x61])), &[0x61]),
        ("papers-descending", "the papers' keys descend", "value", with(&right, 7, descending), &[0x61, 0x62]),
        ("paper-twice", "a paper's key stands there twice", "value", with(&right, 7, array(&[key.clone(), key])), &[0x61]),
        ("no-papers", "field 7 is empty", "value", with(&right, 7, array(&[])), &[]),
        ("nine-papers", "nine papers", "too many", with(&right, 7, papers_of(&[0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69])), &[0x61]),
    ] {
        let chain = recovered().0.then(map(&fields), signers);
        assert_eq!(chain.fingerprint(), print);
        chain.wrong(set, name, what, refuse);
    }
}
