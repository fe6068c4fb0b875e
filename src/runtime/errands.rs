//! Errands of a console: what the reducer asks of the chains once, each in a thread of its own: which runbooks the chains can
//! do, a plan, a rehearsal, a look at a para.
//!
//! In: an effect's job. Out: exactly one answer by `tell`, unless too many run. Reads only: nothing here can send. A thread
//! that hangs is left behind. Must not decide what an answer means.

#[cfg(feature = "rehearse")]
mod rehearsal;

use super::compose::Base;
use super::planner::{self, Ask};
use super::runbooks::{self, Available};
use super::sources::Plan;
use super::xray;
use crate::app::{Msg, PlanJob, RehearseJob};
use crate::domain::{Clean, ParaId};
use crate::runbook::Catalogue;
use crate::runbook::lint::lint;
use crate::state::form::Rehearsed;
use crate::state::runbooks::Fit;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Errands that may run at once: one of each kind, and some that were given up and have not ended yet.
const MOST: usize = 6;
/// Why there is no answer.
const BUSY: &str = "too many questions are still being asked: wait for them";

/// Takes an answer to the console.
pub(super) type Tell = Arc<dyn Fn(Msg) + Send + Sync>;

/// Runs errands.
pub(super) struct Errands {
    plan: Arc<Plan>,
    base: Base,
    catalogue: Arc<Catalogue>,
    tell: Tell,
    running: Arc<AtomicUsize>,
}

/// What an errand needs.
struct Kit {
    plan: Arc<Plan>,
    base: Base,
    catalogue: Arc<Catalogue>,
}

/// Counts an errand until its thread ends, however it ends.
struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Errands {
    /// Errands over the chains of a plan.
    pub(super) fn new(plan: &Plan, base: &Base, catalogue: Arc<Catalogue>, tell: Tell) -> Self {
        let plan = Arc::new(plan.clone());
        Self { plan, base: base.clone(), catalogue, tell, running: Arc::default() }
    }

    /// Asks the chains which runbooks they can do.
    pub(super) fn judge(&self) {
        let failed = |why| Msg::Judged(Err(why));
        self.run("judge", failed, |kit| Msg::Judged(judged(&kit).map_err(|why| Clean::of(&why).to_string())));
    }

    /// Makes a plan.
    pub(super) fn plan(&self, job: PlanJob) {
        let ticket = job.ticket;
        let failed = move |why| Msg::Planned { ticket, plan: Err(why) };
        self.run("plan", failed, move |kit| {
            let plan = planned(&kit, job).map_err(|why| Clean::of(&why).to_string());
            Msg::Planned { ticket, plan: plan.map(Box::new) }
        });
    }

    /// Rehearses a call.
    pub(super) fn rehearse(&self, job: RehearseJob) {
        let ticket = job.ticket;
        let failed = move |why| Msg::Rehearsed { ticket, found: Err(why) };
        self.run("rehearse", failed, move |kit| {
            let found = rehearsed(&kit, job).map_err(|why| Clean::of(&why).to_string());
            Msg::Rehearsed { ticket, found: found.map(Box::new) }
        });
    }

    /// Looks at a para.
    pub(super) fn look(&self, para: ParaId, ticket: u64) {
        let failed = move |why| Msg::Looked { para, ticket, found: Err(why) };
        self.run("look", failed, move |kit| {
            let found = xray::look(&kit.plan, &kit.base, para).map_err(|why| Clean::of(&why).to_string());
            Msg::Looked { para, ticket, found: found.map(Box::new) }
        });
    }

    fn run(
        &self,
        name: &str,
        failed: impl Fn(String) -> Msg,
        errand: impl FnOnce(Kit) -> Msg + Send + 'static,
    ) {
        if self.running.fetch_add(1, Ordering::SeqCst) >= MOST {
            self.running.fetch_sub(1, Ordering::SeqCst);
            return (self.tell)(failed(BUSY.to_owned()));
        }
        let slot = Slot(self.running.clone());
        let kit = Kit { plan: self.plan.clone(), base: self.base.clone(), catalogue: self.catalogue.clone() };
        let tell = self.tell.clone();
        let started = std::thread::Builder::new().name(format!("errand-{name}")).spawn(move || {
            let _slot = slot;
            tell(errand(kit));
        });
        if let Err(e) = started {
            (self.tell)(failed(format!("the system gives no thread: {e}")));
        }
    }
}

fn judged(kit: &Kit) -> Result<BTreeMap<String, Fit>, String> {
    let recipes = kit.catalogue.all();
    let judged = runbooks::judge(&kit.plan, &kit.base, recipes)?;
    let fits = recipes.iter().zip(judged.available);
    let fit = |Available { yes, reason }: Available| Fit { yes, reason };
    Ok(fits.map(|(recipe, available)| (recipe.name().to_owned(), fit(available))).collect())
}

fn planned(kit: &Kit, job: PlanJob) -> Result<crate::runbook::plan::Plan, String> {
    let recipe = kit.catalogue.find(&job.runbook)?;
    if let Some(fault) = lint(recipe).first() {
        return Err(fault.to_string());
    }
    let given = runbooks::given(job.given.iter().map(|(name, text)| (name.as_str(), text.as_str())))?;
    let ask = Ask { recipe, given, wraps: job.wraps, sender: None, ticket: None, expires: None };
    planner::plan(&kit.plan, &kit.base, ask)
}

#[cfg(feature = "rehearse")]
fn rehearsed(kit: &Kit, job: RehearseJob) -> Result<Rehearsed, String> {
    rehearsal::run(&kit.plan, &kit.base, job)
}

#[cfg(not(feature = "rehearse"))]
fn rehearsed(_: &Kit, _: RehearseJob) -> Result<Rehearsed, String> {
    Err("this build cannot rehearse: it was made without the feature 'rehearse'".to_owned())
}
