#### wait for all
for i in 1 2 3; do echo $i > f$i & done
wait; echo $?
cat f1 f2 f3
#### wait for one gives its status
(exit 3) & wait $!; echo $?
true & wait $!; echo $?
sleep 0.05 & wait $!; echo $?
#### several pids
(exit 1) & a=$!
(exit 2) & b=$!
wait $a $b; echo $?
wait $b; echo $?
wait $a; echo $?
#### wait -n
(sleep 0.15; exit 5) & wait -n; echo $?
wait -n; echo $?
#### wait -n takes the first that ends
(sleep 0.5; exit 1) & (sleep 0.15; exit 2) &
wait -n; echo $?
wait -n; echo $?
#### wait -p
(sleep 0.15; exit 6) & p=$!
wait -n -p who; echo $?
[ "$who" = "$p" ] && echo same
#### a job's output is ordered by wait
{ sleep 0.1; echo late; } & echo first; wait; echo last
#### variables are those at the start
x=1
{ sleep 0.05; echo $x; } &
x=2; wait; echo $x
#### a background job can not change this shell
x=1; { x=5; } & wait; echo $x
cd_job() { cd /; }; cd_job & wait; [ "$PWD" != / ] && echo here
#### wait for something that is no child
wait 99999999 2>/dev/null; echo $?
wait abc 2>/dev/null; echo $?
#### no background job yet
echo "<$!>"
true & [ -n "$!" ] && echo set; wait
#### stdin of a background job is empty
## stdin: input\n
{ cat; echo end; } & wait
cat
#### explicit stdin of a background job
echo data > f
cat < f & wait
echo piped | cat & wait
#### kill a job
sleep 5 & kill $!; wait $! 2>/dev/null; echo $?
sleep 5 & kill -9 $!; wait $! 2>/dev/null; echo $?
sleep 5 & kill -s INT $! ; kill -TERM $!; wait $! 2>/dev/null; echo $?
#### kill -0
sleep 5 & p=$!
kill -0 $p && echo alive
kill $p; wait $p 2>/dev/null
kill -0 $p 2>/dev/null || echo dead
#### status of a list in the background
true && false & wait $!; echo $?
false || true & wait $!; echo $?
! true & wait $!; echo $?
#### functions in the background
f() { echo "f $1"; return $1; }
f 4 & wait $!; echo $?
#### background in a loop with statuses
pids=()
for i in 3 1 2; do (exit $i) & pids+=($!); done
for p in "${pids[@]}"; do wait $p; echo $?; done
#### background in a subshell
(echo a & wait; echo b); echo c
(sleep 0.1 & exit 0); echo d
#### background in a substitution is waited for through its output
x=$(echo a; { sleep 0.05; echo b; } &)
echo $x
#### two writers with wait between
echo one > f & wait
echo two >> f & wait
cat f
#### the asynchronous command's status is zero
false & echo $?; wait
nosuch_cmd_bg 2>/dev/null & echo $?; wait $!; echo $?
#### exec in the background
(exec echo replaced) & wait; echo after
#### a job that outlives its group
{ sleep 0.1; echo done > f; } &
wait; cat f
#### jobs -r is empty after wait
true & wait; jobs -r; echo none
#### disown and wait
sleep 0.05 & disown; wait; echo ok
#### parallel sums
for i in 1 2 3 4; do ( s=0; for ((j = 0; j < 100; j++)); do ((s += i)); done; echo $s > r$i ) & done
wait
cat r1 r2 r3 r4 | tr '\n' ' '; echo
#### producer and consumer through a file descriptor
{ for i in 1 2 3; do echo $i; sleep 0.01; done; } | while read -r x; do echo "got $x"; done
#### wait in a function
run() { "$@" & local p=$!; wait $p; }
run true; echo $?; run false; echo $?
#### trap EXIT of a background subshell
(trap 'echo bye' EXIT; echo hi) & wait
#### a limit of running jobs
n=0
for i in 1 2 3 4 5 6; do
  (echo $i >> log) & ((++n % 2 == 0)) && wait
done; wait
sort log | tr '\n' ' '; echo
#### coproc with a read and a write
coproc { while read -r l; do echo "co:$l"; done; }
echo a >&${COPROC[1]}; read -r x <&${COPROC[0]}; echo $x
echo b >&${COPROC[1]}; read -r x <&${COPROC[0]}; echo $x
eval "exec ${COPROC[1]}>&-"; wait; echo end
#### coproc with a name
coproc UP { tr a-z A-Z; }
exec 5<&${UP[0]}
echo text >&${UP[1]}; exec {UP[1]}>&-
cat <&5
wait
#### coproc of a simple command and its pid
coproc cat
[ -n "$COPROC_PID" ] && echo pid
echo line >&"${COPROC[1]}"
read -r l <&"${COPROC[0]}"; echo $l
p=$COPROC_PID; kill $p; wait $p 2>/dev/null; echo $?
#### coproc status
coproc { sleep 0.15; exit 7; }
wait $COPROC_PID; echo $?
#### wait is interrupted by a trapped signal
trap 'echo usr1' USR1
{ sleep 0.1; kill -USR1 $$; sleep 0.2; } &
wait; echo $?
wait; echo $?
#### time of background jobs does not block
sleep 2 & p=$!
echo quick; kill $p
