//! Variables: values, attributes and scopes.
//!
//! Names are bound shallowly: one map holds what is visible now, and a scope keeps what its own variables hide. So a
//! look-up costs the same however deep the calls are. The map and the scopes are shared between the clones of a shell
//! until one of them changes something.

mod assoc;

pub use assoc::Assoc;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

/// What a variable holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Declared only (`declare x`, `local x`), perhaps with attributes.
    Unset,
    Scalar(String),
    Indexed(Rc<BTreeMap<i64, String>>),
    Assoc(Rc<Assoc>),
}

impl Value {
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Indexed(_) | Self::Assoc(_))
    }

    /// What `$name` gives: element 0 of an array.
    pub fn scalar(&self) -> Option<&str> {
        match self {
            Self::Unset => None,
            Self::Scalar(text) => Some(text),
            Self::Indexed(elements) => elements.get(&0).map(String::as_str),
            Self::Assoc(elements) => elements.get("0"),
        }
    }

    /// The values of all elements; a scalar has one.
    pub fn elements(&self) -> Vec<&str> {
        match self {
            Self::Unset => Vec::new(),
            Self::Scalar(text) => vec![text],
            Self::Indexed(elements) => elements.values().map(String::as_str).collect(),
            Self::Assoc(elements) => elements.values().collect(),
        }
    }

    /// The subscripts of all elements.
    pub fn keys(&self) -> Vec<String> {
        match self {
            Self::Unset => Vec::new(),
            Self::Scalar(_) => vec!["0".to_owned()],
            Self::Indexed(elements) => elements.keys().map(i64::to_string).collect(),
            Self::Assoc(elements) => elements.keys().map(str::to_owned).collect(),
        }
    }

    /// An indexed array of these, from 0.
    pub fn list<I: IntoIterator<Item = String>>(items: I) -> Self {
        Self::Indexed(Rc::new((0..).zip(items).collect()))
    }
}

/// What `declare` can say of a variable beside its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    pub exported: bool,
    pub readonly: bool,
    pub integer: bool,
    pub lowercase: bool,
    pub uppercase: bool,
    pub capitalize: bool,
    pub nameref: bool,
    pub trace: bool,
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub value: Value,
    pub attributes: Attributes,
    /// Its value is made when it is asked for (RANDOM and so on): see `Shell::parameter`.
    pub dynamic: bool,
    /// An array that was declared without a value: `declare -p` shows none while it is empty.
    pub unassigned: bool,
    /// 0 for a global one, otherwise the scope's number that binds it.
    level: u32,
}

impl Variable {
    fn new(level: u32) -> Self {
        Self { value: Value::Unset, attributes: Attributes::default(), dynamic: false, unassigned: false, level }
    }

    pub fn is_set(&self) -> bool {
        !matches!(self.value, Value::Unset) && !self.unassigned
    }

    /// Whether a scope binds it.
    pub fn is_local(&self) -> bool {
        self.level > 0
    }

    /// The letters of `declare -p` and `${x@a}`, in bash's order.
    pub fn letters(&self) -> String {
        let a = &self.attributes;
        let flags = [
            (matches!(self.value, Value::Indexed(_)), 'a'),
            (matches!(self.value, Value::Assoc(_)), 'A'),
            (a.integer, 'i'),
            (a.nameref, 'n'),
            (a.readonly, 'r'),
            (a.trace, 't'),
            (a.exported, 'x'),
            (a.capitalize, 'c'),
            (a.lowercase, 'l'),
            (a.uppercase, 'u'),
        ];
        flags.iter().filter(|(set, _)| *set).map(|&(_, letter)| letter).collect()
    }

    /// The value with the attributes that change case applied.
    pub fn fold_case(&self, value: String) -> String {
        let a = &self.attributes;
        if a.uppercase {
            value.to_uppercase()
        } else if a.lowercase {
            value.to_lowercase()
        } else if a.capitalize {
            let mut chars = value.chars();
            chars
                .next()
                .map(|first| first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect())
                .unwrap_or_default()
        } else {
            value
        }
    }
}

