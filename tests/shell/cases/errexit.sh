#### stops at a failing command
set -e
echo a
false
echo never
#### the failing status is the exit code
set -e
(exit 7)
echo never
#### not in conditions
set -e
if false; then :; fi
while false; do :; done
until true; do :; done
false || true
false && true
! true
echo alive
#### the last of an and list counts
set -e
true && true
echo a
true && false
echo never
#### the last of an or list counts
set -e
false || true
echo a
false || false
echo never
#### not after a failing first of an and list
set -e
f() { false && true; echo "still"; }
f
echo after
#### a function whose last command is an and list
set -e
f() { [ -n "" ] && echo x; }
echo start
f
echo never
#### ignored inside a function called in a condition
set -e
f() { echo one; false; echo two; }
if f; then echo ok; fi
f || echo no
f && echo and
! f
echo end
#### a function called plainly
set -e
f() { echo one; false; echo two; }
f
echo never
#### subshells
set -e
(echo in; false; echo never)
echo never
#### subshell in a condition
set -e
(echo in; false; echo continues) || echo handled
if (false; true); then echo yes; fi
#### set -e inside a subshell in a condition has no effect
( set -e; false; echo ignored ) || echo no
( set -e; false; echo never ); echo "status $?"
#### assignments with a failing substitution
set -e
x=$(false) || echo handled
echo "x=$x"
y=$(false)
echo never
#### local hides the status
set -e
f() { local x=$(false); echo "hidden $?"; }
f
g() { local x; x=$(false); echo never; }
g
#### substitution in arguments does not count
set -e
echo "a$(false)b"
echo $(exit 3) c
echo end
#### inside a substitution it is off
set -e
x=$(false; echo continued)
echo "$x"
#### inherit_errexit
set -e
shopt -s inherit_errexit
x=$(echo a; false; echo continued) || true
echo "<$x>"
y=$(echo a; false; echo continued)
echo never
#### pipelines
set -e
false | true
echo a
true | false
echo never
#### pipelines with pipefail
set -eo pipefail
true | true
echo a
false | true
echo never
#### groups
set -e
{ true; echo a; false; echo never; }
echo never
#### group in an or list
set -e
{ false; echo continues; } || echo no
echo end
#### arithmetic commands
set -e
((1))
echo a
((0)) || echo zero
i=0
((i++)) || true
echo $i
((i = 0))
echo never
#### let
set -e
let x=1
echo $x
let x=0
echo never
#### double brackets and test
set -e
[[ a == a ]]
[ a = a ]
echo a
[[ a == b ]]
echo never
#### negated pipelines never stop
set -e
! true
! false
! { false; }
echo end
#### return in functions
set -e
f() { return 3; }
f || echo "got $?"
f
echo never
#### case and loops
set -e
case x in x) true;; esac
for i in 1 2; do echo $i; [ $i = 1 ]; done
echo never
#### while body
set -e
i=0
while [ $i -lt 3 ]; do i=$((i + 1)); echo $i; [ $i -ne 2 ]; done
echo never
#### exit trap still runs
set -e
trap 'echo "trap $?"' EXIT
false
echo never
#### ERR trap and set -e
set -e
trap 'echo "err $?"' ERR
false || true
echo a
(exit 4)
echo never
#### set +e
set -e
set +e
false
echo alive
set -e
false
echo never
#### builtins
set -e
cd nosuchdir 2>/dev/null
echo never
#### read at the end of input
## stdin: one\n
set -e
read -r a
echo "$a"
read -r b
echo never
#### command not found
set -e
nosuch_command_q 2>/dev/null
echo never
#### command not found in an or list
set -e
nosuch_command_q 2>/dev/null || echo "status $?"
echo alive
#### eval and source
set -e
eval 'echo a; false; echo never'
echo never
#### eval in a condition
set -e
eval 'false; echo continued' || echo no
echo 'false; echo sourced continues' > s
. ./s && echo yes
. ./s
echo never
#### background and wait
set -e
false &
echo started
wait $! || echo "wait $?"
(exit 2) & wait $!
echo never
#### redirection failure
set -e
echo x > /nonexistent/f 2>/dev/null || echo handled
: > /nonexistent/f
echo never
#### unset of readonly
set -e
readonly r=1
unset r 2>/dev/null || echo handled
echo end
#### process substitution does not count
set -e
cat <(echo a; false)
echo end
#### command substitution as a command
set -e
$(true)
echo a
$(false)
echo never
#### nested functions in conditions
set -e
inner() { false; echo inner continues; }
outer() { inner; echo outer continues; }
if outer; then echo fine; fi
outer
echo never
#### the test before a group and-or
set -e
[ -e nofile ] && { echo found; }
echo passed
[ -e nofile ] || [ -e nofile2 ] || echo none
#### if without else with a failing condition at the end
set -e
f() { if false; then echo x; fi; }
f
echo "status $?"
#### a for loop with failing last and list
set -e
for x in 1 2; do [ $x = 3 ] && echo three; done
echo "after $?"
#### dollar dash
set -e
case $- in *e*) echo has e;; esac
set +e
case $- in *e*) echo has e;; *) echo no e;; esac
#### set -e by option name
set -o errexit
true
[[ -o errexit ]] && echo on
false
echo never
#### local with assignments
set -e
f() { local x=$1; [ -n "$x" ]; }
f a
echo a
f ''
echo never
