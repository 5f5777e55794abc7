//! One life of a box: it runs the old release, or nothing at all, and must end with the new one marked good, however often the power goes.
use super::disc::{Disc, Random};
use super::image::{BLOCK, IMAGES, Image, Network, on_slot};
use super::wrong::Agent;
use hearth_update::agent::boot;
use hearth_update::agent::disk::{Disk, Partition};
use hearth_update::agent::install::Job;
use hearth_update::agent::retry::Pause;
use hearth_update::bootstate::{self, BootState, Chances, OFFSETS, SIZE, select};
use hearth_update::bundle::Part;
use hearth_update::slot::{Running, Slot};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the lives went through, to see that the seeds reach everything.
#[derive(Debug, Default)]
pub struct Lives {
    pub cuts: u64,
    pub in_loader: u64,
    pub in_mark_good: u64,
    pub in_install: u64,
    pub in_recovery: u64,
    pub torn: u64,
    pub resumed: u64,
}

/// How many writes and flushes an undisturbed life has, at most.
const STEPS: u64 = 34;

struct Life<'a> {
    disc: Disc,
    random: Random,
    agent: Agent,
    lives: &'a mut Lives,
    cuts_left: u64,
    floor: u32,
    recovery_is_due: bool,
    fixed: [Vec<u8>; 2],
}

/// Lives it; an error is a broken promise.
pub fn live(seed: u64, agent: Agent, lives: &mut Lives) -> Result<(), String> {
    let mut random = Random(seed);
    let (content, recovery_is_due) = some_content(&mut random, agent);
    let fixed = [Partition::Factory, Partition::Data].map(|p| content[&p].clone());
    let disc = Disc::new(content);
    let cuts_left = 1 + random.below(2);
    let mut life = Life { disc, random, agent, lives, cuts_left, floor: 0, recovery_is_due, fixed };
    life.look()?;
    life.plan_cut();
    for _ in 0..30 {
        let over = life.day();
        if life.disc.is_off() {
            life.lives.cuts += 1;
            life.cuts_left -= 1;
        } else if over? {
            return life.end();
        }
        let torn = life.disc.torn;
        life.disc.power_cycle(&mut life.random);
        life.lives.torn += life.disc.torn - torn;
        life.look()?;
        life.plan_cut();
    }
    Err("after thirty days the new release still does not run".into())
}

impl Life<'_> {
    /// On a day that has fewer steps the power stays.
    fn plan_cut(&mut self) {
        if self.cuts_left > 0 {
            let steps = if self.random.one_in(2) { STEPS } else { 8 };
            self.disc.cut_after(self.random.below(steps));
        }
    }

    /// From power on to the next reboot. `true`: the new release runs and is marked good.
    fn day(&mut self) -> Result<bool, String> {
        let running = self.power_on()?;
        let Running::Slot(slot) = running else {
            if !self.recovery_is_due {
                return Err("recovery came up, though a slot was whole".into());
            }
            return self.install(running, &IMAGES[1]).map(|()| false);
        };
        let image = on_slot(&self.disc, slot).ok_or_else(|| format!("slot {slot} was booted and is not whole"))?;
        let marked = boot::mark_good(&mut self.agent.disk(&mut self.disc), running, &image.info);
        self.lives.in_mark_good += u64::from(self.disc.is_off());
        marked.map_err(|e| format!("mark-good: {e}"))?;
        if image.info.rollback_index == 3 {
            return Ok(true);
        }
        self.install(running, image).map(|()| false)
    }

    /// The boot loader's script, with its own write. It has no way to flush: some discs have it on the medium by then, some do not.
    fn power_on(&mut self) -> Result<Running, String> {
        let mut disk = self.agent.disk(&mut self.disc);
        let copies = OFFSETS.map(|at| {
            let mut copy = [0; SIZE];
            disk.read_at(Partition::BootState, at, &mut copy).map(|()| copy)
        });
        let [Ok(zero), Ok(one)] = copies else { return Err("the boot state cannot be read".into()) };
        let selected = select([&zero, &one]);
        if let Some((copy, bytes)) = selected.write {
            let mut written = disk.write_at(Partition::BootState, OFFSETS[copy], &bytes);
            if self.random.one_in(2) {
                written = written.and_then(|()| disk.flush(Partition::BootState));
            }
            self.lives.in_loader += u64::from(self.disc.is_off());
            written.map_err(|e| format!("boot loader: {e}"))?;
        }
        Ok(selected.boot)
    }

    fn install(&mut self, running: Running, image: &Image) -> Result<(), String> {
        let new = &IMAGES[2];
        let job = Job { bundle: &new.bundle, running, info: &image.info, again: running == Running::Recovery };
        let mut breaks = Random(self.random.next());
        let mut source = Network { file: &new.file, random: &mut breaks, fetched: 0 };
        let installed = self.agent.install(&job, &mut self.disc, &mut source);
        if self.disc.is_off() {
            *if running == Running::Recovery { &mut self.lives.in_recovery } else { &mut self.lives.in_install } += 1;
        }
        installed.map_err(|e| format!("install: {e}"))?;
        self.lives.resumed += u64::from(source.fetched == 0);
        Ok(())
    }

    /// What must hold on the disc alone whenever the power is gone.
    fn look(&mut self) -> Result<(), String> {
        let at = |offset: u64| &self.disc.medium(Partition::BootState)[offset as usize..][..SIZE];
        let (_, state) = bootstate::choose(OFFSETS.map(at)).ok_or("no copy of the boot state is valid")?;
        for slot in [Slot::A, Slot::B] {
            if state.chances(slot).left > 0 && on_slot(&self.disc, slot).is_none() {
                return Err(format!("slot {slot} may be booted and is not whole"));
            }
        }
        if state.floor < self.floor {
            return Err(format!("the floor fell from {} to {}", self.floor, state.floor));
        }
        self.floor = state.floor;
        let fixed = [Partition::Factory, Partition::Data].iter().zip(&self.fixed);
        match fixed.into_iter().find(|(partition, content)| self.disc.medium(**partition) != content.as_slice()) {
            Some((partition, _)) => Err(format!("{partition} was written")),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), String> {
        self.disc.power_cycle(&mut self.random);
        self.look()?;
        let state = boot::read(&mut self.disc);
        let slot = state.first;
        let new = on_slot(&self.disc, slot).is_some_and(|image| image.info.rollback_index == 3);
        if new && state.chances(slot) == Chances::GOOD && state.floor == 3 {
            return Ok(());
        }
        Err(format!("it ended with {state:?}"))
    }
}

