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
        let behind: Vec<(Vec<usize>, Vec<&str>)> = (0..CLUSTERS.len())
            .map(|site| {
                let unheard = self.world.unheard(site, off).into_iter().map(|cluster| ADDRESSES[cluster]);
                (vec![World::number(site, 0), World::number(site, 1)], unheard.collect())
            })
            .collect();
        behind.iter().for_each(|(servers, unheard)| self.meter.fall_behind(servers, unheard));
        self.world.cut(off);
        // One cluster of each side.
        let turned = [off[0], (off[0] + 1) % CLUSTERS.len()];
        for cluster in turned {
            self.turn(cluster, false, self.bounds.change);
        }
        for (servers, unheard) in &behind {
            let heard: Vec<&str> =
                ADDRESSES.into_iter().filter(|address| !unheard.contains(address)).collect();
            self.meter.wait_for(servers, &heard);
        }
        self.pass(self.bounds.cut);
        self.world.mend();
        behind.iter().for_each(|(servers, unheard)| {
            self.meter.catch_up(servers, unheard, self.bounds.comes_back);
        });
        self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        for cluster in turned {
            self.turn(cluster, true, self.bounds.change);
        }
        self.meter.wait_for(&EVERYBODY, &ADDRESSES);
        self.records_are(&ADDRESSES);
        self.end_step(what);
    }
}
