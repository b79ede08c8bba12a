#### simple
echo hello | cat
printf 'b\na\n' | sort | head -n 1
#### status is the last command's
false | true; echo $?
true | false; echo $?
exit_with() { return $1; }
exit_with 3 | exit_with 5; echo $?
#### PIPESTATUS
true | false | true; echo "${PIPESTATUS[@]}"
(exit 2) | (exit 3) | (exit 4); echo "${PIPESTATUS[*]}"
true; echo "${PIPESTATUS[@]}" ${#PIPESTATUS[@]}
false; echo ${PIPESTATUS[0]}
#### PIPESTATUS is gone after the next command
false | true
x=1
echo "${PIPESTATUS[@]}"
false | true; : ; echo "${PIPESTATUS[@]}"
#### PIPESTATUS saved
(exit 1) | (exit 2) | true
st=("${PIPESTATUS[@]}")
echo "${st[0]} ${st[1]} ${st[2]}"
#### pipefail
set -o pipefail
false | true; echo $?
(exit 3) | (exit 4) | true; echo $?
true | true; echo $?
set +o pipefail
false | true; echo $?
#### negation
! true; echo $?
! false; echo $?
! false | true; echo $?
! true | false; echo $?
! ! true; echo $?
!
echo $?
#### negation with pipefail
set -o pipefail
! false | true; echo $?
#### variables set in a pipeline are lost
x=1
echo y | read -r x; echo $x
echo 5 | while read -r n; do x=$n; done; echo $x
#### lastpipe keeps them
shopt -s lastpipe
echo y | read -r x; echo $x
seq 3 | while read -r n; do s=$((s + n)); done; echo $s
printf 'a\nb\n' | mapfile -t l; echo "${l[@]}"
#### pipe with stderr
f() { echo out; echo err >&2; }
f |& sort
f 2>&1 | sort
#### newline after the bar
echo abc |
  tr a-z A-Z |
  # a comment
  cat
#### compound commands in a pipeline
for i in 3 1 2; do echo $i; done | sort | while read -r x; do echo "<$x>"; done
{ echo a; echo b; } | { read -r p; read -r q; echo $q$p; }
if true; then echo yes; fi | cat
(echo sub) | cat
case x in x) echo c;; esac | tr c C
#### functions in a pipeline
up() { tr a-z A-Z; }
gen() { echo one; echo two; }
gen | up | sort -r
#### early end of the reader
seq 1 100000 | head -n 1
yes_() { while :; do echo y; done; }
yes_ 2>/dev/null | head -n 2
#### long pipelines
echo 0 | sed 's/$/1/' | sed 's/$/2/' | sed 's/$/3/' | sed 's/$/4/' | sed 's/$/5/' | cat | cat | cat
#### much data
seq 1 30000 | sort -n | tail -n 1
seq 1 30000 | wc -l | tr -d ' '
seq 1 5000 | while read -r x; do echo $x; done | tail -n 1
#### builtins at all places
echo a b c | read -r x y; echo "<$x>"
printf '%s\n' 1 2 3 | { mapfile -t z; echo "${#z[@]}"; }
true | echo no input
#### cd in a pipeline stays in it
mkdir d
cd d | true; [ "${PWD##*/}" = d ] && echo in || echo out
#### exit in a pipeline
exit 3 | true; echo $?
true | exit 4; echo $?
echo alive
#### return in a pipeline stage of a function
f() { return 3 | true; echo "after $?"; true | return 4; echo "then $?"; }
f
#### redirection beats the pipe
echo to-file > f | cat; cat f
echo a | cat < /dev/null
echo err 2>&1 >&2 | cat
#### a pipeline's input
printf 'x\ny\n' | { read -r a; cat; echo "a=$a"; }
#### pipelines in conditions
if echo abc | grep -q b; then echo found; fi
echo abc | grep -q z || echo missing
while echo x | grep -q y; do echo never; done
#### pipeline in the background
echo bg | tr a-z A-Z > f & wait; cat f
#### command not found in a pipeline
nosuch_c 2>/dev/null | echo next; echo "${PIPESTATUS[@]}"
echo x | nosuch_c 2>/dev/null; echo $?
#### assignment in a pipeline
x=1 | true; echo "<$x>"
true | y=2; echo "<$y>"
#### here-document into a pipeline with loop
cat <<E | while read -r k v; do echo "$v=$k"; done
a 1
b 2
E
#### nested pipelines
{ echo b; echo a | tr a A; } | sort
(echo 1 | cat; echo 2) | tr '\n' ,; echo
#### subshell level
echo $BASH_SUBSHELL | cat
echo x | { echo $BASH_SUBSHELL; }
( echo $BASH_SUBSHELL | cat )
#### tee in the middle
echo data | tee copy | tr d D
cat copy
#### time of a pipeline is silent here
{ time echo x | cat; } 2>/dev/null
! { time false; } 2>/dev/null; echo $?
#### SIGPIPE status of a writer
seq 1 200000 | head -n 1 > /dev/null; echo "${PIPESTATUS[1]}"
#### pipefail with a function
set -o pipefail
f() { cat; return 7; }
echo a | f | cat; echo $?
#### PIPESTATUS in if
if false | true; then echo "${PIPESTATUS[@]}"; fi
(exit 9) | (exit 8) || echo "${PIPESTATUS[@]}"
#### line by line filter
printf 'k1=v1\nk2=v2\n' | while IFS== read -r k v; do printf '%s->%s\n' "$k" "$v"; done
#### word count pipeline
printf 'the cat the dog\n' | tr ' ' '\n' | sort | uniq -c | sort -rn | sed 's/^ *//'
#### keys and arrays through a pipeline
a=(c a b)
printf '%s\n' "${a[@]}" | sort | tr '\n' ' '; echo
#### xargs
printf '1\n2\n3\n' | xargs echo items
printf 'a b\0c\0' | xargs -0 -n 1 echo