/// A box somewhere in its life: what runs, what the idle slot holds, and a boot state that agrees; whether only recovery can come up.
fn some_content(random: &mut Random, agent: Agent) -> (BTreeMap<Partition, Vec<u8>>, bool) {
    let runs = if random.one_in(2) { Slot::A } else { Slot::B };
    let mut content = BTreeMap::new();
    for partition in Partition::ALL {
        let len = match partition {
            Partition::BootState => OFFSETS[1] as usize + SIZE,
            Partition::Slot(Part::Boot, _) => 3 * BLOCK,
            Partition::Slot(Part::Root, _) => 13 * BLOCK,
            _ => 1024,
        };
        content.insert(partition, vec![0xa5; len]);
    }
    let mut put = |slot, image: &Image, share: u64, random: &mut Random| {
        for (part, payload) in [(Part::Boot, &image.boot), (Part::Root, &image.root)] {
            for (to, from) in content.get_mut(&Partition::Slot(part, slot)).unwrap().chunks_mut(512).zip(payload.chunks(512)) {
                if random.below(8) < share {
                    to[..from.len()].copy_from_slice(from);
                }
            }
        }
    };
    let idle = runs.other();
    let recovery = random.one_in(8);
    if !recovery {
        put(runs, &IMAGES[1], 8, random);
    }
    let chances = match random.below(if recovery { 3 } else { 6 }) {
        0 => Chances::NONE,
        1 => {
            put(idle, &IMAGES[2], 5, random);
            Chances::NONE
        }
        2 => {
            put(idle, &IMAGES[2], 8, random);
            Chances::NONE
        }
        3 => {
            put(idle, &IMAGES[2], 8, random);
            Chances::TRIAL
        }
        _ => {
            put(idle, &IMAGES[0], 8, random);
            Chances::GOOD
        }
    };
    let generation = random.below(1000) as u32 + 2;
    let first = if chances == Chances::TRIAL { idle } else { runs };
    let mut state = BootState { generation, first, floor: 2, ..BootState::default() };
    *state.chances_mut(idle) = chances;
    *state.chances_mut(runs) = if recovery { Chances::NONE } else { Chances::GOOD };
    // An agent with one copy has it at the start.
    let ruling = if agent == Agent::OneCopy { 0 } else { random.below(2) as usize };
    let older = BootState { generation: generation - 1, ..state };
    let table = content.get_mut(&Partition::BootState).unwrap();
    table[OFFSETS[ruling] as usize..][..SIZE].copy_from_slice(&state.encode());
    if agent != Agent::OneCopy && !random.one_in(4) {
        table[OFFSETS[1 - ruling] as usize..][..SIZE].copy_from_slice(&older.encode());
    }
    (content, recovery)
}

/// Nobody waits.
pub struct AtOnce;

impl Pause for AtOnce {
    fn wait(&mut self, _: Duration) -> bool {
        true
    }

    fn random(&mut self) -> u32 {
        0
    }
}
