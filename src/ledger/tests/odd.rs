//! Statements from any bytes and of any content.

use proptest::prelude::*;

use super::super::{Act, Check, Freeze, Said, Statement, Transfer};
use super::{NOW, origin};

proptest! {
    #[test]
    fn no_bytes_are_too_odd_and_what_is_read_is_spelled_so(bytes: Vec<u8>, lines in "(hold|key|gap|verify|custody)?\n?(ledger a 1\n)?(id x\n|user y\n|why z\n){0,4}") {
        let text = format!("chatseal-statement/v1 {lines}");
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(statement) = Statement::parse(bytes) {
                prop_assert_eq!(statement.text().unwrap().into_bytes(), bytes);
            }
        }
    }

    #[test]
    fn every_statement_reads_back_or_has_no_text(id in "[a-z0-9]{0,3}", texts in proptest::collection::vec("\\PC{0,12}", 3), numbers: Vec<u16>, everything: bool) {
        let mut numbers: Vec<u64> = numbers.into_iter().map(u64::from).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let act = Act { by: texts[0].clone(), why: texts[1].clone(), approved_by: vec![texts[2].clone()] };
        let users = if everything { Vec::new() } else { vec![texts[1].clone()] };
        let freeze = Freeze { id: id.clone(), matter: texts[2].clone(), everything, users, act: act.clone(), ..Freeze::default() };
        let check = Check { size: 3, root: [1; 32], result: "ok".into(), archives: 2, findings: 0, sample: "1/30".into(), numbers };
        let transfer = Transfer { object: [1; 32], name: texts[0].clone(), from: texts[1].clone(), to: texts[2].clone(), how: "by hand".into(), act: act.clone() };
        for said in [
            Said::Hold(Box::new(freeze)),
            Said::Release { id, act },
            Said::Verify(Box::new(check)),
            Said::Custody(Box::new(transfer)),
        ] {
            let statement = Statement { origin: origin(), number: 7, time: NOW, signer: [9; 32], said };
            if let Ok(text) = statement.text() {
                prop_assert_eq!(Statement::parse(text.as_bytes()).unwrap(), statement);
                // Cut behind a line it may be a shorter statement, within one never.
                for cut in (1..text.len()).filter(|cut| text.as_bytes()[cut - 1] != b'\n') {
                    prop_assert!(Statement::parse(&text.as_bytes()[..cut]).is_err());
                }
            }
        }
    }
}
