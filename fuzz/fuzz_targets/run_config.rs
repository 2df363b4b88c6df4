//! Configurations of runs: a finding has a place and advice, and what is accepted is complete.
#![no_main]

use chatseal::cli::run::config::parse;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    match parse(bytes, Path::new("/etc/chatseal")) {
        Ok(config) => {
            assert!([&config.source, &config.key, &config.archives, &config.ledger].iter().all(|path| !path.as_os_str().is_empty()));
            assert!(config.settle >= 0 && config.overlap >= 0 && config.rescan != Some(0));
        }
        Err(findings) => {
            assert!(!findings.is_empty());
            for finding in findings {
                assert!((1..=lines).contains(&finding.line) && finding.column > 0);
                assert!(!finding.detail.is_empty() && !finding.advice.is_empty());
            }
        }
    }
});
