//! What reports are made of, and the types of modules: what the face takes from the libraries
//! below, which have no examples that speak its language.

#[cfg(doc)]
use crate::Config;

/// # Examples
/// ```
/// use mangrove::{Activity, CodeName, Engine, FrameOwner, Linker, Module, ModuleId, Root, RootKind, RootOwner, RootSet, RootValue, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let text = "(module
///     (type $f (func)) (type $k (cont $f)) (type $box (struct (field $item anyref)))
///     (tag $pause)
///     (global (export \"kept\") (mut (ref null $k)) (ref.null $k))
///     (elem declare func $waits)
///     (func $waits (local $b (ref $box))
///         (local.set $b (struct.new $box (ref.i31 (i32.const 5))))
///         (suspend $pause)
///         (drop (struct.get $box 0 (local.get $b))))
///     (func (export \"run\")
///         (block $on (result (ref $k))
///             (resume $k (on $pause $on) (cont.new $k (ref.func $waits))) (return))
///         (global.set 0)))";
/// let module = Module::new(&engine, text)?;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
///
/// // The object is kept by a slot of the suspended frame.
/// let set: RootSet = store.roots()?;
/// let in_frame = |root: &&Root| matches!(root.owner, RootOwner::Frame(_));
/// let root = set.roots.iter().find(in_frame).expect("a slot");
/// assert_eq!(root.kind, RootKind::Ref);
/// assert!(matches!(root.value, RootValue::Object { .. }));
/// let RootOwner::Frame(owner) = &root.owner else { unreachable!() };
/// let FrameOwner { module: ModuleId(number), state, function, .. } = owner;
/// assert_eq!(*state, Activity::Suspended);
/// assert!(matches!(function, CodeName::Wasm(_)), "a function of module {number}");
/// # Ok(())
/// # }
/// ```
pub use mangrove_collector::{
    Activity, CodeName, FrameOwner, ModuleId, Root, RootOwner, RootSet, RootValue,
};

/// # Examples
/// ```
/// use mangrove::{ContinuationReport, ContinuationsReport, Engine, Ends, Held, Link, Linker, MadeFrom, Module, Place, Reason, RegistryReport, ReportOptions, RootOwner, SortBy, State, Store, Why};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// # let engine = Engine::default();
/// # let text = "(module
/// #     (type $f (func)) (type $k (cont $f)) (type $box (struct (field $item anyref)))
/// #     (tag $pause)
/// #     (global (export \"kept\") (mut (ref null $k)) (ref.null $k))
/// #     (elem declare func $waits)
/// #     (func $waits (local $b (ref $box))
/// #         (local.set $b (struct.new $box (ref.i31 (i32.const 5))))
/// #         (suspend $pause)
/// #         (drop (struct.get $box 0 (local.get $b))))
/// #     (func (export \"run\")
/// #         (block $on (result (ref $k))
/// #             (resume $k (on $pause $on) (cont.new $k (ref.func $waits))) (return))
/// #         (global.set 0)))";
/// # let module = Module::new(&engine, text)?;
/// # let mut store = Store::new(&engine, ())?;
/// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// # instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// let options = ReportOptions { top: 5, sort: SortBy::Age, ..ReportOptions::default() };
/// let report: ContinuationsReport = store.continuations(options)?;
/// let registry: &RegistryReport = &report.registry;
/// assert_eq!((registry.created, registry.suspended), (1, 1));
/// assert_eq!(registry.ended, Ends::default(), "none has ended yet");
///
/// let one: &ContinuationReport = &report.continuations[0];
/// assert_eq!((one.state, State::Suspended.name()), (State::Suspended, "suspended"));
/// let MadeFrom { name, .. } = &one.function;
/// assert_eq!(name.as_deref(), Some("waits"));
/// let stopped: &Place = one.stopped.as_ref().expect("it has run");
/// assert_eq!(stopped.name.as_deref(), Some("waits"));
///
/// // Why it is alive: a global holds it.
/// let why: &Why = one.why.as_ref().expect("it is alive");
/// let link: &Link = &why.links[0];
/// assert_eq!(link.continuation(), Some(one.id));
/// assert!(matches!(link.held, Held::Continuation { .. }));
/// assert!(matches!(link.by, Reason::Slot { owner: RootOwner::Global { .. } }));
/// # Ok(())
/// # }
/// ```
pub use mangrove_collector::{
    ContinuationReport, ContinuationsReport, Held, Link, MadeFrom, Place, Reason, ReportOptions,
    SortBy, Why,
};

/// # Examples
/// See [`ContinuationsReport`].
pub use mangrove_continuation::{Ends, RegistryReport, State};

