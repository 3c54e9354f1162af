//! A store without compiled code: every verb as the few writes compiled code
//! and the runtime make for it, and beside it the state each record should be
//! in, by the table.

use crate::calls::CallRecords;
use crate::{End, ParkPolicy, Registry, RegistryConfig, Role, State, Verb, next_state};
use mangrove_abi::{ContRecord, ContRef, FuncRef, RecordState, StoreContext};
use mangrove_stack::{ArenaConfig, GuardKind, is_parked};
use std::collections::HashMap;
use std::ptr;

pub(crate) type Record = *mut ContRecord;

pub(crate) struct World {
    pub(crate) ctx: Box<StoreContext>,
    pub(crate) registry: Registry,
    func: Box<FuncRef>,
    /// Where the context's log is.
    _log: Vec<u64>,
    /// What the table says; `Gone` where there is no entry.
    expected: HashMap<Record, State>,
}

pub(crate) fn config(max_continuations: usize) -> RegistryConfig {
    let guard = GuardKind::Auto;
    RegistryConfig {
        stacks: ArenaConfig {
            stack_size: 4096,
            guard,
            max_stacks: usize::MAX,
            ..ArenaConfig::default()
        },
        initial_stack_size: 8192,
        max_initial_stacks: usize::MAX,
        max_continuations,
        max_stack_bytes: u64::MAX,
    }
}

/// Nothing runs, so nothing arrives at the stub of a parked record.
unsafe extern "sysv64" fn never(_: *mut StoreContext, _: *mut ContRecord) -> bool {
    unreachable!("no code switches to a parked record")
}

/// Puts a saved context into the record, as a switch away from it does.
fn save(record: Record) {
    // SAFETY: the world's records have stacks.
    unsafe {
        (*record).sp = (*record).stack_top - 64;
        (*record).fp = (*record).stack_top - 48;
    }
}

pub(crate) fn parent(record: Record) -> Record {
    // SAFETY: records live as long as the registry.
    unsafe { (*record).parent }
}

pub(crate) fn reference(record: Record) -> ContRef {
    // SAFETY: as above.
    let revision = unsafe { (*record).revision };
    ContRef { record, revision }
}

pub(crate) fn is_current(cont: ContRef) -> bool {
    // SAFETY: as above; this is what stale references are for.
    unsafe { (*cont.record).revision == cont.revision }
}

fn is_host(record: Record) -> bool {
    // SAFETY: as above.
    unsafe { (*record).state == RecordState::Host as u32 }
}

impl World {
    pub(crate) fn new(max_continuations: usize) -> Self {
        Self::with_stack_bytes(max_continuations, u64::MAX)
    }

    pub(crate) fn with_stack_bytes(max_continuations: usize, max_stack_bytes: u64) -> Self {
        let entry = ptr::without_provenance(0x1000);
        // Not a box: who moves one says that nobody else has a pointer into it.
        let mut log = vec![0; 4096];
        let mut ctx = StoreContext::new();
        ctx.log_next = log.as_mut_ptr();
        // SAFETY: the last of as many.
        ctx.log_last = unsafe { ctx.log_next.add(4095) };
        let mut registry = Registry::new(RegistryConfig {
            max_stack_bytes,
            ..config(max_continuations)
        });
        // SAFETY: a world sees to it by itself that who runs has a stack.
        unsafe { registry.allow_parking(ParkPolicy::NEVER, never) };
        Self {
            ctx,
            _log: log,
            registry,
            func: Box::new(FuncRef {
                code: entry,
                instance: ptr::null_mut(),
                entry,
                type_id: mangrove_abi::TypeId::new(0),
                index: 0,
            }),
            expected: HashMap::new(),
        }
    }

    pub(crate) fn state(&self, record: Record) -> State {
        self.registry.state_of(&self.ctx, record)
    }

    /// Everything the registry says of itself is as it should be.
    pub(crate) fn check(&self) {
        self.registry.verify(&self.ctx).unwrap();
        for (record, state) in self.registry.states(&self.ctx) {
            if state != State::Host {
                let expected = self.expected.get(&record).copied().unwrap_or(State::Gone);
                assert_eq!(state, expected);
            }
            assert_eq!(self.state(record), state);
        }
    }

    fn apply(&mut self, verb: Verb, role: Role, record: Record) {
        let state = self.expected.entry(record).or_insert(State::Gone);
        *state = next_state(verb, role, *state)
            .unwrap_or_else(|| panic!("{verb:?} of {role:?} that is {state:?}"));
    }

