#### and
true && echo a
false && echo b; echo $?
true && true && echo c
true && false && echo d; echo $?
#### or
false || echo a
true || echo b; echo $?
false || false || echo c
false || false; echo $?
#### mixed without precedence
true || echo x && echo y
false && echo x || echo y
true && false || echo z
false || true && echo w
#### newlines after operators
true &&
  echo a
false ||

  # comment
  echo b
#### sequences
echo a; false; echo $?; true; echo $?
#### groups
{ echo a; echo b; }
{ false; } || echo group failed
{ true; false; } && echo no; echo $?
true && { echo in; false; } || echo out
#### groups need blanks and a separator
{ echo a;}
eval '{echo b; }' 2>/dev/null; echo $?
eval '{ echo c }' 2>/dev/null; echo $?
#### groups run in this shell
{ x=1; cd /; }
echo $x; [ "$PWD" = / ] && echo moved
#### subshells
(x=2; echo $x); echo "${x-unset}"
(exit 3); echo $?
(false) || echo failed
( (echo nested) )
(echo a; (echo b; (echo c)))
#### a subshell keeps cd, options, traps and functions to itself
d=$PWD
(cd /; set -f; f() { :; }; shopt -s nullglob; umask 077; IFS=x; alias a=b)
[ "$d" = "$PWD" ] && echo dir
case $- in *f*) echo f;; *) echo nof;; esac
type f 2>/dev/null || echo nofunction
shopt -q nullglob || echo nonull
umask
#### a subshell sees everything
x=1; arr=(a b); f() { echo fn; }; set -- p q
(echo $x "${arr[1]}" $2; f; x=5; arr[0]=z; shift; echo $1)
echo $x ${arr[0]} $1
#### exit in a subshell
(exit 5; echo no); echo $?
(echo a; exit); echo $?
(false; exit); echo $?
#### redirection of subshells
(echo a; echo b >&2) > f 2>&1; cat f
(cat) <<< text
(cat; cat) < f
#### return in a subshell of a function
f() { (return 5; echo no); echo $?; return 1; }
f; echo $?
#### break in a subshell
for i in 1 2; do (break 2>/dev/null; echo "sub $i"); done
#### status of lists in functions
f() { true && return 3; echo no; }
f; echo $?
g() { false && return 3; }
g; echo $?
#### semicolon variants
echo a;echo b ;echo c
true;true&&echo d||echo e
eval ';' 2>/dev/null; echo $?
eval 'echo a;;echo b' 2>/dev/null; echo $?
#### ampersand as separator
true & true & wait; echo $?
{ echo bg & wait; }
#### conditional assignments
true && x=1 || x=2; echo $x
false && x=3 || x=4; echo $x
#### guard idioms
[ -d nodir ] || mkdir nodir; [ -d nodir ] && echo made
f() { [ $# -gt 0 ] || { echo usage; return 2; }; echo "args $*"; }
f; echo $?; f a b
#### chain of many
true && true && true && true && true && true && true && echo end
false || false || false || false || false || echo end
#### nested groups and subshells
{ (echo 1; { echo 2; }); { (echo 3); }; }
x=0; { x=1; (x=2; { x=3; }; echo $x); echo $x; }; echo $x
#### negated groups
! { false; } && echo yes
! (true) || echo no
! [ a = b ] && echo differ
#### exit status of the empty things
: ; echo $?
{ :; }; echo $?
(:); echo $?
eval ''; echo $?
false; eval; echo $?
#### last status across newlines
false

echo $?
# comment
false
# comment
echo $?
#### BASHPID differs in subshells
[ "$$" = "$BASHPID" ] && echo same
( [ "$$" = "$BASHPID" ] || echo different )
p=$$; ( [ $p = $$ ] && echo parent pid kept )
#### variables and unset in subshells
x=1; (unset x; echo "${x-unset}"); echo $x
readonly r=1; (r=2) 2>/dev/null; echo $? $r
#### a subshell in a condition
if (cd nosuch) 2>/dev/null; then echo in; else echo cannot; fi
while (exit 1); do echo never; done
until (exit 0); do echo never; done; echo end
#### deeply nested subshells
(((((echo deep); echo d2))))
( ( ( ( exit 7 ) ) ) ); echo $?
#### syntax errors in eval do not end the shell
eval 'if' 2>/dev/null; echo $?
eval '&& x' 2>/dev/null; echo $?
eval '( echo' 2>/dev/null; echo $?
eval 'echo | | cat' 2>/dev/null; echo $?
echo alive