/// # Examples
/// ```
/// use mangrove::{EdgeLabel, Engine, GraphEdge, GraphNode, Linker, Module, ObjectGraph, Store, Within};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// # let engine = Engine::default();
/// # let text = "(module
/// #     (type $f (func)) (type $k (cont $f)) (type $box (struct (field $item anyref)))
/// #     (tag $pause)
/// #     (global (export \"kept\") (mut (ref null $k)) (ref.null $k))
/// #     (elem declare func $waits)
/// #     (func $waits (local $b (ref $box))
/// #         (local.set $b (struct.new $box (ref.i31 (i32.const 5))))
/// #         (suspend $pause)
/// #         (drop (struct.get $box 0 (local.get $b))))
/// #     (func (export \"run\")
/// #         (block $on (result (ref $k))
/// #             (resume $k (on $pause $on) (cont.new $k (ref.func $waits))) (return))
/// #         (global.set 0)))";
/// # let module = Module::new(&engine, text)?;
/// # let mut store = Store::new(&engine, ())?;
/// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// # instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// let graph: ObjectGraph = store.object_graph(1000)?;
/// let object = |node: &GraphNode| matches!(node, GraphNode::Object { .. });
/// let object = graph.nodes.iter().position(object).expect("the box") as u32;
/// let edge: &GraphEdge = graph.edges.iter().find(|edge| edge.to == object).expect("its slot");
/// assert!(matches!(edge.label, EdgeLabel::Slot { .. }));
/// assert!(matches!(graph.nodes[edge.from as usize], GraphNode::Frame { .. }));
/// let id = graph.type_ids()[0];
/// assert_eq!(graph.type_name(id), Some("$box"));
/// assert!(graph.to_dot().starts_with("digraph"));
/// // An i31 is no object, so nothing leads out of the box's field.
/// let field = EdgeLabel::Within(Within::Field { index: 0 });
/// assert!(graph.edges.iter().all(|edge| edge.label != field));
/// # Ok(())
/// # }
/// ```
pub use mangrove_collector::{EdgeLabel, GraphEdge, GraphNode, ObjectGraph, Within};

/// # Examples
/// ```
/// use mangrove::{Engine, GraphItem, GraphTarget, Linker, LiveContinuation, Module, ObjectInfo, State, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// use std::ops::ControlFlow;
/// # let engine = Engine::default();
/// # let text = "(module
/// #     (type $f (func)) (type $k (cont $f)) (type $box (struct (field $item anyref)))
/// #     (tag $pause)
/// #     (global (export \"kept\") (mut (ref null $k)) (ref.null $k))
/// #     (elem declare func $waits)
/// #     (func $waits (local $b (ref $box))
/// #         (local.set $b (struct.new $box (ref.i31 (i32.const 5))))
/// #         (suspend $pause)
/// #         (drop (struct.get $box 0 (local.get $b))))
/// #     (func (export \"run\")
/// #         (block $on (result (ref $k))
/// #             (resume $k (on $pause $on) (cont.new $k (ref.func $waits))) (return))
/// #         (global.set 0)))";
/// # let module = Module::new(&engine, text)?;
/// # let mut store = Store::new(&engine, ())?;
/// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// # instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// let mut items = vec![];
/// store.visit_graph(|item| {
///     items.push(item);
///     ControlFlow::Continue(())
/// })?;
/// for item in items {
///     match item {
///         GraphItem::Root { to: GraphTarget::Object(_), .. } => {}
///         GraphItem::Root { to: GraphTarget::Continuation(_), .. } => {}
///         GraphItem::Continuation(LiveContinuation { state, .. }) => {
///             assert_eq!(state, State::Suspended);
///         }
///         GraphItem::Object(ObjectInfo { bytes, .. }) => assert_eq!(bytes, 8),
///         GraphItem::Field { .. } => unreachable!("the field is an i31"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub use mangrove_collector::{GraphItem, GraphTarget, LiveContinuation, ObjectInfo};

/// # Examples
/// ```
/// use mangrove::{CollectionKind, CollectionReport, Engine, HeapSpace, Moment, Phase, PhaseReport, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// use std::sync::mpsc::channel;
/// let mut store = Store::new(&Engine::default(), ())?;
/// let (reports, collected) = channel::<CollectionReport>();
/// store.observe(Box::new(move |_, moment| {
///     if let Moment::Collected(report) = moment {
///         reports.send(report).unwrap();
///     }
/// }));
/// let (phases, passed) = channel::<PhaseReport>();
/// store.observe_phases(move |report| phases.send(*report).unwrap());
/// store.gc()?;
/// let report = collected.recv().unwrap();
/// assert_eq!((report.kind, report.objects_copied), (CollectionKind::Full, 0));
/// assert!(passed.try_iter().any(|report| report.phase == Phase::Copy));
/// // Of objects: where each is is told by a walk.
/// let old = |space: HeapSpace| space.name() == "old";
/// assert!(!store.heap_walk()?.any(|object| old(object.space())));
/// # Ok(())
/// # }
/// ```
pub use mangrove_collector::{CollectionKind, CollectionReport, HeapSpace, Phase, PhaseReport};