/// Why a variable cannot be changed. The text is bash's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VarError {
    Readonly(String),
    /// `name[subscript]`
    BadSubscript(String),
    CircularReference(String),
    CannotConvert(String, &'static str),
}

impl fmt::Display for VarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Readonly(name) => write!(f, "{name}: readonly variable"),
            Self::BadSubscript(text) => write!(f, "{text}: bad array subscript"),
            Self::CircularReference(name) => write!(f, "warning: {name}: circular name reference"),
            Self::CannotConvert(name, what) => write!(f, "{name}: cannot convert {what}"),
        }
    }
}

/// A hash for short names: variables are looked up all the time, and nobody attacks their table.
#[derive(Default)]
pub struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        const MIX: u64 = 0x517c_c1b7_2722_0a95;
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk.iter().rev().fold(0, |word: u64, &byte| word << 8 | u64::from(byte));
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(MIX);
        }
        let word = chunks.remainder().iter().fold(0, |word: u64, &byte| word << 8 | u64::from(byte));
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(MIX);
    }

    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

pub type NameMap<V> = HashMap<Rc<str>, V, BuildHasherDefault<NameHasher>>;

/// What a scope is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// A function's call: `local` binds here.
    Function,
    /// `a=1 command`.
    Temporary,
}

#[derive(Clone, Debug)]
struct Scope {
    kind: ScopeKind,
    /// What this scope's variables hide, in the order of binding.
    hidden: Vec<(Rc<str>, Option<Rc<Variable>>)>,
}

/// Where a name leads after its references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    pub name: Cow<'a, str>,
    /// Of a reference to an element.
    pub subscript: Option<String>,
}

/// State behind the dynamic variables.
#[derive(Clone, Debug, Default)]
pub struct DynamicState {
    pub random: u32,
    pub last_random: u32,
    /// Added to the seconds since the shell began.
    pub seconds: i64,
    /// Counts the questions to SRANDOM.
    pub srandom: u64,
}

/// All variables of a shell.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// Each by itself behind a counter: a clone that changes one variable copies that one, however much the others hold.
    map: Rc<NameMap<Rc<Variable>>>,
    scopes: Vec<Rc<Scope>>,
    pub dynamic: DynamicState,
}

/// Room for the variables of an ordinary start, so that the table does not grow on the way.
const AT_START: usize = 56;

/// How many references are followed.
const MAX_REFERENCES: usize = 8;

pub use glowplug_syntax::is_name;

/// Splits `name[subscript]`; the subscript is raw.
pub fn split_element(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('[')?;
    Some((name, rest.strip_suffix(']')?)).filter(|(name, subscript)| is_name(name) && !subscript.is_empty())
}

impl Variables {
    pub fn new() -> Self {
        let map = NameMap::with_capacity_and_hasher(AT_START, BuildHasherDefault::default());
        Self { map: Rc::new(map), ..Self::default() }
    }

    // ---- looking ----

    /// The variable of this very name, even a reference.
    pub fn get_raw(&self, name: &str) -> Option<&Variable> {
        self.map.get(name).map(|variable| &**variable)
    }

    /// Follows references from `name`.
    pub fn resolve<'a>(&'a self, name: &'a str) -> Result<Target<'a>, VarError> {
        let mut current = name;
        for _ in 0..=MAX_REFERENCES {
            match self.get_raw(current) {
                Some(Variable { value: Value::Scalar(to), attributes: Attributes { nameref: true, .. }, .. })
                    if !to.is_empty() =>
                {
                    if let Some((array, subscript)) = split_element(to) {
                        let target = self.resolve(array)?;
                        return Ok(Target { name: target.name, subscript: Some(subscript.to_owned()) });
                    }
                    if to == name {
                        break;
                    }
                    current = to;
                }
                _ => return Ok(Target { name: Cow::Borrowed(current), subscript: None }),
            }
        }
        Err(VarError::CircularReference(name.to_owned()))
    }

