//! Pushing.

use std::path::Path;

use knothole_envelope::{CharterChain, Day, Receipt, Sheet, Signed};

use super::service::Service;
use super::{Newsroom, Place, names, sent};
use crate::exit::Exit;
use crate::fetch::Wishes;
use crate::outbox::{Outbox, OutboxError};
use crate::push::{PushError, Pushed};

/// Writes an outbox as the offline client does.
pub(super) fn lay(
    stick: &Path,
    chain: &CharterChain,
    sheets: &[Signed<Sheet>],
    receipts: &[Signed<Receipt>],
) {
    let folder = stick.join("knothole-outbox");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(folder.join("sheets")).unwrap();
    std::fs::write(folder.join("charter"), chain.encode()).unwrap();
    std::fs::write(folder.join("receipts"), Signed::encode_list(receipts)).unwrap();
    for sheet in sheets {
        let name = sheet.unverified().epoch().to_string();
        std::fs::write(folder.join("sheets").join(name), sheet.encode()).unwrap();
    }
}

pub(super) async fn push(place: &Place, stick: &Path) -> Result<Pushed, PushError> {
    let outbox = Outbox::read(stick)?.ok_or(PushError::NoOutbox)?;
    place.courier().push(outbox).await
}

fn days(today: Day, ahead: u32, length: u32) -> (Day, Day) {
    let first = today.checked_add(ahead).unwrap();
    (first, first.checked_add(length).unwrap())
}

/// One sheet of which this is the last day, one that may go, and one that must wait a day more.
pub(super) fn three_sheets(newsroom: &Newsroom, today: Day) -> Vec<Signed<Sheet>> {
    let (first, _) = days(today.checked_sub(6).unwrap(), 0, 0);
    let (second, second_last) = days(today, 7, 6);
    let (third, third_last) = days(today, 8, 6);
    vec![
        newsroom.sheet(1, first, today),
        newsroom.sheet(2, second, second_last),
        newsroom.sheet(3, third, third_last),
    ]
}

fn receipt(newsroom: &Newsroom) -> Signed<Receipt> {
    let listed = sent(16).listed;
    let mut signed = Signed::new(Receipt::Opened {
        drop: listed.id,
        tree: listed.tree,
        length: listed.length(),
    });
    signed.sign(&newsroom.fingerprint(), &newsroom.editor);
    signed
}

pub(super) fn paths(service: &Service) -> Vec<String> {
    service.script(|script| script.taken.iter().map(|(path, _)| path.clone()).collect())
}

