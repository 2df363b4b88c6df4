//! Signing through a real ssh-agent.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use chatseal::keys::{AgentError, SEAL_NAMESPACE, Signer, SignerError};

use super::{Folder, certify, open};
use crate::tools::{Answer, feed, missing, skipped};

struct Agent {
    process: Child,
    socket: String,
}

impl Agent {
    fn start(folder: &Folder) -> Self {
        let socket = folder.text("agent");
        let mut command = Command::new("ssh-agent");
        command.args(["-D", "-a", &socket]).env_remove("DISPLAY").env_remove("SSH_ASKPASS").stdout(Stdio::null());
        let process = command.spawn().unwrap_or_else(|error| panic!("{}", missing("ssh-agent", &error)));
        let agent = Self { process, socket };
        let started = Instant::now();
        while !Path::new(&agent.socket).exists() {
            assert!(started.elapsed() < Duration::from_secs(10), "the agent does not listen");
            sleep(Duration::from_millis(5));
        }
        agent
    }

    fn add(&self, args: &[&str]) -> Answer {
        let mut command = Command::new("ssh-add");
        command.args(args).env("SSH_AUTH_SOCK", &self.socket);
        feed("ssh-add", command, b"")
    }

    fn open(&self, path: &str) -> Result<Signer, SignerError> {
        Signer::open(Path::new(path), Some(Path::new(&self.socket)), Duration::from_secs(10))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_agent_gives_the_same_signatures_as_the_key_itself() {
    if skipped("ssh-agent") || skipped("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    let (authority, key) = (folder.ssh_key("ca", &["ed25519"]), folder.ssh_key("seal", &["ed25519"]));
    folder.ssh_key("rsa", &["rsa", "-b", "1024"]);
    let agent = Agent::start(&folder);
    agent.add(&["-q", &folder.text("rsa"), &key]).expect_success();
    let public = format!("{key}.pub");
    let pair = || (agent.open(&public).unwrap(), open(&key));
    let ssh = |signer: &Signer| signer.sign_ssh(b"seal\n", SEAL_NAMESPACE).unwrap();
    let note = |signer: &Signer| signer.sign_note("seal\n", &["a.example"]).unwrap();
    let (held, file) = pair();
    assert_eq!((ssh(&held), note(&held)), (ssh(&file), note(&file)));
    held.probe().unwrap();

    let certificate = certify(&authority, &key, &["-n", "seal@harbour"]);
    let (held, file) = pair();
    assert!(held.certificate().is_some());
    assert_eq!((ssh(&held), note(&held)), (ssh(&file), note(&file)));
    assert_eq!(ssh(&agent.open(&certificate).unwrap()), ssh(&file));
}

#[test]
fn an_agent_that_cannot_or_will_not_sign_says_so() {
    if skipped("ssh-agent") || skipped("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    let key = folder.ssh_key("seal", &["ed25519"]);
    let public = format!("{key}.pub");
    let agent = Agent::start(&folder);
    let empty = agent.open(&public).unwrap_err();
    assert!(matches!(empty, SignerError::Agent(AgentError::KeyNotHeld { held: 0, .. })), "{empty}");
    // To be confirmed each time; nobody is there to do it.
    agent.add(&["-q", "-c", &key]).expect_success();
    let refused = agent.open(&public).unwrap().sign_ssh(b"seal\n", SEAL_NAMESPACE).unwrap_err();
    assert!(matches!(refused, SignerError::Agent(AgentError::Refused { .. })), "{refused}");
}
