#### definition forms
f() { echo f; }
function g { echo g; }
function h() { echo h; }
k () 
{
  echo k
}
f; g; h; k
#### bodies of other kinds
a() (echo subshell)
b() if true; then echo if; fi
c() for i in 1 2; do echo $i; done
d() case $1 in x) echo x;; esac
e() [[ $1 == y ]]
g() ((2 > $1))
a; b; c; d x; e y && echo cond; g 1 && echo arith
#### return
f() { return 3; echo no; }
f; echo $?
g() { false; return; }
g; echo $?
h() { return 0; }
h && echo ok
k() { return 256; }; k; echo $?
l() { return -1; }; l; echo $?
#### the last status is returned
f() { false; }; f; echo $?
g() { false; true; }; g; echo $?
h() { :; }; false; h; echo $?
#### return from nested structures
f() { for i in 1 2 3; do while true; do if [ $i = 2 ]; then return $i; fi; break; done; done; }
f; echo $? $i
#### return outside of a function
return 3 2>&1; echo $?
#### return with a bad argument
f() { return abc; }
f 2>&1; echo $?
f2() { return 1 2; }
( f2 ) 2>&1; echo $?
#### arguments
f() { echo "$# $1 $3 $*"; }
f a 'b c' d
f
#### dollar zero stays
f() { echo $0; }
f
#### FUNCNAME
f() { echo ${FUNCNAME[0]} ${FUNCNAME[1]}; }
g() { f; echo $FUNCNAME ${#FUNCNAME[@]}; }
g
echo "<${FUNCNAME-none}>"
#### recursion
fact() { if (($1 <= 1)); then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }
fact 12
fib() { if (($1 < 2)); then r=$1; else fib $(($1 - 1)); local a=$r; fib $(($1 - 2)); ((r += a)); fi; }
fib 12; echo $r
#### mutual recursion
even() { (($1 == 0)) && return 0; odd $(($1 - 1)); }
odd() { (($1 == 0)) && return 1; even $(($1 - 1)); }
even 50 && echo even
odd 50 || echo not odd
#### deep recursion
down() { (($1 == 0)) && { echo bottom; return; }; down $(($1 - 1)); }
down 200
#### names with odd characters
my-func() { echo dash; }
my.func() { echo dot; }
a:b() { echo colon; }
@x() { echo at; }
my-func; my.func; a:b; @x
#### redirections of a function
f() { echo out; echo err >&2; } 2>&1
f | sort
g() { cat; } <<< 'from definition'
g
h() { echo $1; } > out_file
h 1; h 2; cat out_file
#### overriding a builtin
echo() { printf 'my:%s\n' "$*"; }
echo hi
builtin echo real
unset -f echo
echo normal
#### defined in a condition
if true; then f() { echo one; }; else f() { echo two; }; fi
f
#### defined in a subshell
( f() { echo sub; }; f )
f 2>/dev/null || echo none
#### call in conditions
ok() { return 0; }; bad() { return 1; }
if ok && ! bad; then echo yes; fi
ok || echo no
while bad; do echo never; done
#### pipes into a function
upper() { tr a-z A-Z; }
echo text | upper | cat
count() { local n=0; while read -r _; do ((n++)); done; echo $n; }
seq 5 | count
#### returning text
f() { echo "result $1"; }
x=$(f a); y="$(f b c)"
echo "$x, $y"
#### functions as arguments
apply() { local fn=$1; shift; for a; do "$fn" "$a"; done; }
double() { echo $(($1 * 2)); }
apply double 1 2 3
map() { local f=$1 x; shift; for x; do printf '%s ' "$("$f" "$x")"; done; echo; }
map double 4 5
#### body with comments and empty lines
f() {
  # comment

  echo a # more

}
f
#### an unset function
f() { :; }
unset -f f
f 2>/dev/null; echo $?
#### declare -f prints the source
f() { echo a; echo "b c" | cat; [ -z "$1" ] && return 2; }
declare -f f
#### declare -f of loops and case
f() {
  while read -r l; do case $l in a*|b) echo x;; *) break;; esac; done
  until false; do :; done
  for ((i=0;i<3;i++)); do echo $i; done
}
declare -f f
#### declare -f of here-documents and redirections
f() { cat <<E > out 2>&1
line $1
E
}
declare -f f
#### declare -f of groups and tests
f() { { echo a; } ; ( echo b ); [[ $x == y* && -n $z ]] || ((1 + 1)); x=1 y="q" cmd & }
declare -f f
#### type of a function
f() { echo x; }
type f
type -t f
#### FUNCNAME and BASH_LINENO
f() { g; }
g() { echo "${FUNCNAME[@]}"; echo "${BASH_LINENO[@]}"; }
f
#### caller
f() { caller; caller 0; caller 5; echo $?; }
f
#### LINENO
echo $LINENO
f() {
  echo $LINENO
}
f
echo $LINENO
#### break inside a function does not leave the caller's loop
f() { break 2>/dev/null; }
for i in 1 2 3; do f; echo $i; done
#### local function variables with defaults
f() { local a=${1:-x} b=${2-y}; echo $a$b; }
f; f 1; f '' ''; f 1 2
#### function with a keyword name fails
eval 'if() { :; }' 2>/dev/null; echo $?
eval 'function f-1 { echo ok; }; f-1'
#### a function ended by semicolon brace only
eval 'f() { echo x }' 2>/dev/null; echo $?
#### a space before the parentheses
f ( ) { echo spaced; }
f
#### functions survive in subshells and pipelines
f() { echo in $1; }
(f sub); f pipe | cat; echo $(f cs)
#### exit in a function
( f() { exit 4; }; f; echo no ); echo $?
#### variable and function namespaces
x=var; x() { echo fun; }
echo $x; x
#### the function's own name via FUNCNAME for recursion
count() { echo $1; (($1 > 1)) && $FUNCNAME $(($1 - 1)); return 0; }
count 3
#### FUNCNEST
FUNCNEST=5
f() { echo $1; f $(($1 + 1)); }
f 1 2>&1 | head -n 8
#### many arguments
f() { echo $# ${!#}; }
f {1..500}
#### the unusual one line definitions
f(){ echo a;};f
g()(echo b);g
function h { echo c;};h