    /// `cont.new`, as far as compiled code does it: off the free list.
    pub(crate) fn new_inline(&mut self) -> Option<ContRef> {
        let record = self.ctx.free_records;
        if record.is_null() {
            return None;
        }
        // SAFETY: free records have stacks.
        unsafe {
            self.ctx.free_records = (*record).next_free;
            let sp = (*record).stack_top - 16;
            ptr::with_exposed_provenance_mut::<u64>(sp as usize).write(self.func.entry as u64);
            (*record).sp = sp;
            (*record).fp = 0;
            (*record).func = &raw const *self.func;
            (*record).outermost = record;
            (*record).parent = ptr::null_mut();
            (*record).state = RecordState::Live as u32;
        }
        self.ctx.created += 1;
        self.apply(Verb::New, Role::Subject, record);
        Some(reference(record))
    }

    /// `cont.new` by way of the runtime.
    pub(crate) fn new_by_runtime(&mut self) -> Result<ContRef, crate::LimitError> {
        let record = self.registry.take(&mut self.ctx)?;
        Ok(self.make_fresh(record))
    }

    fn make_fresh(&mut self, record: Record) -> ContRef {
        // SAFETY: just taken; the function lives as long as the world.
        let made = unsafe {
            self.registry
                .make_fresh(&mut self.ctx, record, &raw const *self.func)
        };
        self.apply(Verb::New, Role::Subject, record);
        made
    }

    fn run(&mut self, record: Record) {
        self.wake_parked(record);
        // SAFETY: a record of the registry, or null.
        unsafe { crate::make_current(&mut self.ctx, record, mangrove_abi::Waking::Entered) };
    }

    /// What the unpark stub does for who runs next.
    fn wake_parked(&mut self, record: Record) {
        // SAFETY: a record of the registry, or null.
        if !record.is_null() && unsafe { is_parked(record) } {
            self.registry.unpark(&mut self.ctx, record).unwrap();
        }
    }

    /// A clone of what a current reference stands for.
    pub(crate) fn clone_chain(&mut self, cont: ContRef) -> Result<ContRef, crate::LimitError> {
        assert!(is_current(cont));
        let clone = self.registry.clone_chain(&mut self.ctx, cont.record)?;
        let fresh = self.state(cont.record) == State::Fresh;
        let (mut first, mut second, mut role) = (cont.record, clone.record, Role::Subject);
        while !first.is_null() {
            self.apply(Verb::Clone, role, first);
            let made = if fresh { Role::FreshClone } else { Role::Clone };
            self.apply(Verb::Clone, made, second);
            // SAFETY: records of the registry.
            assert_eq!(unsafe { (*second).cloned_from() }, Some(first));
            (first, second, role) = (parent(first), parent(second), Role::Between);
        }
        assert!(second.is_null(), "a clone's chain is as long as the first");
        Ok(clone)
    }

    /// The host calls Wasm, from within a host call if Wasm runs.
    pub(crate) fn enter(&mut self) -> Result<Record, crate::LimitError> {
        let records = match self.registry.take_call() {
            Some(records) => records,
            None => self.registry.new_call(&mut self.ctx)?,
        };
        let interrupted = self.ctx.current;
        let (host, record) = (records.host, records.initial);
        // SAFETY: records of the registry, and a function of this model.
        unsafe {
            let func = &raw const *self.func;
            self.registry.begin_call(records, func, interrupted);
        }
        self.apply(Verb::New, Role::Subject, record);
        if !interrupted.is_null() {
            save(interrupted);
            self.apply(Verb::Resume, Role::Resumer, interrupted);
        }
        self.ctx.host_record = host;
        self.run(record);
        self.apply(Verb::Resume, Role::Subject, record);
        Ok(record)
    }

    /// The innermost activation is over: the host goes on where it called. Its initial
    /// continuation, if that has `returned`, was just put on the free list.
    fn leave(&mut self, verb: Verb, returned: Option<Record>) {
        let host = self.ctx.host_record;
        // SAFETY: the activation's host record.
        let calling = unsafe { (*host).interrupted };
        match returned {
            // SAFETY: the records of the call that is over.
            Some(initial) => unsafe {
                let records = CallRecords { host, initial };
                self.registry.end_call(&mut self.ctx, records);
            },
            None => self.registry.release_host_record(host),
        }
        self.ctx.host_record = calling;
        while !self.ctx.host_record.is_null() && !is_host(self.ctx.host_record) {
            self.ctx.host_record = parent(self.ctx.host_record);
        }
        self.run(calling);
        if !calling.is_null() {
            self.apply(verb, Role::Resumer, calling);
        }
    }

