//! One editor leaves, one joins, and whoever left tries what can be tried.

use knothole_tests::Newsroom;

use super::story::{FRIDAY, REFUSED, SATURDAY, SUNDAY, Story, WEEKS_TO_BURN};

const MORE_VAULTS_NEEDED: i32 = 6;

impl Story {
    pub(crate) fn an_editor_leaves_and_one_joins(&mut self, week: u32) {
        self.sources_write(week);
        self.the_courier_fetches(week);
        self.the_newsroom_opens(2);
        let before = self.house.copy_of_the_air_gap();
        self.house
            .airgap(&["newsroom", "remove", "3"], &[0, 1])
            .done()
            .unwrap();
        let (first_epoch, first_day) = self.house.this_epoch();
        let more = ["--first-epoch", &first_epoch, "--first-day", &first_day];
        let joined = self.house.newsroom.join(&more).unwrap();
        let card = self.house.newsroom.card(joined);
        let add = ["newsroom", "add", card.to_str().unwrap(), "--quorum", "2"];
        self.house.airgap(&add, &[0, 1]).done().unwrap();
        self.editors = vec![0, 1, joined];
        // Whoever left has the vault and the archive of before, and can do nothing alone.
        let alone = [2];
        for command in [
            &["newsroom", "quorum", "1"][..],
            &["newsroom", "add", card.to_str().unwrap()],
            &["newsroom", "remove", "1"],
            &[
                "outbox",
                self.house.folder("rebels-stick").to_str().unwrap(),
            ],
        ] {
            let said = before.with_archive(command, &alone).unwrap();
            assert_eq!(said.code, Some(MORE_VAULTS_NEEDED), "{said:?}");
        }
        self.the_newsroom_burns(week - WEEKS_TO_BURN);
        self.house.go_on_to(week, FRIDAY);
        self.an_outbox_goes();
        self.rebels_are_turned_away(&before);
        self.sources_write_on(week, SATURDAY);
        self.the_courier_fetches_on(week, SUNDAY);
        let (said, folder) = self.house.open_with(&before, &[0, 2]);
        assert_ne!(said.code, Some(0), "{said:?}");
        assert_eq!(self.ledger.strike_off(&folder), 0);
        self.the_newsroom_opens(2);
    }

    /// With one who stayed, whoever left is a quorum of before. Not even that changes the newsroom
    /// once the server has its new charter, nor deletes a drop.
    fn rebels_are_turned_away(&self, before: &Newsroom) {
        let rebels = self.house.copy_of(before, "rebels");
        let stick = self.house.folder("rebels-stick");
        std::fs::create_dir_all(&stick).unwrap();
        let stick = stick.to_str().unwrap();
        for command in [&["newsroom", "quorum", "1"][..], &["outbox", stick]] {
            let said = rebels.with_archive(command, &[0, 2]).unwrap();
            said.done().unwrap();
        }
        let visible = self.house.visible();
        let said = self.house.courier.ask_online(&["push", stick]).unwrap();
        assert_eq!(said.code, Some(REFUSED), "{said:?}");
        assert_eq!(self.house.visible(), visible);
    }
}