/// # Examples
/// ```
/// use mangrove::{Engine, Error, Linker, Module, SourceLine, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// // A trap in a function that was compiled with DWARF says where it was written.
/// let engine = Engine::default();
/// let module = Module::new(&engine, "(module (func (export \"f\") unreachable))")?;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let f = instance.get_typed_func::<(), ()>(&mut store, "f")?;
/// let Err(Error::Trap(trap)) = f.call(&mut store, ()) else { unreachable!() };
/// let source: Option<&SourceLine> = trap.backtrace.frames().next().unwrap().source.as_ref();
/// assert!(source.is_none(), "this one was not");
/// # Ok(())
/// # }
/// ```
pub use mangrove_collector::SourceLine;

/// # Examples
/// ```
/// use mangrove::{AdmissionError, Config, ContinuationsInObjects, Engine, Error, Module};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let text = "(module (type $f (func)) (type $k (cont $f))
///     (type $holder (struct (field (ref null $k)))))";
/// let error = Module::new(&Engine::default(), text).unwrap_err();
/// let Error::Admission(AdmissionError { type_name, .. }) = error else { unreachable!() };
/// assert_eq!(type_name.as_deref(), Some("holder"));
///
/// let mut config = Config::new();
/// let engine = Engine::new(config.continuations_in_objects(ContinuationsInObjects::Trace))?;
/// Module::new(&engine, text)?;
/// # Ok(())
/// # }
/// ```
pub use mangrove_collector::admission::{AdmissionError, ContinuationsInObjects};

/// # Examples
/// ```
/// use mangrove::{Config, Engine, ParkPolicy};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// // Every continuation that has waited for three collections gives up its stack.
/// let policy = ParkPolicy { after: 3, keep: 0, ..ParkPolicy::DEFAULT };
/// let engine = Engine::new(Config::new().park(policy))?;
/// let never = Engine::new(Config::new().park(ParkPolicy::NEVER))?;
/// # let _ = (engine, never);
/// # Ok(())
/// # }
/// ```
pub use mangrove_continuation::ParkPolicy;

/// # Examples
/// ```
/// use mangrove::{Engine, Error, FuncIndex, Linker, Module, RootKind, Store, TrapCode, TypeId, TypeIndex, WasmOffset};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let module = Module::new(&engine, "(module (func (export \"f\") unreachable))")?;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let f = instance.get_typed_func::<(), ()>(&mut store, "f")?;
/// let Err(Error::Trap(trap)) = f.call(&mut store, ()) else { unreachable!() };
/// let code: TrapCode = trap.reason.code().unwrap();
/// assert_eq!((code, code.message()), (TrapCode::Unreachable, "unreachable"));
/// assert_eq!(TrapCode::ALL.iter().filter(|&&known| known == code).count(), 1);
/// // Numbers in a module, and of canonical types in the engine.
/// let frame = trap.backtrace.frames().next().unwrap();
/// assert_eq!(frame.function, FuncIndex::new(0));
/// let at: u32 = frame.offset.map_or(0, WasmOffset::as_u32);
/// assert!(at > 0);
/// let first: TypeId = module.type_ids()[TypeIndex::new(0).index()];
/// assert_eq!(first, engine.func_type_id(&Default::default())?);
/// // What a slot of a frame holds.
/// assert_ne!(RootKind::Ref, RootKind::Cont);
/// # Ok(())
/// # }
/// ```
pub use mangrove_abi::{FuncIndex, SlotKind as RootKind, TrapCode, TypeId, TypeIndex, WasmOffset};