    /// Hands control to `target`, or to the host if that is its record.
    fn back_to(&mut self, target: Record, verb: Verb) {
        self.run(target);
        if is_host(target) {
            self.leave(verb, None);
        } else {
            self.apply(verb, Role::Resumer, target);
        }
    }

    fn consume(&mut self, cont: ContRef) {
        assert!(is_current(cont));
        // SAFETY: a record of the registry.
        unsafe { (*cont.record).revision += 1 };
        self.registry.take_bound(cont.record);
    }

    /// Links what is suspended as `record` below `to` and runs it.
    fn attach(&mut self, record: Record, to: Record, verb: Verb, [subject, between]: [Role; 2]) {
        let mut above = parent(record);
        while !above.is_null() {
            self.apply(verb, between, above);
            above = parent(above);
        }
        // SAFETY: records of the registry.
        unsafe {
            (*(*record).outermost).parent = to;
            (*to).handlers = &raw const self.ctx.no_handlers;
        }
        self.apply(verb, subject, record);
        self.run(record);
    }

    /// Cuts the running chain below its `levels`-th parent, which is returned;
    /// none if the host comes first.
    fn detach(&mut self, levels: usize, verb: Verb) -> Option<Record> {
        let running = self.ctx.current;
        let mut chain = vec![running];
        while chain.len() <= levels {
            chain.push(Some(parent(*chain.last()?)).filter(|&above| !is_host(above))?);
        }
        let outermost = *chain.last()?;
        let target = Some(parent(outermost)).filter(|&above| !is_host(above))?;
        save(running);
        self.apply(verb, Role::Subject, running);
        chain[1..]
            .iter()
            .for_each(|&record| self.apply(verb, Role::Between, record));
        // SAFETY: records of the registry.
        unsafe {
            // What a search for the handler leaves behind.
            chain
                .iter()
                .for_each(|&record| (*record).outermost = record);
            (*running).outermost = outermost;
            (*running).passed = 0;
            (*outermost).parent = ptr::null_mut();
        }
        Some(target)
    }

    pub(crate) fn resume(&mut self, cont: ContRef) {
        let running = self.ctx.current;
        self.consume(cont);
        save(running);
        self.apply(Verb::Resume, Role::Resumer, running);
        self.attach(
            cont.record,
            running,
            Verb::Resume,
            [Role::Subject, Role::Between],
        );
    }

    /// `suspend` whose handler is `levels` parents beyond the first.
    pub(crate) fn suspend(&mut self, levels: usize) -> Option<ContRef> {
        let running = self.ctx.current;
        let target = self.detach(levels, Verb::Suspend)?;
        self.run(target);
        self.apply(Verb::Suspend, Role::Resumer, target);
        Some(reference(running))
    }

    pub(crate) fn switch(&mut self, cont: ContRef, levels: usize) -> Option<ContRef> {
        let running = self.ctx.current;
        let handler = self.detach(levels, Verb::Switch)?;
        self.consume(cont);
        let roles = [Role::Target, Role::BetweenTarget];
        self.attach(cont.record, handler, Verb::Switch, roles);
        Some(reference(running))
    }

    /// Cuts the chain up to who handles the entry off, by the runtime's search; who that is,
    /// and what it is switched to with.
    fn search(&mut self, entry: u64, verb: Verb) -> Option<(crate::HandlerPlace, ContRef)> {
        let running = self.ctx.current;
        // SAFETY: the entry is of a tag of the test's.
        let found = unsafe { self.registry.find_handler(&self.ctx, entry)? };
        save(running);
        let (mut at, mut role) = (running, Role::Subject);
        while at != found.target {
            self.apply(verb, role, at);
            (at, role) = (parent(at), Role::Between);
        }
        Some((found, reference(running)))
    }

