//! Who is found at an address, and when the answer is no.

use std::sync::Arc;

use knothole_envelope::{CharterChain, Sheet, Signed};

use crate::house::{House, Newsroom, today};
use crate::road::{Fate, Papers, Road};
use crate::run::{Desk, Ended};

/// Looks at a drop-box that shows these papers, with the address of this newsroom.
async fn checked(newsroom: &Newsroom, papers: Papers) -> Ended {
    let road = Road::to(1, &[]).await;
    road.usually(Fate::Papers(Arc::new(papers)));
    Desk::new(newsroom, &road).run("check", &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_the_fingerprint_and_how_long_the_keys_are_good() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    let ended = desk.run("check", &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let fingerprint = *house.newsroom.address().fingerprint();
    assert!(ended.says(&fingerprint.grouped()), "{ended:?}");
    let last = today().checked_add(5).unwrap().to_string();
    assert!(ended.says(&last), "{ended:?}");
    assert!(ended.out.contains("You can send"), "{ended:?}");
    assert!(ended.out.contains("The page there is the one"), "{ended:?}");
    assert!(!ended.err.contains("Sent"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_newsroom_than_that_of_the_address_is_refused() {
    let ended = checked(&Newsroom::new(-1, 5), Newsroom::new(-1, 5).papers()).await;
    let ended = ended.said(1, "the fingerprint differs");
    assert!(ended.says("Nothing was sent, and no file was opened"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_founding_charter_without_its_signature_is_refused() {
    let newsroom = Newsroom::new(-1, 5);
    let mut papers = newsroom.papers();
    let last = papers.charter.len() - 1;
    papers.charter[last] ^= 1;
    let ended = checked(&newsroom, papers).await;
    ended.said(1, "charter is not in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_newsroom_did_not_sign_are_refused() {
    let newsroom = Newsroom::new(-1, 5);
    let mut papers = newsroom.papers();
    papers.sheets = Newsroom::new(-1, 5).papers().sheets;
    let ended = checked(&newsroom, papers).await;
    ended.said(1, "keys are not in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_other_days_are_refused_with_those_days() {
    for (first, last) in [(-9, -2), (4, 9)] {
        let newsroom = Newsroom::new(first, last);
        let ended = checked(&newsroom, newsroom.papers()).await;
        let ended = ended.said(1, "the newsroom's keys are for");
        assert!(ended.says(&format!("today is {}", today())), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_two_days_before_their_first_are_good() {
    let newsroom = Newsroom::new(2, 8);
    let ended = checked(&newsroom, newsroom.papers()).await;
    assert!(ended.out.contains("You can send"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_the_one_of_this_program_is_told_and_does_not_harm_who_sends() {
    // It has the newsroom's papers, and no page.
    let newsroom = Newsroom::new(-1, 5);
    let ended = checked(&newsroom, newsroom.papers()).await;
    assert!(ended.out.contains("You can send"), "{ended:?}");
    let ended = ended.said(4, "is not the one that this program was built beside");
    assert!(ended.says("Send with this program"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newsroom_without_keys_today_is_to_be_tried_another_day() {
    let newsroom = Newsroom::new(-1, 5);
    let mut papers = newsroom.papers();
    papers.sheets = Signed::<Sheet>::encode_list(&[]);
    let ended = checked(&newsroom, papers).await;
    ended.said(3, "no keys at the drop-box");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charter_older_than_the_one_shown_before_is_refused() {
    let old = Newsroom::new(-1, 5);
    let new: CharterChain = old.renewed();
    let newer = Papers {
        charter: new.encode(),
        // Not a list: the first attempt ends behind the charter.
        sheets: old.papers().sheets,
    };
    let road = Road::to(1, &[Fate::CharterOnly(Arc::new(newer))]).await;
    road.usually(Fate::Papers(Arc::new(old.papers())));
    let ended = Desk::new(&old, &road).run("check", &[]).await;
    ended.said(1, "an older charter than before");
}

#[tokio::test(flavor = "multi_thread")]
async fn something_else_than_a_drop_box_is_told_from_one() {
    let newsroom = Newsroom::new(-1, 5);
    let road = Road::to(1, &[]).await;
    road.usually(Fate::Says(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    ));
    let ended = Desk::new(&newsroom, &road).run("check", &[]).await;
    ended.said(1, "does not answer as a drop-box does");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_a_slip_in_it_is_refused_before_anything_is_asked() {
    let newsroom = Newsroom::new(-1, 5);
    let road = Road::to(1, &[]).await;
    let desk = Desk::new(&newsroom, &road);
    let good = newsroom.address().to_string().into_bytes();
    let mut slip = good.clone();
    slip[12] = if slip[12] == b'a' { b'b' } else { b'a' };
    let others: [&[u8]; 4] = [b"http://example.com", &good[..70], b"", b"\x1b[2J"];
    for wrong in others.into_iter().chain([slip.as_slice()]) {
        desk.file("address", wrong);
        let ended = desk.run("check", &[]).await;
        assert_eq!(ended.code, Some(2), "{wrong:?}");
        assert!(ended.says("address"), "{ended:?}");
    }
    assert!(road.users().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_that_does_not_answer_is_tried_again_each_time_on_its_own_circuit() {
    let house = House::new().await;
    let fates = [Fate::Unreachable, Fate::CutAfter(10), Fate::Unreachable];
    let road = Road::to(house.port().await, &fates).await;
    let ended = Desk::new(&house.newsroom, &road).run("check", &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.says("another way through Tor in 4 s"), "{ended:?}");
    // The last one is for the page.
    let users = road.users();
    assert_eq!(users.len(), 5);
    for (number, user) in users.iter().enumerate() {
        assert!(!users[..number].contains(user), "an isolation came twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_tor_client_is_told_at_once() {
    let newsroom = Newsroom::new(-1, 5);
    let road = Road::to(1, &[]).await;
    let desk = Desk::new(&newsroom, &road);
    road.close().await;
    let ended = desk.run("check", &[]).await;
    ended.said(3, "no Tor client answers");
}
