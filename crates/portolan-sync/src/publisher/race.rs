//! Every interleaving of a few publishers, checked, and holds.
//!
//! What decides is the real plan ([`portolan_core::plan::plan`]); what is modelled is who does what when: somebody reads, stalls and
//! writes much later, is replaced, starts anew, is told by a broken source that nothing is wanted. Each rule that keeps the
//! answers right can be broken in the model, and then the check must find the way to the damage.

mod enactors;
mod holds;