pub(super) fn pushed_sheets(service: &Service) -> Vec<u32> {
    let bytes = service.script(|script| {
        let mut taken = script.taken.iter().rev();
        taken.find(|(path, _)| path == "/sheets").unwrap().1.clone()
    });
    let sheets = Signed::<Sheet>::decode_list(&bytes, 16).unwrap();
    sheets
        .iter()
        .map(|sheet| sheet.unverified().epoch().get())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn charters_sheets_and_receipts_go_to_the_server_in_this_order() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let (newsroom, today) = (&place.newsroom, place.today());
    let sheets = three_sheets(newsroom, today);
    lay(&stick, &newsroom.chain, &sheets, &[receipt(newsroom)]);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!(pushed.exit(), Exit::Done);
    assert_eq!((pushed.charter, pushed.receipts), (Some(1), 1));
    assert_eq!(
        paths(&place.service),
        ["/charter", "/sheets", "/receipts", "/replies"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_goes_at_most_seven_days_before_its_first_day_and_not_after_its_last() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let (newsroom, today) = (&place.newsroom, place.today());
    let mut sheets = three_sheets(newsroom, today);
    let yesterday = today.checked_sub(1).unwrap();
    sheets.push(newsroom.sheet(9, yesterday, yesterday));
    lay(&stick, &newsroom.chain, &sheets, &[]);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!(pushed_sheets(&place.service), [1, 2]);
    assert_eq!(pushed.released, [1, 2]);
    assert_eq!(pushed.waiting, 1);
    let tomorrow = today.checked_add(1).unwrap().to_string();
    assert_eq!(pushed.next_release, Some(tomorrow));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_real_intake_takes_is_what_a_courier_pushes() {
    use knothole_intake::{Desk, Intake, Settings, UnixSeconds};

    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let store = tempfile::tempdir().unwrap();
    let desk = Desk::open(store.path()).unwrap();
    desk.trust(&place.newsroom.fingerprint()).unwrap();
    let card = crate::keys::Keys::load(&place.state())
        .unwrap()
        .card()
        .unwrap();
    desk.add_courier(&card).unwrap();
    let now = UnixSeconds::new(u64::from(place.today().get()) * 86_400);
    let intake = std::sync::Arc::new(Intake::open(store.path(), Settings::default(), now).unwrap());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn({
        let intake = std::sync::Arc::clone(&intake);
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                let intake = std::sync::Arc::clone(&intake);
                tokio::spawn(async move { intake.serve_collection(stream).await });
            }
        }
    });
    let newsroom = &place.newsroom;
    lay(
        &stick,
        &newsroom.chain,
        &three_sheets(newsroom, place.today()),
        &[],
    );
    let idle = super::Idle::open(&place.state()).unwrap();
    let direct = knothole_onion::Direct::new(address).unwrap();
    let mut courier = idle.online(knothole_onion::Dialer::Direct(direct), super::patience());
    let outbox = Outbox::read(&stick).unwrap().unwrap();
    let pushed = courier.push(outbox).await;
    serving.abort();
    let status = intake.status();
    assert_eq!(
        (status.charter_held, status.sheets),
        (true, 2),
        "{pushed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sheets_wait_with_the_courier_and_go_without_a_new_outbox() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let (newsroom, today) = (&place.newsroom, place.today());
    lay(&stick, &newsroom.chain, &three_sheets(newsroom, today), &[]);
    push(&place, &stick).await.unwrap();
    let empty = place.stick("empty");
    let mut courier = place.courier();
    let sticks = [empty];
    let synced = courier
        .sync(Ok(None), &sticks, Wishes::default(), &mut |_| {})
        .await;
    assert_eq!(synced.exit(), Exit::Done);
    assert_eq!(pushed_sheets(&place.service), [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sheets_that_a_new_outbox_takes_back_never_go() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let (newsroom, today) = (&place.newsroom, place.today());
    let sheets = three_sheets(newsroom, today);
    lay(&stick, &newsroom.chain, &sheets, &[]);
    push(&place, &stick).await.unwrap();
    lay(&stick, &newsroom.chain, &sheets[..1], &[]);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!((pushed.released, pushed.waiting), (vec![1], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_charter_ends_the_push_and_refused_sheets_do_not_end_the_receipts() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let (newsroom, today) = (&place.newsroom, place.today());
    lay(
        &stick,
        &newsroom.chain,
        &three_sheets(newsroom, today),
        &[receipt(newsroom)],
    );
    place
        .service
        .script(|script| script.refuses.push(("/charter", 403)));
    let error = push(&place, &stick).await.unwrap_err();
    assert!(matches!(error, PushError::CharterRefused(_)), "{error}");
    assert!(error.to_string().contains("knothole-server trust"));
    assert_eq!(error.exit(), Exit::Refused);
    assert!(paths(&place.service).is_empty());
    place
        .service
        .script(|script| script.refuses = vec![("/sheets", 403)]);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!(pushed.exit(), Exit::Partly);
    assert!(pushed.to_string().contains("403"));
    assert_eq!((pushed.released.len(), pushed.receipts), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_charter_another_line_and_another_newsroom_are_not_pushed() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let second = place.newsroom.next();
    lay(&stick, &second.chain, &[], &[]);
    assert_eq!(push(&place, &stick).await.unwrap().charter, Some(2));
    lay(&stick, &place.newsroom.chain, &[], &[]);
    let older = push(&place, &stick).await.unwrap_err();
    assert!(matches!(
        older,
        PushError::OlderCharter { found: 1, known: 2 }
    ));
    let other = SecondEditor::line(&place.newsroom);
    lay(&stick, &other, &[], &[]);
    let other = push(&place, &stick).await.unwrap_err();
    assert!(matches!(other, PushError::OtherCharter));
    lay(&stick, &Newsroom::new().chain, &[], &[]);
    let foreign = push(&place, &stick).await.unwrap_err();
    assert!(matches!(foreign, PushError::Charter(_)));
    for error in [older, other, foreign] {
        assert_eq!(error.exit(), Exit::Refused);
    }
    assert_eq!(paths(&place.service).len(), 4);
}

/// Another second charter than [`Newsroom::next`] makes.
pub(super) struct SecondEditor;

impl SecondEditor {
    pub(super) fn line(newsroom: &Newsroom) -> CharterChain {
        use knothole_envelope::{Quorum, SigningSecret};

        let joined = SigningSecret::generate(&mut crate::random::system());
        let editors = vec![newsroom.editor.editor_key(), joined.editor_key()];
        let next = newsroom
            .verified()
            .current()
            .next(editors, Quorum::ONE, None);
        let mut signed = Signed::new(next.unwrap());
        signed.sign(&newsroom.fingerprint(), &newsroom.editor);
        newsroom.verified().append(signed).unwrap().chain().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_the_newest_charter_does_not_bear_out_stays_behind() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let good = receipt(&place.newsroom);
    let foreign = receipt(&Newsroom::new());
    lay(&stick, &place.newsroom.chain, &[], &[good, foreign]);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!((pushed.receipts, pushed.stale_receipts), (1, 1));
    assert_eq!(pushed.exit(), Exit::Partly);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_that_nobody_signed_keeps_the_whole_outbox_back() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let (first, last) = days(place.today(), 0, 6);
    let signed = place.newsroom.sheet(4, first, last);
    let unsigned = Signed::new(signed.unverified().clone());
    lay(&stick, &place.newsroom.chain, &[unsigned], &[]);
    let error = push(&place, &stick).await.unwrap_err();
    assert!(matches!(error, PushError::Sheet { .. }), "{error}");
    assert!(place.service.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn half_written_and_foreign_files_are_skipped_and_damaged_ones_are_named() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let (first, last) = days(place.today(), 0, 6);
    let sheet = place.newsroom.sheet(4, first, last);
    lay(&stick, &place.newsroom.chain, &[sheet], &[]);
    let folder = stick.join("knothole-outbox");
    for skipped in [
        "charter.new",
        "sheets/5.new",
        "sheets/05",
        "sheets/x",
        "note",
    ] {
        std::fs::write(folder.join(skipped), b"half").unwrap();
    }
    assert_eq!(Outbox::read(&stick).unwrap().unwrap().sheets.len(), 1);
    std::fs::rename(folder.join("sheets/4"), folder.join("sheets/6")).unwrap();
    for damaged in ["sheets/6", "receipts", "charter"] {
        let path = folder.join(damaged);
        let error = Outbox::read(&stick).map(drop);
        if damaged != "sheets/6" {
            assert!(error.is_ok());
            std::fs::write(&path, b"half").unwrap();
        }
        let error = Outbox::read(&stick).unwrap_err();
        assert!(matches!(error, OutboxError::Damaged(_)));
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
        std::fs::remove_file(&path).unwrap();
        if damaged == "charter" {
            assert!(Outbox::read(&stick).unwrap().is_none());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_asks_the_same_whether_or_not_anything_is_new() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    lay(
        &stick,
        &place.newsroom.chain,
        &[],
        &[receipt(&place.newsroom)],
    );
    let mut seen = Vec::new();
    for drops in [vec![], vec![sent(16)]] {
        place.service.script(|script| script.drops = drops);
        let outbox = Outbox::read(&stick).map_err(PushError::from);
        let mut courier = place.courier();
        let sticks = [stick.clone()];
        courier
            .sync(outbox, &sticks, Wishes::default(), &mut |_| {})
            .await;
        seen.push(place.service.seen());
        std::fs::remove_dir_all(stick.join("knothole-outbox")).ok();
    }
    let listing = [
        "GET /charter",
        "PUT /charter",
        "PUT /sheets",
        "POST /receipts",
        "POST /replies",
        "GET /listing",
    ];
    assert_eq!(seen[0], listing);
    assert_eq!(seen[1][..6], listing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_outbox_does_not_keep_drops_from_being_fetched() {
    let drop = sent(16);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let stick = place.stick("stick");
    let outbox = Err(PushError::Outbox(OutboxError::Damaged(stick.join("x"))));
    let mut courier = place.courier();
    let sticks = [stick.clone()];
    let synced = courier
        .sync(outbox, &sticks, Wishes::default(), &mut |_| {})
        .await;
    assert!(synced.pushed.is_err());
    assert_eq!(synced.exit(), Exit::Partly);
    assert!(names(&stick).iter().any(|name| name.ends_with("/index")));
}
