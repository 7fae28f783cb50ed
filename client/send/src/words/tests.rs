use std::borrow::Cow;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::*;

fn codename(seed: u8) -> Codename {
    Codename::generate(&mut ChaCha20Rng::from_seed([seed; 32]))
}

fn read_as(text: &str, codename: &Codename) -> bool {
    read(text).is_ok_and(|found| {
        found
            .iter()
            .any(|found| found.expose() == codename.expose())
    })
}

fn phrase(codename: &Codename, tongue: Tongue) -> String {
    spelled(codename, tongue).join(" ")
}

fn tongues() -> impl Strategy<Value = Tongue> {
    prop::sample::select(Tongue::ALL.map(|(tongue, _)| tongue).to_vec())
}

fn refusal(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn words_are_those_of_bip39_and_the_check_word_comes_last() {
    let zeros = Codename::from_bytes([0; 16]);
    let words = spelled(&zeros, Tongue::English);
    assert_eq!(words.len(), WORDS);
    assert_eq!(words[..11], ["abandon"; 11]);
    assert_eq!(words[11], "about");
    let check = usize::from(zeros.check_word());
    assert_eq!(words[12], Language::English.word_list()[check]);
}

#[test]
fn no_list_holds_two_words_that_are_alike_without_their_accents() {
    for (tongue, _) in Tongue::ALL {
        let words = tongue.language().word_list();
        let list = List::all();
        let list = list
            .iter()
            .find(|list| list.language() == tongue.language())
            .unwrap();
        for (index, word) in (0..).zip(words) {
            let typed = tokens(word);
            assert_eq!(typed.len(), 1, "{word}");
            assert_eq!(list.place_of(&typed[0]), Some(index), "{word}");
        }
        let mut bare = list.bare().to_vec();
        bare.sort();
        bare.dedup();
        assert_eq!(bare.len(), words.len(), "{tongue:?}");
    }
}

#[test]
fn accents_may_be_left_out_where_no_other_word_is_meant_by_that() {
    let strip = |text: &str| -> String {
        let mut text = Cow::Borrowed(text);
        Mnemonic::normalize_utf8_cow(&mut text);
        text.chars()
            .filter(|letter| !('\u{300}'..='\u{36f}').contains(letter))
            .collect()
    };
    for seed in 0..20 {
        for tongue in [Tongue::Spanish, Tongue::French] {
            let codename = codename(seed);
            assert!(read_as(&strip(&phrase(&codename, tongue)), &codename));
        }
    }
}

#[test]
fn four_letters_say_which_word_it_is_in_the_lists_that_promise_it() {
    for tongue in [
        Tongue::English,
        Tongue::Czech,
        Tongue::French,
        Tongue::Italian,
        Tongue::Portuguese,
        Tongue::Spanish,
    ] {
        let codename = codename(3);
        let short: Vec<String> = tokens(&phrase(&codename, tongue))
            .iter()
            .map(|word| {
                let bare: String = word
                    .chars()
                    .filter(|letter| !('\u{300}'..='\u{36f}').contains(letter))
                    .collect();
                bare.chars().take(4).collect()
            })
            .collect();
        assert!(read_as(&short.join(" "), &codename), "{tongue:?}");
    }
}

#[test]
fn chinese_needs_no_blanks_and_japanese_takes_either_kana_and_the_wide_blank() {
    let codename = codename(4);
    for tongue in [Tongue::ChineseSimplified, Tongue::ChineseTraditional] {
        assert!(read_as(&spelled(&codename, tongue).concat(), &codename));
    }
    let hiragana = spelled(&codename, Tongue::Japanese).join("\u{3000}");
    assert!(read_as(&hiragana, &codename));
    let katakana: String = hiragana
        .chars()
        .map(|letter| match letter {
            '\u{3041}'..='\u{3096}' => char::from_u32(u32::from(letter) + 0x60).unwrap(),
            other => other,
        })
        .collect();
    assert_ne!(hiragana, katakana);
    assert!(read_as(&katakana, &codename));
}

#[test]
fn words_that_are_whole_in_both_chinese_lists_are_tried_in_both() {
    let (simplified, traditional) = (Language::SimplifiedChinese, Language::TraditionalChinese);
    let shared: Vec<u16> = (0..2_048)
        .filter(|place| {
            let word = traditional.word_list()[usize::from(*place)];
            simplified.find_word(word).is_some()
        })
        .collect();
    assert!(shared.len() > 1_000);
    // Eleven words are chosen, the last two follow from them and seven more bits.
    let chosen = (0..shared.len()).find_map(|first| {
        let places = (0..11).map(|step| u128::from(shared[(first + 7 * step) % shared.len()]));
        let bits = places.fold(0, |bits, place| bits << 11 | place);
        let codename = Codename::from_bytes((bits << 7 | 5).to_be_bytes());
        let words = spelled(&codename, Tongue::ChineseTraditional);
        let whole = words
            .iter()
            .all(|word| simplified.find_word(word).is_some());
        whole.then_some((codename, words))
    });
    let (codename, words) = chosen.unwrap();
    assert!(read_as(&words.concat(), &codename));
    // Were they right in the first list only, the second would not be asked for less.
    let other = Tongue::ChineseSimplified;
    assert!(read_as(&phrase(&codename, other), &codename));
}

#[test]
fn twelve_words_are_asked_for_the_thirteenth() {
    let words = spelled(&codename(5), Tongue::English);
    assert!(matches!(
        read(&words[..12].join(" ")),
        Err(WordsError::NoThirteenth)
    ));
}

#[test]
fn too_few_and_too_many_words_are_counted() {
    assert_eq!(refusal(" , 1. "), "there are no words");
    assert_eq!(refusal("abandon"), "this is one word, and there are 13");
    assert_eq!(
        refusal(&["about"; 14].join(" ")),
        "these are 14 words, and there are 13"
    );
}

#[test]
fn a_slip_is_named_by_its_place_with_what_it_may_have_been() {
    let codename = codename(6);
    for place in [0, 7, 12] {
        let mut words: Vec<String> = spelled(&codename, Tongue::English)
            .iter()
            .map(|word| (*word).to_owned())
            .collect();
        let meant = words[place].clone();
        let mut letters: Vec<char> = meant.chars().collect();
        letters.swap(1, 2);
        letters.insert(0, 'q');
        words[place] = letters.into_iter().collect();
        let said = refusal(&words.join(" "));
        assert!(said.contains(&format!("in place {}", place + 1)), "{said}");
        assert!(said.contains(&format!("may have been {meant}")), "{said}");
    }
}

#[test]
fn a_word_that_cannot_be_read_at_all_is_found_by_the_others() {
    let codename = codename(7);
    for (tongue, _) in Tongue::ALL {
        let mut words = spelled(&codename, tongue);
        let meant = words[4];
        words[4] = "xqzxqz";
        let said = refusal(&words.join(" "));
        let is = format!("; it may have been {meant}");
        assert!(said.contains("in place 5") && said.contains(&is), "{said}");
    }
}

#[test]
fn right_words_in_a_wrong_order_are_noticed_and_not_called_wrong_words() {
    let mut words = spelled(&codename(8), Tongue::Korean);
    words.swap(2, 9);
    assert!(matches!(read(&words.join(" ")), Err(WordsError::Together)));
}

#[test]
fn what_was_typed_cannot_act_on_the_terminal_and_is_never_in_debug_output() {
    let mut words = spelled(&codename(9), Tongue::English);
    words[1] = "ab\u{1b}[2Jandon";
    let error = read(&words.join(" ")).unwrap_err();
    assert!(!error.to_string().contains('\u{1b}'));
    words[1] = "hemmelig";
    let error = read(&words.join(" ")).unwrap_err();
    assert_eq!(format!("{error:?}"), "Slips(Slips(..))");
}

#[test]
fn a_word_in_the_place_of_another_is_noticed() {
    let list = Language::English.word_list();
    let mut passed = 0;
    for seed in 0..=255 {
        let codename = codename(seed);
        for place in 0..WORDS {
            let mut words = spelled(&codename, Tongue::English);
            let index = Language::English.find_word(words[place]).unwrap();
            words[place] = list[usize::from(index ^ (u16::from(seed) + 1))];
            passed += usize::from(!matches!(read(&words.join(" ")), Err(WordsError::Together)));
        }
    }
    // One in 32,768 passes, and these are 3,328.
    assert!(passed < 3, "{passed}");
}

proptest! {
    #[test]
    fn words_of_every_language_are_read_back_however_they_are_spelled(
        entropy in any::<[u8; 16]>(),
        tongue in tongues(),
        upper in any::<bool>(),
        composed in any::<bool>(),
        between in prop::sample::select(vec![" ", "\n", "\t", "\u{3000}", ", ", " 7. ", "\u{a0}", "  -  "]),
    ) {
        let codename = Codename::from_bytes(entropy);
        let mut text = spelled(&codename, tongue).join(between);
        if upper {
            text = text.to_uppercase();
        }
        if composed {
            text = compose(&text);
        }
        prop_assert!(read_as(&text, &codename), "{}", text);
    }

    #[test]
    fn nothing_that_is_typed_makes_it_stop(text in any::<String>()) {
        drop(read(&text));
        prop_assert!(count(&text) <= text.chars().count().saturating_mul(4));
    }
}

/// Puts letters and accents together again, as a keyboard types them.
fn compose(text: &str) -> String {
    let pairs = [
        ("a\u{301}", "á"),
        ("e\u{301}", "é"),
        ("i\u{301}", "í"),
        ("o\u{301}", "ó"),
        ("u\u{301}", "ú"),
        ("n\u{303}", "ñ"),
        ("u\u{308}", "ü"),
        ("e\u{300}", "è"),
        ("か\u{3099}", "が"),
        ("た\u{3099}", "だ"),
        ("は\u{309a}", "ぱ"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (apart, whole)| {
        text.replace(apart, whole)
    })
}
