//! The simulator itself: planted bugs are found, and told in few words; what it
//! once found stays cured; stories are the same each time, and full of events.

use simulation::Planted;
use simulation::fleet::{self, Orders};
use simulation::generator::script;
use simulation::kept::kept;
use simulation::story::play;

/// How many operations the stories of these tests have.
const OPERATIONS: usize = 200;
/// Within so many seeds each planted bug is found.
const WITHIN: u64 = 200;
/// So long may the story of a planted bug be.
const SHORT: usize = 12;

#[test]
fn each_planted_bug_is_found_and_told_in_few_words() {
    for planted in Planted::ALL {
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
        let story = story.unwrap_or_else(|| panic!("{} is not found", planted.as_str()));
        let length = story.script.operations.len();
        assert!(
            length <= SHORT,
            "{} takes {length} steps:\n{story}",
            planted.as_str()
        );
        let told = story.to_string();
        assert!(told.contains("broken: "), "{told}");
    }
}

#[test]
fn what_was_found_stays_cured() {
    for story in kept() {
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
