//! What is forgiven in files, and what is offered.

use super::set_up::SetUp;

#[tokio::test]
async fn what_is_forgiven_is_said() {
    let set_up = SetUp::healthy();
    set_up.replace("mapping.json", "{", "{ // from the sample");
    let findings = set_up.findings().await;
    assert!(
        findings.iter().all(|f| f.severity != "mistake"),
        "{findings:#?}"
    );
    let comment = findings
        .iter()
        .find(|f| f.code == "comment_left_in")
        .unwrap();
    assert_eq!(comment.severity, "note");
    assert!(comment.place.ends_with("mapping.json:1:3"), "{comment:?}");
}

#[tokio::test]
async fn the_code_that_is_meant_is_offered() {
    for (written, offered) in [
        ("VN_AUX", "VN_AUG"),
        ("vn_aug", "VN_AUG"),
        ("LOUVRE", "add the sector"),
    ] {
        let set_up = SetUp::healthy();
        set_up.replace("mapping.json", "VN_AUG", written);
        let finding = set_up
            .names("mapped_sector_unknown", "mapping.json:4:5")
            .await;
        assert!(finding.cure.contains(offered), "{}", finding.cure);
    }
}
