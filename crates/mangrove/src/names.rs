//! What a linker knows: definitions by module and name, with their types.
//!
//! A name may stand for several things of different types: some modules import one name
//! more than once, each time as another type. An import gets the one that matches.

use crate::access::TypedBody;
use hashbrown::HashMap;
use mangrove_runtime::{DataStore, EngineCore, Error, Extern, Func};
use mangrove_validate::{EntityType, printable};

/// What a name stands for.
pub enum Item<T> {
    /// Something of a store.
    Extern(Extern),
    /// A host function, for any store.
    Host(TypedBody<T>),
}

impl<T> Clone for Item<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Extern(item) => Self::Extern(*item),
            Self::Host(body) => Self::Host(body.clone()),
        }
    }
}

impl<T: 'static> Item<T> {
    /// What it is in a store, which is of the linker's engine.
    ///
    /// # Errors
    /// There is no room for a host function's code.
    pub fn in_store(&self, store: &mut impl DataStore<Data = T>) -> Result<Extern, Error> {
        match self {
            Self::Extern(item) => Ok(*item),
            Self::Host(body) => body.linked(store).map(Func::into),
        }
    }
}

/// An item and its type when it was defined, in canonical form.
pub struct Definition<T> {
    pub item: Item<T>,
    pub ty: EntityType,
}

impl<T> Clone for Definition<T> {
    fn clone(&self) -> Self {
        let (item, ty) = (self.item.clone(), self.ty.clone());
        Self { item, ty }
    }
}

impl<T> Definition<T> {
    /// Whether an import that one of them matches could as well have the other.
    fn is_like(&self, other: &Self) -> bool {
        match (&self.ty, &other.ty) {
            (EntityType::Table(_), EntityType::Table(_))
            | (EntityType::Memory(_), EntityType::Memory(_)) => true,
            (one, other) => one == other,
        }
    }
}

/// Definitions by name; those of one name in the order in which they came.
pub type Items<T> = HashMap<String, Vec<Definition<T>>>;

/// Definitions by module and name.
pub struct Definitions<T> {
    modules: HashMap<String, Items<T>>,
    /// Whether a definition takes the place of those that the name has.
    pub shadowing: bool,
}

impl<T> Clone for Definitions<T> {
    fn clone(&self) -> Self {
        let (modules, shadowing) = (self.modules.clone(), self.shadowing);
        Self { modules, shadowing }
    }
}

impl<T> Definitions<T> {
    /// None.
    pub fn new() -> Self {
        Self {
            modules: HashMap::new(),
            shadowing: false,
        }
    }

    /// Adds a definition.
    ///
    /// # Errors
    /// The name has one of the same type, and there is no shadowing.
    pub fn add(
        &mut self,
        module: &str,
        name: &str,
        definition: Definition<T>,
    ) -> Result<(), Error> {
        if self.shadowing {
            self.replace(module, name, vec![definition]);
            return Ok(());
        }
        let known = self.of(module, name);
        if known.iter().any(|known| known.is_like(&definition)) {
            return Err(Error::usage(format!(
                "\"{}\" \"{}\" is defined already; a linker that allows shadowing lets the \
                 new definition take the old one's place",
                printable(module),
                printable(name)
            )));
        }
        let items = self.modules.entry(module.to_string()).or_default();
        items.entry(name.to_string()).or_default().push(definition);
        Ok(())
    }

    /// Gives a name these definitions and no others.
    pub fn replace(&mut self, module: &str, name: &str, definitions: Vec<Definition<T>>) {
        let items = self.modules.entry(module.to_string()).or_default();
        items.insert(name.to_string(), definitions);
    }

    /// Forgets a module's names.
    pub fn remove(&mut self, module: &str) {
        self.modules.remove(module);
    }

    /// The definitions of a name.
    pub fn of(&self, module: &str, name: &str) -> &[Definition<T>] {
        let items = self.modules.get(module);
        items
            .and_then(|items| items.get(name))
            .map_or(&[], Vec::as_slice)
    }

    /// The definitions of a module, if it has any.
    pub fn module(&self, module: &str) -> Option<&Items<T>> {
        self.modules.get(module)
    }

    /// The definition of a name for an import of this type: the first that matches, or if
    /// none does the first. `now` says the type of an item as it is now.
    pub fn find(
        &self,
        engine: &EngineCore,
        (module, name): (&str, &str),
        wanted: &EntityType,
        now: impl Fn(&Definition<T>) -> EntityType,
    ) -> Option<&Definition<T>> {
        let known = self.of(module, name);
        let matching = |known: &&Definition<T>| engine.matches_import(&now(known), wanted);
        known.iter().find(matching).or_else(|| known.first())
    }

    /// All, by module and name.
    pub fn sorted(&self) -> Vec<(&str, &str, &[Definition<T>])> {
        let mut all = Vec::new();
        for (module, items) in &self.modules {
            for (name, known) in items {
                all.push((module.as_str(), name.as_str(), known.as_slice()));
            }
        }
        all.sort_unstable_by_key(|&(module, name, _)| (module, name));
        all
    }
}