    /// `suspend`, as a host function does it.
    pub(crate) fn suspend_to(&mut self, entry: u64) -> Option<(ContRef, (Record, i64))> {
        let (found, left) = self.search(entry, Verb::Suspend)?;
        self.wake_parked(found.target);
        // SAFETY: just found.
        unsafe { self.registry.suspend_to(&mut self.ctx, found) };
        self.apply(Verb::Suspend, Role::Resumer, found.target);
        Some((left, (found.target, found.reason)))
    }

    /// `switch`, as a host function does it.
    pub(crate) fn switch_to(
        &mut self,
        cont: ContRef,
        entry: u64,
    ) -> Option<(ContRef, (Record, i64))> {
        let (found, left) = self.search(entry, Verb::Switch)?;
        self.consume(cont);
        self.wake_parked(cont.record);
        let mut above = parent(cont.record);
        while !above.is_null() {
            self.apply(Verb::Switch, Role::BetweenTarget, above);
            above = parent(above);
        }
        // SAFETY: just found, and its reference was used up.
        unsafe { self.registry.switch_to(&mut self.ctx, found, cont.record) };
        self.apply(Verb::Switch, Role::Target, cont.record);
        Some((left, (found.target, found.reason)))
    }

    /// The running continuation returns, as its trampoline does it.
    pub(crate) fn finish(&mut self) {
        let running = self.ctx.current;
        let target = parent(running);
        // SAFETY: records of the registry.
        unsafe {
            (*running).state = RecordState::Gone as u32;
            (*running).next_free = self.ctx.free_records;
        }
        self.ctx.free_records = running;
        self.ctx.returned += 1;
        self.apply(Verb::Return, Role::Subject, running);
        if is_host(target) {
            self.run(target);
            return self.leave(Verb::Return, Some(running));
        }
        self.back_to(target, Verb::Return);
    }

    /// An exception leaves the running continuation and `levels` parents.
    pub(crate) fn throw(&mut self, levels: usize) {
        let mut role = Role::Subject;
        for _ in 0..=levels {
            let running = self.ctx.current;
            let target = parent(running);
            self.apply(Verb::Throw, role, running);
            // SAFETY: the exception has left its frames.
            unsafe { self.registry.release(&mut self.ctx, running, End::Thrown) };
            role = Role::Between;
            if is_host(target) || levels == 0 {
                return self.back_to(target, Verb::Throw);
            }
            self.run(target);
        }
        let target = self.ctx.current;
        self.apply(Verb::Throw, Role::Resumer, target);
    }

    pub(crate) fn resume_throw_fresh(&mut self, cont: ContRef) {
        self.consume(cont);
        self.apply(Verb::ResumeThrow, Role::Subject, cont.record);
        // SAFETY: it never ran.
        unsafe {
            self.registry
                .release(&mut self.ctx, cont.record, End::Thrown)
        };
    }

    /// A trap ends the innermost activation.
    pub(crate) fn trap(&mut self) {
        let (running, host) = (self.ctx.current, self.ctx.host_record);
        let mut record = running;
        while record != host {
            let role = if record == running {
                Role::Subject
            } else {
                Role::Between
            };
            self.apply(Verb::Trap, role, record);
            record = parent(record);
        }
        // SAFETY: nobody goes on with these stacks.
        let whole = unsafe {
            self.registry
                .release_chain(&mut self.ctx, running, host, End::Trapped)
        };
        assert!(whole, "the chain ends at the host record");
        self.leave(Verb::Trap, None);
    }

    /// A collection that finds these references and the running chains.
    pub(crate) fn collect(&mut self, roots: &[ContRef]) -> usize {
        self.registry.begin_marking();
        let mut at = self.ctx.current;
        while !at.is_null() {
            if is_host(at) {
                // SAFETY: records of the registry.
                at = unsafe { (*at).interrupted };
            } else {
                assert!(self.registry.mark_record(at));
                at = parent(at);
            }
        }
        for &root in roots {
            let Some(record) = self.registry.mark(root) else {
                continue;
            };
            let mut above = parent(record);
            while !above.is_null() && self.registry.mark_record(above) {
                above = parent(above);
            }
        }
        let unmarked = |&record: &Record| !self.registry.is_marked(record) && !is_host(record);
        let dead: Vec<_> = self.registry.records().filter(unmarked).collect();
        dead.iter()
            .for_each(|&record| self.apply(Verb::Collect, Role::Subject, record));
        // SAFETY: marked what the world can reach.
        let swept = unsafe { self.registry.sweep(&mut self.ctx, 0) };
        assert_eq!(swept, dead.len());
        swept
    }
}
