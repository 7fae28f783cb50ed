//! Fetching.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use knothole_envelope::{CredentialHash, Day};
use knothole_onion::CollectionError;

use super::bundles::Bundles;
use super::hands::{Forgetful, FullAt, Pull, Small};
use super::{Place, Service, names, sent};
use crate::bundle::HEAD_BYTES;
use crate::exit::Exit;
use crate::fetch::{FetchError, Fetched, News, Wishes};
use crate::stick::Hand;

const MIB: u64 = 1 << 20;

async fn fetch(place: &Place, stick: &Path, wishes: Wishes) -> Result<Fetched, FetchError> {
    let sticks = [stick.to_owned()];
    place.courier().fetch(&sticks, wishes, &mut |_| {}).await
}

async fn fetch_with(
    place: &Place,
    stick: &Path,
    hand: Arc<dyn Hand>,
) -> Result<Fetched, FetchError> {
    let sticks = [stick.to_owned()];
    let mut courier = place.courier_with(hand);
    courier.fetch(&sticks, Wishes::default(), &mut |_| {}).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_lies_on_the_stick_as_the_server_has_it() {
    let drop = sent(100);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let stick = place.stick("stick");
    let fetched = fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!((fetched.drops, fetched.bytes), (1, drop.listed.length()));
    assert_eq!(fetched.exit(), Exit::Done);
    let bundles = Bundles::read(&place, &[&stick]);
    assert_eq!(bundles.whole(&drop).unwrap(), drop.bytes);
    assert_eq!(bundles.last().sequence(), 1);
    assert_eq!(bundles.last().drops(), [drop.listed]);
    assert!(names(&stick).iter().all(|name| !name.ends_with(".partial")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_carried_is_not_fetched_again_unless_it_is_asked_for() {
    let drop = sent(16);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let stick = place.stick("stick");
    fetch(&place, &stick, Wishes::default()).await.unwrap();
    place.service.seen();
    let nothing = fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!((nothing.drops, nothing.bundles.len()), (0, 0));
    assert_eq!(place.service.seen(), ["GET /listing"]);
    let again = Wishes {
        again: true,
        ..Wishes::default()
    };
    let fetched = fetch(&place, &stick, again).await.unwrap();
    assert_eq!(fetched.drops, 1);
    // Each bundle names the one before it: `read` checks that.
    assert_eq!(Bundles::read(&place, &[&stick]).last().sequence(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_goes_on_at_the_next_byte() {
    let drop = sent(200);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    place
        .service
        .script(|script| script.cuts.extend([5_000_000, 1_000_000, 7]));
    let stick = place.stick("stick");
    fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!(
        Bundles::read(&place, &[&stick]).whole(&drop).unwrap(),
        drop.bytes
    );
    let seen = place.service.seen();
    let starts: Vec<u64> = seen[1..]
        .iter()
        .map(|asked| asked.rsplit_once("bytes=").unwrap().1)
        .map(|range| range.split_once('-').unwrap().0.parse().unwrap())
        .collect();
    // What the broken connection had in flight may be lost, so the places are not known.
    assert_eq!(starts.len(), 4);
    assert!(starts.is_sorted() && starts[1] > 0, "{starts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_leaves_no_index_and_the_same_again_goes_on() {
    let drop = sent(600);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let stick = place.stick("stick");
    place.service.script(|script| {
        script.cuts.push_back(30_000_000);
        script.always_cut = Some(0);
    });
    let error = fetch(&place, &stick, Wishes::default()).await.unwrap_err();
    assert_eq!(error.exit(), Exit::TryAgain, "{error}");
    assert!(!names(&stick).iter().any(|name| name.ends_with("/index")));
    assert!(Bundles::read(&place, &[&stick]).whole(&drop).is_none());
    place.service.script(|script| script.always_cut = None);
    place.service.seen();
    let fetched = fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!(fetched.drops, 1);
    assert_eq!(
        Bundles::read(&place, &[&stick]).whole(&drop).unwrap(),
        drop.bytes
    );
    let seen = place.service.seen();
    assert!(!seen[1].contains("bytes=0-"), "it began anew: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_bytes_are_not_kept_and_do_not_stand_in_the_way_of_other_drops() {
    let (good, bad) = (sent(16), sent(20));
    let place = Place::new(&[good.clone(), bad.clone()]).await;
    place
        .service
        .script(|script| script.drops[1].bytes[500_000] ^= 1);
    let stick = place.stick("stick");
    let fetched = fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!((fetched.drops, fetched.mistrusted), (1, 1));
    assert_eq!(fetched.exit(), Exit::Partly);
    let bundles = Bundles::read(&place, &[&stick]);
    assert_eq!(bundles.whole(&good).unwrap(), good.bytes);
    assert!(bundles.whole(&bad).is_none());
    // The folder, its index and one part: nothing of the other drop.
    assert_eq!(names(&stick).len(), 3);
    place.service.seen();
    fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!(place.service.seen(), ["GET /listing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_that_begins_otherwise_than_listed_is_given_up_at_its_first_segment() {
    let drop = sent(600);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    // Byte 15 is the end of the epoch's number.
    place.service.script(|script| script.drops[0].bytes[15] = 2);
    let stick = place.stick("stick");
    let fetched = fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!((fetched.drops, fetched.mistrusted), (0, 1));
    assert!(names(&stick).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stick_that_runs_full_keeps_nothing_half_written() {
    let drop = sent(200);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let stick = place.stick("stick");
    let hand = FullAt {
        write: 2,
        writes: AtomicUsize::new(0),
    };
    let error = fetch_with(&place, &stick, Arc::new(hand))
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::NoRoom { .. }), "{error}");
    assert_eq!(error.exit(), Exit::TryAgain);
    assert_eq!(names(&stick), [""; 0]);
    fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!(
        Bundles::read(&place, &[&stick]).whole(&drop).unwrap(),
        drop.bytes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stick_that_gives_back_other_bytes_is_found_out() {
    let place = Place::new(&[sent(16)]).await;
    let stick = place.stick("stick");
    let hand = Arc::new(Forgetful(stick.clone()));
    let error = fetch_with(&place, &stick, hand).await.unwrap_err();
    assert!(matches!(error, FetchError::BadStick), "{error}");
    assert_eq!(error.exit(), Exit::Refused);
    assert!(names(&stick).iter().all(|name| !name.contains('/')));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_courier_keeps_three_files_and_nothing_else() {
    let place = Place::new(&[sent(16)]).await;
    fetch(&place, &place.stick("stick"), Wishes::default())
        .await
        .unwrap();
    assert_eq!(names(&place.state()), ["keys", "lock", "state.json"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_goes_over_several_sticks_and_the_last_index_lists_it_whole() {
    let (small, large) = (sent(16), sent(512));
    let place = Place::new(&[large.clone(), small.clone()]).await;
    let paths = ["a", "b", "c"].map(|name| place.stick(name));
    let sizes = [10 * MIB, 14 * MIB, 40 * MIB];
    let hand = Small(paths.iter().cloned().zip(sizes).collect::<BTreeMap<_, _>>());
    let mut told = None;
    let mut courier = place.courier_with(Arc::new(hand));
    let fetched = courier
        .fetch(&paths, Wishes::default(), &mut |news| {
            if let News::Planned(planned) = news {
                told = Some(planned);
            }
        })
        .await
        .unwrap();
    assert_eq!((fetched.drops, fetched.bundles.len()), (2, 3));
    assert_eq!(fetched.exit(), Exit::Done);
    let told = told.unwrap();
    assert_eq!((told.drops, told.later), (2, 0));
    assert_eq!(told.bytes, small.listed.length() + large.listed.length());
    let sticks: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    let bundles = Bundles::read(&place, &sticks);
    assert_eq!(bundles.whole(&small).unwrap(), small.bytes);
    assert_eq!(bundles.whole(&large).unwrap(), large.bytes);
    assert!(bundles.last().whole_drop(&large.listed.id).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_goes_onto_the_stick_of_the_next_day() {
    let drop = sent(512);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let (one, two) = (place.stick("one"), place.stick("two"));
    let hand = Small(BTreeMap::from([(one.clone(), 9 * MIB)]));
    let fetched = fetch_with(&place, &one, Arc::new(hand)).await.unwrap();
    assert_eq!((fetched.drops, fetched.cut, fetched.left), (0, 1, 1));
    assert_eq!(fetched.left_bytes, drop.listed.length() - 8 * MIB);
    assert_eq!(fetched.exit(), Exit::Partly);
    let fetched = fetch(&place, &two, Wishes::default()).await.unwrap();
    assert_eq!(fetched.drops, 1);
    let bundles = Bundles::read(&place, &[&one, &two]);
    assert_eq!(bundles.whole(&drop).unwrap(), drop.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_of_which_a_stick_was_lost_is_brought_anew_when_it_is_asked_for() {
    let drop = sent(512);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let (lost, next) = (place.stick("lost"), place.stick("next"));
    let hand = Small(BTreeMap::from([(lost.clone(), 9 * MIB)]));
    fetch_with(&place, &lost, Arc::new(hand)).await.unwrap();
    let again = Wishes {
        again: true,
        ..Wishes::default()
    };
    fetch(&place, &next, again).await.unwrap();
    let bundles = Bundles::read(&place, &[&lost, &next]);
    assert_eq!(bundles.whole(&drop).unwrap(), drop.bytes);
    let parts = bundles.last().whole_drop(&drop.listed.id).unwrap();
    assert_eq!(parts.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_that_is_too_large_to_come_unasked_comes_with_its_beginning() {
    let drop = sent(512);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let stick = place.stick("stick");
    let small = Wishes {
        largest: MIB,
        ..Wishes::default()
    };
    let fetched = fetch(&place, &stick, small).await.unwrap();
    assert_eq!((fetched.drops, fetched.heads), (0, 1));
    let bundles = Bundles::read(&place, &[&stick]);
    assert_eq!(bundles.last().parts()[0].length, HEAD_BYTES);
    let fetched = fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!(fetched.drops, 1);
    assert_eq!(
        Bundles::read(&place, &[&stick]).whole(&drop).unwrap(),
        drop.bytes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_courier_that_is_not_admitted_is_told_so_at_once() {
    let mut place = Place::new(&[sent(16)]).await;
    place.service = Service::start(CredentialHash::from_bytes([0; 32]), &[]).await;
    let stick = place.stick("stick");
    let error = fetch(&place, &stick, Wishes::default()).await.unwrap_err();
    assert!(matches!(
        error,
        FetchError::Server(CollectionError::NotAdmitted)
    ));
    assert_eq!(error.exit(), Exit::Refused);
    assert_eq!(place.service.seen().len(), 1);
    assert!(names(&stick).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stick_that_is_a_file_or_is_not_there_is_refused_before_anything_is_asked() {
    let place = Place::new(&[sent(16)]).await;
    let file = place.folder.path().join("card");
    for path in [file.clone(), place.folder.path().join("nowhere")] {
        let before = std::fs::read(&file).unwrap();
        let error = fetch(&place, &path, Wishes::default()).await.unwrap_err();
        assert!(matches!(error, FetchError::NoStick(..)), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()));
        assert_eq!(error.exit(), Exit::Refused);
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
    assert!(place.service.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_names_a_drop_twice_is_refused() {
    let drop = sent(16);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    place
        .service
        .script(|script| script.also_listed.push(drop.listed));
    let stick = place.stick("stick");
    let error = fetch(&place, &stick, Wishes::default()).await.unwrap_err();
    assert!(matches!(error, FetchError::DoubledListing));
    assert!(names(&stick).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_that_left_the_server_meanwhile_is_no_failure() {
    let (here, gone) = (sent(16), sent(20));
    let place = Place::new(std::slice::from_ref(&here)).await;
    place
        .service
        .script(|script| script.also_listed.push(gone.listed));
    let stick = place.stick("stick");
    let fetched = fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!((fetched.drops, fetched.gone), (1, 1));
    assert_eq!(fetched.exit(), Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stick_may_be_pulled_at_any_step_and_the_same_again_brings_everything() {
    let drops = [sent(16), sent(100)];
    for step in 0..1_000 {
        let place = Place::new(&drops).await;
        let stick = place.stick("stick");
        let hand = Arc::new(Pull::at(step));
        let same: Arc<dyn Hand> = hand.clone();
        let pulled = fetch_with(&place, &stick, same).await;
        if !hand.has_pulled() {
            pulled.unwrap();
            assert!(step > 20, "so few steps: {step}");
            break;
        }
        pulled.unwrap_err();
        fetch(&place, &stick, Wishes::default()).await.unwrap();
        let bundles = Bundles::read(&place, &[&stick]);
        for drop in &drops {
            assert_eq!(
                bundles.whole(drop).as_ref(),
                Some(&drop.bytes),
                "step {step}"
            );
        }
        assert_eq!(bundles.indexes.len(), 1, "step {step}");
        assert!(names(&stick).iter().all(|name| !name.ends_with(".partial")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_with_nothing_new_is_a_bundle_of_its_own_once_a_week() {
    let drop = sent(16);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let stick = place.stick("stick");
    fetch(&place, &stick, Wishes::default()).await.unwrap();
    for (older, bundles) in [(5, 0), (1, 1)] {
        place.last_bundle_is_older_by(older);
        let fetched = fetch(&place, &stick, Wishes::default()).await.unwrap();
        assert_eq!((fetched.drops, fetched.bundles.len()), (0, bundles));
        assert_eq!(fetched.exit(), Exit::Done);
    }
    let bundles = Bundles::read(&place, &[&stick]);
    let last = bundles.last();
    assert_eq!(last.drops(), [drop.listed]);
    assert_eq!((last.parts(), last.date()), ([].as_slice(), place.today()));
    let nothing = fetch(&place, &stick, Wishes::default()).await.unwrap();
    assert_eq!(nothing.bundles.len(), 0);
}

/// Nothing says then that what the bundle does not list had not come to the server.
#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_was_made_without_a_listing_has_the_day_of_the_last_one() {
    let (first, second) = (sent(16), sent(20));
    for before in [None, Some(3)] {
        let mut without = 0;
        for step in 0.. {
            let place = Place::new(std::slice::from_ref(&first)).await;
            let stick = place.stick("stick");
            let mut day = Day::FIRST;
            if let Some(days) = before {
                fetch(&place, &stick, Wishes::default()).await.unwrap();
                place.last_bundle_is_older_by(days);
                day = place.today().checked_sub(days).unwrap();
            }
            let second = second.clone();
            place.service.script(|script| script.drops.push(second));
            let hand = Arc::new(Pull::at(step));
            let same: Arc<dyn Hand> = hand.clone();
            let pulled = fetch_with(&place, &stick, same).await;
            if !hand.has_pulled() {
                pulled.unwrap();
                break;
            }
            // One that had been signed is of today.
            let courier = place.courier();
            let draft = courier.held.state.draft.as_ref();
            let signed = draft.is_some_and(|draft| !draft.signed.is_empty());
            drop(courier);
            place
                .service
                .script(|script| script.refuses.push(("/listing", 503)));
            if fetch(&place, &stick, Wishes::default()).await.is_ok() {
                let bundles = Bundles::read(&place, &[&stick]);
                let date = bundles.last().date();
                assert_eq!(date, if signed { place.today() } else { day });
                without += u32::from(!signed);
            }
        }
        assert!(without > 0, "none was made without a listing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_broken_off_stays_when_another_stick_meets_no_server() {
    let drop = sent(600);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let (stick, other) = (place.stick("stick"), place.stick("other"));
    place.service.script(|script| {
        script.cuts.push_back(30_000_000);
        script.always_cut = Some(0);
    });
    fetch(&place, &stick, Wishes::default()).await.unwrap_err();
    place.service.script(|script| {
        script.always_cut = None;
        script.refuses.push(("/listing", 503));
    });
    fetch(&place, &other, Wishes::default()).await.unwrap_err();
    place.service.script(|script| script.refuses.clear());
    place.service.seen();
    fetch(&place, &stick, Wishes::default()).await.unwrap();
    let seen = place.service.seen();
    assert!(!seen[1].contains("bytes=0-"), "it began anew: {seen:?}");
}
