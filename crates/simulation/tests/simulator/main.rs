//! The simulator itself: planted bugs are found, and told in few words; what it
//! once found stays cured; stories are the same each time, and full of events.

mod stories;

use simulation::Planted;
use simulation::fleet::{self, Orders};
use simulation::generator::script;
use simulation::story::play;

/// How many operations the stories of these tests have.
const OPERATIONS: usize = 200;
/// Within so many seeds each planted bug is found.
const WITHIN: u64 = 200;
/// So long may the story of a planted bug be.
const SHORT: usize = 12;

/// A test for each planted bug.
macro_rules! planted {
    ($($test:ident: $bug:ident),* $(,)?) => {
        const TESTED: &[Planted] = &[$(Planted::$bug),*];
        $(
            #[test]
            fn $test() {
                is_found_and_told_in_few_words(Planted::$bug);
            }
        )*
    };
}

planted! {
    a_double_sale_is_found: DoubleSale,
    a_lost_journal_entry_is_found: LostJournalEntry,
    a_changed_answer_is_found: ChangedAnswer,
    wrong_money_is_found: WrongMoney,
    a_wrong_price_is_found: WrongPrice,
    a_cancelled_entry_that_is_sold_is_found: CancelledStillSold,
    a_refusal_that_is_sold_is_found: RefusedButSold,
    a_lost_delivery_is_found: LostDelivery,
    a_delivery_that_is_lost_abroad_is_found: LostAbroad,
    a_lying_disk_is_found: LyingDisk,
    a_difference_that_the_reconciliation_overlooks_is_found: OverlookedDifference,
    a_card_number_removed_too_early_is_found: EarlyRemoval,
    the_raw_time_of_a_device_is_found: DeviceTime,
    a_set_up_of_another_day_is_found: TodaysSetUp,
    an_entry_left_on_a_phone_is_found: ForgottenEntry,
    two_questions_for_one_card_are_found: TwoQuestions,
    a_second_sale_for_one_presentation_is_found: SecondSale,
    a_dispute_that_gets_lost_is_found: LostDispute,
}

#[test]
fn each_planted_bug_is_tested() {
    assert_eq!(TESTED, Planted::ALL);
}

fn is_found_and_told_in_few_words(planted: Planted) {
    let orders = Orders {
        from: 0,
        seeds: WITHIN,
        operations: OPERATIONS,
        planted: Some(planted),
        threads: 1,
        go_on: false,
    };
    let (broken, _) = fleet::play(orders, |_| ());
    let story = broken.first();
    let story = story.unwrap_or_else(|| panic!("{planted} is not found"));
    let length = story.script.operations.len();
    assert!(length <= SHORT, "{planted} takes {length} steps:\n{story}");
    let told = story.to_string();
    assert!(told.contains("broken: "), "{told}");
}

#[test]
fn what_was_found_stays_cured() {
    for story in stories::stories() {
        if let Err(broken) = play(&story.script, None) {
            panic!("{} (seed {}): {broken}", story.found, story.seed);
        }
    }
}

#[test]
fn a_story_is_the_same_each_time() {
    for seed in 0..6 {
        let script = script(seed, OPERATIONS);
        let first = play(&script, None).unwrap();
        assert_eq!(play(&script, None).unwrap(), first, "seed {seed}");
    }
}

#[test]
fn everything_happens() {
    let orders = Orders {
        from: 0,
        seeds: 60,
        operations: 500,
        planted: None,
        threads: 2,
        go_on: true,
    };
    let (broken, tally) = fleet::play(orders, |_| ());
    for story in &broken {
        println!("{story}");
    }
    assert!(broken.is_empty());
    assert_eq!(tally.missing().collect::<Vec<_>>(), [""; 0]);
}
