//! Somebody who has the program and nothing else begins.

use super::alone;
use crate::BIN;
use stage::{Browser, PASSWORD, Process, eventually, free_address};
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Command, Stdio};

#[tokio::test]
async fn serve_without_a_configuration_makes_one_and_leads_to_the_first_page() {
    let house = alone("");
    let (home, here) = (house.path("home"), house.path("elsewhere"));
    fs::create_dir_all(&here).unwrap();
    let own = home.join(".local/share/passerelle");
    let with = |command: &mut Command| {
        command
            .env_remove("PASSERELLE_CONFIG")
            .env_remove("XDG_DATA_HOME")
            .env("HOME", &home)
            .env("PASSERELLE_SERVER__LISTEN", free_address().to_string())
            .current_dir(&here)
            .stdin(Stdio::null());
    };
    // A service whose disk is missing begins nothing.
    let mut unattended = house.command(&["serve"]);
    with(&mut unattended);
    let refused = unattended.output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("passerelle init FOLDER"), "{said}");
    assert!(!home.exists());
    // A person at a terminal, which script(1) makes.
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &format!("{BIN} serve"), "/dev/null"]);
    with(&mut terminal);
    let service = Process::start(&mut terminal);
    let address = service.address();
    let secret = service.secret();
    let mut browser = Browser::new(&format!("http://{address}"));
    browser.begin(&secret, "camille", PASSWORD).await;
    drop(service);
    // It hangs up with the terminal.
    eventually("the service has ended", async || {
        TcpStream::connect(&address).is_err()
    })
    .await;
    let mode = |file: &str| fs::metadata(own.join(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["passerelle.toml", "passerelle.db"].map(mode), [0o600; 2]);
    let left = fs::read_dir(&here).unwrap().count();
    assert_eq!(left, 0, "nothing is left where it was started");
    // The next start finds it.
    let mut again = house.command(&["serve"]);
    with(&mut again);
    let again = Process::start(&mut again);
    let address = again.address().to_string();
    let mut browser = Browser::new(&format!("http://{address}"));
    browser.sign_in("camille", PASSWORD).await.leads_to();
    // One more at its address is told who is there.
    let mut third = house.command(&["serve"]);
    with(&mut third);
    let third = third.env("PASSERELLE_SERVER__LISTEN", &address).output();
    let said = String::from_utf8(third.unwrap().stderr).unwrap();
    let expected = format!("A Passerelle runs here already, at http://{address}: open");
    assert!(said.contains(&expected), "{said}");
}

/// A folder that nobody may enter, and a user who begins in it as `sudo -u` has them
/// begin in somebody's home.
#[test]
fn the_folder_that_a_command_begins_in_is_passed_over_if_it_is_closed() {
    let house = alone("");
    let (data, closed) = (house.path("data"), house.path("closed"));
    fs::create_dir_all(&closed).unwrap();
    house.fine(&["init", data.join("passerelle").to_str().unwrap()]);
    // Root is let in everywhere, unless it gives that up.
    let powers = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut command = Command::new("sh");
    command
        .args(["-c", "cd \"$0\" && chmod 0 . && exec \"$@\""])
        .arg(&closed)
        .args(powers.iter().filter(|_| is_root))
        .args([BIN, "account", "list"])
        .env("XDG_DATA_HOME", &data)
        .env("LC_ALL", "C")
        .env_remove("PASSERELLE_CONFIG");
    let told = String::from_utf8(command.output().unwrap().stderr).unwrap();
    let found = format!("The configuration is {}", data.display());
    assert!(told.starts_with(&found), "{told}");
    let opened = fs::Permissions::from_mode(0o700);
    fs::set_permissions(&closed, opened).unwrap();
}

#[test]
fn init_writes_a_configuration_that_the_doctor_reads_and_never_over_another() {
    let house = alone("");
    let folder = house.path("museum");
    let folder = folder.to_str().unwrap();
    let said = house.fine(&["init", folder]);
    assert!(said.contains("passerelle serve --config"), "{said}");
    let config = format!("{folder}/passerelle.toml");
    let findings = house.run(&["doctor", "--offline", "--json", &config]);
    let findings = String::from_utf8(findings.stdout).unwrap();
    assert!(!findings.contains("config_"), "{findings}");
    let before = fs::read_to_string(&config).unwrap();
    let refused = house.refused(&["init", folder]);
    assert!(refused.contains("cannot be written"), "{refused}");
    assert_eq!(fs::read_to_string(&config).unwrap(), before);
    let french = house.path("musee");
    house.fine(&["init", french.to_str().unwrap(), "--language", "fr"]);
    let french = fs::read_to_string(french.join("passerelle.toml")).unwrap();
    assert!(
        french.starts_with("# La configuration de Passerelle."),
        "{french}"
    );
}