    /// What a local variable hides: a local reference to its own name leads there.
    fn hidden_by(&self, variable: &Variable, name: &str) -> Option<&Variable> {
        let scope = self.scopes.get((variable.level as usize).checked_sub(1)?)?;
        scope.hidden.iter().find(|(hidden, _)| &**hidden == name)?.1.as_deref()
    }

    /// Whether a variable is a local reference to its own name.
    fn is_own_reference(variable: &Variable, name: &str) -> bool {
        variable.level > 0 && variable.attributes.nameref && variable.value.scalar() == Some(name)
    }

    /// The variable that `name` leads to (of a reference to an element: the array).
    pub fn get(&self, name: &str) -> Option<&Variable> {
        let variable = self.get_raw(name)?;
        if !variable.attributes.nameref {
            return Some(variable);
        }
        if Self::is_own_reference(variable, name) {
            return self.hidden_by(variable, name);
        }
        let target = self.resolve(name).ok()?;
        self.get_raw(target.name.as_ref())
    }

    /// As `$name` gives it: element 0 of arrays, nothing when unset. Dynamic variables need `Shell::parameter`.
    pub fn get_scalar(&self, name: &str) -> Option<Cow<'_, str>> {
        let variable = self.map.get(name)?;
        if !variable.attributes.nameref {
            return variable.value.scalar().map(Cow::Borrowed);
        }
        if Self::is_own_reference(variable, name) {
            return self.hidden_by(variable, name)?.value.scalar().map(Cow::Borrowed);
        }
        let target = self.resolve(name).ok()?;
        let value = &self.map.get(target.name.as_ref())?.value;
        match (&target.subscript, value) {
            (None, value) => value.scalar().map(Cow::Borrowed),
            (Some(key), Value::Assoc(elements)) => elements.get(key).map(Cow::Borrowed),
            (Some(index), Value::Indexed(elements)) => {
                elements.get(&index.parse().ok()?).map(|text| Cow::Borrowed(text.as_str()))
            }
            _ => None,
        }
    }

    /// Every visible name, sorted.
    pub fn names(&self) -> Vec<String> {
        self.names_with_prefix("")
    }

    /// Every visible name that begins so, sorted. Names that were only declared are among them: see `Variable::is_set`.
    pub fn names_with_prefix(&self, prefix: &str) -> Vec<String> {
        let mut names: Vec<String> =
            self.map.keys().filter(|name| name.starts_with(prefix)).map(|name| name.to_string()).collect();
        names.sort_unstable();
        names
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.map.iter().map(|(name, variable)| (&**name, &**variable))
    }

    /// What children get: names and values, sorted by name.
    pub fn exported(&self) -> Vec<(String, String)> {
        let mut list: Vec<(String, String)> = self
            .map
            .iter()
            .filter(|(_, variable)| variable.attributes.exported)
            .filter_map(|(name, variable)| match &variable.value {
                Value::Scalar(text) => Some((name.to_string(), text.clone())),
                _ => None,
            })
            .collect();
        list.sort_unstable();
        list
    }

    /// The names that the innermost function's scope binds, sorted (`local` without names).
    pub fn local_names(&self) -> Vec<String> {
        let Some(level) = self.function_level() else { return Vec::new() };
        let mut names: Vec<String> = self.scopes[level as usize - 1]
            .hidden
            .iter()
            .filter(|(name, _)| self.map.get(name).is_some_and(|variable| variable.level == level))
            .map(|(name, _)| name.to_string())
            .collect();
        names.sort_unstable();
        names
    }

    // ---- changing ----

    /// The variable of this very name, made when there is none.
    pub fn entry(&mut self, name: &str) -> &mut Variable {
        let variable = Rc::make_mut(&mut self.map).entry(Rc::from(name)).or_insert_with(|| Rc::new(Variable::new(0)));
        Rc::make_mut(variable)
    }

    /// The variable of this very name, to be changed without any check.
    pub fn get_raw_mut(&mut self, name: &str) -> Option<&mut Variable> {
        Rc::make_mut(&mut self.map).get_mut(name).map(Rc::make_mut)
    }

    /// The variable that `name` leads to, to be changed without any check.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Variable> {
        let name = match self.map.get(name)?.attributes.nameref {
            true => self.resolve(name).ok()?.name.into_owned(),
            false => return self.get_raw_mut(name),
        };
        self.get_raw_mut(name.as_str())
    }

    /// The variable that `name` leads to, made when there is none; an error when it is read-only.
    pub fn writable(&mut self, name: &str) -> Result<&mut Variable, VarError> {
        let resolved;
        let name = match self.map.get(name) {
            Some(variable) if Self::is_own_reference(variable, name) => {
                let level = variable.level - 1;
                if self.visible_at_ref(level, name).is_none() {
                    let new = Variable::new(0);
                    self.replace_visible_at(level, name, new);
                }
                return match self.mut_visible_at(level, name) {
                    Some(variable) if !variable.attributes.readonly => Ok(variable),
                    _ => Err(VarError::Readonly(name.to_owned())),
                };
            }
            Some(variable) if variable.attributes.nameref => {
                resolved = self.resolve(name)?.name.into_owned();
                resolved.as_str()
            }
            _ => name,
        };
        // Looked up twice only where the variable is new.
        if !self.map.contains_key(name) {
            Rc::make_mut(&mut self.map).insert(Rc::from(name), Rc::new(Variable::new(0)));
        }
        match self.get_raw_mut(name) {
            Some(variable) if !variable.attributes.readonly => {
                variable.unassigned = false;
                Ok(variable)
            }
            _ => Err(VarError::Readonly(name.to_owned())),
        }
    }

    /// Sets a variable as it is, without what its attributes do to values (that needs the shell: `Shell::assign`).
    /// Of an array, element 0.
    pub fn set_scalar(&mut self, name: &str, value: impl Into<String>) -> Result<(), VarError> {
        let value = value.into();
        let variable = self.writable(name)?;
        match &mut variable.value {
            Value::Indexed(elements) => drop(Rc::make_mut(elements).insert(0, value)),
            Value::Assoc(elements) => Rc::make_mut(elements).insert("0", value),
            slot => *slot = Value::Scalar(value),
        }
        Ok(())
    }

    /// Replaces the whole value.
    pub fn set_value(&mut self, name: &str, value: Value) -> Result<(), VarError> {
        self.writable(name)?.value = value;
        Ok(())
    }

    /// Sets an indexed array from a list (`mapfile`, `read -a`, BASH_REMATCH).
    pub fn set_list<I: IntoIterator<Item = String>>(&mut self, name: &str, items: I) -> Result<(), VarError> {
        self.set_value(name, Value::list(items))
    }

    /// Sets one element; `subscript` is evaluated already. A scalar becomes an indexed array.
    pub fn set_element(&mut self, name: &str, subscript: &str, value: String) -> Result<(), VarError> {
        let bad = || VarError::BadSubscript(format!("{name}[{subscript}]"));
        let variable = self.writable(name)?;
        if let Value::Assoc(elements) = &mut variable.value {
            Rc::make_mut(elements).insert(subscript, value);
            return Ok(());
        }
        let index: i64 = subscript.parse().map_err(|_| bad())?;
        variable.set_index(index, value).ok_or_else(bad)
    }

    /// Marks as exported, making the variable when there is none.
    pub fn export(&mut self, name: &str) {
        let name = self.resolve(name).map_or_else(|_| name.to_owned(), |target| target.name.into_owned());
        self.entry(&name).attributes.exported = true;
    }

    /// Removes the variable that `name` leads to. As in bash, a variable of the running function stays bound without a
    /// value, and one of a caller uncovers what it hides.
    pub fn unset(&mut self, name: &str) -> Result<(), VarError> {
        let name = self.resolve(name)?.name.into_owned();
        self.unset_raw(&name)
    }

    /// Removes the variable of this very name (`unset -n`).
    pub fn unset_raw(&mut self, name: &str) -> Result<(), VarError> {
        let Some(variable) = self.map.get(name) else { return Ok(()) };
        if variable.attributes.readonly {
            return Err(VarError::Readonly(name.to_owned()));
        }
        let level = variable.level;
        let function = self.function_level();
        let map = Rc::make_mut(&mut self.map);
        if level == 0 {
            map.remove(name);
        } else if Some(level) == function {
            if let Some(variable) = map.get_mut(name) {
                *variable = Rc::new(Variable::new(level));
            }
        } else if let Some(scope) = self.scopes.get_mut(level as usize - 1) {
            let hidden = &mut Rc::make_mut(scope).hidden;
            if let Some(position) = hidden.iter().position(|(hidden, _)| &**hidden == name) {
                restore(map, hidden.remove(position));
            }
        }
        Ok(())
    }

    /// Removes one element; `subscript` is evaluated already.
    pub fn unset_element(&mut self, name: &str, subscript: &str) -> Result<(), VarError> {
        let bad = || VarError::BadSubscript(format!("[{subscript}]"));
        if self.get(name).is_none() {
            return Ok(());
        }
        let variable = self.writable(name)?;
        match &mut variable.value {
            Value::Assoc(elements) => drop(Rc::make_mut(elements).remove(subscript)),
            Value::Indexed(elements) => {
                let mut index: i64 = subscript.parse().map_err(|_| bad())?;
                if index < 0 {
                    index += elements.last_key_value().map_or(0, |(last, _)| last + 1);
                }
                if index < 0 {
                    return Err(bad());
                }
                Rc::make_mut(elements).remove(&index);
            }
            Value::Scalar(_) if subscript == "0" => return self.unset(name),
            Value::Scalar(_) | Value::Unset => return Err(VarError::CannotConvert(name.to_owned(), "")),
        }
        Ok(())
    }

    // ---- scopes ----

    pub fn push_scope(&mut self, kind: ScopeKind) {
        self.scopes.push(Rc::new(Scope { kind, hidden: Vec::new() }));
    }

    /// Ends the innermost scope: what it hid is visible again.
    pub fn pop_scope(&mut self) {
        let Some(mut scope) = self.scopes.pop() else { return };
        if scope.hidden.is_empty() {
            return;
        }
        let hidden = std::mem::take(&mut Rc::make_mut(&mut scope).hidden);
        let map = Rc::make_mut(&mut self.map);
        for entry in hidden.into_iter().rev() {
            restore(map, entry);
        }
    }

    pub fn in_function(&self) -> bool {
        self.function_level().is_some()
    }

    /// Binds `name` in the innermost function's scope; where it is bound there already, that variable. A variable of
    /// the call's own temporary environment passes on its value. `None` outside functions.
    pub fn declare_local(&mut self, name: &str) -> Option<&mut Variable> {
        let level = self.function_level()?;
        self.bind(name, level)
    }

    /// Binds `name` in the innermost scope of any kind (`a=1 command`).
    pub fn declare_temporary(&mut self, name: &str) -> Option<&mut Variable> {
        let level = self.scopes.len() as u32;
        self.bind(name, level)
    }

    /// Whether the innermost function's scope binds `name`.
    pub fn is_local_here(&self, name: &str) -> bool {
        self.function_level().is_some_and(|level| self.map.get(name).is_some_and(|variable| variable.level == level))
    }

    /// The global variable, whatever hides it (`declare -g`), made when there is none.
    pub fn global_mut(&mut self, name: &str) -> &mut Variable {
        match self.place_at(0, name) {
            Some((scope, position)) => {
                let hidden = &mut Rc::make_mut(&mut self.scopes[scope]).hidden[position].1;
                Rc::make_mut(hidden.get_or_insert_with(|| Rc::new(Variable::new(0))))
            }
            None => self.entry(name),
        }
    }

    /// The global variable, whatever hides it.
    pub fn global(&self, name: &str) -> Option<&Variable> {
        self.visible_at_ref(0, name)
    }

    fn function_level(&self) -> Option<u32> {
        self.scopes.iter().rposition(|scope| scope.kind == ScopeKind::Function).map(|index| index as u32 + 1)
    }

    fn bind(&mut self, name: &str, level: u32) -> Option<&mut Variable> {
        let kind = self.scopes.get(level as usize - 1)?.kind;
        let below_is_temporary = level >= 2 && self.scopes[level as usize - 2].kind == ScopeKind::Temporary;
        let visible = self.visible_at_ref(level, name);
        if !visible.is_some_and(|variable| variable.level == level) {
            let mut new = Variable::new(level);
            new.attributes.exported =
                kind == ScopeKind::Function && visible.is_some_and(|variable| variable.attributes.exported);
            if let Some(old) = visible
                && kind == ScopeKind::Function
                && below_is_temporary
                && old.level == level - 1
            {
                new.value = old.value.clone();
                new.attributes = old.attributes;
            }
            let old = self.replace_visible_at(level, name, new);
            let scope = self.scopes.get_mut(level as usize - 1)?;
            Rc::make_mut(scope).hidden.push((Rc::from(name), old));
        }
        self.mut_visible_at(level, name)
    }

    /// Where the instance of `name` is that is visible once the scopes above `level` are gone: hidden by one of them,
    /// or (`None`) in the map.
    fn place_at(&self, level: u32, name: &str) -> Option<(usize, usize)> {
        self.scopes.iter().enumerate().skip(level as usize).find_map(|(index, scope)| {
            scope.hidden.iter().position(|(hidden, _)| &**hidden == name).map(|position| (index, position))
        })
    }

    fn visible_at_ref(&self, level: u32, name: &str) -> Option<&Variable> {
        match self.place_at(level, name) {
            Some((scope, position)) => self.scopes[scope].hidden[position].1.as_deref(),
            None => self.get_raw(name),
        }
    }

    fn mut_visible_at(&mut self, level: u32, name: &str) -> Option<&mut Variable> {
        match self.place_at(level, name) {
            Some((scope, position)) => {
                Rc::make_mut(&mut self.scopes[scope]).hidden[position].1.as_mut().map(Rc::make_mut)
            }
            None => self.get_raw_mut(name),
        }
    }

    /// Puts `new` where the instance of `name` is that is visible at `level`, and gives what was there.
    fn replace_visible_at(&mut self, level: u32, name: &str, new: Variable) -> Option<Rc<Variable>> {
        let new = Rc::new(new);
        match self.place_at(level, name) {
            Some((scope, position)) => Rc::make_mut(&mut self.scopes[scope]).hidden[position].1.replace(new),
            None => Rc::make_mut(&mut self.map).insert(Rc::from(name), new),
        }
    }
}

impl Variable {
    /// Sets an element of an indexed array (a scalar becomes one); `None` when a negative index leads before its start.
    pub fn set_index(&mut self, mut index: i64, value: String) -> Option<()> {
        if index < 0 {
            let end = match &self.value {
                Value::Indexed(elements) => elements.last_key_value().map_or(0, |(last, _)| last.saturating_add(1)),
                Value::Scalar(_) => 1,
                _ => 0,
            };
            index = end.checked_add(index).filter(|&index| index >= 0)?;
        }
        if let Value::Indexed(elements) = &mut self.value {
            Rc::make_mut(elements).insert(index, value);
            return Some(());
        }
        let mut elements = BTreeMap::new();
        if let Value::Scalar(text) = std::mem::replace(&mut self.value, Value::Unset) {
            elements.insert(0, text);
        }
        elements.insert(index, value);
        self.value = Value::Indexed(Rc::new(elements));
        Some(())
    }
}

fn restore(map: &mut NameMap<Rc<Variable>>, (name, variable): (Rc<str>, Option<Rc<Variable>>)) {
    match variable {
        Some(variable) => drop(map.insert(name, variable)),
        None => drop(map.remove(&name)),
    }
}
