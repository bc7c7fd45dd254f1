//! Clusters that are cut off from others, and ways that are mended.

use super::*;

impl Story {
    pub(super) fn clusters_are_cut_off(&mut self) {
        self.cut_off(&[0], "F-36: eu-1 is cut off, the hub where there is one");
        self.cut_off(&[2], "F-51: eu-1 and us-1 on one side, ap-1 on the other");
        if self.is_long {
            self.cut_off(&[1], "F-51: eu-1 and ap-1 on one side, us-1 on the other");
        }
    }

    /// Both sides go on. Each says what it hears, and of the others what was last so; then all say the same.
    fn cut_off(&mut self, off: &[usize], what: &str) {
        let behind = self.fall_behind(off, &[]);
        self.world.cut(off);
        // One cluster of each side.
        let turned = [off[0], (off[0] + 1) % CLUSTERS.len()];
        for cluster in turned {
            self.turn(cluster, false, self.bounds.change);
        }
        self.wait_for_heard(&behind);
        self.pass(self.bounds.cut);
        self.world.mend();
        self.catch_up(&behind);
        for cluster in turned {
            self.turn(cluster, true, self.bounds.change);
        }
        self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        self.records_are(&ADDRESSES);
        self.end_step(what);
    }

    // === Who hears of what ===

    /// Whoever cannot hear what it should, while some clusters are cut off and some API servers are silent, may say what was so.
    pub(super) fn fall_behind(&self, off: &[usize], silent: &[usize]) -> Vec<Behind> {
        let behind = (0..CLUSTERS.len()).map(|site| {
            let unheard = self.world.unheard(site, off, silent);
            let is_heard = |cluster: &usize| !unheard.contains(cluster);
            Behind {
                servers: [World::number(site, 0), World::number(site, 1)],
                heard: (0..CLUSTERS.len()).filter(is_heard).map(|cluster| ADDRESSES[cluster]).collect(),
                unheard: unheard.iter().map(|cluster| ADDRESSES[*cluster]).collect(),
            }
        });
        let behind: Vec<Behind> = behind.collect();
        behind.iter().for_each(|site| self.meter.fall_behind(&site.servers, &site.unheard));
        behind
    }

    /// Waits until everybody says what is right of what it hears of.
    pub(super) fn wait_for_heard(&self, behind: &[Behind]) {
        behind.iter().for_each(|site| self.meter.wait_for(&site.servers, &site.heard));
    }

    /// They hear again, and say what is right soon after.
    pub(super) fn catch_up(&self, behind: &[Behind]) {
        for site in behind {
            self.meter.catch_up(&site.servers, &site.unheard, self.bounds.comes_back);
        }
        self.meter.wait_for(&EVERYBODY, &ADDRESSES);
    }
}

/// What the servers of a site hear of, by the addresses of clusters, and what not.
pub(super) struct Behind {
    servers: [usize; 2],
    heard: Vec<&'static str>,
    unheard: Vec<&'static str>,
}
