//! The chain that archives belong to: the links between them, or a ledger.

use super::super::failure::Failure;
use super::super::ledger::memory;
use super::{Args, Checked};
use crate::cli::exit::Exit;
use crate::ledger::Reading;
use crate::ledger::head::Expected;
use crate::verify::{Asked, LedgerReport, Report, TrustPolicy, Vouched, check_chain, check_ledger, vouched};

/// What is known of the chain before the archives are read.
pub(super) struct Chain {
    ledger: Option<Reading>,
    asked: Asked,
    vouched: Option<Vouched>,
}

impl Chain {
    /// Reads the ledger, if one was named.
    pub(super) fn read(args: &Args, policy: &TrustPolicy<'_>) -> Result<Self, Failure> {
        let all = args.archives.iter().any(|path| path.is_dir());
        let asked = args.memory.asked(all)?;
        let ledger = args.ledger.as_deref().map(memory::read).transpose()?;
        // A ledger that does not hold together vouches for nobody.
        let whole = ledger.as_ref().filter(|reading| reading.defects.is_empty());
        let vouched = whole.and_then(|reading| vouched(reading, policy).ok());
        Ok(Self { ledger, asked, vouched })
    }

    /// The ledger, if one was named.
    pub(super) fn reading(&self) -> Option<&Reading> {
        self.ledger.as_ref()
    }

    /// What is asked of the ledger.
    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The keys that the ledger vouches for.
    pub(super) fn vouched(&self) -> Option<&Vouched> {
        self.vouched.as_ref()
    }

    /// Checks the chain of the archives that could be read.
    pub(super) fn check(
        &self,
        checked: &mut [Checked],
        policy: &TrustPolicy<'_>,
        args: &Args,
    ) -> Result<Option<LedgerReport>, Failure> {
        let mut reports: Vec<&mut Report> = checked.iter_mut().filter_map(|(_, result)| result.as_mut().ok()).collect();
        let Some(reading) = &self.ledger else {
            check_chain(&mut reports);
            self.expect_seal(&mut reports)?;
            return Ok(None);
        };
        let mut report = check_ledger(reading, &mut reports, policy, &self.asked).map_err(|error| {
            Failure::of(Exit::Unavailable, error).context("cannot hold an archive against the list of the ledger")
        })?;
        args.memory.remember(reading, &mut report, &self.asked)?;
        Ok(Some(report))
    }

    /// Without a ledger, the head that is expected is the seal of one of the archives.
    fn expect_seal(&self, reports: &mut [&mut Report]) -> Result<(), Failure> {
        let digest = match self.asked.head {
            None => return Ok(()),
            Some(Expected::Full(digest)) => digest,
            Some(Expected::Short { .. }) => {
                return Err(Failure::new(Exit::Usage, "a short head is that of a ledger").hint("name it: --ledger DIR"));
            }
        };
        crate::verify::expect_seal(reports, &digest);
        Ok(())
    }
}
