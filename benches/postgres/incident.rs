//! A run in the channel that half of all talk in, for as long as they do.

use anyhow::ensure;

use crate::place::{BEGIN, Of, Place, STEP};
use crate::server::psql;
use crate::talk;

/// The run's id.
pub(crate) const RUN: &str = "benchrunxxxxxxxxxxxxxxxxxx";

/// Makes the run; answers how many posts its channel has in its time.
pub(crate) fn prepare(url: &str, place: &Place) -> anyhow::Result<u64> {
    let posts = talk::incident(place);
    let [begun, ended] = [posts.start, posts.end].map(|number| BEGIN + number * STEP);
    let channel = String::from_utf8_lossy(&place.id(Of::Channel, 0)).into_owned();
    let statements = format!(
        "DELETE FROM ir_incident WHERE id = '{RUN}';
         INSERT INTO ir_incident (id, name, description, isactive, commanderuserid, teamid, channelid, createat, endat,
                                  activestage, checklistsjson, currentstatus)
         SELECT '{RUN}', 'bench', '', false, (SELECT id FROM users ORDER BY id LIMIT 1), teamid, id, {begun}, {ended},
                0, '[]', 'Finished'
         FROM channels WHERE id = '{channel}';
         ANALYZE ir_incident"
    );
    let made = psql(url).args(["-c", &statements]).output()?;
    ensure!(made.status.success(), "the run could not be made: {}", String::from_utf8_lossy(&made.stderr));
    let count =
        format!("SELECT count(*) FROM posts WHERE channelid = '{channel}' AND createat BETWEEN {begun} AND {ended}");
    let counted = psql(url).args(["-At", "-c", &count]).output()?;
    ensure!(counted.status.success(), "{}", String::from_utf8_lossy(&counted.stderr));
    Ok(String::from_utf8(counted.stdout)?.trim().parse()?)
}
