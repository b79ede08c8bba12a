#### words are separated by blanks
printf '<%s>' a   b	c; echo
printf '<%s>' 'a  b' "c	d"; echo
#### empty arguments are kept
set -- '' "" a ''
echo $#
printf '<%s>' "$@"; echo
printf '<%s>' '' "" a ''; echo
#### unquoted empty expansions vanish
x= y=
printf '<%s>' $x $y a; echo
printf '<%s>' "$x" $y"" a; echo
#### assignment before a command is for that command
x=1
x=2 env | grep '^x='
echo $x
x=3 sh_none=4 true
echo "$x ${sh_none-unset}"
#### assignments alone set the shell's variables
a=1 b=2 c=$a$b
echo $a $b $c
d=x e=${d}y f="$e z"
echo "$d|$e|$f"
#### assignments are expanded from left to right
a=1
a=2 b=$a
echo $a $b
a=5 b=$a true
echo $a $b
#### status of an assignment with command substitution
x=$(false); echo $?
x=$(exit 7); echo $?
x=$(true) y=$(false); echo $?
x=1; echo $?
x=$(exit 3) y=2; echo $?
#### an expansion may give the command's name
c=echo
$c one two
d='printf %s\n three'
$d
e=
$e echo four
#### an assignment word from expansion is no assignment
v='x=5'
$v 2>/dev/null; echo $?
echo "${x-unset}"
#### assignments after the command's name are arguments
echo a=1 b=2
echo a=1 b=$a
printf '<%s>' x=1 y='2 3'; echo
#### comments
echo a # comment
echo a#b #c
# whole line
echo 'a # b' # "quote in comment's
echo a\#b
#### line continuation
echo a\
b c \
  d
ec\
ho joined
x="a\
b"
echo $x
#### semicolons and newlines
echo a; echo b
echo c;echo d;
{ echo e; echo f; }
#### a command that is not found
nosuchcommand_xyz 2>/dev/null
echo $?
nosuchcommand_xyz a b 2>&1
echo $?
#### a command with slash that does not exist
./nosuch 2>&1
echo $?
/nonexistent/dir/cmd 2>&1
echo $?
#### a folder is not a command
mkdir d
./d 2>&1
echo $?
#### a file that is not executable
echo 'echo hi' > script
./script 2>&1
echo $?
#### functions come before builtins and externals
ls() { echo my ls "$@"; }
ls a b
echo() { printf 'E:%s\n' "$*"; }
echo hello world
unset -f echo
echo back
#### builtin calls past a function
cd() { echo "fn cd $1"; builtin cd "$@"; }
mkdir sub
cd sub
basename "$PWD"
#### command calls past a function
true() { return 5; }
true; echo $?
command true; echo $?
#### reserved words as arguments
echo if then else fi for in do done case esac while until { } '!'
echo { a }
#### reserved words quoted are commands
'if' 2>/dev/null; echo $?
\while 2>/dev/null; echo $?
#### variable assignment with a quoted name is a command
"x"=1 2>/dev/null; echo $?
x\=1 2>/dev/null; echo $?
echo ${x-unset}
#### temporary environment and a function
f() { echo "in f: $v"; v=changed; echo "in f: $v"; }
v=outer
v=temp f
echo "after: $v"
#### temporary environment and a builtin
IFS=: read -r a b c <<< "1:2:3"
echo "$a-$b-$c"
printf '%q\n' "$IFS"
#### temporary environment is seen by eval
x=1 eval 'echo $x'
echo "${x-unset}"
#### the expansion of arguments precedes the temporary environment
x=old
x=new echo $x
x=new eval 'echo $x'
#### exported temporary variable for a pipeline stage
a=1 env | grep '^a='
echo "${a-unset}"
#### special parameters at start
echo "$#|$0|$*|$?"
set -- a b
echo "$#|$*"
#### positional parameters above nine
set -- 1 2 3 4 5 6 7 8 9 ten eleven
echo $10 ${10} ${11} $11
echo "$1${10}"
#### shift
set -- a b c d
shift; echo "$@"
shift 2; echo "$@"
shift 5; echo "$? $@"
shift 0; echo "$? $@"
shift; echo "$? $#"
shift; echo "$? $#"
#### set -- replaces everything
set -- a b c
set -- x
echo "$# $1"
set --
echo $#
set -- -a -b
echo "$@"
#### set without dashes sets positional parameters
set a b c
echo "$#: $*"
set - x y
echo "$#: $*"
#### the last argument
echo a b c
echo "$_"
true x y
echo $_
:
echo "$_"
#### colon and true ignore arguments
: a b c; echo $?
true --foo; echo $?
false; echo $?
: ${x:=5}; echo $x
#### names of variables
_a=1 A_b9=2 __=3
echo $_a $A_b9 $__
9x=1 2>/dev/null || echo no
#### a dollar alone is itself
echo $ a$ "$" "a$" $'$' "$ x"
echo "a$ b"
#### very long argument list to a builtin
set -- $(seq 1 3000)
echo $# ${3000}
printf '%s\n' "$@" | tail -n 1
#### redirection before the command's name
> out echo hello
cat out
< out cat
>> out echo more
cat < out
#### plus equals
x=a
x+=b; echo $x
x+=c y+=d; echo $x $y
declare -i n=5
n+=3; echo $n
x+=z env | grep '^x='
echo $x
#### program and exit of a script text
echo start
exit 3
echo never
#### exit without argument gives the last status
false
exit
#### exit takes the status modulo 256
(exit 256); echo $?
(exit 257); echo $?
(exit -1); echo $?
exit 300
#### exit with a bad argument
(exit abc) 2>&1; echo $?
(exit 1 2) 2>&1; echo $?
#### syntax error in -c
echo before
echo ) after
#### unterminated quote
echo before
echo 'abc
#### only blanks and comments

# nothing

#### an empty command substitution as a command
$(true)
echo $?
$(false)
echo $?
`exit 4`
echo $?
#### quotes inside a word join
echo a'b c'd"e f"g\ h
printf '<%s>' a'b c'd"e f"g\ h; echo
#### keyword recognised only at command position
for=1; echo $for
x=for; echo $x
echo for; echo do
#### ampersand greater
{ echo out; echo err >&2; } &> both
cat both
echo more &>> both
cat both
