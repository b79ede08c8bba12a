//! The tree of a parsed program. Words are kept as their raw text; `expand` takes them apart.

use std::cell::OnceCell;
use std::rc::Rc;

/// A word as it was written, quotes and all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pub value: String,
}

impl Word {
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into() }
    }
}

/// Commands one after another.
#[derive(Clone, Debug, Default)]
pub struct CompoundList(pub Vec<CompoundListItem>);

/// `a && b || c`, and whether `&` follows.
#[derive(Clone, Debug)]
pub struct CompoundListItem {
    pub list: AndOrList,
    pub background: bool,
}

#[derive(Clone, Debug)]
pub struct AndOrList {
    pub first: Pipeline,
    pub rest: Vec<(AndOr, Pipeline)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AndOr {
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    Bash,
    Posix,
}

/// `time ! a | b`.
#[derive(Clone, Debug)]
pub struct Pipeline {
    pub timed: Option<Timed>,
    pub bang: bool,
    /// Empty only after `!` or `time` alone.
    pub commands: Vec<Command>,
}

#[derive(Clone, Debug)]
pub enum Command {
    Simple(SimpleCommand),
    Compound(CompoundCommand, Vec<Redirect>),
    Function(Rc<FunctionDefinition>),
}

#[derive(Clone, Debug, Default)]
pub struct SimpleCommand {
    pub line: usize,
    pub assignments: Vec<Assignment>,
    pub words: Vec<CommandWord>,
    pub redirects: Vec<Redirect>,
}

/// A word of a simple command. After the name of a declaration builtin, assignments keep their shape.
#[derive(Clone, Debug)]
pub enum CommandWord {
    Word(Word),
    Assignment(Assignment),
}

#[derive(Clone, Debug)]
pub struct Assignment {
    pub name: String,
    /// `a[subscript]=`, raw.
    pub subscript: Option<String>,
    pub append: bool,
    pub value: AssignmentValue,
}

#[derive(Clone, Debug)]
pub enum AssignmentValue {
    Scalar(Word),
    /// Raw elements with their raw subscripts; whether `[subscript]+=` appends.
    Array(Vec<ArrayElement>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayElement {
    pub subscript: Option<String>,
    pub append: bool,
    pub value: Word,
}

/// A redirection.
#[derive(Clone, Debug)]
pub struct Redirect {
    pub target: RedirectTarget,
    pub kind: RedirectKind,
    pub line: usize,
}

/// Which descriptor is redirected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectTarget {
    /// 0 or 1, after the operator.
    Default,
    Fd(i32),
    /// `{name}>`.
    Variable(String),
}

#[derive(Clone, Debug)]
pub enum RedirectKind {
    /// `<`
    Read(Word),
    /// `>`
    Write(Word),
    /// `>>`
    Append(Word),
    /// `>|`
    Clobber(Word),
    /// `<>`
    ReadWrite(Word),
    /// `<&`
    DupInput(Word),
    /// `>&`
    DupOutput(Word),
    /// `&>`
    Both(Word),
    /// `&>>`
    BothAppend(Word),
    HereString(Word),
    HereDocument(HereDocument),
}

#[derive(Clone, Debug)]
pub struct HereDocument {
    pub remove_tabs: bool,
    /// The delimiter as written.
    pub delimiter: Word,
    /// Whether the delimiter was unquoted.
    pub expand: bool,
    /// Filled in when the rest of the line was read; without the tabs that `<<-` removes.
    pub body: Rc<OnceCell<String>>,
}

#[derive(Clone, Debug)]
pub enum CompoundCommand {
    Brace(CompoundList),
    Subshell(CompoundList),
    If(IfClause),
    While(WhileClause),
    For(ForClause),
    ArithmeticFor(ArithmeticFor),
    Select(ForClause),
    Case(CaseClause),
    Arithmetic { line: usize, expr: String },
    Test { line: usize, expr: ExtendedTestExpr },
    Coproc { name: String, body: Box<Command> },
}

#[derive(Clone, Debug)]
pub struct IfClause {
    /// `if` and every `elif`: condition and body.
    pub branches: Vec<(CompoundList, CompoundList)>,
    pub otherwise: Option<CompoundList>,
}

#[derive(Clone, Debug)]
pub struct WhileClause {
    pub until: bool,
    pub condition: CompoundList,
    pub body: CompoundList,
}

/// `for` and `select`.
#[derive(Clone, Debug)]
pub struct ForClause {
    pub line: usize,
    pub name: String,
    /// `None` means the positional parameters.
    pub words: Option<Vec<Word>>,
    pub body: CompoundList,
}

#[derive(Clone, Debug)]
pub struct ArithmeticFor {
    pub line: usize,
    pub init: String,
    pub condition: String,
    pub update: String,
    pub body: CompoundList,
}

#[derive(Clone, Debug)]
pub struct CaseClause {
    pub line: usize,
    pub word: Word,
    pub items: Vec<CaseItem>,
}

#[derive(Clone, Debug)]
pub struct CaseItem {
    pub patterns: Vec<Word>,
    pub body: CompoundList,
    pub after: CaseAfter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseAfter {
    /// `;;`
    Leave,
    /// `;&`
    RunNext,
    /// `;;&`
    TestNext,
}

#[derive(Clone, Debug)]
pub struct FunctionDefinition {
    pub line: usize,
    pub name: String,
    pub body: CompoundCommand,
    pub redirects: Vec<Redirect>,
}

/// What is between `[[` and `]]`.
#[derive(Clone, Debug)]
pub enum ExtendedTestExpr {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Parenthesized(Box<Self>),
    UnaryTest(UnaryPredicate, Word),
    BinaryTest(BinaryPredicate, Word, Word),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryPredicate {
    FileExists,
    FileExistsAndIsBlockSpecialFile,
    FileExistsAndIsCharSpecialFile,
    FileExistsAndIsDir,
    FileExistsAndIsRegularFile,
    FileExistsAndIsSetgid,
    FileExistsAndIsSymlink,
    FileExistsAndHasStickyBit,
    FileExistsAndIsFifo,
    FileExistsAndIsReadable,
    FileExistsAndIsNotZeroLength,
    FdIsOpenTerminal,
    FileExistsAndIsSetuid,
    FileExistsAndIsWritable,
    FileExistsAndIsExecutable,
    FileExistsAndOwnedByEffectiveGroupId,
    FileExistsAndModifiedSinceLastRead,
    FileExistsAndOwnedByEffectiveUserId,
    FileExistsAndIsSocket,
    ShellOptionEnabled,
    ShellVariableIsSetAndAssigned,
    ShellVariableIsSetAndNameRef,
    StringHasZeroLength,
    StringHasNonZeroLength,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryPredicate {
    FilesReferToSameDeviceAndInodeNumbers,
    LeftFileIsNewerOrExistsWhenRightDoesNot,
    LeftFileIsOlderOrDoesNotExistWhenRightDoes,
    StringExactlyMatchesPattern,
    /// The same, written `=`.
    StringEqualsPattern,
    StringDoesNotExactlyMatchPattern,
    StringMatchesRegex,
    LeftSortsBeforeRight,
    LeftSortsAfterRight,
    ArithmeticEqualTo,
    ArithmeticNotEqualTo,
    ArithmeticLessThan,
    ArithmeticLessThanOrEqualTo,
    ArithmeticGreaterThan,
    ArithmeticGreaterThanOrEqualTo,
}