/// # Examples
/// ```
/// use mangrove::{AbstractHeap, FieldType, FuncType, GlobalType, HeapType, MemoryType, RefType, StorageType, TableType, TypeId, ValType};
///
/// let any = RefType { nullable: true, heap: HeapType::Abstract(AbstractHeap::Any) };
/// let func = FuncType::new([ValType::I32, ValType::Ref(any)], [ValType::F64]);
/// // What a concrete type is called is the caller's to say.
/// let named = |_: TypeId| "$t".to_owned();
/// assert_eq!(func.signature(named), " (param i32 (ref null any)) (result f64)");
/// assert_eq!(GlobalType::constant(ValType::I64).text(named), "(global i64)");
/// assert_eq!(TableType::new(any, 1, Some(9)).text(named), "(table 1 9 (ref null any))");
/// let memory = MemoryType::new(1, None);
/// assert_eq!((memory.to_string().as_str(), memory.page_log2), ("(memory 1)", MemoryType::PAGE_LOG2));
/// let field = FieldType::constant(StorageType::I8);
/// assert_eq!((field.mutable, field.storage.text(named).as_str()), (false, "i8"));
///
/// assert!(AbstractHeap::I31.matches(AbstractHeap::Eq));
/// assert_eq!(AbstractHeap::Struct.top(), AbstractHeap::Any);
/// assert_eq!(AbstractHeap::Struct.bottom(), AbstractHeap::None);
/// ```
pub use mangrove_validate::{
    AbstractHeap, FieldType, FuncType, GlobalType, HeapType, MemoryType, RefType, StorageType,
    TableType, ValType,
};

/// # Examples
/// See [`Config`].
pub use mangrove_compile::{Hooks, OptLevel};
/// # Examples
/// See [`Config`].
pub use mangrove_stack::GuardKind;

/// # Examples
/// See [`Event`](crate::Event).
pub use mangrove_continuation::End;

/// # Examples
/// See [`SurveySummary`](crate::SurveySummary).
pub use mangrove_collector::{HeapFigures, SurveyTotals};

/// # Examples
/// ```
/// use mangrove::{CodeName, CodeOffset, Config, Created, Engine, FunctionId, Linker, Module, SlotContent, SlotHolds, State, Store, SurveyItem, SurveyOptions, SurveyedContinuation, SurveyedFrame, WasmLocation};
/// use std::ops::ControlFlow;
///
/// # fn main() -> Result<(), mangrove::Error> {
/// // What slots hold is known where the compiler was asked to tell.
/// let engine = Engine::new(Config::new().debug_info(true))?;
/// # let text = "(module $demo
/// #     (type $f (func)) (type $k (cont $f)) (type $box (struct (field $item anyref)))
/// #     (tag $pause)
/// #     (global $kept (mut (ref null $k)) (ref.null $k))
/// #     (elem declare func $waits)
/// #     (func $waits (local $b (ref $box))
/// #         (local.set $b (struct.new $box (struct.new $box (ref.i31 (i32.const 5)))))
/// #         (suspend $pause)
/// #         (drop (struct.get $box 0 (local.get $b))))
/// #     (func $run (export \"run\")
/// #         (block $on (result (ref $k))
/// #             (resume $k (on $pause $on) (cont.new $k (ref.func $waits))) (return))
/// #         (global.set $kept)))";
/// # let module = Module::new(&engine, text)?;
/// # let mut store = Store::new(&engine, ())?;
/// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// # instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// let mut locals = Vec::new();
/// let mut frame = |frame: &SurveyedFrame<'_>| {
///     let CodeName::Wasm(function) = frame.function() else { return };
///     let at = WasmLocation { module: frame.module(), function, wasm_offset: frame.wasm_offset() };
///     assert!(frame.pc() > CodeOffset::new(0), "where that is in machine code");
///     for (_, distance) in frame.slots() {
///         locals.extend(frame.holds(distance).iter().filter_map(|content| match content.what {
///             SlotHolds::Local(local) if frame.inlined_into().count() == 0 => {
///                 assert_eq!(*content, SlotContent::innermost(SlotHolds::Local(local)));
///                 Some((at, local))
///             }
///             _ => None,
///         }));
///     }
/// };
/// let mut continuation = |continuation: &SurveyedContinuation| {
///     assert_eq!(continuation.state, State::Suspended);
///     assert!(continuation.reached && !continuation.parked);
///     let FunctionId { instance, index, .. } = continuation.function;
///     assert_eq!((instance, index), (Some(0), 0), "made from $waits");
///     assert!(matches!(continuation.created, Some(Created { instance: 0, .. })));
/// };
/// store.survey(SurveyOptions::default(), &mut |item| {
///     match item {
///         SurveyItem::Continuation(shown) => continuation(shown),
///         SurveyItem::Frame(shown) => frame(shown),
///         _ => {}
///     }
///     ControlFlow::Continue(())
/// })?;
/// let (at, local) = locals[0];
/// let name = store.names().local(at.module, at.function, local);
/// assert_eq!(name.as_deref(), Some("b"));
/// # Ok(())
/// # }
/// ```
pub use mangrove_collector::{
    Created, FunctionId, SurveyedContinuation, SurveyedFrame, WasmLocation,
};

/// # Examples
/// See [`SurveyedFrame`].
pub use mangrove_abi::{CodeOffset, SlotContent, SlotHolds};
