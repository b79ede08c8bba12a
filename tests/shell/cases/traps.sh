#### exit
trap 'echo bye' EXIT
echo hi
#### exit status in the trap
trap 'echo "status $?"' EXIT
exit 3
#### exit in the trap changes the status
trap 'exit 9' EXIT
exit 3
#### the trap keeps the status
trap 'true' EXIT
false
#### resetting and ignoring
trap 'echo no' EXIT
trap - EXIT
echo end
#### replaced
trap 'echo one' EXIT
trap 'echo two' EXIT
#### quotes decide when it is expanded
x=early
trap "echo $x" EXIT
x=late
trap 'echo $x' EXIT
x=later
#### by number and other names
trap 'echo zero' 0
(trap 'echo sub' 0; true)
trap 'echo lower' exit
#### in subshells
trap 'echo main' EXIT
(echo in)
(trap 'echo sub' EXIT; echo body)
echo end
#### not on exec or return
f() { trap 'echo exit trap' EXIT; return 0; }
f; echo after f
#### ERR
trap 'echo "err $?"' ERR
false
(exit 3)
true
false || true
if false; then :; fi
! true
echo end
#### ERR in functions needs errtrace
trap 'echo err' ERR
f() { false; true; }
f
set -E
f
#### ERR is not inherited by subshells
trap 'echo err' ERR
(false; true)
x=$(false; echo v); echo $x
set -o errtrace
(false; true)
#### ERR with line numbers
trap 'echo "line $LINENO"' ERR
true
false

false
#### DEBUG
trap 'echo "+ $BASH_COMMAND"' DEBUG
x=1
echo $x
trap - DEBUG
echo off
#### DEBUG in compound commands
trap 'echo "d: $BASH_COMMAND"' DEBUG
for i in 1 2; do echo $i; done
if true; then :; fi
trap - DEBUG
#### DEBUG in functions needs functrace
trap 'echo d' DEBUG
f() { echo in; }
f
set -T
f
trap - DEBUG
#### RETURN
trap 'echo returned' RETURN
f() { echo in; }
f
set -T
f
trap - RETURN
f
#### RETURN set inside a function
f() { trap 'echo leaving' RETURN; echo in; }
f
#### signals
trap 'echo usr1' USR1
kill -USR1 $$
echo after
kill -s USR1 $$
kill -10 $$
trap - USR1
#### several signals
trap 'echo got' USR1 USR2 TERM
kill -USR1 $$; kill -USR2 $$; kill -TERM $$
echo alive
#### names with and without SIG
trap 'echo sig' SIGUSR1
kill -SIGUSR1 $$
trap 'echo low' usr2
kill -s usr2 $$
#### ignored signals
trap '' USR1
kill -USR1 $$
echo ignored
(kill -USR1 $BASHPID; echo also in a subshell)
#### traps are reset in subshells
trap 'echo main' USR1
( trap - USR1; trap 'echo sub' USR1; kill -USR1 $BASHPID )
kill -USR1 $$
#### printing traps
trap 'echo bye' EXIT
trap 'echo "u"' USR1
trap '' USR2
trap
trap -p USR1
trap - EXIT USR1 USR2
trap
#### trap -p with quotes
trap 'echo "it'\''s"' EXIT
trap -p EXIT
trap - EXIT
#### a bad signal name
trap 'x' NOSUCH 2>&1; echo $?
trap 'x' 99 2>&1; echo $?
#### trap with exit inside of a function
f() { exit 4; }
trap 'echo cleanup; f2' EXIT
f2() { echo f2; }
f
#### trap's own commands may fail
trap 'false; echo "in trap"' EXIT
true
#### death by a signal
(kill -TERM $BASHPID); echo $?
(kill -KILL $BASHPID) 2>/dev/null; echo $?
bash_self() { kill -USR1 $BASHPID; }
(bash_self) 2>/dev/null; echo $?
#### signal trap and exit status
trap 'exit 5' TERM
kill -TERM $$
echo never
#### cleanup idiom
tmp=work_dir
mkdir $tmp
( trap 'rm -r "$tmp"' EXIT; touch $tmp/f; exit 2 )
echo $?; [ -d $tmp ] || echo removed
#### nested traps in functions
f() { trap 'echo f-exit' EXIT; }
g() { trap 'echo g-exit' EXIT; }
f; g
#### exit trap with syntax error at the end
trap 'echo trapped' EXIT
eval 'if' 2>/dev/null
echo still
#### exit trap when a command is missing
trap 'echo "end $?"' EXIT
nosuch_cmd_t 2>/dev/null
#### traps and pipelines
trap 'echo t' EXIT
echo a | cat
true | (trap 'echo stage' EXIT; true)
#### DEBUG trap that skips with extdebug
shopt -s extdebug
trap '[[ $BASH_COMMAND != *skip* ]]' DEBUG
echo one
echo skip this
echo two
trap - DEBUG
#### ERR trap in and lists
trap 'echo E' ERR
true && false
false && true
[ a = b ]
f() { return 2; }; f
echo end
#### kill -l
kill -l 15; kill -l TERM; kill -l 143; kill -l 9 2
#### signal while sleeping in wait
trap 'echo caught; exit 3' TERM
(sleep 0.1; kill -TERM $$) &
wait
echo never
#### trap with a dash as the command
trap 'echo x' EXIT
trap -- - EXIT
trap 'echo last' EXIT
#### exit inside of a substitution does not run the trap
trap 'echo main-exit' EXIT
x=$(exit 3); echo "$?"
#### status before the trap
false
trap 'echo $?' EXIT
#### a loop interrupted by a trap
trap 'stop=1' USR1
i=0
until [ "$stop" ]; do ((++i == 3)) && kill -USR1 $$; done
echo $i
