#### eval joins its arguments
eval echo a '"b  c"' 'd'
eval 'x=5;' 'echo $x'
eval echo '$x'
#### eval status
eval false; echo $?
eval '(exit 4)'; echo $?
eval; echo $?
eval ''; echo $?
eval '  '; echo $?
#### eval assignments by name
n=var
eval "$n='some value'"
echo "$var"
eval "echo \$$n"
eval "y=\${$n}"; echo "$y"
#### eval of several lines
eval 'for i in 1 2
do
  echo $i
done
echo end'
#### eval defines functions
eval 'f() { echo "f $1"; }'
f x
for n in a b; do eval "say_$n() { echo says $n; }"; done
say_a; say_b
#### nested eval
eval "eval 'eval \"echo deep\"'"
x='$y' y='$z' z=end
eval eval echo $x
#### eval with syntax errors
eval 'echo a; )' 2>/dev/null; echo $?
eval 'echo "unterminated' 2>/dev/null; echo $?
eval 'for' 2>&1; echo $?
#### eval with redirection and pipes
eval 'echo a; echo b' > f; cat f
eval 'echo piped' | tr a-z A-Z
echo in | eval 'read -r x; echo "<$x>"'
#### break and return in eval
for i in 1 2 3; do eval 'if [ $i = 2 ]; then break; fi'; echo $i; done
f() { eval 'return 3'; echo no; }; f; echo $?
#### eval and positional parameters
set -- a b
eval 'set -- "$@" c; echo $#'
echo $3
eval "echo \"\$$#\""
#### eval exit
(eval 'exit 6'; echo no); echo $?
#### source
echo 'echo "sourced $# $1"; v=set' > s
. ./s
source ./s x y
echo $v
#### source with arguments restores them
echo 'echo "$@"; shift; echo "$@"' > s
set -- p q
. ./s a b
echo "$@"
. ./s
echo "$@"
#### source that sets arguments
echo 'set -- new1 new2' > s
set -- old
. ./s; echo "$@"
set -- old
. ./s arg; echo "$@"
#### source and return
printf 'echo a\nreturn 3\necho b\n' > s
. ./s; echo $?
f() { . ./s; echo "in f $?"; return 5; }; f; echo $?
#### the status of source
echo false > s; . ./s; echo $?
: > s; false; . ./s; echo $?
echo '# only' > s; false; . ./s; echo $?
#### missing file
. ./nosuch 2>/dev/null; echo $?
. ./nosuch 2>&1
source 2>/dev/null; echo $?
#### a folder
mkdir d; . ./d 2>/dev/null; echo $?
#### searched in PATH
mkdir bin; echo 'echo from path' > bin/lib.sh
PATH=$PWD/bin:$PATH
. lib.sh
#### found in the current folder when not in PATH
echo 'echo from here' > lib2.sh
. lib2.sh
#### syntax error in a sourced file
printf 'echo one\nif\n' > s
. ./s 2>/dev/null; echo $?
echo alive
#### exit in a sourced file
echo 'echo bye; exit 4' > s
. ./s
echo never
#### nested sources
echo 'echo outer $1; . ./b in; echo outer again $1' > a; echo 'echo inner $1' > b
. ./a x
#### functions from a library
cat > lib <<'E'
_count=0
inc() { ((_count += ${1:-1})); }
get() { echo $_count; }
E
. ./lib
inc; inc 5; get
#### sourced only once by a guard
cat > lib <<'E'
[[ ${lib_loaded-} ]] && return
lib_loaded=1
echo loaded
E
. ./lib; . ./lib; echo $?
#### BASH_SOURCE
echo 'echo "${BASH_SOURCE[0]}"' > s
. ./s
echo 'f() { echo "${BASH_SOURCE[0]} ${FUNCNAME[0]}"; }' > s2
. ./s2; f
#### sourcing from standard input
echo 'echo from stdin' | . /dev/stdin
. /dev/stdin <<< 'z=5'; echo $z
#### line numbers in a sourced file
printf '\n\necho $LINENO\nnosuch_x\n' > s
. ./s 2>&1
echo $LINENO
#### local in a sourced file of a function
echo 'local l=1; echo $l' > s
f() { . ./s; echo "f $l"; }; f; echo "${l-none}"
#### break in a sourced file
echo 'break' > s
for i in 1 2; do . ./s; echo never; done; echo $i
#### eval of generated assignments
while IFS== read -r k v; do eval "cfg_$k=\$v"; done <<'E'
a=1
b=two words
c=$(echo not run)
E
echo "$cfg_a|$cfg_b|$cfg_c"
#### a temporary variable for source and eval
echo 'echo "v=$v"' > s
v=1 . ./s; echo "<${v-}>"
v=2 eval 'echo "v=$v"'; echo "<${v-}>"
